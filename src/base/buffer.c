/* Memory that is charged to a budget, and buffers that grow in it. */
#include "base/buffer.h"

#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- budget */

void budget_note_refusal(struct budget *budget)
{
	if (budget)
		budget->refused++;
}

bool budget_fits(const struct budget *budget, size_t size)
{
	return !budget || (size <= budget->limit && budget->used <= budget->limit - size);
}

bool budget_take(struct budget *budget, size_t size)
{
	bool fits = budget_fits(budget, size);
	if (!fits)
		budget_note_refusal(budget);
	else if (budget)
		budget->used += size;
	return fits;
}

void budget_give(struct budget *budget, size_t size)
{
	if (budget)
		budget->used -= size;
}

void *budget_new(struct budget *budget, size_t size)
{
	void *memory = calloc(1, size ? size : 1);
	if (!memory)
		budget_note_refusal(budget);
	return memory;
}

void *budget_alloc(struct budget *budget, size_t size)
{
	if (!budget_take(budget, size))
		return NULL;
	void *memory = budget_new(budget, size);
	if (!memory)
		budget_give(budget, size);
	return memory;
}

void budget_free(struct budget *budget, const void *memory, size_t size)
{
	if (memory)
		budget_give(budget, size);
	free((void *)memory);
}

/* ---- buffer */

enum { FIRST_ROOM = 256, KEPT_ROOM = 64 * 1024, BRIEF_TEXT = 512 };

void buffer_init(struct buffer *buffer, size_t limit, struct budget *budget)
{
	*buffer = (struct buffer){.limit = limit, .budget = budget};
}

static void give_back(struct buffer *buffer)
{
	budget_give(buffer->budget, buffer->room);
	free(buffer->at);
	buffer->at = NULL;
	buffer->room = 0;
}

void buffer_free(struct buffer *buffer)
{
	give_back(buffer);
	buffer->len = 0;
}

/* Twice the room until `wanted` fits, never past the limit; `wanted` itself when doubling would wrap. */
static size_t next_room(const struct buffer *buffer, size_t wanted)
{
	size_t room = buffer->room ? buffer->room : FIRST_ROOM;
	while (room < wanted && room <= SIZE_MAX / 2)
		room *= 2;
	if (room < wanted)
		room = wanted;
	return room > buffer->limit ? buffer->limit : room;
}

static bool grow(struct buffer *buffer, size_t room)
{
	size_t more = room - buffer->room;
	if (!budget_take(buffer->budget, more))
		return false;
	uint8_t *at = realloc(buffer->at, room);
	if (!at) {
		budget_give(buffer->budget, more);
		budget_note_refusal(buffer->budget);
		return false;
	}
	buffer->at = at;
	buffer->room = room;
	return true;
}

bool buffer_reserve(struct buffer *buffer, size_t extra)
{
	if (buffer->room - buffer->len >= extra)
		return true;
	if (extra > buffer->limit - buffer->len)
		return false;
	size_t wanted = buffer->len + extra, room = next_room(buffer, wanted);
	return grow(buffer, budget_fits(buffer->budget, room - buffer->room) ? room : wanted);
}

bool buffer_append_growing(struct buffer *buffer, struct slice bytes)
{
	size_t allowed = buffer->limit - buffer->len;
	size_t fits = bytes.len < allowed ? bytes.len : allowed;
	if (!buffer_reserve(buffer, fits))
		fits = buffer->room - buffer->len;
	if (fits)
		memcpy(buffer->at + buffer->len, bytes.at, fits);
	buffer->len += fits;
	if (fits < bytes.len)
		buffer->truncated = true;
	return fits == bytes.len;
}

bool buffer_append_number(struct buffer *buffer, uint64_t number)
{
	char digits[DIGITS_MOST];
	return buffer_append(buffer, slice_of(digits, (size_t)(digits_write(digits, number) - digits)));
}

/* Most texts are short: they are written without an allocation, so that a buffer over memory of its own never fails. */
bool buffer_append_format(struct buffer *buffer, const char *format, ...)
{
	char brief[BRIEF_TEXT], *text = brief;
	va_list arguments;
	va_start(arguments, format);
	int len = vsnprintf(brief, sizeof brief, format, arguments);
	va_end(arguments);
	if (len >= (int)sizeof brief) {
		va_start(arguments, format);
		len = vasprintf(&text, format, arguments);
		va_end(arguments);
	}
	if (len < 0) {
		budget_note_refusal(buffer->budget);
		buffer->truncated = true;
		return false;
	}
	bool whole = buffer_append(buffer, slice_of(text, (size_t)len));
	if (text != brief)
		free(text);
	return whole;
}

void buffer_clear(struct buffer *buffer)
{
	buffer->len = 0;
	buffer->truncated = false;
	if (buffer->room > KEPT_ROOM)
		give_back(buffer);
}

void buffer_drop_front(struct buffer *buffer, size_t count)
{
	if (count >= buffer->len) {
		buffer->len = 0;
		return;
	}
	memmove(buffer->at, buffer->at + count, buffer->len - count);
	buffer->len -= count;
}

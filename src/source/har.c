/*
 * HAR files (HAR 1.2, and what exporters add to it): each entry in the steps in which it happened, in order of time.
 *
 * Read as a stream, one value at a time. Entries need not be in order (mitmproxy's are in that of their ends), and a
 * waiting request spans others, so steps wait in a heap until all that came before them is surely known: until the
 * file ends, or as many bytes wait as may, of which the earliest goes then. Only entries that may be Engine.IO's wait.
 */
#include "source/har.h"

#include "base/json.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>

enum { HAR_STEP = 128 }; /* bytes that a step costs besides its payload */

/* ---- what waits */

struct har_step {
	timestamp time;
	uint64_t order;           /* of equal times: as they came in the file */
	struct recorded recorded; /* its bytes are its own */
};

/* ---- the file */

static const char *const har_members[HAR_MEMBERS] = {
    [HAR_STARTED] = "startedDateTime",
    [HAR_TIME] = "time",
    [HAR_REQUEST] = "request",
    [HAR_RESPONSE] = "response",
    [HAR_ADDRESS] = "serverIPAddress",
    [HAR_CONNECTION] = "connection",
    [HAR_CONNECTION_ID] = "_connectionId",
    [HAR_MESSAGES] = "_webSocketMessages",
};

enum har_place { HAR_IN_ENTRIES, HAR_IN_ENTRY, HAR_IN_MESSAGES, HAR_BEHIND };

struct har {
	FILE *stream;
	const struct limits *limits;
	struct budget *budget;
	enum har_place place;
	bool is_cut;   /* the file ends too early, or is no JSON any more */
	bool is_first; /* nothing of the array or object was taken yet */
	uint64_t entries;
	char creator[HAR_TEXT];
	struct har_counts counts;

	/* the entry that is read */
	struct buffer parts[HAR_MEMBERS]; /* as the file spells them; empty: absent */
	bool has_messages;
	struct har_entry *entry; /* NULL: not known yet, or of no interest */
	bool is_judged;
	timestamp opened;   /* when its WebSocket was; TIMESTAMP_NONE: not yet */
	timestamp latest;   /* of its messages */
	struct buffer text; /* a key or a message */

	struct har_hosts hosts;

	struct har_step *heap;
	size_t count, room, held, most_held;
	uint64_t orders;
	struct har_step given;
	bool has_given;
	timestamp latest_given; /* TIMESTAMP_NONE: none was */
};

/* ---- values */

/* Goes on to the next element of an array or member of an object that `end` ends. False: that is over, or the file is
 * broken here. */
static bool har_go_on(struct har *har, int end)
{
	bool is_first = har->is_first;
	har->is_first = false;
	if (json_stream_take_byte(har->stream, end))
		return false;
	har->is_cut = (!is_first && !json_stream_take_byte(har->stream, ',')) || json_stream_peek(har->stream) == EOF;
	return !har->is_cut;
}

/* Takes the next key and its colon into `text`. */
static bool har_take_key(struct har *har)
{
	buffer_clear(&har->text);
	if (!har_go_on(har, '}'))
		return false;
	har->is_cut = !json_stream_take_value(har->stream, &har->text) || !json_stream_take_byte(har->stream, ':');
	return !har->is_cut;
}

static void har_skip_value(struct har *har)
{
	har->is_cut |= !json_stream_take_value(har->stream, NULL);
}

/* Was there more of a value than is taken? */
static bool har_is_too_long(const struct har *har, const struct buffer *part)
{
	return part->truncated && part->limit == har->limits->entry && part->len == part->limit;
}

/* A value that was taken, when it is JSON; else empty. */
static struct slice har_checked(struct buffer *part)
{
	struct slice text = buffer_slice(part), value;
	return !part->truncated && json_take_value(&text, &value) ? value : slice_of(NULL, 0);
}

/* ---- steps, the earliest first */

static bool har_step_is_before(const struct har_step *a, const struct har_step *b)
{
	return a->time != b->time ? a->time < b->time : a->order < b->order;
}

static void har_sift_up(struct har_step *heap, size_t at)
{
	struct har_step step = heap[at];
	for (; at && har_step_is_before(&step, &heap[(at - 1) / 2]); at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = step;
}

static void har_sift_down(struct har_step *heap, size_t count)
{
	struct har_step step = heap[count];
	size_t at = 0, child;
	while ((child = 2 * at + 1) < count) {
		if (child + 1 < count && har_step_is_before(&heap[child + 1], &heap[child]))
			child++;
		if (!har_step_is_before(&heap[child], &step))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = step;
}

static bool har_grow(struct har *har)
{
	if (har->count < har->room)
		return true;
	size_t room = har->room ? 2 * har->room : 256;
	struct har_step *heap = budget_resize(har->budget, har->heap, room * sizeof *heap);
	if (!heap)
		return false;
	har->heap = heap;
	har->room = room;
	return true;
}

/* A step of the entry that is read. `payload` is copied. */
static void har_add_step(struct har *har, struct recorded recorded, timestamp time, struct slice payload)
{
	uint8_t *copy = payload.len ? budget_alloc(har->budget, payload.len) : NULL;
	if (!har_grow(har) || (payload.len && !copy)) {
		budget_free(har->budget, copy, payload.len);
		har->counts.unread++;
		return;
	}
	if (copy)
		memcpy(copy, payload.at, payload.len);
	recorded.bytes = slice_of(copy, payload.len);
	recorded.entry = &har->entry->shown;
	har->counts.late += har->latest_given != TIMESTAMP_NONE && time < har->latest_given;
	har->entry->steps++;
	har->held += payload.len + HAR_STEP;
	har->heap[har->count] = (struct har_step){time, har->orders++, recorded};
	har_sift_up(har->heap, har->count++);
}

static void har_free_entry(struct har *har, struct har_entry *entry)
{
	har->held -= entry->size;
	har_entry_free(entry);
}

static void har_free_step(struct har *har, struct har_step *step)
{
	struct har_entry *entry = (struct har_entry *)step->recorded.entry;
	har->held -= step->recorded.bytes.len + HAR_STEP;
	budget_free(har->budget, step->recorded.bytes.at, step->recorded.bytes.len);
	if (--entry->steps == 0 && entry != har->entry)
		har_free_entry(har, entry);
}

/* Enough of an entry was read: does it matter? Its first step, when it does. */
static void har_judge_entry(struct har *har)
{
	struct har_pieces pieces = {.number = har->entries,
	    .hosts = &har->hosts,
	    .budget = har->budget,
	    .has_ports = slice_starts_with(slice_of_text(har->creator), SLICE("WebInspector")),
	    .lacks_messages = har_leaves_out_websockets(har)};
	if (har->is_judged)
		return;
	har->is_judged = true;
	bool is_too_long = false;
	uint64_t unread = har->counts.unread;
	for (enum har_member member = 0; member < HAR_MEMBERS; member++) {
		pieces.values[member] = har_checked(&har->parts[member]);
		is_too_long |= har_is_too_long(har, &har->parts[member]);
	}
	har->entry = har_entry_read(&pieces, &har->counts);
	if (is_too_long && har->counts.unread > unread) {
		har->counts.unread = unread;
		har->counts.too_long++;
	}
	if (!har->entry)
		return;
	har->held += har->entry->size;
	har_add_step(har, (struct recorded){.kind = RECORDED_REQUEST}, har->entry->begun, slice_of(NULL, 0));
}

/* ---- messages */

/* Its own time: seconds since 1970, of Playwright milliseconds. One that has none comes with the one before. */
static timestamp har_message_time(const struct har *har, struct slice message)
{
	double time;
	if (!har_read_double(har_member(message, "time"), &time) || time <= 0)
		return har->latest;
	bool is_milliseconds = time > 1e11; /* as seconds, the year 5138 */
	double seconds = is_milliseconds ? time / 1000 : time;
	if (seconds > 4e9)
		return har->latest;
	return timestamp_of((int64_t)seconds, (int64_t)((seconds - floor(seconds)) * 1e9));
}

static void har_open_websocket(struct har *har, timestamp time)
{
	if (har->opened != TIMESTAMP_NONE)
		return;
	har->opened = time < har->entry->begun ? har->entry->begun : time;
	har_add_step(har, (struct recorded){.kind = RECORDED_OPEN}, har->opened, slice_of(NULL, 0));
}

static void har_add_message(struct har *har, struct slice message)
{
	double opcode = 1;
	struct buffer data, decoded;
	buffer_init(&data, har->limits->entry, har->budget);
	buffer_init(&decoded, har->limits->entry, har->budget);
	har_read_double(har_member(message, "opcode"), &opcode);
	bool sent = json_string_is(har_member(message, "type"), "send");
	bool binary = opcode == 2;
	bool good = (sent || json_string_is(har_member(message, "type"), "receive")) && (binary || opcode == 1) &&
	            json_unescape(har_member(message, "data"), &data) &&
	            (!binary || base64_read(&decoded, buffer_slice(&data)));
	timestamp time = har_message_time(har, message);
	if (good) {
		har_open_websocket(har, time);
		time = time < har->opened ? har->opened : time;
		time = time < har->latest ? har->latest : time; /* the order of the connection is that of the file */
		har->latest = time;
		har_add_step(har, (struct recorded){.kind = RECORDED_MESSAGE, .sent = sent, .binary = binary}, time,
		    buffer_slice(binary ? &decoded : &data));
	} else {
		har->counts.unread++;
	}
	buffer_free(&data);
	buffer_free(&decoded);
}

/* Messages whose text is too long, or no JSON. */
static void har_miss_messages(struct har *har, const struct buffer *text)
{
	if (har_is_too_long(har, text))
		har->counts.too_long++;
	else
		har->counts.unread++;
}

static void har_read_message(struct har *har)
{
	buffer_clear(&har->text);
	har->is_cut |= !json_stream_take_value(har->stream, &har->text);
	struct slice message = har_checked(&har->text);
	if (har->is_cut || !har->entry)
		return;
	if (message.len)
		har_add_message(har, message);
	else
		har_miss_messages(har, &har->text);
}

/* ---- entries */

static void har_begin_entry(struct har *har)
{
	har->entries++;
	for (enum har_member member = 0; member < HAR_MEMBERS; member++)
		buffer_clear(&har->parts[member]);
	har->entry = NULL;
	har->is_judged = har->has_messages = false;
	har->opened = har->latest = TIMESTAMP_NONE;
	har->is_first = true;
	har->place = HAR_IN_ENTRY;
}

/* What follows a redirect begins when that ends, by a clock of whole milliseconds in most files. */
static timestamp har_answer_end(const struct har_entry *entry, timestamp end)
{
	bool is_redirect = entry->shown.status >= 300 && entry->shown.status < 400;
	timestamp floored = end - end % TIMESTAMP_MILLISECOND;
	return is_redirect && floored > entry->begun ? floored : end;
}

/* Its last steps. The time of an entry with a WebSocket is that of its life, or of its handshake alone (mitmproxy). */
static void har_end_entry(struct har *har)
{
	har_judge_entry(har);
	struct har_entry *entry = har->entry;
	har->place = HAR_IN_ENTRIES;
	har->is_first = false;
	if (!entry)
		return;
	timestamp end = har->latest > entry->ended ? har->latest : entry->ended;
	if (har->has_messages || entry->shown.status == 101) {
		entry->shown.lacks_messages |= !har->has_messages;
		har_open_websocket(har, entry->begun);
	} else {
		end = har_answer_end(entry, end);
		har_add_step(har, (struct recorded){.kind = RECORDED_ANSWER}, end, slice_of(NULL, 0));
	}
	har_add_step(har, (struct recorded){.kind = RECORDED_END}, end, slice_of(NULL, 0));
	har->entry = NULL;
	if (!entry->steps)
		har_free_entry(har, entry);
}

/* Messages that come before it is known whose they are wait as text. */
static void har_begin_messages(struct har *har)
{
	struct buffer *part = &har->parts[HAR_MESSAGES];
	bool is_ready = har->parts[HAR_REQUEST].len && har->parts[HAR_STARTED].len && har->parts[HAR_RESPONSE].len;
	if (!is_ready || json_stream_peek(har->stream) != '[') {
		har->is_cut |= !json_stream_take_value(har->stream, part);
		return;
	}
	har_judge_entry(har);
	har->has_messages = true;
	json_stream_take_byte(har->stream, '[');
	har->is_first = true;
	har->place = HAR_IN_MESSAGES;
}

static void har_add_waiting_messages(struct har *har)
{
	struct buffer *part = &har->parts[HAR_MESSAGES];
	if (!part->len)
		return;
	har_judge_entry(har);
	struct json_walk walk = json_walk_into(har_checked(part));
	har->has_messages = true;
	if (har->entry && !walk.rest.len)
		har_miss_messages(har, part);
	while (har->entry && json_walk_next(&walk))
		har_add_message(har, walk.value);
}

static void har_read_member(struct har *har)
{
	if (!har_take_key(har)) {
		if (har->is_cut)
			return;
		har_add_waiting_messages(har);
		har_end_entry(har);
		return;
	}
	for (enum har_member member = 0; member < HAR_MEMBERS; member++)
		if (json_string_is(buffer_slice(&har->text), har_members[member])) {
			if (member == HAR_MESSAGES)
				har_begin_messages(har);
			else
				har->is_cut |= !json_stream_take_value(har->stream, &har->parts[member]);
			return;
		}
	har_skip_value(har);
}

/* Reads one thing more of the file. */
static void har_read_more(struct har *har)
{
	switch (har->place) {
	case HAR_IN_ENTRIES:
		if (!har_go_on(har, ']')) {
			har->place = har->is_cut ? HAR_IN_ENTRIES : HAR_BEHIND;
		} else if (json_stream_take_byte(har->stream, '{')) {
			har_begin_entry(har);
		} else {
			har->entries++;
			har->counts.unread++;
			har_skip_value(har);
		}
		break;
	case HAR_IN_ENTRY:
		har_read_member(har);
		break;
	case HAR_IN_MESSAGES:
		if (har_go_on(har, ']')) {
			har_read_message(har);
		} else if (!har->is_cut) {
			har->place = HAR_IN_ENTRY;
			har->is_first = false;
		}
		break;
	case HAR_BEHIND:
		break;
	}
	if (har->is_cut && (har->place == HAR_IN_ENTRY || har->place == HAR_IN_MESSAGES))
		har_end_entry(har); /* what came of it counts */
}

/* ---- the head of the file */

static void har_read_creator(struct har *har)
{
	char name[HAR_TEXT / 2] = "", version[HAR_TEXT / 4] = "";
	buffer_clear(&har->parts[HAR_REQUEST]);
	har->is_cut |= !json_stream_take_value(har->stream, &har->parts[HAR_REQUEST]);
	struct slice creator = har_checked(&har->parts[HAR_REQUEST]);
	har_copy_text(har_member(creator, "name"), name, sizeof name);
	har_copy_text(har_member(creator, "version"), version, sizeof version);
	snprintf(har->creator, sizeof har->creator, "%s%s%s", name, *version ? " " : "", version);
}

/* Goes down into a member of the object that begins here. False: it has none. */
static bool har_enter(struct har *har, const char *name, int opening, bool reads_creator)
{
	har->is_first = true;
	if (!json_stream_take_byte(har->stream, '{'))
		return false;
	while (har_take_key(har)) {
		struct slice key = buffer_slice(&har->text);
		if (json_string_is(key, name) && json_stream_peek(har->stream) == opening)
			return true;
		if (reads_creator && json_string_is(key, "creator"))
			har_read_creator(har);
		else
			har_skip_value(har);
		if (har->is_cut)
			return false;
	}
	return false;
}

static size_t har_part_limit(const struct har *har, enum har_member member)
{
	bool is_long = member == HAR_REQUEST || member == HAR_RESPONSE || member == HAR_MESSAGES;
	return is_long ? har->limits->entry : HAR_SHORT;
}

struct har *har_open(FILE *stream, const struct limits *limits, struct budget *budget, char *why, size_t why_size)
{
	struct har *har = budget_new(budget, sizeof *har);
	if (!har) {
		snprintf(why, why_size, "no memory");
		return NULL;
	}
	har->stream = stream;
	har->limits = limits;
	har->budget = budget;
	har->most_held = budget && budget->limit / 4 < limits->ordered ? budget->limit / 4 : limits->ordered;
	har->hosts.most = limits->hosts;
	har->latest_given = TIMESTAMP_NONE;
	buffer_init(&har->text, limits->entry, budget);
	for (enum har_member member = 0; member < HAR_MEMBERS; member++)
		buffer_init(&har->parts[member], har_part_limit(har, member), budget);
	if (har_enter(har, "log", '{', false) && har_enter(har, "entries", '[', true)) {
		json_stream_take_byte(har->stream, '[');
		har->is_first = true;
		return har;
	}
	snprintf(why, why_size,
	    har->is_cut ? "ends before its entries, or is no JSON" : "is JSON, and no HAR: it has no log with entries");
	har_free(har);
	return NULL;
}

void har_free(struct har *har)
{
	if (!har)
		return;
	struct har_entry *reading = har->entry;
	har->entry = NULL;
	if (har->has_given)
		har_free_step(har, &har->given);
	if (reading && !reading->steps)
		har_free_entry(har, reading);
	while (har->count)
		har_free_step(har, &har->heap[--har->count]);
	budget_release(har->heap);
	budget_release(har->hosts.list);
	buffer_free(&har->text);
	for (enum har_member member = 0; member < HAR_MEMBERS; member++)
		buffer_free(&har->parts[member]);
	budget_release(har);
}

/* ---- giving */

static bool har_is_read(const struct har *har)
{
	return har->is_cut || har->place == HAR_BEHIND;
}

static void har_give(struct har *har, struct packet *packet)
{
	har->given = har->heap[0];
	har->has_given = true;
	if (har->latest_given == TIMESTAMP_NONE || har->given.time > har->latest_given)
		har->latest_given = har->given.time;
	if (--har->count)
		har_sift_down(har->heap, har->count);
	*packet = (struct packet){.time = har->given.time, .recorded = &har->given.recorded};
}

enum source_result har_next(struct har *har, struct packet *packet, char *why, size_t why_size)
{
	if (har->has_given)
		har_free_step(har, &har->given);
	har->has_given = false;
	while (!har_is_read(har) && (har->held < har->most_held || !har->count))
		har_read_more(har);
	if (har->count) {
		har_give(har, packet);
		return SOURCE_PACKET;
	}
	if (!har->is_cut)
		return SOURCE_END;
	snprintf(
	    why, why_size, "entry %llu: the file ends here, or is no JSON any more", (unsigned long long)har->entries);
	return SOURCE_CUT;
}

bool har_leaves_out_websockets(const struct har *har)
{
	return recorder_leaves_out_websockets(har->creator);
}

const char *har_recorder_name(const struct har *har)
{
	return recorder_name(har->creator);
}

uint64_t har_other_hosts(const struct har *har)
{
	return har->hosts.others;
}

const struct har_counts *har_counts(struct har *har)
{
	har->counts.entries = har->entries;
	return &har->counts;
}

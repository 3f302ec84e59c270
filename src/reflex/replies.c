/* Which of the server's updates answers which of a Reflex page's events (update_answers): a short queue of unanswered
 * events for each session. */
#include "base/hash.h"
#include "reflex/model.h"
#include "reflex/reflex.h"
#include "socketio/session.h"

#include <stdlib.h>

/* A page has one event in flight up to 0.8, and few later. */
enum { REPLIES_PENDING = 32 };

struct replies_page {
	uint64_t session;
	uint64_t pending[REPLIES_PENDING]; /* oldest first */
	size_t count;
	UT_hash_handle hh;
};

struct replies {
	struct observer observer;
	void (*pair)(void *self, uint64_t question, uint64_t answer);
	void *self;
	struct replies_page *pages;
	struct budget memory; /* unlimited; counts what was refused */
	struct buffer text;
};

static struct replies_page *replies_page_of(struct replies *replies, uint64_t session)
{
	struct replies_page *page = NULL;
	HASH_FIND(hh, replies->pages, &session, sizeof session, page);
	if (page || !(page = budget_new(&replies->memory, sizeof *page)))
		return page;
	page->session = session;
	HASH_ADD(hh, replies->pages, session, sizeof page->session, page);
	if (hash_has(page))
		return page;
	budget_note_refusal(&replies->memory);
	free(page);
	return NULL;
}

static void replies_push(struct replies_page *page, uint64_t index)
{
	if (page->count == REPLIES_PENDING)
		memmove(page->pending, page->pending + 1, --page->count * sizeof *page->pending);
	page->pending[page->count++] = index;
}

static void replies_settle(struct replies *replies, struct replies_page *page, enum update_final final, uint64_t answer)
{
	size_t settled = update_answers(final, page->count);
	for (size_t i = 0; i < settled; i++)
		replies->pair(replies->self, page->pending[i], answer);
	page->count -= settled;
	memmove(page->pending, page->pending + settled, page->count * sizeof *page->pending);
}

static void replies_take_event(void *self, const struct event *event)
{
	struct replies *replies = self;
	struct follow_item item;
	if (!event->session || !follow_read(event, &replies->text, &item))
		return;
	struct replies_page *page = replies_page_of(replies, event->session->number);
	if (page && item.kind == FOLLOW_SENT)
		replies_push(page, event->index);
	else if (page)
		replies_settle(replies, page, item.update.final, event->index);
}

static void replies_take_closed(void *self, const struct session *session)
{
	struct replies *replies = self;
	struct replies_page *page = NULL;
	HASH_FIND(hh, replies->pages, &session->number, sizeof session->number, page);
	if (!page)
		return;
	HASH_DEL(replies->pages, page);
	free(page);
}

static void *replies_new(void (*pair)(void *self, uint64_t question, uint64_t answer), void *self)
{
	struct replies *replies = calloc(1, sizeof *replies);
	if (!replies)
		return NULL;
	*replies = (struct replies){.pair = pair, .self = self, .memory = {.limit = SIZE_MAX}};
	replies->observer = (struct observer){
	    .self = replies, .event = replies_take_event, .session_closed = replies_take_closed};
	buffer_init(&replies->text, (size_t)JSON_DEPTH * 4096, &replies->memory);
	return replies;
}

static void replies_free(void *self)
{
	struct replies *replies = self;
	struct replies_page *page, *next;
	if (!replies)
		return;
	HASH_ITER(hh, replies->pages, page, next)
	{
		HASH_DEL(replies->pages, page);
		free(page);
	}
	buffer_free(&replies->text);
	free(replies);
}

static uint64_t replies_refused(const void *self)
{
	return ((const struct replies *)self)->memory.refused;
}

static const struct observer *replies_observer(const void *self)
{
	return &((const struct replies *)self)->observer;
}

const struct pairing reflex_pairing = {replies_new, replies_free, replies_observer, replies_refused};

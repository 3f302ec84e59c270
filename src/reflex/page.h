/*
 * What is known of one Reflex page: a session whose events and updates are Reflex's. pages.c follows it; page_deltas.c
 * and page_events.c make the claims.
 */
#ifndef REFLEX_PAGE_H
#define REFLEX_PAGE_H

#include "detect/detector.h"
#include "reflex/frontend.h"
#include "reflex/model.h"
#include "reflex/reflex.h"
#include "reflex/thresholds.h"

enum { PAGE_PENDING = 64, PAGE_NAME = 160, PAGE_VERSION = 24 };

/* An event of the page that no update has answered yet. */
struct page_pending {
	uint64_t packet;
	timestamp time;
	bool early;      /* sent while its CONNECT was not acknowledged */
	bool hydrate;    /* asks for the state */
	bool last_words; /* sent by polling in the request that carried the DISCONNECT */
	char name[PAGE_NAME];
};

/* Why a page has no state: rows of reflex_causes. */
enum reflex_cause {
	REFLEX_HYDRATE_NEVER_ASKED,
	REFLEX_HYDRATE_UNANSWERED,
	REFLEX_HYDRATE_ERROR,
	REFLEX_HYDRATE_NOT_FINISHED,
	REFLEX_CAUSES,
};

extern const struct cause_entry reflex_causes[]; /* REFLEX_CAUSES entries, and an empty one */

struct page {
	struct model *model;
	char version[PAGE_VERSION]; /* of the frontend, as it says; "" unknown */
	bool knows_frontend;        /* states of the application are declared by the frontend that the capture shows */
	bool browser;               /* its User-Agent is a browser's */
	bool overdue;               /* live: its hydrate was reported as unanswered */
	bool has_final;             /* updates say `final`: Reflex up to 0.8 */
	struct page_pending *pending; /* oldest first; room for PAGE_PENDING, once there was one */
	size_t pending_count;
	uint64_t pending_lost; /* events that did not fit */
	bool pending_unsure;   /* an update came since: which of them it answered is not known */
	timestamp joined;      /* the namespace was acknowledged; 0: not */
	uint64_t joined_packet;
	struct model_point refused; /* the last update with an error toast; event 0: none */
	timestamp sent;             /* the page's last event; 0: none */
	uint64_t updates;
	bool said_goodbye;       /* the client: DISCONNECT, close, or a close frame */
	timestamp left;          /* the client disconnected, closed or went away; 0: not */
	struct model_point owed; /* an update after which the page must send; event 0: none */
	uint64_t owed_packet;
	char owed_why[PAGE_NAME];
	uint64_t threw_packet; /* of the update that the page could not apply */
	/* Updates since the client's last sign of life. */
	uint64_t unseen, unseen_packet;
	timestamp unseen_since;
};

enum { PAGE_LOG_LINES = 256, PAGE_LOG_QUOTE = 160 };

/* A line of the server's log that is an error, or speaks of the environ. */
struct page_log_line {
	timestamp time;
	bool is_environ;
	struct origin origin;
	char text[PAGE_LOG_QUOTE]; /* its beginning */
};

struct pages {
	struct detector_state state;
	bool knows_reads; /* since the first page: the manifest says which vars the pages read; without chunks every var
	                     may be read */
	struct buffer text;                       /* an unescaped event or update */
	struct budget budget;                     /* of all models */
	struct page_log_line log[PAGE_LOG_LINES]; /* the last of them */
	size_t log_count;
	timestamp log_first, log_last; /* of all its lines; TIMESTAMP_NONE: none */
};

/* ---- page_deltas.c */

void page_judge_update(struct pages *pages, struct page *page, const struct event *event, const struct update *update,
    struct model_effect effect);
void page_judge_vars(struct pages *pages, struct page *page, const struct session *session);

/* ---- page_events.c */

/* Live: what the page waits for at `now`; and takes that back, when the answer has come after all. */
void page_judge_overdue(struct pages *pages, struct page *page, const struct session *session, timestamp now);
void page_withdraw_overdue(struct pages *pages, struct page *page, const struct session *session);

/* Events without an answer, a page that was never hydrated or fell silent: when the session has ended. */
void page_judge_life(struct pages *pages, struct page *page, const struct session *session);
/* The connection ended: what was on its way is lost. */
void page_judge_loss(struct pages *pages, struct page *page, const struct event *event);

#endif

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
	bool own;        /* the page sends it by itself when it loads, or an update asked for it */
	bool last_words; /* sent by polling in the request that carried the DISCONNECT */
	char name[PAGE_NAME];
};

/* Rows of reflex_causes: first, why a page has no state. */
enum reflex_cause {
	REFLEX_HYDRATE_NEVER_ASKED,
	REFLEX_HYDRATE_UNANSWERED,
	REFLEX_HYDRATE_ERROR,
	REFLEX_HYDRATE_NOT_FINISHED,
	/* why it is loaded again and again, why its state is there twice */
	REFLEX_REDIRECT_LOOP,
	REFLEX_TOKEN_TWICE,
	/* why an event has no answer */
	REFLEX_CUT_OFF,
	REFLEX_CAME_BACK,
	/* why its frontend does not fit */
	REFLEX_VERSIONS_DIFFER,
	REFLEX_MODULES_DIFFER,
	REFLEX_STATE_OF_OTHER_MODULE,
	/* why its backend is not reached */
	REFLEX_PREFIX,
	REFLEX_API_URL,
	/* why an upload was refused */
	REFLEX_UPLOAD_SIZE,
	REFLEX_UPLOAD_PATH,
	REFLEX_STATE_NOT_KEPT,
	REFLEX_UPLOAD_FORBIDDEN,
	REFLEX_UPLOAD_UNREACHED,
	REFLEX_UPLOAD_ERROR,
	REFLEX_UPLOAD_REQUEST,
	REFLEX_UPLOAD_CUT,
	REFLEX_CAUSES,
};

extern const struct cause_entry reflex_causes[]; /* REFLEX_CAUSES entries, and an empty one */

/* Another page with the same token, at the same time. */
struct page_rival {
	uint64_t session; /* 0: none */
	timestamp since;  /* it was hydrated */
	uint64_t packet;
	char differs[PAGE_NAME]; /* what its backend sent otherwise than this page's had; "": nothing that is known */
};

struct page {
	struct model *model;
	uint64_t token;         /* a digest of it; 0: unknown, or the backend gave the page another */
	struct endpoint server; /* only with a token */
	struct page_rival rival;
	timestamp loaded;           /* its load began; 0: none was seen */
	char version[PAGE_VERSION]; /* of the frontend, as it says; "" unknown */
	bool knows_frontend;        /* states of the application are declared by the frontend that the capture shows */
	bool browser;               /* its User-Agent is a browser's */
	bool overdue;               /* live: its hydrate was reported as unanswered */
	bool has_final;             /* updates say `final`: Reflex up to 0.8 */
	struct page_pending *pending; /* oldest first; room for PAGE_PENDING, once there was one */
	size_t pending_count;
	uint64_t pending_lost;    /* events that did not fit */
	bool pending_unsure;      /* an update came since: which of them it answered is not known */
	char answered[PAGE_NAME]; /* its last event that was answered; "": none */
	timestamp joined;         /* the namespace was acknowledged; 0: not */
	uint64_t joined_packet;
	struct model_point refused; /* the last update with an error message; event 0: none */
	timestamp sent;             /* the page's last event; 0: none */
	uint64_t updates;
	uint64_t reloads;        /* events that the backend answered with `reload`, soon after an update */
	timestamp updated;       /* the last update; 0: none */
	bool said_goodbye;       /* the client: DISCONNECT, close, or a close frame */
	timestamp left;          /* the client disconnected, closed or went away; 0: not */
	struct model_point owed; /* an update after which the page must send; event 0: none */
	uint64_t owed_packet;
	char owed_why[PAGE_NAME];
	uint64_t threw_packet; /* of the update that the page could not apply */
	struct finding
	    *broken;   /* the page said that it does not know the state `unknown`; NULL: nothing is to be added */
	char *unknown; /* room for PAGE_NAME, once there was one */
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

enum { PAGE_TOKENS = 1024 };

struct page_token; /* page_tokens.c */

struct pages {
	struct detector_state state;
	struct page_token *tokens; /* of pages, the oldest first; PAGE_TOKENS at most */
	bool knows_reads; /* since the first page: the manifest says which vars the pages read; without chunks every var
	                     may be read */
	struct buffer text;                       /* an unescaped event or update */
	struct budget budget;                     /* of all models */
	struct page_log_line log[PAGE_LOG_LINES]; /* the last of them */
	size_t log_count;
	timestamp log_first, log_last; /* of all its lines; TIMESTAMP_NONE: none */
};

/* ---- page_tokens.c */

/* The token in the target of the session's handshake. */
void page_note_token(struct pages *pages, const struct session *session, struct slice token);
void page_note_other_token(struct page *page);

/* The newest session with the page's token; 0: none is known. */
uint64_t page_newest_session(struct pages *pages, const struct page *page);

/* The page loads; an update answers `asked` ("": not known), which it sent by itself. */
void page_note_load(struct pages *pages, struct page *page, const struct event *event, const struct update_event *sent);
void page_judge_redirects(struct pages *pages, const struct page *page, const struct event *event,
    const struct update *update, const char *asked);

/* Its backend sent all states; it was hydrated; the client sent something. */
void page_note_whole(struct pages *pages, struct page *page, const struct event *event);
void page_note_hydrated(struct pages *pages, struct page *page, const struct event *event);
void page_judge_rival(struct pages *pages, struct page *page, const struct event *event);

/* The newest session of the token; 0: none is known. */
uint64_t pages_session_of(struct pages *pages, struct slice token);
void pages_forget_tokens(struct pages *pages);

/* ---- backend.c */

/* What became of an upload. */
void pages_judge_upload(struct pages *pages, const struct event *event);
bool backend_is_path(struct slice path); /* of Engine.IO, below any prefix */
bool reflex_wants_beside(struct slice target);
bool reflex_takes_beside(const struct exchange *exchange);
const struct cause_entry *reflex_refused(const struct exchange *exchange);

/* ---- page_deltas.c */

/* The frontend's version against the names of vars. */
void page_judge_version(
    struct pages *pages, const struct page *page, const struct event *event, const struct update *update);

void page_judge_update(struct pages *pages, struct page *page, const struct event *event, const struct update *update,
    struct model_effect effect);
void page_judge_vars(struct pages *pages, struct page *page, const struct session *session);

/* ---- page_events.c */

/* "CartState.add" of the name `reflex___state____state.shop___cart____cart_state.add`. */
const char *page_handler(struct slice name, char text[PAGE_NAME]);

/* Live: what the page waits for at `now`; and takes that back, when the answer has come after all. */
void page_judge_overdue(struct pages *pages, struct page *page, const struct session *session, timestamp now);
void page_withdraw_overdue(struct pages *pages, struct page *page, const struct session *session);

/* Events without an answer, a page that was never hydrated or fell silent: when the session has ended. */
void page_judge_life(struct pages *pages, struct page *page, const struct session *session);
/* The connection ended: what was on its way is lost. */
void page_judge_loss(struct pages *pages, struct page *page, const struct event *event);

#endif

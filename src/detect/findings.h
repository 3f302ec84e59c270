/*
 * What the detectors claim. Repeats of a claim (same code, session and subject) are one finding with a count. All text
 * lives as long as the collection.
 */
#ifndef DETECT_FINDINGS_H
#define DETECT_FINDINGS_H

#include "base/hash.h"
#include "base/memory.h"
#include "detect/codes.h"
#include "servers/server.h"
#include "socketio/event.h"

enum confidence { CONFIDENCE_POSSIBLE, CONFIDENCE_LIKELY, CONFIDENCE_PROVEN };

const char *confidence_name(enum confidence confidence);

/* More findings of one code than this are counted, not kept: the many of one kind leave room for the one of another. */
enum { FINDING_EVIDENCE = 6, FINDINGS_OF_CODE = 1000, FINDINGS_BEYOND = 4096 };

/* What makes two claims the same. */
struct finding_key {
	uint64_t code, session, subject;
};

struct evidence {
	struct origin origin;
	const char *what;
};

struct finding {
	unsigned code; /* an enum code, or a plug-in's */
	enum severity severity;
	enum confidence confidence;
	const char *phase; /* a word for when in the life of the session, of a code that has such phases; else NULL */
	uint64_t session;  /* its number; 0: none */
	const char *sid;   /* "" when there is none */
	struct endpoint server; /* at which it is; all zero: the claim had neither event nor session */
	timestamp time, last;   /* the moment that it is about, and the last time that it was so */
	uint64_t count;
	const char *subject; /* what, besides code and session, makes it this claim */
	const char *seen;    /* what was seen, with the values */
	const char *advice;  /* what to do */
	const char *doubt;   /* why it is not surer; NULL when it is proven */
	struct evidence evidence[FINDING_EVIDENCE];
	size_t evidence_count;
	bool is_stated;                     /* a line of the server's log says it by itself */
	const char *cause;                  /* why it is so: a word of the table of causes (codes.h); NULL: not known */
	const struct finding *explained_by; /* the finding that explains this one, or NULL */
	struct finding *next; /* in the order in which they were made, and after findings_arrange by weight */
	size_t made; /* its place in the order in which they were made; no other's, not of one that was withdrawn */
	struct finding_key key;
	UT_hash_handle hh;
};

struct findings {
	struct arena texts;
	struct finding *first, *last;
	struct finding *by_key;
	size_t count;
	size_t made;                           /* how many there ever were */
	size_t counts[CODES_MOST];             /* the same by code */
	uint64_t left_out[CODES_MOST];         /* claims that were not kept: too many, or no room for their texts */
	uint64_t beyond[FINDINGS_BEYOND / 64]; /* a bit for each address that findings_note_beyond was given */
	const struct numbering *numbering;     /* of packets of merged files (base/numbering.h); or NULL. Borrowed */
	uint64_t changes;     /* goes on with each claim, withdrawal and text: who shows them looks again */
	struct budget memory; /* unlimited; counts what was refused to the claims, and to what they rest on */
};

void findings_init(struct findings *findings, size_t limit);
void findings_free(struct findings *findings);

/* A claim about what `event` shows. Returns the finding, to be filled in when its `count` is 1; NULL: no room. `event`
 * may be NULL: then nothing but `session` is known. */
struct finding *findings_claim(struct findings *findings, unsigned code, enum confidence confidence,
    const struct session *session, const struct event *event, const char *subject);

/* The claim as it was made before; NULL: it was not. */
struct finding *findings_recall(
    const struct findings *findings, unsigned code, const struct session *session, const char *subject);

/* A detector had no room for what it would have claimed. */
void findings_note_left_out(struct findings *findings, unsigned code);

/* How many claims were not kept, of all codes. */
uint64_t findings_left_out(const struct findings *findings);

/* A detector has no room for this server, or (where `client` is not NULL) for this client of it: nothing is found
 * there. For the ledger, so that nobody takes the silence for health. */
void findings_note_beyond(struct findings *findings, const struct address *client, const struct endpoint *server);

/* How many different ones were noted, at least: of thousands some share a bit. */
uint64_t findings_count_beyond(const struct findings *findings);

/* Takes a claim back that turned out to be none: what was overdue came. Before findings_arrange. */
void findings_withdraw(struct findings *findings, struct finding *finding);

/* When, in which packet, in which session: "11:45:57.524  packet 46  session 1", what is known of it. Returns `text`.
 */
enum { FINDING_PLACE = ORIGIN_TEXT + 64 };
const char *finding_format_place(const struct finding *finding, char text[FINDING_PLACE]);

/* It was so at this time too. A claim notes its event's time by itself; TIMESTAMP_NONE is let pass. */
void finding_note_time(struct finding *finding, timestamp time);

/* It begins then, whatever was noted before: at the first of what it gathers. */
void finding_begin_at(struct finding *finding, timestamp time);

/* It is found to be a matter of another code; its severity becomes that one's. */
void findings_recode(struct findings *findings, struct finding *finding, unsigned code);

/* It is as bad as the nth case of its code. */
void finding_set_case(struct finding *finding, unsigned nth);

/* Fill in; each replaces what was there. Text that does not fit is left out, and so is a doubt of what is proven. */
void finding_say(struct findings *findings, struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void finding_advise(struct findings *findings, struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void finding_doubt(struct findings *findings, struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sets the finding's cause, and its advice by it. `software` (may be NULL): which implementation it is about. */
void finding_set_cause(
    struct findings *findings, struct finding *finding, enum cause cause, const struct recognition *software);

/* The same of a named implementation (`software` of a server's table), as a proxy is; NULL: none. */
void finding_set_cause_by(struct findings *findings, struct finding *finding, enum cause cause, const char *software);

/* The same of a plug-in's row. */
void finding_set_cause_row(struct findings *findings, struct finding *finding, const struct cause_entry *entry);

/* Adds evidence, the first FINDING_EVIDENCE of them. */
void finding_prove(struct findings *findings, struct finding *finding, const struct origin *origin, const char *format,
    ...) __attribute__((format(printf, 4, 5)));

/* Copies the findings of `from` whose code is `wanted`, texts and all. What is there already, or has no room, is left
 * out. Before findings_arrange. */
void findings_adopt(struct findings *findings, const struct findings *from, bool (*wanted)(unsigned code));

/* Copies those of `from` that are wanted, and what explains them, in their order. `from` is arranged, `part` is empty.
 * False: there was no memory for all of them. */
bool findings_take_part(struct findings *part, const struct findings *from,
    bool (*wanted)(void *self, const struct finding *finding), void *self);

/* Nothing that was claimed of this session is more than possible. */
void findings_doubt_session(struct findings *findings, uint64_t session, const char *why);

/* What rests on lines of a log alone, and no line states, is likely at most. Before findings_arrange. */
void findings_doubt_logged(struct findings *findings);

/* All of them but what could not be seen, which is a note: the number that people are given. */
static inline uint64_t findings_count_found(const struct findings *findings)
{
	return findings->count - findings->counts[CODE_CAPTURE_INCOMPLETE];
}

/* Takes all others out of the list. After findings_arrange. */
void findings_keep_those(
    struct findings *findings, bool (*stays)(void *self, const struct finding *finding), void *self);

/* Puts causes before what they cause, and the worst and surest first; sets `explained_by`. Call once, at the end. */
void findings_arrange(struct findings *findings);

#endif

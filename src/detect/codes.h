/* The codes of findings: how bad each is, what it means, how it is told, what to do. */
#ifndef DETECT_CODES_H
#define DETECT_CODES_H

#include "base/bytes.h"

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };

/* The core's. */
enum code {
	CODE_TRANSPORT_REJECTED,
	CODE_PROTOCOL_VERSION,
	CODE_SESSION_UNKNOWN,
	CODE_HANDSHAKE_REJECTED,
	CODE_CORS_BLOCKED,
	CODE_UPGRADE_FAILED,
	CODE_NAMESPACE_REJECTED,
	CODE_CONNECT_UNANSWERED,
	CODE_EVENT_UNANSWERED,
	CODE_ACK_MISSING,
	CODE_EVENT_DROPPED,
	CODE_HEARTBEAT_LOST,
	CODE_SERVER_STALL,
	CODE_SERVER_STOPPED,
	CODE_PAYLOAD_TOO_LARGE,
	CODE_ABNORMAL_CLOSE,
	CODE_IDLE_CUT,
	CODE_LOST_BETWEEN,
	CODE_DUPLICATE_SESSION,
	CODE_RECONNECT_LOOP,
	CODE_REQUEST_UNANSWERED,
	CODE_SERVER_UNREACHABLE,
	CODE_EVENT_LOST,
	CODE_MALFORMED_PACKET,
	CODE_CAPTURE_INCOMPLETE,
	CODES,
};

/* The numbers of a plug-in's codes begin at a multiple of CODE_BLOCK that is its own (never 0, the core's). */
enum { CODE_BLOCK = 64, CODES_MOST = 4 * CODE_BLOCK };

/* The cases of the core's codes, by code. */
enum { REDIRECT_UNSEEN };             /* handshake-rejected */
enum { REQUEST_WAITS, REQUEST_LEFT }; /* request-unanswered */
enum { UNREACHABLE_AT_TIMES };        /* server-unreachable */
enum { MALFORMED_FATAL };             /* malformed-packet */

/* Where a finding is more or less bad than its code's entry says. */
struct code_case {
	enum severity severity;
	const char *when; /* as `explain` puts it behind the severity */
};

struct code_entry {
	const char *name;        /* as outputs name it */
	enum severity severity;  /* but for its cases */
	const char *title;       /* one line: what went wrong */
	const char *explanation; /* what it means and how it is told from what looks alike */
	const char *remedy;
	const struct code_case *cases; /* ended by a `when` of NULL; or NULL */
};

/* Where both are seen in one session (or about no session at all), the first is why the second is seen. */
struct code_explanation {
	unsigned reason, symptom;
	bool anywhere; /* in whatever session */
};

/* A sentence that a plug-in adds to the advice of a code of the core. */
struct code_advice {
	unsigned code;
	const char *text;
};

/* The codes of a plug-in. */
struct code_block {
	unsigned first; /* a multiple of CODE_BLOCK */
	unsigned count;
	const struct code_entry *entries;
	const struct code_explanation *explanations; /* with codes of the core too; ended by two equal ones; or NULL */
	const struct code_advice *advice;            /* ended by a text of NULL; or NULL */
};

/* NULL: no code has this number. */
const struct code_entry *code_entry(unsigned code);

/* The codes in their order: 0, then the next of each; CODES_MOST behind the last. */
unsigned code_next(unsigned code);

/* CODES_MOST when there is none of this name. */
unsigned code_named(struct slice name);

/* The codes' names: the one at `index`; NULL behind the last. */
const char *code_word(size_t index);

/* What plug-ins add to the code's remedy; "" when they add nothing. */
const char *code_advice(unsigned code);

const char *severity_name(enum severity severity);

#endif

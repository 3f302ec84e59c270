/* The codes of findings: how bad each is, what it means, how it is told, what to do. */
#ifndef DETECT_CODES_H
#define DETECT_CODES_H

#include "base/slice.h"

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };

enum code {
	CODE_TRANSPORT_REJECTED,
	CODE_PROTOCOL_VERSION,
	CODE_SESSION_UNKNOWN,
	CODE_HANDSHAKE_REJECTED,
	CODE_CORS_BLOCKED,
	CODE_UPGRADE_FAILED,
	CODE_NAMESPACE_REJECTED,
	CODE_ENVIRON_RACE,
	CODE_ENVIRON_ABSENT,
	CODE_CONNECT_UNANSWERED,
	CODE_EVENT_UNANSWERED,
	CODE_HANDLER_ERROR,
	CODE_ACK_MISSING,
	CODE_EVENT_DROPPED,
	CODE_HEARTBEAT_LOST,
	CODE_SERVER_STALL,
	CODE_PAYLOAD_TOO_LARGE,
	CODE_ABNORMAL_CLOSE,
	CODE_IDLE_CUT,
	CODE_LOST_BETWEEN,
	CODE_DUPLICATE_SESSION,
	CODE_RECONNECT_LOOP,
	CODE_DELTA_UNKNOWN_STATE,
	CODE_DELTA_UNKNOWN_VAR,
	CODE_DELTA_MISSING_VAR,
	CODE_DELTA_STALE_VAR,
	CODE_DELTA_LOST,
	CODE_HYDRATE_MISSING,
	CODE_FRONTEND_STUCK,
	CODE_FRONTEND_MISMATCH,
	CODE_FRONTEND_ERROR,
	CODE_BUNDLE_SYMLINKS,
	CODE_BUNDLE_FILE_COUNT,
	CODE_BUNDLE_INCOMPLETE,
	CODE_BUNDLE_TRANSPORT,
	CODE_BUNDLE_VERSION,
	CODE_BUNDLE_STATE,
	CODE_CAPTURE_INCOMPLETE,
	CODES,
};

struct code_entry {
	const char *name;        /* as outputs name it */
	enum severity severity;  /* but for its cases, below */
	const char *title;       /* one line: what went wrong */
	const char *explanation; /* what it means and how it is told from what looks alike */
	const char *remedy;
};

extern const struct code_entry code_table[CODES];

/* Where a finding is more or less bad than its code's entry says. */
enum code_case {
	CASE_RACE_LATE,
	CASE_RACE_LATE_UNSURE,
	CASE_ABSENT_ELSEWHERE,
	CASE_TRANSPORT_LOOPBACK,
	CASE_TRANSPORT_REFUSED,
	CASE_VERSION_OTHER,
	CODE_CASES,
};

struct code_case_entry {
	enum code code;
	enum severity severity;
	const char *when; /* as `explain` puts it behind the severity */
};

extern const struct code_case_entry code_cases[CODE_CASES];

/* CODES when there is none of this name. */
enum code code_named(struct slice name);

/* The codes' names: the one at `index`; NULL behind the last. */
const char *code_word(size_t index);

const char *severity_name(enum severity severity);

#endif

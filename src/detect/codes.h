/*
 * The tables behind findings. A code says what went wrong: its severity, what it means, how it is
 * reported, what to do. A cause says why it is so, and chooses the advice, for the implementation that was recognised
 * where that has its own.
 */
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
	CODE_TLS_FAILED,
	CODE_STREAM_REFUSED,
	CODE_EXCEPTION_LOGGED,
	CODE_CAPTURE_INCOMPLETE,
	CODES,
};

/* The numbers of a plug-in's codes begin at a multiple of CODE_BLOCK that is its own (never 0, the core's). */
enum { CODE_BLOCK = 64, CODES_MOST = 4 * CODE_BLOCK };

/* The cases of the core's codes, by code. */
enum { SESSION_OF_BEFORE_RESTART };                                                            /* session-unknown */
enum { REDIRECT_UNSEEN, BACKEND_AWAY };                                                        /* handshake-rejected */
enum { TRANSPORT_NOT_NAMED };                                                                  /* transport-rejected */
enum { DROPPED_BACKEND_AWAY };                                                                 /* event-dropped */
enum { REQUEST_WAITS, REQUEST_LEFT };                                                          /* request-unanswered */
enum { CORS_BEHIND_PROXY };                                                                    /* cors-blocked */
enum { DUPLICATE_STATES };                                                                     /* duplicate-session */
enum { CONNECT_SLOW };                                                                         /* connect-unanswered */
enum { UNREACHABLE_AT_TIMES, UNREACHABLE_LATE };                                               /* server-unreachable */
enum { MALFORMED_FATAL };                                                                      /* malformed-packet */
enum { UPGRADE_UNANSWERED };                                                                   /* upgrade-failed */
enum { STOPPED_AGAIN };                                                                        /* server-stopped */
enum { TLS_FAILED_AT_FIRST, TLS_FAILED_OF_OTHERS, TLS_FAILED_OF_SCANNERS, TLS_FAILED_UNUSED }; /* tls-failed */

/* Where a finding is more or less bad than its code's entry says. */
struct code_case {
	enum severity severity;
	const char *when; /* as `explain` puts it behind the severity */
};

struct code_entry {
	const char *name;        /* as outputs name it */
	enum severity severity;  /* but for its cases */
	const char *title;       /* one line: what went wrong */
	const char *explanation; /* what it means and how it differs from what looks alike */
	const char *remedy;
	const struct code_case *cases; /* ended by a `when` of NULL; or NULL */
	const char *alike;             /* what looks alike, and what rules it out; NULL: nothing does */
};

enum explanation_scope {
	EXPLAINS_IN_SESSION, /* both are seen in one session, or about none at all */
	EXPLAINS_ANYWHERE,
	EXPLAINS_OF_SERVER, /* both are seen at one server, and the second not before the first, nor later than a client
	                     * that was there at the first can take (THRESHOLD_ALIVE_WITHOUT_RULE) */
	EXPLAINS_AT_ONCE,   /* both are seen at one server, at one time (THRESHOLD_STOPPED_SPAN) */
};

/* Where both are seen, the first is why the second is seen. */
struct code_explanation {
	unsigned reason, symptom;
	enum explanation_scope scope;
	const char *cause; /* of the second, which it must have; NULL: any, "": none */
};

struct cause_entry;

/* A sentence that a plug-in adds to the advice of a code of the core. */
struct code_advice {
	unsigned code;
	const char *text;
};

/* The rows of the core, in order: the first that fits names what explains a finding. Ended by two equal codes. */
extern const struct code_explanation code_explanations[];

/* The codes of a plug-in. */
struct code_block {
	unsigned first; /* a multiple of CODE_BLOCK */
	unsigned count;
	const struct code_entry *entries;
	const struct code_explanation *explanations; /* with codes of the core too; ended by two equal ones; or NULL */
	const struct code_advice *advice;            /* ended by a text of NULL; or NULL */
	const struct cause_entry *causes;            /* ended by a word of NULL; or NULL */
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

/* ---- causes */

enum cause {
	CAUSE_WEBSOCKET_NOT_ALLOWED,
	CAUSE_POLLING_NOT_ALLOWED,
	CAUSE_BARE_403,
	CAUSE_HOST_NOT_PASSED,
	CAUSE_SCHEME_NOT_PASSED,
	CAUSE_EXTENDED_CONNECT,
	CAUSE_REVISION_NOT_SUPPORTED,
	CAUSE_REVISION_UNKNOWN,
	CAUSE_SERVER_OF_REVISION_3,
	CAUSE_QUERY_LOWER_CASE,
	CAUSE_QUERY_CHANGED,
	CAUSE_QUERY_DROPPED,
	CAUSE_SID_OF_OTHER_SERVER,
	CAUSE_SID_OF_OTHER_EXIT,
	CAUSE_COOKIE_NOT_RETURNED,
	CAUSE_COOKIE_OF_OTHER_PATH,
	CAUSE_COOKIE_SECURE,
	CAUSE_COOKIE_SAME_SITE,
	CAUSE_GIVEN_TWICE,
	CAUSE_CLIENT_HAD_CLOSED,
	CAUSE_SERVER_HAD_CLOSED,
	CAUSE_ENDED_BY_SIZE,
	CAUSE_POLL_ABORTED,
	CAUSE_TIMED_OUT,
	CAUSE_RESTARTED,
	CAUSE_WORKER_RECYCLED,
	CAUSE_SEVERAL_WORKERS,
	CAUSE_SESSION_GONE,
	CAUSE_SID_OF_BEFORE,
	CAUSE_NOT_SOCKETIO,
	CAUSE_CACHED,
	CAUSE_CODING_HIDDEN,
	CAUSE_BYTE_ORDER_MARK,
	CAUSE_OTHER_SUCCESS,
	CAUSE_EMPTY_POLL,
	CAUSE_NO_SUCH_PATH,
	CAUSE_PATH_CHANGED,
	CAUSE_BACKEND_GONE,
	CAUSE_BACKEND_FULL,
	CAUSE_REQUEST_CHANGED,
	CAUSE_BACKEND_SLOW,
	CAUSE_BACKEND_BROKE_OFF,
	CAUSE_ANSWER_NOT_TAKEN,
	CAUSE_BACKEND_SILENT,
	CAUSE_BACKEND_KEEP_ALIVE_RACE,
	CAUSE_RATE_LIMIT,
	CAUSE_ORIGIN,
	CAUSE_ORIGIN_HOST_NOT_PASSED,
	CAUSE_ORIGIN_SCHEME_NOT_PASSED,
	CAUSE_ORIGIN_NULL,
	CAUSE_SCRIPT_MISSING,
	CAUSE_SCRIPT_SWITCHED_OFF,
	CAUSE_SCRIPT_NOT_SERVED,
	CAUSE_REQUEST_TOKEN_EXPIRED,
	CAUSE_REQUEST_TOKEN_EARLY,
	CAUSE_REQUEST_TOKEN_CLOCK,
	CAUSE_REQUEST_TOKEN_UNITS,
	CAUSE_WEBSOCKET_NOT_POSSIBLE,
	CAUSE_RAISED,
	CAUSE_ASYNC_MODE,
	CAUSE_APPLICATION,
	CAUSE_UPGRADE_HEADER_REMOVED,
	CAUSE_CONNECTION_HEADER,
	CAUSE_REMOVED_BEHIND,
	CAUSE_HEADERS_TOO_LARGE,
	CAUSE_WORKER_TIMEOUT,
	CAUSE_TLS_EXPECTED,
	CAUSE_TARGET_TOO_LONG,
	CAUSE_LENGTH_REQUIRED,
	CAUSE_CREDENTIALS,
	CAUSE_PROXY_CREDENTIALS,
	CAUSE_FILTERED,
	CAUSE_WEBSOCKET_NOT_PASSED,
	CAUSE_STORAGE,
	CAUSE_NO_RULE,
	CAUSE_INTERSTITIAL,
	CAUSE_NO_TRANSPORT,
	CAUSE_POST_RATE_LIMIT,
	CAUSE_POST_FILTERED,
	CAUSE_POST_METHOD,
	CAUSE_POST_REFUSED,
	CAUSE_POST_BACKEND,
	CAUSE_POST_KEEP_ALIVE_RACE,
	CAUSE_POST_LENGTH_REQUIRED,
	CAUSE_POST_ANSWER_NOT_TAKEN,
	CAUSE_POST_AFTER_UPGRADE,
	CAUSE_BATCH,
	CAUSE_PROXY_LIMIT,
	CAUSE_SERVER_LIMIT,
	CAUSE_UPGRADE_WITHOUT_HEADER,
	CAUSE_UPGRADE_WITHOUT_CONNECTION,
	CAUSE_UPGRADE_REMOVED_BEHIND,
	CAUSE_UPGRADE_WITHOUT_LIBRARY,
	CAUSE_UPGRADE_CREDENTIALS,
	CAUSE_UPGRADE_FORBIDDEN,
	CAUSE_UPGRADE_PATH,
	CAUSE_UPGRADE_BACKEND,
	CAUSE_UPGRADE_SESSION,
	CAUSE_UPGRADE_EXTENDED,
	CAUSE_UPGRADE_REFUSED,
	CAUSE_UPGRADE_NOT_PASSED,
	CAUSE_UPGRADE_TUNNEL,
	CAUSE_TUNNEL_REFUSED,
	CAUSE_UPGRADE_UNANSWERED,
	CAUSE_PROBE_NOT_SENT,
	CAUSE_PROBE_UNANSWERED,
	CAUSE_NOT_COMMITTED,
	CAUSE_REDIRECT,
	CAUSE_POST_AS_GET,
	CAUSE_SIGN_IN,
	CAUSE_ENDED_AT_ONCE,
	CAUSE_SILENT_WEBSOCKET,
	CAUSE_WRONG_ACCEPT,
	CAUSE_WRONG_SUBPROTOCOL,
	CAUSE_WRONG_EXTENSION,
	CAUSE_WRONG_SWITCH,
	CAUSE_UPGRADE_WRONG_ACCEPT,
	CAUSE_UPGRADE_WRONG_SUBPROTOCOL,
	CAUSE_UPGRADE_WRONG_EXTENSION,
	CAUSE_UPGRADE_WRONG_SWITCH,
	CAUSE_HANDLED_TWICE,
	CAUSE_ANSWERED_TWICE,
	CAUSE_CLIENT_GAVE_UP,
	CAUSE_SERVER_BROKE_OFF,
	CAUSE_HOST_NOT_SERVED,
	CAUSE_PORT_OF_HTTP2,
	CAUSE_PORT_OF_TLS,
	CAUSE_PORT_OF_OTHER_PROTOCOL,
	CAUSE_WEBSOCKET_BROKEN_OFF,
	CAUSE_POST_BROKEN_OFF,
	CAUSE_KEEP_ALIVE_RACE,
	CAUSE_WEBSOCKETS_NOT_TAKEN,
	CAUSE_ANSWER_NOT_WHOLE,
	CAUSE_ANSWER_BROKEN_OFF,
	CAUSE_STILL_WAITING,
	CAUSE_CONNECTION_REFUSED,
	CAUSE_REFUSED_MEANWHILE,
	CAUSE_NO_REPLY,
	CAUSE_ACCEPTED_LATE,
	CAUSE_FIREWALL_REJECTS,
	CAUSE_NO_ROUTE,
	CAUSE_IN_UPGRADE,
	CAUSE_IN_ABORTED_POLL,
	CAUSE_NO_LENGTH,
	CAUSE_RECOVERY_REFUSED,
	CAUSE_RECOVERY_WITHOUT_OFFSET,
	CAUSE_SAME_SILENCE,
	CAUSE_SAME_AGE,
	CAUSE_PING_OF_SECONDS,
	CAUSE_POLL_HELD,
	CAUSE_NAMESPACE_ABSENT,
	CAUSE_NAMESPACE_REFUSED,
	CAUSE_TOKEN_EXPIRED,
	CAUSE_TOKEN_EARLY,
	CAUSE_TOKEN_CLOCK,
	CAUSE_TOKEN_UNITS,
	CAUSE_CONNECT_TIMEOUT,
	CAUSE_CONNECT_UNDECIDED,
	CAUSE_EXCEPTION,
	CAUSE_SENT_AGAIN,
	CAUSE_LOOP_NEVER_JOINED,
	CAUSE_LOOP_NOT_LET_IN,
	CAUSE_LOOP_SENT_AWAY,
	CAUSE_NO_CONNECT,
	CAUSE_SERVER_LATE,
	CAUSE_CLIENT_LATE,
	CAUSE_BROWSER_CONNECTIONS,
	CAUSE_CLIENT_NOT_READING,
	CAUSE_SERVER_NOT_READING,
	CAUSE_PATH_MTU,
	CAUSE_NOT_DELIVERED,
	CAUSE_BEHIND_MESSAGE,
	CAUSE_PING_TIMEOUT_TOO_SHORT,
	CAUSE_PING_OF_MILLISECONDS,
	CAUSE_CLIENT_RETURNED,
	CAUSE_SECOND_CONNECT,
	CAUSE_NOT_CONNECTED,
	CAUSE_UNDECODABLE,
	CAUSE_COMPRESSION,
	CAUSE_STOPS_AGAIN,
	CAUSE_WRONG_HEARTBEAT,
	CAUSE_PACKET_NOT_ALLOWED,
	CAUSE_CUT,
	CAUSE_SERVER_WENT,
	CAUSE_CLIENT_WENT,
	CAUSE_PROCESS_ENDED,
	CAUSE_GOING,
	CAUSE_CLOSE_CODE,
	CAUSE_FRAMES_REJECTED,
	CAUSE_TLS_UNKNOWN_CA,
	CAUSE_TLS_CERTIFICATE,
	CAUSE_TLS_EXPIRED,
	CAUSE_TLS_CLIENT_CERTIFICATE,
	CAUSE_TLS_PARAMETERS,
	CAUSE_TLS_VERSION,
	CAUSE_TLS_NAME,
	CAUSE_TLS_PROTOCOL,
	CAUSE_TLS_SERVER_ERROR,
	CAUSE_TLS_ALERT,
	CAUSE_TLS_ENCRYPTED_ALERT,
	CAUSE_TLS_PLAIN_HTTP,
	CAUSE_TLS_FOREIGN,
	CAUSE_TLS_BROKEN_OFF,
	CAUSE_TLS_LEFT_AT_CERTIFICATE,
	CAUSE_TLS_UNUSED,
	CAUSE_CORS_ERROR,
	CAUSE_CORS_ERROR_UNREAD,
	CAUSE_CORS_NO_FIELD,
	CAUSE_CORS_TWICE,
	CAUSE_CORS_OTHER_ORIGIN,
	CAUSE_CORS_ORIGIN_SPELLING,
	CAUSE_CORS_NOT_ONE_ORIGIN,
	CAUSE_CORS_NULL_ORIGIN,
	CAUSE_CORS_STAR,
	CAUSE_CORS_NO_CREDENTIALS,
	CAUSE_PREFLIGHT_CREDENTIALS,
	CAUSE_PREFLIGHT_REDIRECT,
	CAUSE_PREFLIGHT_REFUSED,
	CAUSE_PREFLIGHT_METHOD,
	CAUSE_PREFLIGHT_HEADER,
	CAUSE_STREAM_REFUSED,
	CAUSE_STREAM_LEFT_OUT,
	CAUSE_STREAM_ENDED,
	CAUSE_STREAM_ERROR,
	CAUSE_BROWSER_EXTENSION,
	CAUSE_BROWSER_CSP,
	CAUSE_BROWSER_MIXED_CONTENT,
	CAUSE_BROWSER_LOCAL_NETWORK,
	CAUSE_BROWSER_POLICY,
	CAUSE_BROWSER_PORT,
	CAUSE_BROWSER_RESET,
	CAUSE_BROWSER_BROKEN_ANSWER,
	CAUSE_BROWSER_REDIRECTS,
	CAUSE_BROWSER_UNSAID,
	CAUSE_BROWSER_NO_NAME,
	CAUSE_BROWSER_TIMED_OUT,
	CAUSE_BROWSER_NO_ROUTE,
	CAUSE_BROWSER_NO_PROXY,
	CAUSE_BROWSER_ISOLATED,
	CAUSE_BROWSER_NO_TLS,
	CAUSE_BROWSER_BAD_TLS,
	CAUSES,
};

struct cause_entry {
	const char *word;    /* as report --json names it */
	const char *code;    /* whose findings it explains */
	const char *meaning; /* in words */
	const char *advice;  /* NULL: the code's own */
	struct {
		const char *software; /* the beginning of a server's `software`; NULL: no more */
		const char *advice;   /* in place of the general one */
	} own[5];
};

extern const struct cause_entry cause_table[CAUSES];

/* The row of this word for findings of this code, a plug-in's too; NULL: there is none. */
const struct cause_entry *cause_find(const char *code, const char *word);

#endif

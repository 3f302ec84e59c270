/*
 * handshake-rejected, upgrade-failed: a 101 that grants a WebSocket as no client may take it.
 *
 * Seen: an answer 101 that a client must refuse (RFC 6455 §4.1: Upgrade, Connection, a Sec-WebSocket-Accept that
 * belongs to the request's key, no extension and no subprotocol but those that it offered; browsers also refuse one
 * that names none of the subprotocols that they offered: WebSockets standard, "establish a WebSocket connection"), and
 * a client that sends nothing in that WebSocket: it ends it, or stays silent. What else it could be: a client that
 * leaves at that moment, a network that drops. What rules that out: the 101 itself, which shows what the client has to
 * object to. A client that sends anything in the WebSocket has taken the answer, whatever it says.
 */
#include "base/text.h"
#include "detect/detector.h"

/* EVP would read libcrypto's configuration and load its providers, for a hash that needs neither. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

enum { SWITCHED_KEY = 24, SWITCHED_ACCEPT = 32, SWITCHED_WHY = 200 };

/* What a client objects to in a 101. */
struct switched_flaw {
	enum cause cause;   /* of handshake-rejected; CAUSES: nothing */
	enum cause upgrade; /* the same of upgrade-failed */
	char what[SWITCHED_WHY];
};

struct switched_session {
	struct switched_flaw *flaw; /* of the latest 101; NULL: it has none */
	uint64_t connection;        /* over which it came */
	bool is_upgrade;
	bool reported;
	timestamp granted;
	struct origin origin;
};

/* The latest Accept that belongs to another key. */
struct switched {
	struct detector_state state;
	char key[SWITCHED_KEY + 1], accept[SWITCHED_ACCEPT + 1];
	uint64_t packet;
};

static void switched_free_session(void *per_session)
{
	budget_release(((struct switched_session *)per_session)->flaw);
}

static void *switched_new(const struct detector_state *state)
{
	struct switched *switched = calloc(1, sizeof *switched);
	if (switched)
		switched->state = *state;
	return switched;
}

/* ---- what a client checks */

/* Does the Accept belong to the key: base64 of SHA-1 of the key and the GUID (RFC 6455 §4.2.2)? Without memory it is
 * taken to. */
static bool switched_accepts(struct slice key, struct slice accept)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	uint8_t digest[SHA_DIGEST_LENGTH];
	struct buffer text;
	SHA_CTX context;
	if (key.len > SWITCHED_KEY)
		return true;
	SHA1_Init(&context);
	SHA1_Update(&context, key.at, key.len);
	SHA1_Update(&context, guid, sizeof guid - 1);
	SHA1_Final(digest, &context);
	buffer_init(&text, SWITCHED_ACCEPT, NULL);
	bool is_same = !base64_write(&text, slice_of(digest, sizeof digest)) ||
	               slice_equals(buffer_slice(&text), accept);
	buffer_free(&text);
	return is_same;
}

/* Is each element of the answer's lists in one of the request's? `other`: the first that is not. */
static bool switched_offered(const struct exchange *exchange, const char *field, char other[48])
{
	struct slice rest = exchange->answer.head.fields, list;
	while (http_next_field(&rest, field, &list))
		while (list.len) {
			struct slice element = slice_take_until(&list, ','), request = exchange->request.head.fields,
			             offer;
			struct slice name = slice_trim(slice_take_until(&element, ';'));
			bool found = !name.len;
			snprintf(
			    other, 48, "%.*s", (int)slice_take(name, 47).len, name.at ? (const char *)name.at : "");
			while (!found && http_next_field(&request, field, &offer))
				found = name.len < 48 && http_list_has(offer, other);
			if (!found)
				return false;
		}
	return true;
}

/* The Accept may be that of an answer which is replayed: it came before, for another key. */
static void switched_judge_accept(
    struct switched *self, const struct event *event, struct slice key, struct switched_flaw *flaw)
{
	struct slice accept = exchange_field(&event->exchange->answer, "Sec-WebSocket-Accept");
	*flaw = (struct switched_flaw){.cause = CAUSE_WRONG_ACCEPT, .upgrade = CAUSE_UPGRADE_WRONG_ACCEPT};
	bool is_again = accept.len && slice_equals_text(accept, self->accept) && !slice_equals_text(key, self->key);
	if (!accept.len)
		snprintf(flaw->what, sizeof flaw->what, "no Sec-WebSocket-Accept");
	else if (is_again)
		snprintf(flaw->what, sizeof flaw->what,
		    "a Sec-WebSocket-Accept that does not belong to the request's Sec-WebSocket-Key: the one of packet "
		    "%llu, for another key",
		    (unsigned long long)self->packet);
	else
		snprintf(flaw->what, sizeof flaw->what,
		    "a Sec-WebSocket-Accept that does not belong to the request's Sec-WebSocket-Key");
	if (is_again || accept.len > SWITCHED_ACCEPT)
		return;
	snprintf(self->accept, sizeof self->accept, "%.*s", (int)accept.len, accept.at ? (const char *)accept.at : "");
	snprintf(self->key, sizeof self->key, "%.*s", (int)slice_take(key, SWITCHED_KEY).len, (const char *)key.at);
	self->packet = event->origin.last;
}

/* False: nothing is to be objected to, or what was captured does not show it. */
static bool switched_judge(struct switched *self, const struct event *event, struct switched_flaw *flaw)
{
	const struct exchange *exchange = event->exchange;
	struct slice key = exchange_field(&exchange->request, "Sec-WebSocket-Key");
	struct slice offered = exchange_field(&exchange->request, "Sec-WebSocket-Protocol");
	char other[48];
	if (exchange->status != 101 || !key.len || exchange->request.partial || exchange->answer.partial ||
	    !exchange->answer.head.bytes.len || event->origin.kind != ORIGIN_PACKETS)
		return false;
	*flaw = (struct switched_flaw){.cause = CAUSES};
	if (!exchange->answer.head.upgrade_websocket) {
		flaw->cause = CAUSE_WRONG_SWITCH;
		flaw->upgrade = CAUSE_UPGRADE_WRONG_SWITCH;
		snprintf(flaw->what, sizeof flaw->what, "no %s",
		    exchange->answer.head.upgrade ? "Connection: Upgrade" : "Upgrade: websocket");
	} else if (!switched_accepts(key, exchange_field(&exchange->answer, "Sec-WebSocket-Accept"))) {
		switched_judge_accept(self, event, key, flaw);
	} else if (!switched_offered(exchange, "Sec-WebSocket-Extensions", other)) {
		flaw->cause = CAUSE_WRONG_EXTENSION;
		flaw->upgrade = CAUSE_UPGRADE_WRONG_EXTENSION;
		snprintf(flaw->what, sizeof flaw->what,
		    "the extension %s (Sec-WebSocket-Extensions), which the request does not offer", other);
	} else if (!switched_offered(exchange, "Sec-WebSocket-Protocol", other)) {
		flaw->cause = CAUSE_WRONG_SUBPROTOCOL;
		flaw->upgrade = CAUSE_UPGRADE_WRONG_SUBPROTOCOL;
		snprintf(flaw->what, sizeof flaw->what,
		    "a subprotocol (Sec-WebSocket-Protocol) that the request does not offer");
	} else if (offered.len && !exchange_count_fields(&exchange->answer, "Sec-WebSocket-Protocol")) {
		flaw->cause = CAUSE_WRONG_SUBPROTOCOL;
		flaw->upgrade = CAUSE_UPGRADE_WRONG_SUBPROTOCOL;
		snprintf(flaw->what, sizeof flaw->what,
		    "none of the subprotocols that the request offers (Sec-WebSocket-Protocol)");
	}
	return flaw->cause < CAUSES;
}

/* ---- what the client makes of it */

/* `end`: the client's end of the WebSocket; NULL: it was silent until `until`. */
static void switched_report(struct detector_state *state, struct switched_session *per_session,
    const struct session *session, const struct origin *end, timestamp until)
{
	const struct switched_flaw *flaw = per_session->flaw;
	char server[ENDPOINT_TEXT_SIZE], span[TIMESTAMP_TEXT_SIZE];
	per_session->reported = true;
	struct finding *finding = findings_claim(state->findings,
	    per_session->is_upgrade ? CODE_UPGRADE_FAILED : CODE_HANDSHAKE_REJECTED,
	    end ? CONFIDENCE_PROVEN : CONFIDENCE_LIKELY, session, NULL, "101 not accepted");
	if (!finding)
		return;
	endpoint_format(&session->server, server);
	timestamp_format_span(until - per_session->granted, span);
	finding_begin_at(finding, per_session->granted);
	finding_say(state->findings, finding,
	    end ? "%s granted the WebSocket (HTTP 101) with %s, which clients refuse: this one ended it %s later and "
	          "sent nothing in it"
	        : "%s granted the WebSocket (HTTP 101) with %s, which clients refuse: this one sent nothing in it for "
	          "%s",
	    server, flaw->what, span);
	if (!end)
		finding_doubt(state->findings, finding, "the client may only be slow");
	finding_set_cause(
	    state->findings, finding, per_session->is_upgrade ? flaw->upgrade : flaw->cause, &session->software);
	finding_prove(state->findings, finding, &per_session->origin, "HTTP 101 with %s", flaw->what);
	if (end)
		finding_prove(state->findings, finding, end, "the client ends it");
}

static void switched_forget(struct switched_session *per_session)
{
	budget_release(per_session->flaw);
	per_session->flaw = NULL;
}

static void switched_take_grant(struct switched *self, const struct event *event)
{
	struct switched_flaw flaw;
	bool has_flaw = switched_judge(self, event, &flaw);
	struct switched_session *per_session = has_flaw ? session_state_of(&self->state.sessions, event->session)
	                                                : session_state_find(&self->state.sessions, event->session);
	if (!per_session)
		return;
	switched_forget(per_session);
	if (!has_flaw)
		return;
	per_session->flaw = budget_new(&self->state.findings->memory, sizeof flaw);
	if (!per_session->flaw)
		return;
	*per_session->flaw = flaw;
	per_session->connection = event->connection->number;
	per_session->is_upgrade = event->exchange->target->sid_len > 0;
	per_session->granted = event->origin.time;
	per_session->origin = event->origin;
}

static void switched_take_event(void *self, const struct event *event)
{
	struct switched *switched = self;
	if (!event->session)
		return;
	if (event->kind == EVENT_WS_OPEN) {
		switched_take_grant(switched, event);
		return;
	}
	struct switched_session *per_session = session_state_find(&switched->state.sessions, event->session);
	if (!per_session || !per_session->flaw || !event->connection ||
	    event->connection->number != per_session->connection)
		return;
	bool ends = event->kind == EVENT_WS_CLOSE || event->kind == EVENT_TCP_CLOSE;
	bool speaks = event_is_packet(event) || event->kind == EVENT_MALFORMED;
	if (ends && event->direction == DIRECTION_TO_SERVER && !per_session->reported)
		switched_report(&switched->state, per_session, event->session, &event->origin, event->origin.time);
	if (ends || (speaks && event->direction == DIRECTION_TO_SERVER) || event->kind == EVENT_GAP)
		switched_forget(per_session);
}

static void switched_judge_session(void *self, const struct session *session)
{
	struct switched *switched = self;
	struct switched_session *per_session = session_state_find(&switched->state.sessions, session);
	if (per_session && per_session->flaw && !per_session->reported && !session->gaps &&
	    session->watched - per_session->granted >= threshold_time(THRESHOLD_REQUEST_LEAST))
		switched_report(&switched->state, per_session, session, NULL, session->watched);
}

const struct detector detector_switched = {
    .judges_absence = true,
    .session_size = sizeof(struct switched_session),
    .free_session = switched_free_session,
    .new = switched_new,
    .event = switched_take_event,
    .session_over = switched_judge_session,
};

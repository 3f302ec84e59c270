/*
 * Joining a namespace: namespace-rejected, connect-unanswered, event-dropped (sent before any CONNECT),
 * protocol-version (joined without a sid).
 *
 * Seen: a CONNECT_ERROR that answers a CONNECT, or a DISCONNECT with a reason; a CONNECT that nothing answers while the
 * connection lives on for a while; an event to a namespace for which no CONNECT was sent, or whose POST python answered
 * before the CONNECT's; a server's CONNECT without the sid that revision 4 wants. Ruled out: revision 3's ERROR to a
 * connected namespace (an application's own message); a client that leaves, while neither side's limits have passed (a
 * slow login; reported as possible, when it was very slow); revision 3, where the root
 * namespace needs no CONNECT; sessions whose beginning was not captured, or of whose server nothing was.
 */
#include "base/hash.h"
#include "detect/detector.h"
#include "detect/tokens.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAMESPACE_NAME = 96 };

enum { NAMESPACES_PROVEN = 8 };

struct namespaces_session {
	bool asked;     /* a CONNECT was sent */
	bool abandoned; /* the server ended the session first */
	/* The last packet of the first namespaces' CONNECTs, by their place in the session; 0: none */
	uint64_t asked_packet[NAMESPACES_PROVEN];
	uint64_t joining; /* the first packet of the POST with the last CONNECT, while it is not answered; or 0 */
	struct namespaces_early *early; /* an event in another POST meanwhile; NULL: none */
	struct namespaces_token *token; /* that the client sent; NULL: none */
};

/* With the last CONNECT that had one, or with the handshake. */
struct namespaces_token {
	struct token token;
	timestamp sent;
	struct origin origin;
	uint64_t nsp; /* a digest; 0: the handshake, which counts for all */
};

/* NAMESPACES_HANDSHAKES: the last WebSockets whose requests had a token, in a ring: of which session they are shows
 * later. */
enum { NAMESPACES_HANDSHAKES = 32 };

struct namespaces {
	struct detector_state state;
	struct {
		struct endpoint client;
		struct namespaces_token token;
	} handshakes[NAMESPACES_HANDSHAKES];
	size_t count;
};

struct namespaces_early {
	struct origin origin;
	char name[48], nsp[48];
};

static void namespaces_free_session(void *per_session)
{
	budget_release(((struct namespaces_session *)per_session)->early);
	budget_release(((struct namespaces_session *)per_session)->token);
}

static const char *namespace_text(struct slice name, char text[NAMESPACE_NAME])
{
	snprintf(text, NAMESPACE_NAME, "%.*s", (int)slice_take(name, NAMESPACE_NAME - 1).len,
	    name.at ? (const char *)name.at : "");
	return text;
}

/* What servers say of a namespace that they do not have (signatures.md D). All else is the application's. */
static bool namespaces_is_absent(struct slice said)
{
	static const char *const words[] = {"*Invalid namespace*", "*Unable to connect*"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (server_text_matches(said, words[i]))
			return true;
	return false;
}

/* ---- the token that the client sends */

static void namespaces_keep_token(
    struct namespaces *self, struct namespaces_session *per_session, const struct namespaces_token *token)
{
	if (!per_session->token)
		per_session->token = budget_new(&self->state.findings->memory, sizeof *per_session->token);
	if (per_session->token)
		*per_session->token = *token;
}

static void namespaces_note_handshake(struct namespaces *self, const struct event *event)
{
	struct namespaces_token token = {.sent = event->exchange->request.begun, .origin = event->origin};
	struct namespaces_session *per_session = NULL;
	if (event->exchange->target->sid_len || !token_find_in_request(event->exchange, &token.token))
		return;
	if (event->session)
		per_session = session_state_of(&self->state.sessions, event->session);
	if (per_session)
		namespaces_keep_token(self, per_session, &token);
	if (event->kind != EVENT_WS_OPEN || !event->connection)
		return;
	self->handshakes[self->count % NAMESPACES_HANDSHAKES].client = event->connection->client;
	self->handshakes[self->count++ % NAMESPACES_HANDSHAKES].token = token;
}

/* Of the WebSocket that carries the event; NULL: its request had none. */
static const struct namespaces_token *namespaces_find_handshake(
    const struct namespaces *self, const struct event *event)
{
	size_t kept = self->count < NAMESPACES_HANDSHAKES ? self->count : NAMESPACES_HANDSHAKES;
	for (size_t i = 0; event->connection && i < kept; i++)
		if (endpoint_equals(&self->handshakes[i].client, &event->connection->client))
			return &self->handshakes[i].token;
	return NULL;
}

/* The auth of a CONNECT counts before what the handshake had. */
static void namespaces_note_token(
    struct namespaces *self, struct namespaces_session *per_session, const struct event *event)
{
	struct namespaces_token token = {
	    .sent = event->origin.time, .origin = event->origin, .nsp = fnv_digest(event_packet(event)->nsp)};
	const struct namespaces_token *handshake = per_session->token ? NULL : namespaces_find_handshake(self, event);
	if (token_find(event_packet(event)->data, TOKEN_IN_AUTH, &token.token))
		namespaces_keep_token(self, per_session, &token);
	else if (handshake)
		namespaces_keep_token(self, per_session, handshake);
}

static void namespaces_explain_by_token(struct namespaces *self, struct finding *finding, const struct event *event)
{
	static const struct namespaces_token none;
	const struct namespaces_session *per_session = session_state_find(&self->state.sessions, event->session);
	const struct namespaces_token *token = per_session && per_session->token ? per_session->token : &none;
	if (token->nsp && token->nsp != fnv_digest(event_packet(event)->nsp))
		token = &none;
	token_explain(self->state.findings, finding, &token->token, token->sent, event_packet(event)->data);
	if (token->sent)
		finding_prove(self->state.findings, finding, &token->origin, "the token is sent");
}

static void namespaces_report_refusal(struct namespaces *self, const struct event *event)
{
	struct detector_state *state = &self->state;
	char name[NAMESPACE_NAME];
	struct finding *finding = findings_claim(state->findings, CODE_NAMESPACE_REJECTED, CONFIDENCE_PROVEN,
	    event->session, event, namespace_text(event_packet(event)->nsp, name));
	if (!finding)
		return;
	struct slice said = slice_take(event_packet(event)->data, 160);
	finding_say(state->findings, finding, "the server refused namespace %s: %.*s", name,
	    said.len ? (int)said.len : 9, said.len ? (const char *)said.at : "no reason");
	if (said.len)
		finding_set_cause(state->findings, finding,
		    namespaces_is_absent(said) ? CAUSE_NAMESPACE_ABSENT : CAUSE_NAMESPACE_REFUSED,
		    &event->session->software);
	if (!namespaces_is_absent(said))
		namespaces_explain_by_token(self, finding, event);
	finding_prove(state->findings, finding, &event->origin, "%s",
	    event->kind == EVENT_DISCONNECT ? "DISCONNECT with a reason" : "CONNECT_ERROR");
}

/* python servers that connect always accept first, and then say why not (always_connect); no other DISCONNECT has a
 * reason. */
static bool namespaces_is_late_refusal(const struct event *event)
{
	return event->kind == EVENT_DISCONNECT && event->direction == DIRECTION_TO_CLIENT &&
	       event_packet(event)->data.len;
}

/* Before the first CONNECT every server drops an event or closes the connection. In revision 3 the
 * root namespace is connected without one. */
static bool namespaces_is_premature(const struct event *event)
{
	const struct session *session = event->session;
	const struct session_namespace *named = session_find_namespace(session, event_packet(event)->nsp);
	bool wants_connect = session->revision == 4 || (session->revision == 3 && event_packet(event)->nsp.len > 1);
	return session->handshake_seen && wants_connect && !session->gaps && named && named->state == NAMESPACE_UNKNOWN;
}

static void namespaces_report_premature(struct detector_state *state, const struct event *event)
{
	char name[NAMESPACE_NAME];
	bool missed = event->session->missed;
	struct finding *finding = findings_claim(state->findings, CODE_EVENT_DROPPED,
	    missed ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY, event->session, event,
	    namespace_text(event_packet(event)->nsp, name));
	if (!finding)
		return;
	struct slice called = slice_take(event_packet(event)->name, 64);
	finding_say(state->findings, finding,
	    "event %.*s was sent to namespace %s before its CONNECT: servers ignore it or close the connection",
	    (int)called.len, called.at ? (const char *)called.at : "", name);
	finding_doubt(state->findings, finding,
	    missed ? "its CONNECT may be in what was not captured"
	           : "the wire does not show what the server did with it");
	finding_prove(state->findings, finding, &event->origin, "event before CONNECT");
}

/* The sid is what a client of revision 4 waits for: socket.io-client gives up without it. A server of revision 3 says
 * so right after the open packet; later, it may be any message of an application that is not Socket.IO. */
static bool namespaces_is_old_join(const struct event *event)
{
	return event->kind == EVENT_CONNECT && event->direction == DIRECTION_TO_CLIENT &&
	       event->session->packets[DIRECTION_TO_CLIENT] == 2 && event->session->revision == 4 &&
	       event->session->handshake_seen && !event->incomplete && !event->unreadable &&
	       !event_packet(event)->has_raw && !slice_starts_with(event_packet(event)->data, SLICE("{"));
}

static void namespaces_report_old_join(struct detector_state *state, const struct event *event)
{
	struct finding *finding = findings_claim(
	    state->findings, CODE_PROTOCOL_VERSION, CONFIDENCE_LIKELY, event->session, event, "no sid");
	if (!finding)
		return;
	finding_say(state->findings, finding,
	    "the client asked for revision 4, and the server's CONNECT carries no sid, as in revision 3");
	finding_doubt(state->findings, finding, "the server does not say which revision it speaks");
	finding->cause = cause_table[CAUSE_SERVER_OF_REVISION_3].word;
	finding_advise(state->findings, finding,
	    "Update the server to the 3.x line or later (python-socketio: 5.x), or use a client of the 2.x line.");
	finding_prove(state->findings, finding, &event->origin, "CONNECT without a sid");
}

/* ---- sent while the CONNECT was worked on */

static void namespaces_note_early(
    struct detector_state *state, struct namespaces_session *per_session, const struct event *event)
{
	const struct session_namespace *named = session_find_namespace(event->session, event_packet(event)->nsp);
	struct slice name = slice_take(event_packet(event)->name, 40), nsp = slice_take(event_packet(event)->nsp, 40);
	if (!per_session->joining || per_session->joining == event->origin.first || !named ||
	    named->state != NAMESPACE_CONNECTING)
		return;
	if (!per_session->early)
		per_session->early = budget_new(&state->findings->memory, sizeof *per_session->early);
	struct namespaces_early *early = per_session->early;
	if (!early)
		return;
	early->origin = event->origin;
	snprintf(early->name, sizeof early->name, "%.*s", (int)name.len, name.at ? (const char *)name.at : "");
	snprintf(early->nsp, sizeof early->nsp, "%.*s", (int)nsp.len, (const char *)nsp.at);
}

static void namespaces_report_early(
    struct detector_state *state, const struct namespaces_session *per_session, const struct event *event)
{
	struct finding *finding = findings_claim(
	    state->findings, CODE_EVENT_DROPPED, CONFIDENCE_LIKELY, event->session, event, "while joining");
	if (!finding)
		return;
	finding_say(state->findings, finding,
	    "event %s to namespace %s was taken before the CONNECT to it: python-engineio works on a POST before it "
	    "answers OK, and the CONNECT's was not answered yet",
	    per_session->early->name, per_session->early->nsp);
	finding_doubt(state->findings, finding, "the wire does not show what the server did with it");
	finding_prove(
	    state->findings, finding, ORIGIN_AT(event->origin.kind, per_session->joining), "CONNECT, not answered yet");
	finding_prove(state->findings, finding, &per_session->early->origin, "the event");
	finding_prove(state->findings, finding, &event->origin, "its POST is answered");
}

/* What a server does that does not work on a POST before it answers it is not known: node ends the session (closing.c).
 */
static void namespaces_take_answer(
    struct detector_state *state, struct namespaces_session *per_session, const struct event *event)
{
	uint64_t answered = event->exchange->request.origin.first;
	int64_t in_order, early;
	const struct recognition *software = &event->session->software;
	bool ignores = recognition_get_fact(software, FACT_POST_IN_ORDER, &in_order) && in_order &&
	               recognition_get_fact(software, FACT_EARLY_EVENT, &early) && early == REACTION_IGNORES;
	bool is_early = per_session->early && per_session->early->origin.first == answered;
	if (per_session->joining && is_early && event->exchange->status == 200 && ignores)
		namespaces_report_early(state, per_session, event);
	if (is_early) {
		budget_release(per_session->early);
		per_session->early = NULL;
	}
	if (per_session->joining == answered)
		per_session->joining = 0;
}

static void namespaces_take_polling(struct detector_state *state, const struct event *event)
{
	struct namespaces_session *per_session = session_state_find(&state->sessions, event->session);
	if (!per_session || event->transport != TRANSPORT_POLLING)
		return;
	if (event->kind == EVENT_HTTP)
		namespaces_take_answer(state, per_session, event);
	else if (event->kind == EVENT_EVENT && event->direction == DIRECTION_TO_SERVER && !plugin_owns(event))
		namespaces_note_early(state, per_session, event);
}

static void namespaces_note_asked(struct namespaces *self, const struct event *event)
{
	struct detector_state *state = &self->state;
	const struct session *session = event->session;
	struct namespaces_session *per_session = session_state_of(&state->sessions, session);
	const struct session_namespace *named = session_find_namespace(session, event_packet(event)->nsp);
	if (!per_session)
		return;
	namespaces_note_token(self, per_session, event);
	per_session->asked = true;
	per_session->joining = event->transport == TRANSPORT_POLLING ? event->origin.first : 0;
	if (named && named - session->namespaces < NAMESPACES_PROVEN)
		per_session->asked_packet[named - session->namespaces] = event->origin.last;
}

/* The first goodbye of the session is the server's. */
static bool namespaces_is_end_by_server(const struct event *event)
{
	return event->direction == DIRECTION_TO_CLIENT && event->session->goodbye == event->index &&
	       event->kind != EVENT_DISCONNECT;
}

static void namespaces_note_end(struct detector_state *state, const struct event *event)
{
	struct namespaces_session *per_session = session_state_find(&state->sessions, event->session);
	if (per_session)
		per_session->abandoned = true;
}

static void namespaces_take_event(void *self, const struct event *event)
{
	struct namespaces *namespaces = self;
	struct detector_state *state = &namespaces->state;
	if (event->kind == EVENT_WS_OPEN || event->kind == EVENT_HTTP)
		namespaces_note_handshake(namespaces, event);
	if (!event->session)
		return;
	const struct session_namespace *named = session_find_namespace(event->session, event_packet(event)->nsp);
	if (namespaces_is_old_join(event))
		namespaces_report_old_join(state, event);
	if (event->kind == EVENT_CONNECT && event->direction == DIRECTION_TO_SERVER)
		namespaces_note_asked(namespaces, event);
	if (namespaces_is_end_by_server(event))
		namespaces_note_end(state, event);
	namespaces_take_polling(state, event);
	bool refused = event->kind == EVENT_CONNECT_ERROR && named && named->state == NAMESPACE_REFUSED;
	if (refused || namespaces_is_late_refusal(event))
		namespaces_report_refusal(namespaces, event);
	if (event->kind == EVENT_EVENT && event->direction == DIRECTION_TO_SERVER && namespaces_is_premature(event))
		namespaces_report_premature(state, event);
}

/* How long the server may work on a CONNECT, where it is known; 0: it is not. */
static timestamp namespaces_known_limit(const struct session *session)
{
	int64_t limit;
	bool known = recognition_get_fact(&session->software, FACT_CONNECT_TIMEOUT, &limit);
	return known ? limit * TIMESTAMP_MILLISECOND : 0;
}

/* The server ends a session that has joined no namespace when that time is over, from the session's beginning on. */
static bool namespaces_met_limit(const struct namespaces_session *per_session, const struct session *session)
{
	timestamp limit = namespaces_known_limit(session), lived = session_end(session) - session_begin(session);
	bool joined = false;
	for (size_t i = 0; i < session->namespace_count; i++)
		joined |= session->namespaces[i].state == NAMESPACE_CONNECTED ||
		          session->namespaces[i].state == NAMESPACE_DISCONNECTED;
	return per_session->abandoned && limit && !joined && session->handshake_seen &&
	       lived >= limit - threshold_part(THRESHOLD_CONNECT_MET, limit) &&
	       lived <= limit + threshold_part(THRESHOLD_CONNECT_MET, limit);
}

static void namespaces_report_unanswered(struct detector_state *state, const struct namespaces_session *per_session,
    const struct session *session, const struct session_namespace *named, timestamp waited, bool sure)
{
	size_t place = (size_t)(named - session->namespaces);
	bool met_limit = namespaces_met_limit(per_session, session);
	char span[TIMESTAMP_TEXT_SIZE], limit[TIMESTAMP_TEXT_SIZE], why[64] = "";
	if (met_limit)
		snprintf(why, sizeof why, ", as its connectTimeout of %s was over",
		    timestamp_format_span(namespaces_known_limit(session), limit));
	struct finding *finding = findings_claim(state->findings, CODE_CONNECT_UNANSWERED,
	    sure ? detector_absence(session) : CONFIDENCE_POSSIBLE, session, NULL, named->name);
	if (!finding)
		return;
	finding_begin_at(finding, named->since);
	finding_say(state->findings, finding, "CONNECT to %s was not answered in %s%s%s", named->name,
	    timestamp_format_span(waited, span), per_session->abandoned ? ", and the server ended the session" : "",
	    why);
	finding_set_cause(
	    state->findings, finding, met_limit ? CAUSE_CONNECT_TIMEOUT : CAUSE_CONNECT_UNDECIDED, &session->software);
	if (!sure) {
		finding_set_case(finding, CONNECT_SLOW);
		finding_doubt(state->findings, finding, "a connect handler that works for long looks the same");
	}
	if (place < NAMESPACES_PROVEN && per_session->asked_packet[place])
		finding_prove(
		    state->findings, finding, ORIGIN_AT(session->seen_in, per_session->asked_packet[place]), "CONNECT");
	detector_doubt_absence(state->findings, finding, session);
}

static timestamp namespaces_limit(const struct session *session)
{
	timestamp known = namespaces_known_limit(session);
	return known ? known : threshold_time(THRESHOLD_CONNECT_LIMIT);
}

static void namespaces_judge_session(void *self, const struct session *session)
{
	struct namespaces *namespaces = self;
	struct detector_state *state = &namespaces->state;
	timestamp end = session_end(session);
	const struct namespaces_session *per_session = session_state_find(&state->sessions, session);
	bool heard = session->known || session->packets[DIRECTION_TO_CLIENT];
	for (size_t i = 0; per_session && heard && i < session->namespace_count; i++) {
		const struct session_namespace *named = &session->namespaces[i];
		if (named->state != NAMESPACE_CONNECTING)
			continue;
		timestamp waited = end - named->since;
		bool sure = waited >= (per_session->abandoned ? threshold_time(THRESHOLD_CONNECT_WAIT)
		                                              : namespaces_limit(session));
		if (sure || waited >= threshold_time(THRESHOLD_CONNECT_SLOW))
			namespaces_report_unanswered(state, per_session, session, named, waited, sure);
	}
}

static void *namespaces_new(const struct detector_state *state)
{
	struct namespaces *namespaces = calloc(1, sizeof *namespaces);
	if (namespaces)
		namespaces->state = *state;
	return namespaces;
}

const struct detector detector_namespaces = {
    .judges_absence = true,
    .session_size = sizeof(struct namespaces_session),
    .free_session = namespaces_free_session,
    .new = namespaces_new,
    .event = namespaces_take_event,
    .session_over = namespaces_judge_session,
};

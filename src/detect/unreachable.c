/*
 * server-unreachable: nothing accepts connections where a server of Engine.IO should be.
 *
 * Seen: connections that are refused (RST), or whose SYN is never answered, several times, to a port that a filter or
 * an option names, or to an address and port where Engine.IO was seen. Ruled out: an address that is only one of
 * several of the same name, where the client takes another at once (::1, then 127.0.0.1). A server that accepts
 * connections later was only not there yet (clients wait for it), or restarted: harmless, and reported as such when it
 * had been there before; so it is judged at the end. Where only the clients' direction was captured, no SYN that goes
 * on in a connection counts.
 */
#include "base/text.h"
#include "detect/detector.h"

#include <stdio.h>
#include <stdlib.h>

enum { UNREACHABLE_SERVERS = 128, UNREACHABLE_PROOFS = 4 };

struct failed_attempt {
	struct origin origin;
	enum attempt_outcome outcome;
};

struct unreachable_server {
	struct endpoint endpoint;
	uint64_t refused, unanswered;
	uint64_t excused;             /* of those: another address took the connection instead */
	timestamp first, last, asked; /* that failed; when the latest of them was asked for */
	bool speaks, spoke;           /* Engine.IO was seen here; so it was before the first failure */
	bool accepted;                /* a connection was accepted after the latest that failed */
	struct failed_attempt proofs[UNREACHABLE_PROOFS];
};

struct unreachable {
	struct findings *findings;
	const struct detector_facts *facts;
	struct unreachable_server servers[UNREACHABLE_SERVERS];
	size_t count;
};

static void *unreachable_new(const struct detector_state *state)
{
	struct unreachable *unreachable = calloc(1, sizeof *unreachable);
	if (unreachable) {
		unreachable->findings = state->findings;
		unreachable->facts = state->facts;
	}
	return unreachable;
}

/* ---- the ports that were asked for */

static bool unreachable_is_in(struct slice word, uint16_t port)
{
	uint64_t numbers[2] = {0, 0};
	size_t nth = 0;
	for (size_t i = 0; i < word.len; i++) {
		if (word.at[i] == '-' && nth == 0 && i)
			nth = 1;
		else if (word.at[i] >= '0' && word.at[i] <= '9' && numbers[nth] <= UINT16_MAX)
			numbers[nth] = numbers[nth] * 10 + word.at[i] - '0';
		else
			return false;
	}
	return word.len && (nth ? port >= numbers[0] && port <= numbers[1] : port == numbers[0]);
}

/* Every number behind `port` or `portrange` counts until another word of the filter's language comes: "port 80 or 90"
 * (pcap-filter(7)). What the filter excludes is not in the capture. */
static bool unreachable_filter_names(const char *filter, uint16_t port)
{
	bool in_ports = false;
	for (struct slice rest = slice_of_text(filter ? filter : ""); rest.len;) {
		size_t len = strcspn((const char *)rest.at, " ()\t[]");
		struct slice word = slice_take(rest, len);
		rest = slice_drop(rest, len + 1);
		if (!word.len || slice_equals_text(word, "or") || slice_equals_text(word, "||"))
			continue;
		if (slice_starts_with(word, SLICE("port")))
			in_ports = true;
		else if (in_ports && unreachable_is_in(word, port))
			return true;
		else if (word.at[0] < '0' || word.at[0] > '9')
			in_ports = false;
	}
	return false;
}

static bool unreachable_concerns(const struct unreachable *unreachable, const struct unreachable_server *server)
{
	const struct detector_facts *facts = unreachable->facts;
	for (size_t i = 0; i < facts->port_count; i++)
		if (facts->ports[i] == server->endpoint.port)
			return true;
	return server->speaks || unreachable_filter_names(facts->filter, server->endpoint.port);
}

/* ---- reporting it */

static void unreachable_report(struct unreachable *unreachable, const struct unreachable_server *server)
{
	char name[ENDPOINT_TEXT_SIZE];
	uint64_t failed = server->refused + server->unanswered;
	bool refused = server->refused >= server->unanswered;
	bool by_browser = server->proofs[0].origin.kind == ORIGIN_ENTRIES;
	endpoint_format(&server->endpoint, name);
	struct finding *finding = findings_claim(
	    unreachable->findings, CODE_SERVER_UNREACHABLE, CONFIDENCE_PROVEN, NULL, NULL, name);
	if (!finding)
		return;
	finding->count = failed;
	finding_begin_at(finding, server->first);
	finding_note_time(finding, server->last);
	finding->severity = SEVERITY_ERROR;
	if (server->accepted)
		finding_set_case(finding, UNREACHABLE_AT_TIMES);
	finding_say(unreachable->findings, finding, "%llu %s to %s %s%s%s", (unsigned long long)failed,
	    plural_choose(failed, "connection", "connections"), name,
	    !refused     ? "were never answered (SYN alone)"
	    : by_browser ? "were refused, as the browser says: nothing listens there"
	                 : "were refused (RST): nothing listens there",
	    server->refused && server->unanswered ? ", the others the other way" : "",
	    server->accepted ? "; later ones were accepted" : "");
	finding_set_cause(unreachable->findings, finding, refused ? CAUSE_CONNECTION_REFUSED : CAUSE_NO_REPLY, NULL);
	if (finding->evidence_count)
		return;
	for (size_t i = 0; i < UNREACHABLE_PROOFS && i < failed; i++)
		finding_prove(unreachable->findings, finding, &server->proofs[i].origin,
		    server->proofs[i].origin.kind == ORIGIN_ENTRIES ? "connection refused"
		    : server->proofs[i].outcome == ATTEMPT_REFUSED  ? "SYN, answered by RST"
		                                                    : "SYN, not answered");
}

static void unreachable_judge(struct unreachable *unreachable, const struct unreachable_server *server)
{
	uint64_t failed = server->refused + server->unanswered - server->excused;
	bool was_to_come = server->accepted && !server->spoke;
	if (failed >= threshold_count(THRESHOLD_UNREACHABLE_TRIES) && !was_to_come &&
	    unreachable_concerns(unreachable, server))
		unreachable_report(unreachable, server);
}

/* ---- attempts */

static struct unreachable_server *unreachable_server_of(
    struct unreachable *unreachable, const struct endpoint *endpoint, bool add)
{
	for (size_t i = 0; i < unreachable->count; i++)
		if (endpoint_equals(&unreachable->servers[i].endpoint, endpoint))
			return &unreachable->servers[i];
	if (add && unreachable->count == UNREACHABLE_SERVERS)
		findings_note_beyond(unreachable->findings, NULL, endpoint);
	if (!add || unreachable->count == UNREACHABLE_SERVERS)
		return NULL;
	struct unreachable_server *server = &unreachable->servers[unreachable->count++];
	*server = (struct unreachable_server){.endpoint = *endpoint};
	return server;
}

/* This connection was taken by another address of what failed there just before. */
static void unreachable_excuse(struct unreachable *unreachable, const struct attempt *attempt)
{
	for (size_t i = 0; i < unreachable->count; i++) {
		struct unreachable_server *server = &unreachable->servers[i];
		bool same = server->endpoint.port == attempt->server.port &&
		            !endpoint_equals(&server->endpoint, &attempt->server);
		timestamp between = attempt->asked - server->asked;
		if (!same || between < 0 || between > threshold_time(THRESHOLD_UNREACHABLE_OTHER))
			continue;
		server->excused += server->excused < server->refused + server->unanswered;
	}
}

static void unreachable_take_failed(struct unreachable *unreachable, const struct attempt *attempt)
{
	struct unreachable_server *server = unreachable_server_of(unreachable, &attempt->server, true);
	if (!server)
		return;
	uint64_t nth = server->refused + server->unanswered;
	if (nth < UNREACHABLE_PROOFS)
		server->proofs[nth] = (struct failed_attempt){attempt->origin, attempt->outcome};
	if (nth == 0) {
		server->first = attempt->asked;
		server->spoke = server->speaks;
	}
	server->refused += attempt->outcome == ATTEMPT_REFUSED;
	server->unanswered += attempt->outcome == ATTEMPT_UNANSWERED;
	server->asked = attempt->asked;
	server->last = attempt->origin.time;
	server->accepted = false;
}

static void unreachable_take_attempt(void *self, const struct attempt *attempt)
{
	struct unreachable *unreachable = self;
	if (attempt->outcome == ATTEMPT_NO_TUNNEL)
		return; /* tunnels.c reports it */
	if (attempt->outcome != ATTEMPT_ACCEPTED) {
		unreachable_take_failed(unreachable, attempt);
		return;
	}
	struct unreachable_server *server = unreachable_server_of(unreachable, &attempt->server, false);
	if (server)
		server->accepted = true;
	unreachable_excuse(unreachable, attempt);
}

static void unreachable_take_event(void *self, const struct event *event)
{
	struct unreachable *unreachable = self;
	if (event->kind != EVENT_HTTP)
		return;
	struct unreachable_server *server = unreachable_server_of(unreachable, &event->connection->server, true);
	if (server)
		server->speaks = true;
}

static void unreachable_end(void *self, const struct engine_counts *counts)
{
	struct unreachable *unreachable = self;
	(void)counts;
	for (size_t i = 0; i < unreachable->count; i++)
		unreachable_judge(unreachable, &unreachable->servers[i]);
}

const struct detector detector_unreachable = {
    .new = unreachable_new,
    .event = unreachable_take_event,
    .attempted = unreachable_take_attempt,
    .end = unreachable_end,
};

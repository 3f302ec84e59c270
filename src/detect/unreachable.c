/*
 * server-unreachable: nothing accepts connections where a server of Engine.IO should be.
 *
 * Seen: connections that are refused (RST), whose SYN is answered by an error of ICMP (net/icmp.h) or never, several
 * times, to a port that a filter or an option names, or to an address and port where Engine.IO was seen. Or connections
 * that are accepted late: their SYN was sent three times and more, as happens when the queue of those that wait to be
 * accepted is full (listen(2), backlog; Linux drops SYNs then). Ruled out: an address that is only one of several of
 * the same name, where the client takes another at once (::1, then 127.0.0.1). A server that accepts connections later
 * was only not there yet (clients wait for it), or restarted: harmless, and reported as such when it had been there
 * before; so it is judged at the end. Where only the clients' direction was captured, no SYN that goes on in a
 * connection counts.
 */
#include "base/text.h"
#include "detect/detector.h"

#include <stdio.h>
#include <stdlib.h>

enum { UNREACHABLE_SERVERS = 128, UNREACHABLE_PROOFS = 4, UNREACHABLE_LATE_SHARE = 4 };

struct failed_attempt {
	struct origin origin;
	enum attempt_outcome outcome;
	struct icmp_saying rejection;
};

struct unreachable_server {
	struct endpoint endpoint;
	uint64_t refused, unanswered, rejected;
	struct icmp_saying rejection; /* the last */
	uint64_t excused;             /* of those: another address took the connection instead */
	timestamp first, last, asked; /* that failed; when the latest of them was asked for */
	bool speaks, spoke;           /* Engine.IO was seen here; so it was before the first failure */
	bool accepted;                /* a connection was accepted after the latest that failed */
	timestamp served; /* when it last sent anything in a session, of those that began before the first failure */
	timestamp served_since; /* when that session began */
	struct address client;  /* whose they are */
	bool of_several;        /* they are of several clients */
	struct failed_attempt proofs[UNREACHABLE_PROOFS];
	/* Since the first that failed: */
	uint64_t taken,
	    late;          /* connections that were accepted; of those, after their SYN had counted as not answered */
	unsigned tries;    /* the most SYNs that one of them took */
	timestamp longest; /* and the longest time */
	timestamp late_first, late_last; /* when the first and the last of them were asked for */
	struct origin late_proofs[UNREACHABLE_PROOFS];
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

static uint64_t unreachable_failed(const struct unreachable_server *server)
{
	return server->refused + server->unanswered + server->rejected;
}

static bool unreachable_is_of_one_kind(const struct unreachable_server *server)
{
	return (server->refused > 0) + (server->unanswered > 0) + (server->rejected > 0) == 1;
}

/* What became of the connections, when it was not the same of all. */
static void unreachable_count_kinds(const struct unreachable_server *server, char *text, size_t size)
{
	char refused[64] = "", unanswered[64] = "", rejected[64] = "";
	if (server->refused)
		snprintf(refused, sizeof refused, " %llu refused (RST)", (unsigned long long)server->refused);
	if (server->unanswered)
		snprintf(unanswered, sizeof unanswered, "%s %llu never answered (SYN alone)",
		    server->refused ? "," : "", (unsigned long long)server->unanswered);
	if (server->rejected)
		snprintf(rejected, sizeof rejected, ", %llu rejected by ICMP", (unsigned long long)server->rejected);
	snprintf(text, size, "failed:%s%s%s", refused, unanswered, rejected);
}

static void unreachable_describe_rejection(const struct unreachable_server *server, char *text, size_t size)
{
	char by[ADDRESS_TEXT_SIZE];
	snprintf(text, size, "were rejected by ICMP: %s says \"%s\"%s",
	    address_format(&server->rejection.by, false, by), icmp_text(&server->rejection),
	    icmp_is_prohibition(&server->rejection) ? ", as a firewall's rule does" : "");
}

/* It sends something after a failure, in a session that began before. */
static bool unreachable_goes_on(const struct unreachable_server *server)
{
	return server->served > server->first && server->served_since < server->first;
}

static enum cause unreachable_cause(const struct unreachable_server *server)
{
	if (server->rejected && server->rejected >= server->refused && server->rejected >= server->unanswered)
		return !icmp_is_prohibition(&server->rejection)             ? CAUSE_NO_ROUTE
		       : unreachable_goes_on(server) && !server->of_several ? CAUSE_REFUSED_MEANWHILE
		                                                            : CAUSE_FIREWALL_REJECTS;
	if (server->refused >= server->unanswered)
		return unreachable_goes_on(server) ? CAUSE_REFUSED_MEANWHILE : CAUSE_CONNECTION_REFUSED;
	return CAUSE_NO_REPLY;
}

static void unreachable_prove(
    const struct unreachable *unreachable, struct finding *finding, const struct failed_attempt *attempt)
{
	char by[ADDRESS_TEXT_SIZE];
	if (attempt->outcome == ATTEMPT_REJECTED)
		finding_prove(unreachable->findings, finding, &attempt->origin, "SYN, answered by ICMP %u/%u of %s: %s",
		    attempt->rejection.type, attempt->rejection.code, address_format(&attempt->rejection.by, false, by),
		    icmp_text(&attempt->rejection));
	else
		finding_prove(unreachable->findings, finding, &attempt->origin, "%s",
		    attempt->origin.kind == ORIGIN_ENTRIES ? "connection refused"
		    : attempt->outcome == ATTEMPT_REFUSED  ? "SYN, answered by RST"
		                                           : "SYN, not answered");
}

/* Others are served meanwhile, and all that failed are one client's. */
static const char *unreachable_whose(const struct unreachable_server *server, char text[96])
{
	char client[ADDRESS_TEXT_SIZE];
	text[0] = '\0';
	bool by_browser = server->proofs[0].origin.kind == ORIGIN_ENTRIES;
	if (unreachable_goes_on(server) && !server->of_several && !by_browser)
		snprintf(text, 96, "; all are of %s", address_format(&server->client, false, client));
	return text;
}

static void unreachable_report(struct unreachable *unreachable, const struct unreachable_server *server)
{
	char name[ENDPOINT_TEXT_SIZE], kinds[256], whose[96];
	uint64_t failed = unreachable_failed(server);
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
	if (!unreachable_is_of_one_kind(server))
		unreachable_count_kinds(server, kinds, sizeof kinds);
	else if (server->rejected)
		unreachable_describe_rejection(server, kinds, sizeof kinds);
	else
		snprintf(kinds, sizeof kinds, "%s",
		    server->unanswered ? "were never answered (SYN alone)"
		    : by_browser       ? "were refused, as the browser says: nothing listens there"
		    : unreachable_goes_on(server)
		        ? "were refused (RST), while the server went on with the connections that it had"
		        : "were refused (RST): nothing listens there");
	finding_say(unreachable->findings, finding, "%llu %s to %s %s%s%s", (unsigned long long)failed,
	    plural_choose(failed, "connection", "connections"), name, kinds, unreachable_whose(server, whose),
	    server->accepted ? "; later ones were accepted" : "");
	finding_set_cause(unreachable->findings, finding, unreachable_cause(server), NULL);
	if (finding->evidence_count)
		return;
	for (size_t i = 0; i < UNREACHABLE_PROOFS && i < failed; i++)
		unreachable_prove(unreachable, finding, &server->proofs[i]);
}

/* Some SYNs are lost on any network: a share of all must be. */
static bool unreachable_is_late(const struct unreachable_server *server)
{
	return server->late >= threshold_count(THRESHOLD_UNREACHABLE_TRIES) &&
	       server->late * UNREACHABLE_LATE_SHARE >= server->taken;
}

static void unreachable_report_late(struct unreachable *unreachable, const struct unreachable_server *server)
{
	char name[ENDPOINT_TEXT_SIZE], subject[ENDPOINT_TEXT_SIZE + 8], wait[TIMESTAMP_TEXT_SIZE];
	endpoint_format(&server->endpoint, name);
	snprintf(subject, sizeof subject, "%s late", name);
	struct finding *finding = findings_claim(
	    unreachable->findings, CODE_SERVER_UNREACHABLE, CONFIDENCE_LIKELY, NULL, NULL, subject);
	if (!finding)
		return;
	finding->count = server->late;
	finding_begin_at(finding, server->late_first);
	finding_note_time(finding, server->late_last);
	finding_set_case(finding, UNREACHABLE_LATE);
	finding_set_cause(unreachable->findings, finding, CAUSE_ACCEPTED_LATE, NULL);
	finding_say(unreachable->findings, finding,
	    "%llu of %llu connections to %s were accepted late: the SYN had to be sent again and again, up to %u times "
	    "in %s, before it was answered",
	    (unsigned long long)server->late, (unsigned long long)server->taken, name, server->tries,
	    timestamp_format_span(server->longest, wait));
	finding_doubt(unreachable->findings, finding,
	    "SYNs or their answers may be lost on the way, too, when the capture was not taken at the server");
	for (size_t i = 0; i < UNREACHABLE_PROOFS && i < server->late; i++)
		finding_prove(
		    unreachable->findings, finding, &server->late_proofs[i], "SYNs, the last of which is answered");
}

static void unreachable_judge(struct unreachable *unreachable, const struct unreachable_server *server)
{
	uint64_t failed = unreachable_failed(server) - server->excused;
	bool was_to_come = server->accepted && !server->spoke;
	if (failed >= threshold_count(THRESHOLD_UNREACHABLE_TRIES) && !was_to_come &&
	    unreachable_concerns(unreachable, server))
		unreachable_report(unreachable, server);
	if (unreachable_is_late(server) && unreachable_concerns(unreachable, server))
		unreachable_report_late(unreachable, server);
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
		server->excused += server->excused < unreachable_failed(server);
	}
}

static void unreachable_take_failed(struct unreachable *unreachable, const struct attempt *attempt)
{
	struct unreachable_server *server = unreachable_server_of(unreachable, &attempt->server, true);
	if (!server)
		return;
	uint64_t nth = unreachable_failed(server);
	if (nth < UNREACHABLE_PROOFS)
		server->proofs[nth] = (struct failed_attempt){attempt->origin, attempt->outcome, attempt->rejection};
	server->of_several |= nth > 0 && !address_equals(&server->client, &attempt->client.address);
	if (nth == 0) {
		server->client = attempt->client.address;
		server->first = attempt->asked;
		server->spoke = server->speaks;
	}
	server->refused += attempt->outcome == ATTEMPT_REFUSED;
	server->unanswered += attempt->outcome == ATTEMPT_UNANSWERED;
	server->rejected += attempt->outcome == ATTEMPT_REJECTED;
	if (attempt->outcome == ATTEMPT_REJECTED)
		server->rejection = attempt->rejection;
	server->asked = attempt->asked;
	server->last = attempt->origin.time;
	server->accepted = false;
}

/* What counted as failed: its SYN was sent once more, and answered. */
static void unreachable_take_late(struct unreachable_server *server, const struct attempt *attempt)
{
	if (server->late < UNREACHABLE_PROOFS)
		server->late_proofs[server->late] = attempt->origin;
	if (!server->late++)
		server->late_first = attempt->asked;
	server->late_last = attempt->asked;
	server->tries = attempt->tries > server->tries ? attempt->tries : server->tries;
	timestamp wait = attempt->origin.time - attempt->asked;
	server->longest = wait > server->longest ? wait : server->longest;
	if (!server->unanswered)
		return;
	size_t kept = unreachable_failed(server) < UNREACHABLE_PROOFS ? (size_t)unreachable_failed(server)
	                                                              : UNREACHABLE_PROOFS;
	for (size_t i = 0; i < kept; i++)
		if (server->proofs[i].origin.first == attempt->origin.first) {
			memmove(&server->proofs[i], &server->proofs[i + 1], (kept - i - 1) * sizeof *server->proofs);
			break;
		}
	server->unanswered--;
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
	if (server) {
		server->accepted = true;
		server->taken++;
		if (attempt->tries >= ATTEMPT_TRIES)
			unreachable_take_late(server, attempt);
	}
	unreachable_excuse(unreachable, attempt);
}

static void unreachable_take_event(void *self, const struct event *event)
{
	struct unreachable *unreachable = self;
	const struct session *session = event->session;
	bool is_http = event->kind == EVENT_HTTP;
	bool serves = session && session->opened != TIMESTAMP_NONE && event->direction == DIRECTION_TO_CLIENT;
	struct unreachable_server *server = event->connection && (is_http || serves)
	                                        ? unreachable_server_of(
	                                              unreachable, &event->connection->server, is_http)
	                                        : NULL;
	if (!server)
		return;
	server->speaks |= is_http;
	if (!serves || (server->first && session->opened >= server->first))
		return;
	server->served = event->origin.time;
	server->served_since = session->opened;
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

/*
 * Tunnels that a proxy refuses: upgrade-failed, handshake-rejected.
 *
 * Seen: a CONNECT that a proxy answered with something else than success, to an address that Engine.IO is asked for. A
 * client that goes through a proxy polls with plain requests, and opens its WebSocket in a tunnel: the session stays on
 * polling. What else it could be: a tunnel for something else (TLS to another site), which no request of Engine.IO
 * names; that is left out. A client whose later try is let through had only to sign in (407).
 */
#include "base/hash.h"
#include "base/text.h"
#include "detect/detector.h"

#include <stdio.h>
#include <stdlib.h>

enum { TUNNELS = 64, TUNNEL_AUTHORITIES = 64, TUNNEL_AUTHORITY = 80 };

struct refused_tunnel {
	struct endpoint proxy;
	struct address client;
	uint64_t authority; /* a digest */
	timestamp time;
	struct origin origin;
	int status;
	bool reported;
	char name[TUNNEL_AUTHORITY]; /* the authority */
};

struct tunnels {
	struct findings *findings;
	struct state_slot sessions;
	struct refused_tunnel refused[TUNNELS]; /* the first of them */
	size_t count;
	uint64_t authorities[TUNNEL_AUTHORITIES]; /* that Engine.IO was asked for, the first of them */
	size_t authority_count;
};

struct tunnels_session {
	uint64_t authority; /* that its first request named; 0: none */
};

static void *tunnels_new(const struct detector_state *state)
{
	struct tunnels *tunnels = calloc(1, sizeof *tunnels);
	if (tunnels) {
		tunnels->findings = state->findings;
		tunnels->sessions = state->sessions;
	}
	return tunnels;
}

/* Of "host:port"; a host without a port has HTTP's. */
static uint64_t tunnels_digest(struct slice authority)
{
	uint64_t digest = fnv_digest(authority);
	return slice_find_byte(authority, ':') < authority.len ? digest : fnv_add(digest, (const uint8_t *)":80", 3);
}

/* Whom a request is for: the absolute form that proxies get (RFC 9112 §3.2.2), or Host. */
static struct slice tunnels_authority(const struct exchange *exchange)
{
	struct slice target = exchange->request.head.target;
	size_t scheme = slice_find(target, SLICE("://"));
	if (scheme >= slice_find_byte(target, '?'))
		return exchange_field(&exchange->request, "Host");
	struct slice rest = slice_drop(target, scheme + 3);
	return slice_take(rest, slice_find_byte(rest, '/'));
}

static void tunnels_note_authority(struct tunnels *tunnels, uint64_t digest)
{
	for (size_t i = 0; i < tunnels->authority_count; i++)
		if (tunnels->authorities[i] == digest)
			return;
	if (tunnels->authority_count < TUNNEL_AUTHORITIES)
		tunnels->authorities[tunnels->authority_count++] = digest;
}

/* A WebSocket came through after all: the proxy only wanted the client to sign in. */
static void tunnels_settle(struct tunnels *tunnels, const struct event *event, uint64_t digest)
{
	for (size_t i = 0; i < tunnels->count; i++) {
		struct refused_tunnel *refused = &tunnels->refused[i];
		refused->reported |= refused->authority == digest &&
		                     address_equals(&refused->client, &event->connection->client.address) &&
		                     endpoint_equals(&refused->proxy, &event->connection->server);
	}
}

static void tunnels_take_event(void *self, const struct event *event)
{
	struct tunnels *tunnels = self;
	struct slice authority = event_exchange(event) ? tunnels_authority(event->exchange) : slice_of(NULL, 0);
	if (!authority.len)
		return;
	uint64_t digest = tunnels_digest(authority);
	if (event->kind == EVENT_WS_OPEN)
		tunnels_settle(tunnels, event, digest);
	tunnels_note_authority(tunnels, digest);
	struct tunnels_session *per_session = event->session ? session_state_of(&tunnels->sessions, event->session)
	                                                     : NULL;
	if (per_session && !per_session->authority)
		per_session->authority = digest;
}

static void tunnels_take_attempt(void *self, const struct attempt *attempt)
{
	struct tunnels *tunnels = self;
	if (attempt->outcome != ATTEMPT_NO_TUNNEL)
		return;
	if (tunnels->count == TUNNELS) {
		findings_note_beyond(tunnels->findings, &attempt->client.address, &attempt->server);
		return;
	}
	struct refused_tunnel *refused = &tunnels->refused[tunnels->count++];
	*refused = (struct refused_tunnel){.proxy = attempt->server,
	    .client = attempt->client.address,
	    .authority = tunnels_digest(attempt->authority),
	    .time = attempt->origin.time,
	    .origin = attempt->origin,
	    .status = attempt->status};
	struct slice name = slice_take(attempt->authority, TUNNEL_AUTHORITY - 1);
	memcpy(refused->name, name.at, name.len);
}

static void tunnels_report(struct tunnels *tunnels, const struct refused_tunnel *refused, const struct session *session)
{
	char proxy[ENDPOINT_TEXT_SIZE], subject[ENDPOINT_TEXT_SIZE + TUNNEL_AUTHORITY];
	endpoint_format(&refused->proxy, proxy);
	snprintf(subject, sizeof subject, "%s %s", proxy, refused->name);
	struct finding *finding = findings_claim(tunnels->findings,
	    session ? CODE_UPGRADE_FAILED : CODE_HANDSHAKE_REJECTED, CONFIDENCE_PROVEN, session, NULL,
	    session ? "" : subject);
	if (!finding)
		return;
	finding_note_time(finding, refused->time);
	finding_prove(
	    tunnels->findings, finding, &refused->origin, "CONNECT %s: HTTP %d", refused->name, refused->status);
	if (finding->count > 1)
		return;
	finding_begin_at(finding, refused->time);
	finding_say(tunnels->findings, finding,
	    "the proxy %s refused the tunnel that the client asked for (CONNECT %s, HTTP %d)%s", proxy, refused->name,
	    refused->status, session ? "; the session stayed on polling" : ", and without it there is no WebSocket");
	finding_set_cause(tunnels->findings, finding, session ? CAUSE_UPGRADE_TUNNEL : CAUSE_TUNNEL_REFUSED, NULL);
}

static bool tunnels_is_of(
    const struct refused_tunnel *refused, const struct tunnels_session *per_session, const struct session *session)
{
	return per_session->authority == refused->authority && endpoint_equals(&refused->proxy, &session->server) &&
	       address_equals(&refused->client, &session->client.address) && refused->time >= session->first &&
	       refused->time <= session->last;
}

static void tunnels_judge_session(void *self, const struct session *session)
{
	struct tunnels *tunnels = self;
	const struct tunnels_session *per_session = session_state_find(&tunnels->sessions, session);
	bool stayed = per_session && session->transport == TRANSPORT_POLLING;
	for (size_t i = 0; per_session && i < tunnels->count; i++) {
		struct refused_tunnel *refused = &tunnels->refused[i];
		if (refused->reported || !tunnels_is_of(refused, per_session, session))
			continue;
		refused->reported = true; /* a session that moved to its WebSocket after all lost nothing */
		if (stayed)
			tunnels_report(tunnels, refused, session);
	}
}

static void tunnels_end(void *self, const struct engine_counts *counts)
{
	struct tunnels *tunnels = self;
	(void)counts;
	for (size_t i = 0; i < tunnels->count; i++)
		for (size_t j = 0; j < tunnels->authority_count && !tunnels->refused[i].reported; j++)
			if (tunnels->authorities[j] == tunnels->refused[i].authority) {
				tunnels->refused[i].reported = true;
				tunnels_report(tunnels, &tunnels->refused[i], NULL);
			}
}

const struct detector detector_tunnels = {
    .session_size = sizeof(struct tunnels_session),
    .new = tunnels_new,
    .event = tunnels_take_event,
    .attempted = tunnels_take_attempt,
    .session_over = tunnels_judge_session,
    .end = tunnels_end,
};

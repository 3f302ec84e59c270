/* Counts the sessions that are alive at each server, and those that it ends within a moment. */
#include "detect/stopped.h"

#include "detect/thresholds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

enum { STOPPED_SERVERS = 64, STOPPED_STOPS = 8, STOPPED_COUNTED = 256 };

struct stop {
	timestamp begun, last;
	timestamp back;          /* when the server opened a session again; 0: it has not */
	size_t alive, ended;     /* sessions that were alive when it began, and that it ended */
	bool orderly;            /* one of them in order, as a server may do for other reasons */
	bool announced;          /* it said to one of them that it goes away or restarts */
	bool is_shown;           /* one of its ends is evidence of the finding about several stops */
	struct finding *finding; /* that reports it alone; NULL: none does */
};

struct stopped_server {
	struct endpoint endpoint;
	struct stopped_session *alive;
	timestamp refused;                /* a connection, for the last time; 0: never */
	struct stop stops[STOPPED_STOPS]; /* the last of them, in a ring; the first has number 1 */
	uint64_t count;
	uint64_t shown; /* of those, in the finding about several stops */
};

struct stopped {
	struct findings *findings;
	struct stopped_server servers[STOPPED_SERVERS];
	size_t count;
};

struct stopped *stopped_new(struct findings *findings)
{
	struct stopped *stopped = calloc(1, sizeof *stopped);
	if (stopped)
		stopped->findings = findings;
	return stopped;
}

void stopped_free(struct stopped *stopped)
{
	free(stopped);
}

static struct stopped_server *stopped_find_server(struct stopped *stopped, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < stopped->count; i++)
		if (endpoint_equals(&stopped->servers[i].endpoint, endpoint))
			return &stopped->servers[i];
	return NULL;
}

static struct stopped_server *stopped_server_of(struct stopped *stopped, const struct endpoint *endpoint)
{
	struct stopped_server *server = stopped_find_server(stopped, endpoint);
	if (server)
		return server;
	if (stopped->count == STOPPED_SERVERS) {
		findings_note_beyond(stopped->findings, NULL, endpoint);
		return NULL;
	}
	server = &stopped->servers[stopped->count++];
	server->endpoint = *endpoint;
	return server;
}

static struct stop *stopped_stop(struct stopped_server *server, uint64_t number)
{
	bool kept = number && server->count - number < STOPPED_STOPS;
	return kept ? &server->stops[number % STOPPED_STOPS] : NULL;
}

/* The stop that is going on; NULL: none. One after which the server opened a session is over. */
static struct stop *stopped_current(struct stopped_server *server, timestamp now)
{
	struct stop *stop = stopped_stop(server, server->count);
	return stop && !stop->back && now - stop->begun <= threshold_time(THRESHOLD_STOPPED_SPAN) ? stop : NULL;
}

static void stopped_unlink(struct stopped_session *per_session)
{
	if (per_session->alive)
		DL_DELETE(per_session->server->alive, per_session);
	per_session->alive = false;
}

void stopped_forget(struct stopped_session *per_session)
{
	stopped_unlink(per_session);
}

/* What shows that the session goes on after its connection was ended. */
static bool stopped_is_life(const struct event *event)
{
	if (event->kind == EVENT_HTTP)
		return event->exchange->status && event->exchange->status < 400;
	return event->direction == DIRECTION_TO_CLIENT &&
	       event_kind_layer(event->kind) & (LAYER_ENGINEIO | LAYER_SOCKETIO);
}

/* A session that ends in another way while its server ends all others does not speak against a stop. */
static void stopped_take_end(struct stopped_session *per_session, timestamp now)
{
	struct stop *stop = stopped_current(per_session->server, now);
	if (per_session->alive && stop && stop->alive)
		stop->alive--;
	stopped_unlink(per_session);
}

static void stopped_take_life(struct stopped_session *per_session, timestamp now)
{
	struct stop *stop = stopped_stop(per_session->server, per_session->stop);
	if (stop)
		stop->ended--;
	per_session->stop = 0;
	stopped_unlink(per_session);
	per_session->alive = true;
	per_session->last = now;
	DL_APPEND(per_session->server->alive, per_session);
}

void stopped_note_event(struct stopped *stopped, struct stopped_session *per_session, const struct event *event)
{
	const struct session *session = event->session;
	if (!per_session->server && (session->closed != TIMESTAMP_NONE || !session->known ||
	                                !(per_session->server = stopped_server_of(stopped, &session->server))))
		return;
	struct stop *last = stopped_stop(per_session->server, per_session->server->count);
	if (event->kind == EVENT_OPEN && last && !last->back)
		last->back = event->origin.time;
	bool disowned = event->kind == EVENT_HTTP && session->closed != TIMESTAMP_NONE;
	if (disowned || session_said_goodbye(session, event->index))
		stopped_take_end(per_session, event->origin.time);
	else if (per_session->alive || stopped_is_life(event))
		stopped_take_life(per_session, event->origin.time);
}

/* Those that were heard of within the time in which one that is alive has to be. */
static size_t stopped_count_alive(const struct stopped_server *server, const struct session *session, timestamp now)
{
	timestamp patience = session->ping_interval + session->ping_timeout;
	size_t count = 0;
	if (!patience)
		patience = threshold_time(THRESHOLD_ALIVE_WITHOUT_RULE);
	for (const struct stopped_session *per_session = server->alive ? server->alive->prev : NULL;
	     per_session && now - per_session->last <= patience && count < STOPPED_COUNTED;
	     per_session = per_session->prev) {
		count++;
		if (per_session == server->alive)
			break;
	}
	return count;
}

/* A server without sessions does not end any. */
void stopped_note_attempt(struct stopped *stopped, const struct attempt *attempt)
{
	struct stopped_server *server = attempt->outcome == ATTEMPT_REFUSED
	                                    ? stopped_find_server(stopped, &attempt->server)
	                                    : NULL;
	if (server)
		server->refused = attempt->origin.time;
}

void stopped_note_end(struct stopped_session *per_session, const struct event *event, enum stopped_way way)
{
	if (!per_session->alive)
		return;
	struct stopped_server *server = per_session->server;
	struct stop *stop = stopped_current(server, event->origin.time);
	if (!stop) {
		stop = &server->stops[++server->count % STOPPED_STOPS];
		*stop = (struct stop){.begun = event->origin.time,
		    .alive = stopped_count_alive(server, event->session, event->origin.time)};
	}
	stop->last = event->origin.time;
	stop->ended++;
	stop->orderly |= way == STOPPED_IN_ORDER;
	stop->announced |= way == STOPPED_ANNOUNCED;
	per_session->stop = server->count;
	stopped_unlink(per_session);
}

/* It ended all that were alive, and several. */
static bool stopped_is_stop(const struct stopped_server *server, const struct stop *stop)
{
	return stop->ended >= threshold_count(THRESHOLD_STOPPED_SESSIONS) && stop->ended >= stop->alive &&
	       (!stop->orderly || server->refused >= stop->begun);
}

/* Is it a stop that nothing announced, within a minute from `begun` on? */
static bool stopped_is_near(const struct stopped_server *server, const struct stop *stop, timestamp begun)
{
	return stopped_is_stop(server, stop) && !stop->announced && stop->begun >= begun &&
	       stop->begun - begun <= threshold_time(THRESHOLD_STOPPED_NEAR);
}

static size_t stopped_count_near(const struct stopped_server *server, timestamp begun)
{
	size_t near = 0;
	for (size_t i = 0; i < STOPPED_STOPS; i++)
		near += stopped_is_near(server, &server->stops[i], begun);
	return near;
}

/* A restart is one; three within a minute are a server that does not stay. Of the minutes that begin with a stop and
 * hold this one, that with the most: when it begins. */
static timestamp stopped_find_minute(const struct stopped_server *server, const struct stop *stop)
{
	timestamp best = stop->begun;
	for (size_t i = 0; i < STOPPED_STOPS; i++) {
		timestamp begun = server->stops[i].begun;
		if (stopped_is_near(server, stop, begun) && stopped_is_near(server, &server->stops[i], begun) &&
		    stopped_count_near(server, begun) > stopped_count_near(server, best))
			best = begun;
	}
	return best;
}

/* What reports the near stops one by one gives way to the one that reports them together. */
static void stopped_gather(
    struct findings *findings, struct stopped_server *server, timestamp begun, struct finding *together)
{
	for (size_t i = 0; i < STOPPED_STOPS; i++) {
		struct stop *stop = &server->stops[i];
		struct finding *single = stopped_is_near(server, stop, begun) ? stop->finding : NULL;
		if (!single)
			continue;
		/* One end for each stop, so that there is room for all of them. */
		if (single->evidence_count)
			finding_prove(findings, together, &single->evidence[0].origin, "%s", single->evidence[0].what);
		finding_note_time(together, single->time);
		findings_withdraw(findings, single);
		server->shown += !stop->is_shown;
		stop->is_shown = true;
		stop->finding = NULL;
	}
}

/* How often within the minute that begins at `begun`; a loop may go on for longer. */
static void stopped_say_again(
    struct findings *findings, struct finding *finding, const struct stopped_server *server, timestamp begun)
{
	char name[ENDPOINT_TEXT_SIZE], span[TIMESTAMP_TEXT_SIZE], more[96] = "";
	size_t near = stopped_count_near(server, begun);
	timestamp last = begun;
	for (size_t i = 0; i < STOPPED_STOPS; i++)
		if (stopped_is_near(server, &server->stops[i], begun) && server->stops[i].begun > last)
			last = server->stops[i].begun;
	finding_note_time(finding, begun);
	finding_note_time(finding, last);
	finding->count = near > server->shown ? near : server->shown;
	if (server->shown > near)
		snprintf(more, sizeof more, "%" PRIu64 " times, %zu of them within ", server->shown, near);
	else
		snprintf(more, sizeof more, "%zu times within ", near);
	finding_say(findings, finding,
	    "%s stopped %s%s, each time without a goodbye to its sessions, and was started again",
	    endpoint_format(&server->endpoint, name), more, timestamp_format_span(last - begun, span));
}

static void stopped_report_again(struct findings *findings, struct stopped_server *server, struct stop *stop,
    timestamp begun, const struct session *session, const struct origin *end)
{
	char subject[ENDPOINT_TEXT_SIZE + 32], name[ENDPOINT_TEXT_SIZE];
	snprintf(subject, sizeof subject, "%s again", endpoint_format(&server->endpoint, name));
	struct finding *finding = findings_claim(findings, CODE_SERVER_STOPPED, CONFIDENCE_LIKELY, NULL, NULL, subject);
	if (!finding)
		return;
	stopped_gather(findings, server, begun, finding);
	if (!stop->is_shown)
		finding_prove(
		    findings, finding, end, "the end of session %" PRIu64 ", and of those with it", session->number);
	server->shown += !stop->is_shown;
	stop->is_shown = true;
	stopped_say_again(findings, finding, server, begun);
	finding_set_case(finding, STOPPED_AGAIN);
	finding_doubt(findings, finding,
	    "a proxy at that address that ends all its connections looks the same, and so does a developer's tool that "
	    "starts the server again whenever a file changes");
	finding_set_cause(findings, finding, CAUSE_STOPS_AGAIN, NULL);
}

bool stopped_report(struct findings *findings, const struct stopped_session *per_session, const struct session *session,
    const struct origin *end)
{
	struct stop *stop = per_session->server ? stopped_stop(per_session->server, per_session->stop) : NULL;
	char subject[ENDPOINT_TEXT_SIZE + 32], server[ENDPOINT_TEXT_SIZE], span[TIMESTAMP_TEXT_SIZE],
	    back[TIMESTAMP_TEXT_SIZE];
	if (!stop || !stopped_is_stop(per_session->server, stop))
		return false;
	timestamp begun = stopped_find_minute(per_session->server, stop);
	if (!stop->announced &&
	    stopped_count_near(per_session->server, begun) >= threshold_count(THRESHOLD_STOPPED_AGAIN)) {
		stopped_report_again(findings, per_session->server, stop, begun, session, end);
		return true;
	}
	endpoint_format(&session->server, server);
	snprintf(subject, sizeof subject, "%s %" PRIu64, server, per_session->stop);
	struct finding *finding = findings_claim(findings, CODE_SERVER_STOPPED, CONFIDENCE_LIKELY, NULL, NULL, subject);
	if (!finding)
		return true;
	stop->finding = finding;
	finding_prove(findings, finding, end, "the end of session %" PRIu64, session->number);
	if (finding->count > 1)
		return true;
	finding_note_time(finding, stop->last);
	finding_begin_at(finding, stop->begun);
	timestamp_format_span(stop->last > stop->begun ? stop->last - stop->begun : 0, span);
	const char *how = stop->announced ? "after it had said that it goes" : "without a goodbye";
	if (stop->back)
		finding_say(findings, finding,
		    "%s ended all its %zu sessions within %s, %s, and opened the next one %s later", server,
		    stop->ended, span, how, timestamp_format_span(stop->back - stop->begun, back));
	else
		finding_say(findings, finding,
		    "%s ended all its %zu sessions within %s, %s, and opened none afterwards", server, stop->ended,
		    span, how);
	finding_doubt(findings, finding, "a proxy at that address that ends all its connections looks the same");
	return true;
}

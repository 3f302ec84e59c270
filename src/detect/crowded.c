/*
 * Seen: while a client was late, polls of exactly six connections of the same browser (address, User-Agent and
 * forwarded address) at the same server were held, in the middle and near the end of the wait. What else could explain
 * that: a computer that sleeps, whose tabs all wait. Ruled out by requests that the same browser began meanwhile.
 * Clients that are no browsers (no such limit), HTTP/2 (one connection for all), and several computers behind one
 * address, whose polls are more than six or fewer, are left to the other causes.
 */
#include "detect/crowded.h"

#include "base/hash.h"
#include "detect/thresholds.h"
#include "socketio/session.h"

#include <stdio.h>
#include <string.h>

/* Later than any time of a packet. */
#define CROWDED_NEVER (INT64_MAX / 2)

uint64_t crowded_browser(const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	const struct endpoint *server = &event->connection->server;
	struct slice agent = exchange_field(&exchange->request, "User-Agent"),
	             user = exchange_forwarded_for(&exchange->request);
	if (!slice_starts_with(agent, SLICE("Mozilla/")) || event->origin.stream)
		return 0;
	uint64_t digest = fnv_add(FNV_START, &event->connection->client.address, sizeof(struct address));
	digest = fnv_add(digest, &server->address, sizeof server->address);
	digest = fnv_add(digest, &server->port, sizeof server->port);
	digest = fnv_add(digest, user.at ? user.at : (const uint8_t *)"", user.len);
	return fnv_add(digest, agent.at, agent.len);
}

void crowded_note_poll(struct crowded *crowded, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	bool is_answered = exchange->status && exchange->answer.begun != TIMESTAMP_NONE;
	timestamp until = is_answered                           ? exchange->answer.begun
	                  : exchange->state == EXCHANGE_PENDING ? CROWDED_NEVER
	                                                        : event->origin.time;
	if (!event->session || exchange->target->transport != TRANSPORT_POLLING ||
	    !slice_equals(exchange->request.head.method, SLICE("GET")) || exchange->request.begun == TIMESTAMP_NONE ||
	    until - exchange->request.begun < threshold_time(THRESHOLD_CROWDED_HELD))
		return;
	const struct crowded_poll poll = {.browser = crowded_browser(event),
	    .session = event->session->number,
	    .port = event->connection->client.port,
	    .begun = exchange->request.begun,
	    .until = until};
	if (poll.browser)
		crowded->polls[crowded->poll_count++ % CROWDED_POLLS] = poll;
}

/* ---- what was held meanwhile */

static size_t crowded_polls(const struct crowded *crowded)
{
	return crowded->poll_count < CROWDED_POLLS ? crowded->poll_count : CROWDED_POLLS;
}

/* On how many connections of the browser polls were held at that time, the late session's own too. */
static size_t crowded_count_held(const struct crowded *crowded, uint64_t browser, timestamp at)
{
	uint16_t ports[CROWDED_CONNECTIONS + 1];
	size_t count = 0;
	for (size_t i = 0; i < crowded_polls(crowded) && count <= CROWDED_CONNECTIONS; i++) {
		const struct crowded_poll *poll = &crowded->polls[i];
		if (poll->browser != browser || poll->begun > at || poll->until <= at)
			continue;
		size_t nth = 0;
		while (nth < count && ports[nth] != poll->port)
			nth++;
		if (nth == count)
			ports[count++] = poll->port;
	}
	return count;
}

/* Of how many sessions polls were held at some time of it. */
static size_t crowded_count_sessions(const struct crowded *crowded, uint64_t browser, timestamp from, timestamp to)
{
	uint64_t sessions[CROWDED_CASES];
	size_t count = 0;
	for (size_t i = 0; i < crowded_polls(crowded) && count < CROWDED_CASES; i++) {
		const struct crowded_poll *poll = &crowded->polls[i];
		if (poll->browser != browser || poll->begun > to || poll->until < from)
			continue;
		size_t nth = 0;
		while (nth < count && sessions[nth] != poll->session)
			nth++;
		if (nth == count)
			sessions[count++] = poll->session;
	}
	return count;
}

/* The browser goes on meanwhile: it neither sleeps nor is gone. */
static bool crowded_is_awake(
    const struct crowded *crowded, uint64_t browser, uint64_t session, timestamp from, timestamp to)
{
	for (size_t i = 0; i < crowded_polls(crowded); i++) {
		const struct crowded_poll *poll = &crowded->polls[i];
		if (poll->browser == browser && poll->session != session && poll->begun > from && poll->begun < to)
			return true;
	}
	return false;
}

/* ---- the findings */

static void crowded_explain(struct crowded *crowded, const struct crowded_case *late, size_t sessions)
{
	struct finding *finding = late->finding;
	const char *blame = strstr(finding->seen, ": the client was late");
	finding_say(crowded->findings, finding,
	    "%.*s: the six connections that a browser opens to one host were all held by polls (of %zu sessions of it, "
	    "in its tabs and pages), and its next request waits until one of them is answered",
	    (int)(blame ? (size_t)(blame - finding->seen) : strlen(finding->seen)), finding->seen, sessions);
	finding_set_cause(crowded->findings, finding, CAUSE_BROWSER_CONNECTIONS, NULL);
}

static void crowded_judge(struct crowded *crowded, const struct crowded_case *late)
{
	timestamp part = (late->to - late->from) / 8;
	uint64_t browser = late->browser;
	bool is_full = browser && crowded_count_held(crowded, browser, late->from + 4 * part) == CROWDED_CONNECTIONS &&
	               crowded_count_held(crowded, browser, late->to - part) == CROWDED_CONNECTIONS;
	if (is_full && crowded_is_awake(crowded, browser, late->session, late->from, late->to))
		crowded_explain(crowded, late, crowded_count_sessions(crowded, browser, late->from, late->to));
}

void crowded_settle(struct crowded *crowded, timestamp now)
{
	for (size_t i = 0; i < CROWDED_CASES && crowded->waiting; i++) {
		struct crowded_case *late = &crowded->cases[i];
		if (!late->finding || now - late->to < threshold_time(THRESHOLD_CROWDED_KNOWN))
			continue;
		crowded_judge(crowded, late);
		late->finding = NULL;
		crowded->waiting--;
	}
}

void crowded_note_late(struct crowded *crowded, const struct crowded_case *noted)
{
	struct crowded_case *late = &crowded->cases[crowded->case_count++ % CROWDED_CASES];
	if (late->finding)
		crowded_judge(crowded, late);
	else
		crowded->waiting++;
	*late = *noted;
}

/* A proxy whose server is away for a while: when it went, when it was there again, and what that says of the cause. */
#include "detect/outages.h"

#include "detect/refusal.h"
#include "socketio/software.h"

/* NULL: there are too many. */
static struct outage *outages_of(
    struct outages *outages, struct findings *findings, const struct event *event, struct finding *finding)
{
	for (size_t i = 0; i < outages->count; i++)
		if (outages->list[i].finding == finding)
			return &outages->list[i];
	if (outages->count == OUTAGES_MOST) {
		findings_note_beyond(findings, NULL, &event->connection->server);
		return NULL;
	}
	struct outage *outage = &outages->list[outages->count++];
	*outage = (struct outage){.proxy = event->connection->server,
	    .finding = finding,
	    .status = event->exchange->status,
	    .begun = event->exchange->request.begun,
	    .first = event->exchange->request.begun,
	    .back = TIMESTAMP_NONE};
	return outage;
}

/* A proxy that reaches its server again and again in between is full, if it says so by 503. By 502 it says that one
 * server of several did not answer. They restarted in turn, if that took no longer than restarts do, and it has ended:
 * no refusal came for much longer than before. A 503 may mean that as well (HAProxy, Envoy, Varnish). */
static void outage_judge_episode(struct outage *outage)
{
	if (outage->returns < threshold_count(THRESHOLD_OUTAGE_RETURNS))
		return;
	bool ended = outage->back != TIMESTAMP_NONE && outage->reached - outage->last > 2 * outage->apart;
	timestamp took = ended ? outage->back - outage->begun : 0;
	bool restarts = ended && took <= threshold_time(THRESHOLD_OUTAGE_SHORT);
	if (outage->status == 503) {
		outage->full = outage->returns;
		outage->lasts |= !restarts;
	} else if (!restarts)
		outage->partly = outage->returns;
	else if (took > outage->longest)
		outage->longest = took;
}

/* Deployments are far apart. What was too short for one is no deployment, however far apart it comes. */
static void outage_return(struct outage *outage, timestamp begun)
{
	bool apart = begun - outage->back > threshold_time(THRESHOLD_OUTAGE_SHORT);
	if (apart && outage->back - outage->first >= threshold_time(THRESHOLD_OUTAGE_LEAST)) {
		outage_judge_episode(outage);
		outage->begun = begun;
		outage->apart = 0;
		outage->returns = 0;
	} else {
		timestamp between = begun - outage->last;
		outage->apart = between > outage->apart ? between : outage->apart;
		outage->returns++;
	}
	outage->first = begun;
	outage->back = TIMESTAMP_NONE;
}

/* A poll that a server holds is refused after a while where the proxy's patience ends, not where it reaches no server.
 */
static bool outage_is_of_held_poll(const struct exchange *exchange)
{
	return exchange->target->sid_len && exchange->target->transport == TRANSPORT_POLLING &&
	       slice_equals(exchange->request.head.method, SLICE("GET")) &&
	       exchange->answer.begun - exchange->request.begun >= threshold_time(THRESHOLD_REQUEST_LEAST);
}

/* A refusal of what was asked before the server was there again says nothing of the time after that. */
void outages_note(
    struct outages *outages, struct findings *findings, const struct event *event, struct finding *finding)
{
	struct outage *outage = outages_of(outages, findings, event, finding);
	timestamp begun = event->exchange->request.begun;
	if (!outage || (outage->back != TIMESTAMP_NONE && begun < outage->back))
		return;
	if (outage->back != TIMESTAMP_NONE)
		outage_return(outage, begun);
	outage->last = event->origin.time;
	outage->others |= !outage_is_of_held_poll(event->exchange);
	if (!refusal_is_after_wait(event->exchange))
		return;
	timestamp waited = event->exchange->answer.begun - begun;
	outage->waited = waited > outage->waited ? waited : outage->waited;
	outage->asked = begun;
}

void outages_note_life(struct outages *outages, const struct event *event)
{
	for (size_t i = 0; i < outages->count; i++) {
		struct outage *outage = &outages->list[i];
		outage->lives |= event->origin.time > outage->last && event->session->opened != TIMESTAMP_NONE &&
		                 event->session->opened < outage->asked &&
		                 endpoint_equals(&outage->proxy, &event->connection->server);
	}
}

/* What the proxy passed on from its server after the last refusal: an answer with success, or an implementation's own
 * words that refuse. */
void outages_note_back(struct outages *outages, const struct event *event)
{
	bool success = event->exchange->status == 200 || event->exchange->status == 101;
	bool served = event->session && (success || software_disowns_session(event->session, event->exchange));
	for (size_t i = 0; served && i < outages->count; i++) {
		struct outage *outage = &outages->list[i];
		if (event->exchange->request.begun < outage->last ||
		    !endpoint_equals(&outage->proxy, &event->connection->server))
			continue;
		outage->reached = event->exchange->request.begun;
		if (outage->back != TIMESTAMP_NONE)
			continue;
		outage->back = event->exchange->request.begun;
		if (outage->back - outage->first > outage->longest)
			outage->longest = outage->back - outage->first;
	}
}

bool outages_is_one(enum cause cause)
{
	return cause == CAUSE_BACKEND_GONE || cause == CAUSE_BACKEND_BROKE_OFF || cause == CAUSE_POST_BACKEND;
}

/* Varnish has the same words for a server that is not reached and for one that does not answer in first_byte_timeout.
 */
static void outage_report_slow(struct findings *findings, const struct outage *outage)
{
	finding_say(findings, outage->finding,
	    "%s; in between it reached its server %u times, and each refused request was a poll that had been held: "
	    "the proxy did not wait longer",
	    outage->finding->seen, outage->full);
	finding_set_cause(findings, outage->finding, CAUSE_BACKEND_SLOW, NULL);
}

static void outage_report_full(struct findings *findings, const struct outage *outage)
{
	struct finding *finding = outage->finding;
	if (!outage->full)
		finding_say(
		    findings, finding, "%s; sessions that it had let through before went on meanwhile", finding->seen);
	else
		finding_say(findings, finding, "%s; in between it reached its server %u times%s", finding->seen,
		    outage->full,
		    outage->lasts
		        ? ""
		        : ", and soon always: it was full for a while, or servers behind it restarted in turn");
	if (finding->code == CODE_EVENT_DROPPED)
		finding_advise(findings, finding, "%s", cause_table[CAUSE_BACKEND_FULL].advice);
	else
		finding_set_cause(findings, finding, CAUSE_BACKEND_FULL, NULL);
}

/* Nothing shows whether the server behind it lives. */
static void outage_report_wait(struct findings *findings, const struct outage *outage)
{
	char span[TIMESTAMP_TEXT_SIZE];
	finding_say(findings, outage->finding, "%s; the refusal came after a wait of %s", outage->finding->seen,
	    timestamp_format_span(outage->waited, span));
	if (outage->finding->code == CODE_EVENT_DROPPED)
		return;
	finding_advise(findings, outage->finding,
	    "HAProxy waits when the server behind it refuses connections or takes none (retries, timeout connect): "
	    "start it, or correct its address and port. It also waits when all connections to the server are in use "
	    "(timeout queue): then raise maxconn of the server line, for each client that polls or has a WebSocket "
	    "holds one.");
}

static void outage_report_restart(struct findings *findings, const struct outage *outage)
{
	char span[TIMESTAMP_TEXT_SIZE];
	struct finding *finding = outage->finding;
	bool restarts = outage->longest >= threshold_time(THRESHOLD_OUTAGE_LEAST) &&
	                outage->longest <= threshold_time(THRESHOLD_OUTAGE_SHORT);
	if (outage->back == TIMESTAMP_NONE)
		return;
	if (outage->longest < threshold_time(THRESHOLD_OUTAGE_LEAST))
		finding_say(findings, finding,
		    "%s; the proxy reached its server again after %s, too soon for a restart", finding->seen,
		    timestamp_format_span(outage->longest, span));
	if (!restarts)
		return;
	finding_set_case(finding, finding->code == CODE_EVENT_DROPPED ? DROPPED_BACKEND_AWAY : BACKEND_AWAY);
	finding_say(findings, finding, "%s; the proxy reached its server again after %s", finding->seen,
	    timestamp_format_span(outage->longest, span));
	if (finding->code != CODE_EVENT_DROPPED)
		finding_advise(findings, finding,
		    "A restart behind the proxy: clients connect again by themselves. Start the new server before the "
		    "old one ends, and nobody notices.");
}

void outages_report(struct outages *outages, struct findings *findings)
{
	for (size_t i = 0; i < outages->count; i++) {
		struct outage *outage = &outages->list[i];
		outage_judge_episode(outage);
		if (outage->waited && !outage->full && !outage->lives)
			outage_report_wait(findings, outage);
		if (outage->full && !outage->others && outage->finding->code == CODE_HANDSHAKE_REJECTED)
			outage_report_slow(findings, outage);
		else if (outage->full || outage->lives)
			outage_report_full(findings, outage);
		else if (outage->partly)
			finding_say(findings, outage->finding,
			    "%s; in between it reached its server %u times: perhaps one of several servers behind it",
			    outage->finding->seen, outage->partly);
		else
			outage_report_restart(findings, outage);
	}
}

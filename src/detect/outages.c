/* A proxy whose server is away for a while: when it went, when it was there again, and what that says of the cause. */
#include "detect/outages.h"

#include "socketio/software.h"

void outages_note(struct outages *outages, const struct event *event, struct finding *finding)
{
	struct outage *outage = NULL;
	for (size_t i = 0; i < outages->count && !outage; i++)
		if (outages->list[i].finding == finding)
			outage = &outages->list[i];
	if (!outage && outages->count < OUTAGES_MOST) {
		outage = &outages->list[outages->count++];
		*outage = (struct outage){.proxy = event->connection->server,
		    .finding = finding,
		    .first = event->exchange->request.begun,
		    .back = TIMESTAMP_NONE};
	}
	if (!outage)
		return;
	if (outage->back != TIMESTAMP_NONE) {
		outage->first = event->exchange->request.begun;
		outage->returns++;
	}
	outage->last = event->origin.time;
	outage->back = TIMESTAMP_NONE;
}

/* What the proxy passed on from its server after the last refusal: an answer with success, or an implementation's own
 * words that refuse. */
void outages_note_back(struct outages *outages, const struct event *event)
{
	bool success = event->exchange->status == 200 || event->exchange->status == 101;
	bool served = event->session && (success || software_disowns_session(event->session, event->exchange));
	for (size_t i = 0; served && i < outages->count; i++) {
		struct outage *outage = &outages->list[i];
		if (outage->back != TIMESTAMP_NONE || event->exchange->request.begun < outage->last ||
		    !endpoint_equals(&outage->proxy, &event->connection->server))
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

void outages_report(const struct outages *outages, struct findings *findings)
{
	char span[TIMESTAMP_TEXT_SIZE];
	for (size_t i = 0; i < outages->count; i++) {
		const struct outage *outage = &outages->list[i];
		struct finding *finding = outage->finding;
		if (outage->returns >= threshold_count(THRESHOLD_OUTAGE_RETURNS)) {
			finding_say(findings, finding, "%s; in between it reached its server %u times", finding->seen,
			    outage->returns);
			if (finding->code == CODE_EVENT_DROPPED)
				finding_advise(findings, finding, "%s", cause_table[CAUSE_BACKEND_FULL].advice);
			else
				finding_set_cause(findings, finding, CAUSE_BACKEND_FULL, NULL);
			continue;
		}
		bool restarts = outage->longest >= threshold_time(THRESHOLD_OUTAGE_LEAST) &&
		                outage->longest <= threshold_time(THRESHOLD_OUTAGE_SHORT);
		if (outage->back != TIMESTAMP_NONE && outage->longest < threshold_time(THRESHOLD_OUTAGE_LEAST))
			finding_say(findings, finding,
			    "%s; the proxy reached its server again after %s, too soon for a restart", finding->seen,
			    timestamp_format_span(outage->longest, span));
		if (outage->back == TIMESTAMP_NONE || !restarts)
			continue;
		finding_set_case(finding, finding->code == CODE_EVENT_DROPPED ? DROPPED_BACKEND_AWAY : BACKEND_AWAY);
		finding_say(findings, finding, "%s; the proxy reached its server again after %s", finding->seen,
		    timestamp_format_span(outage->longest, span));
	}
}

/* Remembers what was asked for credentials, and takes its finding back. */
#include "detect/challenges.h"

#include "base/hash.h"
#include "socketio/engine.h"

/* A POST is the same with the same number (`t`) only: what another one carries is something else. */
static uint64_t challenge_digest(const struct exchange *exchange)
{
	const struct target *target = exchange->target;
	struct slice method = exchange->request.head.method, path = http_target_path(exchange->request.head.target);
	uint64_t digest = fnv_add(fnv_add(FNV_START, method.at, method.len), path.at, path.len);
	digest = fnv_add(fnv_add(digest, target->word.at, target->word.len), target->sid, target->sid_len);
	struct slice whole = slice_equals(method, SLICE("POST")) ? exchange->request.head.target : SLICE("");
	return fnv_add(digest, whole.at, whole.len);
}

static bool challenge_is_one(const struct exchange *exchange)
{
	return (exchange->status == 401 && exchange_field(&exchange->answer, "WWW-Authenticate").len) ||
	       (exchange->status == 407 && exchange_field(&exchange->answer, "Proxy-Authenticate").len);
}

void challenges_note(struct challenges *challenges, struct finding *finding, const struct event *event)
{
	if (!challenge_is_one(event->exchange) || !event->connection)
		return;
	challenges->list[challenges->count++ % CHALLENGES_MOST] = (struct challenge){
	    .client = event->connection->client.address,
	    .request = challenge_digest(event->exchange),
	    .finding = finding,
	    .first = event->origin.first};
}

/* The evidence of it goes too, where it is the last. */
static void challenge_take_back(struct challenge *challenge, struct findings *findings)
{
	struct finding *finding = challenge->finding;
	size_t last = finding->evidence_count;
	challenge->finding = NULL;
	if (finding->count == 1) {
		findings_withdraw(findings, finding);
		return;
	}
	finding->count--;
	if (last > 1 && finding->evidence[last - 1].origin.first == challenge->first)
		finding->evidence_count--;
}

void challenges_note_granted(struct challenges *challenges, struct findings *findings, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	bool shows = exchange_field(&exchange->request, "Authorization").len ||
	             exchange_field(&exchange->request, "Proxy-Authorization").len;
	if (!shows || !event->connection || !exchange->status || exchange->status >= 300)
		return;
	uint64_t request = challenge_digest(exchange);
	for (size_t i = 0; i < challenges->count && i < CHALLENGES_MOST; i++) {
		struct challenge *challenge = &challenges->list[i];
		if (challenge->finding && challenge->request == request &&
		    address_equals(&challenge->client, &event->connection->client.address))
			challenge_take_back(challenge, findings);
	}
}

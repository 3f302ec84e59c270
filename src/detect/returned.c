/* Clients that are back in another session. */
#include "detect/returned.h"

#include "base/hash.h"
#include "socketio/session.h"

struct returned_join returned_join_of(const struct event *event)
{
	enum { LEAST = 8 }; /* {"a":""} says nothing */
	struct slice auth = event_packet(event)->data;
	struct address address = event->connection ? event->connection->client.address : (struct address){0};
	return (struct returned_join){.client = {.identity = auth.len > LEAST ? fnv_digest(auth) : 0,
	                                  .address = fnv_digest(slice_of(address.bytes, sizeof address.bytes)),
	                                  .joined = event->origin.time},
	    .session = event->session->number,
	    .address = address,
	    .origin = event->origin};
}

static bool returned_is_of_other(const struct returned_case *silent, const struct returned_join *join)
{
	return join->client.identity == silent->client.identity && join->session != silent->session;
}

/* Another one joined with the same auth while this one was not silent yet. */
static bool returned_is_shared(const struct returned *returned, const struct returned_case *silent)
{
	bool shared = false;
	for (size_t i = 0; i < returned->join_count && i < RETURNED_JOINS; i++) {
		const struct returned_join *join = &returned->joins[i];
		shared |= returned_is_of_other(silent, join) && join->client.joined >= silent->client.joined &&
		          join->client.joined <= silent->heard;
	}
	return shared;
}

static bool returned_is_back(
    const struct returned *returned, const struct returned_case *silent, const struct returned_join *join)
{
	const timestamp joined = join->client.joined;
	return returned_is_of_other(silent, join) && joined > silent->heard && joined <= silent->until &&
	       (silent->is_unreached || join->client.address != silent->client.address) &&
	       !returned_is_shared(returned, silent);
}

static void returned_excuse(struct returned *returned, struct returned_case *silent, const struct returned_join *join)
{
	struct finding *finding = silent->finding;
	char client[ADDRESS_TEXT_SIZE];
	silent->finding = NULL;
	finding->severity = SEVERITY_INFO;
	finding_say(returned->findings, finding,
	    "%s; the client is back: one with the same auth joined from %s, in session %llu", finding->seen,
	    address_format(&join->address, false, client), (unsigned long long)join->session);
	finding_set_cause(returned->findings, finding, CAUSE_CLIENT_RETURNED, NULL);
	finding_prove(returned->findings, finding, &join->origin, "CONNECT with the same auth");
}

void returned_note_join(struct returned *returned, const struct returned_join *join)
{
	if (!join->client.identity)
		return;
	returned->joins[returned->join_count++ % RETURNED_JOINS] = *join;
	for (size_t i = 0; i < returned->case_count && i < RETURNED_CASES; i++)
		if (returned->cases[i].finding && returned_is_back(returned, &returned->cases[i], join))
			returned_excuse(returned, &returned->cases[i], join);
}

void returned_note_silent(struct returned *returned, const struct returned_case *silent)
{
	if (!silent->client.identity)
		return;
	struct returned_case *kept = &returned->cases[returned->case_count++ % RETURNED_CASES];
	*kept = *silent;
	for (size_t i = 0; i < returned->join_count && i < RETURNED_JOINS && kept->finding; i++)
		if (returned_is_back(returned, kept, &returned->joins[i]))
			returned_excuse(returned, kept, &returned->joins[i]);
}

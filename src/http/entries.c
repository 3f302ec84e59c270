/* Steps of recorded entries become exchanges and WebSocket messages. */
#include "http/entries.h"

#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

/* A host of which the recorder gives no address. */
struct entries_name {
	struct entries_name *next;
	char text[];
};

/* An entry that matters, from its first step to its last. */
struct recording {
	struct connection shown;
	struct exchange *exchange;
	bool is_unsure;       /* packets may show it too: what it is waits for what opens its session */
	bool is_opened;       /* a WebSocket whose opening waits so, */
	struct origin origin; /* since then */
	struct recording *prev, *next;
};

struct entries {
	const struct resources *resources;
	const struct http_sink *sink;
	struct recording *open;
	struct entries_name *names;
	size_t name_count;
	bool beside_packets;
	uint64_t numbers; /* of connections that the recorder does not number */
	struct entries_counts counts;
};

struct entries *entries_new(const struct resources *resources, const struct http_sink *sink)
{
	struct entries *entries = calloc(1, sizeof *entries);
	if (entries)
		*entries = (struct entries){
		    .resources = resources, .sink = sink, .counts = {.first = TIMESTAMP_NONE, .last = TIMESTAMP_NONE}};
	return entries;
}

const struct entries_counts *entries_counts(const struct entries *entries)
{
	return &entries->counts;
}

/* ---- the ends of a connection */

/* Lives as long as the room, as endpoints want it. */
static const char *entries_keep_name(struct entries *entries, const char *host)
{
	struct entries_name *name;
	LL_FOREACH(entries->names, name)
	if (!strcmp(name->text, host))
		return name->text;
	const struct resources *resources = entries->resources;
	bool is_full = entries->name_count == resources->limits->hosts;
	size_t size = strlen(host) + 1;
	ledger_note_limit(resources->ledger, LIMIT_HOSTS, is_full);
	name = is_full ? NULL : budget_new(resources->budget, sizeof *name + size);
	if (!name)
		return "unknown";
	memcpy(name->text, host, size);
	LL_PREPEND(entries->names, name);
	entries->name_count++;
	return name->text;
}

static struct endpoint entries_server(struct entries *entries, const struct recorded_entry *entry)
{
	if (entry->address.version)
		return (struct endpoint){
		    .address = entry->address, .port = entry->port, .path = entry->is_logged ? entry->host : NULL};
	const char *name = entries_keep_name(entries, entry->host);
	return (struct endpoint){
	    .address = address_of_name(fnv_add(FNV_START, name, strlen(name))), .port = entry->port, .path = name};
}

/* The client's port is unknown: its place has the number of the connection, which is another for each WebSocket. */
static struct endpoint entries_client(const struct recorded_entry *entry)
{
	const char *name = entry->is_logged ? "client" : "browser";
	return (struct endpoint){.address = address_of_name(fnv_add(FNV_START, name, strlen(name))),
	    .port = (uint16_t)(entry->connection ? entry->connection : entry->number),
	    .path = name};
}

static void entries_name_ends(struct entries *entries, const struct recorded_entry *entry, struct connection *shown)
{
	struct connection_facts *facts = &shown->facts;
	char client[ENDPOINT_TEXT_SIZE], server[ENDPOINT_TEXT_SIZE];
	entries->numbers++;
	facts->number = entries->numbers;
	facts->unrecorded = entry->lacks_messages;
	facts->client = entries_client(entry);
	facts->server = entries_server(entries, entry);
	snprintf(facts->text, sizeof facts->text, "%s-%s", endpoint_format(&facts->client, client),
	    endpoint_format(&facts->server, server));
}

/* ---- heads and bodies */

static void entries_count(const struct entries *entries, uint64_t bytes)
{
	struct ledger *ledger = entries->resources->ledger;
	ledger->captured += bytes;
	ledger_add(ledger, LEDGER_DECODED, bytes, 0);
}

/* A half with its head (empty: none was recorded) and its body. */
static void entries_fill_half(const struct entries *entries, struct exchange_half *half, enum http_role role,
    const struct origin *origin, struct slice head, struct slice body)
{
	struct http_head read;
	exchange_half_begin(half, origin, origin);
	if (head.len && !http_head_read(role, head, &read))
		exchange_keep_head(half, &read);
	else if (head.len)
		ledger_add(entries->resources->ledger, LEDGER_UNREAD, 0, 1);
	if (!exchange_half_add(half, true, origin, body))
		ledger_note_limit(entries->resources->ledger, LIMIT_MESSAGE, 1);
	exchange_half_end(half, origin);
	entries_count(entries, head.len + body.len);
}

/* ---- requests */

static void entries_drop(struct entries *entries, struct recorded_entry *entry, struct recording *recording)
{
	DL_DELETE(entries->open, recording);
	exchange_free(recording->exchange);
	budget_release(recording);
	if (entry)
		entry->user = NULL;
}

/* NULL: no memory. */
static struct recording *entries_add(struct entries *entries, struct recorded_entry *entry)
{
	const struct resources *resources = entries->resources;
	struct recording *recording = budget_new(resources->budget, sizeof *recording);
	if (!recording)
		return NULL;
	recording->exchange = exchange_new(resources->limits, resources->budget);
	if (!recording->exchange) {
		budget_release(recording);
		return NULL;
	}
	recording->exchange->wanted = true;
	recording->shown.oldest = recording->exchange;
	entries_name_ends(entries, entry, &recording->shown);
	DL_APPEND(entries->open, recording);
	entry->user = recording;
	return recording;
}

/* Packets show the session that it is of, or that `opening` opens: it is passed over. True: it is gone. */
static bool entries_pass_shown(struct entries *entries, struct recorded_entry *entry, struct recording *recording,
    bool is_answered, struct slice opening)
{
	const struct http_sink *sink = entries->sink;
	if (!recording->is_unsure || !sink->is_shown(sink->self, recording->exchange, is_answered, opening))
		return false;
	ledger_add(entries->resources->ledger, LEDGER_SHOWN_BY_PACKETS, 0, 1);
	entries->counts.wanted--;
	entries_drop(entries, entry, recording);
	return true;
}

/* No packets show it: it is given from its request on. */
static void entries_settle(const struct entries *entries, struct recording *recording)
{
	if (recording->is_unsure)
		entries->sink->request(entries->sink->self, &recording->shown, recording->exchange);
	recording->is_unsure = false;
}

static void entries_take_request(struct entries *entries, struct recorded_entry *entry, const struct origin *origin)
{
	const struct http_sink *sink = entries->sink;
	struct http_head head;
	if (http_head_read(HTTP_REQUESTS, entry->request_head, &head) || !sink->wants(sink->self, head.target))
		return;
	struct recording *recording = entries_add(entries, entry);
	if (!recording)
		return;
	struct exchange *exchange = recording->exchange;
	entries->counts.wanted++;
	entries->resources->ledger->engineio = true;
	entries_fill_half(entries, &exchange->request, HTTP_REQUESTS, origin, entry->request_head, entry->request);
	exchange->request.incomplete |= entry->request_is_cut;
	exchange->request.given = origin->time;
	exchange->target = sink->read_target(sink->self, exchange->request.head.target);
	if (!exchange->target) {
		entries_drop(entries, entry, recording);
		return;
	}
	recording->is_unsure = entries->beside_packets;
	if (!entries_pass_shown(entries, entry, recording, false, slice_of(NULL, 0)) && !recording->is_unsure)
		sink->request(sink->self, &recording->shown, exchange);
}

/* ---- answers */

static enum exchange_state entries_state(const struct recorded_entry *entry)
{
	switch (entry->failure) {
	case RECORDED_NO_FAILURE:
		return entry->status ? EXCHANGE_ANSWERED : EXCHANGE_LOST;
	case RECORDED_ABORTED:
		return EXCHANGE_ABORTED;
	case RECORDED_BLOCKED:
		return EXCHANGE_BLOCKED;
	case RECORDED_REFUSED:
		return EXCHANGE_REFUSED;
	default:
		return EXCHANGE_FAILED;
	}
}

static void entries_fill_answer(const struct entries *entries, const struct recorded_entry *entry,
    struct recording *recording, const struct origin *origin)
{
	struct exchange *exchange = recording->exchange;
	exchange->status = entry->status;
	exchange->answer.origin.kind = origin->kind;
	if (entry->status)
		entries_fill_half(
		    entries, &exchange->answer, HTTP_RESPONSES, origin, entry->answer_head, entry->answer);
	exchange->answer.incomplete |= entry->answer_is_cut;
	exchange->answer.given = exchange->decided = origin->time;
	exchange->state = exchange->end = entries_state(entry);
	exchange->failure = entry->failure;
	exchange->why = entry->why;
}

/* A connection that was refused is one that a client asked for. */
static void entries_give_attempt(
    const struct entries *entries, const struct recording *recording, const struct origin *origin)
{
	const struct connection_facts *facts = &recording->shown.facts;
	struct attempt attempt = {.client = facts->client,
	    .server = facts->server,
	    .outcome = ATTEMPT_REFUSED,
	    .asked = recording->exchange->request.begun,
	    .origin = *origin,
	    .tries = 1};
	entries->sink->attempted(entries->sink->self, &attempt);
}

/* What the file says of it, and that may be nothing. */
static void entries_note_failed(
    const struct entries *entries, const struct recorded_entry *entry, const struct recording *recording)
{
	char detail[LEDGER_DETAIL], server[ENDPOINT_TEXT_SIZE];
	enum exchange_state state = recording->exchange->state;
	if (entry->failure >= RECORDED_BY_EXTENSION && entry->failure <= RECORDED_BY_PORT)
		return; /* nothing of it was on the network: the browser says it all */
	if (state != EXCHANGE_FAILED && state != EXCHANGE_REFUSED)
		return;
	snprintf(detail, sizeof detail, "the first to %s: %s (entry %llu)",
	    endpoint_format(&recording->shown.facts.server, server),
	    entry->why ? entry->why : "no answer, and the file does not say why", (unsigned long long)entry->number);
	ledger_add(entries->resources->ledger, LEDGER_REQUESTS_FAILED, 0, 1);
	ledger_note_detail(entries->resources->ledger, LEDGER_REQUESTS_FAILED, detail);
}

static void entries_take_answer(
    struct entries *entries, struct recorded_entry *entry, struct recording *recording, const struct origin *origin)
{
	/* What the browser made of an answer no packet shows. */
	if (entry->failure == RECORDED_NO_FAILURE && entries_pass_shown(entries, entry, recording, true, entry->answer))
		return;
	entries_settle(entries, recording);
	entries_fill_answer(entries, entry, recording, origin);
	if (recording->exchange->state == EXCHANGE_REFUSED)
		entries_give_attempt(entries, recording, origin);
	entries_note_failed(entries, entry, recording);
	entries->sink->answer(entries->sink->self, &recording->shown, recording->exchange);
}

/* ---- WebSockets */

static void entries_open_websocket(
    struct entries *entries, struct recorded_entry *entry, struct recording *recording, const struct origin *origin)
{
	entries_settle(entries, recording);
	recording->is_opened = false;
	struct passage passage = {
	    .direction = DIRECTION_TO_CLIENT, .origin = *origin, .begun = recording->exchange->request.begun};
	entries_fill_answer(entries, entry, recording, origin);
	recording->shown.is_websocket = true;
	recording->shown.facts.unrecorded = entry->lacks_messages;
	ledger_add(entries->resources->ledger, LEDGER_MESSAGES_NOT_RECORDED, 0, entry->lacks_messages);
	if (entries->sink->websocket_opened(entries->sink->self, &recording->shown, &passage, recording->exchange))
		return;
	budget_note_refusal(entries->resources->budget);
	entries_drop(entries, entry, recording);
}

/* A document that pages load; recorders undo its codings. */
static void entries_take_document(const struct entries *entries, const struct recorded_entry *entry)
{
	const struct http_sink *sink = entries->sink;
	struct http_head head;
	if (entry->status == 200 && entry->answer.len && !entry->answer_is_cut &&
	    !http_head_read(HTTP_REQUESTS, entry->request_head, &head) && sink->wants_document(sink->self, head.target))
		sink->document(sink->self, head.target, slice_of(NULL, 0), entry->answer);
}

/* A request that does not matter, while what became of it does: asked and answered at once. */
static void entries_take_beside(struct entries *entries, struct recorded_entry *entry, const struct origin *origin)
{
	const struct http_sink *sink = entries->sink;
	struct http_head head;
	bool is_beside = !entries->beside_packets && sink->wants_beside &&
	                 !http_head_read(HTTP_REQUESTS, entry->request_head, &head) &&
	                 sink->wants_beside(sink->self, head.target);
	struct recording *recording = is_beside ? entries_add(entries, entry) : NULL;
	if (!recording)
		return;
	struct exchange *exchange = recording->exchange;
	exchange->wanted = false;
	exchange->is_beside = true;
	entries_fill_half(entries, &exchange->request, HTTP_REQUESTS, origin, entry->request_head, slice_of(NULL, 0));
	exchange->target = sink->read_target(sink->self, exchange->request.head.target);
	entries_fill_answer(entries, entry, recording, origin);
	if (exchange->target)
		sink->beside(sink->self, &recording->shown, exchange);
	entries_drop(entries, entry, recording);
}

/* An answer to a request that does not matter. */
static void entries_take_unwanted(struct entries *entries, struct recorded_entry *entry, const struct origin *origin)
{
	entries_take_document(entries, entry);
	entries_take_beside(entries, entry, origin);
}

static void entries_take_open(
    struct entries *entries, struct recorded_entry *entry, struct recording *recording, const struct origin *origin)
{
	recording->is_opened = recording->is_unsure;
	recording->origin = *origin;
	if (!recording->is_opened)
		entries_open_websocket(entries, entry, recording, origin);
}

static void entries_take_message(
    struct entries *entries, struct recording *recording, const struct recorded *step, const struct origin *origin)
{
	struct slice payload = slice_take(step->bytes, entries->resources->limits->message);
	struct passage passage = {.direction = step->sent ? DIRECTION_TO_SERVER : DIRECTION_TO_CLIENT,
	    .origin = *origin,
	    .begun = origin->time};
	struct message message = {.opcode = step->binary ? WS_BINARY : WS_TEXT,
	    .payload = payload,
	    .wire_bytes = step->bytes.len,
	    .frames = 1,
	    .truncated = payload.len < step->bytes.len};
	ledger_note_limit(entries->resources->ledger, LIMIT_MESSAGE, message.truncated);
	entries_count(entries, step->bytes.len);
	entries->sink->message(entries->sink->self, &recording->shown, &passage, &message);
}

/* Its first message, or its end, tells whether packets show it. False: they do. */
static bool entries_open_late(
    struct entries *entries, struct recorded_entry *entry, struct recording *recording, struct slice opening)
{
	if (!recording->is_opened)
		return true;
	struct origin origin = recording->origin;
	if (entries_pass_shown(entries, entry, recording, true, opening))
		return false;
	entries_open_websocket(entries, entry, recording, &origin);
	return entry->user != NULL;
}

static void entries_close(struct entries *entries, struct recorded_entry *entry, struct recording *recording)
{
	if (recording->shown.is_websocket)
		entries->sink->websocket_closed(entries->sink->self, &recording->shown);
	entries_drop(entries, entry, recording);
}

static void entries_end_recording(
    struct entries *entries, struct recorded_entry *entry, struct recording *recording, timestamp time)
{
	if (recording->shown.is_websocket)
		entries->sink->recording_ended(entries->sink->self, &recording->shown, time);
	entries_close(entries, entry, recording);
}

/* ---- steps */

static void entries_count_time(const struct entries *entries, struct entries_counts *counts, timestamp time)
{
	ledger_add(entries->resources->ledger, LEDGER_TURNED_BACK, 0,
	    counts->last != TIMESTAMP_NONE && time < counts->last - TIMESTAMP_SECOND);
	timestamp_widen(&counts->first, &counts->last, time);
}

void entries_take(struct entries *entries, const struct packet *packet, bool beside_packets)
{
	const struct recorded *step = packet->recorded;
	struct recorded_entry *entry = step->entry;
	struct origin origin = {.first = entry->number,
	    .last = entry->number,
	    .time = packet->time,
	    .kind = entry->is_logged ? ORIGIN_LINES : ORIGIN_ENTRIES};
	struct recording *recording = entry->user;
	entries->beside_packets = beside_packets;
	entries_count_time(entries, &entries->counts, packet->time);
	if (step->kind == RECORDED_REQUEST)
		entries_take_request(entries, entry, &origin);
	else if (recording && step->kind == RECORDED_ANSWER)
		entries_take_answer(entries, entry, recording, &origin);
	else if (step->kind == RECORDED_ANSWER)
		entries_take_unwanted(entries, entry, &origin);
	else if (recording && step->kind == RECORDED_OPEN)
		entries_take_open(entries, entry, recording, &origin);
	else if (recording && step->kind == RECORDED_MESSAGE &&
	         entries_open_late(entries, entry, recording, step->bytes))
		entries_take_message(entries, entry->user, step, &origin);
	else if (recording && step->kind == RECORDED_END &&
	         entries_open_late(entries, entry, recording, slice_of(NULL, 0)))
		entries_end_recording(entries, entry, entry->user, packet->time);
}

void entries_end(struct entries *entries)
{
	while (entries->open)
		entries_close(entries, NULL, entries->open);
}

void entries_free(struct entries *entries)
{
	struct entries_name *name, *next;
	if (!entries)
		return;
	entries_end(entries);
	LL_FOREACH_SAFE(entries->names, name, next)
	budget_release(name);
	free(entries);
}

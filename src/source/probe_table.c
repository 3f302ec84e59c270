/* The table of what the probes watch: records in, packets out. */
#include "source/probe_parts.h"

#include <stdlib.h>

/* ---- the queue: what is emitted next, in order */

bool probe_queue_add(struct budget *memory, struct emission_queue *queue, const struct emission *emission)
{
	if (queue->first == queue->count)
		queue->first = queue->count = 0;
	if (queue->count == queue->room) {
		size_t room = queue->room ? queue->room * 2 : 16;
		struct emission *grown = budget_resize(memory, queue->list, room * sizeof *grown);
		if (!grown)
			return false;
		queue->list = grown;
		queue->room = room;
	}
	queue->list[queue->count++] = *emission;
	return true;
}

bool probe_queue_take(struct emission_queue *queue, struct emission *emission)
{
	if (queue->first == queue->count)
		return false;
	*emission = queue->list[queue->first++];
	return true;
}

bool probe_queue_is_empty(const struct emission_queue *queue)
{
	return queue->first == queue->count;
}

void probe_queue_free(struct emission_queue *queue)
{
	struct emission emission;
	while (probe_queue_take(queue, &emission))
		budget_release(emission.owned);
	budget_release(queue->list);
	*queue = (struct emission_queue){0};
}

/* ---- the table */

/* ---- beginning and end */

struct probe_table *probe_table_new(const struct probe_settings *settings)
{
	struct probe_table *table = calloc(1, sizeof *table);
	if (!table)
		return NULL;
	table->settings = *settings;
	table->memory.limit = settings->memory ? settings->memory : SIZE_MAX;
	return table;
}

void probe_table_set_clock(struct probe_table *table, timestamp clock_offset)
{
	table->settings.clock_offset = clock_offset;
}

static void table_settle(struct probe_table *table)
{
	struct emission *emitted = &table->emitted;
	budget_release(emitted->owned);
	if (emitted->is_last)
		budget_release(emitted->watched);
	*emitted = (struct emission){0};
}

void probe_table_free(struct probe_table *table)
{
	struct watched_socket *socket, *next_socket;
	if (!table)
		return;
	do
		table_settle(table);
	while (probe_queue_take(&table->queue, &table->emitted));
	probe_streams_free(table);
	HASH_ITER(hh, table->sockets, socket, next_socket)
	{
		HASH_DEL(table->sockets, socket);
		HASH_DELETE(by_ends, table->by_ends, socket);
		budget_release(socket);
	}
	while (table->lost) {
		struct watched *lost = table->lost;
		table->lost = lost->lost_before;
		budget_release(lost);
	}
	probe_queue_free(&table->queue);
	free(table);
}

uint64_t probe_table_unmatched(const struct probe_table *table)
{
	return table->unmatched;
}

uint64_t probe_table_refused(const struct probe_table *table)
{
	return table->refused;
}

/* ---- emitting */

/* Nothing keeps a record from naming any time at all. */
static timestamp table_time(const struct probe_table *table, unsigned long long time)
{
	timestamp since_boot = time < (unsigned long long)TIMESTAMP_LAST ? (timestamp)time : TIMESTAMP_LAST;
	timestamp epoch = since_boot + table->settings.clock_offset;
	return epoch < TIMESTAMP_LAST ? epoch : TIMESTAMP_LAST;
}

bool probe_table_queue(struct probe_table *table, struct emission_queue *queue, const struct emission *emission)
{
	if (probe_queue_add(&table->memory, queue, emission))
		return true;
	table->refused++;
	budget_release(emission->owned);
	return false;
}

static void table_emit(struct probe_table *table, const struct emission *emission)
{
	probe_table_queue(table, &table->queue, emission);
}

static void table_emit_end(struct probe_table *table, struct watched *watched, enum probed_kind kind, bool received,
    const struct probe_head *head)
{
	if (watched->has_ended[received] || !watched->was_emitted || watched->is_muted)
		return;
	watched->has_ended[received] = true;
	table_emit(table, &(struct emission){.watched = watched,
	                      .kind = kind,
	                      .received = received,
	                      .offset = watched->frames.next[received],
	                      .time = table_time(table, head->time)});
}

void probe_table_emit_gone(struct probe_table *table, struct watched *watched, const struct probe_head *head)
{
	if (!watched->was_emitted) {
		budget_release(watched);
		return;
	}
	const struct emission gone = {
	    .watched = watched, .kind = PROBED_GONE, .is_last = true, .time = table_time(table, head->time)};
	if (probe_table_queue(table, &table->queue, &gone))
		return;
	watched->lost_before = table->lost;
	table->lost = watched;
}

/* ---- sockets */

struct watched_socket *probe_table_socket(const struct probe_table *table, uint64_t inode)
{
	struct watched_socket *socket;
	HASH_FIND(hh, table->sockets, &inode, sizeof inode, socket);
	return socket;
}

/* Shows the bytes of its connection: those that went by in calls that show none (splice, io_uring) are shown by the
 * other end alone. Of TLS, what a stream was matched to does, or will. */
static bool socket_is_shown(const struct watched_socket *socket)
{
	return socket->watched.facts.is_tls ? socket->stream != NULL : socket->watched.was_emitted;
}

static struct watched_socket *table_find_mirror(
    const struct probe_table *table, const struct watched_socket *socket, bool is_shown)
{
	const struct socket_ends *own = &socket->ends;
	const struct socket_ends other = {own->remote, own->local, own->remote_port, own->local_port};
	struct watched_socket *found;
	HASH_FIND(by_ends, table->by_ends, &other, sizeof other, found);
	/* Those with the same ends are behind it in its bucket. */
	for (UT_hash_handle *each = found ? &found->by_ends : NULL; each; each = each->hh_next) {
		found = ELMT_FROM_HH(each->tbl, each);
		if (found != socket && socket_is_shown(found) == is_shown &&
		    memcmp(&found->ends, &other, sizeof other) == 0)
			return found;
	}
	return NULL;
}

/* The other end of its connection, when that is watched too; one that is shown, or one that is not. */
static struct watched_socket *table_find_other_end(
    const struct probe_table *table, const struct watched_socket *socket, bool is_shown)
{
	if (!table->clients && !socket->watched.facts.is_client)
		return NULL;
	if (!socket->peer)
		return table_find_mirror(table, socket, is_shown);
	struct watched_socket *peer = probe_table_socket(table, socket->peer);
	return peer && peer != socket && socket_is_shown(peer) == is_shown ? peer : NULL;
}

/* Both ends of a connection may be watched. The one whose bytes come first emits it; of TLS, the one to which a stream
 * is matched first. */
bool probe_table_knows_other_end(const struct probe_table *table, const struct watched_socket *socket)
{
	return table_find_other_end(table, socket, true);
}

/* Of a connection whose other end is shown nothing is missing. */
static void socket_count_unread(
    const struct probe_table *table, const struct watched_socket *socket, struct unread_list *list)
{
	bool is_unread = socket->watched.facts.is_tls && !socket->is_read && !socket->stream;
	bool is_missing = is_unread || socket->has_unseen || socket->has_ring;
	if (!is_missing || socket->was_shown || probe_table_knows_other_end(table, socket))
		return;
	if (is_unread)
		unread_add(list, PROBE_UNREAD_TLS, &socket->watched.facts.process);
	if (socket->has_unseen)
		unread_add(list, PROBE_UNREAD_PASSED, &socket->watched.facts.process);
	if (socket->has_ring)
		unread_add(list, PROBE_UNREAD_RING, &socket->watched.facts.process);
}

void probe_table_describe_unread(struct probe_table *table, enum probe_unread reason, struct unread_counts *counts)
{
	struct unread_list list = table->unread; /* and those that are open */
	struct watched_socket *socket, *next;
	HASH_ITER(hh, table->sockets, socket, next)
	socket_count_unread(table, socket, &list);
	unread_describe(&list, reason, counts);
}

void probe_table_set_library(struct probe_table *table, uint32_t process, enum probe_library library)
{
	unread_set_library(&table->unread, process, library);
}

static void socket_remove(struct probe_table *table, struct watched_socket *socket, const struct probe_head *head)
{
	struct watched_socket *other = socket_is_shown(socket) ? table_find_other_end(table, socket, false) : NULL;
	if (other)
		other->was_shown = true;
	socket_count_unread(table, socket, &table->unread);
	probe_streams_end_socket(table, socket, head);
	HASH_DEL(table->sockets, socket);
	HASH_DELETE(by_ends, table->by_ends, socket);
	table->clients -= socket->watched.facts.is_client;
	probe_table_emit_gone(table, &socket->watched, head);
}

static bool table_index_socket(struct probe_table *table, struct watched_socket *socket)
{
	HASH_ADD(hh, table->sockets, inode, sizeof socket->inode, socket);
	if (!hash_has(socket))
		return false;
	HASH_ADD(by_ends, table->by_ends, ends, sizeof socket->ends, socket);
	if (socket->by_ends.tbl)
		return true;
	HASH_DEL(table->sockets, socket);
	return false;
}

/* NULL, and counted: no memory. */
static struct watched_socket *table_add_socket(
    struct probe_table *table, const struct probe_head *head, const struct probe_open *open)
{
	struct watched_socket *socket = budget_new(&table->memory, sizeof *socket);
	if (socket) {
		struct probed_socket *facts = &socket->watched.facts;
		socket->inode = head->socket;
		socket->peer = open->peer;
		probe_facts_read(facts, socket->path, head, open);
		socket->ends = (struct socket_ends){facts->local, facts->remote, facts->local_port, facts->remote_port};
		if (table_index_socket(table, socket))
			return socket;
		budget_release(socket);
	}
	table->refused++;
	return NULL;
}

static void table_take_open(struct probe_table *table, const struct probe_head *head, struct slice body)
{
	struct probe_open open;
	struct watched_socket *socket = probe_table_socket(table, head->socket);
	if (socket)
		socket_remove(table, socket, head);
	if (body.len < sizeof open)
		return;
	memcpy(&open, body.at, sizeof open);
	if (!(socket = table_add_socket(table, head, &open)))
		return;
	socket->watched.facts.id = ++table->ids;
	table->clients += socket->watched.facts.is_client;
}

struct emission probe_table_emission(
    const struct probe_table *table, struct watched *watched, const struct probe_head *head, struct slice bytes)
{
	return (struct emission){.watched = watched,
	    .kind = PROBED_BYTES,
	    .received = head->flags & PROBE_RECEIVED,
	    .offset = head->offset,
	    .time = table_time(table, head->time),
	    .arrived = head->arrived ? table_time(table, head->arrived) : TIMESTAMP_NONE,
	    .bytes = bytes};
}

static void table_take_bytes(struct probe_table *table, const struct probe_head *head, struct slice body)
{
	struct watched_socket *socket = probe_table_socket(table, head->socket);
	if (!socket || socket->watched.is_muted || !body.len)
		return;
	if (!socket->watched.was_emitted && probe_table_knows_other_end(table, socket)) {
		socket->watched.is_muted = true;
		return;
	}
	struct emission emission = probe_table_emission(table, &socket->watched, head, body);
	socket->watched.was_emitted = true;
	table_emit(table, &emission);
}

static struct watched *socket_emitted(struct watched_socket *socket)
{
	return socket->stream ? &socket->stream->watched : &socket->watched;
}

static void table_take_end(struct probe_table *table, const struct probe_head *head)
{
	struct watched_socket *socket = probe_table_socket(table, head->socket);
	enum probed_kind kind = head->kind == PROBE_RESET ? PROBED_RESET : PROBED_END;
	if (socket)
		table_emit_end(table, socket_emitted(socket), kind, head->flags & PROBE_RECEIVED, head);
}

static void table_take_gone(struct probe_table *table, const struct probe_head *head)
{
	struct watched_socket *socket = probe_table_socket(table, head->socket);
	if (socket)
		socket_remove(table, socket, head);
}

static void table_take_moved(struct probe_table *table, const struct probe_head *head, struct slice body)
{
	struct probe_open open;
	struct watched_socket *socket = probe_table_socket(table, head->socket);
	if (!socket || body.len < sizeof open)
		return;
	memcpy(&open, body.at, sizeof open);
	probe_process_read(&socket->watched.facts.process, head, &open);
	socket->watched.facts.is_tls |= open.is_tls; /* behind a balancer's header */
	if (socket->stream)
		socket->stream->watched.facts.process = socket->watched.facts.process;
}

static void table_take_mark(struct probe_table *table, const struct probe_head *head)
{
	struct watched_socket *socket = probe_table_socket(table, head->socket);
	if (socket && head->kind == PROBE_TLS_READ)
		socket->is_read = true;
	else if (socket && head->kind == PROBE_RING)
		socket->has_ring = true;
	else if (socket)
		socket->has_unseen = true;
}

static void table_take_foreign(struct probe_table *table, const struct probe_head *head, struct slice body)
{
	struct process process = {.id = head->process};
	snprintf(process.command, sizeof process.command, "%.*s", (int)body.len, (const char *)body.at);
	unread_add(&table->unread, PROBE_UNREAD_BITS, &process);
}

/* What a process had open ends with it. */
static void table_take_exit(struct probe_table *table, const struct probe_head *head)
{
	struct watched_socket *socket, *next;
	HASH_ITER(hh, table->sockets, socket, next)
	{
		if (socket->watched.facts.process.id != head->process)
			continue;
		table_emit_end(table, socket_emitted(socket), PROBED_EXIT, false, head);
		socket_remove(table, socket, head);
	}
	probe_streams_end_process(table, head);
}

/* ---- log lines */

static void table_take_log(struct probe_table *table, const struct probe_head *head, struct slice body)
{
	struct slice line;
	while (probe_log_next_line(&body, &line))
		if (probe_log_takes(
		        &table->traces, head, line, table->settings.log_tables, table->settings.log_pattern))
			table_emit(table, &(struct emission){.kind = PROBED_LOG,
			                      .time = table_time(table, head->time),
			                      .bytes = line,
			                      .process = head->process});
}

/* ---- records in, packets out */

static void table_take_record(struct probe_table *table, const struct probe_head *head, struct slice body)
{
	switch ((enum probe_kind)head->kind) {
	case PROBE_OPEN:
		table_take_open(table, head, body);
		break;
	case PROBE_BYTES:
		table_take_bytes(table, head, body);
		break;
	case PROBE_END:
	case PROBE_RESET:
		table_take_end(table, head);
		break;
	case PROBE_GONE:
		table_take_gone(table, head);
		break;
	case PROBE_LOG:
		table_take_log(table, head, body);
		break;
	case PROBE_TLS:
		probe_streams_take(table, head, body);
		break;
	case PROBE_TLS_NEAR:
		probe_streams_take_near(table, head);
		break;
	case PROBE_TLS_GONE:
		probe_streams_take_gone(table, head);
		break;
	case PROBE_MOVED:
		table_take_moved(table, head, body);
		break;
	case PROBE_TLS_READ:
	case PROBE_PASSED:
	case PROBE_RING:
		table_take_mark(table, head);
		break;
	case PROBE_FOREIGN:
		table_take_foreign(table, head, body);
		break;
	case PROBE_EXIT:
		table_take_exit(table, head);
		break;
	default:
		break; /* not ours */
	}
}

void probe_table_take(struct probe_table *table, struct slice record)
{
	struct probe_head head;
	if (record.len < sizeof head)
		return;
	memcpy(&head, record.at, sizeof head);
	record = slice_drop(record, sizeof head);
	if (head.length > record.len || head.length > sizeof table->frame - PROBE_FRAME_HEAD)
		return;
	uint8_t *body = table->frame + PROBE_FRAME_HEAD;
	memcpy(body, record.at, head.length);
	table_take_record(table, &head, slice_of(body, head.length));
}

/* Bytes that waited lie elsewhere: they come where the headers have room before them. */
static uint8_t *table_place(struct probe_table *table, struct slice bytes)
{
	uint8_t *body = table->frame + PROBE_FRAME_HEAD;
	if (bytes.len && (bytes.at < table->frame || bytes.at >= table->frame + sizeof table->frame))
		memcpy(body, bytes.at, bytes.len);
	return body;
}

static void table_make_packet(struct probe_table *table, struct packet *packet)
{
	struct emission *emitted = &table->emitted;
	struct slice frame = slice_of(NULL, 0);
	table->probed = (struct probed){.kind = emitted->kind,
	    .process = emitted->process,
	    .socket = emitted->watched ? &emitted->watched->facts : NULL,
	    .received = emitted->received,
	    .offset = emitted->offset,
	    .arrived = emitted->arrived,
	    .bytes = emitted->bytes};
	if (emitted->watched) {
		uint8_t *body = table_place(table, emitted->bytes);
		table->probed.bytes.at = body;
		frame = probe_frame_write(&emitted->watched->frames, &table->probed, body);
	}
	*packet = (struct packet){.time = emitted->time,
	    .number = frame.len ? ++table->packets : 0,
	    .link_type = PROBE_FRAME_LINK,
	    .wire_len = (uint32_t)(frame.len ? frame.len : emitted->bytes.len),
	    .bytes = frame,
	    .probed = &table->probed};
}

bool probe_table_next(struct probe_table *table, struct packet *packet)
{
	table_settle(table);
	if (!probe_queue_take(&table->queue, &table->emitted))
		return false;
	table_make_packet(table, packet);
	return true;
}

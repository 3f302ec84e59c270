/*
 * What the probes told of, and which socket a TLS stream goes through.
 *
 * A record of a stream carries evidence: the socket that was used inside the library's call (certain), the one that its
 * thread read from last before it (python's and node's order), the one that its thread wrote to next. The first ties
 * the stream; until then its records are held. Later ones agree or not: when a quarter do not, two connections fit, and
 * the stream is doubtful from then on.
 */
#include "source/probe_table.h"

#include "bpf/records.h"
#include "source/probe_facts.h"
#include "source/probe_frame.h"
#include "source/probe_log.h"

#include <stdlib.h>
#include <uthash.h>

enum { TABLE_HELD = 256 << 10, TABLE_DOUBT = 4 };

/* Something with bytes of two directions: a socket, or a TLS stream. */
struct watched {
	struct probed_socket facts;
	struct probe_frames frames;
	bool was_told;
	bool is_muted; /* the other end of a connection that is told already */
	bool has_ended[2];
};

/* What is to be told next. */
struct telling {
	struct watched *watched; /* NULL: a log line */
	enum probed_kind kind;
	bool received;
	bool is_last; /* `watched` is freed after it, and only then */
	uint64_t offset;
	stamp time, arrived;
	struct slice bytes;
	uint8_t *owned; /* what `bytes` lie in, when it was held; freed after it */
};

struct queue {
	struct telling *list;
	size_t first, count, room;
};

struct stream;

struct entry {
	struct watched watched; /* first: freed as one */
	uint64_t inode;
	uint64_t peer; /* unix: the other end's inode */
	struct stream *stream;
	char path[PROBE_PATH_TEXT];
	UT_hash_handle hh;
};

struct stream_key {
	uint64_t stream;
	uint64_t process;
};

struct stream {
	struct watched watched; /* first: freed as one */
	struct stream_key key;
	struct entry *entry; /* NULL: not tied yet */
	uint64_t agree, against;
	bool was_freed; /* by the library; the socket goes on */
	struct queue held;
	size_t held_bytes;
	UT_hash_handle hh;
};

struct probe_table {
	struct probe_settings settings;
	struct entry *entries;
	struct stream *streams;
	size_t clients; /* of the entries */
	uint64_t ids, untied, refused, packets;
	struct queue queue;
	struct telling told; /* the last one: what it owns is let go at the next call */
	struct probed probed;
	uint8_t frame[PROBE_FRAME_HEAD + sizeof(struct probe_open) + PROBE_PIECE];
};

/* ---- the queue */

/* Without memory it is not told: the next offset shows that it was there. */
static bool queue_add(struct queue *queue, const struct telling *telling)
{
	if (queue->first == queue->count)
		queue->first = queue->count = 0;
	if (queue->count == queue->room) {
		size_t room = queue->room ? queue->room * 2 : 16;
		struct telling *grown = realloc(queue->list, room * sizeof *grown);
		if (!grown)
			return false;
		queue->list = grown;
		queue->room = room;
	}
	queue->list[queue->count++] = *telling;
	return true;
}

static bool queue_take(struct queue *queue, struct telling *telling)
{
	if (queue->first == queue->count)
		return false;
	*telling = queue->list[queue->first++];
	return true;
}

static void queue_free(struct queue *queue)
{
	struct telling telling;
	while (queue_take(queue, &telling))
		free(telling.owned);
	free(queue->list);
	*queue = (struct queue){0};
}

/* ---- beginning and end */

struct probe_table *probe_table_new(const struct probe_settings *settings)
{
	struct probe_table *table = calloc(1, sizeof *table);
	if (table)
		table->settings = *settings;
	return table;
}

void probe_table_set_clock(struct probe_table *table, stamp clock_offset)
{
	table->settings.clock_offset = clock_offset;
}

static void stream_free(struct stream *stream)
{
	queue_free(&stream->held);
	free(stream);
}

static void table_settle(struct probe_table *table)
{
	struct telling *told = &table->told;
	free(told->owned);
	if (told->is_last)
		free(told->watched);
	*told = (struct telling){0};
}

void probe_table_free(struct probe_table *table)
{
	struct entry *entry, *next_entry;
	struct stream *stream, *next_stream;
	if (!table)
		return;
	do
		table_settle(table);
	while (queue_take(&table->queue, &table->told));
	HASH_ITER(hh, table->streams, stream, next_stream)
	{
		HASH_DEL(table->streams, stream);
		if (stream->entry && stream->entry->stream == stream)
			stream->entry->stream = NULL;
		stream_free(stream);
	}
	HASH_ITER(hh, table->entries, entry, next_entry)
	{
		HASH_DEL(table->entries, entry);
		if (entry->stream)
			stream_free(entry->stream);
		free(entry);
	}
	queue_free(&table->queue);
	free(table);
}

uint64_t probe_table_untied(const struct probe_table *table)
{
	return table->untied;
}

uint64_t probe_table_refused(const struct probe_table *table)
{
	return table->refused;
}

/* ---- telling */

static stamp table_time(const struct probe_table *table, unsigned long long time)
{
	return (stamp)time + table->settings.clock_offset;
}

static void table_tell_end(struct probe_table *table, struct watched *watched, enum probed_kind kind, bool received,
    const struct probe_head *head)
{
	if (watched->has_ended[received] || !watched->was_told || watched->is_muted)
		return;
	watched->has_ended[received] = true;
	queue_add(&table->queue, &(struct telling){.watched = watched,
	                             .kind = kind,
	                             .received = received,
	                             .offset = watched->frames.next[received],
	                             .time = table_time(table, head->time)});
}

/* Its memory goes when that is told. */
static void table_tell_gone(struct probe_table *table, struct watched *watched, const struct probe_head *head)
{
	const struct telling gone = {
	    .watched = watched, .kind = PROBED_GONE, .is_last = true, .time = table_time(table, head->time)};
	if (!queue_add(&table->queue, &gone))
		watched->was_told = false; /* leaked rather than used after it is gone */
}

/* ---- sockets */

static struct entry *table_entry(const struct probe_table *table, uint64_t inode)
{
	struct entry *entry;
	HASH_FIND(hh, table->entries, &inode, sizeof inode, entry);
	return entry;
}

static void stream_remove(struct probe_table *table, struct stream *stream, const struct probe_head *head)
{
	if (!stream->was_freed)
		HASH_DEL(table->streams, stream);
	if (stream->entry && stream->entry->stream == stream)
		stream->entry->stream = NULL;
	table->untied += !stream->entry;
	queue_free(&stream->held);
	table_tell_gone(table, &stream->watched, head);
}

static void entry_remove(struct probe_table *table, struct entry *entry, const struct probe_head *head)
{
	if (entry->stream)
		stream_remove(table, entry->stream, head);
	struct stream *stream, *next;
	HASH_ITER(hh, table->streams, stream, next)
	if (stream->entry == entry)
		stream_remove(table, stream, head);
	HASH_DEL(table->entries, entry);
	table->clients -= entry->watched.facts.is_client;
	table_tell_gone(table, &entry->watched, head);
}

static bool entry_mirrors(const struct entry *one, const struct entry *other)
{
	const struct probed_socket *a = &one->watched.facts, *b = &other->watched.facts;
	if (one->peer || other->peer)
		return one->peer == other->inode;
	return a->local_port == b->remote_port && a->remote_port == b->local_port &&
	       address_equals(&a->local, &b->remote) && address_equals(&a->remote, &b->local);
}

/* Both ends of a connection may be watched. Who was first tells it; of TLS, whose first stream told of it. */
static bool table_knows_other_end(const struct probe_table *table, const struct entry *entry)
{
	struct entry *other, *next;
	if (!table->clients && !entry->watched.facts.is_client)
		return false;
	HASH_ITER(hh, table->entries, other, next)
	if (other != entry && (!other->watched.facts.is_tls || other->stream) && entry_mirrors(entry, other))
		return true;
	return false;
}

static const struct probe_open *record_open(struct slice body)
{
	return body.len >= sizeof(struct probe_open) ? (const void *)body.at : NULL;
}

static const uint8_t table_hello[] = {0x16, 3, 1, 0, 4, 1, 0, 0, 0};

static void table_take_open(struct probe_table *table, const struct probe_head *head, struct slice body)
{
	const struct probe_open *open = record_open(body);
	struct entry *entry = table_entry(table, head->socket);
	if (entry)
		entry_remove(table, entry, head);
	entry = open ? calloc(1, sizeof *entry) : NULL;
	if (!entry)
		return;
	entry->inode = head->socket;
	entry->peer = open->peer;
	probe_facts_read(&entry->watched.facts, entry->path, head, open);
	entry->watched.facts.id = ++table->ids;
	bool hidden = open->is_tls && table->settings.reads_tls;
	entry->watched.is_muted = !hidden && table_knows_other_end(table, entry);
	table->clients += entry->watched.facts.is_client;
	HASH_ADD(hh, table->entries, inode, sizeof entry->inode, entry);
	/* TLS that nobody will show in the clear is told as what it is. */
	if (open->is_tls && !hidden && !entry->watched.is_muted)
		queue_add(&table->queue, &(struct telling){.watched = &entry->watched,
		                             .received = !open->is_client,
		                             .time = table_time(table, head->time),
		                             .bytes = slice_of(table_hello, sizeof table_hello)});
}

static struct telling table_telling(
    const struct probe_table *table, struct watched *watched, const struct probe_head *head, struct slice bytes)
{
	return (struct telling){.watched = watched,
	    .kind = PROBED_BYTES,
	    .received = head->flags & PROBE_RECEIVED,
	    .offset = head->offset,
	    .time = table_time(table, head->time),
	    .arrived = head->arrived ? table_time(table, head->arrived) : STAMP_NONE,
	    .bytes = bytes};
}

static void table_take_bytes(struct probe_table *table, const struct probe_head *head, struct slice body)
{
	struct entry *entry = table_entry(table, head->socket);
	if (!entry || entry->watched.is_muted || !body.len)
		return;
	struct telling telling = table_telling(table, &entry->watched, head, body);
	entry->watched.was_told = true;
	queue_add(&table->queue, &telling);
}

static struct watched *entry_told(struct entry *entry)
{
	return entry->stream ? &entry->stream->watched : &entry->watched;
}

static void table_take_end(struct probe_table *table, const struct probe_head *head)
{
	struct entry *entry = table_entry(table, head->socket);
	enum probed_kind kind = head->kind == PROBE_RESET ? PROBED_RESET : PROBED_END;
	if (entry)
		table_tell_end(table, entry_told(entry), kind, head->flags & PROBE_RECEIVED, head);
}

static void table_take_gone(struct probe_table *table, const struct probe_head *head)
{
	struct entry *entry = table_entry(table, head->socket);
	if (entry)
		entry_remove(table, entry, head);
}

/* What a process had open ends with it. */
static void table_take_exit(struct probe_table *table, const struct probe_head *head)
{
	struct entry *entry, *next;
	HASH_ITER(hh, table->entries, entry, next)
	{
		if (entry->watched.facts.process.id != head->process)
			continue;
		table_tell_end(table, entry_told(entry), PROBED_EXIT, false, head);
		entry_remove(table, entry, head);
	}
	struct stream *stream, *next_stream;
	HASH_ITER(hh, table->streams, stream, next_stream)
	if (stream->key.process == head->process)
		stream_remove(table, stream, head);
}

/* ---- TLS */

static struct stream *table_stream(struct probe_table *table, const struct probe_head *head, bool makes)
{
	struct stream_key key = {head->stream, head->process};
	struct stream *stream;
	HASH_FIND(hh, table->streams, &key, sizeof key, stream);
	if (stream || !makes)
		return stream;
	stream = calloc(1, sizeof *stream);
	if (!stream)
		return NULL;
	stream->key = key;
	stream->watched.facts.is_client = head->flags & PROBE_CLIENT;
	stream->watched.facts.is_joined = head->flags & PROBE_JOINED;
	HASH_ADD(hh, table->streams, key, sizeof stream->key, stream);
	return stream;
}

/* What was held is told in the name of the socket now. */
static void stream_release(struct probe_table *table, struct stream *stream)
{
	struct telling telling;
	while (queue_take(&stream->held, &telling)) {
		if (!stream->watched.is_muted && queue_add(&table->queue, &telling))
			stream->watched.was_told = true;
		else
			free(telling.owned);
	}
	stream->held_bytes = 0;
}

static void stream_doubt(struct stream *stream)
{
	stream->watched.facts.is_doubtful = true;
}

static void stream_tie(
    struct probe_table *table, struct stream *stream, struct entry *entry, const struct probe_head *head)
{
	struct probed_socket *facts = &stream->watched.facts;
	bool is_client = facts->is_client, is_joined = facts->is_joined;
	struct stream *other = entry->stream;
	stream->entry = entry;
	*facts = entry->watched.facts;
	facts->id = ++table->ids;
	facts->is_client = is_client;
	facts->is_joined |= is_joined;
	facts->is_tls = true;
	stream->watched.is_muted = table_knows_other_end(table, entry);
	if (other && other->was_freed) {
		stream_remove(table, other, head);
	} else if (other) { /* both say that this is theirs */
		stream_doubt(other);
		stream_doubt(stream);
	}
	entry->stream = stream;
	stream_release(table, stream);
}

static void stream_weigh(struct probe_table *table, struct stream *stream, const struct probe_head *head)
{
	struct entry *entry = head->socket ? table_entry(table, head->socket) : NULL;
	if (!entry)
		return;
	if (!stream->entry)
		stream_tie(table, stream, entry, head);
	if (entry == stream->entry)
		stream->agree++;
	else
		stream->against++;
	if (stream->against * TABLE_DOUBT > stream->agree)
		stream_doubt(stream);
}

static void stream_hold(struct stream *stream, struct telling *telling)
{
	if (stream->held_bytes + telling->bytes.len > TABLE_HELD)
		return;
	telling->owned = malloc(telling->bytes.len);
	if (!telling->owned)
		return;
	memcpy(telling->owned, telling->bytes.at, telling->bytes.len);
	telling->bytes.at = telling->owned;
	stream->held_bytes += telling->bytes.len;
	if (!queue_add(&stream->held, telling))
		free(telling->owned);
}

static void table_take_tls(struct probe_table *table, const struct probe_head *head, struct slice body)
{
	struct stream *stream = table_stream(table, head, true);
	if (!stream)
		return;
	stream_weigh(table, stream, head);
	struct telling telling = table_telling(table, &stream->watched, head, body);
	if (!body.len || stream->watched.is_muted)
		return;
	if (!stream->entry) {
		stream_hold(stream, &telling);
		return;
	}
	stream->watched.was_told = true;
	queue_add(&table->queue, &telling);
}

static void table_take_near(struct probe_table *table, const struct probe_head *head)
{
	struct stream *stream = table_stream(table, head, false);
	if (stream)
		stream_weigh(table, stream, head);
}

/* The memory of the SSL may be another's soon; what the socket still has to tell (its end) is told of this stream. */
static void table_take_tls_gone(struct probe_table *table, const struct probe_head *head)
{
	struct stream *stream = table_stream(table, head, false);
	if (!stream)
		return;
	if (!stream->entry || stream->entry->stream != stream) {
		stream_remove(table, stream, head);
		return;
	}
	HASH_DEL(table->streams, stream);
	stream->was_freed = true;
}

/* ---- log lines */

static void table_take_log(struct probe_table *table, const struct probe_head *head, struct slice body)
{
	struct slice line;
	while (probe_log_next_line(&body, &line))
		if (probe_log_matters(line, table->settings.log_pattern))
			queue_add(&table->queue,
			    &(struct telling){
			        .kind = PROBED_LOG, .time = table_time(table, head->time), .bytes = line});
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
		table_take_tls(table, head, body);
		break;
	case PROBE_TLS_NEAR:
		table_take_near(table, head);
		break;
	case PROBE_TLS_GONE:
		table_take_tls_gone(table, head);
		break;
	case PROBE_EXIT:
		table_take_exit(table, head);
		break;
	default:
		table->refused++;
	}
}

void probe_table_take(struct probe_table *table, struct slice record)
{
	struct probe_head head;
	if (record.len < sizeof head) {
		table->refused++;
		return;
	}
	memcpy(&head, record.at, sizeof head);
	record = slice_drop(record, sizeof head);
	if (head.length > record.len || head.length > sizeof table->frame - PROBE_FRAME_HEAD) {
		table->refused++;
		return;
	}
	uint8_t *body = table->frame + PROBE_FRAME_HEAD;
	memcpy(body, record.at, head.length);
	table_take_record(table, &head, slice_of(body, head.length));
}

/* Bytes that were held lie elsewhere: they come where the headers have room before them. */
static uint8_t *table_place(struct probe_table *table, struct slice bytes)
{
	uint8_t *body = table->frame + PROBE_FRAME_HEAD;
	if (bytes.len && (bytes.at < table->frame || bytes.at >= table->frame + sizeof table->frame))
		memcpy(body, bytes.at, bytes.len);
	return body;
}

static void table_make_packet(struct probe_table *table, struct packet *packet)
{
	struct telling *told = &table->told;
	struct slice frame = slice_of(NULL, 0);
	table->probed = (struct probed){.kind = told->kind,
	    .socket = told->watched ? &told->watched->facts : NULL,
	    .received = told->received,
	    .offset = told->offset,
	    .arrived = told->arrived,
	    .bytes = told->bytes};
	if (told->watched) {
		uint8_t *body = table_place(table, told->bytes);
		table->probed.bytes.at = body;
		frame = probe_frame_write(&told->watched->frames, &table->probed, body);
	}
	*packet = (struct packet){.time = told->time,
	    .number = frame.len ? ++table->packets : 0,
	    .link_type = PROBE_FRAME_LINK,
	    .wire_len = (uint32_t)(frame.len ? frame.len : told->bytes.len),
	    .bytes = frame,
	    .probed = &table->probed};
}

bool probe_table_next(struct probe_table *table, struct packet *packet)
{
	table_settle(table);
	if (!queue_take(&table->queue, &table->told))
		return false;
	table_make_packet(table, packet);
	return true;
}

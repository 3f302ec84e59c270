/*
 * Which socket a TLS stream goes through.
 *
 * A record of a stream carries evidence: the socket that was used inside the library's call (certain), the one that its
 * thread read from last before it (python's and node's order), the one that its thread wrote to next. The first matches
 * the stream; until then its records wait. Later ones agree or not: when a quarter do not, two connections fit, and
 * the stream is doubtful from then on.
 */
#include "source/probe_parts.h"

#include <stdlib.h>

enum { STREAM_WAITING = 256 << 10, STREAM_DOUBT = 4 };

static struct watched_stream *streams_find(struct probe_table *table, const struct probe_head *head, bool makes)
{
	struct stream_key key = {head->stream, head->process};
	struct watched_stream *stream;
	HASH_FIND(hh, table->streams, &key, sizeof key, stream);
	if (stream || !makes)
		return stream;
	stream = budget_new(&table->memory, sizeof *stream);
	if (stream) {
		stream->key = key;
		HASH_ADD(hh, table->streams, key, sizeof stream->key, stream);
		if (hash_has(stream)) {
			stream->watched.facts.is_client = head->flags & PROBE_CLIENT;
			stream->watched.facts.is_joined = head->flags & PROBE_JOINED;
			return stream;
		}
		budget_release(stream);
	}
	table->refused++;
	return NULL;
}

static void stream_remove(struct probe_table *table, struct watched_stream *stream, const struct probe_head *head)
{
	struct watched_socket *socket = stream->socket;
	if (!stream->was_freed)
		HASH_DEL(table->streams, stream);
	if (socket) {
		socket->matches--;
		if (socket->stream == stream)
			socket->stream = NULL;
	}
	probe_queue_free(&stream->waiting);
	probe_table_emit_gone(table, &stream->watched, head);
}

/* What waited is emitted as the socket's now. */
static void stream_release(struct probe_table *table, struct watched_stream *stream)
{
	struct emission emission;
	while (probe_queue_take(&stream->waiting, &emission)) {
		if (stream->watched.is_muted)
			budget_release(emission.owned);
		else if (probe_table_queue(table, &table->queue, &emission))
			stream->watched.was_emitted = true;
	}
	stream->waiting_bytes = 0;
}

static void stream_doubt(struct watched_stream *stream)
{
	stream->watched.facts.is_doubtful = true;
}

static void stream_tie(struct probe_table *table, struct watched_stream *stream, struct watched_socket *socket,
    const struct probe_head *head)
{
	struct probed_socket *facts = &stream->watched.facts;
	bool is_client = facts->is_client, is_joined = facts->is_joined;
	struct watched_stream *other = socket->stream;
	stream->socket = socket;
	socket->matches++;
	table->unmatched -= stream->waited;
	*facts = socket->watched.facts;
	facts->id = ++table->ids;
	facts->is_client = is_client;
	facts->is_joined |= is_joined;
	facts->is_tls = true;
	stream->watched.is_muted = probe_table_knows_other_end(table, socket);
	if (other && other->was_freed) {
		stream_remove(table, other, head);
	} else if (other) { /* both say that this is theirs */
		stream_doubt(other);
		stream_doubt(stream);
	}
	socket->stream = stream;
	stream_release(table, stream);
}

static void stream_weigh(struct probe_table *table, struct watched_stream *stream, const struct probe_head *head)
{
	struct watched_socket *socket = head->socket ? probe_table_socket(table, head->socket) : NULL;
	if (!socket)
		return;
	if (!stream->socket)
		stream_tie(table, stream, socket, head);
	if (socket == stream->socket)
		stream->agree++;
	else
		stream->against++;
	if (stream->against * STREAM_DOUBT > stream->agree)
		stream_doubt(stream);
}

/* False, and counted: no memory. */
static bool emission_own(struct probe_table *table, struct emission *emission)
{
	emission->owned = budget_new(&table->memory, emission->bytes.len);
	table->refused += !emission->owned;
	if (!emission->owned)
		return false;
	memcpy(emission->owned, emission->bytes.at, emission->bytes.len);
	emission->bytes.at = emission->owned;
	return true;
}

static void stream_wait(struct probe_table *table, struct watched_stream *stream, struct emission *emission)
{
	table->unmatched += !stream->waited;
	stream->waited = true;
	if (stream->waiting_bytes + emission->bytes.len > STREAM_WAITING || !emission_own(table, emission))
		return;
	stream->waiting_bytes += emission->bytes.len;
	probe_table_queue(table, &stream->waiting, emission);
}

void probe_streams_take(struct probe_table *table, const struct probe_head *head, struct slice body)
{
	struct watched_stream *stream = streams_find(table, head, true);
	if (!stream)
		return;
	stream_weigh(table, stream, head);
	if (!body.len || stream->watched.is_muted)
		return;
	struct emission emission = probe_table_emission(table, &stream->watched, head, body);
	if (!stream->socket) {
		stream_wait(table, stream, &emission);
		return;
	}
	/* Those that waited are emitted first, and lie then where this one's bytes lie now. */
	if (!probe_queue_is_empty(&table->queue) && !emission_own(table, &emission))
		return;
	stream->watched.was_emitted = true;
	probe_table_queue(table, &table->queue, &emission);
}

void probe_streams_take_near(struct probe_table *table, const struct probe_head *head)
{
	struct watched_stream *stream = streams_find(table, head, false);
	if (stream)
		stream_weigh(table, stream, head);
}

/* The memory of the SSL may be another's soon; what the socket still has to emit (its end) is emitted for this stream.
 */
void probe_streams_take_gone(struct probe_table *table, const struct probe_head *head)
{
	struct watched_stream *stream = streams_find(table, head, false);
	if (!stream)
		return;
	if (!stream->socket || stream->socket->stream != stream) {
		stream_remove(table, stream, head);
		return;
	}
	HASH_DEL(table->streams, stream);
	stream->was_freed = true;
}

/* ---- what ends without the library's word */

void probe_streams_end_process(struct probe_table *table, const struct probe_head *head)
{
	struct watched_stream *stream, *next;
	HASH_ITER(hh, table->streams, stream, next)
	if (stream->key.process == head->process)
		stream_remove(table, stream, head);
}

void probe_streams_end_socket(struct probe_table *table, struct watched_socket *socket, const struct probe_head *head)
{
	struct watched_stream *stream, *next;
	if (socket->stream)
		stream_remove(table, socket->stream, head);
	if (!socket->matches)
		return;
	HASH_ITER(hh, table->streams, stream, next)
	if (stream->socket == socket)
		stream_remove(table, stream, head);
}

static void stream_free(struct watched_stream *stream)
{
	probe_queue_free(&stream->waiting);
	budget_release(stream);
}

void probe_streams_free(struct probe_table *table)
{
	struct watched_stream *stream, *next_stream;
	struct watched_socket *socket, *next_socket;
	HASH_ITER(hh, table->streams, stream, next_stream)
	{
		HASH_DEL(table->streams, stream);
		if (stream->socket && stream->socket->stream == stream)
			stream->socket->stream = NULL;
		stream_free(stream);
	}
	HASH_ITER(hh, table->sockets, socket, next_socket)
	{
		if (socket->stream) /* one that the library has freed */
			stream_free(socket->stream);
	}
}

/* There are never more of them than of descriptors: the table has the limit of connections, and beyond it takes none.
 */
#include "net/sockets.h"

#include "base/hash.h"
#include "net/packet.h"

#include <stdlib.h>

struct socket {
	uint64_t id;
	struct stream stream;
	uint64_t next[2]; /* offset of the byte that comes next, by side: SIDE_A is the process */
	UT_hash_handle hh;
};

/* Processes and paths, kept for as long as anything may point to them. */
struct kept_process {
	struct process process;
	struct kept_process *others; /* of the same number */
	UT_hash_handle hh;           /* of the first of them */
};

struct kept_path {
	UT_hash_handle hh;
	char text[];
};

struct sockets {
	const struct resources *resources;
	const struct stream_sink *sink;
	struct net_counts *counts;
	struct socket *by_id;
	struct kept_process *processes;
	struct kept_path *paths;
};

struct sockets *sockets_new(
    const struct resources *resources, const struct stream_sink *sink, struct net_counts *counts)
{
	struct sockets *sockets = calloc(1, sizeof *sockets);
	if (sockets)
		*sockets = (struct sockets){.resources = resources, .sink = sink, .counts = counts};
	return sockets;
}

static void sockets_remove(struct sockets *sockets, struct socket *socket, enum stream_end end, timestamp time)
{
	sockets->sink->closed(sockets->sink->self, &socket->stream, end, time);
	HASH_DEL(sockets->by_id, socket);
	free(socket);
}

void sockets_end(struct sockets *sockets)
{
	struct socket *socket, *next;
	HASH_ITER(hh, sockets->by_id, socket, next)
	sockets_remove(sockets, socket, STREAM_END_CAPTURE, sockets->counts->latest);
}

static void sockets_free_process(struct kept_process *process)
{
	while (process) {
		struct kept_process *other = process->others;
		free(process);
		process = other;
	}
}

void sockets_free(struct sockets *sockets)
{
	struct kept_process *process, *next_process;
	struct kept_path *path, *next_path;
	if (!sockets)
		return;
	sockets_end(sockets);
	HASH_ITER(hh, sockets->processes, process, next_process)
	{
		HASH_DEL(sockets->processes, process);
		sockets_free_process(process);
	}
	HASH_ITER(hh, sockets->paths, path, next_path)
	{
		HASH_DEL(sockets->paths, path);
		free(path);
	}
	free(sockets);
}

/* ---- what is kept */

/* A number that was given to another process since then is another process. */
static bool kept_is(const struct process *one, const struct process *other)
{
	return strcmp(one->command, other->command) == 0 && strcmp(one->line, other->line) == 0 &&
	       strcmp(one->group, other->group) == 0;
}

static struct kept_process *sockets_add_process(
    struct sockets *sockets, struct kept_process *first, const struct process *process)
{
	struct kept_process *added = budget_new(sockets->resources->budget, sizeof *added);
	if (!added)
		return NULL;
	added->process = *process;
	if (first) {
		added->others = first->others;
		first->others = added;
		return added;
	}
	HASH_ADD(hh, sockets->processes, process.id, sizeof added->process.id, added);
	if (hash_has(added))
		return added;
	budget_note_refusal(sockets->resources->budget);
	free(added);
	return NULL;
}

/* NULL: no memory. */
static const struct process *sockets_keep_process(struct sockets *sockets, const struct process *process)
{
	struct kept_process *first, *kept;
	HASH_FIND(hh, sockets->processes, &process->id, sizeof process->id, first);
	for (kept = first; kept; kept = kept->others)
		if (kept_is(&kept->process, process))
			return &kept->process;
	kept = sockets_add_process(sockets, first, process);
	return kept ? &kept->process : NULL;
}

/* NULL: no memory. */
static const char *sockets_keep_path(struct sockets *sockets, const char *path)
{
	struct kept_path *kept;
	size_t len = strlen(path);
	HASH_FIND(hh, sockets->paths, path, len, kept);
	if (kept)
		return kept->text;
	kept = budget_new(sockets->resources->budget, sizeof *kept + len + 1);
	if (!kept)
		return NULL;
	memcpy(kept->text, path, len);
	HASH_ADD(hh, sockets->paths, text, len, kept);
	if (hash_has(kept))
		return kept->text;
	budget_note_refusal(sockets->resources->budget);
	free(kept);
	return NULL;
}

/* ---- sockets */

static bool sockets_open(struct sockets *sockets, struct socket *socket, const struct probed_socket *facts)
{
	struct stream *stream = &socket->stream;
	*stream = (struct stream){.number = ++sockets->counts->connections,
	    .ends = {[SIDE_A] = {.address = facts->local, .port = facts->local_port},
	        [SIDE_B] = {.address = facts->remote, .port = facts->remote_port}},
	    .client = facts->is_client ? SIDE_A : SIDE_B,
	    .client_known = true,
	    .seen = {true, true}};
	if (facts->path)
		stream->ends[side_other(stream->client)].path = sockets_keep_path(sockets, facts->path);
	stream->process = sockets_keep_process(sockets, &facts->process);
	return sockets->sink->opened(sockets->sink->self, stream);
}

static void sockets_give(
    struct sockets *sockets, struct socket *socket, const struct packet *packet, struct chunk chunk)
{
	chunk.first_packet = chunk.packet = packet->number;
	chunk.time = packet->time;
	sockets->sink->chunk(sockets->sink->self, &socket->stream, &chunk);
}

static struct socket *sockets_add(
    struct sockets *sockets, const struct packet *packet, const struct probed_socket *facts)
{
	if (HASH_COUNT(sockets->by_id) >= sockets->resources->limits->connections) {
		ledger_note_limit(sockets->resources->ledger, LIMIT_CONNECTIONS, 1);
		return NULL;
	}
	struct socket *socket = budget_new(sockets->resources->budget, sizeof *socket);
	if (!socket)
		return NULL;
	socket->id = facts->id;
	bool opened = sockets_open(sockets, socket, facts);
	if (opened)
		HASH_ADD(hh, sockets->by_id, id, sizeof socket->id, socket);
	if (!hash_has(socket)) {
		budget_note_refusal(sockets->resources->budget);
		if (opened)
			sockets->sink->closed(sockets->sink->self, &socket->stream, STREAM_END_GONE, packet->time);
		free(socket);
		return NULL;
	}
	if (facts->is_joined)
		sockets_give(sockets, socket, packet, (struct chunk){.kind = CHUNK_GAP, .side = SIDE_A});
	return socket;
}

static void sockets_take_bytes(struct sockets *sockets, struct socket *socket, const struct packet *packet)
{
	const struct probed *probed = packet->probed;
	enum side side = probed->received ? SIDE_B : SIDE_A;
	if (probed->offset > socket->next[side])
		sockets_give(sockets, socket, packet,
		    (struct chunk){.kind = CHUNK_GAP, .side = side, .lost = probed->offset - socket->next[side]});
	socket->next[side] = probed->offset + probed->bytes.len;
	bool waited = probed->arrived != TIMESTAMP_NONE && packet->time > probed->arrived;
	if (probed->bytes.len)
		sockets_give(sockets, socket, packet,
		    (struct chunk){.kind = CHUNK_BYTES,
		        .side = side,
		        .bytes = probed->bytes,
		        .queued = waited ? packet->time - probed->arrived : 0});
}

static void sockets_take_end(struct sockets *sockets, struct socket *socket, const struct packet *packet)
{
	const struct probed *probed = packet->probed;
	sockets_give(sockets, socket, packet,
	    (struct chunk){.kind = probed->kind == PROBED_RESET ? CHUNK_RST : CHUNK_FIN,
	        .side = probed->received ? SIDE_B : SIDE_A,
	        .exited = probed->kind == PROBED_EXIT});
}

void sockets_take(struct sockets *sockets, const struct packet *packet)
{
	const struct probed *probed = packet->probed;
	struct socket *socket;
	HASH_FIND(hh, sockets->by_id, &probed->socket->id, sizeof probed->socket->id, socket);
	sockets->resources->ledger->captured += probed->kind == PROBED_BYTES ? probed->bytes.len : 0;
	if (!socket && probed->kind == PROBED_BYTES)
		socket = sockets_add(sockets, packet, probed->socket);
	if (!socket) {
		ledger_add(
		    sockets->resources->ledger, LEDGER_STRAY, probed->kind == PROBED_BYTES ? probed->bytes.len : 0, 1);
		return;
	}
	socket->stream.doubtful |= probed->socket->is_doubtful;
	if (probed->kind == PROBED_BYTES)
		sockets_take_bytes(sockets, socket, packet);
	else if (probed->kind == PROBED_GONE)
		sockets_remove(sockets, socket, STREAM_END_CLOSED, packet->time);
	else
		sockets_take_end(sockets, socket, packet);
}

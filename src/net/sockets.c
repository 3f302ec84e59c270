/* There are never more of them than of descriptors: the table has the limit of connections, and beyond it takes none.
 */
#include "net/sockets.h"

#include "base/hash.h"
#include "net/packet.h"

#include <stdlib.h>

enum { SOCKET_MOVES = 8 }; /* further ones are not followed */

struct socket {
	uint64_t id;
	struct stream stream;
	uint64_t next[2]; /* offset of the byte that comes next, by side: SIDE_A is the process */
	const struct process *before[SOCKET_MOVES]; /* processes that passed it on: held, for others point to them */
	size_t moves;
	UT_hash_handle hh;
};

enum { SOCKETS_PATHS = 4096 }; /* that servers listen at; what comes later is shown without its path */

/* Two that agree in all but the last fields are one: a number may be given to another process later. */
struct kept_process {
	struct process process; /* zeroed behind its texts */
	UT_hash_handle hh;
};

#define KEPT_KEY_LEN offsetof(struct process, holders)

/* Endpoints point to them for as long as the engine lives. */
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

/* ---- processes and paths */

void process_hold(const struct process *process)
{
	if (process && process->keeper)
		((struct process *)process)->holders++;
}

void process_release(const struct process *process)
{
	struct kept_process *kept = (struct kept_process *)process; /* its first member */
	if (!process || !process->keeper || --kept->process.holders)
		return;
	HASH_DEL(process->keeper->processes, kept);
	budget_release(kept);
}

static void kept_copy(struct process *kept, const struct process *process)
{
	*kept = (struct process){.id = process->id};
	memcpy(kept->command, process->command, strnlen(process->command, sizeof kept->command - 1));
	memcpy(kept->line, process->line, strnlen(process->line, sizeof kept->line - 1));
	memcpy(kept->group, process->group, strnlen(process->group, sizeof kept->group - 1));
	memcpy(kept->container, process->container, strnlen(process->container, sizeof kept->container - 1));
}

/* Held for the caller. NULL: no memory. */
static const struct process *sockets_hold_process(struct sockets *sockets, const struct process *process)
{
	struct budget *budget = sockets->resources->budget;
	struct process copy;
	struct kept_process *kept;
	kept_copy(&copy, process);
	HASH_FIND(hh, sockets->processes, &copy, KEPT_KEY_LEN, kept);
	if (!kept && (kept = budget_new(budget, sizeof *kept))) {
		kept_copy(&kept->process, process);
		kept->process.keeper = sockets;
		HASH_ADD(hh, sockets->processes, process, KEPT_KEY_LEN, kept);
		if (!hash_has(kept)) {
			budget_note_refusal(budget);
			budget_release(kept);
			return NULL;
		}
	}
	if (!kept)
		return NULL;
	process_hold(&kept->process);
	return &kept->process;
}

/* NULL: no memory, or too many. */
static const char *sockets_keep_path(struct sockets *sockets, const char *path)
{
	struct budget *budget = sockets->resources->budget;
	struct kept_path *kept;
	size_t len = strlen(path);
	HASH_FIND(hh, sockets->paths, path, len, kept);
	if (kept)
		return kept->text;
	kept = HASH_COUNT(sockets->paths) < SOCKETS_PATHS ? budget_new(budget, sizeof *kept + len + 1) : NULL;
	if (!kept)
		return NULL;
	memcpy(kept->text, path, len);
	HASH_ADD(hh, sockets->paths, text, len, kept);
	if (hash_has(kept))
		return kept->text;
	budget_note_refusal(budget);
	budget_release(kept);
	return NULL;
}

/* ---- life */

static void sockets_remove(struct sockets *sockets, struct socket *socket, enum stream_end end, timestamp time)
{
	sockets->sink->closed(sockets->sink->self, &socket->stream, end, time);
	HASH_DEL(sockets->by_id, socket);
	for (size_t i = 0; i < socket->moves; i++)
		process_release(socket->before[i]);
	process_release(socket->stream.process);
	budget_release(socket);
}

void sockets_end(struct sockets *sockets)
{
	struct socket *socket, *next;
	HASH_ITER(hh, sockets->by_id, socket, next)
	sockets_remove(sockets, socket, STREAM_END_CAPTURE, sockets->counts->latest);
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
		budget_release(process);
	}
	HASH_ITER(hh, sockets->paths, path, next_path)
	{
		HASH_DEL(sockets->paths, path);
		budget_release(path);
	}
	free(sockets);
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
	stream->process = sockets_hold_process(sockets, &facts->process);
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
		process_release(socket->stream.process);
		budget_release(socket);
		return NULL;
	}
	if (facts->is_joined)
		sockets_give(sockets, socket, packet, (struct chunk){.kind = CHUNK_GAP, .side = SIDE_A});
	return socket;
}

/* The connection was passed on to another process. */
static void sockets_note_process(struct sockets *sockets, struct socket *socket, const struct process *process)
{
	const struct process *before = socket->stream.process;
	if (!before || before->id == process->id || socket->moves == SOCKET_MOVES)
		return;
	const struct process *now = sockets_hold_process(sockets, process);
	if (!now)
		return;
	socket->before[socket->moves++] = before;
	socket->stream.process = now;
}

static void sockets_take_bytes(struct sockets *sockets, struct socket *socket, const struct packet *packet)
{
	const struct probed *probed = packet->probed;
	enum side side = probed->received ? SIDE_B : SIDE_A;
	sockets_note_process(sockets, socket, &probed->socket->process);
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

/* There are never more of them than of descriptors: the table has the limit of connections, and beyond it takes none.
 */
#include "socketio/sockets.h"

#include "base/hash.h"
#include "net/probed.h"
#include "socketio/connection.h"

#include <stdlib.h>

struct socket {
	uint64_t id;
	struct connection *connection;
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
	struct context *context;
	struct socket *by_id;
	struct kept_process *processes;
	struct kept_path *paths;
};

struct sockets *sockets_new(struct context *context)
{
	struct sockets *sockets = calloc(1, sizeof *sockets);
	if (sockets)
		sockets->context = context;
	return sockets;
}

static void sockets_remove(struct sockets *sockets, struct socket *socket)
{
	connection_end(socket->connection);
	connection_free(socket->connection);
	HASH_DEL(sockets->by_id, socket);
	free(socket);
}

void sockets_end(struct sockets *sockets)
{
	struct socket *socket, *next;
	HASH_ITER(hh, sockets->by_id, socket, next)
	sockets_remove(sockets, socket);
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
	struct socket *socket, *next;
	struct kept_process *process, *next_process;
	struct kept_path *path, *next_path;
	if (!sockets)
		return;
	HASH_ITER(hh, sockets->by_id, socket, next)
	{
		HASH_DEL(sockets->by_id, socket);
		connection_free(socket->connection);
		free(socket);
	}
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
	struct kept_process *added = budget_new(&sockets->context->budget, sizeof *added);
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
	budget_note_refusal(&sockets->context->budget);
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
	kept = budget_new(&sockets->context->budget, sizeof *kept + len + 1);
	if (!kept)
		return NULL;
	memcpy(kept->text, path, len);
	HASH_ADD(hh, sockets->paths, text, len, kept);
	if (hash_has(kept))
		return kept->text;
	budget_note_refusal(&sockets->context->budget);
	free(kept);
	return NULL;
}

/* ---- sockets */

static bool socket_make_connection(struct sockets *sockets, struct socket *socket, const struct probed_socket *facts)
{
	struct endpoint ends[2] = {
	    [SIDE_A] = {.address = facts->local, .port = facts->local_port},
	    [SIDE_B] = {.address = facts->remote, .port = facts->remote_port},
	};
	if (facts->path)
		ends[facts->is_client ? SIDE_B : SIDE_A].path = sockets_keep_path(sockets, facts->path);
	socket->connection = connection_new(sockets->context, ends);
	if (!socket->connection)
		return false;
	connection_note_client(socket->connection, facts->is_client ? SIDE_A : SIDE_B);
	connection_note_process(socket->connection, sockets_keep_process(sockets, &facts->process));
	return true;
}

static void socket_tell(struct socket *socket, const struct packet *packet, enum chunk_kind kind, enum side side,
    struct slice bytes, uint64_t lost)
{
	const struct chunk chunk = {.kind = kind,
	    .side = side,
	    .bytes = bytes,
	    .lost = lost,
	    .first_packet = packet->number,
	    .packet = packet->number,
	    .time = packet->time};
	connection_take_chunk(socket->connection, &chunk);
}

static struct socket *sockets_add(
    struct sockets *sockets, const struct packet *packet, const struct probed_socket *facts)
{
	if (HASH_COUNT(sockets->by_id) >= sockets->context->limits.connections) {
		sockets->context->counts.hits[LIMIT_CONNECTIONS]++;
		return NULL;
	}
	struct socket *socket = budget_new(&sockets->context->budget, sizeof *socket);
	if (!socket)
		return NULL;
	socket->id = facts->id;
	if (socket_make_connection(sockets, socket, facts))
		HASH_ADD(hh, sockets->by_id, id, sizeof socket->id, socket);
	if (!hash_has(socket)) {
		budget_note_refusal(&sockets->context->budget);
		connection_free(socket->connection);
		free(socket);
		return NULL;
	}
	if (facts->is_joined)
		socket_tell(socket, packet, CHUNK_GAP, SIDE_A, slice_of(NULL, 0), 0);
	return socket;
}

static void socket_take_bytes(struct context *context, struct socket *socket, const struct packet *packet)
{
	const struct probed *probed = packet->probed;
	enum side side = probed->received ? SIDE_B : SIDE_A;
	if (probed->offset > socket->next[side])
		socket_tell(socket, packet, CHUNK_GAP, side, slice_of(NULL, 0), probed->offset - socket->next[side]);
	socket->next[side] = probed->offset + probed->bytes.len;
	context->queued = probed->arrived != TIMESTAMP_NONE && packet->time > probed->arrived
	                      ? packet->time - probed->arrived
	                      : 0;
	if (probed->bytes.len)
		socket_tell(socket, packet, CHUNK_BYTES, side, probed->bytes, 0);
	context->queued = 0;
}

static void socket_take_end(struct context *context, struct socket *socket, const struct packet *packet)
{
	const struct probed *probed = packet->probed;
	context->exited = probed->kind == PROBED_EXIT;
	socket_tell(socket, packet, probed->kind == PROBED_RESET ? CHUNK_RST : CHUNK_FIN,
	    probed->received ? SIDE_B : SIDE_A, slice_of(NULL, 0), 0);
	context->exited = false;
}

void sockets_take(struct sockets *sockets, const struct packet *packet)
{
	const struct probed *probed = packet->probed;
	struct socket *socket;
	HASH_FIND(hh, sockets->by_id, &probed->socket->id, sizeof probed->socket->id, socket);
	if (!socket && probed->kind == PROBED_BYTES)
		socket = sockets_add(sockets, packet, probed->socket);
	if (!socket)
		return;
	if (probed->socket->is_doubtful)
		connection_note_doubt(socket->connection);
	if (probed->kind == PROBED_BYTES)
		socket_take_bytes(sockets->context, socket, packet);
	else if (probed->kind == PROBED_GONE)
		sockets_remove(sockets, socket);
	else
		socket_take_end(sockets->context, socket, packet);
}

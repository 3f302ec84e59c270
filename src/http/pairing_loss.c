/* HTTP of which bytes were lost: what becomes of the exchanges that they hit, and where messages begin again. */
#include "http/pairing_state.h"
#include "http/protocol.h"

/* ---- bytes are lost */

void pairing_cut_request(struct pairing *pairing, const struct passage *passage)
{
	struct exchange *exchange = pairing->sending;
	pairing->sending = NULL;
	if (!exchange)
		return;
	exchange->request.incomplete = true;
	exchange_give_request(exchange, pairing->sink, pairing->connection, passage->origin.time);
}

/* Was the answer that is under way cut, or the next one lost as a whole? When it is not known how much was lost, that
 * may have been before the request came. */
static bool pairing_lost_answer(const struct pairing *pairing, uint64_t lost)
{
	bool is_asked = pairing->oldest && pairing->sending != pairing->oldest;
	return pairing->answering || (lost && is_asked);
}

/* One that asked for another protocol may be shown by what follows to have been granted. */
static void pairing_cut_answer(struct pairing *pairing, const struct passage *passage, uint64_t lost)
{
	if (!pairing_lost_answer(pairing, lost))
		return;
	pairing->answering = false;
	pairing->oldest->answer.incomplete = true;
	if (pairing->oldest != pairing->upgrading || pairing->oldest->status)
		pairing_finish_oldest(pairing, passage, EXCHANGE_LOST);
}

bool pairing_lose(struct pairing *pairing, const struct passage *passage, uint64_t lost)
{
	enum direction direction = passage->direction;
	struct exchange *current = direction == DIRECTION_TO_SERVER ? pairing->sending
	                           : pairing->answering             ? pairing->oldest
	                                                            : NULL;
	bool matters = current ? current->wanted : pairing->wanted;
	if (pairing->lost[direction])
		return matters;
	if (http_skip_lost(&pairing->streams[direction], lost)) {
		struct exchange_half *half = !current                           ? NULL
		                             : direction == DIRECTION_TO_SERVER ? &current->request
		                                                                : &current->answer;
		if (half)
			half->incomplete = half->has_gap = true;
		return matters;
	}
	pairing->lost[direction] = true;
	pairing->orphan = pairing->interim = false;
	if (direction == DIRECTION_TO_SERVER) {
		pairing_cut_request(pairing, passage);
	} else {
		pairing_cut_answer(pairing, passage, lost);
		pairing->unsure = true;
	}
	return matters;
}

/* ---- after that */

/* Did HTTP give way to a WebSocket while its 101 was lost? */
static bool pairing_is_websocket(const struct pairing *pairing, enum direction direction, struct slice bytes)
{
	bool from_client = direction == DIRECTION_TO_SERVER;
	if (pairing->upgrading && pairing->upgrading->wanted)
		return pairing->upgrading->request.head.upgrade_websocket && websocket_could_begin(from_client, bytes);
	return !pairing->upgrading && protocol_is_websocket_of(from_client, bytes);
}

static enum pairing_result pairing_find_websocket(struct pairing *pairing, const struct passage *passage)
{
	struct exchange *exchange = pairing->upgrading;
	pairing->upgrade = (struct pairing_upgrade){.exchange = exchange};
	while (pairing->oldest && pairing->oldest != exchange)
		pairing_lose_oldest(pairing, passage);
	pairing->skipped = 0;
	if (exchange)
		exchange_decide(exchange, EXCHANGE_LOST, passage->origin.time);
	return PAIRING_WEBSOCKET;
}

static bool pairing_resync(struct pairing *pairing, enum direction direction, struct slice bytes)
{
	struct http_stream *stream = &pairing->streams[direction];
	if (!http_looks_like(stream->role, bytes, false))
		return false;
	http_stream_reset(stream);
	pairing->lost[direction] = false;
	return true;
}

enum pairing_result pairing_look_again(
    struct pairing *pairing, const struct passage *passage, struct slice bytes, bool *skip)
{
	enum direction direction = passage->direction;
	bool asked = pairing->upgrading && !pairing->sending && pairing->lost[DIRECTION_TO_CLIENT];
	bool asks = asked && direction == DIRECTION_TO_SERVER && !pairing->paused.len;
	*skip = pairing->is_granted && pairing->lost[direction];
	if (*skip || (!pairing->lost[direction] && !asks))
		return PAIRING_GO_ON;
	if (pairing_is_websocket(pairing, direction, bytes))
		return pairing_find_websocket(pairing, passage);
	/* The answer to CONNECT was lost: what the client sends next shows how that was decided. */
	if (asks && pairing->upgrading->asks_tunnel && bytes.len && !http_looks_like_to_proxy(bytes))
		return PAIRING_TUNNEL;
	if (asks && http_looks_like(HTTP_REQUESTS, bytes, false))
		while (pairing->upgrading)
			pairing_lose_oldest(pairing, passage);
	*skip = pairing->lost[direction] && !pairing_resync(pairing, direction, bytes);
	return PAIRING_GO_ON;
}

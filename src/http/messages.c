/* A WebSocket: two message streams. */
#include "http/messages.h"

#include <stdlib.h>

struct messages_half {
	struct message_stream *stream;
	struct origin origin; /* of the current message */
	timestamp begun;      /* so was it */
	bool closed;          /* a close frame was seen: what follows is no data (RFC 6455 §1.4) */
	bool lost;            /* the frame boundary is not known */
	bool damaged;         /* bytes of the current message were lost */
};

struct messages {
	const struct resources *resources;
	const struct http_sink *sink;
	struct connection *connection;
	struct message_limits limits;
	struct messages_half halves[2]; /* by direction */
	bool wanted;                    /* what was said matters */
	bool settled;                   /* the server has sent a whole message */
	size_t plain; /* bytes held back: the server's first, as far as they are those of a plain response */
	struct passage plain_passage;
};

static const char messages_plain_start[] = "HTTP/1.";

static bool messages_open_streams(struct messages *messages, struct deflate_agreement agreement)
{
	for (enum direction direction = DIRECTION_TO_SERVER; direction <= DIRECTION_TO_CLIENT; direction++)
		messages->halves[direction].stream = message_stream_new(
		    direction == DIRECTION_TO_SERVER, agreement, &messages->limits, messages->resources->budget);
	return messages->halves[0].stream && messages->halves[1].stream;
}

struct messages *messages_new(const struct resources *resources, const struct http_sink *sink,
    struct connection *connection, const struct messages_start *start)
{
	struct deflate_agreement agreement = start->agreement;
	struct messages *messages = calloc(1, sizeof *messages);
	if (!messages)
		return NULL;
	*messages = (struct messages){.resources = resources,
	    .sink = sink,
	    .connection = connection,
	    .limits = {.message = resources->limits->message, .inflated = resources->limits->inflated},
	    .wanted = start->wanted};
	/* Without its 101 it is not known whether compression was agreed on. A compressed message shows it by its RSV1
	 * bit; that its context is lost is certain, unless the sender takes none over, which cannot be known either. */
	agreement.on |= !start->in_place;
	if (!messages_open_streams(messages, agreement)) {
		messages_free(messages);
		return NULL;
	}
	messages->halves[0].lost = messages->halves[1].lost = !start->in_place;
	return messages;
}

void messages_free(struct messages *messages)
{
	if (!messages)
		return;
	ledger_add(messages->resources->ledger, LEDGER_NOT_FRAMES, messages->plain, 0);
	for (int i = 0; i < 2; i++)
		message_stream_free(messages->halves[i].stream);
	free(messages);
}

bool messages_is_settled(const struct messages *messages)
{
	return messages->settled;
}

bool messages_is_wanted(const struct messages *messages)
{
	return messages->wanted;
}

/* ---- messages */

/* Where the current message of a direction came from, as far as `passage`. */
static struct passage messages_passage(const struct messages *messages, const struct passage *passage)
{
	const struct messages_half *half = &messages->halves[passage->direction];
	struct passage whole = {.direction = passage->direction, .origin = half->origin, .begun = half->begun};
	whole.origin.time = passage->origin.time;
	return whole;
}

static void messages_take_message(struct messages *messages, const struct passage *passage, struct message *message)
{
	struct messages_half *half = &messages->halves[passage->direction];
	bool readable = !message->unreadable && (!message->truncated || message->payload.len);
	message->damaged = half->damaged;
	half->damaged = false;
	if (message->truncated && readable && !message->damaged)
		ledger_note_limit(messages->resources->ledger, message->compressed ? LIMIT_INFLATED : LIMIT_MESSAGE, 1);
	messages->settled |= passage->direction == DIRECTION_TO_CLIENT;
	half->closed = message->opcode == WS_CLOSE;
	if (message->opcode == WS_PING || message->opcode == WS_PONG) {
		if (messages->wanted)
			messages->sink->control(messages->sink->self, messages->connection, passage->origin.time);
		return;
	}
	struct passage whole = messages_passage(messages, passage);
	messages->wanted |= messages->sink->message(messages->sink->self, messages->connection, &whole, message);
}

/* ---- bytes */

static void messages_count(const struct messages *messages, uint64_t bytes)
{
	ledger_add(messages->resources->ledger, messages->wanted ? LEDGER_DECODED : LEDGER_OTHER_HTTP, bytes, 0);
}

/* Bytes that cannot be read. */
static void messages_pass_over(const struct messages *messages, uint64_t bytes)
{
	ledger_add(
	    messages->resources->ledger, messages->wanted ? LEDGER_NOT_FRAMES : LEDGER_OTHER_HTTP, bytes, bytes > 0);
}

/* Nothing more can be read in this direction, and why. */
static void messages_break(struct messages *messages, const struct passage *passage, const char *why, bool incomplete)
{
	struct passage whole = messages_passage(messages, passage);
	messages->halves[passage->direction].lost = true;
	if (messages->wanted)
		messages->sink->malformed(
		    messages->sink->self, messages->connection, &whole, "websocket", why, incomplete);
}

/* At the beginning of some bytes after a loss: true when a frame seems to begin there. */
static bool messages_resync(struct messages_half *half, enum direction direction, struct slice bytes)
{
	if (!websocket_could_begin(direction == DIRECTION_TO_SERVER, bytes))
		return false;
	message_stream_resync(half->stream);
	half->lost = false;
	return true;
}

/* Are plain HTTP's first bytes where the server's first frame should be? What may be their beginning is held back:
 * `H` begins no frame. */
static bool messages_is_plain_http(struct messages *messages, const struct passage *passage, struct slice *bytes)
{
	const struct messages_half *half = &messages->halves[passage->direction];
	struct slice rest = slice_drop(slice_of_text(messages_plain_start), messages->plain);
	if (messages->settled || passage->direction != DIRECTION_TO_CLIENT || !message_at_boundary(half->stream))
		return false;
	if (slice_starts_with(*bytes, rest))
		return true;
	if (bytes->len && slice_starts_with(rest, *bytes)) {
		if (!messages->plain)
			messages->plain_passage = *passage;
		messages->plain += bytes->len;
		*bytes = slice_drop(*bytes, bytes->len);
	}
	return false;
}

/* An HTTP answer is where a frame should begin, and is no refusal: the upgrade was handled twice. `H` begins no
 * frame (RFC 6455 §5.2: RSV1 on a control frame). Before the server's first message only a second 101 is one; anything
 * else is the refusal that node writes. */
static bool messages_is_second_answer(
    const struct messages *messages, const struct passage *passage, struct slice bytes)
{
	const struct messages_half *half = &messages->halves[passage->direction];
	if (passage->direction != DIRECTION_TO_CLIENT || half->lost || messages->plain || !messages->wanted ||
	    !message_at_boundary(half->stream))
		return false;
	return slice_starts_with(bytes, SLICE("HTTP/1.1 101")) || slice_starts_with(bytes, SLICE("HTTP/1.0 101")) ||
	       (messages->settled && slice_starts_with(bytes, slice_of_text(messages_plain_start)));
}

/* Frames may go on behind it. */
static void messages_take_second_answer(struct messages *messages, const struct passage *passage, struct slice bytes)
{
	messages->halves[passage->direction].lost = true;
	messages->sink->malformed(messages->sink->self, messages->connection, passage, "http",
	    "a second HTTP answer inside the WebSocket", false);
	messages_pass_over(messages, bytes.len);
}

struct slice messages_plain(struct messages *messages, struct passage *passage)
{
	struct slice held = slice_of(messages_plain_start, messages->plain);
	*passage = messages->plain_passage;
	messages->plain = 0;
	return held;
}

static void messages_read_frames(struct messages *messages, const struct passage *passage, struct slice *bytes)
{
	struct messages_half *half = &messages->halves[passage->direction];
	struct message message;
	enum wire_result result = WIRE_ITEM;
	while (result == WIRE_ITEM && !half->closed) {
		if (message_at_boundary(half->stream)) {
			half->origin = passage->origin;
			half->begun = passage->origin.time;
		}
		origin_widen(&half->origin, &passage->origin);
		size_t before = bytes->len;
		result = message_next(half->stream, bytes, &message);
		if (result == WIRE_ITEM)
			messages_take_message(messages, passage, &message);
		messages_count(messages, before - bytes->len);
	}
	if (half->closed)
		ledger_add(messages->resources->ledger, LEDGER_BEHIND_END, bytes->len, bytes->len > 0);
	if (result == WIRE_BAD) {
		ledger_add(messages->resources->ledger, LEDGER_BROKEN, 0, 1);
		ledger_add(messages->resources->ledger, LEDGER_UNREAD, 0, messages->wanted);
		messages_break(messages, passage, message_why(half->stream), false);
		messages_pass_over(messages, bytes->len);
	}
}

/* They were no plain response after all. */
static void messages_release_plain(struct messages *messages)
{
	struct passage passage;
	struct slice held = messages_plain(messages, &passage);
	if (held.len)
		messages_read_frames(messages, &passage, &held);
}

enum messages_result messages_take(struct messages *messages, const struct passage *passage, struct slice *bytes)
{
	struct messages_half *half = &messages->halves[passage->direction];
	if (half->closed) {
		ledger_add(messages->resources->ledger, LEDGER_BEHIND_END, bytes->len, bytes->len > 0);
		return MESSAGES_GOES_ON;
	}
	if (half->lost && !messages_resync(half, passage->direction, *bytes)) {
		messages_pass_over(messages, bytes->len);
		return MESSAGES_GOES_ON;
	}
	if (messages_is_second_answer(messages, passage, *bytes)) {
		messages_take_second_answer(messages, passage, *bytes);
		return MESSAGES_GOES_ON;
	}
	if (messages_is_plain_http(messages, passage, bytes))
		return MESSAGES_PLAIN_HTTP;
	if (passage->direction == DIRECTION_TO_CLIENT && bytes->len)
		messages_release_plain(messages);
	if (!half->lost)
		messages_read_frames(messages, passage, bytes);
	else
		messages_pass_over(messages, bytes->len);
	return MESSAGES_GOES_ON;
}

void messages_end(struct messages *messages, const struct passage *passage)
{
	const struct messages_half *half = &messages->halves[passage->direction];
	if (!half->lost && !half->closed && !message_at_boundary(half->stream))
		messages_break(messages, passage, "it ended in the middle of a message", true);
}

void messages_lose(struct messages *messages, enum direction direction, uint64_t lost)
{
	struct messages_half *half = &messages->halves[direction];
	if (half->lost)
		return;
	if (direction == DIRECTION_TO_CLIENT) {
		messages_pass_over(messages, messages->plain);
		messages->plain = 0;
	}
	half->lost = lost == 0 || !message_skip_lost(half->stream, lost);
	half->damaged = !half->lost;
}

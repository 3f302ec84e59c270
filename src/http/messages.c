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
	/* The server's, where a frame should begin: held back as long as they may be the beginning of an HTTP answer.
	 */
	uint8_t held[MESSAGES_HELD];
	size_t held_len;
	struct passage held_passage;
	/* How much of the blank line behind the second answer's head has been read; MESSAGES_NO_HEAD: none is read. */
	int head_end;
};

enum { MESSAGES_NO_HEAD = -1 };

static bool messages_open_streams(struct messages *messages, struct deflate_agreement agreement)
{
	for (enum direction direction = DIRECTION_TO_SERVER; direction <= DIRECTION_TO_CLIENT; direction++)
		messages->halves[direction].stream = message_stream_new(
		    direction == DIRECTION_TO_SERVER, agreement, &messages->limits, messages->resources->budget);
	return messages->halves[0].stream && messages->halves[1].stream;
}

static void messages_free(struct messages *messages)
{
	ledger_add(messages->resources->ledger, LEDGER_NOT_FRAMES, messages->held_len, 0);
	for (int i = 0; i < 2; i++)
		message_stream_free(messages->halves[i].stream);
	budget_release(messages);
}

struct messages *messages_new(const struct resources *resources, const struct http_sink *sink,
    struct connection *connection, const struct messages_start *start)
{
	struct deflate_agreement agreement = start->agreement;
	struct messages *messages = budget_new(resources->budget, sizeof *messages);
	if (!messages)
		return NULL;
	*messages = (struct messages){.resources = resources,
	    .sink = sink,
	    .connection = connection,
	    .limits = {.message = resources->limits->message,
	        .inflated = resources->limits->inflated,
	        .wire = resources->limits->wire},
	    .wanted = start->wanted,
	    .head_end = MESSAGES_NO_HEAD};
	/* Without its 101 it is not known whether compression was agreed on. A compressed message shows it by its RSV1
	 * bit; that its context is lost is certain, unless the sender takes none over, which cannot be known either. */
	agreement.on |= !start->in_place;
	if (!messages_open_streams(messages, agreement)) {
		messages_free(messages);
		return NULL;
	}
	messages->halves[0].lost = messages->halves[1].lost = !start->in_place;
	connection->is_websocket = true;
	return messages;
}

void messages_close(struct messages **messages)
{
	struct messages *closed = *messages;
	if (!closed)
		return;
	closed->sink->websocket_closed(closed->sink->self, closed->connection);
	closed->connection->is_websocket = false;
	messages_free(closed);
	*messages = NULL;
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

/* What the server's bytes are, where a frame should begin. */
enum messages_start_kind {
	START_FRAME,
	START_UNDECIDED,     /* an answer or a frame: held back */
	START_ANSWER,        /* plain HTTP */
	START_SECOND_ANSWER, /* the upgrade was handled twice: a 101 */
	START_OTHER_ANSWER,  /* the same, another one: what follows its head is not known */
};

/* `H` begins no frame (RFC 6455 §5.2: RSV1 on a control frame), so an HTTP answer is known by "HTTP/1.x NNN". Before
 * the server's first message it is the refusal that node writes, unless it is a second 101; behind it, nothing else
 * than a second answer. */
static enum messages_start_kind messages_judge_start(const struct messages *messages, struct slice start)
{
	struct slice version = SLICE("HTTP/1.");
	if (!slice_starts_with(start, slice_take(version, start.len)))
		return START_FRAME;
	if (start.len < MESSAGES_HELD)
		return START_UNDECIDED;
	bool switches = slice_equals(slice_drop(start, version.len + 1), SLICE(" 101"));
	if (messages->wanted && switches)
		return START_SECOND_ANSWER;
	if (messages->settled)
		return messages->wanted ? START_OTHER_ANSWER : START_FRAME;
	return START_ANSWER;
}

/* Judges what is held back together with `bytes`; while undecided, those are held back as well. */
static enum messages_start_kind messages_look_at_start(
    struct messages *messages, const struct passage *passage, struct slice *bytes)
{
	struct slice next = slice_take(*bytes, MESSAGES_HELD - messages->held_len);
	uint8_t start[MESSAGES_HELD];
	memcpy(start, messages->held, messages->held_len);
	memcpy(start + messages->held_len, next.at, next.len);
	enum messages_start_kind kind = messages_judge_start(messages, slice_of(start, messages->held_len + next.len));
	if (kind == START_UNDECIDED) {
		if (!messages->held_len)
			messages->held_passage = *passage;
		memcpy(messages->held, start, sizeof start);
		messages->held_len += next.len;
		*bytes = slice_drop(*bytes, next.len);
	}
	return kind;
}

/* A second 101's head is passed over, and frames go on behind it; behind another answer's nothing can be read. */
static void messages_take_second_answer(struct messages *messages, const struct passage *passage, bool switches)
{
	const struct passage *begun = messages->held_len ? &messages->held_passage : passage;
	messages->sink->malformed(messages->sink->self, messages->connection, begun, "http",
	    "a second HTTP answer inside the WebSocket", false);
	messages_pass_over(messages, messages->held_len);
	messages->held_len = 0;
	messages->head_end = switches ? 0 : MESSAGES_NO_HEAD;
	messages->halves[DIRECTION_TO_CLIENT].lost = !switches;
	ledger_add(messages->resources->ledger, LEDGER_BROKEN, 0, !switches);
}

static void messages_skip_head(struct messages *messages, struct slice *bytes)
{
	static const char blank_line[] = "\r\n\r\n";
	size_t read = 0;
	while (read < bytes->len && blank_line[messages->head_end]) {
		uint8_t byte = bytes->at[read++];
		messages->head_end = byte == blank_line[messages->head_end] ? messages->head_end + 1 : byte == '\r';
	}
	messages_pass_over(messages, read);
	*bytes = slice_drop(*bytes, read);
	if (!blank_line[messages->head_end])
		messages->head_end = MESSAGES_NO_HEAD;
}

struct slice messages_take_held(struct messages *messages, uint8_t held[MESSAGES_HELD], struct passage *passage)
{
	struct slice taken = slice_of(held, messages->held_len);
	memcpy(held, messages->held, messages->held_len);
	*passage = messages->held_passage;
	messages->held_len = 0;
	return taken;
}

/* Reads as far as the end of a message. Returns if more can be read. */
static bool messages_read_message(struct messages *messages, const struct passage *passage, struct slice *bytes)
{
	struct messages_half *half = &messages->halves[passage->direction];
	struct message message;
	if (message_at_boundary(half->stream)) {
		half->origin = passage->origin;
		half->begun = passage->origin.time;
	}
	origin_widen(&half->origin, &passage->origin);
	size_t before = bytes->len;
	enum wire_result result = message_next(half->stream, bytes, &message);
	if (result == WIRE_ITEM) {
		messages_take_message(messages, passage, &message);
		message_release(half->stream);
	}
	ledger_add(
	    messages->resources->ledger, messages->wanted ? LEDGER_DECODED : LEDGER_OTHER_HTTP, before - bytes->len, 0);
	if (result == WIRE_BAD) {
		ledger_add(messages->resources->ledger, LEDGER_BROKEN, 0, 1);
		ledger_add(messages->resources->ledger, LEDGER_UNREAD, 0, messages->wanted);
		messages_break(messages, passage, message_why(half->stream), false);
	}
	return result == WIRE_ITEM;
}

/* They were no answer after all. */
static void messages_release_held(struct messages *messages)
{
	uint8_t bytes[MESSAGES_HELD];
	struct passage passage;
	struct slice held = messages_take_held(messages, bytes, &passage);
	while (held.len && messages_read_message(messages, &passage, &held))
		;
	messages_pass_over(messages, held.len);
}

/* Where the server's next frame should begin. Returns if one does, or a second answer. */
static bool messages_begin_frame(
    struct messages *messages, const struct passage *passage, struct slice *bytes, enum messages_result *result)
{
	enum messages_start_kind kind = messages_look_at_start(messages, passage, bytes);
	if (kind == START_FRAME)
		messages_release_held(messages);
	if (kind == START_SECOND_ANSWER || kind == START_OTHER_ANSWER)
		messages_take_second_answer(messages, passage, kind == START_SECOND_ANSWER);
	if (kind == START_ANSWER)
		*result = MESSAGES_PLAIN_HTTP;
	return kind != START_UNDECIDED && kind != START_ANSWER;
}

enum messages_result messages_take(struct messages *messages, const struct passage *passage, struct slice *bytes)
{
	struct messages_half *half = &messages->halves[passage->direction];
	bool to_client = passage->direction == DIRECTION_TO_CLIENT;
	enum messages_result result = MESSAGES_GOES_ON;
	bool more = !half->lost || messages_resync(half, passage->direction, *bytes);
	while (more && !half->lost && !half->closed && bytes->len) {
		if (to_client && messages->head_end != MESSAGES_NO_HEAD) {
			messages_skip_head(messages, bytes);
			continue;
		}
		if (to_client && message_at_boundary(half->stream)) {
			more = messages_begin_frame(messages, passage, bytes, &result);
			if (messages->head_end != MESSAGES_NO_HEAD)
				continue;
		}
		if (more && !half->lost)
			more = messages_read_message(messages, passage, bytes);
	}
	if (half->closed)
		ledger_add(messages->resources->ledger, LEDGER_BEHIND_END, bytes->len, bytes->len > 0);
	else if (half->lost)
		messages_pass_over(messages, bytes->len);
	return result;
}

void messages_end(struct messages *messages, const struct passage *passage)
{
	const struct messages_half *half = &messages->halves[passage->direction];
	if (!half->lost && !half->closed && !message_at_boundary(half->stream))
		messages_break(messages, passage, "it ended in the middle of a message", true);
}

void messages_end_both(struct messages *messages, const struct passage *passage)
{
	struct passage other = *passage;
	other.direction = direction_other(passage->direction);
	messages_end(messages, passage);
	messages_end(messages, &other);
}

void messages_lose(struct messages *messages, enum direction direction, uint64_t lost)
{
	struct messages_half *half = &messages->halves[direction];
	if (half->lost)
		return;
	if (direction == DIRECTION_TO_CLIENT) {
		messages_pass_over(messages, messages->held_len);
		messages->held_len = 0;
	}
	half->lost = lost == 0 || !message_skip_lost(half->stream, lost);
	half->damaged = !half->lost;
}

/*
 * What node's engine.io and socket.io write by the debug module (DEBUG=engine*,socket.io*): a name, then a text, and on
 * a terminal the time since the last line of that name. Only some lines name their session: what the others are about
 * is known by their order, while one session is open.
 *
 *     engine handling "POST" http request "/socket.io/?EIO=4&transport=polling&sid=SID"
 *     engine handshaking client "SID"
 *     engine:socket sending packet "open" ({"sid":"SID",…})
 *     engine:socket sending packet "message" (2["name",…])
 *     engine:polling received "42[…]"        the whole body (engine.io 3: with its lengths)
 *     engine:ws received "42[…]"             a message; the bytes of a binary one are not as they were
 *     engine:socket got upgrade packet - upgrading
 *     socket.io:client client close with reason transport close
 *     socket.io-parser decoded 2[…] as {…}   where engine* was not asked for
 *     socket.io-parser encoded {…} as 2[…]
 */
#include "base/json.h"
#include "source/log_line.h"

enum node_name {
	NODE_ENGINE,
	NODE_SOCKET,
	NODE_WS,
	NODE_POLLING,
	NODE_PARSER,
	NODE_CLIENT,
	NODE_SOCKETIO,
	NODE_OTHER,
	NODE_NAMES,
};

static const struct {
	const char *text;
	enum node_name name;
} node_names[] = {
    {"engine ", NODE_ENGINE},
    {"engine:socket ", NODE_SOCKET},
    {"engine:ws ", NODE_WS},
    {"engine:polling ", NODE_POLLING},
    {"socket.io-parser ", NODE_PARSER},
    {"socket.io:client ", NODE_CLIENT},
    {"socket.io:socket ", NODE_SOCKETIO},
    {"socket.io:server ", NODE_SOCKETIO},
    {"socket.io:namespace ", NODE_SOCKETIO},
    {"engine:transport ", NODE_OTHER},
    {"engine:webtransport ", NODE_OTHER},
};

/* Which name begins the text; its length is taken off. */
static enum node_name node_take_name(struct slice *text)
{
	for (size_t i = 0; i < sizeof node_names / sizeof *node_names; i++)
		if (slice_starts_with(*text, slice_of_text(node_names[i].text))) {
			*text = slice_drop(*text, strlen(node_names[i].text));
			return node_names[i].name;
		}
	return NODE_NAMES;
}

/* A word that a name of the debug module begins stands alone, at the front of the line. */
size_t log_node_find(struct slice line)
{
	for (size_t at = 0; at < line.len && at < LOG_PREFIX; at++) {
		struct slice text = slice_drop(line, at);
		bool begins = *text.at == 'e' || *text.at == 's';
		if (begins && (!at || line.at[at - 1] == ' ' || line.at[at - 1] == '\t') &&
		    node_take_name(&text) != NODE_NAMES)
			return at;
	}
	return line.len;
}

bool log_node_is_packet(struct slice text)
{
	enum node_name name = node_take_name(&text);
	return name == NODE_ENGINE || name == NODE_SOCKET || name == NODE_WS || name == NODE_POLLING;
}

bool log_node_take_difference(struct slice *text, timestamp *difference)
{
	static const struct {
		const char *unit;
		timestamp length;
	} units[] = {{"ms", TIMESTAMP_MILLISECOND}, {"s", TIMESTAMP_SECOND}, {"m", 60 * TIMESTAMP_SECOND},
	    {"h", 3600 * TIMESTAMP_SECOND}, {"d", 86400 * TIMESTAMP_SECOND}};
	size_t at = text->len;
	while (at && text->len - at < 16 && text->at[at - 1] != '+')
		at--;
	struct slice number = slice_drop(*text, at);
	uint64_t count;
	if (at < 2 || text->at[at - 1] != '+' || text->at[at - 2] != ' ' || !digits_take(&number, 1000000, &count))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (slice_equals_text(number, units[i].unit)) {
			*difference = (timestamp)count * units[i].length;
			*text = slice_take(*text, at - 2);
			return true;
		}
	return false;
}

/* ---- pieces of a text */

/* What stands between words at the front and one at the end. */
static bool node_take_between(struct slice *text, const char *front, const char *end)
{
	struct slice first = slice_of_text(front), last = slice_of_text(end);
	if (!slice_starts_with(*text, first) || !slice_ends_with(*text, last) || text->len < first.len + last.len)
		return false;
	*text = slice_take(slice_drop(*text, first.len), text->len - first.len - last.len);
	return true;
}

static void node_keep_sid(char kept[LOG_SID], struct slice sid)
{
	sid = slice_take(sid, LOG_SID - 1);
	memcpy(kept, sid.at ? (const char *)sid.at : "", sid.len);
	kept[sid.len] = '\0';
}

/* The value of `name` in a query. */
static struct slice node_query_value(struct slice target, const char *name)
{
	slice_take_until(&target, '?');
	while (target.len) {
		struct slice value = slice_take_until(&target, '&');
		struct slice key = slice_take_until(&value, '=');
		if (slice_equals_text(key, name))
			return value;
	}
	return target;
}

/* ---- which session a line is about */

/* A request shows that the session is there: of one that is open alone it says which. */
static void node_note_sid(struct log_order *order, struct slice sid)
{
	if (!sid.len)
		return;
	if (!order->open)
		order->open = 1; /* it was opened before the log begins */
	if (order->open == 1)
		node_keep_sid(order->current, sid);
}

static void node_note_opened(struct log_order *order, struct slice sid)
{
	order->open++;
	node_keep_sid(order->current, order->open == 1 ? sid : slice_of(NULL, 0));
}

static void node_note_closed(struct log_order *order)
{
	order->open -= order->open > 0;
	*order->current = '\0';
}

/* The session of a line that does not say it; where there is none, it is not known. */
static void node_place(struct log_reader *reader, struct log_step *step, const char *sid)
{
	node_keep_sid(reader->order.placed, slice_of_text(*sid ? sid : reader->order.current));
	step->sid = slice_of_text(reader->order.placed);
	if (!step->sid.len)
		reader->counts.unplaced++;
}

/* ---- binary packets: their bytes are written as if they were text */

/* `51-[…]` and `61-[…]` announce them. */
static unsigned node_announced(struct slice packet)
{
	uint64_t count;
	bool is_binary = packet.len && (*packet.at == '5' || *packet.at == '6');
	packet = slice_drop(packet, 1);
	return is_binary && digits_take(&packet, 10000, &count) && slice_starts_with(packet, SLICE("-"))
	           ? (unsigned)count
	           : 0;
}

/* Is it one? Else it may announce some. */
static bool node_take_awaited(struct log_reader *reader, struct log_step *step)
{
	unsigned *awaited = &reader->order.awaited[step->received];
	if (!*awaited) {
		*awaited = step->type == '4' ? node_announced(step->bytes) : 0;
		return false;
	}
	--*awaited;
	step->kind = LOG_STEP_PACKET;
	step->type = '4';
	step->is_binary = true;
	step->bytes = slice_of(NULL, 0);
	reader->counts.binary++;
	return true;
}

/* ---- lines by their names */

static enum log_word node_read_request(struct log_reader *reader, struct slice text)
{
	struct log_order *order = &reader->order;
	bool is_post = slice_starts_with(text, SLICE("handling \"POST\""));
	size_t quote = slice_find(text, SLICE(" http request \""));
	struct slice target = slice_drop(text, quote + 15);
	struct slice sid = node_query_value(target, "sid"), revision = node_query_value(target, "EIO");
	bool ends = slice_ends_with(target, SLICE("\""));
	if (ends && slice_ends_with(sid, SLICE("\"")))
		sid = slice_take(sid, sid.len - 1);
	order->revision = slice_starts_with(revision, SLICE("4")) ? 4 : slice_starts_with(revision, SLICE("3")) ? 3 : 0;
	order->is_requested = !sid.len;
	node_note_sid(order, sid);
	if (is_post) {
		order->posts++;
		node_keep_sid(order->posted, order->posts == 1 ? sid : slice_of(NULL, 0));
	}
	return LOG_WORD_CHATTER;
}

/* What was noted by its request is none. */
static void node_note_unknown(struct log_order *order, struct slice sid)
{
	if (slice_equals_text(sid, order->current))
		node_note_closed(order);
	if (order->posts && slice_equals_text(sid, order->posted))
		order->posts--;
}

static enum log_word node_read_engine(struct log_reader *reader, struct slice text)
{
	struct slice sid = text;
	if (slice_starts_with(text, SLICE("handling \"")))
		return node_read_request(reader, text);
	if (node_take_between(&sid, "unknown sid \"", "\"")) {
		node_note_unknown(&reader->order, sid);
		return LOG_WORD_CHATTER;
	}
	if (node_take_between(&sid, "handshaking client \"", "\"")) {
		node_note_opened(&reader->order, sid);
		reader->order.by_websocket = !reader->order.is_requested;
		reader->order.is_requested = false;
	}
	return LOG_WORD_CHATTER;
}

static char node_type(struct slice name)
{
	static const char *const names[] = {"open", "close", "ping", "pong", "message", "upgrade", "noop"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (slice_equals_text(name, names[i]))
			return (char)('0' + i);
	return 0;
}

/* What is sent in the call that opened a session is of it. */
static void node_place_sent(struct log_reader *reader, struct log_step *step)
{
	struct slice sid;
	struct log_order *order = &reader->order;
	if (step->type == '0' && json_find_member(step->bytes, "sid", &sid)) {
		node_keep_sid(order->opened, json_inside_quotes(sid));
		step->revision = order->revision;
		step->by_websocket = order->by_websocket;
	}
	node_place(reader, step, order->opened);
}

/* `"message" (2["name"])`; `([ '0' ])` of engine.io 3: what is sent with the handshake. */
static enum log_word node_read_sent(struct log_reader *reader, struct slice text, struct log_step *step)
{
	struct slice data = text;
	struct slice type = slice_take_until(&data, '"');
	step->kind = LOG_STEP_PACKET;
	step->type = node_type(type);
	if (!step->type || !node_take_between(&data, " (", ")")) {
		reader->counts.unread++;
		return LOG_WORD_CHATTER;
	}
	node_take_between(&data, "[ '", "' ]");
	step->bytes = slice_equals_text(data, "undefined") ? slice_of(NULL, 0) : data;
	node_take_awaited(reader, step);
	node_place_sent(reader, step);
	return LOG_WORD_STEP;
}

/* engine.io 6 says so in words, 3 and 4 show what they write; some do both. */
static enum log_word node_read_probe_answer(struct log_reader *reader, struct log_step *step)
{
	if (!reader->order.is_probed)
		return LOG_WORD_CHATTER;
	reader->order.is_probed = false;
	step->kind = LOG_STEP_PACKET;
	step->type = '3';
	step->bytes = slice_of_text("probe");
	step->by_websocket = true;
	node_place(reader, step, "");
	return LOG_WORD_STEP;
}

static enum log_word node_read_socket(struct log_reader *reader, struct slice text, struct log_step *step)
{
	struct log_order *order = &reader->order;
	if (slice_starts_with(text, SLICE("sending packet \"")))
		return node_read_sent(reader, slice_drop(text, 16), step);
	*order->opened = '\0';
	if (slice_equals_text(text, "got probe ping packet, sending pong"))
		return node_read_probe_answer(reader, step);
	if (slice_equals_text(text, "got upgrade packet - upgrading")) {
		step->kind = LOG_STEP_UPGRADED;
		node_place(reader, step, "");
		return LOG_WORD_STEP;
	}
	bool closes = slice_starts_with(text, SLICE("readyState updated from ")) &&
	              slice_ends_with(text, SLICE(" to closed"));
	if (!closes || order->closes_by_client)
		return LOG_WORD_CHATTER;
	step->kind = LOG_STEP_CLOSED;
	step->bytes = slice_of_text("the server's log: closed");
	node_place(reader, step, "");
	node_note_closed(order);
	return LOG_WORD_STEP;
}

static enum log_word node_read_message(struct log_reader *reader, struct slice text, struct log_step *step)
{
	if (slice_equals_text(text, "writing \"3probe\""))
		return node_read_probe_answer(reader, step);
	if (!slice_starts_with(text, SLICE("received \"")))
		return LOG_WORD_CHATTER;
	reader->order.is_probed |= slice_equals_text(text, "received \"2probe\"");
	text = slice_drop(text, 10);
	step->received = true;
	step->kind = LOG_STEP_PACKET;
	step->bytes = slice_ends_with(text, SLICE("\"")) ? slice_take(text, text.len - 1) : text;
	if (!reader->order.awaited[true]) {
		step->type = step->bytes.len ? (char)*step->bytes.at : 0;
		step->bytes = slice_drop(step->bytes, 1);
	}
	bool is_binary = node_take_awaited(reader, step);
	if (!is_binary && (step->type < '0' || step->type > '6')) {
		reader->counts.unread++;
		return LOG_WORD_CHATTER;
	}
	step->by_websocket = true;
	node_place(reader, step, "");
	return LOG_WORD_STEP;
}

static enum log_word node_read_polling(struct log_reader *reader, struct slice text, struct log_step *step)
{
	struct log_order *order = &reader->order;
	struct slice body = text;
	if (!node_take_between(&body, "received \"", "\""))
		return LOG_WORD_CHATTER;
	step->received = true;
	step->kind = LOG_STEP_PAYLOAD;
	step->bytes = body;
	step->revision = order->revision;
	node_place(reader, step, order->posts == 1 ? order->posted : "");
	order->posts -= order->posts > 0;
	return LOG_WORD_STEP;
}

/* Where engine* was not asked for, the parser has what its messages carry. */
static enum log_word node_read_parser(struct log_reader *reader, struct slice text, struct log_step *step)
{
	if (reader->has_packets)
		return LOG_WORD_CHATTER;
	bool decoded = slice_starts_with(text, SLICE("decoded ")),
	     encoded = slice_starts_with(text, SLICE("encoded {"));
	struct slice words = decoded ? SLICE(" as {\"type\":") : SLICE("} as ");
	size_t at = slice_find_last(text, words);
	if (at == text.len || at < 8 || (!decoded && !encoded))
		return LOG_WORD_CHATTER;
	step->kind = LOG_STEP_PACKET;
	step->type = '4';
	step->received = decoded;
	step->bytes = decoded ? slice_take(slice_drop(text, 8), at - 8) : slice_drop(text, at + words.len);
	node_place(reader, step, "");
	return LOG_WORD_STEP;
}

/* Why, in the server's words: `ping timeout`, `transport error`. */
static enum log_word node_read_client(struct log_reader *reader, struct slice text, struct log_step *step)
{
	struct slice words = SLICE("client close with reason ");
	reader->order.closes_by_client = true;
	if (!slice_starts_with(text, words))
		return LOG_WORD_CHATTER;
	buffer_clear(&reader->scratch);
	buffer_append_text(&reader->scratch, "the server's log: ");
	buffer_append(&reader->scratch, slice_drop(text, words.len));
	step->kind = LOG_STEP_CLOSED;
	step->bytes = buffer_slice(&reader->scratch);
	node_place(reader, step, "");
	node_note_closed(&reader->order);
	return LOG_WORD_STEP;
}

enum log_word log_node_read(struct log_reader *reader, struct slice text, struct log_step *step)
{
	enum node_name name = node_take_name(&text);
	if (name != NODE_SOCKET && name != NODE_SOCKETIO && name != NODE_OTHER)
		*reader->order.opened = '\0';
	switch (name) {
	case NODE_ENGINE:
		return node_read_engine(reader, text);
	case NODE_SOCKET:
		return node_read_socket(reader, text, step);
	case NODE_WS:
		return node_read_message(reader, text, step);
	case NODE_POLLING:
		return node_read_polling(reader, text, step);
	case NODE_PARSER:
		return node_read_parser(reader, text, step);
	case NODE_CLIENT:
		return node_read_client(reader, text, step);
	case NODE_SOCKETIO:
		if (slice_starts_with(text, SLICE("creating engine.io instance")))
			reader->order = (struct log_order){
			    0}; /* the process was started: no session of before is open */
		reader->order.closes_by_client = true;
		return LOG_WORD_CHATTER;
	case NODE_OTHER:
		return LOG_WORD_CHATTER;
	default:
		return LOG_WORD_NONE;
	}
}

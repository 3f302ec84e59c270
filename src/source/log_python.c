/*
 * What python-engineio and python-socketio log of a session (engineio: asyncio_socket.py, async_socket.py, socket.py,
 * base_socket.py; socketio: server.py, async_server.py; the words are the same in versions 3 to 4 and 4 to 5):
 *
 *     SID: Sending packet OPEN data {'sid': …}         a dict as Python writes it
 *     SID: Received packet MESSAGE data 2["name",…]    the packet behind its first digit
 *     SID: Received request to upgrade to websocket    also of a session that begins with it
 *     SID: Upgrade to websocket successful
 *     SID: Client is gone, closing socket
 *     Server initialized for asgi.                     by engineio's logger, at its start
 *     received event "name" from SID [/nsp]            Socket.IO's logger; in version 5 by the namespace's sid
 *     emitting event "name" to ROOM [/nsp]
 *
 * And what their servers write of each request, behind an address or a time (uvicorn, gunicorn, aiohttp, werkzeug; the
 * combined form of nginx and Apache too):
 *
 *     "GET /socket.io/?EIO=4&transport=polling HTTP/1.1" 400
 *     "WebSocket /socket.io/?EIO=4&transport=websocket" 403     uvicorn
 */
#include "base/json.h"
#include "source/log_line.h"

#include <ctype.h>

enum python_words {
	PYTHON_SENT,
	PYTHON_RECEIVED,
	PYTHON_UPGRADING,
	PYTHON_UPGRADED,
	PYTHON_GONE,
	PYTHON_STARTED,
	PYTHON_EMITS,
	PYTHON_EVENT,
	PYTHON_ACK,
	PYTHON_WORDS,
};

static const char *const python_words[PYTHON_WORDS] = {
    [PYTHON_SENT] = ": Sending packet ",
    [PYTHON_RECEIVED] = ": Received packet ",
    [PYTHON_UPGRADING] = ": Received request to upgrade to websocket",
    [PYTHON_UPGRADED] = ": Upgrade to websocket successful",
    [PYTHON_GONE] = ": Client is gone, closing socket",
    [PYTHON_STARTED] = "Server initialized for ",
    [PYTHON_EMITS] = "emitting event \"",
    [PYTHON_EVENT] = "received event \"",
    [PYTHON_ACK] = "received ack from ",
};

/* ---- where a message begins */

static bool python_is_of_sid(uint8_t byte)
{
	return isalnum(byte) || byte == '-' || byte == '_';
}

/* The words at the front of a text that are nearest to its beginning; PYTHON_WORDS: none. *at is where. */
static enum python_words python_find_words(struct slice line, size_t *at)
{
	enum python_words found = PYTHON_WORDS;
	struct slice front = slice_take(line, LOG_PREFIX + LOG_SID);
	*at = line.len;
	for (enum python_words words = 0; words < PYTHON_WORDS; words++) {
		size_t each = slice_find(front, slice_of_text(python_words[words]));
		if (each >= front.len || each >= *at)
			continue;
		*at = each;
		found = words;
	}
	return found;
}

/* The sid before the words, and nothing that is no part of it: `INFO:engineio.server:SID`. */
static size_t python_sid_begin(struct slice line, size_t words)
{
	size_t begin = words;
	while (begin && python_is_of_sid(line.at[begin - 1]))
		begin--;
	return begin;
}

size_t log_python_find(struct slice line)
{
	size_t at;
	enum python_words words = python_find_words(line, &at);
	if (words == PYTHON_WORDS)
		return line.len;
	if (words >= PYTHON_STARTED)
		return at;
	size_t begin = python_sid_begin(line, at);
	return begin < at && at - begin < LOG_SID ? begin : line.len;
}

bool log_python_is_packet(struct slice text)
{
	size_t at;
	return python_find_words(text, &at) < PYTHON_EMITS;
}

/* ---- values as Python writes them */

static bool python_write_word(struct buffer *out, struct slice *rest)
{
	static const struct {
		const char *python, *json;
	} words[] = {{"True", "true"}, {"False", "false"}, {"None", "null"}};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (slice_starts_with(*rest, slice_of_text(words[i].python))) {
			*rest = slice_drop(*rest, strlen(words[i].python));
			return buffer_append_text(out, words[i].json);
		}
	uint8_t byte = *rest->at;
	*rest = slice_drop(*rest, 1);
	return buffer_append_byte(out, byte);
}

/* A string in either quotes; escapes that JSON has not, as \x1e, are taken over as \u001e. */
static bool python_write_string(struct buffer *out, struct slice *rest)
{
	uint8_t quote = *rest->at;
	*rest = slice_drop(*rest, 1);
	buffer_append_byte(out, '"');
	while (rest->len && *rest->at != quote) {
		uint8_t byte = *rest->at, next = rest->len > 1 ? rest->at[1] : 0;
		if (byte == '\\' && next == '\'')
			buffer_append_byte(out, '\'');
		else if (byte == '\\' && next == 'x')
			buffer_append_text(out, "\\u00");
		else if (byte == '\\')
			buffer_append(out, slice_take(*rest, 2));
		else if (byte == '"')
			buffer_append_text(out, "\\\"");
		else
			buffer_append_byte(out, byte);
		*rest = slice_drop(*rest, byte == '\\' ? 2 : 1);
	}
	bool ends = rest->len;
	*rest = slice_drop(*rest, 1);
	return ends && buffer_append_byte(out, '"');
}

/* A dict or list as JSON, in `out`. False: it is cut, or none. */
static bool python_write_json(struct buffer *out, struct slice value)
{
	bool good = true;
	buffer_clear(out);
	while (good && value.len)
		good = *value.at == '\'' || *value.at == '"' ? python_write_string(out, &value)
		                                             : python_write_word(out, &value);
	return good && json_is_valid(buffer_slice(out));
}

/* ---- packets */

/* `40` of python-engineio 3 has a sid of 32 hexadecimal digits, of 4 one of 20 (signatures.md E). */
static uint8_t python_revision(struct slice sid)
{
	return sid.len == 32 ? 3 : 4;
}

/* `OPEN data …`: the digit of the type. 0: none that is known. */
static char python_take_type(struct slice *text)
{
	static const char *const names[] = {"OPEN", "CLOSE", "PING", "PONG", "MESSAGE", "UPGRADE", "NOOP"};
	struct slice name = slice_take_until(text, ' ');
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (slice_equals_text(name, names[i]) && slice_starts_with(*text, SLICE("data"))) {
			*text = slice_drop(*text, 5); /* a space behind it, unless an editor cut it off */
			return (char)('0' + i);
		}
	return 0;
}

static bool python_fill_packet(struct log_reader *reader, struct slice text, struct log_step *step)
{
	step->kind = LOG_STEP_PACKET;
	step->type = python_take_type(&text);
	step->bytes = text;
	step->revision = python_revision(step->sid);
	if (slice_equals_text(text, "<binary>")) {
		step->is_binary = true;
		step->bytes = slice_of(NULL, 0);
		reader->counts.binary++;
	} else if (slice_equals_text(text, "None") && step->type != '4') {
		step->bytes = slice_of(NULL, 0);
	} else if (slice_starts_with(text, SLICE("{'")) || step->type == '0') {
		if (!python_write_json(&reader->scratch, text))
			return false;
		step->bytes = buffer_slice(&reader->scratch);
	}
	return step->type;
}

/* ---- events of Socket.IO: `"name" from SID [/nsp]` */

/* Takes what is between the quote that was taken and the last `" from ` or `" to `: a name may have quotes in it. */
static bool python_fill_event(struct log_reader *reader, struct slice text, const char *between, struct log_step *step)
{
	struct slice words = slice_of_text(between);
	size_t at = slice_find_last(text, words);
	struct slice behind = slice_drop(text, at + words.len), name = slice_take(text, at);
	step->sid = slice_take_until(&behind, ' ');
	if (!at || !step->sid.len || !slice_starts_with(behind, SLICE("[")) || !slice_ends_with(behind, SLICE("]")))
		return false;
	step->kind = LOG_STEP_EVENT;
	step->lacks_packets = true;
	step->nsp = slice_take(slice_drop(behind, 1), behind.len - 2);
	buffer_clear(&reader->scratch);
	json_write_string(&reader->scratch, name);
	step->bytes = buffer_slice(&reader->scratch);
	return step->nsp.len;
}

static enum log_word python_read_event(
    struct log_reader *reader, enum python_words words, struct slice text, struct log_step *step)
{
	if (reader->has_packets || words == PYTHON_ACK)
		return LOG_WORD_CHATTER;
	step->received = words == PYTHON_EVENT;
	if (!python_fill_event(reader, text, words == PYTHON_EVENT ? "\" from " : "\" to ", step)) {
		reader->counts.unread++;
		return LOG_WORD_CHATTER;
	}
	return LOG_WORD_STEP;
}

enum log_word log_python_read(struct log_reader *reader, struct slice text, struct log_step *step)
{
	size_t at;
	enum python_words words = python_find_words(text, &at);
	if (words == PYTHON_WORDS)
		return LOG_WORD_NONE;
	struct slice behind = slice_drop(text, at + strlen(python_words[words]));
	if (words >= PYTHON_EMITS)
		return python_read_event(reader, words, behind, step);
	if (words == PYTHON_STARTED)
		return LOG_WORD_CHATTER;
	step->sid = slice_take(text, at);
	step->received = words == PYTHON_RECEIVED;
	step->bytes = slice_of_text("the server's log: client is gone");
	if (words <= PYTHON_RECEIVED && !python_fill_packet(reader, behind, step)) {
		reader->counts.unread++;
		return LOG_WORD_CHATTER;
	}
	if (words > PYTHON_RECEIVED)
		step->kind = words == PYTHON_UPGRADING  ? LOG_STEP_UPGRADING
		             : words == PYTHON_UPGRADED ? LOG_STEP_UPGRADED
		                                        : LOG_STEP_CLOSED;
	return LOG_WORD_STEP;
}

/* ---- access logs */

/* nginx: the client left before it was answered (ngx_http_request.h, NGX_HTTP_CLIENT_CLOSED_REQUEST). Traefik writes
 * the same. */
enum { ACCESS_CLIENT_LEFT = 499 };

static bool access_is_refused(int status)
{
	return status >= 400 && status <= 599 && status != ACCESS_CLIENT_LEFT;
}

/* Takes a request in quotes and its status. False: it is no such line, or no request of Engine.IO. */
static bool access_take(struct slice text, struct log_step *step)
{
	struct slice quoted = slice_drop(text, 1), rest = slice_take(quoted, slice_find_byte(quoted, '"'));
	struct slice behind = slice_trim(slice_drop(quoted, rest.len + 1));
	uint64_t status;
	step->method = slice_take_until(&rest, ' ');
	step->bytes = slice_take_until(&rest, ' ');
	bool is_engineio = slice_find(step->bytes, SLICE("EIO=")) < step->bytes.len ||
	                   slice_find(step->bytes, SLICE("transport=")) < step->bytes.len;
	if (!is_engineio || !slice_starts_with(step->bytes, SLICE("/")) || !digits_take(&behind, 3, &status))
		return false;
	step->status = (int)status;
	return !behind.len || *behind.at == ' ';
}

size_t log_access_find(struct slice line, bool refused_alone)
{
	static const char *const requests[] = {"\"GET /", "\"POST /", "\"WebSocket /"};
	struct slice front = slice_take(line, LOG_PREFIX);
	struct log_step step;
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		size_t at = slice_find(front, slice_of_text(requests[i]));
		if (at < front.len && access_take(slice_drop(line, at), &step) &&
		    (!refused_alone || access_is_refused(step.status)))
			return at;
	}
	return line.len;
}

enum log_word log_access_read(struct log_reader *reader, struct slice text, struct log_step *step)
{
	(void)reader;
	step->kind = LOG_STEP_REFUSED;
	return access_take(text, step) && access_is_refused(step->status) ? LOG_WORD_STEP : LOG_WORD_NONE;
}

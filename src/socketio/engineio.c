/* Engine.IO as text: a request's query, polling payloads and what JSONP wraps around them, packets. */
#include "socketio/engineio.h"

#include "base/json.h"
#include "base/text.h"
#include "http/http1.h"

#include <stdlib.h>

/* ---- the query of a request */

static const char *const transport_names[] = {
    [TRANSPORT_NONE] = "",
    [TRANSPORT_POLLING] = "polling",
    [TRANSPORT_WEBSOCKET] = "websocket",
    [TRANSPORT_WEBTRANSPORT] = "webtransport",
    [TRANSPORT_UNKNOWN] = "unknown",
};

const char *transport_name(enum transport transport)
{
	return transport_names[transport];
}

static enum transport target_transport(struct slice word)
{
	for (enum transport known = TRANSPORT_POLLING; known < TRANSPORT_UNKNOWN; known++)
		if (slice_equals_text(word, transport_names[known]))
			return known;
	return TRANSPORT_UNKNOWN;
}

static void target_read_sid(struct target *target, struct slice encoded)
{
	struct buffer plain = buffer_over(target->sid, TARGET_SID_SIZE - 1);
	http_decode_percent(encoded, true, &plain);
	target->sid_len = plain.len;
	target->sid[plain.len] = '\0';
}

static bool target_path_is_usual(struct slice text)
{
	struct slice path = http_target_path(text);
	while (path.len && path.at[path.len - 1] == '/')
		path.len--;
	return slice_ends_with(path, SLICE("socket.io")) || slice_ends_with(path, SLICE("engine.io"));
}

void target_read(struct target *target, struct slice text)
{
	struct slice sid, ignored;
	memset(target, 0, sizeof *target);
	if (!memchr(text.at ? text.at : (const uint8_t *)"", '?', text.len))
		return;
	bool has_eio = http_find_parameter(text, "EIO", &target->eio);
	bool has_transport = http_find_parameter(text, "transport", &target->word);
	bool has_sid = http_find_parameter(text, "sid", &sid);
	enum transport transport = has_transport ? target_transport(target->word) : TRANSPORT_NONE;
	bool has_known_transport = has_transport && transport != TRANSPORT_UNKNOWN;
	target->engineio = (has_eio && (has_transport || has_sid)) || (has_known_transport && has_sid) ||
	                   ((has_eio || has_known_transport) && target_path_is_usual(text));
	if (!target->engineio)
		return;
	target->transport = transport;
	/* 2 is decoded as 3 (protocol.md §1). What a server makes of any other word, the form of its answer shows. */
	bool old = slice_equals_text(target->eio, "3") || slice_equals_text(target->eio, "2");
	target->revision = slice_equals_text(target->eio, "4") ? 4 : old ? 3 : 0;
	target->jsonp = http_find_parameter(text, "j", &ignored);
	if (has_sid)
		target_read_sid(target, sid);
}

struct target *target_new(struct slice text, struct budget *budget)
{
	struct target *target = budget_new(budget, sizeof *target);
	if (!target)
		return NULL;
	target_read(target, text);
	target->engineio = true; /* also when there was no memory to keep the text */
	return target;
}

/* ---- payloads and packets */

enum payload_form { FORM_SEPARATED, FORM_COUNTED, FORM_BINARY };

enum { SEPARATOR = 0x1e, LENGTH_DIGITS = 10 };

/* ---- one packet */

static bool engineio_take_type(struct slice *text, uint8_t zero, enum engineio_type *type)
{
	if (!text->len || text->at[0] < zero || text->at[0] > zero + ENGINEIO_NOOP)
		return false;
	*type = (enum engineio_type)(text->at[0] - zero);
	*text = slice_drop(*text, 1);
	return true;
}

/* Revision 3 writes a type digit between `b` and the base64. Where the revision is not known, the base64's length
 * decides: it is a multiple of four. */
static bool engineio_has_base64_type(int revision, struct slice text)
{
	return revision == 3 || (revision == 0 && text.len % 4 == 1);
}

static bool engineio_read_base64(
    int revision, struct slice text, struct buffer *scratch, struct engineio_packet *packet, const char **why)
{
	packet->type = ENGINEIO_MESSAGE;
	packet->binary = true;
	*why = "binary packet without a type";
	if (engineio_has_base64_type(revision, text) && !engineio_take_type(&text, '0', &packet->type))
		return false;
	buffer_clear(scratch);
	*why = "binary packet is no base64";
	if (!base64_read(scratch, text))
		return false;
	packet->data = buffer_slice(scratch);
	return true;
}

static bool engineio_read_text(
    int revision, struct slice text, struct buffer *scratch, struct engineio_packet *packet, const char **why)
{
	*packet = (struct engineio_packet){0};
	if (text.len && text.at[0] == 'b')
		return engineio_read_base64(revision, slice_drop(text, 1), scratch, packet, why);
	*why = text.len ? "no packet type" : "empty packet";
	bool good = engineio_take_type(&text, '0', &packet->type);
	packet->data = text;
	return good;
}

/* In revision 3 the first byte is the type as a number; where the revision is not known, 4 (message) is one. */
static bool engineio_read_bytes(int revision, struct slice bytes, struct engineio_packet *packet, const char **why)
{
	bool typed = revision == 3 || (revision == 0 && bytes.len && bytes.at[0] == ENGINEIO_MESSAGE);
	*packet = (struct engineio_packet){.type = ENGINEIO_MESSAGE, .binary = true};
	*why = "no packet type";
	bool good = !typed || engineio_take_type(&bytes, 0, &packet->type);
	packet->data = bytes;
	return good;
}

bool engineio_read_message(int revision, bool binary, struct slice message, struct buffer *scratch,
    struct engineio_packet *packet, const char **why)
{
	return binary ? engineio_read_bytes(revision, message, packet, why)
	              : engineio_read_text(revision, message, scratch, packet, why);
}

/* ---- a payload */

/* How a length is spelt in front of a packet: by digits of which the first is `zero`, up to `end`. */
struct spelling {
	uint8_t zero, end;
};

static const struct spelling spelling_text = {'0', ':'}, spelling_binary = {0, 0xff};

/* Takes a length and its end off the front; false when there is none, or one of more than ten digits. */
static bool payload_take_length(struct slice *text, struct spelling spelling, uint64_t *length)
{
	*length = 0;
	for (size_t digits = 0; digits < text->len && digits <= LENGTH_DIGITS; digits++) {
		uint8_t byte = text->at[digits];
		if (byte == spelling.end) {
			*text = slice_drop(*text, digits + 1);
			return digits > 0;
		}
		if (byte < spelling.zero || byte > spelling.zero + 9)
			return false;
		*length = *length * 10 + (byte - spelling.zero);
	}
	return false;
}

static uint8_t payload_form(int revision, struct slice body)
{
	uint64_t length;
	if (body.len && body.at[0] <= 1)
		return FORM_BINARY;
	if (revision == 3 || (revision == 0 && payload_take_length(&body, spelling_text, &length)))
		return FORM_COUNTED;
	return FORM_SEPARATED;
}

void engineio_payload_free(struct engineio_payload *payload)
{
	buffer_free(&payload->base64);
}

static enum wire_result payload_fail(struct engineio_payload *payload, const char *why)
{
	payload->why = why;
	return WIRE_BAD;
}

/* `rest` is what follows the packet's text. */
static bool payload_take_text(
    struct engineio_payload *payload, struct slice text, struct slice rest, struct engineio_packet *packet)
{
	if (!engineio_read_text(payload->revision, text, &payload->base64, packet, &payload->why))
		return false;
	payload->rest = rest;
	return true;
}

/* Revision 4 (protocol.md §3.2). */
static enum wire_result payload_next_separated(struct engineio_payload *payload, struct engineio_packet *packet)
{
	struct slice rest = payload->rest, text = slice_take_until(&rest, SEPARATOR);
	bool promised = text.len < payload->rest.len;
	if (!payload_take_text(payload, text, rest, packet))
		return WIRE_BAD;
	payload->promised = promised;
	return WIRE_ITEM;
}

enum length_unit { UTF16_UNITS, BYTES, CODE_POINTS, LENGTH_UNITS };

static size_t payload_units_of(uint8_t byte, enum length_unit unit)
{
	if (unit == BYTES)
		return 1;
	bool begins = (byte & 0xc0) != 0x80;
	return unit == UTF16_UNITS && byte >= 0xf0 ? 2 : begins;
}

/* How many bytes `length` units take; more than there are when they do not fit. */
static size_t payload_measure(struct slice text, uint64_t length, enum length_unit unit)
{
	size_t at = 0;
	uint64_t units = 0;
	while (at < text.len) {
		size_t more = payload_units_of(text.at[at], unit);
		if (units + more > length)
			break;
		units += more;
		at++;
	}
	return units == length ? at : text.len + 1;
}

/* Takes one packet's length and its text off the front; false: the length leads beyond the end, or to what is neither
 * the end nor another length. */
static bool payload_take_counted(struct slice *body, enum length_unit unit, struct slice *text)
{
	uint64_t length, next;
	struct slice rest = *body;
	if (!payload_take_length(&rest, spelling_text, &length))
		return false;
	size_t len = payload_measure(rest, length, unit);
	if (len > rest.len)
		return false;
	*text = slice_take(rest, len);
	*body = rest = slice_drop(rest, len);
	return !rest.len || payload_take_length(&rest, spelling_text, &next);
}

/* How much of the body this unit leaves unread. */
static size_t payload_left(struct slice body, enum length_unit unit)
{
	size_t left = body.len;
	struct slice text;
	enum engineio_type type;
	while (body.len && payload_take_counted(&body, unit, &text)) {
		if (text.len && text.at[0] != 'b' && !engineio_take_type(&text, '0', &type))
			break;
		left = body.len;
	}
	return left;
}

/* Node counts UTF-16 units; python-engineio 3 counts bytes when it writes and code points when it reads (protocol.md
 * §3.3). A length that is wrong by a few units may land on a digit of a text: only the whole body decides. */
static enum length_unit payload_find_unit(struct slice body)
{
	enum length_unit best = UTF16_UNITS;
	size_t least = payload_left(body, best);
	for (enum length_unit unit = BYTES; least && unit < LENGTH_UNITS; unit++) {
		size_t left = payload_left(body, unit);
		if (left < least) {
			least = left;
			best = unit;
		}
	}
	return best;
}

void engineio_payload_init(struct engineio_payload *payload, int revision, struct slice body, struct budget *budget)
{
	*payload = (struct engineio_payload){.rest = body, .form = payload_form(revision, body)};
	if (payload->form == FORM_COUNTED)
		payload->unit = payload_find_unit(body);
	payload->revision = payload->form == FORM_SEPARATED ? 4 : 3;
	buffer_init(&payload->base64, BUFFER_NO_LIMIT, budget);
}

/* Revision 3, `<length>:<packet>` (protocol.md §3.3). */
static enum wire_result payload_next_counted(struct engineio_payload *payload, struct engineio_packet *packet)
{
	uint64_t length;
	struct slice text = payload->rest, rest = payload->rest;
	if (!payload_take_length(&text, spelling_text, &length))
		return payload_fail(payload, "no length in front of a packet");
	if (length == 0 && text.len == 0) {
		payload->rest = text;
		return WIRE_MORE;
	}
	if (!payload_take_counted(&rest, payload->unit, &text))
		return payload_fail(payload, "packet's length leads nowhere");
	return payload_take_text(payload, text, rest, packet) ? WIRE_ITEM : WIRE_BAD;
}

/* Revision 3, `<kind><length as numbers>0xff<packet>` (protocol.md §3.3). */
static enum wire_result payload_next_binary(struct engineio_payload *payload, struct engineio_packet *packet)
{
	uint64_t length;
	struct slice rest = slice_drop(payload->rest, 1);
	if (payload->rest.at[0] > 1 || !payload_take_length(&rest, spelling_binary, &length))
		return payload_fail(payload, "no length in front of a packet");
	if (length > rest.len)
		return payload_fail(payload, "packet's length leads beyond the end");
	struct slice message = slice_take(rest, (size_t)length);
	bool binary = payload->rest.at[0] == 1;
	if (!engineio_read_message(3, binary, message, &payload->base64, packet, &payload->why))
		return WIRE_BAD;
	payload->rest = slice_drop(rest, message.len);
	return WIRE_ITEM;
}

enum wire_result engineio_next_packet(struct engineio_payload *payload, struct engineio_packet *packet)
{
	if (payload->why)
		return WIRE_BAD;
	if (!payload->rest.len && !payload->promised)
		return WIRE_MORE;
	enum wire_result result = payload->form == FORM_BINARY    ? payload_next_binary(payload, packet)
	                          : payload->form == FORM_COUNTED ? payload_next_counted(payload, packet)
	                                                          : payload_next_separated(payload, packet);
	if (result != WIRE_BAD)
		payload->why = NULL;
	return result;
}

/* ---- the open packet */

enum open_member { OPEN_SID, OPEN_UPGRADES, OPEN_PING_INTERVAL, OPEN_PING_TIMEOUT, OPEN_MAX_PAYLOAD, OPEN_MEMBERS };

/* In the order in which most servers write them. */
static const char *const open_names[OPEN_MEMBERS] = {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"};

/* Those that are there, each as it came first; the others stay empty. */
static void open_find_members(struct slice object, struct slice members[OPEN_MEMBERS])
{
	struct json_walk walk = json_walk_into(object);
	while (json_walk_next(&walk))
		for (size_t i = 0; i < OPEN_MEMBERS; i++)
			if (!members[i].len && json_string_is(walk.key, open_names[i])) {
				members[i] = walk.value;
				break;
			}
}

/* Nearly all are whole, and those are read several times as fast. */
static timestamp open_read_milliseconds(struct slice number)
{
	int64_t whole;
	double milliseconds;
	if (json_read_integer(number, &whole))
		milliseconds = (double)whole;
	else if (!json_read_number(number, &milliseconds))
		return 0;
	bool sane = milliseconds > 0 && milliseconds < 1e12;
	return sane ? (timestamp)(milliseconds * 1e6) : 0;
}

static uint64_t open_read_size(struct slice number)
{
	int64_t size;
	return json_read_integer(number, &size) && size > 0 ? (uint64_t)size : 0;
}

static bool open_lists(struct slice upgrades, const char *transport)
{
	struct json_walk walk = json_walk_into(upgrades);
	while (json_walk_next(&walk))
		if (json_string_is(walk.value, transport))
			return true;
	return false;
}

bool engineio_read_open(struct slice json, struct buffer *scratch, struct engineio_open *open)
{
	struct slice object, members[OPEN_MEMBERS] = {0};
	size_t before = scratch->len;
	if (!json_take_value(&json, &object) || json_kind_of(object) != JSON_OBJECT)
		return false;
	open_find_members(object, members);
	if (!json_unescape(members[OPEN_SID], scratch) || scratch->len == before)
		return false;
	*open = (struct engineio_open){
	    .sid = slice_drop(buffer_slice(scratch), before),
	    .upgrades_to_websocket = open_lists(members[OPEN_UPGRADES], "websocket"),
	    .upgrades_to_webtransport = open_lists(members[OPEN_UPGRADES], "webtransport"),
	    .ping_interval = open_read_milliseconds(members[OPEN_PING_INTERVAL]),
	    .ping_timeout = open_read_milliseconds(members[OPEN_PING_TIMEOUT]),
	    .max_payload = open_read_size(members[OPEN_MAX_PAYLOAD]),
	};
	return true;
}

/* ---- JSONP */

/* ---- answers */

static struct slice jsonp_without_end_space(struct slice text)
{
	while (text.len && strchr(" \t\r\n", text.at[text.len - 1]))
		text.len--;
	return text;
}

/* The string with its quotes; empty when `body` is no call of ___eio. */
static struct slice jsonp_argument(struct slice body)
{
	size_t call = slice_find(body, SLICE("___eio["));
	struct slice rest = slice_drop(body, call);
	rest = slice_drop(rest, slice_find(rest, SLICE("](")) + 2);
	rest = jsonp_without_end_space(rest);
	if (slice_ends_with(rest, SLICE(";")))
		rest.len--;
	if (!slice_ends_with(rest, SLICE(")")))
		return slice_of(NULL, 0);
	rest.len--;
	bool quoted = rest.len >= 2 && rest.at[0] == '"' && rest.at[rest.len - 1] == '"';
	return quoted ? rest : slice_of(NULL, 0);
}

/* The escapes of JavaScript that JSON lacks, as Go's JSEscapeString writes them (googollee). */
static bool jsonp_append_as_json(struct buffer *out, struct slice *rest)
{
	if (rest->len > 1 && rest->at[1] == '\'') {
		*rest = slice_drop(*rest, 2);
		return buffer_append_byte(out, '\'');
	}
	if (rest->len > 1 && rest->at[1] == 'x') {
		*rest = slice_drop(*rest, 2);
		return buffer_append_text(out, "\\u00");
	}
	bool good = buffer_append(out, slice_take(*rest, 2));
	*rest = slice_drop(*rest, 2);
	return good;
}

static bool jsonp_read_javascript(struct slice quoted, struct buffer *out)
{
	struct buffer json;
	buffer_init(&json, BUFFER_NO_LIMIT, out->budget);
	bool good = true;
	while (quoted.len && good) {
		struct slice plain = slice_take(quoted, slice_find_byte(quoted, '\\'));
		quoted = slice_drop(quoted, plain.len);
		good = buffer_append(&json, plain) && (!quoted.len || jsonp_append_as_json(&json, &quoted));
	}
	good = good && json_is_valid(buffer_slice(&json)) && json_unescape(buffer_slice(&json), out);
	buffer_free(&json);
	return good;
}

/* python-engineio leaves backslashes alone, so that a `\"` in the payload ends the string for any other reader. */
static bool jsonp_read_python(struct slice quoted, struct buffer *out)
{
	struct slice rest = slice_take(slice_drop(quoted, 1), quoted.len - 2);
	bool good = true;
	while (rest.len && good) {
		struct slice plain = slice_take(rest, slice_find(rest, SLICE("\\\"")));
		rest = slice_drop(rest, plain.len);
		good = buffer_append(out, plain) && (!rest.len || buffer_append_byte(out, '"'));
		rest = slice_drop(rest, 2);
	}
	return good;
}

bool jsonp_unwrap_answer(struct slice body, struct buffer *out)
{
	struct slice quoted = jsonp_argument(body);
	if (!quoted.len)
		return false;
	return jsonp_read_javascript(quoted, out) || (!out->truncated && jsonp_read_python(quoted, out));
}

/* ---- posts */

/* Clients double the backslash of a `\n` because browsers make line ends of forms CRLF; node undoes it so: `\\n` is
 * `\n`, and a `\n` that nothing precedes is a line end. Shortens `from` in place. */
static void jsonp_restore_newlines(struct buffer *out, size_t from)
{
	size_t to = from;
	for (size_t at = from; at < out->len; at++) {
		struct slice rest = slice_of(out->at + at, out->len - at);
		if (slice_starts_with(rest, SLICE("\\n"))) {
			out->at[to++] = '\n';
			at++;
		} else if (slice_starts_with(rest, SLICE("\\\\n"))) {
			out->at[to++] = '\\';
			out->at[to++] = 'n';
			at += 2;
		} else {
			out->at[to++] = out->at[at];
		}
	}
	out->len = to;
}

static bool jsonp_find_field(struct slice body, struct slice *value)
{
	while (body.len) {
		struct slice pair = slice_take_until(&body, '&');
		if (!slice_starts_with(pair, SLICE("d=")))
			continue;
		*value = slice_drop(pair, 2);
		return true;
	}
	return false;
}

bool jsonp_unwrap_post(struct slice body, struct buffer *out)
{
	struct slice encoded;
	size_t from = out->len;
	if (!jsonp_find_field(body, &encoded) || !http_decode_percent(encoded, true, out))
		return false;
	if (out->len > from && memchr(out->at + from, '\\', out->len - from))
		jsonp_restore_newlines(out, from);
	return true;
}

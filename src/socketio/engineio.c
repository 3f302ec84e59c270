/* Engine.IO packets: one in a WebSocket message, many in a polling payload, revisions 3 and 4. */
#include "socketio/engineio.h"

#include "base/encoding.h"
#include "base/json.h"

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
 * tells: it is a multiple of four. */
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

static bool open_lists_websocket(struct slice upgrades)
{
	struct json_walk walk = json_walk_into(upgrades);
	while (json_walk_next(&walk))
		if (json_string_is(walk.value, "websocket"))
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
	    .upgrades_to_websocket = open_lists_websocket(members[OPEN_UPGRADES]),
	    .ping_interval = open_read_milliseconds(members[OPEN_PING_INTERVAL]),
	    .ping_timeout = open_read_milliseconds(members[OPEN_PING_TIMEOUT]),
	    .max_payload = open_read_size(members[OPEN_MAX_PAYLOAD]),
	};
	return true;
}

/* Socket.IO packets in the default parser's text, and in the msgpack and json parsers' maps. */
#include "socketio/socketio.h"

#include "base/bytes.h"
#include "base/json.h"
#include "socketio/msgpack.h"

enum { BINARY_EVENT = 5, BINARY_ACK = 6, SOCKETIO_DIGITS = 15 };

const char socketio_too_deep[] = "its data is nested too deep";

static bool socketio_fail(const char **why, const char *words)
{
	*why = words;
	return false;
}

static bool socketio_set_type(struct socketio_packet *packet, int64_t number)
{
	if (number < 0 || number > BINARY_ACK)
		return false;
	packet->binary_type = number >= BINARY_EVENT;
	packet->type = number == BINARY_EVENT ? SOCKETIO_EVENT
	               : number == BINARY_ACK ? SOCKETIO_ACK
	                                      : (enum socketio_type)number;
	return true;
}

static void socketio_init(struct socketio_packet *packet, enum socketio_parser parser)
{
	*packet = (struct socketio_packet){.parser = parser, .nsp = SLICE("/")};
}

/* ---- what each type must carry */

/* Does an array begin with a string or a number? */
static bool socketio_begins_with_name(struct slice array)
{
	slice_take_until(&array, '[');
	enum json_kind kind = json_kind_of(array);
	return kind == JSON_STRING || kind == JSON_NUMBER;
}

static bool socketio_check_data(const struct socketio_packet *packet, const char **why)
{
	bool list = packet->data.len && json_kind_of(packet->data) == JSON_ARRAY;
	if (packet->type == SOCKETIO_EVENT && !(list && socketio_begins_with_name(packet->data)))
		return socketio_fail(why, "an event's data is not an array that begins with a name");
	if (packet->type == SOCKETIO_ACK && !list)
		return socketio_fail(why, "an acknowledgment's data is not an array");
	if (packet->type == SOCKETIO_ACK && !packet->id.len)
		return socketio_fail(why, "an acknowledgment without an id");
	return true;
}

/* ---- the default parser (protocol.md §6) */

/* `<n>-` of the binary types. */
static bool socketio_take_attachments(struct slice *text, struct socketio_packet *packet, const char **why)
{
	uint64_t count;
	if (!packet->binary_type)
		return true;
	if (!digits_take(text, SOCKETIO_DIGITS, &count) || !text->len || text->at[0] != '-')
		return socketio_fail(why, "a binary packet without its number of attachments");
	if (count > SOCKETIO_ATTACHMENTS)
		return socketio_fail(why, "more attachments announced than any implementation takes");
	*text = slice_drop(*text, 1);
	packet->attachments = (uint32_t)count;
	return true;
}

/* Up to a comma or the end: python and old clients leave the comma out where nothing follows. */
static void socketio_take_namespace(struct slice *text, struct socketio_packet *packet)
{
	if (!text->len || text->at[0] != '/')
		return;
	packet->query = slice_take_until(text, ',');
	packet->nsp = slice_take_until(&packet->query, '?');
}

static struct slice socketio_without_zeros(struct slice digits)
{
	while (digits.len > 1 && digits.at[0] == '0')
		digits = slice_drop(digits, 1);
	return digits;
}

/* Any number of digits: node reads them as one floating-point number, python as a whole number of up to 100 digits
 * (socket.io-parser 4.2 decodeString, python-socketio 5 Packet.decode). */
static void socketio_take_id(struct slice *text, struct socketio_packet *packet)
{
	size_t count = 0;
	while (count < text->len && digits_is_decimal(text->at[count]))
		count++;
	packet->id = socketio_without_zeros(slice_take(*text, count));
	*text = slice_drop(*text, count);
}

static struct slice socketio_trim(struct slice text)
{
	while (text.len &&
	       (text.at[text.len - 1] == '\n' || text.at[text.len - 1] == '\r' || text.at[text.len - 1] == ' '))
		text.len--;
	return text;
}

static bool socketio_take_data(struct slice *text, struct socketio_packet *packet, const char **why)
{
	*text = socketio_trim(*text);
	if (!text->len)
		return true;
	if (!json_take_value(text, &packet->data))
		return socketio_fail(why, json_is_too_deep(*text) ? socketio_too_deep : "its data is not JSON");
	return !text->len || socketio_fail(why, "something follows its data");
}

static bool socketio_read_default(struct slice text, struct socketio_packet *packet, const char **why)
{
	socketio_init(packet, SOCKETIO_DEFAULT);
	if (!text.len || !socketio_set_type(packet, text.at[0] - '0'))
		return socketio_fail(why, "no Socket.IO packet type");
	text = slice_drop(text, 1);
	if (!socketio_take_attachments(&text, packet, why))
		return false;
	socketio_take_namespace(&text, packet);
	socketio_take_id(&text, packet);
	return socketio_take_data(&text, packet, why) && socketio_check_data(packet, why);
}

/* ---- maps (protocol.md §6.2) */

/* A namespace's token without its quotes; an empty one is the main one. One with escapes keeps them: no implementation
 * writes such. */
static bool socketio_read_namespace(struct slice token, struct socketio_packet *packet)
{
	if (json_kind_of(token) != JSON_STRING || token.len < 2)
		return false;
	if (token.len > 2)
		packet->nsp = slice_of(token.at + 1, token.len - 2);
	return true;
}

static bool socketio_is_whole(struct slice token)
{
	for (size_t i = 0; i < token.len; i++)
		if (!digits_is_decimal(token.at[i]))
			return false;
	return token.len > 0;
}

static bool socketio_read_map(
    struct slice map, enum socketio_parser parser, struct socketio_packet *packet, const char **why)
{
	struct slice type, nsp, id;
	int64_t number;
	socketio_init(packet, parser);
	if (!json_find_member(map, "type", &type) || !json_read_integer(type, &number) ||
	    !socketio_set_type(packet, number))
		return socketio_fail(why, "no Socket.IO packet type");
	if (!json_find_member(map, "nsp", &nsp) || !socketio_read_namespace(nsp, packet))
		return socketio_fail(why, "no namespace");
	if (json_find_member(map, "id", &id) && socketio_is_whole(id))
		packet->id = socketio_without_zeros(id);
	json_find_member(map, "data", &packet->data);
	return socketio_check_data(packet, why);
}

bool socketio_read_text(struct slice text, struct socketio_packet *packet, const char **why)
{
	struct slice map, rest = socketio_trim(text);
	if (!text.len || text.at[0] != '{')
		return socketio_read_default(text, packet, why);
	if (!json_take_value(&rest, &map) || rest.len)
		return socketio_fail(
		    why, json_is_too_deep(rest) ? socketio_too_deep : "neither the default parser's form nor JSON");
	return socketio_read_map(map, SOCKETIO_JSON, packet, why);
}

bool socketio_read_msgpack(struct slice bytes, struct buffer *json, struct socketio_packet *packet, const char **why)
{
	bool map = bytes.len && ((bytes.at[0] >= 0x80 && bytes.at[0] <= 0x8f) || bytes.at[0] == 0xde);
	struct slice value, rest = bytes;
	bool too_deep = false;
	if (!map || !msgpack_write_json(&rest, json, &too_deep) || rest.len)
		return socketio_fail(why, too_deep ? socketio_too_deep : "no msgpack map");
	rest = buffer_slice(json);
	if (!json_take_value(&rest, &value))
		return socketio_fail(why, "no msgpack map");
	return socketio_read_map(value, SOCKETIO_MSGPACK, packet, why);
}

/* ---- */

const char *socketio_flaw(const struct socketio_packet *packet)
{
	static const char *const reserved[] = {"\"connect\"", "\"connect_error\"", "\"disconnect\"",
	    "\"disconnecting\"", "\"newListener\"", "\"removeListener\""};
	struct slice name, arguments;
	if (packet->parser == SOCKETIO_DEFAULT && packet->binary_type && !packet->attachments)
		return "a binary packet that announces no attachment";
	if (packet->type != SOCKETIO_EVENT)
		return NULL;
	socketio_split_event(packet->data, &name, &arguments);
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (slice_equals_text(name, reserved[i]))
			return "an event with a reserved name";
	return NULL;
}

void socketio_split_event(struct slice data, struct slice *name, struct slice *arguments)
{
	*name = *arguments = slice_of(NULL, 0);
	struct slice rest = data;
	slice_take_until(&rest, '[');
	if (!json_take_checked(&rest, name))
		return;
	slice_take_until(&rest, ',');
	*arguments = rest;
	while (arguments->len && arguments->at[arguments->len - 1] != ']')
		arguments->len--;
	arguments->len -= arguments->len > 0;
}

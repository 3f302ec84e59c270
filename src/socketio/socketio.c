/* Socket.IO packets in the default parser's text, and in the msgpack and json parsers' maps. */
#include "socketio/socketio.h"

#include "base/bytes.h"
#include "base/json.h"
#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- MessagePack becomes JSON text, value by value; what is open is kept in a stack, not in calls */

struct msgpack_level {
	uint64_t left; /* values to come; of a map, keys and values */
	bool map;
	bool first;
};

struct msgpack {
	struct slice *bytes;
	struct buffer *out;
	struct msgpack_level levels[JSON_DEPTH];
	size_t depth;
	bool too_deep;
};

enum msgpack_kind {
	PACK_NIL,
	PACK_FALSE,
	PACK_TRUE,
	PACK_UNSIGNED,
	PACK_SIGNED,
	PACK_FLOAT,
	PACK_DOUBLE,
	PACK_TEXT,
	PACK_BINARY,
	PACK_EXTENSION,
	PACK_ARRAY,
	PACK_MAP,
	PACK_BAD
};

/* What a first byte says: its kind, how many bytes of number follow, or (none follow) the number itself. */
struct msgpack_head {
	enum msgpack_kind kind;
	uint8_t width;
	uint64_t number;
};

static struct msgpack_head msgpack_read_fixed(uint8_t byte)
{
	if (byte <= 0x7f)
		return (struct msgpack_head){PACK_UNSIGNED, 0, byte};
	if (byte >= 0xe0)
		return (struct msgpack_head){PACK_SIGNED, 0, (uint64_t)(int64_t)(int8_t)byte};
	if (byte <= 0x8f)
		return (struct msgpack_head){PACK_MAP, 0, byte & 0x0f};
	if (byte <= 0x9f)
		return (struct msgpack_head){PACK_ARRAY, 0, byte & 0x0f};
	return (struct msgpack_head){PACK_TEXT, 0, byte & 0x1f};
}

/* 0xc0 to 0xdf (the MessagePack specification's table of formats). */
static const struct msgpack_head msgpack_heads[32] = {
    {PACK_NIL, 0, 0},
    {PACK_BAD, 0, 0},
    {PACK_FALSE, 0, 0},
    {PACK_TRUE, 0, 0},
    {PACK_BINARY, 1, 0},
    {PACK_BINARY, 2, 0},
    {PACK_BINARY, 4, 0},
    {PACK_EXTENSION, 1, 0},
    {PACK_EXTENSION, 2, 0},
    {PACK_EXTENSION, 4, 0},
    {PACK_FLOAT, 4, 0},
    {PACK_DOUBLE, 8, 0},
    {PACK_UNSIGNED, 1, 0},
    {PACK_UNSIGNED, 2, 0},
    {PACK_UNSIGNED, 4, 0},
    {PACK_UNSIGNED, 8, 0},
    {PACK_SIGNED, 1, 0},
    {PACK_SIGNED, 2, 0},
    {PACK_SIGNED, 4, 0},
    {PACK_SIGNED, 8, 0},
    {PACK_EXTENSION, 0, 1},
    {PACK_EXTENSION, 0, 2},
    {PACK_EXTENSION, 0, 4},
    {PACK_EXTENSION, 0, 8},
    {PACK_EXTENSION, 0, 16},
    {PACK_TEXT, 1, 0},
    {PACK_TEXT, 2, 0},
    {PACK_TEXT, 4, 0},
    {PACK_ARRAY, 2, 0},
    {PACK_ARRAY, 4, 0},
    {PACK_MAP, 2, 0},
    {PACK_MAP, 4, 0},
};

static bool msgpack_take(struct msgpack *pack, uint64_t len, struct slice *taken)
{
	if (len > pack->bytes->len)
		return false;
	*taken = slice_take(*pack->bytes, (size_t)len);
	*pack->bytes = slice_drop(*pack->bytes, (size_t)len);
	return true;
}

static bool msgpack_take_head(struct msgpack *pack, struct msgpack_head *head)
{
	struct slice first, number;
	if (!msgpack_take(pack, 1, &first))
		return false;
	uint8_t byte = first.at[0];
	*head = byte >= 0xc0 && byte <= 0xdf ? msgpack_heads[byte - 0xc0] : msgpack_read_fixed(byte);
	if (!msgpack_take(pack, head->width, &number))
		return false;
	for (size_t i = 0; i < number.len; i++)
		head->number = head->number << 8 | number.at[i];
	return head->kind != PACK_BAD;
}

/* ---- scalars */

static int64_t msgpack_signed(const struct msgpack_head *head)
{
	switch (head->width) {
	case 1:
		return (int8_t)head->number;
	case 2:
		return (int16_t)head->number;
	case 4:
		return (int32_t)head->number;
	default:
		return (int64_t)head->number;
	}
}

/* The shortest spelling that reads back the same. */
static bool msgpack_write_float(struct buffer *out, double number, bool single)
{
	char text[40];
	int most = single ? 9 : 17;
	if (!isfinite(number))
		return buffer_append_text(out, isnan(number) ? "\"NaN\""
		                               : number > 0  ? "\"Infinity\""
		                                             : "\"-Infinity\"");
	for (int digits = 1; digits <= most; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, number);
		if (single ? strtof(text, NULL) == (float)number : strtod(text, NULL) == number)
			break;
	}
	return buffer_append_text(out, text);
}

static bool msgpack_write_number(struct buffer *out, const struct msgpack_head *head)
{
	if (head->kind == PACK_UNSIGNED)
		return buffer_append_format(out, "%" PRIu64, head->number);
	if (head->kind == PACK_SIGNED)
		return buffer_append_format(out, "%" PRId64, msgpack_signed(head));
	if (head->kind == PACK_FLOAT) {
		uint32_t bits = (uint32_t)head->number;
		float number;
		memcpy(&number, &bits, sizeof number);
		return msgpack_write_float(out, number, true);
	}
	double number;
	memcpy(&number, &head->number, sizeof number);
	return msgpack_write_float(out, number, false);
}

/* ---- extensions */

static uint64_t msgpack_read_big_endian(struct slice bytes)
{
	uint64_t number = 0;
	for (size_t i = 0; i < bytes.len; i++)
		number = number << 8 | bytes.at[i];
	return number;
}

enum { SECOND = 1000000000 }; /* in nanoseconds */

/* As RFC 3339; false when it lies in no year of four digits. */
static bool msgpack_write_time(struct buffer *out, int64_t seconds, uint64_t nanoseconds)
{
	struct tm date;
	time_t time = (time_t)seconds;
	bool is_good = nanoseconds < SECOND && time == seconds && gmtime_r(&time, &date) && date.tm_year >= -1900 &&
	               date.tm_year < 8100;
	return is_good &&
	       buffer_append_format(out, "\"%04d-%02d-%02dT%02d:%02d:%02d.%09" PRIu64 "Z\"", date.tm_year + 1900,
	           date.tm_mon + 1, date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec, nanoseconds);
}

/* The specification's timestamp 32, 64 and 96. */
static bool msgpack_write_timestamp(struct buffer *out, struct slice bytes)
{
	uint64_t number = msgpack_read_big_endian(slice_take(bytes, 8));
	if (bytes.len == 4)
		return msgpack_write_time(out, (int64_t)number, 0);
	if (bytes.len == 8)
		return msgpack_write_time(out, (int64_t)(number & 0x3ffffffff), number >> 34);
	return bytes.len == 12 && msgpack_write_time(out, (int64_t)msgpack_read_big_endian(slice_drop(bytes, 4)),
	                              msgpack_read_big_endian(slice_take(bytes, 4)));
}

/* What notepack.io writes as type 0; false: something else. */
static bool msgpack_write_notepack(struct buffer *out, bool has_length, struct slice bytes)
{
	if (has_length)
		return json_write_binary(out, bytes);
	if (bytes.len == 1)
		return buffer_append_text(out, "null");
	if (bytes.len != 8)
		return false;
	int64_t milliseconds = (int64_t)msgpack_read_big_endian(bytes), rest = milliseconds % 1000;
	rest += rest < 0 ? 1000 : 0;
	return msgpack_write_time(out, (milliseconds - rest) / 1000, (uint64_t)rest * (SECOND / 1000));
}

static bool msgpack_write_extension(struct buffer *out, bool has_length, int8_t type, struct slice bytes)
{
	if (type == -1 && msgpack_write_timestamp(out, bytes))
		return true;
	if (type == 0 && msgpack_write_notepack(out, has_length, bytes))
		return true;
	return buffer_append_format(out, "{\"$ext\":%d,\"$binary\":\"", type) && base64_write(out, bytes) &&
	       buffer_append_text(out, "\"}");
}

static bool msgpack_write_bytes(struct msgpack *pack, const struct msgpack_head *head)
{
	struct slice bytes;
	/* An extension has its type before its bytes. */
	if (!msgpack_take(pack, head->number + (head->kind == PACK_EXTENSION), &bytes))
		return false;
	if (head->kind == PACK_TEXT)
		return json_write_string(pack->out, bytes);
	if (head->kind == PACK_EXTENSION)
		return msgpack_write_extension(pack->out, head->width > 0, (int8_t)bytes.at[0], slice_drop(bytes, 1));
	return json_write_binary(pack->out, bytes);
}

static bool msgpack_write_scalar(struct msgpack *pack, const struct msgpack_head *head)
{
	switch (head->kind) {
	case PACK_NIL:
		return buffer_append_text(pack->out, "null");
	case PACK_FALSE:
		return buffer_append_text(pack->out, "false");
	case PACK_TRUE:
		return buffer_append_text(pack->out, "true");
	case PACK_TEXT:
	case PACK_BINARY:
	case PACK_EXTENSION:
		return msgpack_write_bytes(pack, head);
	default:
		return msgpack_write_number(pack->out, head);
	}
}

/* ---- arrays and maps */

static bool msgpack_open(struct msgpack *pack, const struct msgpack_head *head)
{
	bool map = head->kind == PACK_MAP;
	pack->too_deep = pack->depth == JSON_DEPTH;
	if (pack->too_deep)
		return false;
	pack->levels[pack->depth++] = (struct msgpack_level){
	    .left = map ? head->number * 2 : head->number, .map = map, .first = true};
	return buffer_append_byte(pack->out, map ? '{' : '[');
}

static bool msgpack_close_full(struct msgpack *pack)
{
	while (pack->depth && pack->levels[pack->depth - 1].left == 0) {
		bool map = pack->levels[--pack->depth].map;
		if (!buffer_append_byte(pack->out, map ? '}' : ']'))
			return false;
	}
	return true;
}

/* JSON's keys are strings: any other scalar's JSON is put in quotes. */
static bool msgpack_write_key(struct msgpack *pack, const struct msgpack_head *head)
{
	if (head->kind == PACK_TEXT)
		return msgpack_write_scalar(pack, head);
	if (head->kind >= PACK_ARRAY || head->kind == PACK_BINARY)
		return false;
	size_t begin = pack->out->len;
	if (!msgpack_write_scalar(pack, head))
		return false;
	if (pack->out->at[begin] == '"')
		return true;
	if (pack->out->at[begin] == '{')
		return false;
	if (!buffer_append_text(pack->out, "\"\""))
		return false;
	memmove(pack->out->at + begin + 1, pack->out->at + begin, pack->out->len - begin - 2);
	pack->out->at[begin] = '"';
	pack->out->at[pack->out->len - 1] = '"';
	return true;
}

/* The comma or colon before a value; *key says whether it is a map's key. */
static bool msgpack_write_separator(struct msgpack *pack, bool *key)
{
	*key = false;
	if (!pack->depth)
		return true;
	struct msgpack_level *level = &pack->levels[pack->depth - 1];
	bool value_of_map = level->map && level->left % 2 == 1;
	bool first = level->first;
	*key = level->map && !value_of_map;
	level->first = false;
	level->left--;
	return first || buffer_append_byte(pack->out, value_of_map ? ':' : ',');
}

static bool msgpack_write_next(struct msgpack *pack)
{
	struct msgpack_head head;
	bool key;
	if (!msgpack_take_head(pack, &head) || !msgpack_write_separator(pack, &key))
		return false;
	if (key)
		return msgpack_write_key(pack, &head);
	if (head.kind == PACK_ARRAY || head.kind == PACK_MAP)
		return msgpack_open(pack, &head);
	return msgpack_write_scalar(pack, &head);
}

bool msgpack_write_json(struct slice *bytes, struct buffer *out, bool *too_deep)
{
	struct msgpack pack = {.bytes = bytes, .out = out};
	bool good;
	do
		good = msgpack_write_next(&pack) && msgpack_close_full(&pack);
	while (good && pack.depth);
	*too_deep = pack.too_deep;
	return good;
}

/* ---- packets */

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

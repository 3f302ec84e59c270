/* The head of an HTTP message, read when it is whole: its first line, its fields, and the request target in it. */

#include "base/bytes.h"
#include "http/http1.h"

/* ---- heads */

enum { HEAD_METHOD = 20, HEAD_LENGTH_DIGITS = 18 };

/* The first line without its end, taken off the front. */
static struct slice head_take_line(struct slice *bytes)
{
	struct slice line = slice_take_until(bytes, '\n');
	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool head_read_version(struct slice word, int *minor)
{
	if (word.len != 8 || !slice_starts_with(word, SLICE("HTTP/1.")) || !digits_is_decimal(word.at[7]))
		return false;
	*minor = word.at[7] - '0';
	return true;
}

/* The target may hold spaces that a careless client left in: the version is the last word. */
static const char *head_read_request_line(struct slice line, struct http_head *head)
{
	head->method = slice_take_until(&line, ' ');
	size_t space = line.len;
	while (space && line.at[space - 1] != ' ')
		space--;
	if (!space || !head_read_version(slice_drop(line, space), &head->minor_version))
		return "no HTTP/1 request line";
	head->target = slice_trim(slice_take(line, space));
	return head->method.len && head->target.len ? NULL : "no HTTP/1 request line";
}

static const char *head_read_status_line(struct slice line, struct http_head *head)
{
	struct slice version = slice_take_until(&line, ' '), status = slice_take_until(&line, ' ');
	uint64_t number;
	if (!head_read_version(version, &head->minor_version) || status.len != 3 || !digits_take(&status, 3, &number) ||
	    status.len || number < 100)
		return "no HTTP/1 status line";
	head->status = (int)number;
	head->reason = line;
	return NULL;
}

/* ---- fields */

/* The next field with the lines that continue it (obsolete folding, RFC 9112 §5.2). */
static struct slice head_take_field(struct slice *fields)
{
	struct slice field = head_take_line(fields);
	while (fields->len && (fields->at[0] == ' ' || fields->at[0] == '\t')) {
		struct slice more = head_take_line(fields);
		field.len = (size_t)(more.at + more.len - field.at);
	}
	return field;
}

/* Takes fields off the front up to the next that has a name; false when there is none. The value keeps the spaces
 * around it. */
static inline bool head_next_named(struct slice *fields, struct slice *name, struct slice *value)
{
	while (fields->len) {
		struct slice field = head_take_field(fields);
		size_t colon = slice_find_byte(field, ':');
		if (colon == field.len)
			continue;
		*name = slice_trim(slice_take(field, colon));
		*value = slice_drop(field, colon + 1);
		return true;
	}
	return false;
}

bool http_next_field(struct slice *fields, const char *name, struct slice *value)
{
	struct slice each, its_value;
	while (head_next_named(fields, &each, &its_value)) {
		if (!slice_equals_nocase(each, name))
			continue;
		*value = slice_trim(its_value);
		return true;
	}
	return false;
}

bool http_find_field(struct slice fields, const char *name, struct slice *value)
{
	return http_next_field(&fields, name, value);
}

/* The next element of a comma-separated list, without its parameters. */
static struct slice head_take_element(struct slice *list)
{
	struct slice element = slice_take_until(list, ',');
	return slice_trim(slice_take_until(&element, ';'));
}

bool http_list_has(struct slice list, const char *token)
{
	while (list.len)
		if (slice_equals_nocase(head_take_element(&list), token))
			return true;
	return false;
}

/* Several lengths, in one field or many, must agree (RFC 9112 §6.3). */
static const char *head_read_length(struct slice list, struct http_head *head)
{
	while (list.len) {
		uint64_t length;
		struct slice element = head_take_element(&list);
		if (!digits_take(&element, HEAD_LENGTH_DIGITS, &length) || element.len)
			return "Content-Length is no number";
		if (head->has_length && length != head->content_length)
			return "Content-Lengths disagree";
		head->has_length = true;
		head->content_length = length;
	}
	return NULL;
}

static bool head_ends_in_chunked(struct slice list)
{
	struct slice last = slice_of(NULL, 0);
	while (list.len)
		last = head_take_element(&list);
	return slice_equals_nocase(last, "chunked");
}

/* What the fields say of the message and its connection. Several with one name are one list (RFC 9110 §5.3). */
struct head_words {
	bool close, keep_alive, upgrade, websocket, h2c;
	bool coded;             /* there is a Transfer-Encoding */
	const char *bad_length; /* why; NULL: it is good, or there is none */
};

static void head_read_connection(struct slice list, struct head_words *words)
{
	words->close |= http_list_has(list, "close");
	words->keep_alive |= http_list_has(list, "keep-alive");
	words->upgrade |= http_list_has(list, "upgrade");
}

static struct head_words head_read_fields(struct http_head *head)
{
	struct head_words words = {0};
	struct slice fields = head->fields, name, value;
	while (head_next_named(&fields, &name, &value)) {
		head->names |= http_name_bit(name.at, name.len);
		if (slice_equals_nocase(name, "Connection")) {
			head_read_connection(value, &words);
		} else if (slice_equals_nocase(name, "Upgrade")) {
			head->upgrade = true;
			words.websocket |= http_list_has(value, "websocket");
			words.h2c |= http_list_has(value, "h2c");
		} else if (slice_equals_nocase(name, "Transfer-Encoding")) {
			head->chunked = head_ends_in_chunked(value);
			words.coded = true;
		} else if (slice_equals_nocase(name, "Content-Length") && !words.bad_length) {
			words.bad_length = head_read_length(value, head);
		}
	}
	return words;
}

const char *http_head_read(enum http_role role, struct slice bytes, struct http_head *head)
{
	struct slice rest = bytes;
	memset(head, 0, sizeof *head);
	head->bytes = bytes;
	struct slice line = head_take_line(&rest);
	const char *why = role == HTTP_REQUESTS ? head_read_request_line(line, head)
	                                        : head_read_status_line(line, head);
	if (why)
		return why;
	head->fields = rest;
	struct head_words words = head_read_fields(head);
	head->keep_alive = head->minor_version ? !words.close : words.keep_alive;
	head->upgrade_websocket = words.upgrade && words.websocket;
	head->upgrade_h2c = words.upgrade && words.h2c;
	if (!words.coded)
		return words.bad_length;
	head->has_length = false; /* Transfer-Encoding overrides it (RFC 9112 §6.3) */
	head->content_length = 0;
	return role == HTTP_REQUESTS && !head->chunked ? "Transfer-Encoding of a request does not end in chunked"
	                                               : NULL;
}

struct http_head http_head_in(const struct http_head *head, struct slice copy)
{
	struct http_head moved = *head;
	struct slice *const parts[] = {&moved.fields, &moved.method, &moved.target, &moved.reason};
	moved.bytes = copy;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (parts[i]->len && copy.len == head->bytes.len)
			parts[i]->at = copy.at + (parts[i]->at - head->bytes.at);
		else
			*parts[i] = slice_of(NULL, 0);
	}
	return moved;
}

/* ---- what begins a message */

static bool head_is_method_byte(uint8_t byte)
{
	return (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '_';
}

/* The length of what may be a method, in front. */
static size_t head_method_len(struct slice bytes)
{
	size_t len = 0;
	while (len < bytes.len && len <= HEAD_METHOD && head_is_method_byte(bytes.at[len]))
		len++;
	return len;
}

static bool head_begins_request(struct slice bytes, bool maybe)
{
	size_t method = head_method_len(bytes);
	if (method > HEAD_METHOD)
		return false;
	if (bytes.len < method + 2)
		return maybe && bytes.len && (method == bytes.len || (method >= 3 && bytes.at[method] == ' '));
	if (method < 3 || bytes.at[method] != ' ')
		return false;
	uint8_t first = bytes.at[method + 1];
	bool authority = slice_equals(slice_take(bytes, method), SLICE("CONNECT"));
	if (first != '/' && first != '*' && first != 'h' && !authority)
		return false;
	struct slice rest = bytes, line = head_take_line(&rest);
	return line.len + 1 >= bytes.len || slice_find(line, SLICE(" HTTP/1.")) < line.len;
}

static bool head_begins_response(struct slice bytes, bool maybe)
{
	struct slice sign = SLICE("HTTP/1.");
	if (bytes.len < sign.len)
		return maybe && bytes.len && slice_starts_with(sign, bytes);
	return slice_starts_with(bytes, sign);
}

bool http_looks_like(enum http_role role, struct slice bytes, bool maybe)
{
	return role == HTTP_REQUESTS ? head_begins_request(bytes, maybe) : head_begins_response(bytes, maybe);
}

bool http_looks_like_to_proxy(struct slice bytes)
{
	struct slice line = slice_take(bytes, slice_find_byte(bytes, '\n'));
	return slice_starts_with(line, SLICE("CONNECT ")) || slice_find(line, SLICE("://")) < line.len;
}

/* No server but a proxy ends a head like this (curl, browsers and squid, nginx, Apache agree on the words). */
bool http_head_opens_tunnel(const struct http_head *head)
{
	return head->status == 200 && !head->has_length && !head->chunked && head->reason.len >= 11 &&
	       slice_equals_nocase(slice_drop(head->reason, head->reason.len - 11), "established");
}

/* ---- request targets: path, query, percent-encoding (RFC 9112 §3.2, RFC 3986) */

static struct slice target_without_fragment(struct slice target)
{
	return slice_take(target, slice_find_byte(target, '#'));
}

/* What follows scheme and authority of an absolute target; all of any other. */
static struct slice target_after_authority(struct slice target)
{
	size_t scheme = slice_find(target, SLICE("://"));
	if (scheme == target.len || slice_find_byte(target, '/') < scheme)
		return target;
	struct slice rest = slice_drop(target, scheme + 3);
	size_t path = slice_find_byte(rest, '/'), query = slice_find_byte(rest, '?');
	return slice_drop(rest, path < query ? path : query);
}

struct slice http_target_path(struct slice target)
{
	struct slice rest = target_after_authority(target_without_fragment(target));
	return slice_take(rest, slice_find_byte(rest, '?'));
}

struct slice http_origin_host(struct slice origin)
{
	return slice_drop(origin, slice_find(origin, SLICE("://")) + 3);
}

bool http_find_parameter(struct slice target, const char *name, struct slice *value)
{
	struct slice whole = target_without_fragment(target);
	struct slice query = slice_drop(whole, slice_find_byte(whole, '?') + 1);
	while (query.len) {
		struct slice rest = slice_take_until(&query, '&');
		if (!slice_equals_text(slice_take_until(&rest, '='), name))
			continue;
		*value = rest;
		return true;
	}
	return false;
}

/* The byte that `%XX` in front of `encoded` means; -1 when that is none. */
static int target_escaped_byte(struct slice encoded)
{
	if (encoded.len < 3 || encoded.at[0] != '%')
		return -1;
	int high = digits_read_hex(encoded.at[1]), low = digits_read_hex(encoded.at[2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static size_t target_plain_len(struct slice encoded)
{
	size_t len = 0;
	while (len < encoded.len && encoded.at[len] != '%' && encoded.at[len] != '+')
		len++;
	return len;
}

bool http_decode_percent(struct slice encoded, bool plus_is_space, struct buffer *out)
{
	bool good = true;
	while (encoded.len && good) {
		struct slice plain = slice_take(encoded, target_plain_len(encoded));
		encoded = slice_drop(encoded, plain.len);
		good = buffer_append(out, plain);
		if (!encoded.len || !good)
			break;
		int byte = target_escaped_byte(encoded);
		bool space = encoded.at[0] == '+' && plus_is_space;
		good = buffer_append_byte(out, byte >= 0 ? (uint8_t)byte : space ? ' ' : encoded.at[0]);
		encoded = slice_drop(encoded, byte >= 0 ? 3 : 1);
	}
	return good;
}

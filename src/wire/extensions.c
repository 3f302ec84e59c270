/* Sec-WebSocket-Extensions of a 101 answer, read for permessage-deflate (RFC 6455 §9.1, RFC 7692 §7.1): see message.h.
 */
#include "wire/message.h"

enum { SMALLEST_WINDOW = 8, LARGEST_WINDOW = 15 };

/* Bytes up to the next of `ends` outside of a quoted string, or all. */
static size_t find_end(struct slice text, const char *ends)
{
	bool quoted = false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t byte = text.at[i];
		if (quoted && byte == '\\')
			i++;
		else if (byte == '"')
			quoted = !quoted;
		else if (!quoted && byte && strchr(ends, byte))
			return i;
	}
	return text.len;
}

/* Takes the part before the next `end`, and the end; false when nothing is left. */
static bool take_part(struct slice *text, const char *end, struct slice *part)
{
	if (!text->len)
		return false;
	size_t len = find_end(*text, end);
	*part = slice_trim(slice_take(*text, len));
	*text = slice_drop(*text, len + 1);
	return true;
}

static struct slice unquote(struct slice value)
{
	if (value.len < 2 || value.at[0] != '"' || value.at[value.len - 1] != '"')
		return value;
	return slice_of(value.at + 1, value.len - 2);
}

/* 8..15; the largest when it is none of these or is left out, which reads all. */
static uint8_t read_window_bits(struct slice value)
{
	unsigned bits = 0;
	for (size_t i = 0; i < value.len && bits <= LARGEST_WINDOW; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return LARGEST_WINDOW;
		bits = bits * 10 + (value.at[i] - '0');
	}
	return bits >= SMALLEST_WINDOW && bits <= LARGEST_WINDOW ? (uint8_t)bits : LARGEST_WINDOW;
}

/* False when there is no such parameter. */
static bool read_parameter(struct slice parameter, struct deflate_agreement *agreement)
{
	struct slice name;
	if (!take_part(&parameter, "=", &name))
		return true;
	struct slice value = unquote(slice_trim(parameter));
	if (slice_equals_nocase(name, "server_no_context_takeover"))
		agreement->server_no_context_takeover = true;
	else if (slice_equals_nocase(name, "client_no_context_takeover"))
		agreement->client_no_context_takeover = true;
	else if (slice_equals_nocase(name, "server_max_window_bits"))
		agreement->server_max_window_bits = read_window_bits(value);
	else if (slice_equals_nocase(name, "client_max_window_bits"))
		agreement->client_max_window_bits = read_window_bits(value);
	else
		return false;
	return true;
}

struct deflate_agreement message_read_extensions(struct slice list, bool *unknown)
{
	struct deflate_agreement agreement = {
	    .server_max_window_bits = LARGEST_WINDOW,
	    .client_max_window_bits = LARGEST_WINDOW,
	};
	struct slice extension, name, parameter;
	*unknown = false;
	while (take_part(&list, ",", &extension)) {
		if (!take_part(&extension, ";", &name))
			continue;
		if (!slice_equals_nocase(name, "permessage-deflate")) {
			*unknown = true;
			continue;
		}
		if (agreement.on)
			continue;
		agreement.on = true;
		while (take_part(&extension, ";", &parameter))
			if (!read_parameter(parameter, &agreement))
				*unknown = true;
	}
	return agreement;
}

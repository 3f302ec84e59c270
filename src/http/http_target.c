/* Request targets: path, query, percent-encoding (RFC 9112 §3.2, RFC 3986). */
#include "base/bytes.h"
#include "http/http1.h"

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

/* The byte that `%XX` in front of `encoded` stands for; -1 when that is none. */
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

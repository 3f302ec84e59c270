/* What JSONP wraps around a polling payload. */
#include "socketio/jsonp.h"

#include "base/json.h"
#include "http/http1.h"

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

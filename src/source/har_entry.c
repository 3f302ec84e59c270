/* An entry of a HAR file, from its parts as the file spells them: where it went, what was asked and answered, when, and
 * why it failed. */
#include "source/har_entry.h"

#include "base/json.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { HAR_STATUS_MOST = 999 };

/* ---- who wrote it */

/* What is known of recorders. One that is not here is judged by each entry. */
static const struct {
	const char *creator, *name;
	bool leaves_out_websockets;
} har_recorders[] = {
    {"WebInspector", "DevTools of Chromium", false},
    {"WebKit Web Inspector", "Web Inspector of Safari", true},
    {"Firefox", "Firefox", true},
    {"chrome-har", "chrome-har", true},
    {"Playwright", "Playwright", false},
    {"mitmproxy", "mitmproxy", false},
    {"HTTP Toolkit", "HTTP Toolkit", false},
};

enum { HAR_RECORDERS = sizeof har_recorders / sizeof *har_recorders };

/* HAR_RECORDERS: none of them. */
static size_t recorder_find(const char *creator)
{
	size_t nth = 0;
	while (nth < HAR_RECORDERS &&
	       !slice_starts_with(slice_of_text(creator), slice_of_text(har_recorders[nth].creator)))
		nth++;
	return nth;
}

bool recorder_leaves_out_websockets(const char *creator)
{
	size_t nth = recorder_find(creator);
	return nth < HAR_RECORDERS && har_recorders[nth].leaves_out_websockets;
}

const char *recorder_name(const char *creator)
{
	size_t nth = recorder_find(creator);
	return nth < HAR_RECORDERS ? har_recorders[nth].name : *creator ? creator : "an unnamed program";
}

/* ---- an entry's parts */

struct slice har_member(struct slice object, const char *name)
{
	struct slice value;
	return json_find_member(object, name, &value) ? value : slice_of(NULL, 0);
}

void har_copy_text(struct slice token, char *text, size_t size)
{
	struct buffer out = buffer_over(text, size - 1);
	json_unescape(token, &out);
	text[out.len] = '\0';
}

static bool har_is_word(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] <= ' ' || text.at[i] == 0x7f)
			return false;
	return text.len > 0;
}

/* A number, or a string of one, as exporters spell connections; 0: neither. */
static uint64_t har_number(struct slice token)
{
	uint64_t number;
	struct slice text = *token.at == '"' ? json_inside_quotes(token) : token;
	return digits_take(&text, DIGITS_MOST - 1, &number) && !text.len ? number : 0;
}

bool har_read_double(struct slice token, double *number)
{
	return token.len && json_read_number(token, number) && isfinite(*number);
}

/* In `unit` nanoseconds; what cannot be a length of time is none. */
static timestamp har_span(double number, double unit)
{
	double span = number * unit;
	return span > 0 && span < (double)TIMESTAMP_LAST ? (timestamp)span : 0;
}

/* The value of a request's field as the file spells it, without its quotes; empty: there is none. */
static struct slice har_field(struct slice headers, const char *name)
{
	struct json_walk walk = json_walk_into(headers);
	while (json_walk_next(&walk))
		if (slice_equals_nocase(json_inside_quotes(har_member(walk.value, "name")), name))
			return json_inside_quotes(har_member(walk.value, "value"));
	return slice_of(NULL, 0);
}

/* A field that does not change what is read: bodies are as they were before any coding. */
static bool har_keeps_field(struct slice name)
{
	return har_is_word(name) && slice_find_byte(name, ':') == name.len &&
	       !slice_equals_nocase(name, "Content-Encoding") && !slice_equals_nocase(name, "Transfer-Encoding");
}

static void har_write_value(struct buffer *out, struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		buffer_append_byte(out, value.at[i] < ' ' ? ' ' : value.at[i]);
}

static void har_write_fields(struct buffer *out, struct slice headers)
{
	struct json_walk walk = json_walk_into(headers);
	struct buffer scratch;
	buffer_init(&scratch, BUFFER_NO_LIMIT, out->budget);
	while (json_walk_next(&walk)) {
		buffer_clear(&scratch);
		json_unescape(har_member(walk.value, "name"), &scratch);
		size_t name = scratch.len;
		json_unescape(har_member(walk.value, "value"), &scratch);
		struct slice whole = buffer_slice(&scratch);
		out->truncated |= scratch.truncated;
		if (!har_keeps_field(slice_take(whole, name)))
			continue;
		buffer_append(out, slice_take(whole, name));
		buffer_append_text(out, ": ");
		har_write_value(out, slice_drop(whole, name));
		buffer_append_text(out, "\r\n");
	}
	buffer_append_text(out, "\r\n");
	buffer_free(&scratch);
}

/* ---- URLs */

struct har_url {
	struct slice host, target;
	uint16_t port;
	bool is_plain; /* no TLS */
};

static uint16_t har_default_port(struct slice scheme)
{
	bool is_secure = slice_equals_nocase(scheme, "https") || slice_equals_nocase(scheme, "wss");
	bool is_plain = slice_equals_nocase(scheme, "http") || slice_equals_nocase(scheme, "ws");
	return is_secure ? 443 : is_plain ? 80 : 0;
}

/* Who asks, which browsers do not send in a URL either, is left out (RFC 3986 §3.2.1). */
static struct slice har_drop_user(struct slice authority)
{
	size_t at;
	while ((at = slice_find_byte(authority, '@')) < authority.len)
		authority = slice_drop(authority, at + 1);
	return authority;
}

/* False: it is none of HTTP's or WebSocket's (RFC 3986 §3, RFC 6455 §3). */
static bool har_read_url(struct slice text, struct har_url *url)
{
	struct slice scheme = slice_take(text, slice_find(text, SLICE("://"))), rest = slice_drop(text, scheme.len + 3);
	uint64_t port = har_default_port(scheme);
	rest = slice_take(rest, slice_find_byte(rest, '#'));
	struct slice authority = rest;
	authority = slice_take(authority, slice_find_byte(authority, '/'));
	authority = slice_take(authority, slice_find_byte(authority, '?'));
	url->target = slice_drop(rest, authority.len);
	authority = har_drop_user(authority);
	bool is_bracketed = authority.len && authority.at[0] == '[';
	size_t name = is_bracketed ? slice_find_byte(authority, ']') : 0;
	url->host = slice_take(authority, name + slice_find_byte(slice_drop(authority, name), ':'));
	struct slice ported = slice_drop(authority, url->host.len + 1);
	if (!port || !har_is_word(authority) || (ported.len && (!digits_take(&ported, 5, &port) || ported.len)))
		return false;
	url->port = (uint16_t)port;
	url->is_plain = har_default_port(scheme) == 80;
	return port <= UINT16_MAX && url->host.len && url->target.len && har_is_word(url->target);
}

/* As little as any request of Engine.IO has in its query; who knows better looks again. */
static bool har_is_engineio(struct slice target)
{
	return slice_find(target, SLICE("EIO=")) < target.len || slice_find(target, SLICE("transport=")) < target.len;
}

/* Scripts of pages: a plug-in may want them. */
static bool har_is_script(struct slice target)
{
	struct slice path = slice_take_until(&target, '?');
	return slice_ends_with(path, SLICE(".js")) || slice_ends_with(path, SLICE(".mjs"));
}

/* Uploads, by the last part of their path: a plug-in may want them too. */
static bool har_is_upload(struct slice target)
{
	struct slice path = slice_take_until(&target, '?');
	size_t last = slice_find_last(path, SLICE("/"));
	path = last < path.len ? slice_drop(path, last) : path;
	return slice_find(path, SLICE("upload")) < path.len;
}

static bool har_read_address(const char *text, struct address *address)
{
	*address = (struct address){.version = 6};
	if (inet_pton(AF_INET6, text, address->bytes) == 1)
		return true;
	*address = (struct address){.version = 4};
	bool good = inet_pton(AF_INET, text, address->bytes) == 1;
	address->version = good ? 4 : 0;
	return good;
}

/* ---- why it failed */

/* What a page of https: asks of http: or ws: is not sent, and some recorders do not say why (Mixed Content, §4.4; the
 * computer itself is excepted). */
static bool har_is_mixed(struct slice headers, const struct har_url *url)
{
	struct slice origin = har_field(headers, "Origin"), referer = har_field(headers, "Referer");
	bool is_local = slice_equals_nocase(url->host, "localhost") || slice_starts_with(url->host, SLICE("127.")) ||
	                slice_equals_text(url->host, "[::1]") || slice_ends_with(url->host, SLICE(".localhost"));
	return url->is_plain && !is_local && slice_starts_with(origin.len ? origin : referer, SLICE("https://"));
}

/* CORS has no words of its own: what came was kept from a page of another origin (DevTools 156 shows the answer's
 * status, Playwright 1.65 does not). */
static enum recorded_failure har_failure(struct slice why, int status, struct slice headers, const struct har_url *url)
{
	enum recorded_failure said = har_failure_read(why);
	if (said != RECORDED_FAILURES)
		return said;
	bool is_bare = !why.len || slice_equals(why, SLICE("net::ERR_FAILED"));
	if (is_bare && !status && har_is_mixed(headers, url))
		return RECORDED_BY_MIXED_CONTENT;
	if (is_bare && why.len && (status || har_field(headers, "Origin").len))
		return RECORDED_BLOCKED;
	return why.len || !status ? RECORDED_FAILED : RECORDED_NO_FAILURE;
}

/* ---- hosts */

static struct har_host *har_find_host(struct har_hosts *hosts, const char *name)
{
	for (size_t i = 0; i < hosts->count; i++)
		if (!strcmp(hosts->list[i].name, name))
			return &hosts->list[i];
	return NULL;
}

/* NULL: there are too many, or there is no memory. */
static struct har_host *har_add_host(struct har_hosts *hosts, struct budget *budget)
{
	enum { ROOM_FIRST = 16 };
	if (hosts->count == hosts->most) {
		hosts->others++;
		return NULL;
	}
	if (hosts->count == hosts->room) {
		size_t room = hosts->room ? 2 * hosts->room : ROOM_FIRST;
		struct har_host *list = budget_resize(budget, hosts->list, room * sizeof *list);
		if (!list)
			return NULL;
		hosts->list = list;
		hosts->room = room;
	}
	return &hosts->list[hosts->count++];
}

/* The address that the entry gives for its host, or another did before, or that the host's name is. */
static struct address har_find_address(const struct har_pieces *pieces, const char *host)
{
	char text[HAR_TEXT];
	struct address address;
	struct har_host *known = har_find_host(pieces->hosts, host);
	har_copy_text(pieces->values[HAR_ADDRESS], text, sizeof text);
	if (*text == '[') {
		memmove(text, text + 1, strlen(text));
		text[strcspn(text, "]")] = '\0';
	}
	if (!har_read_address(text, &address) && !har_read_address(host, &address))
		return known ? known->address : address;
	if (!known && (known = har_add_host(pieces->hosts, pieces->budget))) {
		snprintf(known->name, sizeof known->name, "%s", host);
		known->address = address;
	}
	return address;
}

/* ---- building an entry */

struct har_layout {
	size_t request_head, request, answer_head, answer, end;
};

/* A body: its text, or the bytes that stand in it as base64. False: neither. */
static bool har_write_body(struct buffer *out, struct slice content)
{
	struct slice text = har_member(content, "text"), encoding = har_member(content, "encoding");
	if (!text.len)
		return true;
	if (!json_string_is(encoding, "base64"))
		return json_unescape(text, out);
	struct buffer encoded;
	buffer_init(&encoded, BUFFER_NO_LIMIT, out->budget);
	bool good = json_unescape(text, &encoded) && base64_read(out, buffer_slice(&encoded));
	out->truncated |= encoded.truncated;
	buffer_free(&encoded);
	return good;
}

/* A body that had bytes, and is not in the file: too large for the recorder (HTTP Toolkit), or gone when it was asked
 * for (browsers). */
static bool har_lacks_body(struct slice content, struct slice size)
{
	double bytes;
	return !har_member(content, "text").len && har_read_double(size, &bytes) && bytes > 0;
}

static void har_write_request(
    struct buffer *out, struct slice request, struct slice target, struct har_layout *layout, bool *is_cut)
{
	json_unescape(har_member(request, "method"), out);
	if (!har_is_word(buffer_slice(out))) {
		buffer_clear(out);
		buffer_append_text(out, "GET");
	}
	buffer_append_text(out, " ");
	buffer_append(out, target);
	buffer_append_text(out, " HTTP/1.1\r\n");
	har_write_fields(out, har_member(request, "headers"));
	layout->request = out->len;
	struct slice body = har_member(request, "postData");
	body = body.len ? body : har_member(request, "_content"); /* HTTP Toolkit: what is no text */
	*is_cut = har_lacks_body(body, har_member(request, "bodySize")) || !har_write_body(out, body);
}

static void har_write_answer(
    struct buffer *out, struct slice response, int status, struct har_layout *layout, bool *is_cut)
{
	layout->answer_head = out->len;
	if (status) {
		buffer_append_format(out, "HTTP/1.1 %d \r\n", status);
		har_write_fields(out, har_member(response, "headers"));
	}
	layout->answer = out->len;
	struct slice content = har_member(response, "content");
	*is_cut |= (status != 101 && har_lacks_body(content, har_member(content, "size"))) ||
	           !har_write_body(out, content);
	layout->end = out->len;
}

static int har_status(struct slice response)
{
	double status;
	bool good = har_read_double(har_member(response, "status"), &status);
	return good && status >= 100 && status <= HAR_STATUS_MOST ? (int)status : 0;
}

static struct slice har_why(struct slice response)
{
	struct slice error = har_member(response, "_error"), failure = har_member(response, "_failureText");
	return json_kind_of(error) == JSON_STRING ? error : failure;
}

/* Lends the heads and bodies, which are one piece of memory. */
static void har_place(struct har_entry *entry, const struct har_layout *layout)
{
	struct recorded_entry *shown = &entry->shown;
	const uint8_t *at = entry->bytes.at;
	shown->request_head = slice_of(at, layout->request);
	shown->request = slice_of(at + layout->request, layout->answer_head - layout->request);
	shown->answer_head = slice_of(at + layout->answer_head, layout->answer - layout->answer_head);
	shown->answer = slice_of(at + layout->answer, layout->end - layout->answer);
}

/* False: there was no memory for all of it. */
static bool har_fill_entry(const struct har_pieces *pieces, struct har_entry *entry, const struct har_url *url)
{
	struct recorded_entry *shown = &entry->shown;
	struct slice response = pieces->values[HAR_RESPONSE];
	struct slice headers = har_member(pieces->values[HAR_REQUEST], "headers");
	struct har_layout layout;
	struct buffer *out = &entry->bytes;
	buffer_init(out, BUFFER_NO_LIMIT, pieces->budget); /* no longer than what the file spells */
	shown->number = pieces->number;
	shown->lacks_messages = pieces->lacks_messages;
	shown->port = url->port;
	shown->status = har_status(response);
	har_copy_text(har_why(response), entry->why, sizeof entry->why);
	shown->why = *entry->why ? entry->why : NULL;
	if (response.len)
		shown->failure = har_failure(slice_of_text(entry->why), shown->status, headers, url);
	shown->host = entry->host;
	shown->address = har_find_address(pieces, entry->host);
	shown->answer_is_cut = !response.len;
	har_write_request(out, pieces->values[HAR_REQUEST], url->target, &layout, &shown->request_is_cut);
	har_write_answer(out, response, shown->status, &layout, &shown->answer_is_cut);
	entry->size = out->room + sizeof *entry;
	har_place(entry, &layout);
	return !out->truncated;
}

/* DevTools has the server's port in `connection`, and the connection's number in `_connectionId`; chrome-har the number
 * in `connection`. */
static uint64_t har_connection(const struct har_pieces *pieces)
{
	struct slice id = pieces->values[HAR_CONNECTION_ID];
	struct slice connection = pieces->values[HAR_CONNECTION];
	if (id.len)
		return har_number(id);
	return connection.len && !pieces->has_ports ? har_number(connection) : 0;
}

static bool har_read_times(const struct har_pieces *pieces, struct har_entry *entry)
{
	double length = 0;
	struct slice started = json_inside_quotes(pieces->values[HAR_STARTED]);
	if (!started.len || !timestamp_read(started, TIMESTAMP_NONE, &entry->begun))
		return false;
	har_read_double(pieces->values[HAR_TIME], &length);
	entry->ended = entry->begun + har_span(length, (double)TIMESTAMP_MILLISECOND);
	entry->ended = entry->ended > TIMESTAMP_LAST ? TIMESTAMP_LAST : entry->ended;
	return true;
}

/* What of a URL that is HTTP's is to be known; NULL: it does not matter, or cannot be read, or has no memory. */
static struct har_entry *har_entry_of(
    const struct har_pieces *pieces, const struct har_url *url, struct har_counts *tally)
{
	struct har_entry *entry = budget_new(pieces->budget, sizeof *entry);
	if (!entry) {
		tally->unread++;
		return NULL;
	}
	snprintf(entry->host, sizeof entry->host, "%.*s", (int)(url->host.len < HAR_TEXT ? url->host.len : HAR_TEXT),
	    (const char *)url->host.at);
	bool counts = har_is_engineio(url->target);
	bool matters = counts || har_is_script(url->target) || har_is_upload(url->target);
	if (!matters)
		har_find_address(pieces, entry->host);
	if (matters && har_read_times(pieces, entry) && har_fill_entry(pieces, entry, url)) {
		entry->shown.connection = har_connection(pieces);
		tally->unread += counts && entry->shown.answer_is_cut;
		return entry;
	}
	tally->unread += counts;
	har_entry_free(entry);
	return NULL;
}

/* A URL of HTTP that may be Engine.IO's, and cannot be read. */
static bool har_misses_url(struct slice text)
{
	struct slice scheme = slice_take(text, slice_find(text, SLICE("://")));
	return har_default_port(scheme) && har_is_engineio(text);
}

struct har_entry *har_entry_read(const struct har_pieces *pieces, struct har_counts *counts)
{
	struct har_url url;
	struct buffer text;
	struct har_entry *entry = NULL;
	struct slice request = pieces->values[HAR_REQUEST];
	buffer_init(&text, BUFFER_NO_LIMIT, pieces->budget);
	bool is_whole = json_unescape(har_member(request, "url"), &text) || !text.truncated;
	if (is_whole && har_read_url(buffer_slice(&text), &url)) {
		entry = har_entry_of(pieces, &url, counts);
	} else if (!request.len || !is_whole) {
		counts->unread++;
	} else if (har_misses_url(buffer_slice(&text))) {
		counts->unread++;
		counts->unread_url = counts->unread_url ? counts->unread_url : pieces->number;
	}
	buffer_free(&text);
	return entry;
}

void har_entry_free(struct har_entry *entry)
{
	buffer_free(&entry->bytes);
	budget_release(entry);
}

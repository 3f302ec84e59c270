/* Reads the environment of OpenTelemetry. */
#include "cmd/otlp_environment.h"

#include "base/timestamp.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ENVIRONMENT_BYTES = 256 << 10, ENVIRONMENT_SOCKET = 100 /* sun_path has 104 bytes on macOS, 108 on Linux */ };

#define ENVIRONMENT_HOUR INT64_C(3600000) /* milliseconds */

/* In the names of variables. */
static const char *const environment_signals[OTLP_SIGNALS] = {
    [OTLP_METRICS] = "METRICS",
    [OTLP_FINDINGS] = "LOGS",
    [OTLP_TRACES] = "TRACES",
    [OTLP_EVENTS] = "LOGS",
};

/* ---- which variable */

struct environment_reader {
	struct otlp_environment *environment;
	char *(*get)(const char *name);
	char *why;
};

enum { ENVIRONMENT_NAME = 64 };

static __attribute__((format(printf, 2, 3))) bool environment_refuse(
    const struct environment_reader *reader, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	vsnprintf(reader->why, OTLP_WHY, format, list);
	va_end(list);
	return false;
}

static const char *environment_get(const struct environment_reader *reader, const char *name)
{
	const char *value = reader->get(name);
	return value && *value ? value : NULL;
}

/* The signal's own variable, else the one for all; `name` is the one that was found. */
static const char *environment_get_of(
    const struct environment_reader *reader, enum otlp_signal signal, const char *what, char name[ENVIRONMENT_NAME])
{
	snprintf(name, ENVIRONMENT_NAME, "OTEL_EXPORTER_OTLP_%s_%s", environment_signals[signal], what);
	const char *value = environment_get(reader, name);
	if (value)
		return value;
	snprintf(name, ENVIRONMENT_NAME, "OTEL_EXPORTER_OTLP_%s", what);
	return environment_get(reader, name);
}

static char *environment_copy(const struct environment_reader *reader, struct slice text)
{
	char *copy = arena_copy_text(&reader->environment->texts, text);
	if (!copy)
		environment_refuse(
		    reader, "the values of OTEL_ variables are longer than %d KiB together", ENVIRONMENT_BYTES >> 10);
	return copy;
}

static bool environment_read_milliseconds(
    const struct environment_reader *reader, const char *name, const char *value, int64_t least, int64_t *nanoseconds)
{
	struct slice rest = slice_of_text(value);
	uint64_t number;
	if (!digits_take(&rest, 9, &number) || rest.len || (int64_t)number < least ||
	    (int64_t)number > 24 * ENVIRONMENT_HOUR)
		return environment_refuse(reader,
		    "%s=%s: write milliseconds, %" PRId64 " to %" PRId64 " (10000 is 10 s)", name, value, least,
		    24 * ENVIRONMENT_HOUR);
	*nanoseconds = (int64_t)number * TIMESTAMP_MILLISECOND;
	return true;
}

/* ---- lists of pairs: key=value,key=value, values percent-encoded (as W3C Baggage has them, without its metadata) */

/* In place of the text in `out`, which has room for it. False: not %HH, or a control character. */
static bool environment_decode(struct slice text, char *out)
{
	for (; text.len; text = slice_drop(text, 1)) {
		int byte = text.at[0];
		if (byte == '%') {
			int high = text.len > 2 ? digits_read_hex(text.at[1]) : -1;
			int low = text.len > 2 ? digits_read_hex(text.at[2]) : -1;
			if (high < 0 || low < 0)
				return false;
			byte = high << 4 | low;
			text = slice_drop(text, 2);
		}
		if (byte < ' ' || byte == 0x7f)
			return false;
		*out++ = (char)byte;
	}
	*out = '\0';
	return true;
}

/* A token of HTTP (RFC 9110 §5.6.2), which the keys of attributes are as well. */
static bool environment_is_token(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!isalnum(text.at[i]) && !strchr("!#$%&'*+-.^_`|~/", text.at[i]))
			return false;
	return text.len;
}

/* The next pair; false at the end, or when it is none: then `why` is filled. The value is an arena's. */
static bool environment_take_pair(
    const struct environment_reader *reader, const char *name, struct slice *rest, struct slice *key, char **value)
{
	struct slice pair = {0};
	while (rest->len && !pair.len)
		pair = slice_trim(slice_take_until(rest, ','));
	if (!pair.len)
		return false;
	size_t sign = slice_find_byte(pair, '=');
	*key = slice_trim(slice_take(pair, sign));
	struct slice written = slice_trim(slice_drop(pair, sign + 1));
	*value = arena_alloc(&reader->environment->texts, written.len + 1);
	if (!*value)
		return environment_copy(reader, written); /* says so */
	if (sign < pair.len && environment_is_token(*key) && environment_decode(written, *value))
		return true;
	/* A header's value is a secret: it is not shown. */
	return environment_refuse(reader,
	    "%s: the pair that begins with '%.*s' is not NAME=VALUE; write NAME=VALUE,NAME=VALUE, in values %%2C for a "
	    "comma and %%20 for a space",
	    name, (int)slice_take(*key, 40).len, (const char *)key->at);
}

static bool environment_read_headers(
    const struct environment_reader *reader, struct otlp_target *target, const char *name, const char *value)
{
	struct slice rest = slice_of_text(value), key;
	char *text;
	while (environment_take_pair(reader, name, &rest, &key, &text)) {
		if (target->header_count == OTLP_HEADERS)
			return environment_refuse(reader, "%s: more than %d headers", name, OTLP_HEADERS);
		size_t len = key.len + 2 + strlen(text) + 1;
		char *line = arena_alloc(&reader->environment->texts, len);
		if (!line)
			return environment_copy(reader, slice_of(NULL, 0));
		snprintf(line, len, "%.*s: %s", (int)key.len, (const char *)key.at, text);
		target->headers[target->header_count++] = line;
	}
	return !*reader->why;
}

/* otlp_lines.h reads them again, to export them. */
static bool environment_check_attributes(const struct environment_reader *reader)
{
	static const char name[] = "OTEL_RESOURCE_ATTRIBUTES";
	struct slice rest = slice_of_text(environment_get(reader, name)), key;
	char *value;
	while (environment_take_pair(reader, name, &rest, &key, &value))
		;
	return !*reader->why;
}

/* ---- endpoints */

static const char environment_urls[] = "write http://HOST:4318, https://HOST:4318 or unix:///run/otlp.sock";

static bool environment_use_socket(
    const struct environment_reader *reader, struct otlp_target *target, const char *name, const char *path)
{
	path += strncmp(path, "//", 2) == 0 ? 2 : 0;
	if (!*path || strlen(path) > ENVIRONMENT_SOCKET)
		return environment_refuse(
		    reader, "%s=unix:%s: a path of 1 to %d bytes comes behind unix:", name, path, ENVIRONMENT_SOCKET);
	target->socket = environment_copy(reader, slice_of_text(path));
	return target->socket;
}

/* What messages say: the scheme and the host, without user and password. */
static const char *environment_shown(const struct environment_reader *reader, const char *url)
{
	const char *host = strstr(url, "://") + 3;
	size_t scheme = (size_t)(host - url), len = strcspn(host, "/?#");
	for (size_t i = 0; i < len; i++)
		if (host[i] == '@') {
			host += i + 1;
			len -= i + 1;
			i = SIZE_MAX;
		}
	char *shown = arena_alloc(&reader->environment->texts, scheme + len + 1);
	if (shown)
		snprintf(shown, scheme + len + 1, "%.*s%.*s", (int)scheme, url, (int)len, host);
	return shown;
}

/* The path is appended to a base, and is the URL's own in a signal's variable. */
static bool environment_use_url(
    const struct environment_reader *reader, enum otlp_signal signal, const char *name, const char *url, bool is_base)
{
	struct otlp_target *target = &reader->environment->targets[signal];
	bool is_socket = strncasecmp(url, "unix:", 5) == 0;
	struct slice bytes = slice_of_text(url);
	if (is_socket && !environment_use_socket(reader, target, name, url + 5))
		return false;
	if (!is_socket && strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
		return environment_refuse(reader, "%s=%s: %s", name, url, environment_urls);
	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.at[i] <= ' ' || bytes.at[i] == 0x7f)
			return environment_refuse(
			    reader, "%s: a space or a control character in it; %s", name, environment_urls);
	struct slice base = is_socket ? SLICE("http://localhost") : bytes;
	while (is_base && slice_ends_with(base, SLICE("/")))
		base.len--;
	const char *path = is_base || is_socket ? otlp_signal_path(signal) : "";
	size_t host = slice_find(base, SLICE("://")) + 3;
	if (is_base && strpbrk(url, "?#"))
		return environment_refuse(
		    reader, "%s=%s: a ? or # in it, and a path is to come behind; %s", name, url, environment_urls);
	if (!is_socket && (host >= base.len || strchr("/?#:", base.at[host])))
		return environment_refuse(reader, "%s=%s: no host in it; %s", name, url, environment_urls);
	size_t len = base.len + strlen(path) + 1;
	char *whole = arena_alloc(&reader->environment->texts, len);
	if (!whole)
		return environment_copy(reader, slice_of(NULL, 0));
	snprintf(whole, len, "%.*s%s", (int)base.len, (const char *)base.at, path);
	target->url = whole;
	target->shown = is_socket ? environment_copy(reader, bytes) : environment_shown(reader, whole);
	return target->shown;
}

static bool environment_read_endpoint(const struct environment_reader *reader, enum otlp_signal signal, const char *url)
{
	char name[ENVIRONMENT_NAME];
	if (url && *url)
		return environment_use_url(reader, signal, "--otlp", url, true);
	const char *value = environment_get_of(reader, signal, "ENDPOINT", name);
	bool is_base = !value || strcmp(name, "OTEL_EXPORTER_OTLP_ENDPOINT") == 0;
	return environment_use_url(reader, signal, name, value ? value : OTLP_DEFAULT_URL, is_base);
}

/* ---- the rest of a target */

static bool environment_read_protocol(const struct environment_reader *reader, enum otlp_signal signal)
{
	char name[ENVIRONMENT_NAME];
	const char *value = environment_get_of(reader, signal, "PROTOCOL", name);
	if (!value || strcasecmp(value, "http/json") == 0)
		return true;
	return environment_refuse(reader, "%s=%s: sioscope speaks http/json alone; set it to http/json for sioscope%s",
	    name, value,
	    strcasecmp(value, "grpc") == 0 ? ", and the endpoint to the collector's HTTP receiver (port 4318)"
	                                   : " (a receiver of http/protobuf takes it too)");
}

static bool environment_read_compression(
    const struct environment_reader *reader, enum otlp_signal signal, struct otlp_target *target)
{
	char name[ENVIRONMENT_NAME];
	const char *value = environment_get_of(reader, signal, "COMPRESSION", name);
	target->gzip = !value || strcasecmp(value, "gzip") == 0;
	return target->gzip || strcasecmp(value, "none") == 0 ||
	       environment_refuse(reader, "%s=%s: write gzip or none", name, value);
}

static bool environment_read_path(
    const struct environment_reader *reader, enum otlp_signal signal, const char *what, const char **path)
{
	char name[ENVIRONMENT_NAME];
	const char *value = environment_get_of(reader, signal, what, name);
	*path = value ? environment_copy(reader, slice_of_text(value)) : NULL;
	return !value || *path;
}

static bool environment_read_target(const struct environment_reader *reader, enum otlp_signal signal, const char *url)
{
	struct otlp_target *target = &reader->environment->targets[signal];
	char name[ENVIRONMENT_NAME];
	const char *value;
	*target = (struct otlp_target){.timeout = 10 * TIMESTAMP_SECOND};
	if (!environment_read_endpoint(reader, signal, url) || !environment_read_protocol(reader, signal) ||
	    !environment_read_compression(reader, signal, target) ||
	    !environment_read_path(reader, signal, "CERTIFICATE", &target->certificate) ||
	    !environment_read_path(reader, signal, "CLIENT_KEY", &target->client_key) ||
	    !environment_read_path(reader, signal, "CLIENT_CERTIFICATE", &target->client_certificate))
		return false;
	if (!target->client_key != !target->client_certificate)
		return environment_refuse(reader,
		    "a client's certificate and its key belong together: set both "
		    "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY, or none");
	value = environment_get_of(reader, signal, "TIMEOUT", name);
	if (value && !environment_read_milliseconds(reader, name, value, 1, &target->timeout))
		return false;
	value = environment_get_of(reader, signal, "HEADERS", name);
	return !value || environment_read_headers(reader, target, name, value);
}

bool otlp_environment_read(struct otlp_environment *environment, const char *url, bool sends,
    char *(*get)(const char *name), char why[OTLP_WHY])
{
	const struct environment_reader reader = {environment, get, why};
	*environment = (struct otlp_environment){.interval = 60 * TIMESTAMP_SECOND};
	arena_init(&environment->texts, ENVIRONMENT_BYTES);
	*why = '\0';
	/* "Any value that is not true is false" (the specification, booleans). */
	const char *disabled = environment_get(&reader, "OTEL_SDK_DISABLED");
	environment->disabled = disabled && strcasecmp(disabled, "true") == 0;
	const char *interval = environment_get(&reader, "OTEL_METRIC_EXPORT_INTERVAL");
	bool good = environment_check_attributes(&reader) &&
	            (!interval || environment_read_milliseconds(
	                              &reader, "OTEL_METRIC_EXPORT_INTERVAL", interval, 100, &environment->interval));
	for (enum otlp_signal signal = 0; good && sends && signal < OTLP_SIGNALS; signal++)
		good = environment_read_target(&reader, signal, url);
	return good;
}

void otlp_environment_free(struct otlp_environment *environment)
{
	arena_free(&environment->texts);
}

int64_t otlp_environment_longest(const struct otlp_environment *environment)
{
	int64_t longest = 0;
	for (enum otlp_signal signal = 0; signal < OTLP_SIGNALS; signal++)
		if (environment->targets[signal].timeout > longest)
			longest = environment->targets[signal].timeout;
	return longest;
}

static void environment_overwrite(const char *text)
{
	for (volatile char *at = (char *)text; at && *at; at++)
		*at = 'x';
}

void otlp_environment_forget_secrets(struct otlp_environment *environment, char *(*get)(const char *name))
{
	char name[ENVIRONMENT_NAME];
	environment_overwrite(get("OTEL_EXPORTER_OTLP_HEADERS"));
	for (enum otlp_signal signal = 0; signal < OTLP_SIGNALS; signal++) {
		struct otlp_target *target = &environment->targets[signal];
		snprintf(name, sizeof name, "OTEL_EXPORTER_OTLP_%s_HEADERS", environment_signals[signal]);
		environment_overwrite(get(name));
		for (size_t i = 0; i < target->header_count; i++)
			environment_overwrite(target->headers[i]);
		target->header_count = 0;
	}
}

/* libcurl asks; of an answer only its status and first bytes are kept. */
#include "base/bytes.h"
#include "base/mask.h"
#include "base/text.h"
#include "reflex/bundle.h"
#include "reflex/thresholds.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

static size_t handshake_take_body(char *bytes, size_t size, size_t count, void *self)
{
	struct bundle_answer *answer = self;
	size_t used = strlen(answer->text), room = sizeof answer->text - 1 - used, len = size * count;
	if (len > room)
		len = room;
	memcpy(answer->text + used, bytes, len);
	answer->text[used + len] = '\0';
	for (char *at = answer->text + used; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = ' ';
	return size * count;
}

/* Of "HTTP/1.1 101 …", which libcurl lends without an end; 0: another line. */
static int handshake_read_status(struct slice line)
{
	struct slice code = slice_take(slice_drop(line, slice_find_byte(line, ' ') + 1), 3);
	uint64_t status;
	return slice_starts_with(line, SLICE("HTTP/")) && digits_take(&code, 3, &status) ? (int)status : 0;
}

/* The empty line ends the head. After a 101 there is no body to wait for. */
static size_t handshake_take_head(char *bytes, size_t size, size_t count, void *self)
{
	struct bundle_answer *answer = self;
	int status = handshake_read_status(slice_of(bytes, size * count));
	if (status)
		answer->status = status;
	return answer->status == 101 && *bytes == '\r' ? 0 : size * count;
}

static struct curl_slist *handshake_fields(bool websocket, struct slice version)
{
	char subprotocol[96];
	struct curl_slist *fields = NULL;
	if (!websocket)
		return NULL;
	fields = curl_slist_append(fields, "Connection: Upgrade");
	fields = curl_slist_append(fields, "Upgrade: websocket");
	fields = curl_slist_append(fields, "Sec-WebSocket-Version: 13");
	fields = curl_slist_append(fields, "Sec-WebSocket-Key: c2lvc2NvcGUgYXNrcyBpdA==");
	snprintf(subprotocol, sizeof subprotocol, "Sec-WebSocket-Protocol: %.*s", (int)slice_take(version, 40).len,
	    (const char *)version.at);
	return version.len ? curl_slist_append(fields, subprotocol) : fields;
}

static void handshake_prepare(
    CURL *curl, const char *target, struct curl_slist *fields, char *why, struct bundle_answer *answer)
{
	curl_easy_setopt(curl, CURLOPT_URL, target);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)(reflex_time(REFLEX_PROBE_WAIT) / TIMESTAMP_SECOND));
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "sioscope/" SIOSCOPE_VERSION);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, handshake_take_head);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, handshake_take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
}

/* The address may hold a password. */
static void handshake_complain(const char *target, const char *why)
{
	struct mask mask;
	struct buffer masked;
	mask_init(&mask);
	buffer_init(&masked, BUFFER_NO_LIMIT, NULL);
	mask_write_text(&mask, slice_of_text(target), &masked);
	complain("%.*s: %s", (int)masked.len, (const char *)masked.at, why);
	buffer_free(&masked);
}

/* An answer that was cut short, by us or by the server, is an answer; none at all is a failure. */
static bool handshake_try(const char *base, bool websocket, struct slice version, struct bundle_answer *answer)
{
	char target[512], why[CURL_ERROR_SIZE] = "";
	CURL *curl = curl_easy_init();
	struct curl_slist *fields = handshake_fields(websocket, version);
	*answer = (struct bundle_answer){0};
	snprintf(target, sizeof target, "%s?EIO=4&transport=%s", base, websocket ? "websocket" : "polling");
	if (curl) {
		handshake_prepare(curl, target, fields, why, answer);
		if (curl_easy_perform(curl) != CURLE_OK && !answer->status)
			handshake_complain(target, *why ? why : "no answer");
		curl_easy_cleanup(curl);
	}
	curl_slist_free_all(fields);
	return answer->status != 0;
}

/* scheme://host:port of the server, and its own path, the frontend's, or Reflex's; with the slash that clients add. */
static void handshake_base(char *base, size_t size, const char *url, const struct manifest *manifest)
{
	const char *host = strstr(url, "://"), *path = host ? strchr(host + 3, '/') : NULL;
	struct slice own = path && path[1] ? slice_of_text(path) : slice_of(NULL, 0);
	if (!own.len)
		own = manifest_endpoint_path(manifest);
	if (own.len < 2)
		own = SLICE("/_event");
	snprintf(base, size, "%s%.*s%.*s%s", host ? "" : "http://", (int)(path ? (size_t)(path - url) : strlen(url)),
	    url, (int)slice_take(own, 200).len, (const char *)own.at, slice_ends_with(own, SLICE("/")) ? "" : "/");
}

bool handshake_ask(struct bundle_server *server, const char *url, const struct frontend *frontend)
{
	const struct manifest *manifest = frontend_manifest(frontend);
	handshake_base(server->base, sizeof server->base, url, manifest);
	return handshake_try(server->base, false, manifest->version, &server->polling) &&
	       handshake_try(server->base, true, manifest->version, &server->websocket);
}

/* libcurl sends, by its multi interface: one transfer for each signal. Of an answer the status, Retry-After and the
 * first bytes of its body are kept. */
#include "cmd/otlp_post.h"

#include "base/json.h"
#include "cmd/otlp_queue.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

enum {
	POST_FILES = 16,
	POST_ANSWER = 4096, /* bytes of an answer's body: a status, or a partialSuccess */
	POST_RETRY_AFTER = 64,
	POST_PEM = 1 << 20,     /* bytes of a file of certificates: Debian's bundle of all is 220 KB */
	POST_SETTING = 15 + 16, /* of zlib: the largest window, with gzip's head (zlib.h, deflateInit2) */
};

/* A file of certificates or a key. */
struct post_pem {
	uint8_t *at;
	size_t len;
};

enum post_file { POST_CERTIFICATE, POST_CLIENT_KEY, POST_CLIENT_CERTIFICATE, POST_PEMS };

struct post {
	enum otlp_signal signal;
	CURL *curl;
	struct curl_slist *headers;
	struct post_pem pems[POST_PEMS];
	struct buffer body;
	bool begun, failed;
	char answer[POST_ANSWER], retry_after[POST_RETRY_AFTER], why[CURL_ERROR_SIZE];
	size_t answer_len;
};

struct otlp_poster {
	const struct otlp_environment *environment;
	CURLM *multi;
	struct post posts[OTLP_SIGNALS];
};

const char *otlp_post_missing(void)
{
	return NULL;
}

/* ---- files, before this process gives up reading such */

static bool pem_read(struct post_pem *pem, const char *path, char why[OTLP_WHY])
{
	int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (!path)
		return true;
	ssize_t len = -1;
	if (file >= 0) {
		pem->at = malloc(POST_PEM);
		while (pem->at && (len = read(file, pem->at + pem->len, POST_PEM - pem->len)) > 0)
			pem->len += (size_t)len;
		close(file);
	}
	if (len != 0 || !pem->len || pem->len == POST_PEM) {
		const char *what = len < 0 ? strerror(errno) : pem->len ? "too long for certificates" : "it is empty";
		snprintf(why, OTLP_WHY,
		    "%s: %s (named by OTEL_EXPORTER_OTLP_CERTIFICATE, _CLIENT_KEY or _CLIENT_CERTIFICATE)", path, what);
		return false;
	}
	return true;
}

static void post_use_pem(const struct post *post, CURLoption option, enum post_file file)
{
	struct curl_blob blob = {post->pems[file].at, post->pems[file].len, CURL_BLOB_NOCOPY};
	if (blob.len)
		curl_easy_setopt(post->curl, option, &blob);
}

/* ---- one transfer */

static size_t post_take_body(char *bytes, size_t size, size_t count, void *self)
{
	struct post *post = self;
	size_t len = size * count, room = sizeof post->answer - post->answer_len;
	memcpy(post->answer + post->answer_len, bytes, len < room ? len : room);
	post->answer_len += len < room ? len : room;
	return len;
}

static size_t post_take_head(char *bytes, size_t size, size_t count, void *self)
{
	struct post *post = self;
	struct slice line = slice_of(bytes, size * count), name = slice_take_until(&line, ':');
	if (slice_equals_nocase(name, "retry-after")) {
		line.len = slice_find(line, SLICE("\r"));
		line = slice_trim(line);
		snprintf(post->retry_after, sizeof post->retry_after, "%.*s", (int)line.len, (const char *)line.at);
	}
	return size * count;
}

static bool post_add_header(struct post *post, const char *line)
{
	struct curl_slist *longer = curl_slist_append(post->headers, line);
	post->headers = longer ? longer : post->headers;
	return longer;
}

/* Redirects are not followed: they would carry the headers elsewhere. A proxy is taken from the environment as by
 * everybody who uses libcurl (http_proxy, https_proxy, no_proxy). */
static bool post_prepare(struct post *post, const struct otlp_target *target)
{
	CURL *curl = post->curl = curl_easy_init();
	if (!curl)
		return false;
	/* Expect would cost a round trip for each request. */
	bool good = post_add_header(post, "Content-Type: application/json") && post_add_header(post, "Expect:");
	if (target->gzip)
		good = good && post_add_header(post, "Content-Encoding: gzip");
	for (size_t i = 0; good && i < target->header_count; i++)
		good = post_add_header(post, target->headers[i]);
	curl_easy_setopt(curl, CURLOPT_URL, target->url);
	if (target->socket)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, target->socket);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, post->headers);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "sioscope/" SIOSCOPE_VERSION);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, post->why);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, post_take_head);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, post);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, post_take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, post);
	curl_easy_setopt(curl, CURLOPT_PRIVATE, post);
	post_use_pem(post, CURLOPT_CAINFO_BLOB, POST_CERTIFICATE);
	post_use_pem(post, CURLOPT_SSLKEY_BLOB, POST_CLIENT_KEY);
	post_use_pem(post, CURLOPT_SSLCERT_BLOB, POST_CLIENT_CERTIFICATE);
	return good;
}

static bool post_compress(struct post *post, struct slice request)
{
	z_stream stream = {.next_in = (Bytef *)request.at, .avail_in = (uInt)request.len};
	if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, POST_SETTING, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	size_t room = deflateBound(&stream, (uLong)request.len);
	bool good = buffer_reserve(&post->body, room);
	if (good) {
		stream.next_out = post->body.at;
		stream.avail_out = (uInt)room;
		good = deflate(&stream, Z_FINISH) == Z_STREAM_END;
		post->body.len = stream.total_out;
	}
	deflateEnd(&stream);
	return good;
}

bool otlp_poster_begin(struct otlp_poster *poster, enum otlp_signal signal, struct slice request, int64_t timeout)
{
	struct post *post = &poster->posts[signal];
	buffer_clear(&post->body);
	bool good = poster->environment->targets[signal].gzip ? post_compress(post, request)
	                                                      : buffer_append(&post->body, request);
	post->answer_len = 0;
	post->retry_after[0] = post->why[0] = '\0';
	curl_easy_setopt(post->curl, CURLOPT_POSTFIELDS, post->body.at);
	curl_easy_setopt(post->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body.len);
	curl_easy_setopt(post->curl, CURLOPT_TIMEOUT_MS, (long)(timeout / TIMESTAMP_MILLISECOND) + 1);
	post->begun = good && curl_multi_add_handle(poster->multi, post->curl) == CURLM_OK;
	return post->begun;
}

/* ---- answers */

/* The reason that google.rpc.Status names, if the answer is one: {"code":3,"message":"…"}. */
static void answer_explain(const struct post *post, const struct otlp_target *target, struct otlp_answer *answer)
{
	struct slice body = slice_of(post->answer, post->answer_len), status, message;
	char text[OTLP_WHY];
	struct buffer said = buffer_over(text, sizeof text);
	if (answer->status >= 200 && answer->status < 300)
		return;
	if (json_take_value(&body, &status) && json_find_member(status, "message", &message))
		json_unescape(message, &said);
	if (!answer->status)
		snprintf(answer->why, OTLP_WHY, "%s: %s", target->shown, *post->why ? post->why : "no answer");
	else
		snprintf(answer->why, OTLP_WHY, "%s: HTTP %ld%s%.*s%s", target->shown, answer->status,
		    said.len ? ", \"" : "", (int)(said.len < 160 ? said.len : 160), text, said.len ? "\"" : "");
}

bool otlp_poster_take(struct otlp_poster *poster, struct otlp_answer *answer)
{
	int left;
	struct post *post = NULL;
	CURLMsg *message = curl_multi_info_read(poster->multi, &left);
	if (!message || message->msg != CURLMSG_DONE)
		return false;
	/* The message is lent until the handle is removed. */
	CURLcode code = message->data.result;
	CURL *curl = message->easy_handle;
	curl_easy_getinfo(curl, CURLINFO_PRIVATE, (char **)&post);
	*answer = (struct otlp_answer){.signal = post->signal, .retry_after = -1};
	/* An answer that was cut short counts as none: what it says of the items is not known. */
	if (code == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
	if (*post->retry_after)
		answer->retry_after = otlp_read_retry_after(slice_of_text(post->retry_after), clock_timestamp());
	answer->rejected = otlp_read_rejected(slice_of(post->answer, post->answer_len), post->signal);
	answer_explain(post, &poster->environment->targets[post->signal], answer);
	curl_multi_remove_handle(poster->multi, curl);
	post->begun = false;
	return true;
}

static short wait_events(short events)
{
	short wanted = 0;
	if (events & POLLIN)
		wanted |= CURL_WAIT_POLLIN;
	if (events & POLLOUT)
		wanted |= CURL_WAIT_POLLOUT;
	return wanted;
}

void otlp_poster_wait(struct otlp_poster *poster, struct pollfd *files, size_t count, int milliseconds)
{
	struct curl_waitfd waits[POST_FILES];
	int running;
	if (count > POST_FILES)
		count = POST_FILES;
	for (size_t i = 0; i < count; i++)
		waits[i] = (struct curl_waitfd){.fd = files[i].fd, .events = wait_events(files[i].events)};
	curl_multi_perform(poster->multi, &running);
	curl_multi_poll(poster->multi, waits, (unsigned)count, milliseconds, NULL);
	curl_multi_perform(poster->multi, &running);
	for (size_t i = 0; i < count; i++) /* libcurl does not hand on a hang-up as such */
		files[i].revents = 0;
	poll(files, (nfds_t)count, 0);
}

/* ---- beginning and end */

struct otlp_poster *otlp_poster_new(const struct otlp_environment *environment, char why[OTLP_WHY])
{
	struct otlp_poster *poster = calloc(1, sizeof *poster);
	snprintf(why, OTLP_WHY, "no memory");
	if (!poster || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(poster);
		return NULL;
	}
	poster->environment = environment;
	poster->multi = curl_multi_init();
	bool good = poster->multi;
	for (enum otlp_signal signal = 0; good && signal < OTLP_SIGNALS; signal++) {
		const struct otlp_target *target = &environment->targets[signal];
		struct post *post = &poster->posts[signal];
		post->signal = signal;
		buffer_init(&post->body, BUFFER_NO_LIMIT, NULL);
		good = pem_read(&post->pems[POST_CERTIFICATE], target->certificate, why) &&
		       pem_read(&post->pems[POST_CLIENT_KEY], target->client_key, why) &&
		       pem_read(&post->pems[POST_CLIENT_CERTIFICATE], target->client_certificate, why) &&
		       post_prepare(post, target);
	}
	if (good)
		return poster;
	otlp_poster_free(poster);
	return NULL;
}

void otlp_poster_free(struct otlp_poster *poster)
{
	if (!poster)
		return;
	for (enum otlp_signal signal = 0; signal < OTLP_SIGNALS; signal++) {
		struct post *post = &poster->posts[signal];
		if (post->begun)
			curl_multi_remove_handle(poster->multi, post->curl);
		curl_easy_cleanup(post->curl);
		curl_slist_free_all(post->headers);
		buffer_free(&post->body);
		for (size_t i = 0; i < POST_PEMS; i++)
			free(post->pems[i].at);
	}
	curl_multi_cleanup(poster->multi);
	curl_global_cleanup();
	free(poster);
}

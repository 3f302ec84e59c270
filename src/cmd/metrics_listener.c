/* One request, one answer, and the connection is closed; nothing here waits. */
#include "cmd/metrics_listener.h"

#include "base/timestamp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* A scrape's own timeout is 10 s by default; a text that does not come in two is not coming. */
#define METRICS_PATIENCE (10 * TIMESTAMP_SECOND)
#define METRICS_FRESH (2 * TIMESTAMP_SECOND)

/* ---- the address */

static bool address_refuse(char why[METRICS_WHY], const char *text)
{
	snprintf(why, METRICS_WHY,
	    "'%.64s' is no address and port in numbers; write 127.0.0.1:" METRICS_DEFAULT_PORT
	    " (this machine alone), 0.0.0.0:" METRICS_DEFAULT_PORT " or [::]:" METRICS_DEFAULT_PORT " (everybody)",
	    text);
	return false;
}

bool metrics_address_read(const char *text, struct metrics_address *address, char why[METRICS_WHY])
{
	struct in6_addr binary;
	const char *colon = strrchr(text, ':'), *bracket = strrchr(text, ']');
	const char *port = colon ? colon + 1 : text;
	struct slice host = slice_of(text, colon ? (size_t)(colon - text) : 0), digits = slice_of_text(port);
	uint64_t number;
	bool is_six = bracket && *text == '[' && bracket + 1 == colon;
	if (is_six)
		host = slice_of(text + 1, (size_t)(bracket - text) - 1);
	if (!host.len)
		host = SLICE("127.0.0.1");
	if (!digits_take(&digits, 5, &number) || digits.len || number > UINT16_MAX || !number ||
	    host.len >= METRICS_HOST)
		return address_refuse(why, text);
	snprintf(address->host, sizeof address->host, "%.*s", (int)host.len, (const char *)host.at);
	snprintf(address->port, sizeof address->port, "%u", (unsigned)number);
	return inet_pton(is_six ? AF_INET6 : AF_INET, address->host, &binary) == 1 || address_refuse(why, text);
}

static bool listen_fail(int socket, const struct metrics_address *address, char why[METRICS_WHY])
{
	snprintf(why, METRICS_WHY, "cannot listen on %s, port %s: %s", address->host, address->port, strerror(errno));
	if (socket >= 0)
		close(socket);
	return false;
}

static bool socket_make_quiet(int socket)
{
	return fcntl(socket, F_SETFD, FD_CLOEXEC) == 0 && fcntl(socket, F_SETFL, O_NONBLOCK) == 0;
}

int metrics_listen(const struct metrics_address *address, char why[METRICS_WHY])
{
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
	} at = {0};
	bool is_six = strchr(address->host, ':');
	uint64_t port = 0;
	struct slice digits = slice_of_text(address->port);
	const int yes = 1;
	digits_take(&digits, 5, &port);
	at.any.sa_family = is_six ? AF_INET6 : AF_INET;
	*(is_six ? &at.six.sin6_port : &at.four.sin_port) = htons((uint16_t)port);
	inet_pton(at.any.sa_family, address->host, is_six ? (void *)&at.six.sin6_addr : (void *)&at.four.sin_addr);
	int made = socket(at.any.sa_family, SOCK_STREAM, 0);
	bool good = made >= 0 && socket_make_quiet(made) &&
	            setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
	            bind(made, &at.any, is_six ? sizeof at.six : sizeof at.four) == 0 &&
	            listen(made, METRICS_CLIENTS) == 0;
	return good || listen_fail(made, address, why) ? made : -1;
}

/* ---- requests */

/* One of the ranges in Accept is OpenMetrics', and its quality is not 0 (RFC 9110 §12.4.2, §12.5.1). */
static bool accept_is_open(struct slice value)
{
	while (value.len) {
		struct slice range = slice_take_until(&value, ','), type = slice_trim(slice_take_until(&range, ';'));
		bool refused = false;
		while (range.len) {
			struct slice rule = slice_trim(slice_take_until(&range, ';'));
			size_t zeros = 0;
			if (rule.len < 3 || !slice_starts_with(rule, SLICE("q=0")))
				continue;
			for (size_t i = 2; i < rule.len; i++)
				zeros += rule.at[i] == '0' || rule.at[i] == '.';
			refused = zeros == rule.len - 2;
		}
		if (slice_equals_nocase(type, "application/openmetrics-text") && !refused)
			return true;
	}
	return false;
}

static struct slice head_take_line(struct slice *head)
{
	struct slice line = slice_take_until(head, '\n');
	if (slice_ends_with(line, SLICE("\r")))
		line.len--;
	return line;
}

enum metrics_request metrics_read_request(struct slice head)
{
	bool ended = slice_find(head, SLICE("\r\n\r\n")) < head.len || slice_find(head, SLICE("\n\n")) < head.len;
	if (!ended)
		return METRICS_INCOMPLETE;
	struct slice line = head_take_line(&head), method = slice_take_until(&line, ' ');
	struct slice target = slice_take_until(&line, ' ');
	bool open = false;
	if (!method.len || !slice_starts_with(line, SLICE("HTTP/1.")) || !slice_starts_with(target, SLICE("/")))
		return METRICS_BAD;
	if (!slice_equals(slice_take(target, slice_find_byte(target, '?')), SLICE("/metrics")))
		return METRICS_UNKNOWN;
	if (!slice_equals(method, SLICE("GET")))
		return METRICS_METHOD;
	for (struct slice field = head_take_line(&head); field.len; field = head_take_line(&head))
		if (slice_equals_nocase(slice_take_until(&field, ':'), "accept"))
			open |= accept_is_open(field);
	return open ? METRICS_OPEN : METRICS_TEXT;
}

/* ---- answers */

static const char *const metrics_types[METRICS_FORMS] = {
    [METRICS_PROMETHEUS] = "text/plain; version=0.0.4; charset=utf-8",
    [METRICS_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

static void client_answer(struct metrics_client *client, const char *status, const char *type, struct slice body)
{
	buffer_append_format(&client->answer,
	    "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n", status, type,
	    body.len, strncmp(status, "405", 3) == 0 ? "Allow: GET\r\n" : "");
	buffer_append(&client->answer, body);
}

static void client_refuse(struct metrics_client *client, const char *status, const char *text)
{
	client_answer(client, status, "text/plain; charset=utf-8", slice_of_text(text));
}

static void client_close(struct metrics_client *client)
{
	close(client->socket);
	buffer_free(&client->answer);
	client->socket = -1;
}

static enum metrics_form client_form(const struct metrics_client *client)
{
	return client->asks == METRICS_OPEN ? METRICS_OPENMETRICS : METRICS_PROMETHEUS;
}

static bool client_waits(const struct metrics_client *client)
{
	return client->socket >= 0 && (client->asks == METRICS_TEXT || client->asks == METRICS_OPEN) &&
	       !client->answer.len;
}

/* ---- the server */

void metrics_listener_init(struct metrics_listener *listener, int socket, size_t limit)
{
	*listener = (struct metrics_listener){.socket = socket};
	for (size_t i = 0; i < METRICS_CLIENTS; i++)
		listener->clients[i].socket = -1;
	for (size_t i = 0; i < METRICS_FORMS; i++)
		buffer_init(&listener->pages[i], limit, NULL);
}

void metrics_listener_free(struct metrics_listener *listener)
{
	for (size_t i = 0; i < METRICS_CLIENTS; i++)
		if (listener->clients[i].socket >= 0)
			client_close(&listener->clients[i]);
	for (size_t i = 0; i < METRICS_FORMS; i++)
		buffer_free(&listener->pages[i]);
}

static bool listener_has_room(const struct metrics_listener *listener)
{
	for (size_t i = 0; i < METRICS_CLIENTS; i++)
		if (listener->clients[i].socket < 0)
			return true;
	return false;
}

size_t metrics_listener_files(const struct metrics_listener *listener, struct pollfd *files)
{
	size_t count = 0;
	if (listener->socket < 0)
		return 0;
	files[count++] = (struct pollfd){listener_has_room(listener) ? listener->socket : -1, POLLIN, 0};
	for (size_t i = 0; i < METRICS_CLIENTS; i++) {
		const struct metrics_client *client = &listener->clients[i];
		files[count++] = (struct pollfd){.fd = client->socket};
		if (client->answer.len)
			files[count - 1].events = POLLOUT;
		else if (client->asks == METRICS_INCOMPLETE)
			files[count - 1].events = POLLIN;
	}
	return count;
}

static void listener_accept(struct metrics_listener *listener, int64_t now)
{
	for (size_t i = 0; i < METRICS_CLIENTS; i++) {
		struct metrics_client *client = &listener->clients[i];
		int socket = client->socket < 0 ? accept(listener->socket, NULL, NULL) : -1;
		if (socket < 0)
			continue;
		if (!socket_make_quiet(socket)) {
			close(socket);
			continue;
		}
		client->socket = socket;
		client->deadline = now + METRICS_PATIENCE;
		client->asks = METRICS_INCOMPLETE;
		client->request_len = client->sent = 0;
		buffer_init(&client->answer, BUFFER_NO_LIMIT, NULL);
	}
}

static void client_read(struct metrics_client *client, int64_t now)
{
	ssize_t len = read(
	    client->socket, client->request + client->request_len, sizeof client->request - client->request_len);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0) {
		client_close(client);
		return;
	}
	client->request_len += (size_t)len;
	client->asks = metrics_read_request(slice_of(client->request, client->request_len));
	if (client->asks == METRICS_UNKNOWN)
		client_refuse(client, "404 Not Found", "there is nothing but /metrics here\n");
	else if (client->asks == METRICS_METHOD)
		client_refuse(client, "405 Method Not Allowed", "only GET\n");
	else if (client->asks == METRICS_BAD)
		client_refuse(client, "400 Bad Request", "this is an HTTP/1.1 server\n");
	else if (client->asks == METRICS_INCOMPLETE && client->request_len == sizeof client->request)
		client_refuse(client, "431 Request Header Fields Too Large", "the request is too long\n");
	else if (client->asks != METRICS_INCOMPLETE)
		client->deadline = now + METRICS_FRESH;
}

static void client_write(struct metrics_client *client)
{
	ssize_t len = send(
	    client->socket, client->answer.at + client->sent, client->answer.len - client->sent, MSG_NOSIGNAL);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	client->sent += len > 0 ? (size_t)len : 0;
	if (len < 0 || client->sent == client->answer.len)
		client_close(client);
}

static void client_take_page(const struct metrics_listener *listener, struct metrics_client *client, int64_t now)
{
	const struct buffer *page = &listener->pages[client_form(client)];
	client->deadline = now + METRICS_PATIENCE;
	if (page->len)
		client_answer(client, "200 OK", metrics_types[client_form(client)], buffer_slice(page));
	else
		client_refuse(client, "503 Service Unavailable", "no metrics yet: the capture has just begun\n");
}

/* A text that does not come in time: the last one is better than none. */
static void client_judge(const struct metrics_listener *listener, struct metrics_client *client, int64_t now)
{
	if (client->socket < 0 || now < client->deadline)
		return;
	if (client_waits(client))
		client_take_page(listener, client, now);
	else
		client_close(client);
}

void metrics_listener_step(struct metrics_listener *listener, const struct pollfd *files, size_t count, int64_t now,
    void (*asked)(void *self, enum metrics_form form), void *self)
{
	bool asks[METRICS_FORMS] = {false};
	for (size_t i = 1; i < count; i++) {
		struct metrics_client *client = &listener->clients[i - 1];
		if (client->socket < 0 || client->socket != files[i].fd || !files[i].revents)
			continue;
		if (client->answer.len)
			client_write(client);
		else if (client->asks == METRICS_INCOMPLETE)
			client_read(client, now);
		else
			client_close(client); /* hung up while it waited */
	}
	if (count && files[0].revents & POLLIN)
		listener_accept(listener, now);
	for (size_t i = 0; i < METRICS_CLIENTS; i++) {
		struct metrics_client *client = &listener->clients[i];
		client_judge(listener, client, now);
		if (client_waits(client))
			asks[client_form(client)] = true;
	}
	for (size_t form = 0; form < METRICS_FORMS; form++) {
		if (asks[form] && !listener->waits[form])
			asked(self, (enum metrics_form)form);
		listener->waits[form] = asks[form];
	}
}

void metrics_listener_publish(struct metrics_listener *listener, enum metrics_form form, struct slice text)
{
	buffer_clear(&listener->pages[form]);
	buffer_append(&listener->pages[form], text);
	if (listener->pages[form].truncated) /* half a text is none */
		buffer_clear(&listener->pages[form]);
	listener->waits[form] = false;
	for (size_t i = 0; i < METRICS_CLIENTS; i++)
		if (client_waits(&listener->clients[i]) && client_form(&listener->clients[i]) == form)
			client_take_page(listener, &listener->clients[i], clock_now());
}

int64_t metrics_listener_next(const struct metrics_listener *listener)
{
	int64_t next = INT64_MAX;
	for (size_t i = 0; i < METRICS_CLIENTS; i++)
		if (listener->clients[i].socket >= 0 && listener->clients[i].deadline < next)
			next = listener->clients[i].deadline;
	return next;
}

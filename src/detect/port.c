/*
 * request-unanswered, by what listens at the port: a request of Engine.IO in HTTP/1 whose answer was in another
 * protocol.
 *
 * Seen: the first bytes that the server sent on the connection are those with which a known protocol begins or answers
 * what it does not understand (servers/protocols.c). Ruled out: a connection on which any HTTP answer came; one whose
 * beginning was not captured, or of which bytes of the server are missing before, as those of an answer may look like
 * anything. HTTP/2 that the client asked for begins with its preface, or with a 101, and is no HTTP/1 request then.
 */
#include "detect/detector.h"
#include "servers/server.h"

#include <stdio.h>

enum { PORT_QUOTE = 40, PORT_HEX = 9, PORT_TEXT = 64, PORT_PATH = 64 };

/* "SSH-2.0-OpenSSH_9.2p1", or of what is no text: 00 00 00 04. At most PORT_QUOTE of it: later bytes may repeat what
 * the client sent, secrets too. */
static const char *port_quote(struct slice first, char text[PORT_TEXT])
{
	struct slice line = slice_take(slice_take(first, slice_find_byte(first, '\n')), PORT_QUOTE);
	struct buffer out = buffer_over(text, PORT_TEXT - 1);
	bool is_text = true;
	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	for (size_t i = 0; i < line.len; i++)
		is_text &= line.at[i] >= ' ' && line.at[i] < 0x7f;
	if (is_text)
		buffer_append_format(&out, "\"%.*s\"", (int)line.len, (const char *)line.at);
	for (size_t i = 0; !is_text && i < first.len && i < PORT_HEX; i++)
		buffer_append_format(&out, i ? " %02x" : "%02x", first.at[i]);
	text[out.len] = '\0';
	return text;
}

static void port_claim(struct findings *findings, const struct event *event, const struct server_protocol *protocol)
{
	static const enum cause causes[] = {[PORT_HTTP2] = CAUSE_PORT_OF_HTTP2,
	    [PORT_TLS] = CAUSE_PORT_OF_TLS,
	    [PORT_OTHER] = CAUSE_PORT_OF_OTHER_PROTOCOL,
	    [PORT_ANSWERS_HTTP] = CAUSE_PORT_OF_OTHER_PROTOCOL};
	const struct exchange *exchange = event->exchange;
	char server[ENDPOINT_TEXT_SIZE], subject[ENDPOINT_TEXT_SIZE + PORT_TEXT], quote[PORT_TEXT];
	endpoint_format(&event->connection->server, server);
	snprintf(subject, sizeof subject, "%s speaks %s", server, protocol->name);
	struct finding *finding = findings_claim(
	    findings, CODE_REQUEST_UNANSWERED, CONFIDENCE_PROVEN, NULL, event, subject);
	if (!finding)
		return;
	if (finding->count == 1) {
		struct slice path = slice_take(http_target_path(exchange->request.head.target), PORT_PATH);
		finding->severity = SEVERITY_ERROR;
		finding_begin_at(finding, exchange->request.begun);
		finding_say(findings, finding,
		    "%s is no port of HTTP/1.1: what listens there speaks %s, and answered the request for %.*s with "
		    "%s",
		    server, protocol->name, (int)path.len, (const char *)path.at, port_quote(exchange->foreign, quote));
		finding_set_cause(findings, finding, causes[protocol->port], NULL);
	}
	finding_prove(findings, finding, &event->origin, "%.*s, and no HTTP answer",
	    (int)exchange->request.head.method.len, (const char *)exchange->request.head.method.at);
}

static void port_take_event(void *self, const struct event *event)
{
	const struct detector_state *state = self;
	if (event->kind != EVENT_HTTP || event->exchange->status || !event->exchange->foreign.len)
		return;
	const struct server_protocol *protocol = servers_find_protocol(event->exchange->foreign);
	if (protocol)
		port_claim(state->findings, event, protocol);
}

const struct detector detector_port = {.event = port_take_event};

/*
 * The children of a session's trace: a span for each ack that came, each namespace that was asked for, and each request
 * that was slow or failed. They are written as they end.
 */
#include "http/exchange.h"
#include "view/otlp_model.h"

/* Children of one trace; more are counted. A polling session of a minute has a thousand requests: those that are
 * neither slow nor failed have no span. */
enum { TRACE_CHILDREN = 1000 };

/* A request that is no poll is slow after this time. */
#define REQUEST_SLOW (1 * TIMESTAMP_SECOND)

struct span {
	uint8_t id[SPAN_ID];
	enum span_kind kind;
	timestamp begin, end;
};

/* The beginning of a child, up to its name; NULL: the trace has as many as it may. */
static struct buffer *otlp_begin_child(
    struct otlp_encoder *encoder, struct otlp_session *kept, struct span *span, const char *kind, uint64_t index)
{
	char text[SESSION_KEY_SIZE];
	if (kept->children == TRACE_CHILDREN) {
		kept->beyond++;
		return NULL;
	}
	outbound_span_id(encoder->outbound, kind, outbound_session_key(encoder->outbound, kept->session, text),
	    kept->part, index, span->id);
	span->end = span->end > span->begin ? span->end : span->begin + 1;
	struct buffer *item = otlp_batch_item(&encoder->batches[OTLP_TRACES]);
	buffer_append_byte(item, '{');
	otlp_append_ids(item, kept->trace, span->id);
	buffer_append_text(item, ",\"parentSpanId\":\"");
	otlp_append_hex(item, kept->root, SPAN_ID);
	buffer_append_byte(item, '"');
	otlp_append_span(item, span->kind, span->begin, span->end);
	return item;
}

/* `error`: what error.type says, or NULL. */
static void otlp_end_child(
    struct otlp_encoder *encoder, struct otlp_session *kept, const struct span *span, const char *error)
{
	struct buffer *item = &encoder->batches[OTLP_TRACES].item;
	otlp_add_word(item, "error.type", error);
	otlp_end_attributes(item);
	buffer_append_text(item, error ? ",\"status\":{\"code\":2}}" : ",\"status\":{}}");
	otlp_batch_add(&encoder->batches[OTLP_TRACES], NULL, NULL);
	kept->children++;
	kept->begin = span->begin < kept->begin ? span->begin : kept->begin;
	kept->end = span->end > kept->end ? span->end : kept->end;
}

/* The names of @opentelemetry/instrumentation-socket.io (0.70): messaging.system, .destination and .operation, and
 * messaging.socket.io.event_name and .namespace. All texts of `asked` may leave. */
static void otlp_add_messaging(struct buffer *item, const struct metrics_asked *asked)
{
	bool is_received = asked->direction == DIRECTION_TO_SERVER;
	otlp_begin_attributes(item, "attributes");
	otlp_add_word(item, "messaging.system", "socket.io");
	otlp_add_word(item, "messaging.destination", asked->nsp);
	otlp_add_word(item, "messaging.operation", is_received ? "receive" : "send");
	otlp_add_word(item, "messaging.socket.io.event_name", asked->name);
	otlp_add_word(item, "messaging.socket.io.namespace", asked->nsp);
	otlp_add_word(item, "network.io.direction", is_received ? "receive" : "transmit");
	otlp_add_word(item, "socket.io.transport", transport_name(asked->transport));
	otlp_add_word(item, "socket.io.ack.id", asked->ack);
}

static void otlp_append_name(struct buffer *item, const char *first, const char *second)
{
	char name[2 * OTLP_TEXT];
	struct buffer text = buffer_over(name, sizeof name);
	buffer_append_text(&text, first);
	buffer_append_byte(&text, ' ');
	buffer_append_text(&text, second);
	buffer_append_text(item, ",\"name\":");
	json_write_string(item, buffer_slice(&text));
}

static void otlp_trace_ack(struct otlp_encoder *encoder, struct otlp_session *kept, const struct event *event,
    const struct metrics_asked *asked)
{
	struct span span = {.kind = asked->direction == DIRECTION_TO_SERVER ? SPAN_CONSUMER : SPAN_PRODUCER,
	    .begin = asked->time,
	    .end = event->origin.time};
	struct buffer *item = otlp_begin_child(encoder, kept, &span, "ack", asked->index);
	if (!item)
		return;
	otlp_append_name(item, *asked->name ? asked->name : "_other", asked->nsp);
	otlp_add_messaging(item, asked);
	otlp_add_number(item, "messaging.message.body.size", asked->bytes);
	otlp_end_child(encoder, kept, &span, NULL);
	metrics_set_exemplar(encoder->metrics, kept->trace, span.id);
}

static void otlp_trace_connect(struct otlp_encoder *encoder, struct otlp_session *kept, const struct event *event,
    const struct metrics_asked *asked)
{
	struct span span = {.kind = SPAN_SERVER, .begin = asked->time, .end = event->origin.time};
	struct buffer *item = otlp_begin_child(encoder, kept, &span, "connect", asked->index);
	if (!item)
		return;
	otlp_append_name(item, "connect", asked->nsp);
	otlp_add_messaging(item, asked);
	otlp_end_child(encoder, kept, &span, event->kind == EVENT_CONNECT_ERROR ? "connect_error" : NULL);
}

/* ---- requests */

/* What went wrong, as error.type has it: a status, or what became of the request; NULL: nothing. A poll that waits when
 * either side has left is owed nothing. */
static const char *request_error(const struct event *event, char text[DIGITS_MOST + 1])
{
	const struct exchange *exchange = event->exchange;
	if (exchange->status >= 400) {
		*digits_write(text, (uint64_t)exchange->status) = '\0';
		return text;
	}
	if (exchange->state == EXCHANGE_ANSWERED || exchange->state == EXCHANGE_PENDING ||
	    exchange->state == EXCHANGE_LOST)
		return NULL;
	return session_said_goodbye(event->session, event->index) ? NULL : exchange_state_name(exchange->state);
}

/* The server may hold a poll until its next ping, and nothing is due before pingTimeout has passed besides. */
static bool request_is_slow(const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	timestamp end = exchange->answer.begun == TIMESTAMP_NONE ? event->origin.time : exchange->answer.begun;
	bool is_poll = exchange->target && exchange->target->sid_len &&
	               exchange->target->transport != TRANSPORT_WEBSOCKET &&
	               slice_equals(exchange->request.head.method, SLICE("GET"));
	timestamp hold = event->session->ping_interval + event->session->ping_timeout;
	if (exchange->state != EXCHANGE_ANSWERED || (is_poll && !hold))
		return false;
	return end - exchange->request.begun > (is_poll ? hold : REQUEST_SLOW);
}

static void request_keep_text(struct otlp_encoder *encoder, struct slice text, char *kept, size_t size)
{
	struct buffer out = buffer_over(kept, size - 1);
	outbound_write_text(encoder->outbound, &out, text, size - 1, OUTBOUND_LABEL);
	kept[out.len] = '\0';
}

/* False: it was neither slow nor did it fail. */
static bool otlp_read_request(struct otlp_encoder *encoder, const struct event *event, struct otlp_request *request)
{
	const struct exchange *exchange = event->exchange;
	struct slice target = exchange->request.head.target;
	char status[DIGITS_MOST + 1];
	const char *error = request_error(event, status);
	if (!error && !request_is_slow(event))
		return false;
	*request = (struct otlp_request){.index = event->index,
	    .begin = exchange->request.begun,
	    .end = event->origin.time,
	    .status = exchange->status,
	    .transport = event->transport,
	    .version = event->origin.stream                   ? "2"
	               : exchange->request.head.minor_version ? "1.1"
	                                                      : "1.0"};
	snprintf(request->error, sizeof request->error, "%s", error ? error : "");
	request_keep_text(encoder, exchange->request.head.method, request->method, sizeof request->method);
	request_keep_text(
	    encoder, slice_take(target, slice_find_byte(target, '?')), request->path, sizeof request->path);
	return true;
}

static void otlp_write_request(
    struct otlp_encoder *encoder, struct otlp_session *kept, const struct otlp_request *request)
{
	struct span span = {.kind = SPAN_SERVER, .begin = request->begin, .end = request->end};
	struct buffer *item = otlp_begin_child(encoder, kept, &span, "request", request->index);
	if (!item)
		return;
	otlp_append_name(item, request->method, request->path);
	otlp_begin_attributes(item, "attributes");
	otlp_add_word(item, "http.request.method", request->method);
	if (request->status)
		otlp_add_number(item, "http.response.status_code", (uint64_t)request->status);
	otlp_add_word(item, "url.path", request->path);
	otlp_add_word(item, "network.protocol.name", "http");
	otlp_add_word(item, "network.protocol.version", request->version);
	otlp_add_word(item, "socket.io.transport", transport_name(request->transport));
	otlp_end_child(encoder, kept, &span, *request->error ? request->error : NULL);
}

/* ---- the trace that the client's application began */

static bool link_read_hex(struct slice text, uint8_t *id, size_t len)
{
	uint8_t any = 0;
	for (size_t i = 0; i < len; i++) {
		int high = digits_read_hex(text.at[2 * i]), low = digits_read_hex(text.at[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		id[i] = (uint8_t)(high << 4 | low);
		any |= id[i];
	}
	return any || len == 1;
}

/* "00-<32 hex>-<16 hex>-<2 hex>"; a later version may go on behind that. */
void otlp_read_link(struct slice text, struct otlp_link *link)
{
	enum { TRACE_AT = 3, SPAN_AT = 36, FLAGS_AT = 53, LEN = 55 };
	uint8_t version;
	text = slice_trim(text);
	if (text.len < LEN || text.at[2] != '-' || text.at[SPAN_AT - 1] != '-' || text.at[FLAGS_AT - 1] != '-')
		return;
	link->is_set = link_read_hex(text, &version, 1) && version != 0xff &&
	               (version ? text.len == LEN || text.at[LEN] == '-' : text.len == LEN) &&
	               link_read_hex(slice_drop(text, TRACE_AT), link->trace, TRACE_ID) &&
	               link_read_hex(slice_drop(text, SPAN_AT), link->span, SPAN_ID) &&
	               link_read_hex(slice_drop(text, FLAGS_AT), &link->flags, 1);
}

/* ---- from event to event */

/* A WebSocket's own request comes before the session has ids, and waits for them. */
static void otlp_trace_request(struct otlp_encoder *encoder, struct otlp_session *kept, const struct event *event)
{
	struct otlp_request request;
	if (!otlp_read_request(encoder, event, &request))
		return;
	if (kept->is_named)
		otlp_write_request(encoder, kept, &request);
	else
		kept->opening = request;
}

void otlp_trace_event(struct otlp_encoder *encoder, struct otlp_session *kept, const struct event *event)
{
	const struct metrics_asked *asked = metrics_find_asked(encoder->metrics, event);
	if (kept->is_finished || !otlp_wants(encoder, OTLP_TRACES))
		return;
	if (kept->is_named && kept->opening.index) {
		otlp_write_request(encoder, kept, &kept->opening);
		kept->opening.index = 0;
	}
	if (event->kind == EVENT_HTTP && event->exchange->request.begun != TIMESTAMP_NONE)
		otlp_trace_request(encoder, kept, event);
	else if (asked && kept->is_named && event->kind == EVENT_ACK)
		otlp_trace_ack(encoder, kept, event, asked);
	else if (asked && kept->is_named && (event->kind == EVENT_CONNECT || event->kind == EVENT_CONNECT_ERROR))
		otlp_trace_connect(encoder, kept, event, asked);
}

/*
 * Cuts seeds for the fuzz targets out of captures and frontends' scripts: OUT/TARGET/HASH, each in the form in which
 * the target wants it (its first comment says which).
 *
 *     seeds OUT FILE...
 *
 * A FILE that ends in .js is a script; any other is a capture, and a server.log beside it goes into its seeds.
 */
#include "base/hash.h"
#include "base/json.h"
#include "bpf/records.h"
#include "http/coding.h"
#include "http/http1.h"
#include "http/message.h"
#include "net/headers.h"
#include "net/link.h"
#include "net/reassembly.h"
#include "socketio/engineio.h"
#include "socketio/socketio.h"
#include "source/source.h"
#include "tests/fuzz/capture_format.h"

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
	SEED = 2000,       /* bytes of a seed, about */
	SEED_LONG = 6000,  /* of a capture */
	FLOWS = 64,        /* of one capture that are looked at */
	STREAM = 64 << 10, /* bytes of one direction */
	FRAMES = 6,        /* for `packet` */
	OPERATIONS = 60,   /* for `reassembly` */
};

/* One connection. SIDE_A sent the first packet. */
struct flow {
	struct capture_segment first;
	struct reassembly *reassembly;
	struct buffer streams[2];
	struct buffer conversation; /* as `pipeline` wants it */
	struct buffer operations;   /* as `reassembly` does */
	struct buffer records;      /* as `probe_records` does */
	struct buffer capture;      /* as `capture` does: this connection alone */
	uint32_t scaled[2];         /* for `operations`: bytes so far, as if packets were small */
	int revision;               /* of Engine.IO, as the requests say; 0 unknown */
	struct deflate_agreement deflate;
};

struct cutter {
	const char *out;
	struct flow flows[FLOWS];
	size_t flow_count;
	struct buffer frames, capture;
	unsigned frame_count;
	struct server_log log;
	timestamp before; /* the time of the packet before */
};

/* ---- files */

static void make_folder(const char *path)
{
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		err(2, "%s", path);
}

/* A seed of `head` and then as much of `bytes` as a seed may have. */
static void put_seed(const struct cutter *cutter, const char *target, struct slice head, struct slice bytes)
{
	char path[4096];
	struct buffer seed;
	buffer_init(&seed, SEED_LONG, NULL);
	buffer_append(&seed, head);
	buffer_append(&seed, slice_take(bytes, SEED));
	snprintf(path, sizeof path, "%s/%s", cutter->out, target);
	make_folder(path);
	snprintf(path, sizeof path, "%s/%s/%016" PRIx64, cutter->out, target, fnv_add(FNV_START, seed.at, seed.len));
	FILE *file = fopen(path, "w");
	if (!file || (seed.len && fwrite(seed.at, 1, seed.len, file) != seed.len) || fclose(file) != 0)
		err(2, "%s", path);
	buffer_free(&seed);
}

static void put_whole(const struct cutter *cutter, const char *target, const struct buffer *bytes)
{
	if (bytes->len > 1)
		put_seed(cutter, target, buffer_slice(bytes), slice_of(NULL, 0));
}

/* ---- from messages down */

static void cut_data(const struct cutter *cutter, struct slice data)
{
	struct slice name, arguments, value;
	put_seed(cutter, "json", slice_of(NULL, 0), data);
	put_seed(cutter, "reflex_literal", slice_of(NULL, 0), data);
	put_seed(cutter, "reflex_update", slice_of(NULL, 0), data);
	socketio_split_event(data, &name, &arguments);
	if (json_kind_of(data) == JSON_ARRAY && json_take_value(&arguments, &value) && value.len <= SEED)
		put_seed(cutter, "reflex_update", slice_of(NULL, 0), value);
}

static void cut_packet(const struct cutter *cutter, const struct engineio_packet *packet)
{
	struct socketio_packet read;
	struct buffer json;
	const char *why;
	buffer_init(&json, BUFFER_NO_LIMIT, NULL);
	if (packet->type == ENGINEIO_MESSAGE) {
		put_seed(cutter, "socketio", slice_of(NULL, 0), packet->data);
		bool good = packet->binary ? socketio_read_msgpack(packet->data, &json, &read, &why)
		                           : socketio_read_text(packet->data, &read, &why);
		if (good && read.data.len && read.data.len <= SEED)
			cut_data(cutter, read.data);
	}
	buffer_free(&json);
}

static uint8_t revision_index(int revision)
{
	return revision == 3 ? 1 : revision == 4 ? 2 : 0;
}

static void cut_payload(const struct cutter *cutter, const struct flow *flow, struct slice body)
{
	struct budget budget = {.limit = STREAM};
	struct engineio_payload payload;
	struct engineio_packet packet;
	const uint8_t head[] = {revision_index(flow->revision)};
	put_seed(cutter, "engineio", slice_of(head, 1), body);
	engineio_payload_init(&payload, flow->revision, body, &budget);
	while (engineio_next_packet(&payload, &packet) == WIRE_ITEM)
		cut_packet(cutter, &packet);
	engineio_payload_free(&payload);
}

static void cut_message(const struct cutter *cutter, const struct flow *flow, const struct message *message)
{
	struct engineio_packet packet;
	struct buffer scratch;
	const char *why;
	bool binary = message->opcode == WS_BINARY;
	const uint8_t head[] = {revision_index(flow->revision) | (binary ? 4 : 0)};
	if (message->opcode != WS_TEXT && !binary)
		return;
	buffer_init(&scratch, STREAM, NULL);
	put_seed(cutter, "engineio", slice_of(head, 1), message->payload);
	if (engineio_read_message(flow->revision, binary, message->payload, &scratch, &packet, &why))
		cut_packet(cutter, &packet);
	buffer_free(&scratch);
}

static void cut_websocket(const struct cutter *cutter, const struct flow *flow, enum side side, struct slice bytes)
{
	struct budget budget = {.limit = SIZE_MAX};
	struct message message;
	bool from_client = side == SIDE_A;
	struct message_stream *stream = message_stream_new(
	    from_client, flow->deflate, &message_default_limits, &budget);
	const uint8_t head[] = {from_client | (flow->deflate.on ? 2 : 0), 5, 0};
	put_seed(cutter, "websocket", slice_of(head, 2), bytes);
	put_seed(cutter, "message", slice_of(head, 3), bytes);
	while (stream && message_next(stream, &bytes, &message) == WIRE_ITEM)
		cut_message(cutter, flow, &message);
	message_stream_free(stream);
}

/* ---- HTTP */

static void cut_body(const struct cutter *cutter, const struct flow *flow, struct slice codings, struct slice body)
{
	static const char *const names[] = {"gzip", "deflate", "br", "zstd", "gzip, br", "deflate,zstd", "identity"};
	struct buffer plain;
	buffer_init(&plain, STREAM, NULL);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		uint8_t place = (uint8_t)i;
		if (slice_equals_nocase(codings, names[i]))
			put_seed(cutter, "coding", slice_of(&place, 1), body);
	}
	if (body.len && coding_is_identity(codings))
		cut_payload(cutter, flow, body);
	else if (body.len && coding_decode(codings, body, &plain) == CODING_DONE)
		cut_payload(cutter, flow, buffer_slice(&plain));
	buffer_free(&plain);
}

/* What a head says that matters for what follows it. */
static void note_head(struct flow *flow, const struct http_head *head)
{
	struct slice value;
	if (http_find_parameter(head->target, "EIO", &value) && value.len == 1)
		flow->revision = value.at[0] - '0';
	if (head->status == 101 && http_find_field(head->fields, "Sec-WebSocket-Extensions", &value))
		flow->deflate = extensions_read(value);
}

/* Gives bodies away; returns what follows an upgrade, empty when there was none. */
static struct slice cut_http(const struct cutter *cutter, struct flow *flow, enum side side, struct slice bytes)
{
	struct http_stream stream;
	struct http_item item;
	struct buffer body;
	struct slice codings = slice_of(NULL, 0);
	bool upgrades = false;
	const uint8_t head[] = {side == SIDE_A ? HTTP_REQUESTS : HTTP_RESPONSES, 7};
	put_seed(cutter, "http", slice_of(head, 2), bytes);
	http_stream_init(&stream, side == SIDE_A ? HTTP_REQUESTS : HTTP_RESPONSES, &http_default_limits, NULL);
	buffer_init(&body, STREAM, NULL);
	while (http_next_item(&stream, &bytes, &item) == WIRE_ITEM) {
		if (item.kind == HTTP_HEAD) {
			note_head(flow, &item.head);
			upgrades = item.head.upgrade_websocket && (side == SIDE_A || item.head.status == 101);
			if (!http_find_field(item.head.fields, "Content-Encoding", &codings))
				codings = slice_of(NULL, 0);
		} else if (item.kind == HTTP_BODY) {
			buffer_append(&body, item.body);
		} else if (upgrades) {
			break;
		} else {
			cut_body(cutter, flow, codings, buffer_slice(&body));
			buffer_clear(&body);
		}
	}
	http_stream_free(&stream);
	buffer_free(&body);
	return upgrades ? bytes : slice_of(NULL, 0);
}

/* ---- flows */

static void begin_flow(struct flow *flow, const struct capture_segment *segment)
{
	*flow = (struct flow){.first = *segment};
	flow->reassembly = reassembly_new(&reassembly_default_limits, NULL);
	for (int i = 0; i < 2; i++)
		buffer_init(&flow->streams[i], STREAM, NULL);
	buffer_init(&flow->conversation, SEED_LONG, NULL);
	buffer_init(&flow->operations, (size_t)8 * OPERATIONS, NULL);
	buffer_init(&flow->records, SEED, NULL);
	buffer_init(&flow->capture, SEED_LONG, NULL);
	buffer_append_byte(&flow->conversation, 9);
	buffer_append(&flow->operations, slice_of("\1\0\0\0\0\0\0\0", 8));
	buffer_append_byte(&flow->records, 0);
	buffer_append_byte(&flow->capture, CAPTURE_FRONTEND);
}

static bool is_from(const struct capture_segment *first, const struct capture_segment *segment)
{
	return first->segment.source_port == segment->segment.source_port &&
	       address_equals(&first->ip.source, &segment->ip.source);
}

static bool belongs_to(const struct capture_segment *first, const struct capture_segment *segment)
{
	const struct segment *a = &first->segment, *b = &segment->segment;
	if (is_from(first, segment))
		return a->destination_port == b->destination_port &&
		       address_equals(&first->ip.destination, &segment->ip.destination);
	return a->source_port == b->destination_port && a->destination_port == b->source_port &&
	       address_equals(&first->ip.source, &segment->ip.destination);
}

static struct flow *find_flow(struct cutter *cutter, const struct capture_segment *segment)
{
	for (size_t i = cutter->flow_count; i-- > 0;)
		if (belongs_to(&cutter->flows[i].first, segment) &&
		    !(segment->segment.flags == TCP_SYN && cutter->flows[i].streams[0].len))
			return &cutter->flows[i];
	if (cutter->flow_count == FLOWS)
		return NULL;
	begin_flow(&cutter->flows[cutter->flow_count], segment);
	return &cutter->flows[cutter->flow_count++];
}

/* Whole, or not at all. */
static void add_whole(struct buffer *seed, struct slice head, struct slice bytes)
{
	if (seed->len + head.len + bytes.len > seed->limit) {
		seed->limit = seed->len; /* nothing may follow what is missing */
		return;
	}
	buffer_append(seed, head);
	buffer_append(seed, bytes);
}

static void add_conversation(struct flow *flow, size_t nth, enum side side, const struct segment *segment)
{
	size_t len = segment->payload.len;
	bool ends = segment->flags & (TCP_FIN | TCP_RST);
	const uint8_t head[] = {(uint8_t)(side | (nth & 3) << 1 | (ends ? 8 : 0) | (segment->flags & TCP_RST ? 16 : 0)),
	    (uint8_t)len, (uint8_t)(len >> 8)};
	if (len || ends)
		add_whole(&flow->conversation, slice_of(head, sizeof head), segment->payload);
}

static void add_distance(struct buffer *seed, uint32_t distance)
{
	buffer_append_byte(seed, distance & 15);
	buffer_append_byte(seed, (uint8_t)(distance >> 4));
}

/* The pattern of the packets, their lengths divided. */
static void add_operation(struct flow *flow, enum side side, const struct segment *segment)
{
	static const uint8_t kinds[32] = {[TCP_SYN] = 8,
	    [TCP_SYN | TCP_ACK] = 9,
	    [TCP_FIN | TCP_ACK] = 10,
	    [TCP_FIN] = 11,
	    [TCP_RST] = 12,
	    [TCP_RST | TCP_ACK] = 13};
	struct buffer *seed = &flow->operations;
	uint32_t len = segment->payload.len ? 1 + (uint32_t)segment->payload.len / 256 : 0;
	if (seed->len + 8 > seed->limit || flow->scaled[side] > 2000)
		return;
	buffer_append_byte(seed, (uint8_t)(kinds[segment->flags & 31 & ~TCP_PSH] | (side ? 0x10 : 0)));
	add_distance(seed, flow->scaled[side]);
	add_distance(seed, flow->scaled[side_other(side)]);
	buffer_append_byte(seed, (uint8_t)len);
	buffer_append(seed, slice_of("\0\1", 2));
	flow->scaled[side] += len * 4 + ((segment->flags & (TCP_SYN | TCP_FIN)) != 0);
}

static void add_record(struct flow *flow, size_t nth, uint8_t kind, enum side side, struct slice bytes)
{
	bool tls = nth % 2, opens = kind == PROBE_OPEN;
	bytes = slice_take(bytes, SEED / 8);
	const uint8_t head[] = {tls && kind == PROBE_BYTES ? PROBE_TLS : kind, 1, tls, 0,
	    (uint8_t)((side == SIDE_A ? PROBE_RECEIVED : 0) | (tls ? PROBE_INSIDE : 0) | (opens ? 128 : 0)), 0,
	    (uint8_t)(bytes.len >> 8), (uint8_t)bytes.len};
	add_whole(&flow->records, slice_of(head, sizeof head), bytes);
}

static void add_opening(struct flow *flow, size_t nth)
{
	struct probe_open open = {.family = flow->first.ip.source.version == 4 ? 2 : 10,
	    .local_port = flow->first.segment.destination_port,
	    .remote_port = flow->first.segment.source_port,
	    .is_tls = nth % 2};
	memcpy(open.local, flow->first.ip.destination.bytes, 16);
	memcpy(open.remote, flow->first.ip.source.bytes, 16);
	if (flow->records.len == 1)
		add_record(flow, nth, PROBE_OPEN, SIDE_A, slice_of(&open, offsetof(struct probe_open, peer)));
}

static void take_chunks(struct flow *flow, size_t nth, enum side side, const struct segment *segment)
{
	struct chunk chunk;
	reassembly_add_segment(flow->reassembly, side, segment);
	while (reassembly_next_chunk(flow->reassembly, segment->time, &chunk)) {
		if (chunk.kind == CHUNK_BYTES) {
			buffer_append(&flow->streams[chunk.side], chunk.bytes);
			add_opening(flow, nth);
			add_record(flow, nth, PROBE_BYTES, chunk.side, chunk.bytes);
		} else if (chunk.kind != CHUNK_GAP) {
			add_record(flow, nth, chunk.kind == CHUNK_FIN ? PROBE_END : PROBE_RESET, chunk.side,
			    slice_of(NULL, 0));
		}
	}
}

static bool is_http2(struct slice stream)
{
	return slice_starts_with(stream, SLICE("PRI * HTTP/2.0")) ||
	       slice_find(stream, SLICE("Upgrade: h2c")) < stream.len;
}

static void end_flow(const struct cutter *cutter, struct flow *flow)
{
	struct slice frames[2];
	put_whole(cutter, "pipeline", &flow->conversation);
	if (is_http2(buffer_slice(&flow->streams[SIDE_A])))
		put_whole(cutter, "http2", &flow->conversation);
	put_whole(cutter, "reassembly", &flow->operations);
	put_whole(cutter, "probe_records", &flow->records);
	put_whole(cutter, "capture", &flow->capture);
	for (enum side side = SIDE_A; side <= SIDE_B; side++)
		frames[side] = cut_http(cutter, flow, side, buffer_slice(&flow->streams[side]));
	for (enum side side = SIDE_A; side <= SIDE_B; side++) {
		if (frames[side].len)
			cut_websocket(cutter, flow, side, frames[side]);
		buffer_free(&flow->streams[side]);
	}
	buffer_free(&flow->conversation);
	buffer_free(&flow->operations);
	buffer_free(&flow->records);
	buffer_free(&flow->capture);
	reassembly_free(flow->reassembly);
}

/* ---- captures */

/* For `packet`, whose table of link types is its own. */
static void add_frame(struct cutter *cutter, const struct packet *packet)
{
	static const int link_types[16] = {0, 1, 1, 1, 12, 14, 101, 101, 101, 108, 113, 228, 229, 276, 276, 105};
	uint8_t kind = 0;
	while (kind < 15 && link_types[kind] != packet->link_type)
		kind++;
	struct slice frame = slice_take(packet->bytes, 300);
	const uint8_t head[] = {kind, (uint8_t)(frame.len >> 8), (uint8_t)frame.len};
	if (cutter->frame_count++ < FRAMES)
		add_whole(&cutter->frames, slice_of(head, 3), frame);
}

static void add_item(struct buffer *seed, const struct capture_item *item)
{
	if (seed->len + CAPTURE_ITEM_HEAD + item->bytes.len > seed->limit)
		seed->limit = seed->len;
	else
		capture_write(seed, item);
}

static void add_log(struct cutter *cutter, timestamp time)
{
	while (cutter->log.text.at && (cutter->log.time == TIMESTAMP_NONE || cutter->log.time <= time)) {
		struct slice text = slice_take(cutter->log.text, 200);
		struct capture_item item = {.kind = CAPTURE_LOG, .bytes = text};
		if (cutter->log.time != TIMESTAMP_NONE && slice_find(text, SLICE("environ")) < text.len)
			add_item(&cutter->capture, &item);
		server_log_advance(&cutter->log);
	}
}

static void take_packet(struct cutter *cutter, const struct packet *packet)
{
	struct capture_segment segment;
	struct slice network = link_find_network(packet->link_type, packet->bytes);
	struct capture_item item = {
	    .kind = CAPTURE_RAW_IP, .delay = capture_delay_of(packet->time - cutter->before), .bytes = network};
	add_frame(cutter, packet);
	add_log(cutter, packet->time);
	if (!capture_find_segment(&item, &segment))
		return;
	struct flow *flow = find_flow(cutter, &segment);
	add_item(&cutter->capture, &item);
	cutter->before = packet->time;
	if (!flow)
		return;
	size_t nth = (size_t)(flow - cutter->flows);
	enum side side = is_from(&flow->first, &segment) ? SIDE_A : SIDE_B;
	segment.segment.time = packet->time;
	add_item(&flow->capture, &item);
	add_conversation(flow, nth, side, &segment.segment);
	add_operation(flow, side, &segment.segment);
	take_chunks(flow, nth, side, &segment.segment);
}

static void open_log(struct cutter *cutter, const char *capture)
{
	char path[4096], why[256];
	const char *slash = strrchr(capture, '/');
	snprintf(path, sizeof path, "%.*sserver.log", (int)(slash ? slash + 1 - capture : 0), capture);
	if (!server_log_open(&cutter->log, path, why, sizeof why))
		cutter->log = (struct server_log){0};
}

static void cut_capture(struct cutter *cutter, const char *path)
{
	char why[256];
	struct packet packet;
	struct source *source = capture_file_open(path, NULL, why, sizeof why);
	if (!source) {
		warnx("%s: %s", path, why);
		return;
	}
	cutter->flow_count = cutter->frame_count = 0;
	cutter->before = INT64_MAX / 2;
	buffer_init(&cutter->frames, SEED, NULL);
	buffer_init(&cutter->capture, SEED_LONG, NULL);
	buffer_append_byte(&cutter->capture, CAPTURE_FRONTEND);
	open_log(cutter, path);
	while (source_next(source, &packet) == SOURCE_PACKET)
		take_packet(cutter, &packet);
	put_whole(cutter, "packet", &cutter->frames);
	put_whole(cutter, "capture", &cutter->capture);
	for (size_t i = 0; i < cutter->flow_count; i++)
		end_flow(cutter, &cutter->flows[i]);
	buffer_free(&cutter->frames);
	buffer_free(&cutter->capture);
	server_log_close(&cutter->log);
	source_free(source);
}

/* ---- scripts */

static void cut_script(const struct cutter *cutter, const char *path)
{
	static const char name[] = "initialState";
	static char text[1 << 20];
	FILE *file = fopen(path, "r");
	if (!file)
		err(2, "%s", path);
	struct slice rest = slice_of(text, fread(text, 1, sizeof text, file));
	(void)fclose(file);
	while (rest = slice_drop(rest, slice_find(rest, SLICE(name))), rest.len) {
		rest = slice_drop(rest, slice_find_byte(rest, '{'));
		put_seed(cutter, "reflex_literal", slice_of(NULL, 0), rest);
	}
}

int main(int count, char **words)
{
	static struct cutter cutter;
	if (count < 3)
		errx(2, "usage: seeds OUT FILE...");
	cutter.out = words[1];
	make_folder(cutter.out);
	for (int i = 2; i < count; i++)
		if (slice_ends_with(slice_of_text(words[i]), SLICE(".js")))
			cut_script(&cutter, words[i]);
		else
			cut_capture(&cutter, words[i]);
	return 0;
}

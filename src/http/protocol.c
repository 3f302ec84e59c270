/* Recognises HTTP/1, HTTP/2, TLS and, in mid-stream, WebSocket by a few bytes. */
#include "http/protocol.h"

#include "http/http1.h"
#include "http/http2_frame.h"
#include "http/websocket.h"

enum { PREFACE_LINE = 16 };

static bool protocol_may_be_http2(struct slice first)
{
	return slice_may_start_with(first, slice_take(SLICE(HTTP2_PREFACE), PREFACE_LINE));
}

bool protocol_is_preface(struct slice first)
{
	return first.len >= PREFACE_LINE && protocol_may_be_http2(first);
}

/* A server may write first: its SETTINGS, on stream 0, of which no more than a handful fit into 255 bytes (RFC 9113
 * §3.4). */
static bool protocol_may_be_http2_settings(struct slice first)
{
	static const uint8_t head[HTTP2_FRAME_HEAD] = {0, 0, 0, HTTP2_SETTINGS};
	for (size_t i = 0; i < first.len && i < sizeof head; i++)
		if (i == 2 ? first.at[i] % HTTP2_SETTING_SIZE != 0 : first.at[i] != head[i])
			return false;
	return first.len > 0;
}

/* A TLS record of a known type and version (RFC 8446 §5.1). */
static bool protocol_may_be_tls(struct slice first)
{
	return first.len && first.at[0] >= 20 && first.at[0] <= 23 && (first.len < 2 || first.at[1] == 3) &&
	       (first.len < 3 || first.at[2] <= 4);
}

/* In mid-stream only a text message that begins like an Engine.IO packet, or is compressed, distinguishes a WebSocket
 * from anything else. The mask shows who sent it. */
static bool protocol_is_websocket(struct slice first, bool *from_client)
{
	struct websocket_stream stream;
	struct websocket_item item;
	*from_client = first.len > 1 && (first.at[1] & 0x80);
	websocket_stream_init(&stream, *from_client);
	if (!websocket_could_begin(*from_client, first) || websocket_next_item(&stream, &first, &item) != WIRE_ITEM ||
	    item.frame.opcode != WS_TEXT || websocket_next_item(&stream, &first, &item) != WIRE_ITEM ||
	    item.kind != WS_PAYLOAD)
		return false;
	uint8_t type = item.bytes.at[0] ^ item.frame.mask[0];
	return item.frame.rsv1 || (type >= '0' && type <= '6');
}

/* In mid-stream: frames with a header block, or with the frames of a WebSocket in their DATA. */
static bool protocol_is_http2(struct slice first, bool *from_client)
{
	struct http2_reader reader;
	struct http2_item item;
	bool is_websocket = false;
	if (!http2_could_begin(first))
		return false;
	if (http2_find_writer(first, from_client))
		return true;
	http2_reader_init(&reader, false, NULL);
	while (!is_websocket && http2_next_item(&reader, &first, &item) == WIRE_ITEM)
		is_websocket = item.kind == HTTP2_BODY && protocol_is_websocket(item.payload, from_client);
	http2_reader_free(&reader);
	return is_websocket;
}

static struct protocol_guess protocol_guess_joined(struct slice first)
{
	bool from_client;
	if (protocol_is_websocket(first, &from_client))
		return (struct protocol_guess){PROTOCOL_WEBSOCKET, from_client};
	if (protocol_is_http2(first, &from_client))
		return (struct protocol_guess){PROTOCOL_HTTP2, from_client};
	return (struct protocol_guess){
	    protocol_may_be_tls(first) && first.len >= 3 ? PROTOCOL_TLS : PROTOCOL_UNKNOWN, false};
}

struct protocol_guess protocol_guess(struct slice first, bool joined)
{
	if (protocol_may_be_http2(first))
		return (struct protocol_guess){first.len < PREFACE_LINE ? PROTOCOL_UNKNOWN : PROTOCOL_HTTP2, true};
	if (http_looks_like(HTTP_REQUESTS, first, false))
		return (struct protocol_guess){PROTOCOL_HTTP, true};
	if (http_looks_like(HTTP_RESPONSES, first, false))
		return (struct protocol_guess){PROTOCOL_HTTP, false};
	if (joined)
		return protocol_guess_joined(first);
	if (protocol_may_be_tls(first))
		return (struct protocol_guess){first.len >= 3 ? PROTOCOL_TLS : PROTOCOL_UNKNOWN, true};
	if (protocol_may_be_http2_settings(first))
		return (struct protocol_guess){first.len < HTTP2_FRAME_HEAD ? PROTOCOL_UNKNOWN : PROTOCOL_HTTP2, false};
	bool too_few = first.len < 32 &&
	               (http_looks_like(HTTP_REQUESTS, first, true) || http_looks_like(HTTP_RESPONSES, first, true));
	return (struct protocol_guess){too_few ? PROTOCOL_UNKNOWN : PROTOCOL_OTHER, false};
}

bool protocol_is_websocket_of(bool from_client, struct slice bytes)
{
	bool masked;
	return protocol_is_websocket(bytes, &masked) && masked == from_client;
}

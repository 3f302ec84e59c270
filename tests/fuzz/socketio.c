/* Socket.IO packets from anybody, in text and msgpack: what is told is JSON. */
#include "socketio/socketio.h"

#include "base/json.h"

#include <stdlib.h>

static void check_packet(const struct socketio_packet *packet)
{
	struct slice name, arguments;
	if (packet->nsp.len == 0 || packet->attachments > SOCKETIO_ATTACHMENTS ||
	    (packet->id.len && !json_is_valid(packet->id)))
		abort();
	if (packet->data.len && !json_is_valid(packet->data))
		abort();
	if (packet->type != SOCKETIO_EVENT)
		return;
	socketio_split_event(packet->data, &name, &arguments);
	if (!json_is_valid(name))
		abort();
	struct buffer list;
	buffer_init(&list, BUFFER_NO_LIMIT, NULL);
	buffer_append_byte(&list, '[');
	json_write_value(&list, arguments, NULL);
	buffer_append_byte(&list, ']');
	if (!json_is_valid(buffer_slice(&list)))
		abort();
	buffer_free(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_of(data, size);
	struct socketio_packet packet;
	struct buffer json;
	const char *why;
	buffer_init(&json, 1 << 20, NULL);
	if (socketio_read_text(bytes, &packet, &why))
		check_packet(&packet);
	if (socketio_read_msgpack(bytes, &json, &packet, &why))
		check_packet(&packet);
	buffer_free(&json);
	return 0;
}

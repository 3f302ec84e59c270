/* Engine.IO payloads and JSONP from anybody: what is told lies within what came. */
#include "socketio/engineio.h"

#include <stdlib.h>

enum { BUDGET = 1 << 20 };

static void read_payload(int revision, struct slice body)
{
	struct budget budget = {.limit = BUDGET};
	struct engineio_payload payload;
	struct engineio_packet packet;
	enum wire_result result;
	size_t left = body.len + 1;
	engineio_payload_init(&payload, revision, body, &budget);
	while ((result = engineio_next_packet(&payload, &packet)) == WIRE_ITEM) {
		if (packet.data.len > body.len || (payload.rest.len >= left && !payload.promised))
			abort();
		left = payload.rest.len;
	}
	if (result == WIRE_BAD && !payload.why)
		abort();
	engineio_payload_free(&payload);
	if (budget.used)
		abort();
}

static void read_message(int revision, bool binary, struct slice message)
{
	struct buffer scratch;
	struct engineio_packet packet;
	struct engineio_open open;
	const char *why;
	buffer_init(&scratch, BUDGET, NULL);
	if (engineio_read_message(revision, binary, message, &scratch, &packet, &why) && !packet.binary)
		engineio_read_open(packet.data, &scratch, &open);
	buffer_free(&scratch);
}

static void unwrap(struct slice body)
{
	struct buffer out;
	buffer_init(&out, BUDGET, NULL);
	if (jsonp_unwrap_answer(body, &out) && out.len > body.len)
		abort();
	buffer_clear(&out);
	if (jsonp_unwrap_post(body, &out) && out.len > body.len)
		abort();
	buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int revisions[] = {0, 3, 4, 3};
	if (size < 1)
		return 0;
	struct slice body = slice_of(data + 1, size - 1);
	read_payload(revisions[data[0] & 3], body);
	read_message(revisions[data[0] & 3], data[0] & 4, body);
	unwrap(body);
	return 0;
}

/* HAR files from anybody: steps belong to entries that are there, in an order that makes sense, and each ends. */
#include "source/har.h"

#include <stdlib.h>

enum { HAR_OPEN = 4096 };

static void demand_step(const struct packet *packet, size_t *open)
{
	const struct recorded *step = packet->recorded;
	volatile unsigned sum = 0; /* so that the bytes are read */
	for (size_t i = 0; i < step->bytes.len; i++)
		sum = sum + step->bytes.at[i];
	for (size_t i = 0; i < step->entry->request_head.len; i++)
		sum = sum + step->entry->request_head.at[i];
	for (size_t i = 0; i < step->entry->answer.len; i++)
		sum = sum + step->entry->answer.at[i];
	if (packet->time < 0 || packet->time > TIMESTAMP_LAST || step->entry->number == 0)
		abort();
	if (step->kind == RECORDED_REQUEST) {
		step->entry->user = open; /* as http/ does */
		++*open;
	}
	if (step->entry->user != open)
		abort(); /* a step before the request */
	if (step->kind == RECORDED_END)
		--*open;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet packet;
	char why[256] = "";
	size_t open = 0;
	const struct limits limits = limits_default();
	enum source_result result = SOURCE_END;
	FILE *stream = size ? fmemopen((void *)data, size, "rb") : NULL;
	if (!stream)
		return 0;
	struct har *har = har_open(stream, &limits, NULL, why, sizeof why);
	while (har && (result = har_next(har, &packet, why, sizeof why)) == SOURCE_PACKET)
		demand_step(&packet, &open);
	if (har && open)
		abort();
	if ((!har || result != SOURCE_END) && why[0] == '\0')
		abort();
	har_free(har);
	(void)fclose(stream);
	return 0;
}

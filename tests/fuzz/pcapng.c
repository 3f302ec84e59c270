/* pcapng files from anybody: every byte of a packet is there, and times lie within the calendar. */
#include "source/pcapng_reader.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet packet;
	char why[256] = "";
	FILE *stream = size ? fmemopen((void *)data, size, "rb") : NULL;
	if (!stream)
		return 0;
	struct pcapng_reader *reader = pcapng_reader_new(stream, NULL);
	volatile unsigned sum = 0; /* so that the bytes are read */
	enum source_result result;
	while ((result = pcapng_reader_next(reader, &packet, why, sizeof why)) == SOURCE_PACKET) {
		for (size_t i = 0; i < packet.bytes.len; i++)
			sum = sum + packet.bytes.at[i];
		if (packet.time < 0 || packet.time > TIMESTAMP_LAST || packet.bytes.len > packet.wire_len)
			abort();
	}
	if (result != SOURCE_END && why[0] == '\0')
		abort();
	pcapng_reader_free(reader);
	(void)fclose(stream);
	return 0;
}

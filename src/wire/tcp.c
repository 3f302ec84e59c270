/* TCP headers. */
#include "wire/tcp.h"

static uint16_t tcp_read_16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t tcp_read_32(const uint8_t *at)
{
	return (uint32_t)tcp_read_16(at) << 16 | tcp_read_16(at + 2);
}

bool tcp_read_segment(struct slice bytes, uint32_t missing, struct segment *segment)
{
	if (bytes.len < 20)
		return false;
	size_t header = (size_t)(bytes.at[12] >> 4) * 4;
	/* Options that the snap length cut away are no loss, so long as all that follows is counted as missing. */
	size_t cut = header > bytes.len ? header - bytes.len : 0;
	if (header < 20 || cut > missing)
		return false;
	memset(segment, 0, sizeof *segment);
	segment->source_port = tcp_read_16(bytes.at);
	segment->destination_port = tcp_read_16(bytes.at + 2);
	segment->sequence = tcp_read_32(bytes.at + 4);
	segment->acknowledgment = tcp_read_32(bytes.at + 8);
	segment->flags = bytes.at[13];
	segment->window = tcp_read_16(bytes.at + 14);
	segment->payload = slice_drop(bytes, header);
	segment->missing = missing - (uint32_t)cut;
	return true;
}

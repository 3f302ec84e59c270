/* TCP headers. */
#include "net/tcp.h"

#include "base/bytes.h"

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
	segment->source_port = network_read_16(bytes.at);
	segment->destination_port = network_read_16(bytes.at + 2);
	segment->sequence = network_read_32(bytes.at + 4);
	segment->acknowledgment = network_read_32(bytes.at + 8);
	segment->flags = bytes.at[13];
	segment->window = network_read_16(bytes.at + 14);
	segment->payload = slice_drop(bytes, header);
	segment->missing = missing - (uint32_t)cut;
	return true;
}

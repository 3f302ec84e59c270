/* Blocks in this machine's byte order, which the head of the section states. Times are nanoseconds. */
#include "view/pcapng.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	BLOCK_SECRETS = 10,
	SECRETS_TLS = 0x544c534b,
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_RESOLUTION = 9,
	OPTION_APPLICATION = 4
};

static void write_bytes(struct pcapng *pcapng, const void *bytes, size_t size)
{
	if (size && fwrite(bytes, 1, size, pcapng->out) != size)
		pcapng->failed = true;
}

static void write_16(struct pcapng *pcapng, uint16_t number)
{
	write_bytes(pcapng, &number, sizeof number);
}

static void write_32(struct pcapng *pcapng, uint32_t number)
{
	write_bytes(pcapng, &number, sizeof number);
}

static size_t padded(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

static void write_padded(struct pcapng *pcapng, struct slice bytes)
{
	static const uint8_t zeros[3] = {0};
	write_bytes(pcapng, bytes.at, bytes.len);
	write_bytes(pcapng, zeros, padded(bytes.len) - bytes.len);
}

static size_t option_size(struct slice value)
{
	return value.len ? 4 + padded(value.len) : 0;
}

static void write_option(struct pcapng *pcapng, uint16_t code, struct slice value)
{
	if (!value.len)
		return;
	write_16(pcapng, code);
	write_16(pcapng, (uint16_t)value.len);
	write_padded(pcapng, value);
}

static void write_options_end(struct pcapng *pcapng)
{
	write_16(pcapng, OPTION_END);
	write_16(pcapng, 0);
}

static void pcapng_write_section(struct pcapng *pcapng)
{
	const struct slice application = SLICE("sioscope " SIOSCOPE_VERSION);
	uint32_t size = (uint32_t)(28 + option_size(application) + 4);
	uint64_t unknown = UINT64_MAX;
	write_32(pcapng, BLOCK_SECTION);
	write_32(pcapng, size);
	write_32(pcapng, 0x1a2b3c4d);
	write_16(pcapng, 1);
	write_16(pcapng, 0);
	write_bytes(pcapng, &unknown, sizeof unknown);
	write_option(pcapng, OPTION_APPLICATION, application);
	write_options_end(pcapng);
	write_32(pcapng, size);
}

static void pcapng_write_interface(struct pcapng *pcapng, uint16_t link_type)
{
	const uint8_t nanoseconds[] = {9};
	uint32_t size = 20 + 8 + 4;
	write_32(pcapng, BLOCK_INTERFACE);
	write_32(pcapng, size);
	write_16(pcapng, link_type);
	write_16(pcapng, 0);
	write_32(pcapng, 0); /* no snap length */
	write_option(pcapng, OPTION_RESOLUTION, slice_of(nanoseconds, 1));
	write_options_end(pcapng);
	write_32(pcapng, size);
}

static uint32_t pcapng_interface(struct pcapng *pcapng, uint16_t link_type)
{
	for (uint32_t i = 0; i < pcapng->interface_count; i++)
		if (pcapng->interfaces[i] == link_type)
			return i;
	if (pcapng->interface_count == PCAPNG_INTERFACES) {
		pcapng->failed = true;
		return 0;
	}
	pcapng_write_interface(pcapng, link_type);
	pcapng->interfaces[pcapng->interface_count] = link_type;
	return pcapng->interface_count++;
}

void pcapng_begin(struct pcapng *pcapng, FILE *out, uint16_t link_type)
{
	*pcapng = (struct pcapng){.out = out};
	pcapng_write_section(pcapng);
	pcapng_interface(pcapng, link_type);
}

bool pcapng_write_secrets(struct pcapng *pcapng, struct slice text)
{
	uint32_t size = (uint32_t)(20 + padded(text.len));
	write_32(pcapng, BLOCK_SECRETS);
	write_32(pcapng, size);
	write_32(pcapng, SECRETS_TLS);
	write_32(pcapng, (uint32_t)text.len);
	write_padded(pcapng, text);
	write_32(pcapng, size);
	return !pcapng->failed;
}

bool pcapng_write(struct pcapng *pcapng, const struct packet *packet, struct slice comment)
{
	uint32_t interface = pcapng_interface(pcapng, packet->link_type);
	comment = slice_take(comment, UINT16_MAX);
	size_t options = comment.len ? option_size(comment) + 4 : 0;
	uint32_t size = (uint32_t)(32 + padded(packet->bytes.len) + options);
	write_32(pcapng, BLOCK_PACKET);
	write_32(pcapng, size);
	write_32(pcapng, interface);
	write_32(pcapng, (uint32_t)((uint64_t)packet->time >> 32));
	write_32(pcapng, (uint32_t)packet->time);
	write_32(pcapng, (uint32_t)packet->bytes.len);
	write_32(pcapng, packet->wire_len);
	write_padded(pcapng, packet->bytes);
	write_option(pcapng, OPTION_COMMENT, comment);
	if (comment.len)
		write_options_end(pcapng);
	write_32(pcapng, size);
	return !pcapng->failed;
}

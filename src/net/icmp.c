/* Reads errors of ICMP and ICMPv6. Their types and codes are a table. */
#include "net/icmp.h"

enum { ICMP_4 = 1, ICMP_6 = 58, ICMP_HEAD = 8, QUOTED_LEAST = 8, ANY_CODE = 255 };

enum icmp_meaning { ICMP_UNREACHABLE, ICMP_PROHIBITION, ICMP_TOO_BIG };

static const struct icmp_entry {
	uint8_t version, type, code;
	enum icmp_meaning meaning;
	const char *text;
} icmp_table[] = {
    {4, 3, 0, ICMP_UNREACHABLE, "network unreachable"},
    {4, 3, 1, ICMP_UNREACHABLE, "host unreachable"},
    {4, 3, 2, ICMP_PROHIBITION, "protocol unreachable"},
    {4, 3, 3, ICMP_PROHIBITION, "port unreachable"},
    {4, 3, 4, ICMP_TOO_BIG, "fragmentation needed"},
    {4, 3, 6, ICMP_UNREACHABLE, "network unknown"},
    {4, 3, 7, ICMP_UNREACHABLE, "host unknown"},
    {4, 3, 9, ICMP_PROHIBITION, "network administratively prohibited"},
    {4, 3, 10, ICMP_PROHIBITION, "host administratively prohibited"},
    {4, 3, 13, ICMP_PROHIBITION, "communication administratively prohibited"},
    {4, 3, ANY_CODE, ICMP_UNREACHABLE, "destination unreachable"},
    {4, 11, ANY_CODE, ICMP_UNREACHABLE, "time exceeded: the packet went in a circle, or too far"},
    {6, 1, 0, ICMP_UNREACHABLE, "no route to the destination"},
    {6, 1, 1, ICMP_PROHIBITION, "communication administratively prohibited"},
    {6, 1, 3, ICMP_UNREACHABLE, "address unreachable"},
    {6, 1, 4, ICMP_PROHIBITION, "port unreachable"},
    {6, 1, 5, ICMP_PROHIBITION, "source address failed a policy"},
    {6, 1, 6, ICMP_PROHIBITION, "route to the destination rejected"},
    {6, 1, ANY_CODE, ICMP_UNREACHABLE, "destination unreachable"},
    {6, 2, ANY_CODE, ICMP_TOO_BIG, "packet too big"},
    {6, 3, ANY_CODE, ICMP_UNREACHABLE, "time exceeded: the packet went in a circle, or too far"},
};

static const struct icmp_entry *icmp_entry_of(const struct icmp_saying *said)
{
	for (size_t i = 0; i < sizeof icmp_table / sizeof *icmp_table; i++)
		if (icmp_table[i].version == said->by.version && icmp_table[i].type == said->type &&
		    (icmp_table[i].code == said->code || icmp_table[i].code == ANY_CODE))
			return &icmp_table[i];
	return NULL;
}

bool icmp_is_too_big(const struct icmp_saying *said)
{
	const struct icmp_entry *entry = icmp_entry_of(said);
	return entry && entry->meaning == ICMP_TOO_BIG;
}

bool icmp_is_prohibition(const struct icmp_saying *said)
{
	const struct icmp_entry *entry = icmp_entry_of(said);
	return entry && entry->meaning == ICMP_PROHIBITION;
}

const char *icmp_text(const struct icmp_saying *said)
{
	const struct icmp_entry *entry = icmp_entry_of(said);
	return entry ? entry->text : "an error";
}

bool icmp_read_error(const struct ip_packet *packet, struct icmp_error *error)
{
	struct ip_packet quoted;
	struct slice bytes = packet->payload;
	bool is_6 = packet->source.version == 6;
	if (packet->protocol != (is_6 ? ICMP_6 : ICMP_4) || bytes.len < ICMP_HEAD)
		return false;
	*error = (struct icmp_error){.said = {.type = bytes.at[0], .code = bytes.at[1], .by = packet->source}};
	if (!icmp_entry_of(&error->said) || !ip_read_packet(slice_drop(bytes, ICMP_HEAD), &quoted) ||
	    quoted.protocol != IP_PROTOCOL_TCP || quoted.source.version != packet->source.version ||
	    quoted.fragment_offset || quoted.payload.len < QUOTED_LEAST)
		return false;
	if (icmp_is_too_big(&error->said))
		error->said.mtu = is_6 ? network_read_32(bytes.at + 4) : network_read_16(bytes.at + 6);
	error->source = quoted.source;
	error->destination = quoted.destination;
	error->source_port = network_read_16(quoted.payload.at);
	error->destination_port = network_read_16(quoted.payload.at + 2);
	error->sequence = network_read_32(quoted.payload.at + 4);
	return true;
}

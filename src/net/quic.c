/* Initial packets of QUIC clients. */
#include "net/quic.h"

#include "base/text.h"

#include <stdio.h>

enum { UDP_HEAD = 8, QUIC_DATAGRAM = 1200 };

/* A long header with its fixed bit, of a known version, of type Initial: 0 in version 1, 1 in version 2. */
static bool quic_is_initial(struct slice payload)
{
	enum { VERSION_1 = 1, VERSION_2 = 0x6b3343cf };
	if (payload.len < 5 || (payload.at[0] & 0xc0) != 0xc0)
		return false;
	uint32_t version = network_read_32(payload.at + 1);
	unsigned type = payload.at[0] >> 4 & 3;
	return (version == VERSION_1 && type == 0) || (version == VERSION_2 && type == 1);
}

static struct quic_server *quic_find(struct quic *quic, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < quic->count; i++)
		if (endpoint_equals(&quic->servers[i].endpoint, endpoint))
			return &quic->servers[i];
	return NULL;
}

static void quic_note(struct quic *quic, const struct resources *resources, const struct endpoint *client,
    const struct endpoint *server, timestamp time)
{
	struct quic_server *known = quic_find(quic, server);
	char text[ENDPOINT_TEXT_SIZE], detail[LEDGER_DETAIL];
	if (!known && quic->count < QUIC_SERVERS) {
		known = &quic->servers[quic->count++];
		*known = (struct quic_server){.endpoint = *server};
	}
	if (!known)
		return;
	bool is_new = !endpoint_equals(&known->client, client);
	known->client = *client;
	known->latest = time;
	snprintf(detail, sizeof detail, "the first to %s", endpoint_format(server, text));
	ledger_add(resources->ledger, LEDGER_QUIC, 0, is_new);
	ledger_note_detail(resources->ledger, LEDGER_QUIC, detail);
}

void quic_take(struct quic *quic, const struct resources *resources, const struct ip_packet *ip, timestamp time)
{
	struct slice datagram = ip->payload;
	if (datagram.len < UDP_HEAD || datagram.len + ip->missing < UDP_HEAD + QUIC_DATAGRAM ||
	    !quic_is_initial(slice_drop(datagram, UDP_HEAD)))
		return;
	const struct endpoint source = {.address = ip->source, .port = network_read_16(datagram.at)},
	                      destination = {.address = ip->destination, .port = network_read_16(datagram.at + 2)};
	if (!quic_find(quic, &source)) /* a server answers by an Initial too */
		quic_note(quic, resources, &source, &destination, time);
}

bool quic_is_spoken(const struct quic *quic, const struct address *server, timestamp since)
{
	for (size_t i = 0; i < quic->count; i++)
		if (address_equals(&quic->servers[i].endpoint.address, server) && quic->servers[i].latest >= since)
			return true;
	return false;
}

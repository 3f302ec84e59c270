/* From a packet down to its TCP segment, and into the table of connections; what a probe saw goes to its socket. */
#include "net/net.h"

#include "net/connections.h"
#include "net/fragment.h"
#include "net/headers.h"
#include "net/packet.h"
#include "net/quic.h"
#include "net/sockets.h"

#include <stdlib.h>

struct net {
	const struct resources *resources;
	struct net_counts counts;
	struct connections *connections;
	struct sockets *sockets;
	struct fragment_table *fragments;
	struct quic quic;
};

struct net *net_new(const struct resources *resources, const struct stream_sink *sink)
{
	struct net *net = calloc(1, sizeof *net);
	if (!net)
		return NULL;
	net->resources = resources;
	net->counts.first = net->counts.last = net->counts.latest = TIMESTAMP_NONE;
	net->connections = connections_new(resources, sink, &net->counts);
	net->sockets = sockets_new(resources, sink, &net->counts);
	net->fragments = fragment_table_new(&fragment_default_limits);
	if (net->connections && net->sockets && net->fragments)
		return net;
	net_free(net);
	return NULL;
}

void net_free(struct net *net)
{
	if (!net)
		return;
	connections_free(net->connections);
	sockets_free(net->sockets);
	fragment_table_free(net->fragments);
	free(net);
}

void net_count_packet(struct net *net, const struct packet *packet)
{
	struct net_counts *counts = &net->counts;
	counts->packets++;
	counts->bytes += packet->wire_len;
	ledger_add(net->resources->ledger, LEDGER_SNAPPED, 0, packet->bytes.len < packet->wire_len);
	ledger_add(net->resources->ledger, LEDGER_TURNED_BACK, 0,
	    counts->last != TIMESTAMP_NONE && packet->time < counts->last - TIMESTAMP_SECOND);
	timestamp_widen(&counts->first, &counts->last, packet->time);
}

/* Headers off, down to the segment; false when there is none (yet). */
static bool net_read_segment(
    struct net *net, const struct packet *packet, struct ip_packet *ip, struct segment *segment)
{
	uint64_t first_packet = packet->number;
	struct slice network = link_find_network(packet->link_type, packet->bytes);
	if (!network.len || !ip_read_packet(network, ip))
		return false;
	if (ip->fragment && !fragment_join(net->fragments, ip, packet->time, packet->number, &first_packet))
		return false;
	if (ip->protocol == IP_PROTOCOL_UDP)
		quic_take(&net->quic, net->resources, ip, packet->time);
	if (ip->protocol != IP_PROTOCOL_TCP || !tcp_read_segment(ip->payload, ip->missing, segment))
		return false;
	segment->packet = packet->number;
	segment->first_packet = first_packet;
	segment->time = packet->time;
	return true;
}

void net_advance(struct net *net, timestamp now)
{
	if (net->counts.latest != TIMESTAMP_NONE && now > net->counts.latest)
		net->counts.latest = now;
	connections_advance(net->connections, net->counts.latest);
}

void net_take_packet(struct net *net, const struct packet *packet)
{
	struct ip_packet ip;
	struct segment segment;
	if (net->counts.latest == TIMESTAMP_NONE || packet->time > net->counts.latest)
		net->counts.latest = packet->time;
	if (packet->probed) {
		net->counts.tcp_packets++;
		sockets_take(net->sockets, packet);
	} else if (net_read_segment(net, packet, &ip, &segment)) {
		net->counts.tcp_packets++;
		connections_take_segment(net->connections, &ip.source, &ip.destination, &segment);
	}
}

bool net_speaks_quic(const struct net *net, const struct address *server, timestamp since)
{
	return quic_is_spoken(&net->quic, server, since);
}

bool net_goes_on(const struct net *net, const struct packet *packet)
{
	struct ip_packet ip;
	struct segment segment;
	struct slice network = link_find_network(packet->link_type, packet->bytes);
	return network.len && ip_read_packet(network, &ip) && !ip.fragment && ip.protocol == IP_PROTOCOL_TCP &&
	       tcp_read_segment(ip.payload, ip.missing, &segment) &&
	       connections_goes_on(net->connections, &ip.source, &ip.destination, &segment);
}

void net_end(struct net *net)
{
	connections_end(net->connections);
	sockets_end(net->sockets);
	struct fragment_counts fragments = fragment_table_counts(net->fragments);
	net->counts.fragments_refused = fragments.refused;
	ledger_set(net->resources->ledger, LEDGER_FRAGMENTS, fragments.abandoned);
}

const struct net_counts *net_counts(const struct net *net)
{
	return &net->counts;
}

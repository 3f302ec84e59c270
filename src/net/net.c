/* From a packet down to its TCP segment, and into the connection table. */
#include "net/net.h"

#include "net/connections.h"
#include "net/fragment.h"
#include "net/link.h"
#include "net/probed.h"
#include "net/sockets.h"

#include <stdlib.h>

struct net {
	struct net_counts counts;
	struct connections *connections;
	struct sockets *sockets;
	struct fragment_table *fragments;
};

struct net *net_new(const struct resources *resources, const struct stream_sink *sink)
{
	struct net *net = calloc(1, sizeof *net);
	if (!net)
		return NULL;
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
	counts->snapped += packet->bytes.len < packet->wire_len;
	if (counts->first == TIMESTAMP_NONE || packet->time < counts->first)
		counts->first = packet->time;
	counts->turned_back += counts->last != TIMESTAMP_NONE && packet->time < counts->last - TIMESTAMP_SECOND;
	if (counts->last == TIMESTAMP_NONE || packet->time > counts->last)
		counts->last = packet->time;
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
	if (ip->protocol != IP_PROTOCOL_TCP || !tcp_read_segment(ip->payload, ip->missing, segment))
		return false;
	segment->packet = packet->number;
	segment->first_packet = first_packet;
	segment->time = packet->time;
	return true;
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
	net->counts.fragments_abandoned = fragments.abandoned;
}

const struct net_counts *net_counts(const struct net *net)
{
	return &net->counts;
}

/* From a packet down to its TCP segment, and into the table of connections; what a probe saw goes to its socket. */
#include "net/net.h"

#include "net/connections.h"
#include "net/encapsulation.h"
#include "net/fragment.h"
#include "net/headers.h"
#include "net/link.h"
#include "net/packet.h"
#include "net/quic.h"
#include "net/sockets.h"
#include "net/vantage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct net {
	const struct resources *resources;
	struct net_counts counts;
	struct connections *connections;
	struct sockets *sockets;
	struct fragment_table *fragments;
	struct quic quic;
	struct vantage *vantage;
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

void net_set_vantage(struct net *net, struct vantage *vantage)
{
	net->vantage = vantage;
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

static void net_note_unread(const struct net *net, const struct ip_packet *ip, const char *name)
{
	char source[ADDRESS_TEXT_SIZE], destination[ADDRESS_TEXT_SIZE], detail[LEDGER_DETAIL];
	snprintf(detail, sizeof detail, "the first: %s, %s to %s", name, address_format(&ip->source, false, source),
	    address_format(&ip->destination, false, destination));
	ledger_add(net->resources->ledger, LEDGER_TUNNELS, 0, 1);
	ledger_note_detail(net->resources->ledger, LEDGER_TUNNELS, detail);
}

static void net_note_unread_frame(const struct net *net, const struct packet *packet, const char *name)
{
	char detail[LEDGER_DETAIL];
	snprintf(detail, sizeof detail, "the first: %s, packet %" PRIu64, name, packet->number);
	ledger_add(net->resources->ledger, LEDGER_TUNNELS, 0, 1);
	ledger_note_detail(net->resources->ledger, LEDGER_TUNNELS, detail);
}

/* Joins a fragment; what a joined datagram carries lives only until the next is joined, so of a packet in it that is a
 * fragment again nothing is known. False: there is no whole datagram (yet). */
static bool net_join(
    struct net *net, const struct packet *packet, struct ip_packet *ip, bool *joined, uint64_t *first_packet)
{
	if (!ip->fragment)
		return true;
	if (*joined)
		net_note_unread(net, ip, "fragments in fragments");
	bool is_whole = !*joined && fragment_join(net->fragments, ip, packet->time, packet->number, first_packet);
	*joined = true;
	return is_whole;
}

/* Down to the packet that carries no other; false when there is none (yet). */
static bool net_read_innermost(
    struct net *net, const struct packet *packet, struct ip_packet *ip, uint64_t *first_packet)
{
	bool joined = false;
	const char *name = NULL;
	for (int depth = 0; net_join(net, packet, ip, &joined, first_packet); depth++) {
		const struct ip_packet outer = *ip;
		enum encapsulation found = encapsulation_open(ip, &name);
		if (found == ENCAPSULATION_NONE)
			return true;
		if (found == ENCAPSULATION_EMPTY)
			return false;
		if (found == ENCAPSULATION_UNREAD || depth == ENCAPSULATION_DEPTH) {
			net_note_unread(net, &outer, name);
			return false;
		}
	}
	return false;
}

/* Headers off, down to the segment; false when there is none (yet). */
static bool net_read_segment(
    struct net *net, const struct packet *packet, struct ip_packet *ip, struct segment *segment)
{
	uint64_t first_packet = packet->number;
	struct link_inside inside = link_look(packet->link_type, packet->bytes);
	if (inside.unread)
		net_note_unread_frame(net, packet, inside.unread);
	if (!inside.network.len || !ip_read_packet(inside.network, ip) ||
	    !net_read_innermost(net, packet, ip, &first_packet))
		return false;
	if (ip->protocol == IP_PROTOCOL_UDP)
		quic_take(&net->quic, net->resources, ip, packet->time);
	struct icmp_error error;
	if (icmp_read_error(ip, &error))
		connections_take_error(net->connections, &error, packet->number, packet->time);
	if (ip->protocol != IP_PROTOCOL_TCP || !tcp_read_segment(ip->payload, ip->missing, segment))
		return false;
	segment->packet = packet->number;
	segment->first_packet = first_packet;
	segment->time = packet->time;
	segment->input = packet->input;
	segment->numbering = packet->numbering;
	return true;
}

void net_advance(struct net *net, timestamp now)
{
	if (net->counts.latest != TIMESTAMP_NONE && now > net->counts.latest)
		net->counts.latest = now;
	connections_advance(net->connections, net->counts.latest);
}

static void net_take_segment(struct net *net, size_t input, const struct ip_packet *ip, const struct segment *segment)
{
	struct ledger *ledger = net->resources->ledger;
	if (!net->vantage || !vantage_is_copy(net->vantage, input, ip, segment)) {
		connections_take_segment(net->connections, &ip->source, &ip->destination, segment);
		return;
	}
	ledger->captured += segment->payload.len;
	ledger_add(ledger, LEDGER_REPEATED, segment->payload.len, segment->payload.len > 0);
	connections_advance(net->connections, segment->time);
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
		net_take_segment(net, packet->input, &ip, &segment);
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
	const char *name;
	struct slice network = link_find_network(packet->link_type, packet->bytes);
	if (!network.len || !ip_read_packet(network, &ip))
		return false;
	for (int depth = 0; depth < ENCAPSULATION_DEPTH && !ip.fragment; depth++)
		if (encapsulation_open(&ip, &name) != ENCAPSULATION_OPENED)
			break;
	return !ip.fragment && ip.protocol == IP_PROTOCOL_TCP && tcp_read_segment(ip.payload, ip.missing, &segment) &&
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

/* Joins IP fragments. Datagrams are cut at multiples of eight bytes, so a bit for each block says what has come. */
#include "net/fragment.h"

#include "base/memory.h"

#include <stdlib.h>
#include <utlist.h>

enum {
	FRAGMENT_BLOCK = 8,
	FRAGMENT_LONGEST = 65535,
	FRAGMENT_BLOCKS = (FRAGMENT_LONGEST + FRAGMENT_BLOCK) / FRAGMENT_BLOCK,
};

const struct fragment_limits fragment_default_limits = {
    .datagrams = 256, .bytes = 4 << 20, .patience = 30 * TIMESTAMP_SECOND};

struct datagram {
	struct datagram *prev, *next; /* oldest first */
	struct address source, destination;
	uint32_t id;
	uint8_t protocol;
	timestamp begun;
	uint64_t first_number;
	uint32_t total;  /* bytes; 0 until the last piece has come */
	uint32_t blocks; /* that have come */
	struct buffer bytes;
	uint8_t come[(FRAGMENT_BLOCKS + 7) / 8];
};

struct fragment_table {
	const struct fragment_limits *limits;
	struct budget budget;
	struct datagram *oldest;
	struct datagram *given; /* the one whose bytes the caller borrows */
	size_t count;
	struct fragment_counts counts;
};

struct fragment_table *fragment_table_new(const struct fragment_limits *limits)
{
	struct fragment_table *table = calloc(1, sizeof *table);
	if (table)
		*table = (struct fragment_table){.limits = limits, .budget = {.limit = limits->bytes}};
	return table;
}

static void datagram_free(struct datagram *datagram)
{
	if (datagram)
		buffer_free(&datagram->bytes);
	budget_release(datagram);
}

static void fragment_unlink(struct fragment_table *table, struct datagram *datagram)
{
	DL_DELETE(table->oldest, datagram);
	table->count--;
}

static void fragment_abandon(struct fragment_table *table, struct datagram *datagram)
{
	fragment_unlink(table, datagram);
	table->counts.abandoned++;
	datagram_free(datagram);
}

void fragment_table_free(struct fragment_table *table)
{
	if (!table)
		return;
	while (table->oldest)
		fragment_abandon(table, table->oldest);
	datagram_free(table->given);
	free(table);
}

struct fragment_counts fragment_table_counts(const struct fragment_table *table)
{
	struct fragment_counts counts = table->counts;
	counts.abandoned += table->count;
	return counts;
}

/* IPv4 distinguishes datagrams by protocol too (RFC 791 §3.2); IPv6 does not (RFC 8200 §4.5). */
static bool datagram_is_of(const struct datagram *datagram, const struct ip_packet *packet)
{
	return datagram->id == packet->fragment_id && address_equals(&datagram->source, &packet->source) &&
	       address_equals(&datagram->destination, &packet->destination) &&
	       (packet->source.version == 6 || datagram->protocol == packet->protocol);
}

static struct datagram *fragment_find(const struct fragment_table *table, const struct ip_packet *packet)
{
	struct datagram *datagram;
	DL_FOREACH(table->oldest, datagram)
	{
		if (datagram_is_of(datagram, packet))
			return datagram;
	}
	return NULL;
}

static struct datagram *fragment_add(
    struct fragment_table *table, const struct ip_packet *packet, timestamp now, uint64_t number)
{
	while (table->count && table->count >= table->limits->datagrams)
		fragment_abandon(table, table->oldest);
	struct datagram *datagram = budget_new(&table->budget, sizeof *datagram);
	if (!datagram) {
		table->counts.refused++;
		return NULL;
	}
	datagram->source = packet->source;
	datagram->destination = packet->destination;
	datagram->id = packet->fragment_id;
	datagram->protocol = packet->protocol;
	datagram->begun = now;
	datagram->first_number = number;
	buffer_init(&datagram->bytes, FRAGMENT_LONGEST, &table->budget);
	DL_APPEND(table->oldest, datagram);
	table->count++;
	return datagram;
}

/* Makes room up to `len` bytes; older datagrams give way. */
static bool fragment_grow(struct fragment_table *table, struct datagram *datagram, size_t len)
{
	if (len <= datagram->bytes.len)
		return true;
	while (!buffer_reserve(&datagram->bytes, len - datagram->bytes.len)) {
		if (table->oldest == datagram || len > FRAGMENT_LONGEST)
			return false;
		fragment_abandon(table, table->oldest);
	}
	memset(datagram->bytes.at + datagram->bytes.len, 0, len - datagram->bytes.len);
	datagram->bytes.len = len;
	return true;
}

static void datagram_take_block(struct datagram *datagram, uint32_t offset, struct slice block, bool *conflict)
{
	uint32_t index = offset / FRAGMENT_BLOCK;
	uint8_t bit = (uint8_t)(1u << (index % 8));
	if (datagram->come[index / 8] & bit) {
		*conflict |= memcmp(datagram->bytes.at + offset, block.at, block.len) != 0;
		return;
	}
	datagram->come[index / 8] |= bit;
	datagram->blocks++;
	memcpy(datagram->bytes.at + offset, block.at, block.len);
}

static void fragment_take_piece(
    struct fragment_table *table, struct datagram *datagram, const struct ip_packet *packet, uint64_t number)
{
	bool conflict = false;
	struct slice rest = packet->payload;
	for (uint32_t offset = packet->fragment_offset; rest.len; offset += FRAGMENT_BLOCK) {
		datagram_take_block(datagram, offset, slice_take(rest, FRAGMENT_BLOCK), &conflict);
		rest = slice_drop(rest, FRAGMENT_BLOCK);
	}
	table->counts.overlaps += conflict;
	if (!packet->fragment_more)
		datagram->total = packet->fragment_offset + (uint32_t)packet->payload.len;
	if (packet->fragment_offset == 0)
		datagram->protocol = packet->protocol;
	datagram->first_number = number < datagram->first_number ? number : datagram->first_number;
}

static bool datagram_is_whole(const struct datagram *datagram)
{
	return datagram->total && datagram->bytes.len == datagram->total &&
	       datagram->blocks == (datagram->total + FRAGMENT_BLOCK - 1) / FRAGMENT_BLOCK;
}

static void fragment_expire(struct fragment_table *table, timestamp now)
{
	while (table->oldest && table->oldest->begun + table->limits->patience < now)
		fragment_abandon(table, table->oldest);
}

/* All but the last piece are multiples of eight long; none reaches beyond the longest datagram, nor was cut by the snap
 * length. */
static bool fragment_is_sound(const struct ip_packet *packet)
{
	size_t end = (size_t)packet->fragment_offset + packet->payload.len;
	return packet->payload.len && !packet->missing && end <= FRAGMENT_LONGEST &&
	       (!packet->fragment_more || packet->payload.len % FRAGMENT_BLOCK == 0);
}

/* Reaches beyond the end that is known, or has another one. */
static bool fragment_contradicts(const struct datagram *datagram, const struct ip_packet *packet)
{
	size_t end = (size_t)packet->fragment_offset + packet->payload.len;
	if (datagram->total && end > datagram->total)
		return true;
	return !packet->fragment_more && (datagram->total ? end != datagram->total : end < datagram->bytes.len);
}

/* The caller's packet becomes the datagram, which has come wholly. */
static bool fragment_give(struct fragment_table *table, struct datagram *datagram, struct ip_packet *packet)
{
	fragment_unlink(table, datagram);
	table->counts.joined++;
	table->given = datagram;
	packet->payload = buffer_slice(&datagram->bytes);
	packet->protocol = datagram->protocol;
	packet->fragment = packet->fragment_more = false;
	packet->fragment_offset = 0;
	/* IPv6 extension headers may follow, but not those of another fragment. */
	return packet->source.version == 4 || (ip_pass_extensions(packet) && !packet->fragment);
}

bool fragment_join(
    struct fragment_table *table, struct ip_packet *packet, timestamp now, uint64_t number, uint64_t *first_number)
{
	datagram_free(table->given);
	table->given = NULL;
	fragment_expire(table, now);
	if (!fragment_is_sound(packet))
		return false;
	struct datagram *datagram = fragment_find(table, packet);
	if (!datagram && !(datagram = fragment_add(table, packet, now, number)))
		return false;
	if (fragment_contradicts(datagram, packet))
		return false;
	if (!fragment_grow(table, datagram, packet->fragment_offset + packet->payload.len)) {
		table->counts.refused++;
		fragment_abandon(table, datagram);
		return false;
	}
	fragment_take_piece(table, datagram, packet, number);
	if (!datagram_is_whole(datagram))
		return false;
	*first_number = datagram->first_number;
	return fragment_give(table, datagram, packet);
}

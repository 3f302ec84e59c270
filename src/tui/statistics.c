/* A hash table of groups; an answer counts for the group of what it answers. */
#include "tui/statistics.h"

#include "base/hash.h"
#include "socketio/record.h"
#include "view/event_text.h"

#include <inttypes.h>
#include <stdio.h>

struct statistics_entry {
	struct statistics_group group;
	UT_hash_handle hh;
};

struct statistics_table {
	struct statistics_entry *by_name;
};

/* ---- latencies */

/* Below the first step all are one; above the last, too. */
static size_t latency_step(timestamp latency)
{
	uint64_t nanoseconds = latency > 0 ? (uint64_t)latency : 0;
	if (nanoseconds >> LATENCY_LEAST == 0)
		return 0;
	unsigned doubling = 63 - (unsigned)__builtin_clzll(nanoseconds);
	size_t within = (size_t)(nanoseconds >> (doubling - 5)) & (LATENCY_STEPS - 1);
	size_t step = (size_t)(doubling - LATENCY_LEAST) * LATENCY_STEPS + within;
	return step < LATENCIES_STEPS ? step : LATENCIES_STEPS - 1;
}

_Static_assert(LATENCY_STEPS == 1 << 5, "five bits behind the first say which step");

/* The middle of a step. */
static timestamp latency_of_step(size_t step)
{
	unsigned doubling = LATENCY_LEAST + (unsigned)(step / LATENCY_STEPS);
	uint64_t within = step % LATENCY_STEPS, width = UINT64_C(1) << (doubling - 5);
	return (timestamp)((UINT64_C(1) << doubling) + within * width + width / 2);
}

void latencies_add(struct latencies *latencies, timestamp latency)
{
	latencies->count++;
	latencies->steps[latency_step(latency)]++;
	latencies->most = latency > latencies->most ? latency : latencies->most;
}

timestamp latencies_share(const struct latencies *latencies, double share)
{
	uint64_t wanted = latencies ? (uint64_t)((double)latencies->count * share) : 0, seen = 0;
	if (!latencies || !latencies->count)
		return TIMESTAMP_NONE;
	/* The nearest rank, from 1. */
	wanted += (double)wanted < (double)latencies->count * share;
	wanted = wanted ? wanted : 1;
	if (wanted >= latencies->count)
		return latencies->most;
	for (size_t step = 0; step < LATENCIES_STEPS; step++)
		if ((seen += latencies->steps[step]) >= wanted) {
			timestamp latency = latency_of_step(step);
			return latency < latencies->most ? latency : latencies->most;
		}
	return latencies->most;
}

/* ---- groups */

void statistics_free(struct statistics *statistics)
{
	struct statistics_entry *entry, *next;
	if (statistics->table) {
		HASH_ITER(hh, statistics->table->by_name, entry, next)
		{
			HASH_DEL(statistics->table->by_name, entry);
			budget_release(entry->group.latencies);
			budget_release(entry);
		}
		budget_release(statistics->table);
	}
	budget_release(statistics->groups);
	*statistics = (struct statistics){.memory = statistics->memory};
}

void statistics_reset(struct statistics *statistics, enum statistics_by by, const struct query *filter)
{
	statistics_free(statistics);
	statistics->by = by;
	statistics->filter = filter;
}

/* What an event is counted under; false: it is not counted. */
static bool statistics_name(const struct statistics *statistics, const struct event *event, struct buffer *name)
{
	bool is_message = event_kind_layer(event->kind) == LAYER_SOCKETIO;
	switch (statistics->by) {
	case STATISTICS_BY_NAMESPACE:
		buffer_append(name, event_packet(event)->nsp);
		return is_message;
	case STATISTICS_BY_SESSION:
		buffer_append_format(name, "#%" PRIu64, event->session ? event->session->number : 0);
		return is_message && event->session;
	default:
		if (event->kind == EVENT_EVENT)
			event_text_name(name, event);
		return event->kind == EVENT_EVENT;
	}
}

static bool statistics_list(struct statistics *statistics, struct statistics_group *group)
{
	if (statistics->count == statistics->room) {
		size_t room = statistics->room ? statistics->room * 2 : 64;
		struct statistics_group **grown = budget_resize(
		    statistics->memory, statistics->groups, room * sizeof(struct statistics_group *));
		if (!grown)
			return false;
		statistics->groups = grown;
		statistics->room = room;
	}
	statistics->groups[statistics->count++] = group;
	return true;
}

static struct statistics_group *statistics_add(struct statistics *statistics, struct slice name)
{
	struct statistics_entry *entry = budget_new(statistics->memory, sizeof *entry);
	if (!entry)
		return NULL;
	memcpy(entry->group.name, name.at, name.len);
	entry->group.name_len = name.len;
	HASH_ADD(hh, statistics->table->by_name, group.name, name.len, entry);
	if (!hash_has(entry)) {
		budget_release(entry);
		return NULL;
	}
	if (!statistics_list(statistics, &entry->group)) {
		HASH_DEL(statistics->table->by_name, entry);
		budget_release(entry);
		return NULL;
	}
	return &entry->group;
}

/* NULL: it is not counted, or has no room. */
static struct statistics_group *statistics_group(struct statistics *statistics, const struct event *event)
{
	char text[STATISTICS_NAME];
	struct buffer name = buffer_over(text, sizeof text);
	struct statistics_entry *entry;
	if (!statistics->table && !(statistics->table = budget_new(statistics->memory, sizeof *statistics->table)))
		return NULL;
	if (!statistics_name(statistics, event, &name))
		return NULL;
	HASH_FIND(hh, statistics->table->by_name, text, name.len, entry);
	if (!entry && statistics->count + 1 >= STATISTICS_GROUPS) {
		buffer_clear(&name);
		buffer_append_text(&name, "(all others)");
		HASH_FIND(hh, statistics->table->by_name, text, name.len, entry);
	}
	struct statistics_group *group = entry ? &entry->group : statistics_add(statistics, buffer_slice(&name));
	statistics->refused += !group;
	if (group && !group->first) {
		group->first = event->index;
		group->session = event->session ? event->session->number : 0;
	}
	return group;
}

static void statistics_take(struct statistics *statistics, const struct query_data *data, const struct event *event)
{
	const struct query_row row = {.table = TABLE_EVENTS, .event = event};
	if (event_kind_layer(event->kind) != LAYER_SOCKETIO)
		return;
	if (statistics->filter && !query_accepts(statistics->filter, data, &row)) {
		statistics->hidden++;
		return;
	}
	struct statistics_group *group = statistics_group(statistics, event);
	if (group) {
		group->events[event->direction] += event->kind == EVENT_EVENT;
		group->bytes += event->bytes;
	}
	const struct event *question = event->answers ? record_event(data->record, event->answers) : NULL;
	timestamp latency = question ? record_latency(data->record, question->index) : TIMESTAMP_NONE;
	struct statistics_group *asked = latency != TIMESTAMP_NONE ? statistics_group(statistics, question) : NULL;
	if (!asked)
		return;
	if (!asked->latencies)
		asked->latencies = budget_new(statistics->memory, sizeof *asked->latencies);
	if (!asked->slowest || (asked->latencies && latency > asked->latencies->most))
		asked->slowest = question->index;
	if (asked->latencies)
		latencies_add(asked->latencies, latency);
}

bool statistics_extend(struct statistics *statistics, const struct query_data *data, size_t most)
{
	uint64_t count = record_event_count(data->record);
	while (statistics->taken < count && most--)
		statistics_take(statistics, data, record_event(data->record, ++statistics->taken));
	return statistics->taken < count;
}

void statistics_finish(struct statistics *statistics)
{
	static const double shares[] = {0.50, 0.95, 0.99};
	for (size_t i = 0; i < statistics->count; i++)
		for (size_t share = 0; share < 3; share++)
			statistics->groups[i]->shares[share] = latencies_share(
			    statistics->groups[i]->latencies, shares[share]);
}

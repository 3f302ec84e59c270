/*
 * Lists: arithmetic that never leaves 0..count-1; session numbers, sorted by looking the sessions up during the
 * comparison; JSON as one list of lines.
 */
#include "tui/list.h"

#include "net/packet.h"
#include "platform/system.h"

#include <stdio.h>
#include <stdlib.h>

static void list_show_selected(struct list *list)
{
	uint64_t height = list->height > 0 ? (uint64_t)list->height : 1;
	if (list->selected < list->top)
		list->top = list->selected;
	if (list->selected >= list->top + height)
		list->top = list->selected - height + 1;
	/* No empty rows at the end while there are rows above. */
	if (list->top && list->top + height > list->count)
		list->top = list->count > height ? list->count - height : 0;
}

void list_select(struct list *list, uint64_t row)
{
	list->selected = row < list->count ? row : list->count ? list->count - 1 : 0;
	list_show_selected(list);
}

void list_move(struct list *list, enum list_motion motion)
{
	uint64_t page = list->height > 1 ? (uint64_t)list->height - 1 : 1, at = list->selected;
	switch (motion) {
	case LIST_UP:
		list_select(list, at ? at - 1 : 0);
		break;
	case LIST_DOWN:
		list_select(list, at + 1);
		break;
	case LIST_PAGE_UP:
		list_select(list, at > page ? at - page : 0);
		break;
	case LIST_PAGE_DOWN:
		list_select(list, at + page);
		break;
	case LIST_FIRST:
		list_select(list, 0);
		break;
	case LIST_LAST:
		list_select(list, list->count);
		break;
	}
}

void list_fit(struct list *list, uint64_t count, int height)
{
	list->count = count;
	list->height = height;
	list_select(list, list->selected);
}

/* ---- the list of sessions */

void session_list_free(struct session_list *list)
{
	budget_release(list->numbers);
	budget_release(list->worst);
}

/* ---- facts */

timestamp session_age(const struct session *session)
{
	return session_end(session) - session_begin(session);
}

/* The record keeps the events of a session from the first on; the last of the whole are looked at, not all. */
enum { LATENCY_LOOKS = 2000 };

timestamp session_last_latency(const struct record *record, uint64_t number)
{
	uint64_t index = record_session_last(record, number);
	for (unsigned looked = 0; index && looked < LATENCY_LOOKS; looked++) {
		const struct event *event = record_event(record, index);
		bool asks = event->kind == EVENT_EVENT && event->direction == DIRECTION_TO_SERVER;
		timestamp latency = asks ? record_latency(record, index) : TIMESTAMP_NONE;
		if (latency != TIMESTAMP_NONE)
			return latency;
		index = record_previous_of_session(record, index);
	}
	return TIMESTAMP_NONE;
}

char *session_transports(const struct session *session, const char *arrow, char text[16])
{
	bool polls = session->transports & (1u << TRANSPORT_POLLING),
	     sockets = session->transports & (1u << TRANSPORT_WEBSOCKET);
	if (polls && sockets)
		snprintf(text, 16, "P%sW", arrow);
	else
		snprintf(text, 16, "%s", polls ? "P" : sockets ? "W" : "-");
	return text;
}

/* ---- findings */

static void session_list_note_worst(struct session_list *list, const struct query_data *data)
{
	size_t count = (size_t)record_session_count(data->record) + 1;
	if (count > list->worst_count) {
		uint8_t *grown = budget_resize(data->memory, list->worst, count * 2);
		if (!grown)
			return;
		list->worst = grown;
		list->worst_count = count * 2;
	}
	memset(list->worst, 0, list->worst_count);
	for (const struct finding *finding = data->findings->first; finding; finding = finding->next)
		if (finding->session < list->worst_count && list->worst[finding->session] < 1 + finding->severity)
			list->worst[finding->session] = (uint8_t)(1 + finding->severity);
}

unsigned session_list_worst(const struct session_list *list, uint64_t number)
{
	return number < list->worst_count ? list->worst[number] : 0;
}

/* ---- order */

struct session_order {
	const struct session_list *list;
	const struct record *record;
};

static int64_t number_difference(uint64_t left, uint64_t right)
{
	return left < right ? -1 : left > right;
}

/* No subtraction: a missing value is the smallest of all. */
static int span_difference(timestamp left, timestamp right)
{
	return left < right ? -1 : left > right;
}

static int endpoint_order(const struct endpoint *left, const struct endpoint *right)
{
	int order = memcmp(&left->address, &right->address, sizeof left->address);
	return order ? order : (int)left->port - (int)right->port;
}

static uint64_t session_process(const struct session *session)
{
	return session->process ? session->process->id : 0;
}

static int64_t session_difference(
    const struct session_order *order, const struct session *left, const struct session *right)
{
	switch (order->list->column) {
	case COLUMN_STATE:
		return (left->closed != TIMESTAMP_NONE) - (right->closed != TIMESTAMP_NONE);
	case COLUMN_CLIENT:
		return endpoint_order(&left->client, &right->client);
	case COLUMN_SERVER:
		return endpoint_order(&left->server, &right->server);
	case COLUMN_PROCESS:
		return number_difference(session_process(left), session_process(right));
	case COLUMN_TRANSPORT:
		return (int64_t)left->transports - (int64_t)right->transports;
	case COLUMN_NAMESPACES:
		return number_difference(left->namespace_count, right->namespace_count);
	case COLUMN_SENT:
		return number_difference(left->events[DIRECTION_TO_SERVER], right->events[DIRECTION_TO_SERVER]);
	case COLUMN_RECEIVED:
		return number_difference(left->events[DIRECTION_TO_CLIENT], right->events[DIRECTION_TO_CLIENT]);
	case COLUMN_LATENCY:
		return span_difference(session_last_latency(order->record, left->number),
		    session_last_latency(order->record, right->number));
	case COLUMN_AGE:
		return span_difference(session_age(left), session_age(right));
	case COLUMN_WORST:
		return (int)session_list_worst(order->list, left->number) -
		       (int)session_list_worst(order->list, right->number);
	default:
		return 0;
	}
}

/* Equal sessions are in order of their numbers, in both directions of the column. */
static int session_compare(const void *a, const void *b, void *context)
{
	const struct session_order *order = context;
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	int64_t difference = session_difference(
	    order, record_session(order->record, left), record_session(order->record, right));
	if (order->list->column == COLUMN_NUMBER)
		difference = number_difference(left, right);
	if (order->list->column == COLUMN_LATENCY && difference) {
		/* What has none comes last, whichever way the column is turned. */
		bool has = session_last_latency(order->record, left) != TIMESTAMP_NONE,
		     has_other = session_last_latency(order->record, right) != TIMESTAMP_NONE;
		if (has != has_other)
			return has ? -1 : 1;
	}
	if (difference)
		return (difference < 0) == order->list->descending ? 1 : -1;
	return left < right ? -1 : left > right;
}

/* ---- the list */

static bool session_list_add(struct session_list *list, struct budget *memory, uint64_t number)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 256;
		uint64_t *grown = budget_resize(memory, list->numbers, room * sizeof *grown);
		if (!grown)
			return false;
		list->numbers = grown;
		list->room = room;
	}
	list->numbers[list->count++] = number;
	return true;
}

static bool session_list_folds(const struct session_list *list, const struct session *session)
{
	return list->folds_closed && session->closed != TIMESTAMP_NONE &&
	       session_list_worst(list, session->number) <= 1;
}

void session_list_rebuild(struct session_list *list, const struct query_data *data, const struct query *filter)
{
	struct session_order order = {list, data->record};
	list->count = 0;
	list->folded = list->hidden = 0;
	session_list_note_worst(list, data);
	for (uint64_t number = 1; number <= record_session_count(data->record); number++) {
		const struct session *session = record_session(data->record, number);
		const struct query_row row = {.table = TABLE_SESSIONS, .session = session};
		if (!session)
			continue;
		if (filter && !query_accepts(filter, data, &row)) {
			list->hidden++;
			continue;
		}
		if (session_list_folds(list, session))
			list->folded++;
		else if (!session_list_add(list, data->memory, number))
			break;
	}
	if (list->count && (list->column != COLUMN_NUMBER || list->descending))
		platform_sort(list->numbers, list->count, sizeof *list->numbers, session_compare, &order);
}

size_t session_list_find(const struct session_list *list, uint64_t number)
{
	size_t place = 0;
	while (place < list->count && list->numbers[place] != number)
		place++;
	return place;
}

/* ---- what belongs together */

static bool session_has_client(const struct session *session, const struct session *other)
{
	bool named = session->user && other->user;
	return named ? strcmp(session->user, other->user) == 0
	             : memcmp(&session->client.address, &other->client.address, sizeof session->client.address) == 0;
}

static bool session_has_sid(const struct session *session, const struct session *other)
{
	return session->sid && other->sid &&
	       slice_equals(slice_of(session->sid, session->sid_len), slice_of(other->sid, other->sid_len));
}

size_t session_list_relate(const struct record *record, uint64_t number, uint64_t related[RELATED_SESSIONS])
{
	const struct session *of = record_session(record, number), *before = NULL, *after = NULL;
	size_t count = 0;
	for (uint64_t each = 1; of && each <= record_session_count(record); each++) {
		const struct session *other = record_session(record, each);
		if (!other || each == number)
			continue;
		if (session_has_sid(of, other)) {
			if (count + 2 < RELATED_SESSIONS)
				related[count++] = each;
		} else if (session_has_client(of, other) && other->first <= of->first) {
			before = before && before->first > other->first ? before : other;
		} else if (session_has_client(of, other)) {
			after = after && after->first <= other->first ? after : other;
		}
	}
	if (before)
		related[count++] = before->number;
	if (after)
		related[count++] = after->number;
	return count;
}

/* ---- JSON as lines */

/* One list of lines, whatever the depth: unfolding inserts a container's members after it, folding removes them. */

void json_tree_free(struct json_tree *tree)
{
	budget_release(tree->lines);
	*tree = (struct json_tree){.memory = tree->memory};
}

void json_tree_clear(struct json_tree *tree)
{
	tree->count = 0;
	tree->cut = false;
}

static bool value_is_container(struct slice value)
{
	enum json_kind kind = json_kind_of(value);
	return kind == JSON_ARRAY || kind == JSON_OBJECT;
}

static uint32_t value_members(struct slice value)
{
	uint32_t count = 0;
	struct json_walk walk = json_walk_into(value);
	while (count < UINT32_MAX && json_walk_next(&walk))
		count++;
	return count;
}

/* Room for `more` lines at `at`; false when there are too many. */
static bool json_tree_open_gap(struct json_tree *tree, size_t at, size_t more)
{
	if (tree->count + more > JSON_TREE_LINES) {
		tree->cut = true;
		return false;
	}
	if (tree->count + more > tree->room) {
		size_t room = tree->room * 2 > tree->count + more ? tree->room * 2 : tree->count + more + 64;
		struct json_line *grown = budget_resize(tree->memory, tree->lines, room * sizeof *grown);
		if (!grown)
			return false;
		tree->lines = grown;
		tree->room = room;
	}
	memmove(tree->lines + at + more, tree->lines + at, (tree->count - at) * sizeof *tree->lines);
	tree->count += more;
	return true;
}

static struct json_line line_of(struct slice key, struct slice value, uint32_t depth)
{
	bool container = value_is_container(value);
	uint32_t members = container ? value_members(value) : 0;
	return (struct json_line){
	    .key = key, .value = value, .depth = depth, .members = members, .folded = members > 0};
}

/* Inserts the members of a line's container after it, themselves folded. */
static bool json_tree_unfold(struct json_tree *tree, size_t at)
{
	struct json_line parent = tree->lines[at];
	struct json_walk walk = json_walk_into(parent.value);
	bool in_array = json_kind_of(parent.value) == JSON_ARRAY;
	if (!parent.members || !json_tree_open_gap(tree, at + 1, parent.members))
		return false;
	tree->lines[at].folded = false;
	for (size_t i = 1; i <= parent.members && json_walk_next(&walk); i++) {
		tree->lines[at + i] = line_of(walk.key, walk.value, parent.depth + 1);
		tree->lines[at + i].in_array = in_array;
		tree->lines[at + i].index = (uint32_t)(i - 1);
	}
	return true;
}

/* The lines go on unfolding as they are reached, so no stack is needed. */
void json_tree_add(struct json_tree *tree, struct slice top, struct slice value)
{
	size_t first = tree->count;
	if (!json_tree_open_gap(tree, tree->count, 1))
		return;
	tree->lines[first] = line_of(top, value, 0);
	for (size_t at = first; at < tree->count; at++)
		if (tree->lines[at].members && tree->lines[at].members <= JSON_TREE_OPEN && !json_tree_unfold(tree, at))
			break;
}

static void json_tree_fold(struct json_tree *tree, size_t at)
{
	size_t end = at + 1;
	while (end < tree->count && tree->lines[end].depth > tree->lines[at].depth)
		end++;
	memmove(tree->lines + at + 1, tree->lines + end, (tree->count - end) * sizeof *tree->lines);
	tree->count -= end - at - 1;
	tree->lines[at].folded = true;
}

void json_tree_toggle(struct json_tree *tree, size_t line)
{
	if (line >= tree->count || !tree->lines[line].members)
		return;
	if (tree->lines[line].folded)
		json_tree_unfold(tree, line);
	else
		json_tree_fold(tree, line);
}

/* ---- difference */

/* How far ahead a line is looked for: in containers without a common order, what lies farther apart counts as new. */
enum { DIFFERENCE_LOOKS = 1000 };

static bool lines_have_one_place(const struct json_line *left, const struct json_line *right)
{
	return left->depth == right->depth && left->in_array == right->in_array && left->index == right->index &&
	       slice_equals(left->key, right->key);
}

/* An object's members are found by their names, wherever they are. */
static bool lines_have_one_name(const struct json_line *left, const struct json_line *right)
{
	return left->key.len && left->depth == right->depth && slice_equals(left->key, right->key);
}

/* The line of `other` from `at` on, in the same container, that is at this one's place; `count` when there is none. */
static size_t difference_find(const struct json_tree *other, size_t at, const struct json_line *line)
{
	for (size_t looked = 0; looked < DIFFERENCE_LOOKS && at < other->count && other->lines[at].depth >= line->depth;
	     at++, looked++)
		if (lines_have_one_place(line, &other->lines[at]) || lines_have_one_name(line, &other->lines[at]))
			return at;
	return other->count;
}

static bool difference_add(struct json_tree *merged, const struct json_line *line, size_t from)
{
	size_t at = merged->count;
	if (!json_tree_open_gap(merged, at, 1))
		return false;
	merged->lines[at] = *line;
	merged->lines[at].from = from;
	return true;
}

/* Lines that only `other` has, up to `end`; those inside a container that is one go with it. */
static bool difference_add_removed(struct json_tree *merged, const struct json_tree *other, size_t at, size_t end)
{
	for (; at < end; at++) {
		struct json_line removed = other->lines[at];
		removed.change = LINE_REMOVED;
		if (!difference_add(merged, &removed, JSON_TREE_NONE))
			return false;
	}
	return true;
}

/* Both are walked side by side; of a container that both have, both are folded alike. */
bool json_tree_merge(struct json_tree *merged, const struct json_tree *tree, struct json_tree *other)
{
	size_t at = 0;
	json_tree_clear(merged);
	for (size_t i = 0; i < tree->count; i++) {
		struct json_line line = tree->lines[i];
		size_t rest = at;
		while (rest < other->count && other->lines[rest].depth > line.depth)
			rest++;
		if (!difference_add_removed(merged, other, at, rest))
			return false;
		at = rest;
		size_t there = difference_find(other, at, &line);
		line.change = LINE_ADDED;
		if (there < other->count) {
			const struct json_line *was = &other->lines[there];
			if (!difference_add_removed(merged, other, at, there))
				return false;
			line.change = slice_equals(line.value, was->value) ? LINE_SAME : LINE_CHANGED;
			line.was = was->value;
			if (line.members && was->members && line.folded != was->folded)
				json_tree_toggle(other, there);
			at = there + 1;
		}
		if (!difference_add(merged, &line, i))
			return false;
	}
	return difference_add_removed(merged, other, at, other->count);
}

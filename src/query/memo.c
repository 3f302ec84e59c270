/* What aggregates came to, by aggregate, session and window of time. */
#include "base/hash.h"
#include "query/node.h"

#include <stdlib.h>

enum { MEMO_ENTRIES = 1 << 16 }; /* about 16 MB; beyond them all are forgotten, and computed again as they are asked */

struct memo_key {
	const struct node *aggregate;
	uint64_t session;
	timestamp from, until;
};

struct memo_entry {
	struct memo_key key;
	struct query_value value;
	UT_hash_handle hh;
};

struct memo {
	struct memo_entry *entries;
	/* what they were computed from */
	const struct record *record;
	const struct findings *findings;
	uint64_t events, reported;
};

struct memo *memo_new(void)
{
	return calloc(1, sizeof(struct memo));
}

static void memo_clear(struct memo *memo)
{
	struct memo_entry *entry, *next;
	HASH_ITER(hh, memo->entries, entry, next)
	{
		HASH_DEL(memo->entries, entry);
		free(entry);
	}
}

void memo_free(struct memo *memo)
{
	if (memo)
		memo_clear(memo);
	free(memo);
}

void memo_refresh(struct memo *memo, const struct query_data *data)
{
	if (!memo)
		return;
	uint64_t events = data->record ? record_event_count(data->record) : 0;
	uint64_t reported = data->findings ? data->findings->count : 0;
	if (memo->record != data->record || memo->findings != data->findings || memo->events != events ||
	    memo->reported != reported)
		memo_clear(memo);
	memo->record = data->record;
	memo->findings = data->findings;
	memo->events = events;
	memo->reported = reported;
}

static struct memo_key memo_key_of(const struct node *aggregate, const struct scope *scope)
{
	return (struct memo_key){aggregate, scope->session, scope->from, scope->until};
}

bool memo_find(
    const struct memo *memo, const struct node *aggregate, const struct scope *scope, struct query_value *value)
{
	struct memo_key key = memo_key_of(aggregate, scope);
	struct memo_entry *entry;
	HASH_FIND(hh, memo->entries, &key, sizeof key, entry);
	if (entry)
		*value = entry->value;
	return entry != NULL;
}

/* Text lies in the scratch of its scope and does not last. */
void memo_keep(
    struct memo *memo, const struct node *aggregate, const struct scope *scope, const struct query_value *value)
{
	if (value->type == TYPE_TEXT || value->type == TYPE_JSON)
		return;
	if (HASH_COUNT(memo->entries) >= MEMO_ENTRIES)
		memo_clear(memo);
	struct memo_entry *entry = calloc(1, sizeof *entry);
	if (!entry)
		return;
	entry->key = memo_key_of(aggregate, scope);
	entry->value = *value;
	HASH_ADD(hh, memo->entries, key, sizeof entry->key, entry);
	if (!hash_has(entry))
		free(entry);
}

/* ---- which may be kept */

static unsigned memo_most(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

/* How many rows out of its own the expression reaches: 0 when it asks nothing of rows that it does not walk itself. An
 * aggregate's parts stand one row further in. */
static unsigned memo_mark_reach(struct node *node)
{
	if (!node)
		return 0;
	unsigned reach = node->kind == NODE_FIELD ? node->depth + 1 : 0;
	unsigned parts = memo_most(memo_mark_reach(node->left), memo_mark_reach(node->right));
	parts = memo_most(parts, memo_mark_reach(node->where));
	if (node->kind == NODE_AGGREGATE) {
		parts = parts ? parts - 1 : 0;
		node->is_same_for_all_rows = parts == 0;
	}
	return memo_most(memo_most(reach, parts), memo_mark_reach(node->next));
}

void memo_mark(struct node *root)
{
	memo_mark_reach(root);
}

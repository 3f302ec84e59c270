/* Why an expectation does not hold: its tree is walked once more, and each part that failed says what it found. */
#include "base/mask.h"
#include "query/node.h"

#include <inttypes.h>

struct explanation {
	const struct query *query;
	struct query_blame *blame;
	bool begun; /* a clause has been written already */
};

static void explain_node(struct explanation *explanation, const struct node *node, const struct scope *scope);

/* ---- words */

static void explain_begin_clause(struct explanation *explanation)
{
	if (explanation->begun)
		buffer_append_text(explanation->blame->sentence, "; ");
	explanation->begun = true;
}

static void explain_write_source(struct explanation *explanation, const struct node *node)
{
	struct slice text = slice_take(slice_drop(explanation->query->text, node->at), node->end - node->at);
	struct buffer *out = explanation->blame->sentence;
	bool blank = false;
	while (text.len &&
	       (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\n' || text.at[text.len - 1] == '\t'))
		text.len--;
	for (size_t i = 0; i < text.len; i++) {
		bool is_blank = text.at[i] == ' ' || text.at[i] == '\n' || text.at[i] == '\t';
		if (!is_blank || !blank)
			buffer_append_byte(out, is_blank ? ' ' : text.at[i]);
		blank = is_blank;
	}
}

static void explain_write_row(struct buffer *out, const struct query_row *row)
{
	char at[ORIGIN_TEXT];
	switch (row->table) {
	case TABLE_SESSIONS:
		buffer_append_format(out, "session %" PRIu64, row->session->number);
		break;
	case TABLE_EVENTS:
		buffer_append_text(out, origin_format(ORIGIN_OF(&row->event->origin, row->event->origin.first), at));
		break;
	default:
		buffer_append_format(out, "finding %s", code_entry(row->finding->code)->name);
	}
}

/* A value was read from under a secret's name, which the sentence need not say beside it: it is masked here already. */
static bool explain_is_secret(const struct mask *mask, const struct node *node)
{
	if (!node || mask->shows)
		return false;
	for (const struct node_step *step = node->path; step; step = step->next)
		if (step->key && mask_is_secret(mask, slice_of_text(step->key)))
			return true;
	return explain_is_secret(mask, node->left) ||
	       (node->kind == NODE_ARITHMETIC && explain_is_secret(mask, node->right));
}

static void explain_write_text(struct buffer *out, struct slice text)
{
	buffer_append_byte(out, '"');
	buffer_append(out, slice_take(text, 100));
	buffer_append_text(out, text.len > 100 ? "…\"" : "\"");
}

static void explain_write_value(struct buffer *out, const struct query_value *value)
{
	char text[TIMESTAMP_TEXT_SIZE];
	switch (value->type) {
	case TYPE_NULL:
		buffer_append_text(out, "nothing");
		break;
	case TYPE_BOOL:
		buffer_append_text(out, value->number != 0 ? "true" : "false");
		break;
	case TYPE_NUMBER:
		buffer_append_format(out, "%.15g", value->number);
		break;
	case TYPE_DURATION:
		buffer_append_text(out, timestamp_format_span((timestamp)value->number, text));
		break;
	case TYPE_TIME:
		buffer_append_text(out, timestamp_format(value->time, text));
		break;
	case TYPE_ROW:
		explain_write_row(out, &value->row);
		break;
	default:
		explain_write_text(out, value->text);
	}
}

/* ---- rows to blame */

static void explain_accuse(struct explanation *explanation, const struct query_row *row)
{
	struct query_blame *blame = explanation->blame;
	if (blame->culprit_count < QUERY_CULPRITS)
		blame->culprits[blame->culprit_count++] = *row;
	else
		blame->more++;
}

enum accused { ACCUSE_ALL, ACCUSE_ACCEPTED, ACCUSE_REFUSED };

struct accusation {
	uint64_t rows, accused;
	uint64_t certain; /* accused for what they are, and not for what is not there */
};

/* Some field that the condition asks for is null. */
static bool explain_lacks(const struct node *node, const struct scope *scope)
{
	struct query_value value;
	if (!node || node->kind == NODE_AGGREGATE || node->kind == NODE_VALUE)
		return false;
	if (node->kind != NODE_FIELD)
		return explain_lacks(node->left, scope) || explain_lacks(node->right, scope);
	node_evaluate(node, scope, &value);
	return value.type == TYPE_NULL;
}

/* The rows of the aggregate that are to blame: all, those that its body accepts, or those that it does not. */
static struct accusation explain_rows(
    struct explanation *explanation, const struct node *node, const struct scope *scope, enum accused accused)
{
	struct row_walk walk = row_walk_of(node, scope);
	struct accusation result = {0};
	while (row_walk_next(&walk)) {
		bool accepted = !node->right || node_holds(node->right, &walk.scope);
		result.rows++;
		if (accused != ACCUSE_ALL && accepted != (accused == ACCUSE_ACCEPTED))
			continue;
		result.accused++;
		result.certain += accused != ACCUSE_REFUSED || !explain_lacks(node->right, &walk.scope);
		explain_accuse(explanation, &walk.row);
	}
	return result;
}

static uint64_t explain_count(const struct node *node, const struct scope *scope, bool filtered)
{
	struct row_walk walk = row_walk_of(node, scope);
	uint64_t count = 0;
	if (!filtered)
		walk.where = NULL;
	while (row_walk_next(&walk))
		count++;
	return count;
}

static const char *explain_noun(const struct node *node, uint64_t count)
{
	static const char *const one[] = {"session", "event", "finding"}, *const many[] = {
	                                                                      "sessions", "events", "findings"};
	unsigned table = node->table == TABLE_SESSIONS ? 0 : node->table == TABLE_EVENTS ? 1 : 2;
	return count == 1 ? one[table] : many[table];
}

/* ---- aggregates that are true or false */

static void explain_absent(struct explanation *explanation, const struct node *node, const struct scope *scope)
{
	uint64_t all = explain_count(node, scope, false), left = explain_count(node, scope, true);
	struct buffer *out = explanation->blame->sentence;
	if (!all)
		buffer_append_format(out, "there are no %s", explain_noun(node, 0));
	else if (!left || !node->right)
		buffer_append_format(out, "none of %" PRIu64 " %s matches", all, explain_noun(node, all));
	else
		buffer_append_format(out, "of %" PRIu64 " such %s none matches", left, explain_noun(node, left));
}

static void explain_aggregate(struct explanation *explanation, const struct node *node, const struct scope *scope)
{
	struct buffer *out = explanation->blame->sentence;
	struct accusation found;
	switch (node->aggregate) {
	case AGGREGATE_NONE:
		found = explain_rows(explanation, node, scope, ACCUSE_ACCEPTED);
		explanation->blame->seen = true;
		buffer_append_format(out, "there %s %" PRIu64, found.accused == 1 ? "is" : "are", found.accused);
		break;
	case AGGREGATE_EVERY:
		if (!explain_count(node, scope, true)) {
			explain_absent(explanation, node, scope);
			break;
		}
		found = explain_rows(explanation, node, scope, ACCUSE_REFUSED);
		explanation->blame->seen |= found.certain > 0;
		buffer_append_format(out, "%" PRIu64 " of %" PRIu64 " %s %s not match", found.accused, found.rows,
		    explain_noun(node, found.rows), found.accused == 1 ? "does" : "do");
		break;
	default:
		explain_absent(explanation, node, scope);
	}
}

/* ---- comparisons */

/* Of what was computed over values: the rows whose own value is beyond the bound. */
static void explain_beyond(struct explanation *explanation, const struct node *comparison, const struct scope *scope)
{
	const struct node *aggregate = comparison->left;
	struct row_walk walk = row_walk_of(aggregate, scope);
	struct node one = *comparison;
	one.left = aggregate->left;
	while (row_walk_next(&walk)) {
		struct query_value value;
		node_evaluate(aggregate->left, &walk.scope, &value);
		if (value.type != TYPE_NULL && !node_holds(&one, &walk.scope))
			explain_accuse(explanation, &walk.row);
	}
}

/* What a number was counted or computed from. */
static void explain_sources(struct explanation *explanation, const struct node *node, const struct scope *scope)
{
	struct query_value value;
	if (node->kind == NODE_ARITHMETIC) {
		explain_sources(explanation, node->left, scope);
		explain_sources(explanation, node->right, scope);
	} else if (node->kind == NODE_COLUMN) {
		explain_sources(explanation, node->left, scope);
	} else if (node->kind == NODE_AGGREGATE && node->type == TYPE_ROW) {
		node_evaluate(node, scope, &value);
		if (value.type == TYPE_ROW)
			explain_accuse(explanation, &value.row);
	} else if (node->kind == NODE_AGGREGATE) {
		explain_rows(explanation, node, scope, ACCUSE_ALL);
	}
}

static bool explain_has_bound(const struct node *node)
{
	return node->kind == NODE_COMPARE && node->right->kind == NODE_VALUE && node->left->kind == NODE_AGGREGATE &&
	       node->left->left && node->left->type != TYPE_ROW && node->left->aggregate != AGGREGATE_SUM;
}

static void explain_side(
    struct explanation *explanation, const struct node *node, const struct scope *scope, bool *written)
{
	struct query_value value;
	if (node->kind == NODE_VALUE)
		return;
	if (*written)
		buffer_append_text(explanation->blame->sentence, ", ");
	*written = true;
	node_evaluate(node, scope, &value);
	explain_write_source(explanation, node);
	buffer_append_text(explanation->blame->sentence, " is ");
	const struct mask *mask = explanation->blame->mask;
	bool secret = (value.type == TYPE_TEXT || value.type == TYPE_NUMBER) && explain_is_secret(mask, node);
	if (secret && value.type == TYPE_NUMBER)
		mask_write(mask, slice_of(&value.number, sizeof value.number), explanation->blame->sentence);
	else if (secret)
		mask_write(mask, value.text, explanation->blame->sentence);
	else
		explain_write_value(explanation->blame->sentence, &value);
}

/* More can have been there than was seen, but not less. */
static bool explain_is_excess(const struct node *node)
{
	const struct node *left = node->left;
	return node->kind == NODE_COMPARE && (node->op == OP_LESS || node->op == OP_LESS_EQUAL) &&
	       left->kind == NODE_AGGREGATE && (left->aggregate == AGGREGATE_COUNT || left->aggregate == AGGREGATE_MAX);
}

/* Both sides are something: what is nothing may only not have been captured. */
static bool explain_is_there(const struct node *node, const struct scope *scope)
{
	struct query_value left, right;
	node_evaluate(node->left, scope, &left);
	node_evaluate(node->right, scope, &right);
	return left.type != TYPE_NULL && right.type != TYPE_NULL;
}

static void explain_sides(struct explanation *explanation, const struct node *node, const struct scope *scope)
{
	bool written = false;
	explanation->blame->seen |= (explain_is_excess(node) || node->kind == NODE_ORDER) &&
	                            explain_is_there(node, scope);
	explain_side(explanation, node->left, scope, &written);
	if (explain_has_bound(node))
		explain_beyond(explanation, node, scope);
	else
		explain_sources(explanation, node->left, scope);
	if (node->kind != NODE_IN && node->kind != NODE_MATCH) {
		explain_side(explanation, node->right, scope, &written);
		explain_sources(explanation, node->right, scope);
	}
	if (!written)
		buffer_append_text(explanation->blame->sentence, "this is never true");
}

/* ---- within */

enum { EXPLAIN_SESSIONS = 3 };

static void explain_within(struct explanation *explanation, const struct node *node, const struct scope *scope)
{
	struct within_walk walk = within_walk_of(node, scope);
	uint64_t sessions = 0, broken = 0;
	for (; within_walk_next(&walk); sessions++) {
		if (node_holds(node->right, &walk.scope) || broken++ >= EXPLAIN_SESSIONS)
			continue;
		buffer_append_format(explanation->blame->sentence, "%sin session %" PRIu64 " ", broken > 1 ? "; " : "",
		    walk.scope.session);
		explanation->begun = false;
		explain_node(explanation, node->right, &walk.scope);
	}
	if (!sessions)
		buffer_append_text(explanation->blame->sentence, "there is no session in which that could have begun");
	if (broken > EXPLAIN_SESSIONS)
		buffer_append_format(
		    explanation->blame->sentence, "; and in %" PRIu64 " more", broken - EXPLAIN_SESSIONS);
}

/* ---- all kinds */

static void explain_both(struct explanation *explanation, const struct node *node, const struct scope *scope)
{
	if (!node_holds(node->left, scope))
		explain_node(explanation, node->left, scope);
	if (!node_holds(node->right, scope))
		explain_node(explanation, node->right, scope);
}

static void explain_not(struct explanation *explanation, const struct node *node, const struct scope *scope)
{
	buffer_append_text(explanation->blame->sentence, "this is true: ");
	explain_write_source(explanation, node->left);
	explanation->blame->seen = true;
	explain_sources(explanation, node->left, scope);
}

/* `node` does not hold. */
static void explain_node(struct explanation *explanation, const struct node *node, const struct scope *scope)
{
	if (node->kind == NODE_AND || node->kind == NODE_OR) {
		explain_both(explanation, node, scope);
		return;
	}
	explain_begin_clause(explanation);
	switch (node->kind) {
	case NODE_NOT:
		explain_not(explanation, node, scope);
		break;
	case NODE_AGGREGATE:
		explain_aggregate(explanation, node, scope);
		break;
	case NODE_WITHIN:
		explain_within(explanation, node, scope);
		break;
	case NODE_VALUE:
	case NODE_FIELD:
	case NODE_COLUMN:
		explain_write_source(explanation, node);
		buffer_append_text(explanation->blame->sentence, " is false");
		break;
	default:
		explain_sides(explanation, node, scope);
	}
}

void query_explain(const struct query *query, const struct query_data *data, struct query_blame *blame)
{
	struct arena scratch;
	struct explanation explanation = {.query = query, .blame = blame};
	struct scope scope = scope_of_all(query, data, &scratch);
	explain_node(&explanation, query->root, &scope);
	arena_free(&scratch);
}

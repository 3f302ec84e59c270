/*
 * Is an expectation that holds proven, although part of the traffic was not captured? Seeing more adds rows and takes
 * none away. So what rows that were seen make true stays true (some, a count that is reached), and what they make false
 * stays false (none, a count that is passed). What rests on rows that are not there, on an order, or on a number that
 * other rows change, can only be decided on the whole capture.
 *
 * A row proves something only if it would be in the whole capture as it is here, and only by those of its values
 * that would (`stays` of struct query_field). Findings are conclusions: none of them proves anything.
 */
#include "base/hash.h"
#include "query/node.h"
#include "socketio/engine.h"
#include "socketio/legs.h"

static bool node_is_settled(const struct node *node, const struct scope *scope, bool truth);

/* ---- rows that stay */

/* A gap is none when its bytes are there, nor need be malformed what follows one; and how a connection ended, and whose
 * it was then, depends on what went before. */
static bool kind_stays(enum event_kind kind)
{
	return kind != EVENT_GAP && kind != EVENT_TLS && kind != EVENT_MALFORMED && kind != EVENT_TCP_CLOSE;
}

/* What is raw is an application's own message only while nothing else of its session is Socket.IO's. */
static bool event_is_whole(const struct event *event)
{
	return !event->incomplete && !event->unreadable && !event_raw(event);
}

/* The line of a log, a request for Engine.IO, and an event with its name in its brackets are what they are. Of the rest
 * only a session with a sid says that it is Engine.IO's at all: a WebSocket that was joined is known by its looks. */
static bool event_is_certain(const struct event *event)
{
	return event->kind == EVENT_LOG || event->kind == EVENT_HTTP || event->kind == EVENT_WS_OPEN ||
	       (event->kind == EVENT_EVENT && event_packet(event)->name.len) || (event->session && event->session->sid);
}

static bool event_stays(const struct event *event)
{
	bool doubtful = event->connection && event->connection->doubtful;
	return kind_stays(event->kind) && event_is_whole(event) && !doubtful && event_is_certain(event);
}

static bool row_stays(const struct scope *scope, const struct query_row *row)
{
	if (scope->session && !query_row_keeps_session(row))
		return false;
	switch (row->table) {
	case TABLE_SESSIONS:
		return row->session->sid && !row->session->doubtful;
	case TABLE_EVENTS:
		return event_stays(row->event);
	default:
		return false;
	}
}

/* ---- values that stay */

static bool field_stays(const struct node *node, const struct scope *scope)
{
	struct query_value value;
	const struct query_row *row = scope_row(scope, node->depth);
	node_evaluate(node, scope, &value);
	return value.type != TYPE_NULL && row && node->field->stays && node->field->stays(row, &value);
}

static bool value_stays(const struct node *node, const struct scope *scope)
{
	switch (node->kind) {
	case NODE_VALUE:
		return true;
	case NODE_FIELD:
		return field_stays(node, scope);
	case NODE_ARITHMETIC:
		return value_stays(node->left, scope) && value_stays(node->right, scope);
	default:
		return false;
	}
}

/* ---- rows that settle a question */

/* The row is sure to be let through by `where` and, where there is a body, to have it `truth`. */
static bool row_settles(const struct node *node, const struct row_walk *walk, bool truth)
{
	return row_stays(walk->around, &walk->row) &&
	       (!node->where || node_is_settled(node->where, &walk->scope, true)) &&
	       (!node->right || node_is_settled(node->right, &walk->scope, truth));
}

/*
 * Rows that may be copies of each other. What a hop passes on is seen on two legs, and is one event only where that was
 * noticed: the request that shows it may not have been captured. So of a session's legs only the one with the most rows
 * counts, and of the sessions whose handshake was not captured, which may be legs of others, only one leg of one.
 */
enum { TALLY_LEGS = 64 };

struct tally {
	uint64_t certain; /* rows that are copies of no other */
	struct {
		uint64_t session, leg; /* of sessions that share a sid, which may be one, the same */
		bool is_certain;       /* the session's handshake was captured: it is no other session */
		uint64_t rows;
	} legs[TALLY_LEGS]; /* rows on more are not counted */
	size_t count;
};

static void tally_add_on_leg(struct tally *tally, uint64_t number, uint64_t leg, bool is_certain)
{
	size_t i = 0;
	while (i < tally->count && (tally->legs[i].session != number || tally->legs[i].leg != leg))
		i++;
	if (i == TALLY_LEGS)
		return;
	if (i == tally->count) {
		tally->legs[tally->count].session = number;
		tally->legs[tally->count].leg = leg;
		tally->legs[tally->count].is_certain = is_certain;
		tally->legs[tally->count++].rows = 0;
	}
	tally->legs[i].rows++;
}

static void tally_add(struct tally *tally, const struct query_row *row)
{
	const struct event *event = row->table == TABLE_EVENTS ? row->event : NULL;
	const struct session *session = event ? event->session : row->session;
	bool is_certain = session && session->handshake_seen, shares = session && session->shares_sid;
	bool is_log = event && event->kind == EVENT_LOG;
	if (is_log || (is_certain && !shares && (!event || session->leg_count <= 1))) {
		tally->certain++;
		return;
	}
	uint64_t number = shares ? fnv_add(FNV_START, session->sid, session->sid_len) : session ? session->number : 0;
	uint64_t leg = event ? legs_id(event->connection) : session->number;
	tally_add_on_leg(tally, number, leg, is_certain);
}

static uint64_t tally_least(const struct tally *tally)
{
	uint64_t least = tally->certain, doubtful = 0;
	for (size_t i = 0; i < tally->count; i++) {
		bool is_most = true;
		for (size_t j = 0; j < tally->count; j++)
			is_most &= tally->legs[j].session != tally->legs[i].session ||
			           tally->legs[j].rows < tally->legs[i].rows ||
			           (tally->legs[j].rows == tally->legs[i].rows && j >= i);
		if (is_most && tally->legs[i].is_certain)
			least += tally->legs[i].rows;
		else if (tally->legs[i].rows > doubtful)
			doubtful = tally->legs[i].rows;
	}
	return least > doubtful ? least : doubtful;
}

/* How many rows at least are sure to be so; unless all are wanted, not more than one is looked for. */
static double count_settled(const struct node *node, const struct scope *scope, bool truth, bool all)
{
	struct row_walk walk = row_walk_of(node, scope);
	struct tally tally = {0};
	bool more = true;
	while (more && row_walk_next(&walk)) {
		if (!row_settles(node, &walk, truth))
			continue;
		tally_add(&tally, &walk.row);
		more = all;
	}
	row_walk_end(&walk);
	return (double)tally_least(&tally);
}

static bool aggregate_is_settled(const struct node *node, const struct scope *scope, bool truth)
{
	switch (node->aggregate) {
	case AGGREGATE_EXISTS:
	case AGGREGATE_SOME:
		return truth && count_settled(node, scope, true, false) > 0;
	case AGGREGATE_NONE:
		return !truth && count_settled(node, scope, true, false) > 0;
	case AGGREGATE_EVERY:
		return !truth && count_settled(node, scope, false, false) > 0;
	default:
		return false;
	}
}

/* Is the comparison `truth` for this count and for every greater one? */
static bool count_is_settled(enum node_operator op, double count, double bound, bool truth)
{
	switch (op) {
	case OP_MORE:
		return truth && count > bound;
	case OP_MORE_EQUAL:
		return truth && count >= bound;
	case OP_LESS:
		return !truth && count >= bound;
	case OP_LESS_EQUAL:
		return !truth && count > bound;
	default:
		return truth == (op == OP_DIFFERENT) && count > bound;
	}
}

static enum node_operator operator_turned(enum node_operator op)
{
	switch (op) {
	case OP_LESS:
		return OP_MORE;
	case OP_LESS_EQUAL:
		return OP_MORE_EQUAL;
	case OP_MORE:
		return OP_LESS;
	case OP_MORE_EQUAL:
		return OP_LESS_EQUAL;
	default:
		return op;
	}
}

static bool node_is_count(const struct node *node)
{
	return node->kind == NODE_AGGREGATE && node->aggregate == AGGREGATE_COUNT;
}

static bool compare_is_settled(const struct node *node, const struct scope *scope, bool truth)
{
	bool turned = node_is_count(node->right);
	const struct node *count = turned ? node->right : node->left, *bound = turned ? node->left : node->right;
	struct query_value value;
	if (!node_is_count(count))
		return value_stays(node->left, scope) && value_stays(node->right, scope) &&
		       node_holds(node, scope) == truth;
	node_evaluate(bound, scope, &value);
	return value.type == TYPE_NUMBER && value_stays(bound, scope) &&
	       count_is_settled(turned ? operator_turned(node->op) : node->op, count_settled(count, scope, true, true),
	           value.number, truth);
}

/* ---- all kinds */

static bool in_is_settled(const struct node *node, const struct scope *scope, bool truth)
{
	for (const struct node *each = node->right; each; each = each->next)
		if (!value_stays(each, scope))
			return false;
	return value_stays(node->left, scope) && node_holds(node, scope) == truth;
}

/* It is `truth`, whatever else had been seen. */
static bool node_is_settled(const struct node *node, const struct scope *scope, bool truth)
{
	switch (node->kind) {
	case NODE_NOT:
		return node_is_settled(node->left, scope, !truth);
	case NODE_AND:
	case NODE_OR:
		if (truth == (node->kind == NODE_AND))
			return node_is_settled(node->left, scope, truth) && node_is_settled(node->right, scope, truth);
		return node_is_settled(node->left, scope, truth) || node_is_settled(node->right, scope, truth);
	case NODE_AGGREGATE:
		return aggregate_is_settled(node, scope, truth);
	case NODE_COMPARE:
		return compare_is_settled(node, scope, truth);
	case NODE_IN:
		return in_is_settled(node, scope, truth);
	case NODE_MATCH:
		return value_stays(node->left, scope) && match_is_decided(node, scope) &&
		       node_holds(node, scope) == truth;
	case NODE_VALUE:
	case NODE_FIELD:
		return value_stays(node, scope) && node_holds(node, scope) == truth;
	default:
		return false;
	}
}

static bool query_is_settled(const struct query *query, const struct query_data *data, bool truth)
{
	struct arena scratch;
	struct scope scope = scope_of_all(query, data, &scratch);
	bool settled = node_is_settled(query->root, &scope, truth);
	arena_free(&scratch);
	return settled;
}

bool query_is_proven(const struct query *query, const struct query_data *data)
{
	return query_is_settled(query, data, true);
}

bool query_is_refuted(const struct query *query, const struct query_data *data)
{
	return query_is_settled(query, data, false);
}

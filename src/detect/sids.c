/* Who gave out which sid, and what became of it: what sids_report.c explains by. */
#include "detect/sids.h"

#include "base/hash.h"
#include "detect/refusal.h"

#include <stdlib.h>

/* The last of them are kept. */
enum { SIDS_KEPT = 4096 };

struct sids *sids_new(struct findings *findings)
{
	struct sids *sids = calloc(1, sizeof *sids);
	if (sids)
		sids->findings = findings;
	return sids;
}

void sids_free(struct sids *sids)
{
	struct sid_record *record, *next;
	if (!sids)
		return;
	HASH_ITER(hh, sids->records, record, next)
	{
		HASH_DEL(sids->records, record);
		budget_release(record);
	}
	free(sids);
}

/* ---- records */

struct sid_record *sids_find(const struct sids *sids, const char *sid)
{
	struct sid_record *record = NULL;
	HASH_FIND_STR(sids->records, sid, record);
	return record;
}

static struct sid_record *sids_add(struct sids *sids, const struct session *session)
{
	struct sid_record *record = session->sid_len < TARGET_SID_SIZE
	                                ? budget_new(&sids->findings->memory, sizeof *record)
	                                : NULL;
	if (!record)
		return NULL;
	memcpy(record->sid, session->sid, session->sid_len + 1);
	HASH_ADD_STR(sids->records, sid, record);
	if (!hash_has(record)) {
		budget_note_refusal(&sids->findings->memory);
		budget_release(record);
		return NULL;
	}
	if (HASH_COUNT(sids->records) > SIDS_KEPT) {
		struct sid_record *oldest = sids->records;
		HASH_DEL(sids->records, oldest);
		budget_release(oldest);
	}
	return record;
}

struct sid_server *sids_find_server(struct sids *sids, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < sids->server_count; i++)
		if (endpoint_equals(&sids->servers[i].endpoint, endpoint))
			return &sids->servers[i];
	return NULL;
}

static struct sid_server *sids_server_of(struct sids *sids, const struct endpoint *endpoint)
{
	struct sid_server *server = sids_find_server(sids, endpoint);
	if (server)
		return server;
	if (sids->server_count == SIDS_SERVERS) {
		findings_note_beyond(sids->findings, NULL, endpoint);
		return NULL;
	}
	server = &sids->servers[sids->server_count++];
	*server = (struct sid_server){.endpoint = *endpoint};
	return server;
}

/* ---- counters */

/* googollee's: a restart gives the same ones out again. */
static bool sid_is_counter(const char *sid)
{
	size_t len = strspn(sid, "0123456789abcdefghijklmnopqrstuvwxyz");
	return len && len <= 6 && !sid[len];
}

/* node's base64id and python's generate_id end with a counter of the process, in 24 bits: four digits of base64.
 * googollee's sid is a counter, in digits of base 36. False: it has none. */
static bool sid_read_counter(const char *sid, uint32_t *counter)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t len = strlen(sid);
	*counter = 0;
	if (sid_is_counter(sid)) {
		*counter = (uint32_t)strtoul(sid, NULL, 36);
		return true;
	}
	for (size_t i = len < 4 ? 0 : len - 4; i < len; i++) {
		const char *digit = strchr(digits, sid[i]);
		if (!digit)
			return false;
		*counter = *counter << 6 | (uint32_t)(digit - digits);
	}
	return len == 20;
}

bool sid_server_has_workers(const struct sid_server *server)
{
	return server->has_workers || server->falls > 1;
}

/* Deployments are farther apart than the turns of workers. */
static void sid_note_fall(struct sid_server *server, const struct event *event)
{
	bool again = server->falls && event->origin.time - server->fell <= threshold_time(THRESHOLD_STOPPED_NEAR);
	server->falls = again ? server->falls + 1 : 1;
	server->began = again ? server->began : event->origin.time;
	server->fell = event->origin.time;
	server->fell_packet = event->origin.last;
	server->other = server->counter;
}

/* Where it was before it went back, and farther than the process that began again goes by itself: the other one still
 * counts. */
static bool sid_resumes(const struct sid_server *server, uint32_t counter)
{
	uint32_t step = counter - server->counter;
	return server->falls && !server->has_workers && counter == server->other + 1 && step > 1 &&
	       step > server->stride;
}

/* `asked`: when the sid was. Answers to handshakes that were under way together come in any order. */
static void sids_note_counter(struct sids *sids, const struct event *event, timestamp asked)
{
	uint32_t counter;
	struct sid_server *server = sids_server_of(sids, &event->session->server);
	if (!server || !sid_read_counter(event->session->sid, &counter))
		return;
	bool fell = server->counts && counter <= server->counter;
	if (fell && asked < server->given)
		return;
	bool resumes = sid_resumes(server, counter);
	server->has_workers |= resumes;
	if (fell)
		sid_note_fall(server, event);
	else if (server->counts && !resumes && counter - server->counter > server->stride)
		server->stride = counter - server->counter;
	server->counts = true;
	server->counter = counter;
	server->given = event->origin.time;
	if (resumes || (fell && server->falls <= 2))
		sids_reconsider(sids, server, event);
}

/* ---- whose request it is */

/* An address of the Internet: what lies between a balancer and its servers has others (RFC 1918, RFC 6598, RFC 3927,
 * RFC 4193, RFC 4291 §2.4). */
static bool address_is_public(const struct address *address)
{
	const uint8_t *at = address->bytes;
	if (address->version == 4)
		return at[0] && at[0] != 10 && at[0] != 127 && !(at[0] == 172 && at[1] >> 4 == 1) &&
		       !(at[0] == 192 && at[1] == 168) && !(at[0] == 100 && at[1] >> 6 == 1) &&
		       !(at[0] == 169 && at[1] == 254);
	return address->version == 6 && at[0] >> 5 == 1;
}

/* Without the port that some proxies add (Azure's Application Gateway), which differs from connection to connection. */
static struct slice sid_bare_address(struct slice text)
{
	size_t colon = slice_find_byte(text, ':');
	if (text.len && text.at[0] == '[')
		return slice_take(slice_drop(text, 1), slice_find_byte(text, ']') - 1);
	bool has_port = colon < text.len && slice_find_byte(slice_drop(text, colon + 1), ':') == text.len - colon - 1;
	return has_port ? slice_take(text, colon) : text;
}

struct sid_user sid_user_of(const struct event *event)
{
	struct sid_user user = {0};
	const struct exchange *exchange = event_exchange(event);
	struct slice named = exchange ? exchange_forwarded_for(&exchange->request) : slice_of(NULL, 0);
	if (!named.len)
		named = slice_of_text(event->connection->proxied_for);
	named = slice_take(sid_bare_address(named), sizeof user.address - 1);
	/* RFC 7239 §6.2 and §6.3: "unknown", and names that may be others for each request. */
	user.is_forwarded = named.len && named.at[0] != '_' && !slice_equals_nocase(named, "unknown");
	if (user.is_forwarded) {
		memcpy(user.address, named.at, named.len);
	} else if (exchange && !named.len && address_is_public(&event->connection->client.address)) {
		char text[ADDRESS_TEXT_SIZE];
		snprintf(user.address, sizeof user.address, "%.*s", (int)sizeof user.address - 1,
		    address_format(&event->connection->client.address, false, text));
	}
	return user;
}

bool sid_users_differ(const struct sid_user *one, const struct sid_user *other)
{
	return *one->address && *other->address && one->is_forwarded == other->is_forwarded &&
	       strcmp(one->address, other->address) != 0;
}

/* ---- what is given out */

/* Behind the value: when browsers send the cookie back (RFC 6265 §5.2, RFC 6265bis §5.6). */
static void sid_note_attributes(struct sid_record *record, struct slice set)
{
	record->cookie_is_secure = record->cookie_is_cross_site = false;
	record->cookie_path[0] = '\0';
	slice_take_until(&set, ';');
	while (set.len) {
		struct slice value = slice_take_until(&set, ';');
		struct slice name = slice_trim(slice_take_until(&value, '='));
		value = slice_trim(value);
		record->cookie_is_secure |= slice_equals_nocase(name, "secure");
		record->cookie_is_cross_site |= slice_equals_nocase(name, "samesite") &&
		                                slice_equals_nocase(value, "none");
		if (slice_equals_nocase(name, "path") && value.len < SIDS_COOKIE) {
			memcpy(record->cookie_path, value.at, value.len);
			record->cookie_path[value.len] = '\0';
		}
	}
}

/* The balancer's cookie, or the first that is set. socket.io 2 sets one of its own, io=SID, which says nothing of a
 * balancer. */
static void sid_note_cookie(struct sid_record *record, const struct event *event)
{
	struct slice rest = event->exchange->answer.head.fields, set;
	while (http_next_field(&rest, "Set-Cookie", &set)) {
		struct slice name = slice_trim(slice_take_until(&set, '='));
		bool sticky = servers_know_cookie(name);
		bool own = slice_starts_with(slice_trim(set), slice_of_text(record->sid));
		if (own || !name.len || name.len >= SIDS_COOKIE || (*record->cookie && !sticky))
			continue;
		memcpy(record->cookie, name.at, name.len);
		record->cookie[name.len] = '\0';
		record->cookie_packet = event->origin.last;
		record->is_sticky = sticky;
		sid_note_attributes(record, set);
		if (sticky)
			return;
	}
}

/* The same sid from another address, so soon, is the other side of a proxy, and so is one that was asked for before it
 * was given out; from the same address, asked for later, it was given out again: by a cache, or by a process that
 * counts, and counts from the start. */
static void sids_note_opened(struct sids *sids, const struct sid_session *per_session, const struct event *event)
{
	const struct session *session = event->session;
	struct sid_record *record = session->sid ? sids_find(sids, session->sid) : NULL;
	bool same = record && endpoint_equals(&record->server, &event->connection->server);
	bool later = record && event_exchange(event) && event->exchange->request.begun > record->time;
	bool counted = same && later && sid_is_counter(session->sid) && !refusal_is_cached(event->exchange);
	if (same && later && !counted) {
		record->again_packet = event->origin.last;
		record->is_cached |= refusal_is_cached(event->exchange);
		if (record->is_cached)
			sids_report_twice(sids, record, event);
	}
	if (record && !counted && (same || event->origin.time - record->time < threshold_time(THRESHOLD_SID_PASSED_ON)))
		return;
	if (!session->sid || (!record && !(record = sids_add(sids, session))))
		return;
	sids_note_counter(sids, event, per_session->asked ? per_session->asked : event->origin.time);
	record->server = event->connection->server;
	record->time = event->origin.time;
	record->packet = event->origin.last;
	record->again_packet = 0;
	record->is_disowned = false;
	record->cause = CAUSES;
	record->finding = NULL;
	record->cookie[0] = '\0';
	record->user = sid_user_of(event);
	if (event_exchange(event))
		sid_note_cookie(record, event);
}

/* ---- what became of them */

bool sid_has_cookie(const struct exchange *exchange, const char *name)
{
	struct slice cookies = exchange_field(&exchange->request, "Cookie");
	while (cookies.len) {
		struct slice each = slice_trim(slice_take_until(&cookies, ';'));
		if (slice_equals_text(slice_trim(slice_take_until(&each, '=')), name))
			return true;
	}
	return false;
}

static void sids_note_exchange(struct sids *sids, struct sid_session *per_session, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	struct sid_record *record = event->session->sid ? sids_find(sids, event->session->sid) : NULL;
	/* netty and the java server open a WebSocket for any sid, and end it then. */
	bool good = exchange->status == 200 && exchange->target->transport == TRANSPORT_POLLING;
	bool poll = slice_equals(exchange->request.head.method, SLICE("GET"));
	per_session->cookie_came |= record && *record->cookie && sid_has_cookie(exchange, record->cookie);
	if (good && per_session->disowned && record && record->cause < CAUSES &&
	    endpoint_equals(&record->server, &event->connection->server))
		sids_report_known_again(sids, per_session, event);
	per_session->requests++;
	if (good)
		per_session->taken = event->origin.first;
	if (exchange->status == 413)
		per_session->large = event->origin.first;
	if (poll && exchange->state == EXCHANGE_UNANSWERED && exchange->ended_by == DIRECTION_TO_SERVER)
		per_session->aborted = event->origin.first;
}

void sids_note_event(struct sids *sids, struct sid_session *per_session, const struct event *event)
{
	if (!per_session)
		return;
	bool exchange = event->kind == EVENT_HTTP || event->kind == EVENT_WS_OPEN;
	bool opens = exchange && !event->exchange->target->sid_len && event->exchange->status &&
	             event->exchange->status < 300;
	if (opens)
		per_session->asked = event->exchange->request.begun;
	if (event->kind == EVENT_HTTP && opens && event->exchange->target->transport == TRANSPORT_POLLING)
		sids_note_opened(sids, per_session, event);
	else if (event->kind == EVENT_OPEN && event->session->sid && !sids_find(sids, event->session->sid))
		sids_note_opened(sids, per_session, event);
	else if (event->kind == EVENT_HTTP && event->exchange->target->sid_len)
		sids_note_exchange(sids, per_session, event);
	if (!exchange && event->direction == DIRECTION_TO_SERVER)
		per_session->last = event->origin.time;
}

/* Of those that have given out sids; a scan of ports has no business here. */
void sids_note_attempt(struct sids *sids, const struct attempt *attempt)
{
	struct sid_server *server = attempt->outcome == ATTEMPT_REFUSED ? sids_find_server(sids, &attempt->server)
	                                                                : NULL;
	if (!server)
		return;
	server->down = attempt->origin.time;
	server->down_packet = attempt->origin.last;
}

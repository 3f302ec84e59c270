/* Requests wait in a list for each signal; those on their way stay at its front until their answer comes. */
#include "cmd/otlp_queue.h"

#include "base/json.h"

#include <stdlib.h>

#define QUEUE_HOUR (3600 * TIMESTAMP_SECOND)

/* ---- the queue */

struct otlp_queued {
	struct otlp_queued *next;
	uint64_t items;
	size_t len;
	uint8_t bytes[];
};

void otlp_queue_init(struct otlp_queue *queue, size_t limit)
{
	*queue = (struct otlp_queue){.limit = limit};
}

static size_t queued_cost(const struct otlp_queued *queued)
{
	return queued->len + OTLP_REQUEST_OVERHEAD;
}

/* The first that is not on its way, where it is linked from. */
static struct otlp_queued **lane_waiting(struct otlp_lane *lane)
{
	struct otlp_queued **link = &lane->oldest;
	for (size_t i = 0; i < lane->flying && *link; i++)
		link = &(*link)->next;
	return link;
}

/* Unlinks and frees it. Returns its items. */
static uint64_t queue_remove(struct otlp_queue *queue, struct otlp_lane *lane, struct otlp_queued **link)
{
	struct otlp_queued *gone = *link;
	uint64_t items = gone->items;
	*link = gone->next;
	lane->bytes -= queued_cost(gone);
	queue->bytes -= queued_cost(gone);
	lane->newest = NULL;
	for (struct otlp_queued *each = lane->oldest; each; each = each->next)
		lane->newest = each;
	free(gone);
	return items;
}

/* False: all that is left is on its way. */
static bool queue_make_room(struct otlp_queue *queue)
{
	enum otlp_signal largest = OTLP_SIGNALS;
	for (enum otlp_signal signal = 0; signal < OTLP_SIGNALS; signal++) {
		struct otlp_lane *lane = &queue->lanes[signal];
		if (*lane_waiting(lane) && (largest == OTLP_SIGNALS || lane->bytes > queue->lanes[largest].bytes))
			largest = signal;
	}
	if (largest == OTLP_SIGNALS)
		return false;
	struct otlp_lane *lane = &queue->lanes[largest];
	queue->dropped[largest][METRICS_DROP_QUEUE] += queue_remove(queue, lane, lane_waiting(lane));
	return true;
}

bool otlp_queue_has_room(const struct otlp_queue *queue, size_t bytes)
{
	return bytes + OTLP_REQUEST_OVERHEAD <= queue->limit - queue->bytes;
}

void otlp_queue_add(struct otlp_queue *queue, enum otlp_signal signal, struct slice request, uint64_t items)
{
	struct otlp_lane *lane = &queue->lanes[signal];
	bool fits = request.len + OTLP_REQUEST_OVERHEAD <= queue->limit;
	while (fits && !otlp_queue_has_room(queue, request.len))
		fits = queue_make_room(queue);
	struct otlp_queued *queued = fits ? malloc(sizeof *queued + request.len) : NULL;
	if (!queued) {
		queue->dropped[signal][METRICS_DROP_QUEUE] += items;
		return;
	}
	*queued = (struct otlp_queued){.items = items, .len = request.len};
	memcpy(queued->bytes, request.at, request.len);
	*(lane->newest ? &lane->newest->next : &lane->oldest) = queued;
	lane->newest = queued;
	lane->bytes += queued_cost(queued);
	queue->bytes += queued_cost(queued);
}

bool otlp_queue_is_empty(const struct otlp_queue *queue)
{
	return !queue->bytes;
}

bool otlp_queue_is_due(const struct otlp_queue *queue, enum otlp_signal signal, int64_t now)
{
	const struct otlp_lane *lane = &queue->lanes[signal];
	return lane->oldest && !lane->flying && now >= lane->pause;
}

int64_t otlp_queue_next(const struct otlp_queue *queue)
{
	int64_t next = INT64_MAX;
	for (enum otlp_signal signal = 0; signal < OTLP_SIGNALS; signal++) {
		const struct otlp_lane *lane = &queue->lanes[signal];
		if (lane->oldest && !lane->flying && lane->pause < next)
			next = lane->pause;
	}
	return next;
}

/* ---- batches: {"resourceLogs":[A]} and {"resourceLogs":[B]} become {"resourceLogs":[A,B]} */

/* What stands between the request's first bracket and its last; all of it, when it has none: it is sent as it is. */
static struct slice batch_elements(struct slice request)
{
	size_t begin = slice_find_byte(request, '[') + 1, end = slice_find_last(request, SLICE("]}"));
	return begin < end && end < request.len ? slice_of(request.at + begin, end - begin) : slice_of(NULL, 0);
}

bool otlp_queue_begin(struct otlp_queue *queue, enum otlp_signal signal, struct buffer *body, int64_t now)
{
	struct otlp_lane *lane = &queue->lanes[signal];
	if (!lane->oldest || lane->flying)
		return false;
	bool good = buffer_append(body, slice_of(lane->oldest->bytes, lane->oldest->len));
	bool joins = batch_elements(slice_of(lane->oldest->bytes, lane->oldest->len)).len && !lane->alone;
	size_t count = 1;
	for (struct otlp_queued *each = lane->oldest->next; good && joins && each; each = each->next) {
		struct slice more = batch_elements(slice_of(each->bytes, each->len));
		if (!more.len || body->len + 1 + more.len > OTLP_BATCH_BYTES)
			break;
		body->len -= 2;
		good = buffer_append_byte(body, ',') && buffer_append(body, more) && buffer_append_text(body, "]}");
		count++;
	}
	lane->flying = good ? count : 0;
	lane->pause = good ? lane->pause : now + TIMESTAMP_SECOND;
	return good;
}

/* Each item of a batch that was refused may be the one that the collector cannot read: they go one by one. */
static void lane_refuse(struct otlp_queue *queue, enum otlp_signal signal)
{
	struct otlp_lane *lane = &queue->lanes[signal];
	if (lane->flying > 1)
		lane->alone = lane->flying;
	else
		queue->dropped[signal][METRICS_DROP_REFUSED] += queue_remove(queue, lane, &lane->oldest);
	if (lane->flying == 1 && lane->alone)
		lane->alone--;
}

static void lane_deliver(struct otlp_queue *queue, enum otlp_signal signal, uint64_t rejected)
{
	struct otlp_lane *lane = &queue->lanes[signal];
	uint64_t items = 0;
	for (size_t i = 0; i < lane->flying; i++)
		items += queue_remove(queue, lane, &lane->oldest);
	if (rejected > items)
		rejected = items;
	queue->dropped[signal][METRICS_DROP_REFUSED] += rejected;
	queue->delivered[signal] += items - rejected;
	lane->alone -= lane->alone ? 1 : 0;
}

void otlp_queue_settle(
    struct otlp_queue *queue, enum otlp_signal signal, const struct otlp_outcome *outcome, int64_t now)
{
	struct otlp_lane *lane = &queue->lanes[signal];
	if (!lane->flying)
		return;
	lane->retries = outcome->verdict == OTLP_AGAIN ? lane->retries + 1 : 0;
	lane->pause = now;
	if (outcome->verdict == OTLP_DELIVERED)
		lane_deliver(queue, signal, outcome->rejected);
	else if (outcome->verdict == OTLP_REFUSED)
		lane_refuse(queue, signal);
	else
		lane->pause += outcome->retry_after >= 0 ? outcome->retry_after
		                                         : otlp_backoff(lane->retries, outcome->random);
	lane->asked = outcome->verdict == OTLP_AGAIN && outcome->retry_after >= 0;
	lane->flying = 0;
}

void otlp_queue_hurry(struct otlp_queue *queue, int64_t now)
{
	for (enum otlp_signal signal = 0; signal < OTLP_SIGNALS; signal++)
		if (!queue->lanes[signal].asked)
			queue->lanes[signal].pause = now;
}

static void lane_empty(struct otlp_queue *queue, enum otlp_signal signal)
{
	struct otlp_lane *lane = &queue->lanes[signal];
	for (lane->flying = 0; lane->oldest;)
		queue->dropped[signal][METRICS_DROP_EXPIRED] += queue_remove(queue, lane, &lane->oldest);
}

void otlp_queue_give_up(struct otlp_queue *queue)
{
	for (enum otlp_signal signal = 0; signal < OTLP_SIGNALS; signal++)
		lane_empty(queue, signal);
}

void otlp_queue_free(struct otlp_queue *queue)
{
	otlp_queue_give_up(queue);
}

/* ---- answers */

enum otlp_verdict otlp_judge(long status)
{
	if (status == 0 || status == 429 || status == 502 || status == 503 || status == 504)
		return OTLP_AGAIN;
	return status >= 200 && status < 300 ? OTLP_DELIVERED : OTLP_REFUSED;
}

int64_t otlp_backoff(unsigned retries, uint32_t random)
{
	int64_t pause = TIMESTAMP_SECOND;
	const int64_t most = 5 * TIMESTAMP_SECOND;
	for (unsigned i = 1; i < retries && pause < most; i++)
		pause = pause * 3 / 2;
	pause = pause < most ? pause : most;
	return pause * 4 / 5 + (int64_t)(random % 1001) * (pause * 2 / 5) / 1000;
}

static bool retry_take_number(struct slice *text, size_t digits, int64_t *number)
{
	struct slice part = slice_take(*text, digits);
	uint64_t value;
	if (part.len != digits || !digits_take(&part, digits, &value) || part.len)
		return false;
	*number = (int64_t)value;
	*text = slice_drop(*text, digits);
	return true;
}

static bool retry_take_text(struct slice *text, struct slice wanted)
{
	bool good = slice_starts_with(*text, wanted);
	*text = good ? slice_drop(*text, wanted.len) : *text;
	return good;
}

/* Days from 1970-01-01 in the Gregorian calendar; `month` from 0. */
static int64_t retry_count_days(int64_t year, int64_t month, int64_t day)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	bool leaps = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	int64_t past = year - 1;
	return past * 365 + past / 4 - past / 100 + past / 400 - 719162 + before[month] + (leaps && month > 1) + day -
	       1;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool retry_read_date(struct slice text, timestamp *date)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t day, year, hour, minute, second;
	text = slice_drop(text, slice_find_byte(text, ',') + 1);
	if (!retry_take_text(&text, SLICE(" ")) || !retry_take_number(&text, 2, &day) ||
	    !retry_take_text(&text, SLICE(" ")))
		return false;
	size_t month = slice_find(SLICE(months), slice_take(text, 3));
	text = slice_drop(text, 3);
	if (month >= 36 || month % 3 || !retry_take_text(&text, SLICE(" ")) || !retry_take_number(&text, 4, &year) ||
	    !retry_take_text(&text, SLICE(" ")) || !retry_take_number(&text, 2, &hour) ||
	    !retry_take_text(&text, SLICE(":")) || !retry_take_number(&text, 2, &minute) ||
	    !retry_take_text(&text, SLICE(":")) || !retry_take_number(&text, 2, &second) ||
	    !slice_equals(text, SLICE(" GMT")) || year < 1970 || !day || day > 31 || hour > 23 || minute > 59 ||
	    second > 60)
		return false;
	int64_t days = retry_count_days(year, (int64_t)month / 3, day);
	*date = timestamp_of(days * 86400 + hour * 3600 + minute * 60 + second, 0);
	return true;
}

int64_t otlp_read_retry_after(struct slice value, timestamp now)
{
	struct slice rest = value = slice_trim(value);
	uint64_t seconds;
	timestamp date;
	if (digits_take(&rest, 9, &seconds) && !rest.len)
		return (int64_t)seconds < 3600 ? (int64_t)seconds * TIMESTAMP_SECOND : QUEUE_HOUR;
	if (!retry_read_date(value, &date))
		return -1;
	int64_t pause = date - now;
	return pause < 0 ? 0 : pause < QUEUE_HOUR ? pause : QUEUE_HOUR;
}

/* int64 as a string or as a number: ProtoJSON readers take both. */
static uint64_t rejected_read(struct slice token)
{
	int64_t number;
	if (json_kind_of(token) == JSON_STRING)
		token = json_inside_quotes(token);
	return json_read_integer(token, &number) && number > 0 ? (uint64_t)number : 0;
}

uint64_t otlp_read_rejected(struct slice body, enum otlp_signal signal)
{
	static const char *const names[OTLP_SIGNALS] = {[OTLP_METRICS] = "rejectedDataPoints",
	    [OTLP_FINDINGS] = "rejectedLogRecords",
	    [OTLP_TRACES] = "rejectedSpans",
	    [OTLP_EVENTS] = "rejectedLogRecords"};
	struct slice answer, partial, count;
	return json_take_value(&body, &answer) && json_find_member(answer, "partialSuccess", &partial) &&
	               json_find_member(partial, names[signal], &count)
	           ? rejected_read(count)
	           : 0;
}

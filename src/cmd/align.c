/* The passes over several captures before they are merged. */
#include "cmd/align.h"

#include "base/hash.h"
#include "net/encapsulation.h"
#include "net/headers.h"
#include "net/link.h"
#include "source/skew.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
	ALIGN_PASSES = 2,      /* for segments; for events of sessions */
	ALIGN_SHARE = 4,       /* of the memory that is allowed, one part in so many for what passes */
	ALIGN_CONNECTIONS = 4, /* times as many as are followed at once are compared */
	ALIGN_SID = 16,        /* a shorter sid may be another server's as well */
	ALIGN_SAID = 1 << 16,  /* different things said in sessions that are counted */
};

struct align_input {
	const char *name;
	struct source *passes[ALIGN_PASSES]; /* NULL: it is over */
	bool has_no_packets;                 /* a HAR file, a log: it is not compared */
	timestamp first, last;
};

/* How often something was said in a session. */
struct align_said {
	uint64_t key;
	uint64_t count;
	UT_hash_handle hh;
};

struct align {
	const struct options *options;
	struct budget *budget;
	struct engine *engine; /* the run's */
	FILE *const *keylogs;
	bool is_streamed, is_over;
	size_t count, pass, at; /* inputs; under way */
	struct skew *skew;
	struct vantage *vantage;
	struct engine *reader; /* of the second pass, of the input under way */
	struct observer observer;
	const struct observer *observers[1];
	struct secrets_sink secrets;
	struct align_said *said;
	struct skew_result results[SKEW_INPUTS];
	struct clock_line lines[SKEW_INPUTS]; /* by which times are put right */
	struct summary_skew notes[SKEW_INPUTS];
	struct summary_vantage vantages[SKEW_INPUTS];
	struct align_input inputs[SKEW_INPUTS];
};

/* ---- beginning and end */

static bool align_can_be_read_again(const char *path)
{
	struct stat status;
	return strcmp(path, "-") != 0 && stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static bool align_open_passes(struct align *align, size_t nth)
{
	char why[256];
	const char *name = align->inputs[nth].name;
	for (size_t pass = 0; pass < ALIGN_PASSES; pass++) {
		FILE *stream = capture_file_open_stream(name, why, sizeof why);
		align->inputs[nth].passes[pass] = stream ? capture_file_prepare(
		                                               stream, name, align->options->filter, why, sizeof why)
		                                         : NULL;
		if (!align->inputs[nth].passes[pass]) {
			complain("%s: %s", name, why);
			return false;
		}
	}
	return true;
}

bool align_open(struct align **align, const struct options *options)
{
	bool live = options_are_live(options);
	size_t count = live ? options->interface_count : options->read_count;
	*align = NULL;
	if (count < 2)
		return true;
	struct align *made = budget_new(NULL, sizeof *made);
	if (!made) {
		fputs("sioscope: no memory\n", stderr);
		return false;
	}
	*made = (struct align){.options = options, .count = count, .is_streamed = live};
	for (size_t i = 0; i < count; i++) {
		made->inputs[i].first = made->inputs[i].last = TIMESTAMP_NONE;
		made->inputs[i].name = live ? options->interfaces[i] : options->reads[i];
		made->is_streamed = made->is_streamed || !align_can_be_read_again(made->inputs[i].name);
	}
	bool good = true;
	for (size_t i = 0; i < count && good && !made->is_streamed; i++)
		good = align_open_passes(made, i);
	*align = made;
	return good;
}

static void align_forget_said(struct align *align)
{
	struct align_said *said, *next;
	HASH_ITER(hh, align->said, said, next)
	{
		HASH_DEL(align->said, said);
		budget_release(said);
	}
}

static void align_close_pass(struct align *align, size_t nth, size_t pass)
{
	source_free(align->inputs[nth].passes[pass]);
	align->inputs[nth].passes[pass] = NULL;
}

/* What the passes alone need. */
static void align_clear(struct align *align)
{
	for (size_t i = 0; i < align->count; i++)
		for (size_t pass = 0; pass < ALIGN_PASSES; pass++)
			align_close_pass(align, i, pass);
	engine_free(align->reader);
	align->reader = NULL;
	align_forget_said(align);
	skew_free(align->skew);
	align->skew = NULL;
}

void align_free(struct align *align)
{
	if (!align)
		return;
	align_clear(align);
	vantage_free(align->vantage);
	budget_release(align);
}

/* ---- what is compared */

static void align_take_segment(struct align *align, size_t input, const struct packet *packet)
{
	struct ip_packet ip;
	struct segment segment;
	const char *name;
	struct slice network = link_find_network(packet->link_type, packet->bytes);
	if (!network.len || !ip_read_packet(network, &ip))
		return;
	for (int depth = 0; depth < ENCAPSULATION_DEPTH && !ip.fragment; depth++)
		if (encapsulation_open(&ip, &name) != ENCAPSULATION_OPENED)
			break;
	if (ip.fragment || ip.protocol != IP_PROTOCOL_TCP || !tcp_read_segment(ip.payload, ip.missing, &segment))
		return;
	segment.time = packet->time;
	skew_take_segment(align->skew, input, &ip, &segment, packet->time);
	if (align->vantage)
		vantage_note(align->vantage, input, &ip, &segment);
}

/* The nth of equal things said in a session. 0: there is no room to count it. */
static uint64_t align_count_said(struct align *align, uint64_t key)
{
	struct align_said *said;
	HASH_FIND(hh, align->said, &key, sizeof key, said);
	if (said)
		return ++said->count;
	said = HASH_COUNT(align->said) < ALIGN_SAID ? budget_new(align->budget, sizeof *said) : NULL;
	if (!said)
		return 0;
	*said = (struct align_said){.key = key, .count = 1};
	HASH_ADD(hh, align->said, key, sizeof said->key, said);
	if (hash_has(said))
		return 1;
	budget_note_refusal(align->budget);
	budget_release(said);
	return 0;
}

static uint64_t align_add_slice(uint64_t hash, struct slice slice)
{
	hash = fnv_add(hash, &slice.len, sizeof slice.len);
	return slice.len ? fnv_add(hash, slice.at, slice.len) : hash;
}

/* What is said once can be counted wherever the session is joined; what repeats, only from its beginning and without a
 * gap. A ping and its pong are always repeated. */
static bool align_is_counted(const struct event *event)
{
	const struct session *session = event->session;
	bool repeats = event->kind == EVENT_PING || event->kind == EVENT_PONG;
	return event_is_packet(event) && session && session->sid_len >= ALIGN_SID && !session->gaps &&
	       !event->incomplete && !event->unreadable && (!repeats || session->handshake_seen);
}

static void align_take_event(void *self, const struct event *event)
{
	struct align *align = self;
	if (!align_is_counted(event))
		return;
	const struct event_packet *packet = event_packet(event);
	uint64_t session = align_add_slice(FNV_START, slice_of(event->session->sid, event->session->sid_len));
	uint32_t what[] = {event->kind, event->direction, event->transport};
	uint64_t key = fnv_add(session, what, sizeof what);
	key = align_add_slice(key, packet->nsp);
	key = align_add_slice(key, packet->name);
	key = align_add_slice(key, packet->ack);
	key = align_add_slice(key, packet->data);
	uint64_t nth = align_count_said(align, key);
	key = fnv_add(key, &nth, sizeof nth);
	if (nth)
		skew_take_event(
		    align->skew, align->at, session, event->direction == DIRECTION_TO_SERVER, key, event->origin.time);
}

static void align_take_secrets(void *self, struct slice text)
{
	struct align *align = self;
	engine_take_secrets(align->reader, text, true);
}

static void align_read_keylogs(struct align *align)
{
	char text[8192];
	size_t len;
	for (size_t i = 0; i < align->options->keylog_count; i++) {
		rewind(align->keylogs[i]);
		while ((len = fread(text, 1, sizeof text, align->keylogs[i])) > 0)
			engine_take_secrets(align->reader, slice_of(text, len), false);
		engine_take_secrets(align->reader, SLICE("\n"), true);
	}
}

/* ---- the passes */

bool align_begin(struct align *align, struct engine *engine, FILE *const *keylogs)
{
	const struct limits *limits = engine_limits(engine);
	align->engine = engine;
	align->budget = engine_budget(engine);
	align->keylogs = keylogs;
	align->observer = (struct observer){.self = align, .event = align_take_event};
	align->observers[0] = &align->observer;
	align->secrets = (struct secrets_sink){.self = align, .take = align_take_secrets};
	align->skew = skew_new(align->count, limits->memory / ALIGN_SHARE, align->budget);
	if (!align->is_streamed)
		align->vantage = vantage_new(limits->connections * ALIGN_CONNECTIONS, align->budget);
	return align->skew && (align->is_streamed || align->vantage);
}

/* False: it is none that is compared, or it cannot be read; of that the reading itself speaks. */
static bool align_begin_source(struct align *align, struct source *source)
{
	char why[256];
	source->budget = align->budget;
	source->limits = engine_limits(align->engine);
	source->log_tables = align->options->log_table;
	if (align->pass > 0) {
		align->reader = engine_new(source->limits, align->observers, 1);
		if (!align->reader) {
			budget_note_refusal(align->budget);
			return false;
		}
		align_read_keylogs(align);
		source->secrets = &align->secrets;
	}
	bool good = capture_file_begin(source, why, sizeof why);
	if (!good) /* which the reading itself will name, unless it was for memory that is there by then */
		budget_note_refusal(align->budget);
	align->inputs[align->at].has_no_packets = source->recorder || source->logger;
	return good && !align->inputs[align->at].has_no_packets;
}

static void align_end_source(struct align *align)
{
	if (align->reader) {
		engine_end(align->reader);
		align->budget->refused += engine_budget(align->reader)->refused;
	}
	engine_free(align->reader);
	align->reader = NULL;
	align_forget_said(align);
	align_close_pass(align, align->at, align->pass);
	align->at++;
}

/* Reads on in the input under way; false: it is over. */
static bool align_read(struct align *align, struct source *source, size_t packets)
{
	struct packet packet;
	while (packets--) {
		if (source_next(source, &packet) != SOURCE_PACKET)
			return false;
		if (packet.recorded || packet.logged)
			continue;
		timestamp_widen(&align->inputs[align->at].first, &align->inputs[align->at].last, packet.time);
		if (align->pass == 0)
			align_take_segment(align, align->at, &packet);
		else
			engine_take_packet(align->reader, &packet);
	}
	return true;
}

/* Does an input share no segment with the others, so that events of sessions are looked for? */
static bool align_lacks_some(const struct align *align)
{
	for (size_t i = 0; i < align->count; i++)
		if (align->results[i].state == SKEW_UNKNOWN && !align->inputs[i].has_no_packets)
			return true;
	return false;
}

static timestamp align_correct(const void *self, size_t input, timestamp time)
{
	const struct align *align = self;
	return clock_line_correct(&align->lines[input], time);
}

/* What the user says of an input takes the estimate's place. */
static void align_choose_lines(struct align *align)
{
	const struct options *options = align->options;
	for (size_t i = 0; i < align->count && !options->skew_none; i++)
		if (align->results[i].state == SKEW_KNOWN)
			align->lines[i] = align->results[i].line;
	for (size_t i = 0; i < options->skew_count; i++) {
		const struct option_skew *skew = &options->skews[i];
		align->lines[options_find_read(options, skew->input)] = (struct clock_line){.offset = skew->offset};
	}
}

static void align_apply(struct align *align, struct source *merged)
{
	const struct options *options = align->options;
	struct vantage_clock clock = {.self = align, .correct = align_correct};
	size_t input = options->vantage ? options_find_read(options, slice_of_text(options->vantage)) : 0;
	align_choose_lines(align);
	for (size_t i = 0; i < align->count; i++) {
		const struct align_input *file = &align->inputs[i];
		merge_set_clock(merged, i, &align->lines[i]);
		if (file->first != TIMESTAMP_NONE)
			engine_set_window(align->engine, i, align_correct(align, i, file->first),
			    align_correct(align, i, file->last));
	}
	vantage_settle(align->vantage, clock, options->vantage_point, input);
	engine_set_vantage(align->engine, align->vantage);
}

bool align_step(struct align *align, struct source *merged, size_t packets)
{
	if (align->is_streamed || align->is_over)
		return true;
	if (align->at < align->count) {
		struct source *source = align->inputs[align->at].passes[align->pass];
		bool begins = !source->counts.packets && !align->reader;
		if ((begins && !align_begin_source(align, source)) || !align_read(align, source, packets))
			align_end_source(align);
		return false;
	}
	skew_solve(align->skew, align->results);
	if (++align->pass < ALIGN_PASSES && align_lacks_some(align)) {
		align->at = 0;
		return false;
	}
	align->is_over = true;
	align_apply(align, merged);
	align_clear(align);
	return true;
}

void align_watch(struct align *align, const struct packet *packet)
{
	if (align->is_streamed && !packet->probed && !packet->recorded && !packet->logged)
		align_take_segment(align, packet->input, packet);
}

void align_finish(struct align *align)
{
	if (align->is_streamed && align->skew)
		skew_solve(align->skew, align->results);
}

/* ---- for the report */

static const struct option_skew *align_find_option(const struct align *align, size_t input)
{
	const struct options *options = align->options;
	for (size_t i = 0; i < options->skew_count; i++)
		if (options_find_read(options, options->skews[i].input) == input)
			return &options->skews[i];
	return NULL;
}

static struct summary_way align_way_of(const struct skew_way *way)
{
	return (struct summary_way){way->seen, way->lost, way->least, way->median, way->most};
}

static const char *align_name(const struct align *align, size_t input)
{
	const char *name = align->inputs[input].name;
	return strcmp(name, "-") == 0 ? "stdin" : name;
}

static struct summary_skew align_note_of(const struct align *align, size_t input)
{
	const struct skew_result *result = &align->results[input];
	const struct option_skew *given = align_find_option(align, input);
	struct summary_skew note = {.input = align_name(align, input),
	    .to = align_name(align, 0),
	    .peer = align_name(align, result->peer),
	    .is_known = result->state == SKEW_KNOWN,
	    .is_contradicted = result->state == SKEW_CONTRADICTED,
	    .is_given = given,
	    .is_corrected = given || (!align->is_streamed && !align->options->skew_none),
	    .is_streamed = align->is_streamed,
	    .by_events = result->by_events,
	    .matches = result->matches,
	    .offset = result->line.offset,
	    .bound = result->bound,
	    .drift = result->line.drift,
	    .ways = {align_way_of(&result->ways[0]), align_way_of(&result->ways[1])}};
	if (!given)
		return note;
	note.is_known = true;
	note.offset = given->offset;
	note.bound = TIMESTAMP_NONE;
	note.drift = 0;
	return note;
}

void align_note(struct align *align, struct summary_input *input)
{
	const struct vantage_counts *counts = align->vantage ? vantage_counts(align->vantage) : NULL;
	input->skews = align->notes;
	input->vantages = align->vantages;
	input->vantage_count = 0;
	input->skew_count = 0;
	for (size_t i = 1; i < align->count; i++)
		if (align->results[i].state != SKEW_UNKNOWN || align_find_option(align, i))
			align->notes[input->skew_count++] = align_note_of(align, i);
	for (size_t i = 0; counts && i < align->count; i++)
		if (counts->chosen[i])
			align->vantages[input->vantage_count++] = (struct summary_vantage){
			    align_name(align, i), counts->chosen[i]};
}

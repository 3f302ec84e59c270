/* The sender process: one loop over the pipe, the network and the scrapes. It writes nothing but counters. */
#include "cmd/otlp_loop.h"

#include "base/text.h"
#include "cmd/options.h"
#include "cmd/otlp_post.h"
#include "cmd/process.h"
#include "platform/system.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* Room for a request that comes, and for one that is being read. */
#define SENDER_FREE ((size_t)2 * OTLP_BATCH_BYTES)

enum { SENDER_FILES = 2 + METRICS_CLIENTS, SENDER_READ = 64 << 10, SENDER_WAIT = 60000 /* milliseconds */ };

struct serving {
	const struct sender_loop *loop;
	struct otlp_poster *poster; /* NULL: scrapes alone */
	struct otlp_queue queue;
	struct metrics_listener listener;
	struct buffer input, body;
	bool is_refused;  /* a request was, for good: that is what the report says, not what failed later */
	bool is_over;     /* nothing more comes through the pipe */
	int64_t deadline; /* once it is over */
	int64_t progress; /* when the collector took something last, or this began */
};

/* ---- the pipe */

static size_t serving_most(uint32_t kind)
{
	return kind < SENDER_PAGES ? OTLP_BATCH_BYTES + (64 << 10) : kind < SENDER_END ? SENDER_PAGE_BYTES : 0;
}

static void serving_end(struct serving *serving)
{
	if (serving->is_over)
		return;
	serving->is_over = true;
	serving->deadline = clock_now() + otlp_environment_longest(serving->loop->environment);
	otlp_queue_hurry(&serving->queue, clock_now());
}

static void serving_take(struct serving *serving, const struct sender_frame *frame, struct slice bytes)
{
	if (frame->kind == SENDER_END)
		serving_end(serving);
	else if (frame->kind >= SENDER_PAGES)
		metrics_listener_publish(&serving->listener, (enum metrics_form)(frame->kind - SENDER_PAGES), bytes);
	else if (serving->poster)
		otlp_queue_add(&serving->queue, (enum otlp_signal)frame->kind, bytes, frame->items);
}

/* The process at the other end parses packets: a hostile capture may control it. A frame that is not valid ends the
 * input. */
static void serving_take_frames(struct serving *serving)
{
	struct slice rest = buffer_slice(&serving->input);
	struct sender_frame frame;
	while (rest.len >= sizeof frame && !serving->is_over) {
		memcpy(&frame, rest.at, sizeof frame);
		if (frame.kind >= SENDER_KINDS || frame.len > serving_most(frame.kind)) {
			serving_end(serving);
			break;
		}
		if (rest.len - sizeof frame < frame.len)
			break;
		serving_take(serving, &frame, slice_of(rest.at + sizeof frame, frame.len));
		rest = slice_drop(rest, sizeof frame + frame.len);
	}
	buffer_drop_front(&serving->input, serving->input.len - rest.len);
}

static void serving_read(struct serving *serving)
{
	if (!buffer_reserve(&serving->input, SENDER_READ))
		return;
	ssize_t len = read(serving->loop->pipe, serving->input.at + serving->input.len, SENDER_READ);
	if (len < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (len > 0)
		serving->input.len += (size_t)len;
	else
		serving_end(serving);
	serving_take_frames(serving);
}

/* A capture is always read. A back-fill is read as fast as the collector takes it; when the collector has taken nothing
 * for the time of an export, it is read anyway, and the queue drops its oldest. */
static bool serving_wants_more(const struct serving *serving, int64_t now)
{
	bool held = !options_are_live(serving->loop->options) && !otlp_queue_has_room(&serving->queue, SENDER_FREE) &&
	            now - serving->progress < otlp_environment_longest(serving->loop->environment);
	return !serving->is_over && !held;
}

/* ---- the network */

/* No secret, and nothing that must be unforeseeable. */
static uint32_t serving_random(void)
{
	uint32_t number = 0;
	platform_fill_random(&number, sizeof number);
	return number;
}

static void serving_send(struct serving *serving, int64_t now)
{
	for (enum otlp_signal signal = 0; serving->poster && signal < OTLP_SIGNALS; signal++) {
		if (!otlp_queue_is_due(&serving->queue, signal, now))
			continue;
		int64_t timeout = serving->loop->environment->targets[signal].timeout;
		if (serving->is_over && timeout > serving->deadline - now)
			timeout = serving->deadline - now;
		buffer_clear(&serving->body);
		bool begun = otlp_queue_begin(&serving->queue, signal, &serving->body, now);
		const struct otlp_outcome failed = {
		    .verdict = OTLP_AGAIN, .retry_after = -1, .random = serving_random()};
		if (begun && !otlp_poster_begin(serving->poster, signal, buffer_slice(&serving->body), timeout))
			otlp_queue_settle(&serving->queue, signal, &failed, now);
	}
}

static void serving_note(struct serving *serving)
{
	struct sender_board *board = serving->loop->board;
	for (enum otlp_signal signal = 0; signal < OTLP_SIGNALS; signal++) {
		atomic_store(&board->delivered[signal], serving->queue.delivered[signal]);
		for (enum metrics_drop drop = 0; drop < METRICS_DROPS; drop++)
			atomic_store(&board->dropped[signal][drop], serving->queue.dropped[signal][drop]);
	}
}

static void serving_settle(struct serving *serving)
{
	struct otlp_answer answer;
	while (serving->poster && otlp_poster_take(serving->poster, &answer)) {
		const struct otlp_outcome outcome = {.verdict = otlp_judge(answer.status),
		    .rejected = answer.rejected,
		    .retry_after = answer.retry_after,
		    .random = serving_random()};
		int64_t now = clock_now();
		if (outcome.verdict == OTLP_DELIVERED)
			serving->progress = now;
		else if (outcome.verdict == OTLP_REFUSED || !serving->is_refused)
			memcpy(serving->loop->board->why, answer.why, sizeof answer.why);
		serving->is_refused |= outcome.verdict == OTLP_REFUSED;
		otlp_queue_settle(&serving->queue, answer.signal, &outcome, now);
	}
}

/* ---- the loop */

static void serving_ask(void *self, enum metrics_form form)
{
	const struct serving *serving = self;
	atomic_fetch_add(&serving->loop->board->scrapes[form], 1);
}

static int serving_pause(const struct serving *serving, int64_t now)
{
	int64_t next = otlp_queue_next(&serving->queue), other = metrics_listener_next(&serving->listener);
	next = other < next ? other : next;
	next = serving->is_over && serving->deadline < next ? serving->deadline : next;
	if (next <= now)
		return 0;
	int64_t pause = (next - now) / TIMESTAMP_MILLISECOND + 1;
	return pause < SENDER_WAIT ? (int)pause : SENDER_WAIT;
}

static void serving_wait(struct serving *serving)
{
	struct pollfd files[SENDER_FILES];
	int64_t now = clock_now();
	bool reads = serving_wants_more(serving, now);
	/* While the pipe is not read, this looks again soon: the collector may have made room, or have stopped. */
	int pause = serving_pause(serving, now), most = reads || serving->is_over ? SENDER_WAIT : 100;
	files[0] = (struct pollfd){reads ? serving->loop->pipe : -1, POLLIN, 0};
	size_t count = 1 + metrics_listener_files(&serving->listener, files + 1);
	pause = pause < most ? pause : most;
	if (serving->poster)
		otlp_poster_wait(serving->poster, files, count, pause);
	else
		poll(files, (nfds_t)count, pause);
	if (files[0].revents)
		serving_read(serving);
	metrics_listener_step(&serving->listener, files + 1, count - 1, clock_now(), serving_ask, serving);
}

/* All is delivered, or nothing of what waits may be tried before the time is over. */
static bool serving_is_done(const struct serving *serving, int64_t now)
{
	bool flies = false;
	for (enum otlp_signal signal = 0; signal < OTLP_SIGNALS; signal++)
		flies |= serving->queue.lanes[signal].flying > 0;
	return serving->is_over && (otlp_queue_is_empty(&serving->queue) || now >= serving->deadline ||
	                               (!flies && otlp_queue_next(&serving->queue) >= serving->deadline));
}

static void serving_go(struct serving *serving)
{
	while (!serving_is_done(serving, clock_now())) {
		serving_send(serving, clock_now());
		serving_wait(serving);
		serving_settle(serving);
		serving_note(serving);
	}
	otlp_queue_give_up(&serving->queue);
	serving_note(serving);
}

/* ---- beginning */

/* The signals that end a capture are for the process that parses, whose end is the end of this one. stdin is not
 * needed, and stdout is where reports go. */
static void serving_stand_aside(void)
{
	sigset_t signals;
	int nothing = open("/dev/null", O_RDWR);
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGQUIT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	dup2(nothing, STDIN_FILENO);
	dup2(nothing, STDOUT_FILENO);
	if (nothing > STDERR_FILENO)
		close(nothing);
}

_Noreturn void sender_loop_run(const struct sender_loop *loop)
{
	struct serving serving = {.loop = loop, .progress = clock_now()};
	serving_stand_aside();
	if (loop->options->sends) {
		char why[OTLP_WHY] = "";
		serving.poster = otlp_poster_new(loop->environment, why);
		if (!serving.poster) {
			complain("--otlp: %s", why);
			_exit(EXIT_UNABLE);
		}
	}
	buffer_init(&serving.input, SENDER_PAGE_BYTES + SENDER_READ + sizeof(struct sender_frame), NULL);
	buffer_init(&serving.body, BUFFER_NO_LIMIT, NULL);
	otlp_queue_init(&serving.queue, loop->options->limits.export);
	metrics_listener_init(&serving.listener, loop->listener, SENDER_PAGE_BYTES);
	if (!privileges_drop_to_network(loop->options))
		_exit(EXIT_UNABLE);
	if (write(loop->ready, "", 1) != 1)
		_exit(EXIT_UNABLE);
	close(loop->ready);
	serving_go(&serving);
	_exit(EXIT_DONE);
}

/*
 * This process's side: the beginning, frames into a pipe, counters out of shared memory. The sender's own side is
 * otlp_loop.c.
 */
#include "cmd/otlp_sender.h"

#include "base/text.h"
#include "cmd/otlp_loop.h"
#include "cmd/otlp_post.h"
#include "cmd/process.h"
#include "cmd/supervisor.h"
#include "platform/system.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SENDER_PIPE = 1 << 20,   /* bytes that the kernel is asked to hold; without privileges 1 MiB is the most */
	SENDER_UNSENT = 4 << 20, /* bytes that wait here beside it */
	SENDER_TICK = 100,       /* milliseconds between two looks at a sender that does not read */
};

/* What it may need beyond its own time: the last try, and ending. */
#define SENDER_GRACE (2 * TIMESTAMP_SECOND)

bool otlp_sender_is_wanted(const struct options *options)
{
	return options->sends || options->metrics_listen;
}

/* ---- frames */

/* As much as the pipe takes now. False: nobody reads it any more. */
static bool sender_push(struct otlp_sender *sender)
{
	while (sender->pipe >= 0 && sender->unsent.len) {
		ssize_t len = write(sender->pipe, sender->unsent.at, sender->unsent.len);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0 && errno == EAGAIN)
			return true;
		if (len <= 0) {
			close(sender->pipe);
			sender->pipe = -1;
			return false;
		}
		buffer_drop_front(&sender->unsent, (size_t)len);
	}
	return sender->pipe >= 0;
}

/* Until all is in the pipe; `deadline` 0: however long that takes. */
static void sender_push_all(struct otlp_sender *sender, int64_t deadline)
{
	while (sender_push(sender) && sender->unsent.len && (!deadline || clock_now() < deadline)) {
		struct pollfd room = {sender->pipe, POLLOUT, 0};
		poll(&room, 1, SENDER_TICK);
	}
}

/* False: there was no room for it. */
static bool sender_write(struct otlp_sender *sender, uint32_t kind, struct slice bytes, uint64_t items)
{
	const struct sender_frame frame = {kind, (uint32_t)bytes.len, items};
	if (sender->waits)
		sender_push_all(sender, 0);
	else
		sender_push(sender);
	if (sender->pipe < 0 || sender->unsent.limit - sender->unsent.len < sizeof frame + bytes.len)
		return false;
	size_t before = sender->unsent.len;
	bool good = buffer_append(&sender->unsent, slice_of(&frame, sizeof frame)) &&
	            buffer_append(&sender->unsent, bytes);
	if (!good) { /* no memory: half a frame is none */
		sender->unsent.len = before;
		sender->unsent.truncated = false;
	}
	sender_push(sender);
	return good;
}

void otlp_sender_take(struct otlp_sender *sender, enum otlp_signal signal, struct slice request, uint64_t items)
{
	sender->taken[signal] += items;
	if (!sender_write(sender, (uint32_t)signal, request, items))
		sender->dropped[signal] += items;
}

void otlp_sender_step(struct otlp_sender *sender)
{
	sender_push(sender);
}

/* ---- scrapes */

bool otlp_sender_is_asked(struct otlp_sender *sender, enum metrics_form form)
{
	uint32_t asked = atomic_load(&sender->board->scrapes[form]);
	bool is_new = asked != sender->scrapes[form];
	sender->scrapes[form] = asked;
	return is_new;
}

void otlp_sender_publish(struct otlp_sender *sender, enum metrics_form form, struct slice text)
{
	sender_write(sender, SENDER_PAGES + (uint32_t)form, text, 0);
}

/* ---- what was lost */

uint64_t otlp_sender_dropped(const struct otlp_sender *sender, enum otlp_signal signal, enum metrics_drop drop)
{
	uint64_t items = atomic_load(&sender->board->dropped[signal][drop]);
	if (drop == METRICS_DROP_PIPE)
		items += sender->dropped[signal];
	if (drop == METRICS_DROP_EXPIRED)
		items += sender->missing[signal];
	return items;
}

const char *otlp_sender_why(const struct otlp_sender *sender, char text[OTLP_WHY])
{
	snprintf(text, OTLP_WHY, "%.*s", OTLP_WHY - 1, sender->board->why);
	return text;
}

/* ---- beginning */

static bool sender_fail(const char *what)
{
	complain("%s: %s", what, strerror(errno));
	return false;
}

/* False: a line on stderr says what is wrong. */
static bool sender_read_environment(struct otlp_sender *sender, struct options *options)
{
	char why[OTLP_WHY];
	if (!otlp_environment_read(&sender->environment, options->otlp_url, options->sends, getenv, why)) {
		complain("%s", why);
		return false;
	}
	if (options->sends && sender->environment.disabled)
		complain("OTEL_SDK_DISABLED=true: nothing is exported (--otlp)");
	if (sender->environment.disabled)
		options->sends = false;
	if (options->sends && otlp_post_missing())
		complain("--otlp: %s", otlp_post_missing());
	return !options->sends || !otlp_post_missing();
}

/* -1: a line on stderr says why; -2: none is wanted. */
static int sender_listen(const struct options *options)
{
	struct metrics_address address;
	char why[METRICS_WHY];
	if (!options->metrics_listen)
		return -2;
	int socket = -1;
	if (metrics_address_read(options->metrics_listen, &address, why))
		socket = metrics_listen(&address, why);
	if (socket < 0)
		complain("--metrics-listen: %s", why);
	return socket;
}

static bool pipe_make(int ends[2])
{
	if (pipe(ends) != 0)
		return false;
	for (size_t i = 0; i < 2; i++)
		fcntl(ends[i], F_SETFD, FD_CLOEXEC);
	return true;
}

/* Only the sender writes the board: a hostile capture may control this process. */
static bool sender_fork(
    struct otlp_sender *sender, const struct options *options, int listener, int frames[2], int ready[2])
{
	struct sender_loop loop = {
	    .options = options, .environment = &sender->environment, .board = sender->board, .listener = listener};
	fflush(NULL);
	sender->process = fork();
	if (sender->process == 0) {
		close(frames[1]);
		close(ready[0]);
		supervisor_leave(options);
		loop.pipe = frames[0];
		loop.ready = ready[1];
		sender_loop_run(&loop);
	}
	return sender->process > 0 || sender_fail("a process that sends (--otlp, --metrics-listen)");
}

static void pipe_use(int file)
{
	fcntl(file, F_SETFL, O_NONBLOCK);
#ifdef F_SETPIPE_SZ
	fcntl(file, F_SETPIPE_SZ, SENDER_PIPE); /* refused: it stays as large as it is */
#endif
}

/* True: it has all that it needs, and has given up the rest. It says itself what is wrong. */
static bool sender_await(int file)
{
	char byte = 0;
	ssize_t len;
	do
		len = read(file, &byte, 1);
	while (len < 0 && errno == EINTR);
	return len == 1;
}

static bool sender_start(struct otlp_sender *sender, const struct options *options, int listener)
{
	int frames[2], ready[2];
	if (!pipe_make(frames))
		return sender_fail("a pipe");
	if (!pipe_make(ready)) {
		close(frames[0]);
		close(frames[1]);
		return sender_fail("a pipe");
	}
	sender->pipe = frames[1];
	pipe_use(sender->pipe);
	bool good = sender_fork(sender, options, listener, frames, ready);
	close(frames[0]);
	close(ready[1]);
	good = good && sender_await(ready[0]);
	close(ready[0]);
	return good;
}

bool otlp_sender_begin(struct otlp_sender *sender, struct options *options)
{
	if (!otlp_sender_is_wanted(options))
		return true;
	*sender = (struct otlp_sender){.pipe = -1, .waits = !options_are_live(options)};
	buffer_init(&sender->unsent, SENDER_UNSENT, NULL);
	options->sender = sender;
	if (!sender_read_environment(sender, options))
		return false;
	int listener = otlp_sender_is_wanted(options) ? sender_listen(options) : -2;
	if (listener == -1)
		return false;
	sender->board = mmap(NULL, sizeof *sender->board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sender->board == MAP_FAILED) {
		sender->board = NULL;
		return sender_fail("memory");
	}
	bool good = sender_start(sender, options, listener);
	if (listener >= 0)
		close(listener);
	otlp_environment_forget_secrets(&sender->environment, getenv);
	return good && (mprotect(sender->board, sizeof *sender->board, PROT_READ) == 0 || sender_fail("memory"));
}

/* ---- the end */

static int64_t sender_patience(const struct otlp_sender *sender)
{
	return otlp_environment_longest(&sender->environment) + SENDER_GRACE;
}

/* It ends by itself; one that does not (it was stopped) is not waited for: it ends with this process. */
static void sender_reap(struct otlp_sender *sender, int64_t deadline)
{
	const struct timespec tick = {.tv_nsec = SENDER_TICK * TIMESTAMP_MILLISECOND / 10};
	pid_t ended = 0;
	while (ended == 0 && clock_now() < deadline) {
		ended = waitpid(sender->process, NULL, WNOHANG);
		if (ended < 0 && errno == EINTR)
			ended = 0;
		if (ended == 0)
			nanosleep(&tick, NULL);
	}
	sender->process = 0;
}

/* Each item that was taken was delivered or dropped. */
static void sender_settle(struct otlp_sender *sender)
{
	for (enum otlp_signal signal = 0; signal < OTLP_SIGNALS; signal++) {
		uint64_t known = atomic_load(&sender->board->delivered[signal]);
		for (enum metrics_drop drop = 0; drop < METRICS_DROPS; drop++)
			known += otlp_sender_dropped(sender, signal, drop);
		sender->missing[signal] = sender->taken[signal] > known ? sender->taken[signal] - known : 0;
	}
}

void otlp_sender_end(struct otlp_sender *sender)
{
	int64_t deadline = clock_now() + sender_patience(sender);
	if (!sender->process)
		return;
	sender->waits = false;
	sender->unsent.limit = BUFFER_NO_LIMIT; /* the word for the end always has room */
	sender_write(sender, SENDER_END, slice_of(NULL, 0), 0);
	sender_push_all(sender, deadline);
	if (sender->pipe >= 0)
		close(sender->pipe);
	sender->pipe = -1;
	sender_reap(sender, deadline);
	sender_settle(sender);
}

void otlp_sender_free(struct options *options)
{
	struct otlp_sender *sender = options->sender;
	options->sender = NULL;
	if (!sender)
		return;
	if (sender->board)
		otlp_sender_end(sender);
	if (sender->pipe >= 0)
		close(sender->pipe);
	if (sender->board)
		munmap(sender->board, sizeof *sender->board);
	buffer_free(&sender->unsent);
	otlp_environment_free(&sender->environment);
}

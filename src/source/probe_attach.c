/*
 * Attaches probes to TLS libraries, to each process that is watched: no other process meets them. What comes later is
 * the attacher's: a process that is forked off before privileges are dropped, and that ends when nobody reads its
 * notices any more.
 */
#include "base/text.h"
#include "bpf/records.h"
#include "platform/sandbox.h"
#include "source/probe_parts.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ATTACH_LINKS = 3 + 2 * GO_RETURNS }; /* of Go's three functions, two with returns */
enum { ATTACH_FILES = 4096 };               /* programs are made and run without end: then they are looked at again */

/* The links to one file, for one process. */
struct attached {
	int process;
	dev_t device;
	ino_t inode;
	struct bpf_link *links[ATTACH_LINKS];
	size_t count; /* 0: it has no SSL_read, or was refused */
};

/* A process that has opened a library, which it maps next. */
struct attach_wait {
	uint32_t process;
	int64_t since; /* monotonic milliseconds */
};

/* Milliseconds: how long the library is looked for, and how long it is until the next look while so many are over. */
enum { ATTACH_WAITS = 64, ATTACH_PATIENCE = 2000 };
enum { ATTACH_TURN = 64 }; /* arrivals that are taken before the pipe is looked at: they may come without end */
static const struct {
	int64_t before;
	int pause;
} attach_pauses[] = {{20, 1}, {200, 10}, {ATTACH_PATIENCE, 100}};

struct probe_attach {
	struct probe_programs programs;
	struct attached *list;
	size_t count, room;
	uint64_t refused; /* files */
	int why;          /* errno of the last */
	int current;      /* whose files are looked at */
	size_t libraries; /* that were among them */
	int pipe;         /* the attacher's: to write notices; else to read them; -1: there is none */
	int life; /* a pipe that nothing goes through: when this end of it is closed, the attacher ends; or -1 */
	struct attach_wait waits[ATTACH_WAITS];
	size_t wait_count;
	size_t turn; /* arrivals that this turn has taken */
};

/* ---- one file */

static void attached_free(struct attached *attached)
{
	for (size_t i = 0; i < attached->count; i++)
		bpf_link__destroy(attached->links[i]);
	attached->count = 0;
}

static bool attached_add_place(
    struct attached *attached, const struct bpf_program *program, const char *path, uint64_t offset, bool at_return)
{
	LIBBPF_OPTS(bpf_uprobe_opts, options, .retprobe = at_return);
	struct bpf_link *link = bpf_program__attach_uprobe_opts(program, attached->process, path, offset, &options);
	if (link)
		attached->links[attached->count++] = link;
	return link;
}

/* A library without the _ex kind is older than OpenSSL 1.1.1. */
static bool attached_add_openssl(struct attached *attached, const struct probe_programs *programs, const char *path,
    const uint64_t symbols[PROBE_SYMBOLS])
{
	const struct {
		const struct bpf_program *program;
		enum probe_symbol symbol;
		bool at_return;
	} probes[] = {
	    {programs->returned, PROBE_SSL_READ, true},
	    {programs->read, PROBE_SSL_READ, false},
	    {programs->returned, PROBE_SSL_WRITE, true},
	    {programs->write, PROBE_SSL_WRITE, false},
	    {programs->returned, PROBE_SSL_READ_EX, true},
	    {programs->read_ex, PROBE_SSL_READ_EX, false},
	    {programs->returned, PROBE_SSL_WRITE_EX, true},
	    {programs->write_ex, PROBE_SSL_WRITE_EX, false},
	    {programs->shaken, PROBE_SSL_DO_HANDSHAKE, false},
	    {programs->freed, PROBE_SSL_FREE, false},
	};
	_Static_assert(sizeof probes / sizeof *probes <= ATTACH_LINKS, "each has a place");
	bool good = true;
	for (size_t i = 0; good && i < sizeof probes / sizeof *probes; i++) {
		uint64_t offset = symbols[probes[i].symbol];
		good = !offset || attached_add_place(attached, probes[i].program, path, offset, probes[i].at_return);
	}
	return good;
}

static bool attached_add_go(
    struct attached *attached, const struct probe_programs *programs, const char *path, const struct probe_go *go)
{
	const struct bpf_program *const entered[GO_FUNCTIONS] = {
	    [GO_READ] = programs->go_read, [GO_WRITE] = programs->go_write, [GO_CLOSE] = programs->go_closed};
	bool good = true;
	for (size_t i = 0; good && i < GO_FUNCTIONS; i++) {
		const struct go_function *function = &go->functions[i];
		for (size_t j = 0; good && i != GO_CLOSE && j < function->return_count; j++)
			good = attached_add_place(attached, programs->go_returned, path, function->returns[j], false);
		good = good && attached_add_place(attached, entered[i], path, function->entry, false);
	}
	return good;
}

/* False: nothing is attached, for there is nothing to attach to (ENOENT), or errno says why. */
static bool attached_add(struct attached *attached, const struct probe_programs *programs, int file)
{
	struct probe_places places;
	char path[64]; /* by its own path, which is its process's, it may be another file meanwhile */
	if (!probe_places_find(&places, file))
		return false;
	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	bool good = places.is_openssl ? attached_add_openssl(attached, programs, path, places.symbols)
	                              : attached_add_go(attached, programs, path, &places.go);
	int error = errno;
	if (!good)
		attached_free(attached);
	errno = error;
	return good;
}

static struct attached *attach_find(struct probe_attach *attach, const struct stat *file)
{
	for (size_t i = 0; i < attach->count; i++) {
		struct attached *each = &attach->list[i];
		if (each->process == attach->current && each->device == file->st_dev && each->inode == file->st_ino)
			return each;
	}
	return NULL;
}

/* Those that nothing was attached to, which are kept so that they are read once. */
static void attach_forget_bare(struct probe_attach *attach)
{
	size_t kept = 0;
	for (size_t i = 0; i < attach->count; i++)
		if (attach->list[i].count)
			attach->list[kept++] = attach->list[i];
	attach->count = kept;
}

/* NULL: no memory. */
static struct attached *attach_add(struct probe_attach *attach, const struct stat *file)
{
	if (attach->count >= ATTACH_FILES && attach->count % ATTACH_FILES == 0)
		attach_forget_bare(attach);
	if (attach->count == attach->room) {
		size_t room = attach->room ? attach->room * 2 : 16;
		struct attached *grown = realloc(attach->list, room * sizeof *grown);
		if (!grown)
			return NULL;
		attach->list = grown;
		attach->room = room;
	}
	struct attached *added = &attach->list[attach->count++];
	*added = (struct attached){.process = attach->current, .device = file->st_dev, .inode = file->st_ino};
	return added;
}

static void attach_refuse(struct probe_attach *attach, int error)
{
	attach->refused++;
	attach->why = error;
}

/* A process that has ended is none to complain of. */
static void attach_file(void *self, const char *path)
{
	struct probe_attach *attach = self;
	struct stat status;
	attach->libraries += strstr(path, "/libssl") != NULL;
	int file = probe_targets_open(path, &status);
	if (file >= 0 && !attach_find(attach, &status)) {
		struct attached *added = attach_add(attach, &status);
		if (!added)
			attach_refuse(attach, ENOMEM);
		else if (!attached_add(added, &attach->programs, file) && errno != ENOENT && errno != ESRCH)
			attach_refuse(attach, errno);
	}
	if (file >= 0)
		close(file);
}

/* False: its files may not be looked at. */
static bool attach_process(struct probe_attach *attach, uint32_t process)
{
	attach->current = (int)process;
	attach->libraries = 0;
	return probe_targets_list_files(process, attach_file, attach);
}

static void attach_forget_process(struct probe_attach *attach, uint32_t process)
{
	size_t kept = 0;
	for (size_t i = 0; i < attach->count; i++)
		if (attach->list[i].process == (int)process)
			attached_free(&attach->list[i]);
		else
			attach->list[kept++] = attach->list[i];
	attach->count = kept;
}

/* ---- beginning and end */

struct probe_attach *probe_attach_new(const struct probe_programs *programs)
{
	struct probe_attach *attach = calloc(1, sizeof *attach);
	struct rlimit files; /* a link is a file */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (attach)
		*attach = (struct probe_attach){.programs = *programs, .pipe = -1, .life = -1};
	return attach;
}

void probe_attach_free(struct probe_attach *attach)
{
	if (!attach)
		return;
	for (size_t i = 0; i < attach->count; i++)
		attached_free(&attach->list[i]);
	free(attach->list);
	if (attach->pipe >= 0)
		close(attach->pipe);
	if (attach->life >= 0)
		close(attach->life);
	free(attach);
}

static void attach_complain(const struct probe_attach *attach, size_t hidden)
{
	if (hidden)
		complain("some processes may not be looked at (CAP_SYS_PTRACE): TLS in them is not read");
	if (!attach->refused)
		return;
	if (attach->why == EACCES || attach->why == EPERM)
		complain("TLS is not read: the kernel wants CAP_SYS_ADMIN for that");
	else
		complain("TLS of %" PRIu64 " file%s is not read: %s%s", attach->refused, plural_ending(attach->refused),
		    strerror(attach->why), attach->why == EMFILE ? " (ulimit -n)" : "");
}

void probe_attach_now(struct probe_attach *attach, const struct probe_targets *targets)
{
	size_t hidden = 0;
	for (size_t i = 0; i < targets->count; i++)
		hidden += !attach_process(attach, targets->processes[i]);
	attach_complain(attach, hidden);
	attach->refused = 0;
}

/* ---- the attacher */

static void attacher_say(const struct probe_attach *attach, uint32_t process, uint32_t value)
{
	const struct probe_notice notice = {process, value};
	ssize_t len = write(attach->pipe, &notice, sizeof notice);
	(void)len; /* a pipe that is full: somebody does not read, and the report says less */
}

static void attacher_look(struct probe_attach *attach, uint32_t process)
{
	attach_process(attach, process);
	if (attach->refused)
		attacher_say(attach, 0, (uint32_t)attach->why);
	attach->refused = 0;
}

static int64_t attacher_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void attacher_wait_for(struct probe_attach *attach, uint32_t process)
{
	for (size_t i = 0; i < attach->wait_count; i++)
		if (attach->waits[i].process == process)
			return;
	if (attach->wait_count < ATTACH_WAITS)
		attach->waits[attach->wait_count++] = (struct attach_wait){process, attacher_now()};
	else
		attacher_look(attach, process);
}

static int attacher_take(void *self, void *record, size_t size)
{
	struct probe_attach *attach = self;
	struct probe_arrival arrival;
	if (size < sizeof arrival)
		return 0;
	memcpy(&arrival, record, sizeof arrival);
	int stops = ++attach->turn % ATTACH_TURN ? 0 : -EAGAIN;
	switch ((enum probe_arrival_kind)arrival.kind) {
	case ARRIVAL_FORK:
		attach_forget_process(attach, arrival.process); /* one with the same number, whose end was missed */
		attacher_look(attach, arrival.process);
		break;
	case ARRIVAL_EXEC:
	case ARRIVAL_MET:
		attacher_look(attach, arrival.process);
		break;
	case ARRIVAL_LIBRARY:
		attacher_wait_for(attach, arrival.process);
		break;
	case ARRIVAL_TLS:
		attacher_say(attach, arrival.process, probe_library_guess(arrival.process));
		break;
	case ARRIVAL_EXIT:
		attach_forget_process(attach, arrival.process);
		break;
	}
	return stops;
}

/* Looks at those that have opened a library, and returns how long until the next look; -1: there is none. */
static int attacher_turn(struct probe_attach *attach)
{
	int next = -1;
	size_t kept = 0;
	for (size_t i = 0; i < attach->wait_count; i++) {
		struct attach_wait wait = attach->waits[i];
		int64_t age = attacher_now() - wait.since;
		size_t pause = 0;
		attacher_look(attach, wait.process);
		if (attach->libraries || age >= ATTACH_PATIENCE)
			continue;
		while (age >= attach_pauses[pause].before)
			pause++;
		if (next < 0 || attach_pauses[pause].pause < next)
			next = attach_pauses[pause].pause;
		attach->waits[kept++] = wait;
	}
	attach->wait_count = kept;
	return next;
}

/* Until the other end of the pipe is closed. */
static void attacher_run(struct probe_attach *attach)
{
	struct ring_buffer *ring = ring_buffer__new(attach->programs.arrivals, attacher_take, attach, NULL);
	struct pollfd files[] = {
	    {.fd = ring ? ring_buffer__epoll_fd(ring) : -1, .events = POLLIN}, {.fd = attach->pipe}};
	if (!ring)
		return;
	while (!(files[1].revents & (POLLERR | POLLHUP))) {
		bool has_more = ring_buffer__consume(ring) < 0;
		int pause = attacher_turn(attach);
		if (poll(files, 2, has_more ? 0 : pause) < 0 && errno != EINTR)
			return;
	}
}

/* The kernel ends it with its parent, however that ends, and in the midst of whatever this one does: a look at a large
 * file, a file system that does not answer. PR_SET_PDEATHSIG would not do: its signal counts as one of the parent's,
 * who has become another user by then, and whom Landlock lets send none. */
static void attacher_end_with_parent(int life)
{
	if (fcntl(life, F_SETOWN, getpid()) == 0 && fcntl(life, F_SETSIG, SIGKILL) == 0)
		fcntl(life, F_SETFL, O_ASYNC);
}

/* Those that README names: of root's it needs no others either. */
static void attacher_give_up(void)
{
	static const int needed[] = {CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH};
	uint64_t kept = 0;
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		kept |= UINT64_C(1) << needed[i];
	platform_bound_capabilities();
	platform_keep_capabilities(kept);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* What is open besides stays so: it ends with its parent. */
static void attacher_begin(const struct probe_attach *attach)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		(void)signal(ignored[i], SIG_IGN);
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int file = 0; nothing >= 0 && file <= 2; file++)
		dup2(nothing, file);
	attacher_end_with_parent(attach->life);
	libbpf_set_print(NULL);
	attacher_give_up();
}

bool probe_attach_follow(struct probe_attach *attach)
{
	int notices[2], life[2];
	if (pipe2(notices, O_CLOEXEC | O_NONBLOCK) != 0)
		return false;
	bool lives = pipe2(life, O_CLOEXEC) == 0;
	pid_t child = lives ? fork() : -1;
	attach->pipe = notices[child == 0];
	close(notices[child != 0]);
	if (lives) {
		attach->life = life[child == 0];
		close(life[child != 0]);
	}
	if (child == 0) {
		attacher_begin(attach);
		attacher_run(attach);
		_exit(0);
	}
	return child > 0;
}

bool probe_attach_next_notice(struct probe_attach *attach, struct probe_notice *notice)
{
	ssize_t len = attach->pipe < 0 ? -1 : read(attach->pipe, notice, sizeof *notice);
	if (len == 0) { /* the attacher has ended: what comes now is not attached to */
		close(attach->pipe);
		attach->pipe = -1;
		*notice = (struct probe_notice){0, ECHILD};
	}
	return len == 0 || len == sizeof *notice;
}

/* Capabilities, libseccomp's filter and Landlock on Linux; nothing elsewhere. */
#include "platform/sandbox.h"

#include <stdio.h>

/* gcc says whether it adds sanitizers by macros, clang by __has_feature; of
 * coverage the Makefile says so. */
#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif
#if defined SANITIZED || defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#undef SIOSCOPE_UNCONFINED
#define SIOSCOPE_UNCONFINED
#endif

#ifdef __linux__

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

const char *platform_sandbox_is_off(void)
{
#ifdef SIOSCOPE_UNCONFINED
	return "a build with sanitizers or coverage";
#else
	const char *wish = secure_getenv("SIOSCOPE_SANDBOX");
	return wish && strcmp(wish, "off") == 0 ? "SIOSCOPE_SANDBOX=off" : NULL;
#endif
}

/* ---- capabilities */

void platform_bound_capabilities(void)
{
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
		prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

bool platform_clear_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
	return syscall(SYS_capset, &head, none) == 0;
}

/* ---- Landlock, by its own calls: older C libraries have neither their names nor the newer rights */

enum {
	CALL_LANDLOCK_CREATE = 444,
	CALL_LANDLOCK_ADD = 445,
	CALL_LANDLOCK_RESTRICT = 446,
	LANDLOCK_ASK_VERSION = 1,
	LANDLOCK_BENEATH = 1,
};

/* struct landlock_ruleset_attr, which has grown: a kernel takes as much of it as its version has. */
struct landlock_rights {
	uint64_t files, network, scoped;
};

/* struct landlock_path_beneath_attr */
struct landlock_beneath {
	uint64_t allowed;
	int32_t folder;
} __attribute__((packed));

static const struct {
	int version; /* the first that has them */
	struct landlock_rights rights;
} landlock_versions[] = {
    {1, {.files = 0x1fff}},            /* executing, writing, reading, making and removing of each kind */
    {2, {.files = 1 << 13}},           /* moving between folders */
    {3, {.files = 1 << 14}},           /* truncating */
    {4, {.network = 1 << 0 | 1 << 1}}, /* TCP: bind, connect */
    {5, {.files = 1 << 15}},           /* ioctl on devices that are opened later */
    {6, {.scoped = 1 << 0 | 1 << 1}},  /* abstract unix sockets, and signals to processes, of others */
};

/* LANDLOCK_ACCESS_FS_READ_FILE and READ_DIR */
#define LANDLOCK_READS UINT64_C(0x0c)

/* 0: the kernel has none, or does not let it be used. */
static int landlock_version(void)
{
	long version = syscall(CALL_LANDLOCK_CREATE, NULL, 0, LANDLOCK_ASK_VERSION);
	return version > 0 ? (int)version : 0;
}

static int landlock_create(int version)
{
	struct landlock_rights rights = {0};
	for (size_t i = 0; i < sizeof landlock_versions / sizeof *landlock_versions; i++)
		if (landlock_versions[i].version <= version) {
			rights.files |= landlock_versions[i].rights.files;
			rights.network |= landlock_versions[i].rights.network;
			rights.scoped |= landlock_versions[i].rights.scoped;
		}
	size_t size = version >= 6   ? sizeof rights
	              : version >= 4 ? offsetof(struct landlock_rights, scoped)
	                             : offsetof(struct landlock_rights, network);
	return (int)syscall(CALL_LANDLOCK_CREATE, &rights, size, 0);
}

/* A folder that is not there needs no right. */
static void landlock_let_read(int rules, const char *folder)
{
	struct landlock_beneath beneath = {LANDLOCK_READS, open(folder, O_PATH | O_CLOEXEC)};
	if (beneath.folder < 0)
		return;
	syscall(CALL_LANDLOCK_ADD, rules, LANDLOCK_BENEATH, &beneath, 0);
	close(beneath.folder);
}

static void landlock_let_read_system(int rules)
{
	static const char *const folders[] = {"/usr", "/lib", "/lib64", "/etc"};
	char own[PATH_MAX];
	const char *home = secure_getenv("HOME"), *terminfo = secure_getenv("TERMINFO");
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		landlock_let_read(rules, folders[i]);
	if (home && snprintf(own, sizeof own, "%s/.terminfo", home) < (int)sizeof own)
		landlock_let_read(rules, own);
	if (terminfo)
		landlock_let_read(rules, terminfo);
}

static void sandbox_close_files(enum sandbox_files files)
{
	int version = landlock_version(), rules = version ? landlock_create(version) : -1;
	if (rules < 0)
		return;
	if (files == SANDBOX_SYSTEM_FILES)
		landlock_let_read_system(rules);
	syscall(CALL_LANDLOCK_RESTRICT, rules, 0);
	close(rules);
}

/* ---- system calls */

static const int filter_calls[] = {SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write),
    SCMP_SYS(writev), SCMP_SYS(pwrite64), SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(close), SCMP_SYS(fstat),
    SCMP_SYS(fstat64), SCMP_SYS(newfstatat), SCMP_SYS(fstatat64), SCMP_SYS(statx), SCMP_SYS(fcntl), SCMP_SYS(fcntl64),
    SCMP_SYS(dup), SCMP_SYS(fsync), SCMP_SYS(fallocate), SCMP_SYS(ftruncate), SCMP_SYS(ftruncate64), SCMP_SYS(poll),
    SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(pselect6_time64),
    SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(getsockopt), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
    SCMP_SYS(brk), SCMP_SYS(futex), SCMP_SYS(futex_time64), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigpending), SCMP_SYS(rt_sigtimedwait), SCMP_SYS(rt_sigtimedwait_time64),
    SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall), SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64),
    SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_nanosleep_time64), SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday),
    SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
    SCMP_SYS(getegid), SCMP_SYS(getrandom), SCMP_SYS(getrusage), SCMP_SYS(sysinfo), SCMP_SYS(sched_yield),
    SCMP_SYS(rseq), SCMP_SYS(set_robust_list), SCMP_SYS(wait4), SCMP_SYS(exit), SCMP_SYS(exit_group)};

static const int filter_look_calls[] = {SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink),
    SCMP_SYS(readlinkat), SCMP_SYS(stat), SCMP_SYS(lstat)};

/* The last four are glibc's since 2.42 (TCGETS2, TCSETS2, TCSETSW2, TCSETSF2), whose header does not go with termios.h.
 */
static const unsigned long filter_controls[] = {
    TCGETS, TCSETS, TCSETSW, TCSETSF, TIOCGWINSZ, FIONREAD, 0x802c542a, 0x402c542b, 0x402c542c, 0x402c542d};

/* Calls of which one argument, looked at through a mask, must have one value. */
struct filter_rule {
	int call;
	unsigned argument;
	uint64_t mask, value;
};

#define FILTER_OPENS_FOR_WRITING (O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))

/* A call that this architecture does not have is none that must be let through. */
static bool filter_took(int code)
{
	return code >= 0 || code == -EDOM || code == -EINVAL || code == -EFAULT;
}

static bool filter_allow(scmp_filter_ctx filter, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!filter_took(seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0)))
			return false;
	return true;
}

static bool filter_allow_rules(scmp_filter_ctx filter, const struct filter_rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct scmp_arg_cmp argument = {.arg = rules[i].argument,
		    .op = SCMP_CMP_MASKED_EQ,
		    .datum_a = rules[i].mask,
		    .datum_b = rules[i].value};
		if (!filter_took(seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rules[i].call, 1, &argument)))
			return false;
	}
	return true;
}

static bool filter_allow_controls(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < sizeof filter_controls / sizeof *filter_controls; i++) {
		const struct filter_rule rule = {SCMP_SYS(ioctl), 1, UINT32_MAX, filter_controls[i]};
		if (!filter_allow_rules(filter, &rule, 1))
			return false;
	}
	return true;
}

/* Signals go to this process alone; memory that is executed comes with the libraries of a locale alone. */
static bool filter_allow_some(scmp_filter_ctx filter, enum sandbox_files files)
{
	static const int memory_calls[] = {SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect)};
	const uint64_t self = (uint64_t)getpid();
	const struct filter_rule rules[] = {
	    {SCMP_SYS(kill), 0, UINT32_MAX, self}, {SCMP_SYS(tgkill), 0, UINT32_MAX, self},
	    {SCMP_SYS(mmap), 2, PROT_EXEC, 0}, {SCMP_SYS(mmap2), 2, PROT_EXEC, 0},
	    {SCMP_SYS(mprotect), 2, PROT_EXEC, 0},
	    {SCMP_SYS(prlimit64), 2, UINT64_MAX, 0}, /* limits are asked for, not set */
	};
	return (files == SANDBOX_NO_FILES ||
	           filter_allow(filter, memory_calls, sizeof memory_calls / sizeof *memory_calls)) &&
	       filter_allow_rules(filter, rules, sizeof rules / sizeof *rules);
}

static bool filter_allow_reading(scmp_filter_ctx filter)
{
	static const struct filter_rule rules[] = {
	    {SCMP_SYS(open), 1, FILTER_OPENS_FOR_WRITING, O_RDONLY},
	    {SCMP_SYS(openat), 2, FILTER_OPENS_FOR_WRITING, O_RDONLY},
	};
	return filter_allow(filter, filter_look_calls, sizeof filter_look_calls / sizeof *filter_look_calls) &&
	       filter_allow_rules(filter, rules, sizeof rules / sizeof *rules);
}

static bool filter_is_known(void)
{
	const uint32_t answer = SECCOMP_RET_ERRNO;
	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &answer) == 0;
}

/* Anything else is answered "not permitted": what a parser that was led astray asks for, it does not get. 0, or an
 * error number. libseccomp answers ECANCELED for whatever the kernel says: a kernel, or a container around this
 * process, that takes no filter. */
static int sandbox_filter_calls(enum sandbox_files files)
{
	if (!filter_is_known())
		return 0;
	errno = ENOMEM;
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!filter)
		return errno;
	bool good = filter_allow(filter, filter_calls, sizeof filter_calls / sizeof *filter_calls) &&
	            filter_allow_controls(filter) && filter_allow_some(filter, files) &&
	            (files == SANDBOX_NO_FILES || filter_allow_reading(filter));
	int code = good ? seccomp_load(filter) : -ENOMEM;
	seccomp_release(filter);
	return code == -ENOMEM ? ENOMEM : 0;
}

enum platform_sandbox platform_enter_sandbox(enum sandbox_files files, const char **what)
{
	if (platform_sandbox_is_off())
		return SANDBOX_ABSENT;
	if (!platform_clear_capabilities()) {
		*what = "capabilities cannot be dropped";
		return SANDBOX_FAILED;
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); /* Landlock and seccomp want it */
	sandbox_close_files(files);
	int error = sandbox_filter_calls(files);
	if (!error)
		return SANDBOX_ENTERED;
	*what = "seccomp";
	errno = error;
	return SANDBOX_FAILED;
}

const char *platform_describe_sandbox(char text[SANDBOX_TEXT])
{
	int version = landlock_version();
	char landlock[40] = "no Landlock in this kernel";
	if (version)
		snprintf(landlock, sizeof landlock, "files are closed (Landlock %d)", version);
	snprintf(text, SANDBOX_TEXT, "%s, %s",
	    filter_is_known() ? "system calls are filtered (seccomp)" : "no seccomp in this kernel", landlock);
	const char *off = platform_sandbox_is_off();
	if (off)
		snprintf(text, SANDBOX_TEXT, "off (%s)", off);
	return text;
}

#else

void platform_bound_capabilities(void)
{
}

bool platform_clear_capabilities(void)
{
	return true;
}

const char *platform_sandbox_is_off(void)
{
	return NULL;
}

enum platform_sandbox platform_enter_sandbox(enum sandbox_files files, const char **what)
{
	(void)files;
	(void)what;
	return SANDBOX_ABSENT;
}

const char *platform_describe_sandbox(char text[SANDBOX_TEXT])
{
	snprintf(text, SANDBOX_TEXT, "none on this system");
	return text;
}

#endif

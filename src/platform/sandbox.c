/* Capabilities, seccomp's filter and Landlock on Linux; nothing elsewhere. None of it takes memory. */
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
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
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

bool platform_keep_capabilities(uint64_t kept)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	if (syscall(SYS_capget, &head, data) != 0)
		return false;
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++, kept >>= 32) {
		data[i].permitted &= (uint32_t)kept;
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &head, data) == 0;
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

/* LANDLOCK_ACCESS_NET_CONNECT_TCP */
#define LANDLOCK_CONNECTS UINT64_C(0x02)

/* LANDLOCK_ACCESS_FS_READ_FILE and READ_DIR */
#define LANDLOCK_READS UINT64_C(0x0c)

/* 0: the kernel has none, or does not let it be used. */
static int landlock_version(void)
{
	long version = syscall(CALL_LANDLOCK_CREATE, NULL, 0, LANDLOCK_ASK_VERSION);
	return version > 0 ? (int)version : 0;
}

static int landlock_create(int version, enum sandbox_files files)
{
	struct landlock_rights rights = {0};
	for (size_t i = 0; i < sizeof landlock_versions / sizeof *landlock_versions; i++)
		if (landlock_versions[i].version <= version) {
			rights.files |= landlock_versions[i].rights.files;
			rights.network |= landlock_versions[i].rights.network;
			rights.scoped |= landlock_versions[i].rights.scoped;
		}
	if (files == SANDBOX_NETWORK)
		rights.network &= ~LANDLOCK_CONNECTS;
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
	int version = landlock_version(), rules = version ? landlock_create(version, files) : -1;
	if (rules < 0)
		return;
	if (files != SANDBOX_NO_FILES)
		landlock_let_read_system(rules);
	if (files == SANDBOX_NETWORK) /* where /etc/resolv.conf leads */
		landlock_let_read(rules, "/run/systemd/resolve");
	syscall(CALL_LANDLOCK_RESTRICT, rules, 0);
	close(rules);
}

/* ---- system calls: a program for the kernel's classic BPF machine (seccomp(2)), made here because that takes no
 * memory */

#if defined __x86_64__
#define FILTER_MACHINE AUDIT_ARCH_X86_64
#elif defined __aarch64__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FILTER_MACHINE AUDIT_ARCH_AARCH64
#elif defined __i386__
#define FILTER_MACHINE AUDIT_ARCH_I386
#elif defined __arm__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FILTER_MACHINE AUDIT_ARCH_ARM
#elif defined __riscv && __riscv_xlen == 64
#define FILTER_MACHINE AUDIT_ARCH_RISCV64
#elif defined __powerpc64__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FILTER_MACHINE AUDIT_ARCH_PPC64LE
#elif defined __s390x__
#define FILTER_MACHINE AUDIT_ARCH_S390X
#else
#define FILTER_MACHINE 0 /* calls are numbered in a way that is not known here: no filter */
#endif

/* Those that not every machine has. */
static const int filter_calls[] = {
    SYS_read,
    SYS_readv,
    SYS_pread64,
    SYS_write,
    SYS_writev,
    SYS_pwrite64,
    SYS_lseek,
    SYS_close,
    SYS_fstat,
    SYS_statx,
    SYS_fcntl,
    SYS_dup,
    SYS_fsync,
    SYS_fallocate,
    SYS_ftruncate,
    SYS_ppoll,
    SYS_pselect6,
    SYS_recvfrom,
    SYS_recvmsg,
    SYS_getsockopt,
    SYS_munmap,
    SYS_mremap,
    SYS_madvise,
    SYS_brk,
    SYS_futex,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_rt_sigpending,
    SYS_rt_sigtimedwait,
    SYS_sigaltstack,
    SYS_restart_syscall,
    SYS_clock_gettime,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
    SYS_getpid,
    SYS_getppid,
    SYS_gettid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_getrandom,
    SYS_getrusage,
    SYS_sysinfo,
    SYS_sched_yield,
    SYS_set_robust_list,
    SYS_wait4,
    SYS_exit,
    SYS_exit_group,
#ifdef SYS_newfstatat
    SYS_newfstatat,
#endif
#ifdef SYS_fstatat64
    SYS_fstatat64,
    SYS_fstat64,
    SYS_ftruncate64,
    SYS_fcntl64,
    SYS__llseek,
#endif
#ifdef SYS_poll
    SYS_poll,
#endif
#ifdef SYS_select
    SYS_select,
#endif
#ifdef SYS__newselect
    SYS__newselect,
#endif
#ifdef SYS_rseq
    SYS_rseq,
#endif
#ifdef SYS_clock_gettime64
    SYS_clock_gettime64,
    SYS_clock_nanosleep_time64,
    SYS_ppoll_time64,
    SYS_pselect6_time64,
    SYS_futex_time64,
    SYS_rt_sigtimedwait_time64,
#endif
};

static const int filter_look_calls[] = {
    SYS_faccessat,
    SYS_readlinkat,
#ifdef SYS_faccessat2
    SYS_faccessat2,
#endif
#ifdef SYS_access
    SYS_access,
    SYS_readlink,
#endif
#ifdef SYS_stat
    SYS_stat,
    SYS_lstat,
#endif
};

/* Of the sender. Not listen: what listens was opened before. */
static const int filter_network_calls[] = {
    SYS_connect,
    SYS_bind, /* of netlink, by which addresses are looked at (getaddrinfo(3)) */
    SYS_accept4,
    SYS_getsockname,
    SYS_getpeername,
    SYS_setsockopt,
    SYS_sendto,
    SYS_sendmsg,
    SYS_sendmmsg,
    SYS_shutdown,
    SYS_socketpair,
    SYS_eventfd2,
    SYS_pipe2,
    SYS_uname,
#ifdef SYS_accept
    SYS_accept,
#endif
};

static const uint32_t filter_families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

/* The last four are glibc's since 2.42 (TCGETS2, TCSETS2, TCSETSW2, TCSETSF2), whose header does not go with termios.h.
 */
static const uint32_t filter_controls[] = {
    TCGETS, TCSETS, TCSETSW, TCSETSF, TIOCGWINSZ, FIONREAD, 0x802c542a, 0x402c542b, 0x402c542c, 0x402c542d};

enum { FILTER_MOST = 512 };

struct filter {
	struct sock_filter code[FILTER_MOST];
	unsigned short count;
};

static void filter_add(struct filter *filter, struct sock_filter instruction)
{
	if (filter->count < FILTER_MOST)
		filter->code[filter->count++] = instruction;
}

#define FILTER_FIELD(field) ((uint32_t)offsetof(struct seccomp_data, field))

static void filter_load(struct filter *filter, uint32_t offset)
{
	filter_add(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

/* Goes on when it is `value`; else as many instructions further on. */
static void filter_demand(struct filter *filter, uint32_t value, uint8_t otherwise)
{
	filter_add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, otherwise));
}

static void filter_answer(struct filter *filter, uint32_t answer)
{
	filter_add(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer));
}

static void filter_allow(struct filter *filter, const int *calls, size_t count)
{
	filter_load(filter, FILTER_FIELD(nr));
	for (size_t i = 0; i < count; i++) {
		filter_demand(filter, (uint32_t)calls[i], 1);
		filter_answer(filter, SECCOMP_RET_ALLOW);
	}
}

/* Of the argument, which is an int or a set of flags: its lower half. */
static void filter_allow_when(struct filter *filter, int call, unsigned argument, uint32_t mask, uint32_t value)
{
	bool is_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	filter_load(filter, FILTER_FIELD(nr));
	filter_demand(filter, (uint32_t)call, 4);
	filter_load(filter, FILTER_FIELD(args) + argument * (uint32_t)sizeof(uint64_t) + (is_big ? 4 : 0));
	filter_add(filter, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
	filter_demand(filter, value, 1);
	filter_answer(filter, SECCOMP_RET_ALLOW);
}

/* Limits are asked for, not set: a pointer, of which no half has a bit. */
static void filter_allow_limits(struct filter *filter)
{
	const uint32_t limit = FILTER_FIELD(args) + 2 * (uint32_t)sizeof(uint64_t);
	filter_load(filter, FILTER_FIELD(nr));
	filter_demand(filter, SYS_prlimit64, 5);
	filter_load(filter, limit);
	filter_demand(filter, 0, 3);
	filter_load(filter, limit + 4);
	filter_demand(filter, 0, 1);
	filter_answer(filter, SECCOMP_RET_ALLOW);
}

#define FILTER_OPENS_FOR_WRITING (O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))

#ifdef SYS_mmap
#define FILTER_MMAP SYS_mmap
#else
#define FILTER_MMAP SYS_mmap2
#endif

#ifdef __s390x__
enum { FILTER_CLONE_FLAGS = 1 };
#else
enum { FILTER_CLONE_FLAGS = 0 };
#endif

/* Threads, which are no processes. clone3's flags lie in memory, which no filter sees: without it the C library asks by
 * clone. */
static void filter_allow_network(struct filter *filter)
{
	filter_allow(filter, filter_network_calls, sizeof filter_network_calls / sizeof *filter_network_calls);
	for (size_t i = 0; i < sizeof filter_families / sizeof *filter_families; i++)
		filter_allow_when(filter, SYS_socket, 0, UINT32_MAX, filter_families[i]);
	filter_allow_when(filter, SYS_clone, FILTER_CLONE_FLAGS, CLONE_THREAD, CLONE_THREAD);
#ifdef SYS_clone3
	filter_load(filter, FILTER_FIELD(nr));
	filter_demand(filter, SYS_clone3, 1);
	filter_answer(filter, SECCOMP_RET_ERRNO | ENOSYS);
#endif
}

/* Signals go to this process alone; memory that is executed comes with the libraries of a locale alone, or
 * with those that look names up. */
static void filter_allow_some(struct filter *filter, enum sandbox_files files)
{
	const uint32_t self = (uint32_t)getpid(), executes = files != SANDBOX_NO_FILES ? 0 : PROT_EXEC;
	for (size_t i = 0; i < sizeof filter_controls / sizeof *filter_controls; i++)
		filter_allow_when(filter, SYS_ioctl, 1, UINT32_MAX, filter_controls[i]);
	filter_allow_when(filter, SYS_kill, 0, UINT32_MAX, self);
	filter_allow_when(filter, SYS_tgkill, 0, UINT32_MAX, self);
	filter_allow_when(filter, FILTER_MMAP, 2, executes, 0);
	filter_allow_when(filter, SYS_mprotect, 2, executes, 0);
	filter_allow_limits(filter);
	if (files == SANDBOX_NETWORK)
		filter_allow_network(filter);
	if (files == SANDBOX_NO_FILES)
		return;
	filter_allow(filter, filter_look_calls, sizeof filter_look_calls / sizeof *filter_look_calls);
	filter_allow_when(filter, SYS_openat, 2, FILTER_OPENS_FOR_WRITING, O_RDONLY);
#ifdef SYS_open
	filter_allow_when(filter, SYS_open, 1, FILTER_OPENS_FOR_WRITING, O_RDONLY);
#endif
}

static bool filter_is_known(void)
{
	const uint32_t answer = SECCOMP_RET_ERRNO;
	return FILTER_MACHINE && syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &answer) == 0;
}

/* Anything else is answered "not permitted": what a parser that was led astray asks for, it does not get. So is every
 * call of another machine's numbering (i386 on x86_64; those of x32 have a bit that none of these has). False: it would
 * not fit. A kernel, or a container around this process, that takes no filter is as one that has none. */
static bool sandbox_filter_calls(enum sandbox_files files)
{
	struct filter filter = {.count = 0};
	if (!filter_is_known())
		return true;
	filter_load(&filter, FILTER_FIELD(arch));
	filter_demand(&filter, FILTER_MACHINE, 1);
	filter_add(&filter, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 1));
	filter_answer(&filter, SECCOMP_RET_ERRNO | EPERM);
	filter_allow(&filter, filter_calls, sizeof filter_calls / sizeof *filter_calls);
	filter_allow_some(&filter, files);
	filter_answer(&filter, SECCOMP_RET_ERRNO | EPERM);
	const struct sock_fprog program = {.len = filter.count, .filter = filter.code};
	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
	return filter.count < FILTER_MOST;
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
	if (sandbox_filter_calls(files))
		return SANDBOX_ENTERED;
	*what = "system calls";
	errno = E2BIG;
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

bool platform_keep_capabilities(uint64_t kept)
{
	(void)kept;
	return true;
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

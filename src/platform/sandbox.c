/* Capabilities and libseccomp's filter on Linux; nothing elsewhere. */
#include "platform/sandbox.h"

#ifdef __linux__

#include <errno.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

/* ---- capabilities */

void platform_bound_capabilities(void)
{
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
		prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

static bool sandbox_clear_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
	return syscall(SYS_capset, &head, none) == 0;
}

/* ---- system calls */

static const int filter_calls[] = {SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write),
    SCMP_SYS(writev), SCMP_SYS(pwrite64), SCMP_SYS(lseek), SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
    SCMP_SYS(statx), SCMP_SYS(fcntl), SCMP_SYS(dup), SCMP_SYS(fsync), SCMP_SYS(fallocate), SCMP_SYS(ftruncate),
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg),
    SCMP_SYS(getsockopt), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise),
    SCMP_SYS(brk), SCMP_SYS(futex), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigpending), SCMP_SYS(rt_sigtimedwait), SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall),
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(getpid),
    SCMP_SYS(getppid), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
    SCMP_SYS(getrandom), SCMP_SYS(getrusage), SCMP_SYS(sched_yield), SCMP_SYS(rseq), SCMP_SYS(set_robust_list),
    SCMP_SYS(prlimit64), SCMP_SYS(wait4), SCMP_SYS(kill), SCMP_SYS(tgkill), SCMP_SYS(exit), SCMP_SYS(exit_group)};

static const int filter_file_calls[] = {SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(rename), SCMP_SYS(renameat),
    SCMP_SYS(renameat2), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(access), SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat)};

static const unsigned long filter_controls[] = {TCGETS, TCSETS, TCSETSW, TCSETSF, TIOCGWINSZ, FIONREAD};

/* A call that this architecture does not have is none that must be let through. */
static bool filter_allow(scmp_filter_ctx filter, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
		if (code < 0 && code != -EDOM && code != -EINVAL && code != -EFAULT)
			return false;
	}
	return true;
}

static bool filter_allow_controls(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < sizeof filter_controls / sizeof *filter_controls; i++) {
		const struct scmp_arg_cmp request = {
		    .arg = 1, .op = SCMP_CMP_EQ, .datum_a = filter_controls[i], .datum_b = 0};
		if (seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, &request) < 0)
			return false;
	}
	return true;
}

/* Anything else is answered "not permitted": what a parser that was led astray asks for, it does not get. 0, or an
 * error number. */
static int sandbox_filter_calls(bool opens_files)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!filter)
		return errno ? errno : ENOMEM;
	bool good = filter_allow(filter, filter_calls, sizeof filter_calls / sizeof *filter_calls) &&
	            filter_allow_controls(filter) &&
	            (!opens_files ||
	                filter_allow(filter, filter_file_calls, sizeof filter_file_calls / sizeof *filter_file_calls));
	int code = good ? seccomp_load(filter) : -EINVAL;
	seccomp_release(filter);
	/* A kernel without seccomp is no reason not to capture. */
	return code == -ENOSYS || code == -EOPNOTSUPP ? 0 : -code;
}

enum platform_sandbox platform_enter_sandbox(bool opens_files, const char **what)
{
	if (!sandbox_clear_capabilities()) {
		*what = "capabilities cannot be dropped";
		return SANDBOX_FAILED;
	}
	int error = sandbox_filter_calls(opens_files);
	if (!error)
		return SANDBOX_ENTERED;
	*what = "seccomp";
	errno = error;
	return SANDBOX_FAILED;
}

#else

void platform_bound_capabilities(void)
{
}

enum platform_sandbox platform_enter_sandbox(bool opens_files, const char **what)
{
	(void)opens_files;
	(void)what;
	return SANDBOX_ABSENT;
}

#endif

/*
 * What a process can give up for the rest of its life. Linux: capabilities(7); by seccomp(2) all system calls but those
 * for reading, waiting, memory, the terminal and writing; by Landlock (landlock(7), Linux 5.13) the files, and with
 * them TCP (6.7), signals to others and abstract unix sockets (6.12). On other systems the user (setuid) is all that a
 * process can give up.
 */
#ifndef PLATFORM_SANDBOX_H
#define PLATFORM_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

enum platform_sandbox {
	SANDBOX_ENTERED, /* as far as this kernel has one: platform_describe_sandbox */
	SANDBOX_ABSENT,  /* nothing was given up: the system has none, or it is turned off */
	SANDBOX_FAILED,  /* errno and `what` say why */
};

enum sandbox_files {
	SANDBOX_NO_FILES,     /* none is opened any more: only those that are open are used */
	SANDBOX_SYSTEM_FILES, /* what terminals and locales need is still read: files below /usr, /lib and /etc, the
	                       * user's ~/.terminfo and TERMINFO */
	SANDBOX_NETWORK, /* the sender: connections (TCP, UDP, unix sockets) are made and accepted, none is listened
	                  * for; what names and certificates need is still read: files below /usr, /lib and /etc, and
	                  * resolv.conf where systemd keeps it; threads, which look names up */
};

/* While the process still has capabilities: no program that it starts later gets any. Does nothing where there are
 * none. */
void platform_bound_capabilities(void);

/* Gives up all capabilities but those: a bit for each, by its number in linux/capability.h. False: errno says why. */
bool platform_keep_capabilities(uint64_t kept);

/* Gives up the capabilities alone. False: errno says why. */
bool platform_clear_capabilities(void);

/* Gives up the capabilities, the system calls and the files. What a kernel does not have is left out: none is too old.
 * `what`: the part that failed; static text. */
enum platform_sandbox platform_enter_sandbox(enum sandbox_files files, const char **what);

/* Why nothing is given up although the system has a sandbox; NULL: it is. Builds with sanitizers or coverage open files
 * and look at themselves at their end; SIOSCOPE_SANDBOX=off in the environment is for valgrind, which makes system
 * calls of its own in the process that it watches. */
const char *platform_sandbox_is_off(void);

enum { SANDBOX_TEXT = 96 };

/* What this kernel gives: "system calls are filtered (seccomp), files closed (Landlock 7)". */
const char *platform_describe_sandbox(char text[SANDBOX_TEXT]);

#endif

/* setcap takes a path, not a name, and it lives in sbin, which is not in every user's PATH: the hint has both paths. */
#include "source/setcap_hint.h"

#include <stdio.h>
#include <unistd.h>

static const char *const setcap_paths[] = {
    "/usr/sbin/setcap", "/sbin/setcap", "/usr/bin/setcap", "/usr/local/sbin/setcap"};

enum { SETCAP_PATHS = sizeof setcap_paths / sizeof *setcap_paths };

/* NULL: it is not installed. */
static const char *setcap_path(void)
{
	for (size_t i = 0; i < SETCAP_PATHS; i++)
		if (access(setcap_paths[i], X_OK) == 0)
			return setcap_paths[i];
	return NULL;
}

const char *setcap_hint(const char *capabilities, char text[SETCAP_HINT])
{
	char program[256];
	ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
	if (length <= 0) {
		snprintf(text, SETCAP_HINT, "run it with sudo");
		return text;
	}
	program[length] = '\0';
	const char *path = setcap_path();
	snprintf(text, SETCAP_HINT, "run it with sudo, or once: sudo %s %s %s%s", path ? path : "setcap", capabilities,
	    program, path ? "" : " (setcap is in package libcap2-bin on Debian and Ubuntu, in libcap elsewhere)");
	return text;
}

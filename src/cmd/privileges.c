/* The bounding set and the user first, for which capabilities are needed; the sandbox last. */
#include "cmd/privileges.h"

#include "platform/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool privileges_fail(const char *what)
{
	fprintf(stderr, "sioscope: %s: %s\n", what, strerror(errno));
	return false;
}

static bool privileges_become(const char *user)
{
	errno = 0;
	const struct passwd *entry = getpwnam(user);
	if (!entry) {
		if (!errno)
			errno = ENOENT;
		fprintf(stderr, "sioscope: -Z %s: %s\n", user, errno == ENOENT ? "no such user" : strerror(errno));
		return false;
	}
	if (initgroups(user, entry->pw_gid) != 0 || setgid(entry->pw_gid) != 0 || setuid(entry->pw_uid) != 0)
		return privileges_fail("-Z");
	return true;
}

/* Without a sandbox -Z is all that there is, so who captures as root and did not name a user is told. */
static bool privileges_enter_sandbox(bool is_root, bool opens_files)
{
	const char *what = "";
	switch (platform_enter_sandbox(opens_files, &what)) {
	case SANDBOX_ENTERED:
		return true;
	case SANDBOX_ABSENT:
		if (is_root)
			fputs("sioscope: this system has no sandbox that sioscope knows: packets are parsed as root; "
			      "-Z USER gives root up first\n",
			    stderr);
		return true;
	case SANDBOX_FAILED:
		break;
	}
	return privileges_fail(what);
}

bool privileges_drop(const char *user, bool opens_files)
{
	platform_bound_capabilities();
	return (!user || privileges_become(user)) && privileges_enter_sandbox(geteuid() == 0, opens_files);
}

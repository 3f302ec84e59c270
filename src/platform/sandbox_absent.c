/* In place of sandbox_linux.c on other systems. */
#include "platform/sandbox.h"

void platform_bound_capabilities(void)
{
}

enum platform_sandbox platform_enter_sandbox(bool opens_files, const char **what)
{
	(void)opens_files;
	(void)what;
	return SANDBOX_ABSENT;
}

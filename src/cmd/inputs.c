/* Whether a file is one of those that are read. */
#include "cmd/inputs.h"

#include <sys/stat.h>

static bool inputs_is(const struct stat *written, const char *read)
{
	struct stat status;
	return read && stat(read, &status) == 0 && S_ISREG(status.st_mode) && status.st_dev == written->st_dev &&
	       status.st_ino == written->st_ino;
}

bool inputs_hold(const struct options *options, const char *path)
{
	struct stat written;
	if (stat(path, &written) != 0)
		return false;
	bool holds = inputs_is(&written, options->server_log);
	for (size_t i = 0; i < options->read_count; i++)
		holds |= inputs_is(&written, options->reads[i]);
	for (size_t i = 0; i < options->expectation_count; i++)
		holds |= options->expectations[i].is_file && inputs_is(&written, options->expectations[i].text);
	return holds;
}

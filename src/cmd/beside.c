/* Written beside, and put in place. */
#include "cmd/beside.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool beside_open(struct beside *beside, const char *place)
{
	*beside = (struct beside){.place = place};
	bool plain = strncmp(place, "/dev/", 5) != 0;
	if (plain && (size_t)snprintf(beside->path, sizeof beside->path, "%s.part", place) >= sizeof beside->path) {
		errno = ENAMETOOLONG;
		return false;
	}
	beside->out = fopen(plain ? beside->path : place, "wb");
	return beside->out != NULL;
}

bool beside_close(struct beside *beside, bool good)
{
	int why = errno;
	if (fclose(beside->out) != 0 && good) {
		good = false;
		why = errno;
	}
	if (good && (!*beside->path || rename(beside->path, beside->place) == 0))
		return true;
	if (good)
		why = errno;
	if (*beside->path)
		unlink(beside->path);
	errno = why;
	return false;
}

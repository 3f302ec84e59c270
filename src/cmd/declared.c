/* Opens the frontend that states are compared with. */
#include "cmd/declared.h"

#include <stdio.h>

bool declared_open(struct frontend *frontend, const char *path)
{
	if (!frontend_open(frontend, path)) {
		fprintf(stderr, "sioscope: %s: %s\n", path,
		    frontend->lacked_memory ? "no memory for this frontend" : "cannot be read as a frontend");
		return false;
	}
	if (frontend->left_out)
		fprintf(stderr, "sioscope: %s: %zu scripts were not read: too many, too long or not readable\n", path,
		    frontend->left_out);
	if (!frontend_declares_state(frontend))
		fprintf(stderr, "sioscope: %s: no state declaration in it; deltas are not compared\n", path);
	return true;
}

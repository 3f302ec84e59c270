/* A build without capstone: Go's crypto/tls is not read. */
#include "source/probe_parts.h"

bool probe_go_find(struct probe_go *go, const char *path)
{
	(void)go, (void)path;
	return false;
}

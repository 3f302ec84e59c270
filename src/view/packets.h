/* Numbers of packets in words. */
#ifndef VIEW_PACKETS_H
#define VIEW_PACKETS_H

#include <stdint.h>

enum { PACKETS_TEXT = 64 };

/* "packets 12-14", "packet 12", or "" for none (0) into `text`; returns it. */
char *packets_format(uint64_t first, uint64_t last, char text[PACKETS_TEXT]);

#endif

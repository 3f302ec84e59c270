/* A network interface as a source: libpcap, without promiscuous mode, each packet LIVE_DELAY after it came at most. */
#ifndef SOURCE_LIVE_H
#define SOURCE_LIVE_H

#include "source/source.h"

struct live_settings {
	int snap_length; /* bytes of each packet */
	int buffer;      /* bytes that the kernel holds until they are read; 0: libpcap's own choice */
	bool promiscuous;
};

enum { LIVE_SNAP_LENGTH = 262144, LIVE_BUFFER = 16 << 20, LIVE_DELAY = 50 /* milliseconds */ };

/* `interface` ("any" is all) and `settings` are borrowed. NULL: `why` says what is wrong, and what would help. */
struct source *live_open(
    const char *interface, const char *filter, const struct live_settings *settings, char *why, size_t why_size);

/* Writes the interfaces that there are, one a line. False: `why` says what is wrong. */
bool live_list(char *why, size_t why_size);

/* ---- what a user without root can do so that this program may capture */

enum { SETCAP_HINT = 512 };

/* Writes the advice with the absolute paths of setcap and of this program, as in "run it with sudo, or once: sudo
 * /usr/sbin/setcap cap_net_raw+ep /usr/local/bin/sioscope"; where setcap is not installed, it also names the package
 * that has it. `capabilities` is what setcap takes (setcap(8)). Without /proc/self/exe, as on macOS: sudo alone.
 * Returns `text`.
 */
const char *setcap_hint(const char *capabilities, char text[SETCAP_HINT]);

#endif

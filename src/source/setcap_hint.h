/* How a user without root lets this program capture: the setcap command, once. */
#ifndef SOURCE_SETCAP_HINT_H
#define SOURCE_SETCAP_HINT_H

#include <stddef.h>

enum { SETCAP_HINT = 512 };

/* Writes the command with the absolute paths of setcap and of this program, as in "sudo /usr/sbin/setcap cap_net_raw+ep
 * /usr/local/bin/sioscope"; where setcap is not installed, it also names the package that has it. `capabilities` is
 * what setcap takes (setcap(8)). Returns `text`. */
const char *setcap_hint(const char *capabilities, char text[SETCAP_HINT]);

#endif

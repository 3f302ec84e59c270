/* What a user without root can do so that this program may capture. */
#ifndef SOURCE_SETCAP_HINT_H
#define SOURCE_SETCAP_HINT_H

enum { SETCAP_HINT = 512 };

/* Writes the advice with the absolute paths of setcap and of this program, as in "run it with sudo, or once: sudo
 * /usr/sbin/setcap cap_net_raw+ep /usr/local/bin/sioscope"; where setcap is not installed, it also names the package
 * that has it. `capabilities` is what setcap takes (setcap(8)). Without /proc/self/exe, as on macOS: sudo alone.
 * Returns `text`.
 */
const char *setcap_hint(const char *capabilities, char text[SETCAP_HINT]);

#endif

/*
 * The codes of the findings that this plug-in makes.
 *
 * environ-race and environ-absent are Reflex's, not python-socketio's: the line "Socket.IO environ is not initialized"
 * is what Reflex's own on_event raises when python-socketio's get_environ has nothing for the sid (reflex.md section
 * 6), and that an event has to be answered at all is a rule of Reflex. What plain python-socketio does with an event
 * outside the life of its registration, it drops it, is the core's event-dropped.
 */
#ifndef REFLEX_CODES_H
#define REFLEX_CODES_H

#include "detect/codes.h"

enum { REFLEX_CODES = CODE_BLOCK };

enum reflex_code {
	CODE_ENVIRON_RACE = REFLEX_CODES,
	CODE_ENVIRON_ABSENT,
	CODE_HANDLER_ERROR,
	CODE_DELTA_UNKNOWN_STATE,
	CODE_DELTA_UNKNOWN_VAR,
	CODE_DELTA_MISSING_VAR,
	CODE_DELTA_STALE_VAR,
	CODE_DELTA_LOST,
	CODE_HYDRATE_MISSING,
	CODE_FRONTEND_STUCK,
	CODE_FRONTEND_MISMATCH,
	CODE_FRONTEND_ERROR,
	CODE_BUNDLE_SYMLINKS,
	CODE_BUNDLE_FILE_COUNT,
	CODE_BUNDLE_INCOMPLETE,
	CODE_BUNDLE_TRANSPORT,
	CODE_BUNDLE_VERSION,
	CODE_BUNDLE_STATE,
	REFLEX_CODES_END,
};

/* The cases of some of them (finding_set_case). */
enum { RACE_LATE, RACE_LATE_UNSURE };           /* of environ-race */
enum { ABSENT_ELSEWHERE };                      /* of environ-absent */
enum { TRANSPORT_LOOPBACK, TRANSPORT_REFUSED }; /* of bundle-transport */
enum { VERSION_OTHER };                         /* of bundle-version */

extern const struct code_block reflex_codes;

#endif

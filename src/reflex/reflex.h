/*
 * What the files of this plug-in share: its options, the tables that plugin.c puts together, and the codes of the
 * findings that it makes.
 *
 * environ-race and environ-absent are findings of Reflex, not of python-socketio: the line "Socket.IO environ is not
 * initialized" is what the on_event of Reflex raises when the get_environ of python-socketio has nothing for the sid
 * (reflex.md section 6), and that an event has to be answered at all is a rule of Reflex. What plain python-socketio
 * does with an event outside the life of its registration (it drops it) is the event-dropped of the core.
 */
#ifndef REFLEX_REFLEX_H
#define REFLEX_REFLEX_H

#include "base/plugin.h"
#include "detect/codes.h"
#include "detect/detector.h"
#include "reflex/frontend.h"
#include "reflex/model.h"
#include "socketio/event.h"
#include "tui/ui.h"
#include "view/html.h"
#include "view/report.h"

/* ---- codes */

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

/* ---- the plug-in */

/* PLUGIN_OPTION_BYTES at most. */
struct reflex_options {
	const char *frontend; /* --frontend: what is opened is a struct frontend */
	const char *server;   /* --server */
	const char *at;       /* --at */
	bool state;           /* --state */
};

extern const struct detector detector_pages, detector_baked;
extern const struct pairing reflex_pairing;           /* update.c */
extern const struct report_section reflex_deployment; /* deployment.c */
extern const struct report_view reflex_state_view;    /* state.c */
extern const struct html_section reflex_state_page;   /* state_page.c */
extern const struct screen_operations screen_state;   /* screen_state.c */
bool bundle_run(const struct plugin_call *call);      /* bundle_command.c */

/* ---- state.c, for the screen */

/* A substate is worth showing: it has vars, and is none of Reflex's own, which say little, save the root. */
bool state_is_worth_showing(const struct model *model, const struct model_state *state);

/* Of a whole state that never came (model_next_missing): is it worth showing? Not below one that never came either. */
bool state_is_worth_missing(const struct model *model, const struct manifest_state *state);

/* Appends what may be shown of a var's value: what was kept of its JSON, or the replacement of a secret. */
void state_write_value(struct buffer *out, const struct mask *mask, const struct model_state *state, struct slice name,
    const struct model_value *value);

extern const struct plugin plugin_reflex;

#endif

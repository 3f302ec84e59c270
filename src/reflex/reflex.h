/* What the files of this plug-in share: its options, and the tables that plugin.c puts together. */
#ifndef REFLEX_REFLEX_H
#define REFLEX_REFLEX_H

#include "base/plugin.h"
#include "detect/detector.h"
#include "reflex/codes.h"
#include "reflex/frontend.h"
#include "reflex/model.h"
#include "socketio/event.h"
#include "tui/ui.h"
#include "view/report.h"

/* PLUGIN_OPTION_BYTES at most. */
struct reflex_options {
	const char *frontend; /* --frontend: what is opened is a struct frontend */
	const char *server;   /* --server */
	const char *at;       /* --at */
	bool state;           /* --state */
};

extern const struct detector detector_pages, detector_baked;
extern const struct pairing reflex_pairing;           /* replies.c */
extern const struct report_section reflex_deployment; /* deployment.c */
extern const struct report_view reflex_state_view;    /* state.c */
extern const struct screen_operations screen_state;   /* screen_state.c */
bool bundle_run(const struct plugin_call *call);      /* bundle_command.c */

/* ---- state.c, for the screen */

/* A substate is worth showing: it has vars, and is none of Reflex's own, which say little, save the root. */
bool state_is_worth_showing(const struct model_state *state);

/* Appends what may be shown of a var's value: what was kept of its JSON, or the replacement of a secret. */
void state_write_value(struct buffer *out, const struct mask *mask, struct slice name, const struct model_value *value);

extern const struct plugin plugin_reflex;

#endif

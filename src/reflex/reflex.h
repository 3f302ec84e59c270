/* What the files of this plug-in share: its options, and the tables that plugin.c puts together. */
#ifndef REFLEX_REFLEX_H
#define REFLEX_REFLEX_H

#include "base/plugin.h"
#include "detect/detector.h"
#include "reflex/codes.h"
#include "reflex/frontend.h"
#include "socketio/pairing.h"
#include "tui/screen.h"
#include "view/section.h"

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

extern const struct plugin plugin_reflex;

#endif

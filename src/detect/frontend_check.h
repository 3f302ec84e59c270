/* What is wrong with an exported frontend by itself: claims about its parts, and about the folder that is to be
 * shipped. */
#ifndef DETECT_FRONTEND_CHECK_H
#define DETECT_FRONTEND_CHECK_H

#include "detect/findings.h"
#include "reflex/bundle.h"

/* bundle-state: its sources declare other states or vars than its build, which is what pages run. */
void frontend_check_state(struct findings *findings, const struct frontend *frontend);

/* All bundle-… codes but those that need a server. */
void bundle_check(struct findings *findings, const struct bundle *bundle, const char *path);

#endif

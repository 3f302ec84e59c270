/* Wordings differ from version to version and from patch to patch: a row holds the words that all of them have. */
#include "reflex/log_lines.h"

static const struct server_log_line reflex_log_lines[] = {
    {"environ*not initiali", LOG_ENVIRON_ABSENT,
        {"0.7 and later, and retry patches (\"… after 5 retries, skipping\")", "reflex app.py: EventNamespace.on_event",
            NULL}},
    {"environ: none", LOG_ENVIRON_ABSENT, {"retry patches", "reflex.md §6", NULL}},
    {"[Reflex Backend Exception]", LOG_EXCEPTION_FOLLOWS, {"0.5 and later", "reflex app.py", NULL}},
};

const struct server_log_table reflex_log_table = {
    .name = "Reflex",
    .lines = reflex_log_lines,
    .line_count = sizeof reflex_log_lines / sizeof *reflex_log_lines,
};

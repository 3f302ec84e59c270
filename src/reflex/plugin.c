/* Reflex as a plug-in: the table of its tables, its options, its log lines, and what its events are called. */
#include "base/json.h"
#include "base/text.h"
#include "query/query.h"
#include "reflex/model.h"
#include "reflex/reflex.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- log lines
 *
 * Wordings differ from version to version and from patch to patch: a row holds the words that all of them have. */

static const struct server_log_line reflex_log_lines[] = {
    {"environ*not initiali", LOG_ENVIRON_ABSENT,
        {"0.7 and later, and retry patches (\"… after 5 retries, skipping\")", "reflex app.py: EventNamespace.on_event",
            NULL}},
    {"environ: none", LOG_ENVIRON_ABSENT, {"retry patches", "reflex.md §6", NULL}},
    {"[Reflex Backend Exception]", LOG_EXCEPTION_FOLLOWS, {"0.5 and later", "reflex app.py", NULL}},
};

static const struct server_log_table reflex_log_table = {
    .name = "Reflex",
    .lines = reflex_log_lines,
    .line_count = sizeof reflex_log_lines / sizeof *reflex_log_lines,
};

/* ---- options, and what they open */

static const struct plugin_option reflex_option_table[] = {
    {"frontend", "PATH", FOR_REPORT | FOR_CHECK, offsetof(struct reflex_options, frontend),
        "the exported Reflex frontend: a .web directory, a directory of built scripts, or context.js"},
    {"server", "URL", FOR_PLUGIN, offsetof(struct reflex_options, server),
        "a running server: try a real handshake as the bundle's pages would (http://host:port)"},
    {"state", NULL, FOR_REPORT, offsetof(struct reflex_options, state),
        "instead: the state of each Reflex page, as sent and as shown, at the end"},
    {"at", "TIME", FOR_REPORT, offsetof(struct reflex_options, at),
        "with --state: at this time (2026-11-23T11:42:39Z), or +SECONDS after the first event"},
    {0},
};

_Static_assert(sizeof(struct reflex_options) <= PLUGIN_OPTION_BYTES, "the options have room");

static bool reflex_open_frontend(const char *path, struct frontend *frontend)
{
	if (!frontend_open(frontend, path)) {
		fprintf(stderr, "sioscope: %s: %s\n", path,
		    frontend->lacked_memory ? "no memory for this frontend" : "cannot be read as a frontend");
		return false;
	}
	if (frontend->left_out)
		fprintf(stderr, "sioscope: %s: %zu %s not read: too many, too long or not readable\n", path,
		    frontend->left_out, plural_choose(frontend->left_out, "script was", "scripts were"));
	if (!frontend_states(frontend))
		fprintf(stderr, "sioscope: %s: no state declaration in it; deltas are not compared\n", path);
	return true;
}

static bool reflex_open(const void *options, void **facts)
{
	const char *path = ((const struct reflex_options *)options)->frontend;
	if (!path)
		return true;
	struct frontend *frontend = malloc(sizeof *frontend);
	if (!frontend)
		fputs("sioscope: no memory\n", stderr);
	else if (reflex_open_frontend(path, frontend))
		*facts = frontend;
	else
		free(frontend);
	return *facts != NULL;
}

static void reflex_close(void *facts)
{
	frontend_free(facts);
	free(facts);
}

/* ---- events */

static bool reflex_owns(const struct event *event)
{
	return slice_equals(event->nsp, SLICE("/_event"));
}

enum { REFLEX_LABEL = 100 };

/* "app_state.tick_update" of the full name, whose modules say little. */
static struct slice handler_name(struct slice name)
{
	size_t dots = 0, at = name.len;
	while (at && dots < 2)
		dots += name.at[--at] == '.';
	struct slice tail = dots == 2 ? slice_drop(name, at + 1) : name;
	size_t module = slice_find(tail, SLICE("____"));
	return module < slice_find_byte(tail, '.') ? slice_drop(tail, module + 4) : tail;
}

/* Reflex's events are all called `event`: the handler's name says more. */
static bool reflex_label(struct buffer *out, const struct event *event)
{
	struct follow_item item;
	struct buffer text;
	size_t begin = out->len;
	buffer_init(&text, 1 << 20, NULL);
	enum follow_kind kind = follow_read(event, &text, &item);
	if (kind == FOLLOW_SENT)
		buffer_append(out, slice_take(handler_name(json_inside_quotes(item.sent.name)), REFLEX_LABEL));
	else if (kind == FOLLOW_UPDATE)
		buffer_append_text(out, item.update.delta.len > 2    ? "delta"
		                        : item.update.events.len > 2 ? "events"
		                                                     : "update");
	buffer_free(&text);
	return out->len > begin;
}

/* ---- a field of findings */

static void read_phase(const struct query_data *data, const struct query_row *row, struct query_value *value)
{
	(void)data;
	if (row->finding->phase)
		value_set_text(value, slice_of_text(row->finding->phase));
}

static const struct query_field reflex_fields[] = {
    {"phase", TABLE_FINDINGS, TYPE_TEXT, NULL, false, read_phase, NULL, "early or late, of an environ-race"},
    {0},
};

/* ---- the plug-in */

static const struct detector *const reflex_detectors[] = {&detector_pages, &detector_baked, NULL};

static const struct screen_key reflex_screens[] = {
    {'5', "5", "state of the Reflex page", NULL, false, &screen_state},
    {0},
};

static const struct plugin_command reflex_commands[] = {
    {"bundle", "[options] DIRECTORY", "an exported .web directory: what would break when it ships", bundle_run},
    {0},
};

const struct plugin plugin_reflex = {
    .name = "reflex",
    .options = reflex_option_table,
    .commands = reflex_commands,
    .open = reflex_open,
    .close = reflex_close,
    .log_table = &reflex_log_table,
    .owns = reflex_owns,
    .pairing = &reflex_pairing,
    .codes = &reflex_codes,
    .detectors = reflex_detectors,
    .fields = reflex_fields,
    .section = &reflex_deployment,
    .view = &reflex_state_view,
    .screens = reflex_screens,
    .label = reflex_label,
};

/* Reflex as a plug-in: the table of its tables, its options, its log lines, what its events are called; and the table
 * of its findings. */
#include "base/json.h"
#include "base/text.h"
#include "query/query.h"
#include "reflex/model.h"
#include "reflex/page.h"
#include "reflex/reflex.h"
#include "reflex/thresholds.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- log lines
 *
 * Wordings differ from version to version and from patch to patch: a row holds the words that all of them have. */

static const struct server_log_line reflex_log_lines[] = {
    {"environ*not initiali", LOG_ENVIRON_ABSENT, NULL,
        {"0.7 and later, and retry patches (\"… after 5 retries, skipping\")", "reflex app.py: EventNamespace.on_event",
            NULL}},
    {"environ: none", LOG_ENVIRON_ABSENT, NULL, {"retry patches", "reflex.md §6", NULL}},
    {"[Reflex Backend Exception]", LOG_EXCEPTION_FOLLOWS, NULL, {"0.5 and later", "reflex app.py", NULL}},
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
		complain("%s: %s", path,
		    frontend->lacked_memory ? "no memory for this frontend" : "cannot be read as a frontend");
		return false;
	}
	if (frontend->left_out)
		complain("%s: %zu %s not read: too many, too long or not readable", path, frontend->left_out,
		    plural_choose(frontend->left_out, "script was", "scripts were"));
	if (!frontend_states(frontend))
		complain("%s: no state declaration in it; deltas are not compared", path);
	return true;
}

static bool reflex_open(const void *options, void **facts)
{
	const char *path = ((const struct reflex_options *)options)->frontend;
	struct frontend *frontend = malloc(sizeof *frontend);
	if (!frontend || (!path && !frontend_begin_captured(frontend)))
		fputs("sioscope: no memory\n", stderr);
	else if (!path || reflex_open_frontend(path, frontend))
		*facts = frontend;
	else
		free(frontend);
	return *facts != NULL;
}

/* Where no frontend is given, the scripts that pages load are one. */
static bool reflex_wants_document(const void *facts, struct slice target)
{
	return frontend_wants_script(facts, target);
}

static void reflex_take_document(void *facts, struct slice target, struct slice body)
{
	frontend_take_script(facts, target, body);
}

static void reflex_close(void *facts)
{
	frontend_free(facts);
	free(facts);
}

/* ---- events */

static bool reflex_owns(const struct event *event)
{
	return slice_equals(event_packet(event)->nsp, SLICE("/_event"));
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
    .wants_document = reflex_wants_document,
    .document = reflex_take_document,
    .wants_beside = reflex_wants_beside,
    .takes_beside = reflex_takes_beside,
    .refused = reflex_refused,
    .log_table = &reflex_log_table,
    .owns = reflex_owns,
    .pairing = &reflex_pairing,
    .codes = &reflex_codes,
    .thresholds = reflex_threshold_table,
    .detectors = reflex_detectors,
    .fields = reflex_fields,
    .section = &reflex_deployment,
    .page = &reflex_state_page,
    .view = &reflex_state_view,
    .screens = reflex_screens,
    .label = reflex_label,
};

/* ---- findings */

/* The findings of Reflex pages and of exported frontends: the table that `sioscope explain` prints, what explains what,
 * and what Reflex adds to the core's advice. */

static const struct code_case environ_race_cases[] = {
    [RACE_LATE] = {SEVERITY_WARNING, "late"},
    [RACE_LATE_UNSURE] = {SEVERITY_INFO, "late on a WebSocket, unless the log proves it"},
    {0},
};

static const struct code_case environ_absent_cases[] = {
    [ABSENT_ELSEWHERE] = {SEVERITY_INFO, "where no event that was captured went without its answer"},
    {0},
};

static const struct code_case bundle_transport_cases[] = {
    [TRANSPORT_LOOPBACK] = {SEVERITY_WARNING, "where 127.0.0.1 is baked in"},
    [TRANSPORT_REFUSED] = {SEVERITY_ERROR, "where the server that was asked gives no session"},
    {0},
};

static const struct code_case bundle_version_cases[] = {
    [VERSION_OTHER] = {SEVERITY_WARNING, "where the page that ran is of another"},
    {0},
};

static const struct code_entry reflex_code_table[] = {
    [CODE_ENVIRON_RACE - REFLEX_CODES] = {"environ-race", SEVERITY_ERROR,
        "An event arrived while its session was not registered",
        "An event reached the server while its session was not registered. Early: before the CONNECT was acknowledged. "
        "Late: while the session was closing; the server then logs \"Socket.IO environ is not initialized\". Late is "
        "harmless: the client had already gone. With polling it always happens when an event and the disconnect travel "
        "in one POST. The wire shows an unanswered event; only the server's log proves the race (--server-log).",
        "Late: harmless; silence the log line, do not retry. Early: let the client wait for the CONNECT's answer "
        "before it sends (stock clients do).",
        environ_race_cases,
        "An event that stays unanswered for another reason, for example an error in its handler. Only the "
        "server's log proves the race."},
    [CODE_ENVIRON_ABSENT - REFLEX_CODES] = {"environ-absent", SEVERITY_ERROR,
        "The server lost its registration of a live session",
        "The server's log says that the environ is not initialised while the session was alive and no client was "
        "leaving. This is not a race: the code that looks it up asks another server object than the one that took the "
        "connection (a module imported twice, a second app instance), registers late, or is wrapped.",
        "Look for two instances: a module imported under two names (usual in bundles made by Nuitka or PyInstaller), "
        "two App objects, a custom on_event. Remove retry patches: they hide the log line and repair nothing.",
        environ_absent_cases,
        "The late race (environ-race) logs the same line: there the client is leaving, here the session goes "
        "on."},
    [CODE_HANDLER_ERROR - REFLEX_CODES] = {"handler-error", SEVERITY_ERROR, "An event handler raised an error",
        "The server answered an event with its own error report (Reflex: the toast \"An error occurred\" carries the "
        "exception's text).",
        "Fix the handler or computed var named in the text.", NULL, "Nothing: the server itself says so."},
    [CODE_DELTA_UNKNOWN_STATE - REFLEX_CODES] = {"delta-unknown-state", SEVERITY_ERROR,
        "The backend sends a substate that the frontend does not have",
        "An update names a substate that the exported frontend does not declare. Up to Reflex 0.8 the frontend throws "
        "an error that nobody sees, and never sends another event; since 0.10 it skips the substate.",
        "Frontend and backend are of different builds: export the frontend again, from exactly the code that the "
        "backend runs (renamed classes and moved modules change names).",
        NULL,
        "A page of another build than the frontend that was given: the scripts that the page loaded decide, "
        "where they were captured."},
    [CODE_DELTA_UNKNOWN_VAR - REFLEX_CODES] = {"delta-unknown-var", SEVERITY_ERROR,
        "The backend sends a var that the frontend does not show",
        "An update names a var that the frontend's substate does not declare: the page stores it, and nothing renders "
        "it. Either it was renamed, and pages lack the var of the old name; or, when everything came that pages show "
        "of that substate, it is new in the backend (info).",
        "Export the frontend again, from exactly the code that the backend runs; a likely old name is given.", NULL,
        "A var that is new in the backend and that no page shows: information only."},
    [CODE_DELTA_MISSING_VAR - REFLEX_CODES] = {"delta-missing-var", SEVERITY_ERROR,
        "A var that the page shows never comes",
        "The backend sent the whole substate, and a var that the frontend declares and a page reads was not in it: it "
        "was renamed or removed in the backend, or it is no longer a computed var.",
        "Compare the names in the backend's state class with .web/utils/context.js; export again.", NULL,
        "A var that comes with a later update: it is judged when the session ends."},
    [CODE_DELTA_STALE_VAR - REFLEX_CODES] = {"delta-stale-var", SEVERITY_WARNING,
        "A var keeps its first value while others change",
        "A var that the page shows was sent once and never again, while its neighbours changed: most likely a computed "
        "var whose dependencies are not tracked.",
        "Check the computed var (@rx.var): give auto_deps or deps, or cache=False, so that it is computed when its "
        "source changes.",
        NULL,
        "A constant. A var of the same state, with a similar name, must have changed several times meanwhile; "
        "--frontend shows whether a page shows the var."},
    [CODE_DELTA_LOST - REFLEX_CODES] = {"delta-lost", SEVERITY_ERROR,
        "An update was sent that the client cannot have applied",
        "An update went out, and the client gave no sign of life after it until the connection was reset; or its bytes "
        "were never acknowledged. That TCP acknowledged them does not prove that the page took them.",
        "The page was frozen, killed or cut off. After it connects again it must hydrate; check that it does.", NULL,
        "A client that got the update and then left: anything that it sent afterwards, or time to do so, "
        "rules the loss out."},
    [CODE_HYDRATE_MISSING - REFLEX_CODES] = {"hydrate-missing", SEVERITY_ERROR, "The page was never hydrated",
        "A Reflex page asks for its whole state first. That event was not sent, not answered, or the page was never "
        "told that it is hydrated; it shows its initial values only.",
        "Look in the server's log and in the browser's console at the time when the page connected.", NULL,
        "A page that was left before its state could come: sessions of less than two seconds are not judged."},
    [CODE_FRONTEND_STUCK - REFLEX_CODES] = {"frontend-stuck", SEVERITY_ERROR, "The frontend stopped sending events",
        "Up to Reflex 0.8 the frontend has one event in flight. When an answer is lost, or an update throws in the "
        "page, it never sends another on this connection, while the connection looks healthy. Detected because an "
        "expected event never came.",
        "Repair what stopped it (the finding that it is listed under); a reload helps until it happens again.", NULL,
        "A user who does nothing: only events that the page sends by itself count as missing."},
    [CODE_FRONTEND_MISMATCH - REFLEX_CODES] = {"frontend-mismatch", SEVERITY_ERROR,
        "Frontend and backend say that they differ",
        "The backend told the frontend that their state schemas differ, or the version that the frontend names is one "
        "that looks for other names of vars than the backend sends.",
        "Export the frontend again, from exactly the code and version that the backend runs, and ship both together.",
        NULL, "Nothing: both sides say so."},
    [CODE_FRONTEND_ERROR - REFLEX_CODES] = {"frontend-error", SEVERITY_ERROR, "The frontend reported an error",
        "The page sent an error of its own to the backend.", "The quoted text says what failed in the page.", NULL,
        "Nothing: the page itself says so."},
    [CODE_BUNDLE_SYMLINKS - REFLEX_CODES] = {"bundle-symlinks", SEVERITY_WARNING, "The bundle holds symlinks",
        "node_modules/.bin is full of them. Archives, code signing and installers follow, break or refuse them; those "
        "that point out of the directory are broken elsewhere.",
        "Ship only build/client, which has none, or copy with links followed: cp -RL.", NULL, NULL},
    [CODE_BUNDLE_FILE_COUNT - REFLEX_CODES] = {"bundle-file-count", SEVERITY_WARNING,
        "The bundle has more files than a command line takes",
        "A command line that names every file of the directory exceeds the limit of this system or of macOS "
        "(\"Argument list too long\").",
        "Ship only build/client; let find run commands in portions (-exec … {} +).", NULL, NULL},
    [CODE_BUNDLE_INCOMPLETE - REFLEX_CODES] = {"bundle-incomplete", SEVERITY_ERROR, "The bundle lacks what pages need",
        "There is no build, no index.html in it, or its scripts declare no state.",
        "Export the frontend (reflex export --frontend-only) and ship build/client of that export.", NULL, NULL},
    [CODE_BUNDLE_TRANSPORT - REFLEX_CODES] = {"bundle-transport", SEVERITY_INFO,
        "Where and how the bundle's pages connect",
        "URL and transport of the backend are baked into the build; env.json is not read any more. Reflex replaces "
        "localhost by the page's host, but not 127.0.0.1, and drops the port on https pages.",
        "Set api_url and transport in rxconfig.py as the pages will need them, then export again.",
        bundle_transport_cases, NULL},
    [CODE_BUNDLE_VERSION - REFLEX_CODES] = {"bundle-version", SEVERITY_INFO, "Which Reflex made the bundle",
        "The build names its Reflex version, and tells it the backend as its WebSocket subprotocol.",
        "Run the backend with the same version; export again after an update.", bundle_version_cases, NULL},
    [CODE_BUNDLE_STATE - REFLEX_CODES] = {"bundle-state", SEVERITY_ERROR, "The bundle's sources and its build differ",
        "context.js declares other states or vars than the built chunks, and pages run the chunks: a backend started "
        "without Reflex's own command line rewrites the sources and leaves the build old.",
        "Export again; do not trust context.js in a running bundle.", NULL, NULL},
};

_Static_assert(
    sizeof reflex_code_table / sizeof *reflex_code_table == REFLEX_CODES_END - REFLEX_CODES, "each code has its entry");

static const struct code_explanation reflex_explanations[] = {
    {CODE_DELTA_UNKNOWN_STATE, CODE_FRONTEND_STUCK, EXPLAINS_IN_SESSION, NULL},
    {CODE_DELTA_UNKNOWN_STATE, CODE_HYDRATE_MISSING, EXPLAINS_IN_SESSION, NULL},
    {CODE_DELTA_UNKNOWN_STATE, CODE_DELTA_MISSING_VAR, EXPLAINS_IN_SESSION, NULL},
    {CODE_FRONTEND_MISMATCH, CODE_DELTA_UNKNOWN_STATE, EXPLAINS_IN_SESSION, NULL},
    {CODE_FRONTEND_MISMATCH, CODE_FRONTEND_ERROR, EXPLAINS_IN_SESSION, NULL},
    {CODE_FRONTEND_MISMATCH, CODE_DELTA_UNKNOWN_VAR, EXPLAINS_IN_SESSION, NULL},
    {CODE_FRONTEND_MISMATCH, CODE_DELTA_MISSING_VAR, EXPLAINS_IN_SESSION, NULL},
    {CODE_DELTA_UNKNOWN_STATE, CODE_FRONTEND_ERROR, EXPLAINS_IN_SESSION, NULL},
    {CODE_DELTA_UNKNOWN_VAR, CODE_DELTA_MISSING_VAR, EXPLAINS_IN_SESSION, NULL},
    {CODE_ENVIRON_ABSENT, CODE_EVENT_UNANSWERED, EXPLAINS_IN_SESSION, NULL},
    {CODE_ENVIRON_ABSENT, CODE_HYDRATE_MISSING, EXPLAINS_IN_SESSION, NULL},
    {CODE_ENVIRON_ABSENT, CODE_FRONTEND_STUCK, EXPLAINS_IN_SESSION, NULL},
    {CODE_CONNECT_UNANSWERED, CODE_HYDRATE_MISSING, EXPLAINS_IN_SESSION, NULL},
    {CODE_ENVIRON_RACE, CODE_CONNECT_UNANSWERED, EXPLAINS_IN_SESSION, NULL},
    {CODE_EVENT_DROPPED, CODE_ENVIRON_RACE, EXPLAINS_IN_SESSION, NULL},
    {CODE_EVENT_DROPPED, CODE_HYDRATE_MISSING, EXPLAINS_IN_SESSION, NULL},
    {CODE_EVENT_UNANSWERED, CODE_HYDRATE_MISSING, EXPLAINS_IN_SESSION, NULL},
    {CODE_EVENT_UNANSWERED, CODE_FRONTEND_STUCK, EXPLAINS_IN_SESSION, NULL},
    {CODE_HYDRATE_MISSING, CODE_FRONTEND_STUCK, EXPLAINS_IN_SESSION, NULL},
    {CODE_HANDLER_ERROR, CODE_DELTA_STALE_VAR, EXPLAINS_IN_SESSION, NULL},
    {CODE_ABNORMAL_CLOSE, CODE_DELTA_LOST, EXPLAINS_IN_SESSION, NULL},
    {CODE_PAYLOAD_TOO_LARGE, CODE_CORS_BLOCKED, EXPLAINS_OF_SERVER, "error-answer"},
    {CODE_EVENT_DROPPED, CODE_CORS_BLOCKED, EXPLAINS_OF_SERVER, "error-answer"},
    {0},
};

static const struct code_advice reflex_advice[] = {
    {CODE_TRANSPORT_REJECTED,
        "Reflex: set `transport` in rxconfig.py, then export the frontend again: the export bakes it in."},
    {0},
};

#define MODULES_ARE "backend and frontend know the same state by modules of different names"
#define MODULES_ADVICE                                                                                                 \
	"Run the backend and export the frontend from the same folder, with the same app_name in rxconfig.py: Reflex " \
	"makes a state's name from the full name of its module. In a bundle see how the app's module is imported: a "  \
	"package whose __init__.py was left out, or another working directory or PYTHONPATH, gives it another name."

const struct cause_entry reflex_causes[] = {
    [REFLEX_HYDRATE_NEVER_ASKED] = {"never-asked", "hydrate-missing",
        "the page connected, and did not send the event that asks for its state",
        "Look in the browser's console for an error of the page's scripts. Export the frontend again, from exactly the "
        "code that the backend runs: its scripts send this event after the connection.",
        {{0}}},
    [REFLEX_HYDRATE_UNANSWERED] = {"not-answered", "hydrate-missing",
        "the page asked for its state, and the server sent none",
        "Look in the server's log at this time: an exception, or a call that blocks, in a computed var, in the "
        "middleware or in the state manager (Redis).",
        {{0}}},
    [REFLEX_HYDRATE_ERROR] = {"answered-with-error", "hydrate-missing",
        "the page asked for its state, and the server answered with an error",
        "Fix the handler or computed var named in the error; the server's log has the traceback.", {{0}}},
    [REFLEX_HYDRATE_NOT_FINISHED] = {"not-finished", "hydrate-missing",
        "the state was sent, and is_hydrated never came as true",
        "Look for on_load handlers of this page that hang or raise: is_hydrated becomes true after the last of them.",
        {{0}}},
    [REFLEX_REDIRECT_LOOP] = {"redirect-loop", "reconnect-loop",
        "what a page does when it loads redirects it, and the page that is loaded then redirects again",
        "Find the rx.redirect in the on_load or on_mount handler that is named: return it only when the page is not "
        "where it leads to, or when what it waits for (a login, a var) is not there. A var that is lost with each load "
        "has to be kept (rx.Cookie, rx.LocalStorage).",
        {{0}}},
    [REFLEX_TOKEN_TWICE] = {"token-at-two-backends", "duplicate-session",
        "two backends, or two workers, each have a connection of the same token, and do not know of each other",
        "Set redis_url in rxconfig.py (or REFLEX_REDIS_URL) to one Redis for all backends and workers, which then "
        "share states and know of each other's tabs. Without Redis run a single worker, or let the balancer send each "
        "client to the same backend (sticky by address or cookie).",
        {{0}}},
    [REFLEX_CUT_OFF] = {"cut-off", "event-unanswered", "the connection broke while the event's handler was at work",
        "Find out why the connection broke: the server's log, the proxy's, and what else is found in this session.",
        {{0}}},
    [REFLEX_CAME_BACK] = {"page-reconnected", "event-unanswered",
        "the connection broke while the event's handler was at work, and the page connected again: what the handler "
        "sends at its end goes to the connection that is gone",
        "Find out why the connection broke (what else is found in this session). Let a handler that works for long be "
        "a background task (@rx.event(background=True)), whose updates follow the page to its new connection, or let "
        "the page's on_load handler read what became of the work.",
        {{0}}},
    [REFLEX_VERSIONS_DIFFER] = {"versions-differ", "frontend-mismatch",
        "the frontend was exported by another version of Reflex than the backend runs",
        "Export the frontend again with the version of Reflex that the backend runs (pip show reflex), and ship both "
        "together. Where that was done: let browsers, proxies and the CDN drop the old export from their caches.",
        {{0}}},
    [REFLEX_MODULES_DIFFER] = {"modules-differ", "frontend-error", MODULES_ARE, MODULES_ADVICE, {{0}}},
    [REFLEX_STATE_OF_OTHER_MODULE] = {"modules-differ", "delta-unknown-state", MODULES_ARE, MODULES_ADVICE, {{0}}},
    [REFLEX_PREFIX] = {"prefix-not-stripped", "handshake-rejected",
        "a Reflex backend serves /_event at its root, so the prefix before it was not taken off on the way",
        "Let the proxy take the prefix off before it passes the request on (nginx: location /api/ { proxy_pass "
        "http://backend:8000/; }, with the slash at the end; Traefik: StripPrefix; Caddy: handle_path). Or let the "
        "backend serve it: backend_path=\"/api\" in rxconfig.py, in Reflex 0.9 where it has that. Or leave the prefix "
        "out of api_url in rxconfig.py. After a change of rxconfig.py export the frontend again: the export bakes the "
        "address in.",
        {{0}}},
    [REFLEX_API_URL] = {"api-url", "handshake-rejected", "what answers at the page's api_url is not the Reflex backend",
        "The page's api_url leads to something else than the backend, most often to the server of the frontend's own "
        "files, which answers for every path. In rxconfig.py set api_url to the backend's address (port 8000, unless "
        "backend_port says another), and export the frontend again: the export bakes it in. Or let the proxy or web "
        "server pass /_event, /_upload and /ping on to the backend.",
        {{0}}},
    [REFLEX_UPLOAD_SIZE] = {"upload-too-large", "payload-too-large",
        "something before the backend refuses the size of an upload",
        "Raise the limit of what answered, for /_upload (nginx: client_max_body_size, 1 MB by default; Apache: "
        "LimitRequestBody; Caddy: request_body max_size; Traefik: buffering.maxRequestBodyBytes; Cloudflare: 100 MB in "
        "its small plans), and let the page refuse larger files itself (max_size of rx.upload).",
        {{0}}},
    [REFLEX_STATE_NOT_KEPT] = {"state-not-kept", "event-dropped",
        "the backend has lost the page's state again each time an event of the page comes",
        "Let each event find the state that the page's load has made. With several workers or backends: one Redis for "
        "all of them (redis_url in rxconfig.py), which neither evicts keys (maxmemory-policy) nor lets them expire "
        "before the next click (redis_token_expiration). Without Redis: one worker alone, and room where it writes "
        "states to disk (.states).",
        {{0}}},
    [REFLEX_UPLOAD_PATH] = {"upload-path", "event-dropped", "nothing takes uploads at the path that the page asks for",
        "Let the proxy or web server pass /_upload on to the backend as it does /_event, with the same prefix; where "
        "nothing of the backend is reached, correct api_url in rxconfig.py and export the frontend again.",
        {{0}}},
    [REFLEX_UPLOAD_FORBIDDEN] = {"upload-forbidden", "event-dropped",
        "something before the backend does not let the upload pass",
        "Let the proxy, login or firewall that answers pass POST /_upload on to the backend: Reflex itself asks for no "
        "more than the headers Reflex-Client-Token and Reflex-Event-Handler.",
        {{0}}},
    [REFLEX_UPLOAD_UNREACHED] = {"upload-unreached", "event-dropped",
        "a proxy got no answer from the backend to an upload",
        "See in the backend's log what it did at this time: a handler that takes longer than the proxy waits (nginx: "
        "proxy_read_timeout), or a worker that ended (memory).",
        {{0}}},
    [REFLEX_UPLOAD_ERROR] = {"upload-error", "event-dropped", "the backend failed at an upload",
        "Look in the backend's log at this time: the traceback names the upload handler, or what was wrong with the "
        "files.",
        {{0}}},
    [REFLEX_UPLOAD_REQUEST] = {"upload-request", "event-dropped", "the backend does not take the upload as it came",
        "Read the answer that is quoted. Where it misses a header or a handler: export the frontend again, from "
        "exactly the code that the backend runs, and let proxies pass Reflex-Client-Token and Reflex-Event-Handler on.",
        {{0}}},
    [REFLEX_UPLOAD_CUT] = {"upload-cut", "event-dropped",
        "the server, or something before it, ended the connection of an upload without an answer",
        "Look at the limits of what answers at this address: a size that it refuses without a word, a time that an "
        "upload may take (nginx: client_body_timeout), a worker that ended.",
        {{0}}},
    {0},
};

const struct code_block reflex_codes = {
    .first = REFLEX_CODES,
    .count = REFLEX_CODES_END - REFLEX_CODES,
    .entries = reflex_code_table,
    .explanations = reflex_explanations,
    .advice = reflex_advice,
    .causes = reflex_causes,
};

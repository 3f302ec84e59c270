/*
 * What answers where a Reflex page looks for its backend: a path at which nothing of Reflex is served
 * (handshake-rejected, which the core reports and asks about), and uploads that are refused (payload-too-large,
 * event-dropped; cors.c and preflight.c of the core judge their CORS).
 *
 * The backend serves /_event, /_upload and /ping at its root, or below backend_path, which came with a release of
 * Reflex 0.9 (reflex constants/event.py: Endpoint; config: backend_path); the page asks at the api_url that its export
 * has.
 *
 * An upload. Seen: a POST with Reflex's header of the handler that takes it, and an answer that is no success, or a
 * connection that the server ended instead. Ruled out: other requests to a path of this name (they have no such
 * header), uploads that the user stops, and a connection that was closed before the upload came.
 */
#include "base/text.h"
#include "detect/refusal.h"
#include "reflex/page.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- handshakes */

/* The path without a slash at its end. */
static struct slice backend_path(struct slice path)
{
	return slice_ends_with(path, SLICE("/")) ? slice_take(path, path.len - 1) : path;
}

bool backend_is_path(struct slice path)
{
	return slice_ends_with(backend_path(path), SLICE("/_event"));
}

const struct cause_entry *reflex_refused(const struct exchange *exchange)
{
	struct slice path = backend_path(http_target_path(exchange->request.head.target));
	bool has_prefix = path.len > strlen("/_event"), is_forbidden = exchange->status == 403;
	bool is_success = exchange->status >= 200 && exchange->status < 300;
	if (!backend_is_path(path) || exchange->target->sid_len)
		return NULL;
	if (has_prefix && (is_forbidden || exchange->status == 404))
		return &reflex_causes[REFLEX_PREFIX];
	return is_success || exchange->status == 404 ? &reflex_causes[REFLEX_API_URL] : NULL;
}

/* ---- uploads */

bool reflex_wants_beside(struct slice target)
{
	return slice_ends_with(backend_path(http_target_path(target)), SLICE("/_upload"));
}

/* By the header that only Reflex's pages send, or whose leave the preflight before it asks for. */
bool reflex_takes_beside(const struct exchange *exchange)
{
	return exchange_field(&exchange->request, "Reflex-Event-Handler").len > 0 ||
	       http_list_has(
	           exchange_field(&exchange->request, "Access-Control-Request-Headers"), "reflex-event-handler");
}

/* Why it was refused, by the answer's status. */
static enum reflex_cause upload_cause(int status)
{
	static const struct {
		int status;
		enum reflex_cause cause;
	} rows[] = {{0, REFLEX_UPLOAD_CUT}, {301, REFLEX_UPLOAD_PATH}, {302, REFLEX_UPLOAD_FORBIDDEN},
	    {303, REFLEX_UPLOAD_FORBIDDEN}, {401, REFLEX_UPLOAD_FORBIDDEN}, {403, REFLEX_UPLOAD_FORBIDDEN},
	    {404, REFLEX_UPLOAD_PATH}, {405, REFLEX_UPLOAD_PATH}, {407, REFLEX_UPLOAD_FORBIDDEN},
	    {413, REFLEX_UPLOAD_SIZE}, {429, REFLEX_UPLOAD_FORBIDDEN}, {501, REFLEX_UPLOAD_PATH},
	    {502, REFLEX_UPLOAD_UNREACHED}, {503, REFLEX_UPLOAD_UNREACHED}, {504, REFLEX_UPLOAD_UNREACHED}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].status == status)
			return rows[i].cause;
	return status >= 500 ? REFLEX_UPLOAD_ERROR : REFLEX_UPLOAD_REQUEST;
}

/* A redirect by 301 to 303 makes a GET of the POST, without the files (Fetch, "HTTP-redirect fetch"). */
static bool upload_is_refused(const struct exchange *exchange)
{
	bool is_cut = exchange->state == EXCHANGE_UNANSWERED && exchange->ended_by == DIRECTION_TO_CLIENT &&
	              !exchange->crossed.closed;
	if (exchange->request.partial || exchange->answer.partial || exchange_is_hidden(exchange))
		return false;
	return exchange->status ? exchange->status >= 400 || (exchange->status >= 301 && exchange->status <= 303)
	                        : is_cut;
}

/* What to raise, by who answered; NULL: that is not known. */
static const char *upload_limit(const struct exchange *exchange)
{
	static const struct {
		const char *software, *advice;
	} limits[] = {
	    {"nginx", "nginx refuses the size: set client_max_body_size (1 MB by default) in the location that passes "
	              "/_upload on, and let the page refuse larger files itself (max_size of rx.upload)."},
	    {"Apache",
	        "Apache refuses the size: set LimitRequestBody for /_upload, and let the page refuse larger files "
	        "itself (max_size of rx.upload)."},
	    {"Caddy",
	        "Caddy refuses the size: set request_body max_size for /_upload, and let the page refuse larger files "
	        "itself (max_size of rx.upload)."},
	    {"cloudflare",
	        "Cloudflare refuses the size: each plan has a limit (100 MB in the small ones) that no setting "
	        "raises. Send larger files in parts, or to an address that does not go through Cloudflare."},
	};
	struct slice server = exchange_field(&exchange->answer, "Server");
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		if (slice_equals_nocase(slice_take(server, strlen(limits[i].software)), limits[i].software))
			return limits[i].advice;
	return NULL;
}

static void upload_say(struct findings *findings, struct finding *finding, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	struct slice length = slice_take(slice_trim(exchange_field(&exchange->request, "Content-Length")), 16);
	struct slice path = slice_take(http_target_path(exchange->request.head.target), 96);
	char server[ENDPOINT_TEXT_SIZE], quote[REFUSAL_QUOTE_SIZE], handler[PAGE_NAME], answer[REFUSAL_QUOTE_SIZE + 64];
	page_handler(exchange_field(&exchange->request, "Reflex-Event-Handler"), handler);
	if (exchange->status)
		snprintf(answer, sizeof answer, "answered by HTTP %d and %s", exchange->status,
		    refusal_quote(exchange, quote));
	else
		snprintf(answer, sizeof answer, "not answered: its connection was ended instead");
	finding_say(findings, finding, "an upload%s%.*s%s to %s (POST %.*s) was %s; its handler %s got nothing",
	    length.len ? " of " : "", (int)length.len, length.at ? (const char *)length.at : "",
	    length.len ? " bytes" : "", endpoint_format(&event->connection->server, server), (int)path.len,
	    (const char *)path.at, answer, handler);
}

static void upload_report(struct pages *pages, const struct event *event)
{
	struct findings *findings = pages->state.findings;
	const struct exchange *exchange = event->exchange;
	char subject[ENDPOINT_TEXT_SIZE + 32], server[ENDPOINT_TEXT_SIZE];
	enum reflex_cause cause = upload_cause(exchange->status);
	snprintf(subject, sizeof subject, "%s upload %d", endpoint_format(&event->connection->server, server),
	    exchange->status);
	struct finding *finding = findings_claim(findings, code_named(slice_of_text(reflex_causes[cause].code)),
	    exchange->status ? CONFIDENCE_PROVEN : CONFIDENCE_LIKELY, NULL, event, subject);
	if (!finding)
		return;
	if (exchange->status)
		finding_prove(findings, finding, &event->origin, "POST of an upload: HTTP %d", exchange->status);
	else
		finding_prove(findings, finding, &event->origin, "POST of an upload: no answer");
	if (finding->count > 1)
		return;
	finding->session = pages_session_of(pages, exchange_field(&exchange->request, "Reflex-Client-Token"));
	upload_say(findings, finding, event);
	finding_set_cause_row(findings, finding, &reflex_causes[cause]);
	if (cause == REFLEX_UPLOAD_SIZE && upload_limit(exchange))
		finding_advise(findings, finding, "%s", upload_limit(exchange));
	if (!exchange->status)
		finding_doubt(findings, finding, "the end of the connection does not say why");
}

void pages_judge_upload(struct pages *pages, const struct event *event)
{
	if (slice_equals(event->exchange->request.head.method, SLICE("POST")) && upload_is_refused(event->exchange))
		upload_report(pages, event);
}

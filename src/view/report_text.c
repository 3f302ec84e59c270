/* The report as text. */
#include "base/text.h"
#include "net/packet.h"
#include "view/report.h"

#include <inttypes.h>

/* ---- the head */

/* "3.1 kB other (TLS, encrypted)": with the reasons where they matter. */
static void report_text_column(struct buffer *line, const struct ledger *ledger, enum ledger_column column)
{
	char size[32], piece[64];
	const char *separator = " (";
	uint64_t sum = ledger_sum(ledger, column);
	if (!sum)
		return;
	snprintf(piece, sizeof piece, "%s%s ", line->len ? ", " : "", text_size(sum, size));
	buffer_append_text(line, piece);
	buffer_append_text(line, ledger_column_text(column));
	bool named = column == LEDGER_COLUMN_OTHER || column == LEDGER_COLUMN_NOT_UNDERSTOOD;
	for (enum ledger_reason reason = 0; named && reason < LEDGER_REASONS; reason++)
		if (ledger_reason(reason)->column == column && ledger->entries[reason].bytes) {
			buffer_append_text(line, separator);
			buffer_append_text(line, ledger_reason(reason)->text);
			separator = "; ";
		}
	buffer_append_text(line, named ? ")" : "");
}

/* What became of the payload, and how much more there was. */
static void report_text_ledger(const struct text_writer *writer, const struct ledger *ledger)
{
	char size[32], captured[700], missing[100];
	struct buffer seen = buffer_over(captured, sizeof captured - 1);
	struct buffer unseen = buffer_over(missing, sizeof missing - 1);
	for (enum ledger_column column = 0; column <= LEDGER_COLUMN_HELD_BACK; column++)
		report_text_column(&seen, ledger, column);
	report_text_column(&unseen, ledger, LEDGER_COLUMN_LOST);
	report_text_column(&unseen, ledger, LEDGER_COLUMN_CUT);
	if (unseen.len)
		buffer_append_format(&unseen, " (%.1f %% of all payload)", ledger_missing_share(ledger));
	if (seen.len)
		text_write(writer, STYLE_PLAIN, 0, "TCP payload, %s: %.*s", text_size(ledger->captured, size),
		    (int)seen.len, captured);
	if (unseen.len)
		text_write(writer, STYLE_WARNING, 0, "not captured: %.*s", (int)unseen.len, missing);
}

/* ", 3.2 s from TIME"; empty where there is no time. */
enum { REPORT_SPAN = 2 * TIMESTAMP_TEXT_SIZE + 16 };

static const char *report_text_span(const struct engine_counts *counts, char text[REPORT_SPAN])
{
	char span[TIMESTAMP_TEXT_SIZE], time[TIMESTAMP_TEXT_SIZE];
	text[0] = '\0';
	if (counts->first != TIMESTAMP_NONE)
		snprintf(text, REPORT_SPAN, ", %s from %s", timestamp_format_span(counts->last - counts->first, span),
		    text_time(counts->first, time));
	return text;
}

/* What a browser recorded, and what it cannot know. */
static void report_text_recording(const struct text_writer *writer, const struct summary *summary)
{
	const struct summary_input *input = &summary->input;
	char span[REPORT_SPAN];
	text_write(writer, STYLE_PLAIN, 0, "HAR of %s, %" PRIu64 " %s%s", input->recorders, input->entries,
	    plural_choose(input->entries, "entry", "entries"), report_text_span(summary->counts, span));
	text_write(writer, STYLE_FAINT, 0,
	    "A HAR shows neither how connections and WebSockets were closed, nor pings of the WebSocket itself, nor "
	    "the server: for its log, give --server-log FILE; for its processes, run sioscope -p there.");
}

/* What a server wrote, and what it does not write. */
static void report_text_log(const struct text_writer *writer, const struct summary *summary)
{
	const struct summary_input *input = &summary->input;
	char span[REPORT_SPAN];
	text_write(writer, STYLE_PLAIN, 0, "log of %s, %" PRIu64 " line%s%s", input->loggers, input->lines,
	    plural_ending(input->lines), report_text_span(summary->counts, span));
	text_write(writer, STYLE_FAINT, 0,
	    "A log shows what the server did: no sizes in bytes, no HTTP answers, not how connections ended, and "
	    "nothing of the client, whose addresses and agents it does not name. A finding that no line of it states "
	    "is likely at most: to be sure, capture packets (sioscope -i, tcpdump) or run sioscope -p there.");
}

static void report_text_head(const struct text_writer *writer, const struct summary *summary)
{
	const struct engine_counts *counts = summary->counts;
	for (size_t i = 0; i < summary->input.source_count; i++)
		text_heading(writer, i ? "and %s" : "sioscope " SIOSCOPE_VERSION ": %s", summary->input.sources[i]);
	if (summary->part) {
		char of[SUMMARY_PART_TEXT];
		text_write(writer, STYLE_WARNING, 0, "This report is of %s alone. " SUMMARY_PART_REST,
		    summary_part_format(summary->part, of));
	}
	if (counts->packets) {
		char size[32], span[TIMESTAMP_TEXT_SIZE], time[TIMESTAMP_TEXT_SIZE];
		text_write(writer, STYLE_PLAIN, 0, "%" PRIu64 " packet%s, %s, %s from %s", counts->packets,
		    plural_ending(counts->packets), text_size(counts->bytes, size),
		    timestamp_format_span(counts->last - counts->first, span), text_time(counts->first, time));
		report_text_ledger(writer, summary->ledger);
	}
	report_text_write_inputs(writer, &summary->input);
	if (summary->input.entries)
		report_text_recording(writer, summary);
	if (summary->input.lines)
		report_text_log(writer, summary);
}

/* ---- findings */

static enum text_style report_text_severity_style(enum severity severity)
{
	return severity == SEVERITY_ERROR ? STYLE_ERROR : severity == SEVERITY_WARNING ? STYLE_WARNING : STYLE_FAINT;
}

enum { REPORT_LABEL = 480, REPORT_SESSIONS_NAMED = 6, REPORT_ORIGINS_NAMED = 3 };

static bool report_text_is_like(const struct finding *finding, size_t a, size_t b)
{
	return strcmp(finding->evidence[a].what, finding->evidence[b].what) == 0;
}

/* "packets 86, 106, 126", or of many "packet 86 and 14 more like it": those that show the same, from `first` on. When
 * all do, what there was no room for does too. */
static bool report_text_origins(const struct finding *finding, size_t first, char label[REPORT_LABEL])
{
	struct buffer out = buffer_over(label, REPORT_LABEL - 1);
	char text[ORIGIN_TEXT];
	uint64_t like = 0;
	for (size_t i = first; i < finding->evidence_count; i++)
		like += report_text_is_like(finding, i, first);
	bool all = like == finding->evidence_count && like > 1 && finding->count > like;
	like = all ? finding->count : like;
	size_t named = 0;
	for (size_t i = first; i < finding->evidence_count && !(named && like > REPORT_ORIGINS_NAMED); i++) {
		if (!report_text_is_like(finding, i, first))
			continue;
		origin_format(&finding->evidence[i].origin, text);
		const char *number = strchr(text, ' ');
		bool is_list = like > 1 && like <= REPORT_ORIGINS_NAMED;
		if (named && number)
			buffer_append_format(&out, ", %s", number + 1);
		else if (is_list && number)
			buffer_append_format(&out, "%s%s", origin_kind_name(finding->evidence[i].origin.kind), number);
		else
			buffer_append_text(&out, text);
		named++;
	}
	if (like > named)
		buffer_append_format(&out, " and %" PRIu64 " more like it", like - named);
	buffer_append_format(&out, ": ");
	label[out.len] = '\0';
	return all;
}

static bool report_text_was_shown(const struct finding *finding, size_t nth)
{
	for (size_t i = 0; i < nth; i++)
		if (report_text_is_like(finding, i, nth))
			return true;
	return false;
}

/* What shows the same is one line. */
static void report_text_evidence(const struct text_writer *writer, const struct finding *finding)
{
	bool more = finding->count > finding->evidence_count && finding->evidence_count;
	for (size_t i = 0; i < finding->evidence_count; i++) {
		char label[REPORT_LABEL];
		if (report_text_was_shown(finding, i))
			continue;
		more &= !report_text_origins(finding, i, label);
		text_label(writer, STYLE_FAINT, 6, label, "%s", finding->evidence[i].what);
	}
	if (more)
		text_write(writer, STYLE_FAINT, 6, "%" PRIu64 " times in all", finding->count);
}

bool report_is_twin(const struct finding *a, const struct finding *b)
{
	const struct finding *reason = a->explained_by, *other = b->explained_by;
	return a->code == b->code && a->severity == b->severity && a->session != b->session &&
	       (reason == other || (reason && other && report_is_twin(reason, other))) &&
	       (strcmp(a->seen, b->seen) == 0 ||
	           (a->cause && a->cause == b->cause && strcmp(a->subject, b->subject) == 0));
}

bool report_is_repeated(const struct findings *findings, const struct finding *finding)
{
	for (const struct finding *earlier = findings->first; earlier != finding; earlier = earlier->next)
		if (report_is_twin(earlier, finding))
			return true;
	return false;
}

/* The lowest of `count` numbers so far, and of this one, in their order. */
static void report_text_keep_lowest(uint64_t lowest[REPORT_SESSIONS_NAMED], uint64_t count, uint64_t number)
{
	size_t at = count < REPORT_SESSIONS_NAMED ? (size_t)count : REPORT_SESSIONS_NAMED;
	for (; at && lowest[at - 1] > number; at--)
		if (at < REPORT_SESSIONS_NAMED)
			lowest[at] = lowest[at - 1];
	if (at < REPORT_SESSIONS_NAMED)
		lowest[at] = number;
}

/* "the same in sessions 3, 4 and 9 more". */
static void report_text_twins(
    const struct text_writer *writer, const struct findings *findings, const struct finding *finding)
{
	char text[REPORT_LABEL];
	struct buffer named = buffer_over(text, sizeof text - 1);
	uint64_t sessions[REPORT_SESSIONS_NAMED] = {0}, twins = 0;
	for (const struct finding *later = finding->next; later; later = later->next)
		if (report_is_twin(finding, later))
			report_text_keep_lowest(sessions, twins++, later->session);
	for (size_t i = 0; i < twins && i < REPORT_SESSIONS_NAMED; i++)
		buffer_append_format(&named, "%s%" PRIu64, i ? ", " : "", sessions[i]);
	text[named.len] = '\0';
	if (!twins)
		return;
	char more[48] = "";
	if (twins > REPORT_SESSIONS_NAMED)
		snprintf(more, sizeof more, " and %s%" PRIu64 " more",
		    findings->left_out[finding->code] ? "at least " : "", twins - REPORT_SESSIONS_NAMED);
	text_write(writer, STYLE_FAINT, 6, "the same in session%s %s%s", plural_ending(twins), text, more);
}

/* When, in which packet, in which session; then what it is called. */
static void report_text_finding_head(const struct text_writer *writer, const struct finding *finding)
{
	char place[FINDING_PLACE], label[24];
	finding_format_place(finding, place);
	snprintf(
	    label, sizeof label, "%s  ", finding->explained_by ? "  as a result:" : severity_name(finding->severity));
	text_label(writer, report_text_severity_style(finding->severity), 2, label, "%s%s[%s, %s]", place,
	    *place ? "  " : "", code_entry(finding->code)->name, confidence_name(finding->confidence));
}

/* `before` is the advice of the finding before it, which is not repeated; or NULL. */
static void report_text_finding(const struct text_writer *writer, const struct findings *findings,
    const struct finding *finding, const char **before)
{
	const char *title = code_entry(finding->code)->title;
	report_text_finding_head(writer, finding);
	text_write(writer, STYLE_PLAIN, 6, "%s%s%s", title, *finding->seen ? ": " : "", finding->seen);
	if (finding->doubt)
		text_write(writer, STYLE_FAINT, 6, "why not certain: %s", finding->doubt);
	report_text_evidence(writer, finding);
	report_text_twins(writer, findings, finding);
	if (finding->explained_by || finding->severity == SEVERITY_INFO)
		return;
	bool is_same = *before && strcmp(*before, finding->advice) == 0;
	text_label(writer, STYLE_GOOD, 6, "do: ", "%s", is_same ? "as above" : finding->advice);
	*before = finding->advice;
}

/* What could not be seen has its own part below. */
static bool report_text_is_listed(const struct findings *findings, const struct finding *finding)
{
	return finding->code != CODE_CAPTURE_INCOMPLETE && !report_is_repeated(findings, finding);
}

static uint64_t report_text_listed(const struct findings *findings)
{
	uint64_t count = 0;
	for (const struct finding *finding = findings->first; finding; finding = finding->next)
		count += report_text_is_listed(findings, finding);
	return count;
}

void report_text_write_findings(const struct text_writer *writer, const struct findings *findings)
{
	uint64_t count = report_text_listed(findings), listed = 0;
	uint64_t found = findings_count_found(findings);
	if (found == count)
		text_heading(writer, "%" PRIu64 " finding%s", count, plural_ending(count));
	else
		text_heading(writer, "%" PRIu64 " findings, %" PRIu64 " of them different", found, count);
	const char *before = NULL;
	for (const struct finding *finding = findings->first; finding && listed < REPORT_FINDINGS;
	     finding = finding->next) {
		if (!report_text_is_listed(findings, finding))
			continue;
		report_text_finding(writer, findings, finding, &before);
		listed++;
	}
	if (count > listed)
		text_write(
		    writer, STYLE_FAINT, 2, "and %" PRIu64 " more: report --json lists them all", count - listed);
}

/* What was checked is said, and what was not. */
static void report_text_health(const struct text_writer *writer, const struct summary *summary)
{
	bool whole = ledger_find_blinding(summary->ledger) == LEDGER_REASONS;
	char more_text[320], lack_text[320];
	struct buffer more = buffer_over(more_text, sizeof more_text - 1);
	struct buffer lack = buffer_over(lack_text, sizeof lack_text - 1);
	sections_health(&summary->sections, &more, &lack);
	text_write(writer, whole ? STYLE_GOOD : STYLE_WARNING, 0,
	    "No problems found%s (checked: transports, handshakes, heartbeats, namespaces, acks and closes%.*s).%.*s",
	    whole ? "" : " in the part that was captured (see below)", (int)more.len, more_text, (int)lack.len,
	    lack_text);
	uint64_t seen, lost = summary_lost_between(&summary->input, &seen);
	if (lost)
		text_write(writer, STYLE_WARNING, 0,
		    "Between the hosts %" PRIu64 " of %" PRIu64
		    " segments did not arrive: TCP sends them again, which delays what they carry.",
		    lost, seen);
}

static void report_text_findings(const struct text_writer *writer, const struct summary *summary)
{
	bool found = report_text_listed(summary->findings) != 0;
	if (!found && !summary->counted[true])
		return; /* without a session nothing was checked */
	text_blank(writer);
	if (found)
		report_text_write_findings(writer, summary->findings);
	else
		report_text_health(writer, summary);
}

/* ---- sessions */

static const char *report_text_transports(unsigned transports)
{
	bool polling = transports & (1u << TRANSPORT_POLLING), websocket = transports & (1u << TRANSPORT_WEBSOCKET);
	return polling && websocket ? "polling, then websocket"
	       : polling            ? "polling"
	       : websocket          ? "websocket"
	                            : "nothing";
}

static void report_text_life(const struct text_writer *writer, const struct summary_session *session)
{
	char span[TIMESTAMP_TEXT_SIZE];
	timestamp begin = session->opened == TIMESTAMP_NONE ? session->first : session->opened;
	timestamp end = session->closed == TIMESTAMP_NONE ? session->last : session->closed;
	timestamp_format_span(end - begin, span);
	if (!session->handshake_seen && !session->refused)
		text_write(writer, STYLE_PLAIN, 6, "its handshake was not captured");
	if (session->closed == TIMESTAMP_NONE)
		text_write(writer, STYLE_PLAIN, 6, "%s captured, still open at the end", span);
	else
		text_write(writer, STYLE_PLAIN, 6, "%s, then: %s", span, session->close);
}

static void report_text_namespaces(const struct text_writer *writer, const struct summary_session *session)
{
	for (size_t i = 0; i < session->namespace_count; i++) {
		enum namespace_state state = session->namespace_states[i];
		bool bad = state == NAMESPACE_REFUSED || state == NAMESPACE_CONNECTING;
		text_write(writer, bad ? STYLE_WARNING : STYLE_PLAIN, 6, "namespace %s: %s",
		    summary_namespace(session, i), namespace_state_name(state));
	}
}

static void report_text_trouble(const struct text_writer *writer, const struct summary_session *session)
{
	if (session->gaps)
		text_write(writer, STYLE_WARNING, 6, "%" PRIu32 " gap%s in the capture", session->gaps,
		    plural_ending(session->gaps));
	if (session->malformed)
		text_write(writer, STYLE_WARNING, 6,
		    "%" PRIu32 " item%s could not be decoded (sioscope dump shows each)", session->malformed,
		    plural_ending(session->malformed));
}

static void report_text_process(const struct text_writer *writer, const struct summary_session *session)
{
	const struct process *process = session->process;
	text_write(writer, STYLE_PLAIN, 6, "process %u, %s%s%s", process->id, process->command,
	    *process->line ? ": " : "", process->line);
	if (*process->container)
		text_write(writer, STYLE_PLAIN, 6, "container %.12s", process->container);
	else if (strcmp(process->group, "/") != 0)
		text_write(writer, STYLE_FAINT, 6, "cgroup %s", process->group);
	if (session->doubtful)
		text_write(writer, STYLE_WARNING, 6, "its TLS stream may belong to another connection: two fit");
}

static void report_text_session(const struct text_writer *writer, const struct summary_session *session)
{
	char label[32], client[ENDPOINT_TEXT_SIZE], server[ENDPOINT_TEXT_SIZE], revision[32] = "";
	snprintf(label, sizeof label, "%-4" PRIu64, session->number);
	if (session->revision)
		snprintf(revision, sizeof revision, ", Engine.IO %u", session->revision);
	text_label(writer, STYLE_HEADING, 2, label, "%s", *session->sid ? session->sid : "(sid not seen)");
	text_write(writer, STYLE_PLAIN, 6, "%s -> %s, %s%s", endpoint_format(&session->client, client),
	    endpoint_format(session->server, server), report_text_transports(session->transports), revision);
	if (session->process)
		report_text_process(writer, session);
	report_text_life(writer, session);
	report_text_namespaces(writer, session);
	text_write(writer, STYLE_PLAIN, 6, "events: %" PRIu32 " to the server, %" PRIu32 " to the client",
	    session->events[DIRECTION_TO_SERVER], session->events[DIRECTION_TO_CLIENT]);
	if (session->hops)
		report_text_write_hops(writer, session);
	report_text_trouble(writer, session);
}

/* ---- sessions that ended alike: the first of them are listed, the others named */

enum { REPORT_ALIKE = 3, REPORT_ALIKE_TEXT = 200 };

static bool report_text_has_same_namespaces(const struct summary_session *a, const struct summary_session *b)
{
	bool same = a->namespace_count == b->namespace_count;
	for (size_t i = 0; same && i < a->namespace_count; i++)
		same = a->namespace_states[i] == b->namespace_states[i] &&
		       strcmp(summary_namespace(a, i), summary_namespace(b, i)) == 0;
	return same;
}

/* Nothing in their lines differs but who the client is, times and counts. */
static bool report_text_is_alike(const struct summary_session *a, const struct summary_session *b)
{
	bool closed = a->closed != TIMESTAMP_NONE;
	return a->known && b->known && !a->gaps && !b->gaps && !a->malformed && !b->malformed && !a->doubtful &&
	       !b->doubtful && a->process == b->process && a->revision == b->revision &&
	       a->transports == b->transports && a->handshake_seen == b->handshake_seen && a->refused == b->refused &&
	       endpoint_equals(a->server, b->server) && closed == (b->closed != TIMESTAMP_NONE) &&
	       (!closed || strcmp(a->close, b->close) == 0) && report_text_has_same_namespaces(a, b);
}

/* Is it the first session of a finding above? */
static bool report_text_has_finding(const struct summary *summary, const struct summary_session *session)
{
	for (const struct finding *finding = summary->findings->first; finding; finding = finding->next)
		if (finding->session == session->number && report_text_is_listed(summary->findings, finding))
			return true;
	return false;
}

/* The nth session is named beside one that is listed: enough that are alike it are listed before. */
static bool report_text_is_folded(const struct summary *summary, size_t nth)
{
	const struct summary_session *session = &summary->sessions[nth];
	size_t alike = 0;
	for (size_t i = 0; i < nth; i++)
		alike += report_text_is_alike(&summary->sessions[i], session);
	return alike >= REPORT_ALIKE && !report_text_has_finding(summary, session);
}

/* "4-9, 12": the numbers of those that are alike the one at `first`, from there to `end`. Returns how many they are. */
static size_t report_text_name_alike(
    const struct summary *summary, size_t first, size_t end, char text[REPORT_ALIKE_TEXT])
{
	struct buffer named = buffer_over(text, REPORT_ALIKE_TEXT - 1);
	uint64_t from = 0, to = 0;
	size_t count = 0;
	for (size_t i = first; i <= end; i++) {
		bool more = i < end && report_text_is_alike(&summary->sessions[i], &summary->sessions[first]) &&
		            report_text_is_folded(summary, i);
		count += more;
		if (i < end && !more)
			continue;
		if (more && from && summary->sessions[i].number == to + 1) {
			to++;
			continue;
		}
		if (from)
			buffer_append_format(&named, "%s%" PRIu64, named.len ? ", " : "", from);
		if (to > from)
			buffer_append_format(&named, "-%" PRIu64, to);
		if (more)
			from = to = summary->sessions[i].number;
	}
	text[named.len] = '\0';
	return count;
}

/* A session, or in place of several that are alike others one line. */
static void report_text_next_session(
    const struct text_writer *writer, const struct summary *summary, size_t nth, size_t end)
{
	const struct summary_session *session = &summary->sessions[nth];
	char text[REPORT_ALIKE_TEXT], label[REPORT_ALIKE_TEXT + 2];
	uint64_t like = 0;
	bool named = false;
	if (!report_text_is_folded(summary, nth)) {
		report_text_session(writer, session);
		return;
	}
	for (size_t i = 0; i < nth; i++)
		if (report_text_is_alike(&summary->sessions[i], session)) {
			bool folded = report_text_is_folded(summary, i);
			like = folded ? like : summary->sessions[i].number;
			named |= folded;
		}
	if (named)
		return;
	if (report_text_name_alike(summary, nth, end, text) == 1) {
		report_text_session(writer, session);
		return;
	}
	snprintf(label, sizeof label, "%s  ", text);
	text_label(writer, STYLE_HEADING, 2, label, "like session %" PRIu64 ": %s", like,
	    session->closed == TIMESTAMP_NONE ? "still open at the end" : session->close);
}

static void report_text_sessions(const struct text_writer *writer, const struct summary *summary)
{
	uint64_t count = summary->counted[true], listed = 0;
	if (!count && summary->part)
		return;
	text_blank(writer);
	if (!count) {
		text_heading(writer, summary->counted[false]
		                         ? "No Engine.IO session that a server confirms in this capture"
		                         : "No Engine.IO session in this capture");
		return;
	}
	text_heading(writer, "%" PRIu64 " session%s", count, plural_ending(count));
	size_t end = 0;
	for (; end < summary->session_count && listed < REPORT_SESSIONS; end++)
		listed += summary->sessions[end].known;
	for (size_t i = 0; i < end; i++)
		if (summary->sessions[i].known)
			report_text_next_session(writer, summary, i, end);
	if (count > listed)
		text_write(
		    writer, STYLE_FAINT, 2, "and %" PRIu64 " more: report --json lists them all", count - listed);
}

/* Sids that clients named and no server acknowledged. */
static void report_text_strangers(const struct text_writer *writer, const struct summary *summary)
{
	char client[ENDPOINT_TEXT_SIZE], server[ENDPOINT_TEXT_SIZE];
	uint64_t count = summary->counted[false], listed = 0;
	if (!count)
		return;
	text_blank(writer);
	text_heading(writer, "%" PRIu64 " attempt%s without a session", count, plural_ending(count));
	for (size_t i = 0; i < summary->session_count && listed < REPORT_SESSIONS; i++) {
		const struct summary_session *session = &summary->sessions[i];
		if (session->known)
			continue;
		listed++;
		text_write(writer, STYLE_PLAIN, 2, "%s -> %s asked with sid %s",
		    endpoint_format(&session->client, client), endpoint_format(session->server, server),
		    *session->sid ? session->sid : "none, on a WebSocket");
		if (session->events[DIRECTION_TO_SERVER] || session->events[DIRECTION_TO_CLIENT])
			text_write(writer, STYLE_PLAIN, 6,
			    "events: %" PRIu32 " to the server, %" PRIu32 " to the client",
			    session->events[DIRECTION_TO_SERVER], session->events[DIRECTION_TO_CLIENT]);
		report_text_trouble(writer, session);
	}
	if (count > listed)
		text_write(
		    writer, STYLE_FAINT, 2, "and %" PRIu64 " more: report --json lists them all", count - listed);
}

/* ---- what could not be seen */

static void report_text_unseen(const struct text_writer *writer, const struct ledger *ledger)
{
	bool headed = false;
	for (enum ledger_reason reason = 0; reason < LEDGER_REASONS; reason++) {
		const struct ledger_reason_facts *facts = ledger_reason(reason);
		char text[LEDGER_TEXT];
		if (!facts->one || !ledger_is_listed(ledger, reason)) /* what is bytes alone is in the head */
			continue;
		if (!headed) {
			text_blank(writer);
			text_heading(writer, "What could not be seen");
			headed = true;
		}
		text_write(writer, STYLE_WARNING, 2, "%s%s%s", ledger_describe(ledger, reason, text),
		    facts->advice ? ". " : "", facts->advice ? facts->advice : "");
	}
}

bool report_text_write(const struct text_writer *writer, const struct summary *summary)
{
	report_text_head(writer, summary);
	report_text_findings(writer, summary);
	report_text_sessions(writer, summary);
	report_text_strangers(writer, summary);
	report_text_write_log(writer, &summary->log, summary->findings);
	sections_write(writer, &summary->sections);
	report_text_unseen(writer, summary->ledger);
	return fflush(writer->out) == 0 && !ferror(writer->out);
}

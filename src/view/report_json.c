/* The report as one JSON object, built with cJSON. */
#include "net/packet.h"
#include "view/report.h"
#include "view/writers.h"

#include <inttypes.h>

static void report_json_add_endpoint(cJSON *object, const char *key, const struct endpoint *endpoint)
{
	char text[ENDPOINT_TEXT_SIZE];
	tree_add_word(object, key, endpoint_format(endpoint, text));
}

static void report_json_add_limits(cJSON *input, const struct summary *summary)
{
	cJSON *hits = tree_add_object(input, "limits_hit");
	for (enum limit limit = 0; limit < LIMIT_COUNT; limit++)
		if (summary->counts->hits[limit])
			tree_add_count(hits, limits_table[limit].name, summary->counts->hits[limit]);
}

static void report_json_add_left_out(cJSON *input, const struct findings *findings)
{
	cJSON *left_out = tree_add_object(input, "unlisted_findings");
	for (unsigned code = 0; code < CODES_MOST; code = code_next(code))
		if (findings->left_out[code])
			tree_add_count(left_out, code_entry(code)->name, findings->left_out[code]);
}

static void report_json_add_detail(
    cJSON *input, const char *key, const struct ledger *ledger, enum ledger_reason reason)
{
	if (ledger_is_listed(ledger, reason))
		tree_add_text(input, key, ledger->details[reason]);
}

/* Connections that several inputs have, by the input that they are read from. */
static void report_json_add_vantages(cJSON *object, const struct summary_input *input)
{
	cJSON *list = tree_add_array(object, "vantage");
	for (size_t i = 0; i < input->vantage_count; i++) {
		cJSON *vantage = tree_object();
		tree_add_text(vantage, "input", input->vantages[i].input);
		tree_add_count(vantage, "connections", input->vantages[i].connections);
		tree_append(list, vantage);
	}
}

static void report_json_add_milliseconds(cJSON *object, const char *key, timestamp span)
{
	if (span == TIMESTAMP_NONE)
		tree_add_text(object, key, NULL);
	else
		tree_add_number(object, key, (double)span / TIMESTAMP_MILLISECOND);
}

/* From the input that it was compared with to it, or back. */
static void report_json_add_way(cJSON *object, const char *key, const struct summary_way *way)
{
	cJSON *added = tree_add_object(object, key);
	tree_add_count(added, "seen", way->seen);
	tree_add_count(added, "lost", way->lost);
	report_json_add_milliseconds(added, "least_ms", way->least);
	report_json_add_milliseconds(added, "median_ms", way->median);
	report_json_add_milliseconds(added, "most_ms", way->most);
}

static cJSON *report_json_skew_of(const struct summary_skew *skew)
{
	cJSON *object = tree_object();
	tree_add_text(object, "input", skew->input);
	tree_add_text(object, "to", skew->to);
	report_json_add_milliseconds(object, "offset_ms", skew->is_known ? skew->offset : TIMESTAMP_NONE);
	report_json_add_milliseconds(object, "bound_ms", skew->is_known ? skew->bound : TIMESTAMP_NONE);
	if (skew->is_known)
		tree_add_number(object, "drift_ppm", skew->drift * 1e6);
	else
		tree_add_text(object, "drift_ppm", NULL);
	tree_add_word(object, "by", skew->is_given ? "option" : skew->by_events ? "events" : "segments");
	tree_add_bool(object, "corrected", skew->is_known && skew->is_corrected);
	if (skew->is_given || !skew->is_known)
		return object;
	tree_add_count(object, "matches", skew->matches);
	tree_add_text(object, "peer", skew->peer);
	report_json_add_way(object, "from_peer", &skew->ways[0]);
	report_json_add_way(object, "to_peer", &skew->ways[1]);
	return object;
}

static cJSON *report_json_skew(const struct summary_input *input)
{
	cJSON *list = tree_array();
	for (size_t i = 0; i < input->skew_count; i++)
		tree_append(list, report_json_skew_of(&input->skews[i]));
	return list;
}

static cJSON *report_json_input(const struct summary *summary)
{
	const struct engine_counts *counts = summary->counts;
	cJSON *input = tree_object();
	cJSON *sources = tree_add_array(input, "sources");
	for (size_t i = 0; i < summary->input.source_count; i++)
		tree_append(sources, tree_text(summary->input.sources[i]));
	tree_add_count(input, "packets", counts->packets);
	if (summary->input.entries) {
		tree_add_count(input, "entries", summary->input.entries);
		tree_add_text(input, "recorders", summary->input.recorders);
	}
	if (summary->input.lines) {
		tree_add_count(input, "lines", summary->input.lines);
		tree_add_text(input, "loggers", summary->input.loggers);
	}
	if (summary->input.vantage_count)
		report_json_add_vantages(input, &summary->input);
	tree_add_count(input, "bytes", counts->bytes);
	tree_add_timestamp(input, "first", counts->first);
	tree_add_timestamp(input, "last", counts->last);
	tree_add_count(input, "dropped", summary->ledger->entries[LEDGER_DROPPED].items);
	tree_add_count(input, "filtered", summary->input.filtered);
	tree_add_count(input, "unread_packets", summary->ledger->entries[LEDGER_LINK_TYPE].items);
	tree_add_count(input, "gaps", counts->gaps);
	tree_add_count(input, "lost_bytes", counts->lost);
	tree_add_count(input, "joined_midstream", counts->joined);
	tree_add_count(input, "one_sided_connections", counts->one_sided);
	tree_add_count(input, "hidden_connections", counts->hidden);
	tree_add_count(input, "truncated_packets", counts->snapped);
	tree_add_count(input, "incomplete", counts->incomplete);
	tree_add_count(input, "unreadable", counts->unreadable);
	tree_add_count(input, "unread", counts->unread);
	tree_add_count(input, "malformed", counts->malformed);
	tree_add_count(input, "connections", counts->connections);
	tree_add_count(input, "engineio_connections", counts->engineio);
	tree_add_count(input, "tls_connections", counts->tls);
	tree_add_count(input, "untied_tls_streams", summary->ledger->entries[LEDGER_UNMATCHED_TLS].items);
	tree_add_count(input, "http2_connections", counts->http2.connections);
	tree_add_count(input, "http2_streams", counts->http2.streams);
	tree_add_count(input, "http2_upgrades", summary->ledger->entries[LEDGER_H2C].items);
	tree_add_count(input, "http2_window_updates", counts->http2.window_updates);
	tree_add_count(input, "http2_pushes", summary->ledger->entries[LEDGER_HTTP2_PUSHED].items);
	tree_add_count(input, "conflicting_segments", counts->conflicts);
	tree_add_count(input, "turned_back_packets", counts->turned_back);
	tree_add_count(input, "unlisted_sessions", summary->unlisted);
	tree_add_count(input, "memory_refused", summary->ledger->entries[LEDGER_MEMORY_REFUSED].items);
	report_json_add_left_out(input, summary->findings);
	report_json_add_detail(input, "cut", summary->ledger, LEDGER_INPUT_CUT);
	report_json_add_detail(input, "log_misses", summary->ledger, LEDGER_LOG_MISSES);
	report_json_add_limits(input, summary);
	cJSON *part = summary->part ? tree_add_array(input, "sessions") : NULL; /* of which alone the report is */
	for (size_t i = 0; part && i < summary->part->count; i++)
		tree_append(part, tree_count(summary->part->sessions[i]));
	return input;
}

/* Bytes by column; those that were captured add up. */
static cJSON *report_json_ledger(const struct ledger *ledger)
{
	cJSON *object = tree_object();
	tree_add_count(object, "captured", ledger->captured);
	for (enum ledger_column column = 0; column < LEDGER_COLUMN_NOTED; column++)
		tree_add_count(object, ledger_column_name(column), ledger_sum(ledger, column));
	return object;
}

static cJSON *report_json_unseen(const struct ledger *ledger)
{
	cJSON *list = tree_array();
	for (enum ledger_reason reason = 0; reason < LEDGER_REASONS; reason++) {
		char text[LEDGER_TEXT];
		if (!ledger_is_listed(ledger, reason))
			continue;
		cJSON *object = tree_object();
		tree_add_word(object, "reason", ledger_reason(reason)->name);
		tree_add_count(object, "bytes", ledger->entries[reason].bytes);
		tree_add_count(object, "items", ledger->entries[reason].items);
		tree_add_text(object, "text", ledger_describe(ledger, reason, text));
		tree_append(list, object);
	}
	return list;
}

static void report_json_add_transports(cJSON *object, unsigned transports)
{
	cJSON *list = tree_add_array(object, "transports");
	for (enum transport transport = TRANSPORT_POLLING; transport <= TRANSPORT_WEBTRANSPORT; transport++)
		if (transports & (1u << transport))
			tree_append(list, tree_word(transport_name(transport)));
}

static void report_json_add_namespaces(cJSON *object, const struct summary_session *session)
{
	cJSON *list = tree_add_array(object, "namespaces");
	for (size_t i = 0; i < session->namespace_count; i++)
		tree_append(list, tree_text(summary_namespace(session, i)));
}

static void report_json_add_directions(cJSON *object, const char *key, const uint32_t counts[2])
{
	cJSON *both = tree_add_object(object, key);
	tree_add_count(both, direction_name(DIRECTION_TO_SERVER), counts[DIRECTION_TO_SERVER]);
	tree_add_count(both, direction_name(DIRECTION_TO_CLIENT), counts[DIRECTION_TO_CLIENT]);
}

/* The codes of what was found in the session. */
static void report_json_add_codes(cJSON *object, const struct findings *findings, uint64_t session)
{
	cJSON *list = tree_add_array(object, "findings");
	for (const struct finding *finding = findings->first; finding; finding = finding->next)
		if (finding->session == session)
			tree_append(list, tree_word(code_entry(finding->code)->name));
}

static void report_json_add_process(cJSON *object, const struct process *process, bool doubtful)
{
	cJSON *added = tree_add_object(object, "process");
	tree_add_count(added, "pid", process->id);
	tree_add_text(added, "command", process->command);
	tree_add_text(added, "line", process->line);
	tree_add_text(added, "cgroup", process->group);
	tree_add_text(added, "container", process->container);
	tree_add_bool(added, "certain", !doubtful);
}

static void report_json_add_leg(
    cJSON *legs, const struct endpoint *client, const struct endpoint *server, uint64_t packets)
{
	cJSON *leg = tree_object();
	report_json_add_endpoint(leg, "client", client);
	report_json_add_endpoint(leg, "server", server);
	tree_add_count(leg, "packets", packets);
	tree_append(legs, leg);
}

static void report_json_add_legs(cJSON *object, const struct summary_session *session)
{
	cJSON *legs = tree_add_array(object, "legs");
	if (!session->legs)
		report_json_add_leg(
		    legs, &session->client, session->server, (uint64_t)session->packets[0] + session->packets[1]);
	for (size_t i = 0; session->legs && i < session->leg_count; i++)
		report_json_add_leg(legs, &session->legs[i].client, &session->legs[i].server, session->legs[i].packets);
}

/* Median times from event to ack, as seen on each leg, nearest to the client first. */
static void report_json_add_hops(cJSON *object, const struct hop_times *hops)
{
	cJSON *added = tree_add_object(object, "hops");
	tree_add_count(added, "acks", hops->count);
	cJSON *list = tree_add_array(added, "latency_ms");
	for (size_t leg = 0; leg < hops->legs; leg++)
		tree_append(list, tree_number((double)hops->medians[leg] / TIMESTAMP_MILLISECOND));
	cJSON *p95s = tree_add_array(added, "latency_p95_ms"), *between = tree_add_array(added, "between_ms"),
	      *between_p95s = tree_add_array(added, "between_p95_ms");
	for (size_t leg = 0; leg < hops->legs; leg++)
		tree_append(p95s, tree_number((double)hops->p95s[leg] / TIMESTAMP_MILLISECOND));
	for (size_t leg = 0; leg + 1 < hops->legs; leg++) {
		tree_append(between, tree_number((double)hops->between_medians[leg] / TIMESTAMP_MILLISECOND));
		tree_append(between_p95s, tree_number((double)hops->between_p95s[leg] / TIMESTAMP_MILLISECOND));
	}
}

static cJSON *report_json_session(const struct summary_session *session, const struct findings *findings)
{
	cJSON *object = tree_object();
	tree_add_count(object, "session", session->number);
	tree_add_text(object, "sid", session->sid);
	report_json_add_endpoint(object, "client", &session->client);
	report_json_add_endpoint(object, "server", session->server);
	if (session->user)
		tree_add_text(object, "user", session->user);
	report_json_add_legs(object, session);
	if (session->hops)
		report_json_add_hops(object, session->hops);
	if (session->process)
		report_json_add_process(object, session->process, session->doubtful);
	tree_add_bool(object, "known", session->known);
	if (session->revision)
		tree_add_count(object, "eio", session->revision);
	else
		tree_add_text(object, "eio", NULL);
	char software[RECOGNITION_TEXT];
	tree_add_text(object, "server_software", recognition_format(&session->software, software));
	report_json_add_transports(object, session->transports);
	tree_add_timestamp(object, "opened", session->opened);
	tree_add_timestamp(object, "closed", session->closed);
	tree_add_text(object, "close", session->close);
	report_json_add_namespaces(object, session);
	report_json_add_directions(object, "events", session->events);
	report_json_add_directions(object, "packets", session->packets);
	tree_add_count(object, "gaps", session->gaps);
	tree_add_count(object, "malformed", session->malformed);
	tree_add_count(object, "incomplete", session->incomplete);
	tree_add_count(object, "unreadable", session->unreadable);
	report_json_add_codes(object, findings, session->number);
	return object;
}

/* ---- findings */

/* Of merged files: the packets by the numbers of the file that has them. */
static void report_json_add_files(cJSON *object, const struct origin *origin)
{
	uint64_t numbers[2];
	const char *name = origin_in_file(origin, 0, numbers, NULL);
	cJSON *files = name ? tree_add_array(object, "files") : NULL;
	for (unsigned nth = 0; (name = origin_in_file(origin, nth, numbers, NULL)); nth++) {
		cJSON *file = tree_object();
		tree_add_text(file, "file", name);
		cJSON *packets = tree_add_array(file, "packets");
		tree_append(packets, tree_count(numbers[0]));
		tree_append(packets, tree_count(numbers[1]));
		tree_append(files, file);
	}
}

static cJSON *report_json_evidence(const struct evidence *evidence)
{
	cJSON *object = tree_object();
	cJSON *numbers = tree_add_array(object, origin_kind_name(evidence->origin.kind));
	tree_append(numbers, tree_count(evidence->origin.first));
	tree_append(numbers, tree_count(evidence->origin.last));
	if (evidence->origin.stream)
		tree_add_count(object, "stream", evidence->origin.stream);
	report_json_add_files(object, &evidence->origin);
	tree_add_text(object, "what", evidence->what);
	return object;
}

static cJSON *report_json_finding(const struct finding *finding)
{
	const struct code_entry *entry = code_entry(finding->code);
	cJSON *object = tree_object();
	tree_add_word(object, "code", entry->name);
	tree_add_word(object, "severity", severity_name(finding->severity));
	tree_add_word(object, "confidence", confidence_name(finding->confidence));
	if (finding->phase)
		tree_add_word(object, "phase", finding->phase);
	if (finding->session)
		tree_add_count(object, "session", finding->session);
	else
		tree_add_text(object, "session", NULL);
	tree_add_text(object, "sid", finding->sid);
	tree_add_timestamp(object, "time", finding->time);
	tree_add_timestamp(object, "last", finding->last);
	tree_add_count(object, "count", finding->count);
	tree_add_word(object, "title", entry->title);
	tree_add_text(object, "seen", finding->seen);
	tree_add_text(object, "do", finding->advice);
	tree_add_text(object, "doubt", finding->doubt);
	tree_add_text(object, "cause", finding->cause);
	tree_add_text(
	    object, "explained_by", finding->explained_by ? code_entry(finding->explained_by->code)->name : NULL);
	cJSON *list = tree_add_array(object, "evidence");
	for (size_t i = 0; i < finding->evidence_count; i++)
		tree_append(list, report_json_evidence(&finding->evidence[i]));
	return object;
}

bool report_json_write_findings(FILE *out, const struct mask *mask, const struct findings *findings)
{
	bool good = fputc('[', out) != EOF;
	for (const struct finding *finding = findings->first; good && finding; finding = finding->next) {
		if (finding != findings->first)
			fputc(',', out);
		good = tree_print(out, mask, report_json_finding(finding));
	}
	return fputc(']', out) != EOF && good;
}

/* Part by part: a report of many sessions is never in memory as a whole. */
bool report_json_write(FILE *out, const struct mask *mask, const struct summary *summary)
{
	fprintf(out, "{\"version\":1,\"tool\":\"sioscope %s\",\"input\":", SIOSCOPE_VERSION);
	bool good = tree_print(out, mask, report_json_input(summary));
	fputs(",\"ledger\":", out);
	good = good && tree_print(out, mask, report_json_ledger(summary->ledger));
	fputs(",\"unseen\":", out);
	good = good && tree_print(out, mask, report_json_unseen(summary->ledger));
	if (summary->input.skew_count) {
		fputs(",\"skew\":", out);
		good = good && tree_print(out, mask, report_json_skew(&summary->input));
	}
	fputs(",\"sessions\":[", out);
	for (size_t i = 0; good && i < summary->session_count; i++) {
		if (i)
			fputc(',', out);
		good = tree_print(out, mask, report_json_session(&summary->sessions[i], summary->findings));
	}
	fputc(']', out);
	if (summary->log.lines) {
		fputs(",\"log\":", out);
		good = good && tree_print(out, mask, report_json_log(&summary->log, summary->findings));
	}
	good = good && sections_write_json(out, mask, &summary->sections);
	fprintf(out, ",\"findings_left_out\":%" PRIu64, findings_left_out(summary->findings));
	fputs(",\"findings\":", out);
	good = good && report_json_write_findings(out, mask, summary->findings);
	fputs("}\n", out);
	return good && fflush(out) == 0;
}

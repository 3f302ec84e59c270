/* `sioscope explain`: the table of findings, or the tables of servers/, in words. */
#include "base/text.h"
#include "cmd/options.h"
#include "cmd/output.h"
#include "detect/codes.h"
#include "detect/findings.h"
#include "detect/thresholds.h"
#include "servers/server.h"
#include "view/writers.h"

/* ---- servers */

static const char *text_or(const char *text, const char *otherwise)
{
	return text ? text : otherwise;
}

static void servers_write_row(const struct text_writer *writer, const struct server_proof *proof, const char *row)
{
	text_label(writer, STYLE_PLAIN, 4, "- ", "%s%s%s%s [%s; %s]", row, proof->versions ? " (" : "",
	    text_or(proof->versions, ""), proof->versions ? ")" : "", proof->source,
	    proof->capture ? proof->capture : "source only");
}

static void servers_write_traits(const struct text_writer *writer, const struct server *server)
{
	char row[200];
	if (server->trait_count)
		text_write(writer, STYLE_PLAIN, 2, "is recognised by:");
	for (size_t i = 0; i < server->trait_count; i++) {
		const struct server_trait_row *trait = &server->traits[i];
		snprintf(row, sizeof row, "%s: %s", server_trait_name(trait->trait),
		    *trait->value ? trait->value : "(empty)");
		servers_write_row(writer, &trait->proof, row);
	}
}

/* "in answer to a POST or an upgrade". */
static void servers_format_places(unsigned places, char text[200])
{
	static const struct {
		unsigned place;
		const char *name;
	} names[] = {{AT_HANDSHAKE, "a handshake"}, {AT_WEBSOCKET, "a WebSocket handshake"}, {AT_POLL, "a poll"},
	    {AT_POST, "a POST"}, {AT_UPGRADE, "an upgrade"}, {AT_STRIPPED, "a WebSocket handshake without Upgrade"},
	    {AT_STRIPPED_UPGRADE, "an upgrade without Upgrade"}, {AT_METHOD, "another method"}};
	size_t len = 0;
	text[0] = '\0';
	if (places == AT_ANY) {
		snprintf(text, 200, "any request");
		return;
	}
	for (size_t i = 0; i < sizeof names / sizeof *names && len < 150; i++)
		if (places & names[i].place)
			len += (size_t)snprintf(text + len, 200 - len, "%s%s", len ? " or " : "", names[i].name);
}

static void servers_write_refusals(const struct text_writer *writer, const struct server *server)
{
	char row[512], places[200], status[16];
	if (server->refusal_count)
		text_write(writer, STYLE_PLAIN, 2, "refuses:");
	for (size_t i = 0; i < server->refusal_count; i++) {
		const struct server_refusal *refusal = &server->refusals[i];
		const char *body = refusal->body;
		servers_format_places(refusal->places, places);
		snprintf(status, sizeof status, "%d", refusal->status);
		snprintf(row, sizeof row, "%s: %s is answered with HTTP %s%s%s%s%s%s",
		    server_meaning_text(refusal->meaning), places, refusal->status ? status : "4xx or 5xx",
		    body && *body ? ", body "
		    : body        ? ", empty body"
		                  : "",
		    text_or(body, ""), refusal->code ? ", JSON code " : "", text_or(refusal->code, ""), "");
		servers_write_row(writer, &refusal->proof, row);
	}
}

static void servers_write_lines(
    const struct text_writer *writer, const struct server_log_line *lines, size_t count, const char *title)
{
	char row[256];
	if (count)
		text_write(writer, STYLE_PLAIN, 2, "%s", title);
	for (size_t i = 0; i < count; i++) {
		snprintf(row, sizeof row, "\"%s\": %s", lines[i].words, server_log_meaning_text(lines[i].meaning));
		servers_write_row(writer, &lines[i].proof, row);
	}
}

static void servers_write_facts(const struct text_writer *writer, const struct server *server)
{
	char row[200], value[SERVER_FACT_TEXT];
	if (server->fact_count)
		text_write(writer, STYLE_PLAIN, 2, "limits, defaults and rules:");
	for (size_t i = 0; i < server->fact_count; i++) {
		const struct server_fact_row *fact = &server->facts[i];
		snprintf(row, sizeof row, "%s: %s", server_fact_name(fact->fact),
		    server_fact_format(fact->fact, fact->value, value));
		servers_write_row(writer, &fact->proof, row);
	}
}

static void servers_write_one(const struct text_writer *writer, const struct server *server)
{
	const char *until = server->to ? server->to : "and later";
	text_heading(writer, "%s: %s%s%s%s%s (%s)", server->name, server->software, server->from ? " " : "",
	    text_or(server->from, ""),
	    !server->from ? ""
	    : server->to  ? " to "
	                  : " ",
	    server->from ? until : "", server_family_name(server->family));
	servers_write_traits(writer, server);
	servers_write_refusals(writer, server);
	servers_write_lines(writer, server->log_lines, server->log_line_count, "logs:");
	servers_write_facts(writer, server);
}

/* "SSH: begins with "^SSH-"", or with bytes at their places. */
static void servers_write_protocol(const struct text_writer *writer, const struct server_protocol *protocol)
{
	char row[256];
	struct buffer out = buffer_over(row, sizeof row - 1);
	buffer_append_format(&out, "%s: ", protocol->name);
	if (protocol->words)
		buffer_append_format(&out, "\"%s\"", protocol->words);
	for (size_t i = 0; i < SERVER_PROTOCOL_PARTS && protocol->parts[i].len; i++) {
		buffer_append_format(&out, "%sat byte %zu:", i ? ", " : "", protocol->parts[i].at);
		for (size_t at = 0; at < protocol->parts[i].len; at++)
			buffer_append_format(&out, " %02x", (uint8_t)protocol->parts[i].bytes[at]);
	}
	row[out.len] = '\0';
	servers_write_row(writer, &protocol->proof, row);
}

static void explain_servers(const struct text_writer *writer, const struct server_log_table *tables)
{
	for (size_t i = 0; i < servers_count(); i++) {
		if (i)
			text_blank(writer);
		servers_write_one(writer, servers_table[i]);
	}
	for (; tables; tables = tables->next) {
		text_blank(writer);
		text_heading(writer, "%s", tables->name);
		servers_write_lines(writer, tables->lines, tables->line_count, "logs:");
	}
	text_blank(writer);
	text_heading(writer, "what is no HTTP server, by its first bytes");
	for (const struct server_protocol *protocol = server_protocols; protocol->name; protocol++)
		servers_write_protocol(writer, protocol);
	text_blank(writer);
	text_heading(writer, "cookies of balancers");
	for (const struct server_cookie *cookie = server_cookies; cookie->name; cookie++)
		servers_write_row(writer, &cookie->proof, cookie->name);
}

enum { EXPLAIN_SEVERITIES = 256 };

/* "error; warning late, …": what the reports' severities come from. */
static void explain_severities(unsigned code, char text[EXPLAIN_SEVERITIES])
{
	int len = snprintf(text, EXPLAIN_SEVERITIES, "%s", severity_name(code_entry(code)->severity));
	for (const struct code_case *each = code_entry(code)->cases; each && each->when; each++)
		len += snprintf(
		    text + len, EXPLAIN_SEVERITIES - (size_t)len, "; %s %s", severity_name(each->severity), each->when);
}

static void explain_cause(const struct text_writer *writer, const struct cause_entry *entry, const char *code)
{
	if (strcmp(entry->code, code) == 0)
		text_label(writer, STYLE_PLAIN, 2, "- ", "cause %s: %s%s%s", entry->word, entry->meaning,
		    entry->advice ? ". Do: " : "", entry->advice ? entry->advice : "");
}

static void explain_causes(const struct text_writer *writer, const char *code)
{
	for (enum cause which = 0; which < CAUSES; which++)
		explain_cause(writer, &cause_table[which], code);
	for (size_t i = 0; plugins[i]; i++)
		for (const struct cause_entry *entry = plugins[i]->codes ? plugins[i]->codes->causes : NULL;
		     entry && entry->word; entry++)
			explain_cause(writer, entry, code);
}

/* The numbers by which it is judged. */
static void explain_threshold(const struct text_writer *writer, const struct threshold_entry *entry, const char *code)
{
	char value[THRESHOLD_TEXT];
	if (threshold_concerns(entry, code))
		text_label(writer, STYLE_FAINT, 2, "- ", "%s: %s; %s (%s)", entry->name, threshold_format(entry, value),
		    entry->reason, entry->source);
}

static void explain_thresholds(const struct text_writer *writer, const char *code)
{
	for (enum threshold which = 0; which < THRESHOLDS; which++)
		explain_threshold(writer, &threshold_table[which], code);
	for (size_t i = 0; plugins[i]; i++)
		for (const struct threshold_entry *entry = plugins[i]->thresholds; entry && entry->name; entry++)
			explain_threshold(writer, entry, code);
}

static void explain_code(const struct text_writer *writer, unsigned code)
{
	const struct code_entry *entry = code_entry(code);
	const char *more = code_advice(code);
	char severities[EXPLAIN_SEVERITIES];
	explain_severities(code, severities);
	text_heading(writer, "%s (%s): %s", entry->name, severities, entry->title);
	text_write(writer, STYLE_PLAIN, 2, "%s", entry->explanation);
	if (entry->alike)
		text_label(writer, STYLE_PLAIN, 2, "looks alike: ", "%s", entry->alike);
	text_label(writer, STYLE_GOOD, 2, "do: ", "%s%s%s", entry->remedy, *more ? " " : "", more);
	explain_causes(writer, entry->name);
	explain_thresholds(writer, entry->name);
}

static void explain_all(const struct text_writer *writer)
{
	for (unsigned code = 0; code < CODES_MOST; code = code_next(code)) {
		char label[40];
		snprintf(label, sizeof label, "%-20s ", code_entry(code)->name);
		text_label(writer, STYLE_HEADING, 2, label, "%s", code_entry(code)->title);
	}
}

/* Who gives a part of a code means one of those that have it; but a letter or two is a part of many. */
static bool explain_offer_parts(struct slice name, struct buffer *offer)
{
	enum { PART_LEAST = 3 };
	for (size_t i = 0; name.len >= PART_LEAST && code_word(i); i++)
		if (slice_find(slice_of_text(code_word(i)), name) < strlen(code_word(i)))
			buffer_append_format(offer, "%s%s", offer->len ? " or " : "did you mean ", code_word(i));
	return offer->len > 0;
}

static void explain_refuse(struct slice name)
{
	char text[2048];
	struct buffer offer = buffer_over(text, sizeof text);
	const char *meant = explain_offer_parts(name, &offer) ? NULL : suggest_nearest(name, code_word);
	if (meant)
		buffer_append_format(&offer, "did you mean %s", meant);
	bool is_near = offer.len > 0;
	for (size_t i = 0; !is_near && code_word(i); i++)
		buffer_append_format(&offer, "%s%s", i ? ", " : "'sioscope explain' lists them: ", code_word(i));
	buffer_append_text(&offer, is_near ? "?" : "");
	complain(
	    "explain: %.*s is no finding's code; %.*s", (int)name.len, (const char *)name.at, (int)offer.len, text);
}

/* Takes the next of the words that were asked for. False: there is none. */
static bool explain_take_word(struct slice *words, struct slice *word)
{
	*words = slice_trim(*words);
	*word = slice_take_until(words, ' ');
	return word->len > 0;
}

/* Nothing is printed unless all codes are known. */
static bool explain_knows(struct slice words)
{
	for (struct slice word; explain_take_word(&words, &word);)
		if (code_named(word) == CODES_MOST) {
			explain_refuse(word);
			return false;
		}
	return true;
}

static int explain_run(const struct options *options)
{
	struct text_writer writer = output_writer(options);
	writer.mask = NULL; /* the tables are the program's own */
	if (options->servers) {
		explain_servers(&writer, options->log_table);
		return EXIT_DONE;
	}
	struct slice words = slice_of_text(options->filter ? options->filter : "");
	if (!words.len)
		explain_all(&writer);
	if (!explain_knows(words))
		return EXIT_UNABLE;
	for (struct slice word; explain_take_word(&words, &word);) {
		explain_code(&writer, code_named(word));
		if (words.len)
			text_blank(&writer);
	}
	return EXIT_DONE;
}

const struct command command_explain = {
    .name = "explain",
    .bit = FOR_EXPLAIN,
    .words = "[CODE...]",
    .summary = "what a finding's code means, how it is detected, what to do",
    .run = explain_run,
};

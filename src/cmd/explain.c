/* `sioscope explain [CODE...]`, `--servers`: what a finding means, how it is told, what to do. */
#include "base/suggest.h"
#include "cmd/command.h"
#include "cmd/explain_servers.h"
#include "cmd/output.h"
#include "detect/causes.h"
#include "detect/codes.h"
#include "detect/thresholds.h"

enum { EXPLAIN_SEVERITIES = 256 };

/* "error; warning late, …": what the reports' severities come from. */
static void explain_severities(unsigned code, char text[EXPLAIN_SEVERITIES])
{
	int len = snprintf(text, EXPLAIN_SEVERITIES, "%s", severity_name(code_entry(code)->severity));
	for (const struct code_case *each = code_entry(code)->cases; each && each->when; each++)
		len += snprintf(
		    text + len, EXPLAIN_SEVERITIES - (size_t)len, "; %s %s", severity_name(each->severity), each->when);
}

static void explain_causes(const struct text_writer *writer, const char *code)
{
	for (enum cause which = 0; which < CAUSES; which++)
		if (strcmp(cause_table[which].code, code) == 0)
			text_label(writer, STYLE_PLAIN, 2, "- ", "cause %s: %s%s%s", cause_table[which].word,
			    cause_table[which].meaning, cause_table[which].advice ? ". Do: " : "",
			    cause_table[which].advice ? cause_table[which].advice : "");
}

/* The numbers by which it is judged. */
static void explain_thresholds(const struct text_writer *writer, const char *code)
{
	char value[THRESHOLD_TEXT];
	for (enum threshold which = 0; which < THRESHOLDS; which++) {
		const struct threshold_entry *entry = &threshold_table[which];
		if (threshold_concerns(entry, code))
			text_label(writer, STYLE_FAINT, 2, "- ", "%s: %s; %s (%s)", entry->name,
			    threshold_format(entry, value), entry->reason, entry->source);
	}
}

static void explain_code(const struct text_writer *writer, unsigned code)
{
	const struct code_entry *entry = code_entry(code);
	const char *more = code_advice(code);
	char severities[EXPLAIN_SEVERITIES];
	explain_severities(code, severities);
	text_heading(writer, "%s (%s): %s", entry->name, severities, entry->title);
	text_write(writer, STYLE_PLAIN, 2, "%s", entry->explanation);
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
	char text[1024];
	struct buffer offer = buffer_over(text, sizeof text);
	const char *meant = explain_offer_parts(name, &offer) ? NULL : suggest_nearest(name, code_word);
	if (meant)
		buffer_append_format(&offer, "did you mean %s", meant);
	buffer_append_text(&offer, offer.len ? "?" : "'sioscope explain' lists them");
	fprintf(stderr, "sioscope: explain: %.*s is no finding's code; %.*s\n", (int)name.len, (const char *)name.at,
	    (int)offer.len, text);
}

/* Takes the next of the words that were asked for. False: there is none. */
static bool explain_take_word(struct slice *words, struct slice *word)
{
	*words = slice_trim(*words);
	*word = slice_take_until(words, ' ');
	return word->len > 0;
}

/* Nothing is told unless all can be. */
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
	const struct text_writer writer = output_paper(options);
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
    .summary = "what a finding's code means, how it is told, what to do",
    .run = explain_run,
};

/* The encoder's lines to the sender, the sender's counts to the metrics and the ledger. */
#include "cmd/export.h"

#include "base/text.h"
#include "base/timestamp.h"
#include "cmd/otlp_lines.h"

#include <inttypes.h>
#include <stdio.h>

enum { EXPORT_PAGE = 16 << 20 };

/* ---- lines */

static bool export_write(void *self, enum otlp_signal signal, struct slice line, uint64_t items)
{
	struct export *export = self;
	if (export->options->sends)
		otlp_sender_take(export->options->sender, signal, line, items);
	return true;
}

bool export_begin(struct export *export, const struct options *options, const struct findings *findings)
{
	*export = (struct export){.options = options};
	if (!options->sender)
		return true;
	struct otlp_identity identity;
	struct otlp_settings settings = otlp_read_settings(
	    options, 1u << OTLP_METRICS | 1u << OTLP_FINDINGS, &identity);
	if (!options->sends)
		settings.signals = 0;
	settings.interval = options_are_live(options) ? options->sender->environment.interval : 0;
	export->budget.limit = options->limits.memory / 4;
	buffer_init(&export->page, EXPORT_PAGE, NULL);
	export->encoder = otlp_new(&settings, (struct otlp_sink){export, export_write}, &export->budget);
	if (!export->encoder) {
		complain("no memory for what is exported (--otlp, --metrics-listen)");
		return false;
	}
	if (findings)
		otlp_follow(export->encoder, findings);
	return true;
}

void export_free(struct export *export)
{
	otlp_free(export->encoder);
	export->encoder = NULL;
	buffer_free(&export->page);
}

const struct observer *export_observer(const struct export *export)
{
	return export->encoder ? otlp_observer(export->encoder) : NULL;
}

/* ---- now and then */

/* What was dropped since the last time, as a metric. */
static void export_note_dropped(struct export *export)
{
	for (enum otlp_signal signal = 0; signal < OTLP_SIGNALS; signal++)
		for (enum metrics_drop drop = 0; drop < METRICS_DROPS; drop++) {
			uint64_t all = otlp_sender_dropped(export->options->sender, signal, drop);
			uint64_t more = all - export->noted[signal][drop];
			if (more)
				metrics_add_dropped(otlp_metrics(export->encoder), signal, drop, more);
			export->noted[signal][drop] = all;
		}
}

static void export_publish(struct export *export, const struct engine_counts *counts, enum metrics_form form)
{
	struct metrics *metrics = otlp_metrics(export->encoder);
	export_note_dropped(export);
	metrics_take_counts(metrics, counts);
	metrics_note_time(metrics, clock_timestamp());
	buffer_clear(&export->page);
	if (metrics_write_text(metrics, &export->page, form))
		otlp_sender_publish(export->options->sender, form, buffer_slice(&export->page));
}

void export_step(struct export *export, const struct engine_counts *counts)
{
	int64_t now = clock_now();
	if (!export->encoder)
		return;
	otlp_sender_step(export->options->sender);
	for (size_t form = 0; form < METRICS_FORMS; form++)
		if (otlp_sender_is_asked(export->options->sender, (enum metrics_form)form))
			export_publish(export, counts, (enum metrics_form)form);
	if (now - export->looked < TIMESTAMP_SECOND)
		return;
	export->looked = now;
	export_note_dropped(export);
	otlp_tick(export->encoder, counts, clock_timestamp());
}

/* ---- the end */

/* "metrics: 300 queue-full, findings: 2 refused". Returns how many items. */
static uint64_t export_describe_lost(const struct export *export, struct buffer *out)
{
	uint64_t lost = 0;
	for (enum otlp_signal signal = 0; signal < OTLP_SIGNALS; signal++)
		for (enum metrics_drop drop = 0; drop < METRICS_DROPS; drop++) {
			uint64_t items = otlp_sender_dropped(export->options->sender, signal, drop);
			if (items)
				buffer_append_format(out, "%s%s: %" PRIu64 " %s", lost ? ", " : "",
				    otlp_signal_name(signal), items, metrics_drop_name(drop));
			lost += items;
		}
	return lost;
}

void export_end(struct export *export, const struct engine_counts *counts, struct ledger *ledger)
{
	char lost_text[LEDGER_DETAIL / 2], why[OTLP_WHY], detail[LEDGER_DETAIL];
	struct buffer lost = buffer_over(lost_text, sizeof lost_text);
	if (!export->encoder)
		return;
	export_note_dropped(export);
	otlp_end(export->encoder, counts);
	otlp_sender_end(export->options->sender);
	uint64_t items = export_describe_lost(export, &lost);
	if (!items)
		return;
	otlp_sender_why(export->options->sender, why);
	snprintf(detail, sizeof detail, "%.*s%s%s", (int)lost.len, lost_text, *why ? "; the collector: " : "", why);
	ledger_set(ledger, LEDGER_NOT_EXPORTED, items);
	ledger_note_detail(ledger, LEDGER_NOT_EXPORTED, detail);
	complain("--otlp: not delivered: %s", detail);
}

/* The settings of OTLP, and requests as lines. */
#include "cmd/otlp_lines.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- settings */

static void identity_add(struct buffer *text, const char *word)
{
	const char *name = strrchr(word, '/');
	buffer_append_text(text, text->len && text->at[text->len - 1] != ':' ? "," : "");
	buffer_append_text(text, name && name[1] ? name + 1 : word);
}

/* "api-2:eth0", "api-2:front.pcapng,back.pcap", "api-2:process uvicorn". */
static void identity_read(struct otlp_identity *identity, const struct options *options)
{
	struct buffer text = buffer_over(identity->instance, sizeof identity->instance - 1);
	if (gethostname(identity->host, sizeof identity->host - 1) != 0 || !*identity->host)
		strcpy(identity->host, "localhost");
	identity->host[sizeof identity->host - 1] = '\0';
	buffer_append_text(&text, identity->host);
	buffer_append_byte(&text, ':');
	for (size_t i = 0; i < options->interface_count; i++)
		identity_add(&text, options->interfaces[i]);
	if (*options->probe_words)
		identity_add(&text, options->probe_words);
	for (size_t i = 0; i < options->read_count; i++)
		identity_add(&text, options->reads[i]);
	identity->instance[text.len] = '\0';
}

struct otlp_settings otlp_read_settings(const struct options *options, unsigned signals, struct otlp_identity *identity)
{
	const char *attributes = getenv("OTEL_RESOURCE_ATTRIBUTES");
	identity_read(identity, options);
	if (attributes && !otlp_reads_attributes(attributes)) {
		complain("OTEL_RESOURCE_ATTRIBUTES is no list of key=value with commas between: none of it is used");
		attributes = NULL;
	}
	return (struct otlp_settings){.signals = options->otlp_signals ? options->otlp_signals : signals,
	    .service_name = getenv("OTEL_SERVICE_NAME"),
	    .attributes = attributes,
	    .instance = identity->instance,
	    .host = identity->host,
	    .version = SIOSCOPE_VERSION,
	    .mask = &options->mask,
	    .addresses = !options->no_client_address};
}

/* ---- lines */

static bool lines_write(void *self, enum otlp_signal signal, struct slice line, uint64_t items)
{
	struct otlp_lines *lines = self;
	(void)signal;
	(void)items;
	if (!lines->failed && (fwrite(line.at, 1, line.len, stdout) != line.len || putchar('\n') == EOF))
		lines->failed = true;
	return !lines->failed;
}

static void lines_take_clock(void *self, timestamp now)
{
	struct otlp_lines *lines = self;
	otlp_tick(lines->encoder, engine_counts(lines->run->engine), now);
	if (fflush(stdout) != 0)
		lines->failed = true;
}

bool otlp_lines_open(struct otlp_lines *lines, const struct options *options, unsigned signals, const struct run *run,
    struct budget *budget)
{
	struct otlp_identity identity;
	const struct otlp_settings settings = otlp_read_settings(options, signals, &identity);
	*lines = (struct otlp_lines){.run = run, .budget = budget};
	lines->clock = (struct observer){.self = lines, .clock = lines_take_clock};
	lines->encoder = otlp_new(&settings, (struct otlp_sink){lines, lines_write}, budget);
	if (!lines->encoder)
		fputs("sioscope: no memory\n", stderr);
	return lines->encoder;
}

bool otlp_lines_end(struct otlp_lines *lines)
{
	otlp_end(lines->encoder, engine_counts(lines->run->engine));
	uint64_t refused = otlp_refused(lines->encoder) + lines->budget->refused;
	if (refused)
		complain("no memory for %" PRIu64 " %s of the export: something is missing", refused,
		    plural_choose(refused, "part", "parts"));
	return !refused;
}

void otlp_lines_close(struct otlp_lines *lines)
{
	otlp_free(lines->encoder);
}

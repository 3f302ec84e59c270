/* Each option: its names, whose it is, what it does with its argument, and what it is for. */
#include "cmd/options.h"
#include "cmd/otlp_environment.h"
#include "cmd/output.h"
#include "query/query.h"
#include "socketio/event.h"
#include "view/outbound.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define PLACE(field) NULL, offsetof(struct options, field), NULL, NULL
#define APPLY(function) function, 0, NULL, NULL
#define PLACE_WORD(field, word) NULL, offsetof(struct options, field), word, NULL
#define APPLY_WORD(function, word) function, 0, word, NULL

static bool options_apply_read(struct options *options, const char *argument, const char **why)
{
	if (options->read_count == OPTIONS_READS) {
		*why = "too many files";
		return false;
	}
	options->reads[options->read_count++] = argument;
	return true;
}

static bool options_apply_interface(struct options *options, const char *argument, const char **why)
{
	if (options->interface_count == OPTIONS_INTERFACES) {
		*why = "too many interfaces; -i any is all of them";
		return false;
	}
	options->interfaces[options->interface_count++] = argument;
	return true;
}

static bool options_apply_keylog(struct options *options, const char *argument, const char **why)
{
	if (options->keylog_count == OPTIONS_KEYLOGS) {
		*why = "too many key logs";
		return false;
	}
	options->keylogs[options->keylog_count++] = argument;
	return true;
}

/* ---- several captures as one timeline */

/* "FILE=-37.5ms", "FILE=0". */
static bool options_apply_skew(struct options *options, const char *argument, const char **why)
{
	const char *sign = strrchr(argument, '=');
	*why = "none, or FILE=TIME: front.pcap=-37.5ms";
	if (strcmp(argument, "none") == 0)
		return options->skew_none = true;
	if (!sign || sign == argument || options->skew_count == OPTIONS_READS)
		return false;
	const char *time = sign + 1 + (sign[1] == '-' || sign[1] == '+');
	struct option_skew *skew = &options->skews[options->skew_count++];
	skew->input = slice_of((const uint8_t *)argument, (size_t)(sign - argument));
	if (strcmp(time, "0") != 0 && !query_read_duration(slice_of_text(time), &skew->offset))
		return false;
	skew->offset = sign[1] == '-' ? -skew->offset : skew->offset;
	return true;
}

static bool options_apply_vantage(struct options *options, const char *argument, const char **why)
{
	*why = "client, server, or one of the files";
	bool is_client = strcmp(argument, "client") == 0, is_server = strcmp(argument, "server") == 0;
	options->vantage_point = is_client ? VANTAGE_CLIENT : is_server ? VANTAGE_SERVER : VANTAGE_INPUT;
	options->vantage = is_client || is_server ? NULL : argument;
	return *argument;
}

/* ---- probes */

static bool options_read_small(const char *argument, unsigned long most, unsigned long *number)
{
	char *end;
	errno = 0;
	*number = strtoul(argument, &end, 10);
	return isdigit((unsigned char)*argument) && !*end && !errno && *number && *number <= most;
}

static void options_describe_probe(struct options *options, const char *kind, const char *what)
{
	enum { ROOM = 32 }; /* for the last of them, and that there are more */
	char *words = options->probe_words;
	size_t len = strlen(words), size = sizeof options->probe_words;
	if (!len)
		snprintf(words, size, "%s %s", kind, what);
	else if (len + strlen(what) + ROOM < size)
		snprintf(words + len, size - len, ", %s %s", kind, what);
	else if (words[len - 1] != '.')
		snprintf(words + len, size - len, ", ...");
}

bool option_add_process(struct options *options, const char *argument, const char **why)
{
	unsigned long number;
	struct probe_choice *choice = &options->probe;
	*why = choice->process_count == PROBE_PROCESSES ? "too many processes; --process or --cgroup chooses them all"
	                                                : "a process id";
	if (choice->process_count == PROBE_PROCESSES || !options_read_small(argument, INT_MAX, &number))
		return false;
	choice->processes[choice->process_count++] = (uint32_t)number;
	options_describe_probe(options, "process", argument);
	return true;
}

/* Keeps them in order, each once. */
static bool options_add_session(struct options *options, uint64_t number, const char **why)
{
	size_t at = options->session_count;
	for (size_t i = 0; i < at; i++)
		if (options->sessions[i] == number)
			return true;
	*why = "too many sessions; the interface saves the marked ones";
	if (at == OPTIONS_SESSIONS)
		return false;
	for (; at && options->sessions[at - 1] > number; at--)
		options->sessions[at] = options->sessions[at - 1];
	options->sessions[at] = number;
	options->session_count++;
	return true;
}

static bool options_apply_session(struct options *options, const char *argument, const char **why)
{
	for (const char *at = argument;; at++) {
		char *end;
		uint64_t number = strtoull(at, &end, 10);
		*why = "numbers of sessions, as reports count them: 2, or 2,5";
		if (!isdigit((unsigned char)*at) || !number || (*end && *end != ',') ||
		    !options_add_session(options, number, why))
			return false;
		if (!*(at = end))
			return true;
	}
}

/* One, or several with commas. */
static bool options_apply_process(struct options *options, const char *argument, const char **why)
{
	char word[16];
	for (const char *at = argument;; at++) {
		size_t len = strcspn(at, ",");
		snprintf(word, sizeof word, "%.*s", (int)(len < 15 ? len : 15), at);
		if (!option_add_process(options, word, why))
			return false;
		at += len;
		if (!*at)
			return true;
	}
}

static bool options_apply_process_name(struct options *options, const char *argument, const char **why)
{
	*why = *argument ? "too many names" : "a process's name";
	if (!*argument || options->probe.name_count == PROBE_CHOSEN_NAMES)
		return false;
	options->probe.names[options->probe.name_count++] = argument;
	options_describe_probe(options, "process", argument);
	return true;
}

static bool options_apply_cgroup(struct options *options, const char *argument, const char **why)
{
	*why = "one cgroup at a time";
	if (options->probe.cgroup)
		return false;
	options->probe.cgroup = argument;
	options_describe_probe(options, "cgroup", argument);
	return true;
}

static bool options_apply_port(struct options *options, const char *argument, const char **why)
{
	unsigned long number;
	*why = options->probe.port_count == PROBE_CHOSEN_PORTS ? "too many ports" : "a port, 1 to 65535";
	if (options->probe.port_count == PROBE_CHOSEN_PORTS || !options_read_small(argument, UINT16_MAX, &number))
		return false;
	options->probe.ports[options->probe.port_count++] = (uint16_t)number;
	options_describe_probe(options, "port", argument);
	return true;
}

bool option_read_time(const char *argument, int64_t *time, const char **why)
{
	*why = "a duration: 500ms, 20s, 2min";
	return query_read_duration(slice_of_text(argument), time);
}

static bool options_apply_duration(struct options *options, const char *argument, const char **why)
{
	return option_read_time(argument, &options->duration, why);
}

static bool options_apply_rotate_time(struct options *options, const char *argument, const char **why)
{
	return option_read_time(argument, &options->rotate_time, why);
}

/* What is wanted is made up for each range: *why is lent by the options. */
static bool options_read_quantity(struct options *options, const char *argument, const struct quantity_range *range,
    uint64_t *value, const char **why)
{
	*why = options->why;
	return quantity_read(argument, range, value, options->why);
}

static bool options_apply_rotate_size(struct options *options, const char *argument, const char **why)
{
	static const struct quantity_range range = {true, 64 << 10, UINT64_C(1) << 40};
	return options_read_quantity(options, argument, &range, &options->rotate_size, why);
}

static bool options_apply_ring(struct options *options, const char *argument, const char **why)
{
	static const struct quantity_range range = {false, 1, 1000000};
	return options_read_quantity(options, argument, &range, &options->ring, why);
}

/* Lengths of packets and buffers are an int's for libpcap: 2GiB is the most that it can say. */
#define OPTIONS_INT_BYTES (UINT64_C(1) << 31)

static int options_int(uint64_t bytes)
{
	return bytes < INT_MAX ? (int)bytes : INT_MAX;
}

static bool options_apply_snap(struct options *options, const char *argument, const char **why)
{
	static const struct quantity_range range = {true, 0, OPTIONS_INT_BYTES};
	uint64_t bytes;
	if (!options_read_quantity(options, argument, &range, &bytes, why))
		return false;
	options->live.snap_length = bytes ? options_int(bytes) : LIVE_SNAP_LENGTH;
	return true;
}

static bool options_apply_buffer(struct options *options, const char *argument, const char **why)
{
	static const struct quantity_range range = {true, 64 << 10, OPTIONS_INT_BYTES};
	uint64_t bytes;
	if (!options_read_quantity(options, argument, &range, &bytes, why))
		return false;
	options->live.buffer = options_int(bytes);
	return true;
}

static bool options_apply_secret(struct options *options, const char *argument, const char **why)
{
	if (options->mask.name_count == MASK_NAMES) {
		*why = "too many names";
		return false;
	}
	options->mask.names[options->mask.name_count++] = argument;
	return true;
}

/* ---- check */

static bool options_add_expectation(struct options *options, const char *argument, bool is_file, const char **why)
{
	if (options->expectation_count == OPTIONS_EXPECTATIONS) {
		*why = "too many; write them into a file";
		return false;
	}
	options->expectations[options->expectation_count++] = (struct option_expectation){argument, is_file};
	return true;
}

static bool options_apply_expression(struct options *options, const char *argument, const char **why)
{
	return options_add_expectation(options, argument, false, why);
}

static bool options_apply_expect(struct options *options, const char *argument, const char **why)
{
	return options_add_expectation(options, argument, true, why);
}

/* The index of the word; -1: it is none of them. */
static int options_find_word(option_word *word, const char *argument)
{
	for (size_t index = 0; word(index); index++)
		if (strcmp(argument, word(index)) == 0)
			return (int)index;
	return -1;
}

static const char *options_severity_word(size_t index)
{
	return index <= SEVERITY_ERROR ? severity_name((enum severity)index) : NULL;
}

static bool options_apply_fail_on(struct options *options, const char *argument, const char **why)
{
	int severity = options_find_word(options_severity_word, argument);
	*why = "error, warning or info";
	if (severity >= 0)
		options->fail_on = (enum severity)severity;
	return severity >= 0;
}

static const char *options_confidence_word(size_t index)
{
	return index <= CONFIDENCE_PROVEN ? confidence_name((enum confidence)index) : NULL;
}

static bool options_apply_min_confidence(struct options *options, const char *argument, const char **why)
{
	int confidence = options_find_word(options_confidence_word, argument);
	*why = "possible, likely or proven";
	if (confidence >= 0)
		options->min_confidence = (enum confidence)confidence;
	return confidence >= 0;
}

static const struct {
	const char *name;
	enum layer layer;
} option_layers[] = {
    {"http", LAYER_HTTP},
    {"engineio", LAYER_ENGINEIO},
    {"socketio", LAYER_SOCKETIO},
    {"tcp", LAYER_TCP},
};

static const char *options_layer_word(size_t index)
{
	return index < sizeof option_layers / sizeof *option_layers ? option_layers[index].name : NULL;
}

static unsigned options_layer_named(struct slice name)
{
	for (size_t i = 0; i < sizeof option_layers / sizeof *option_layers; i++)
		if (slice_equals_text(name, option_layers[i].name))
			return option_layers[i].layer;
	return 0;
}

static bool options_apply_layer(struct options *options, const char *argument, const char **why)
{
	struct slice rest = slice_of_text(argument);
	for (;;) {
		struct slice name = slice_take(rest, slice_find_byte(rest, ','));
		unsigned layer = options_layer_named(name);
		if (!layer) {
			*why = "the layers are http, engineio, socketio and tcp, separated by commas";
			return false;
		}
		options->layers |= layer;
		if (name.len == rest.len)
			return true;
		rest = slice_drop(rest, name.len + 1);
	}
}

/* ---- OTLP */

static const char *options_form_word(size_t index)
{
	return index == 0 ? "otlp" : NULL;
}

static bool options_apply_form(struct options *options, const char *argument, const char **why)
{
	options->otlp = options_find_word(options_form_word, argument) == 0;
	*why = "the form is otlp";
	return options->otlp;
}

static bool options_apply_signals(struct options *options, const char *argument, const char **why)
{
	struct slice rest = slice_of_text(argument);
	for (;;) {
		struct slice name = slice_take(rest, slice_find_byte(rest, ','));
		size_t signal = 0;
		while (otlp_signal_name(signal) && !slice_equals_text(name, otlp_signal_name(signal)))
			signal++;
		*why = "the signals are metrics, findings, traces and events, separated by commas";
		if (!otlp_signal_name(signal))
			return false;
		options->otlp_signals |= 1u << signal;
		if (name.len == rest.len)
			return true;
		rest = slice_drop(rest, name.len + 1);
	}
}

static bool options_apply_otlp(struct options *options, const char *argument, const char **why)
{
	(void)why;
	options->sends = true;
	options->otlp_url = argument;
	return true;
}

static const struct option_entry option_table[] = {
    {"read", 'r', "FILE", FOR_CAPTURES | FOR_PLUGIN, APPLY(options_apply_read),
        "a capture (pcap, pcapng), a HAR file, or a log of python's loggers or node's DEBUG=engine*,socket.io*; plain, "
        "gzip or zstd; - is stdin; several are merged by time"},
    {"skew", 0, "FILE=TIME", FOR_CAPTURES, APPLY(options_apply_skew),
        "the clock of this -r is so far ahead of the first one's (-37.5ms: behind), in place of what both show; none: "
        "times are left as they are; repeatable"},
    {"vantage", 0, "FILE", FOR_CAPTURES, APPLY(options_apply_vantage),
        "where several files have a connection, read it from this one; server (the default), client: from the one "
        "nearest to it"},
    {"interface", 'i', "IFACE", FOR_CAPTURES, APPLY(options_apply_interface),
        "capture live there (any: everywhere); repeatable"},
    {"pid", 'p', "PID", FOR_CAPTURES, APPLY(options_apply_process),
        "watch what this process and its children read and write, inside TLS too (eBPF); repeatable"},
    {"process", 0, "NAME", FOR_CAPTURES, APPLY(options_apply_process_name),
        "watch every process with this name (later ones by their command): uvicorn, node; repeatable"},
    {"cgroup", 0, "PATH", FOR_CAPTURES, APPLY(options_apply_cgroup),
        "watch every process of this cgroup: system.slice/app.service, a container's"},
    {"port", 0, "PORT", FOR_CAPTURES, APPLY(options_apply_port),
        "watch only connections of this port (eBPF); without -p, of every process; repeatable"},
    {"log-pattern", 0, "REGEX", FOR_CAPTURES, PLACE(probe.log_pattern),
        "show log lines of a watched process that match, besides those of known failures"},
    {"list-interfaces", 'D', NULL, FOR_ALL, PLACE(list_interfaces), "list the interfaces and exit"},
    {"duration", 0, "TIME", FOR_CAPTURES, APPLY(options_apply_duration), "end the capture after this time: 20s, 2min"},
    {"write", 'w', "FILE", FOR_CAPTURES, PLACE(write),
        "with -i or -p: also write the packets to this pcapng file (mode 0600); an existing file is overwritten"},
    {"rotate-size", 'C', "BYTES", FOR_CAPTURES, APPLY(options_apply_rotate_size),
        "with -w: a new file after this size (100MiB): FILE-00001.pcapng, ...; existing files are kept"},
    {"rotate-time", 'G', "TIME", FOR_CAPTURES, APPLY(options_apply_rotate_time),
        "with -w: a new file after this time (10min)"},
    {"ring", 'W', "COUNT", FOR_CAPTURES, APPLY(options_apply_ring),
        "with -C or -G: keep only the newest files, those of earlier runs included"},
    {"relinquish-privileges", 'Z', "USER", FOR_CAPTURES, PLACE(user),
        "become this user before packets are parsed; without it root becomes nobody (-Z root: it stays root)"},
    {"snapshot-length", 's', "BYTES", FOR_CAPTURES, APPLY(options_apply_snap),
        "capture this much of each packet (0: all, the default)"},
    {"buffer-size", 'B', "BYTES", FOR_CAPTURES, APPLY(options_apply_buffer),
        "size of the kernel's capture buffer (64KiB to 2GiB, default 16MiB)"},
    {"promiscuous", 0, NULL, FOR_CAPTURES, PLACE(live.promiscuous), "capture other hosts' packets too"},
    {"numeric", 'n', NULL, FOR_CAPTURES, PLACE(numeric), "no names for addresses (always on)"},
    {"server-log", 0, "FILE", FOR_CAPTURES, PLACE(server_log),
        "the server's log; its lines are merged with the packets by time"},
    {"tls-keylog", 0, "FILE", FOR_CAPTURES, APPLY(options_apply_keylog),
        "keys of TLS connections, as SSLKEYLOGFILE has them: what they open is decrypted; with -i followed as it "
        "grows; "
        "repeatable"},
    {"embed-secrets", 0, NULL, FOR_CAPTURES, PLACE(embed_secrets),
        "write the keys of the captured TLS connections into the files of -w, and into what the interface saves: "
        "whoever has such a file can read them"},
    {"json", 'j', NULL, FOR_REPORT | FOR_PLUGIN, PLACE(json), "the result as one JSON object"},
    {"html", 0, "FILE", FOR_REPORT, PLACE(html),
        "the report as one HTML file that needs no network (- is stdout): findings, ladders, plots, search"},
    {"session", 0, "N", FOR_REPORT, APPLY(options_apply_session),
        "report on this session alone, by its number (2, or 2,5); what is about others is left out; repeatable"},
    {"layer", 0, "LIST", FOR_DUMP, APPLY_WORD(options_apply_layer, options_layer_word),
        "layers to write: http, engineio, socketio, tcp, separated by commas"},
    {"where", 0, "EXPR", FOR_DUMP, PLACE(where),
        "write only events that match EXPR (any layer): 'name == \"join\" and latency > 1s' (see the man page)"},
    {"expect", 0, "FILE", FOR_CHECK, APPLY(options_apply_expect), "a file of expectations, one per line; repeatable"},
    {"expression", 'e', "EXPR", FOR_CHECK, APPLY(options_apply_expression),
        "an expectation: 'none(findings where severity == error)'; repeatable"},
    {"fail-on", 0, "SEVERITY", FOR_CHECK, APPLY_WORD(options_apply_fail_on, options_severity_word),
        "without expectations: fail on findings of this severity or worse (error, warning, info; default error)"},
    {"min-confidence", 0, "WORD", FOR_CHECK, APPLY_WORD(options_apply_min_confidence, options_confidence_word),
        "... and of at least this confidence (possible, likely, proven; default possible)"},
    {"baseline", 0, "FILE", FOR_CHECK, PLACE(baseline), "a file of known findings, which do not count"},
    {"write-baseline", 0, "FILE", FOR_CHECK, PLACE(write_baseline),
        "write the current findings to this file, as known"},
    {"format", 0, "LIST", FOR_CHECK, PLACE_WORD(format, formats_word),
        "text, junit=FILE, sarif=FILE, tap=FILE, json=FILE, html=FILE, github; separated by commas (- is stdout)"},
    {"format", 0, "FORM", FOR_DUMP | FOR_REPORT, APPLY_WORD(options_apply_form, options_form_word),
        "otlp: OpenTelemetry's Export requests as JSON, one a line; dump: traces; report: metrics, findings, traces"},
    {"otlp-signals", 0, "LIST", FOR_CAPTURES, APPLY_WORD(options_apply_signals, otlp_signal_name),
        "with OTLP: of metrics, findings, traces and events (names and sizes, no payloads), separated by commas"},
    {"no-client-address", 0, NULL, FOR_CAPTURES, PLACE(no_client_address),
        "with OTLP: leave the clients' addresses out of traces"},
    {"otlp", 0, "[URL]", FOR_REPORT | FOR_CHECK, APPLY(options_apply_otlp),
        "send metrics and findings to an OpenTelemetry collector, beside the report: http://HOST:4318 (the default is "
        "OTEL_EXPORTER_OTLP_ENDPOINT or " OTLP_DEFAULT_URL "), https://…, unix:///run/otlp.sock"},
    {"metrics-listen", 0, "ADDRESS", FOR_REPORT | FOR_CHECK, PLACE(metrics_listen),
        "with -i or -p: answer GET /metrics there, for Prometheus: 127.0.0.1:9464, or a port (of 127.0.0.1)"},
    {"servers", 0, NULL, FOR_EXPLAIN, PLACE(servers),
        "how each implementation and proxy is recognised, refuses and logs, and its limits"},
    {"allow-incomplete", 0, NULL, FOR_CHECK, PLACE(allow_incomplete),
        "accept expectations that hold although part of the traffic was not captured"},
    {"show-secrets", 0, NULL, FOR_CAPTURES | FOR_PLUGIN, PLACE(mask.shows), "write cookies and tokens as they are"},
    {"secret", 0, "NAME", FOR_CAPTURES | FOR_PLUGIN, APPLY(options_apply_secret),
        "mask the values of this key too; repeatable"},
    {"no-color", 0, NULL, FOR_ALL, PLACE(no_color), "no colours, even on a terminal (NO_COLOR does the same)"},
    {"help", 'h', NULL, FOR_ALL, PLACE(help), "this text"},
    {"version", 'V', NULL, FOR_ALL, PLACE(version), "the version, and how this kernel confines what parses packets"},
};

enum { OPTION_TABLE = sizeof option_table / sizeof *option_table };

_Static_assert((int)OPTION_TABLE < (int)OPTION_MOST, "options_read has room for all");

static struct option_entry option_of_plugin(size_t plugin, const struct plugin_option *option)
{
	return (struct option_entry){.name = option->name,
	    .argument = option->argument,
	    .commands = option->commands,
	    .place = offsetof(struct options, plugged) + plugin * sizeof(union plugin_options) + option->place,
	    .help = option->help,
	    .plugin = plugins[plugin]};
}

bool option_nth(size_t index, struct option_entry *entry)
{
	size_t nth = OPTION_TABLE;
	if (index < OPTION_TABLE) {
		*entry = option_table[index];
		return true;
	}
	for (size_t i = 0; plugins[i]; i++)
		for (const struct plugin_option *option = plugins[i]->options; option && option->name; option++)
			if (nth++ == index) {
				*entry = option_of_plugin(i, option);
				return index < OPTION_MOST;
			}
	return false;
}

bool option_is_of(const struct option_entry *entry, struct options_of of)
{
	unsigned wanted = of.bit;
	if (entry->plugin && of.plugin && of.plugin != entry->plugin)
		wanted &= ~(unsigned)FOR_PLUGIN; /* another plug-in's command */
	return entry->commands & wanted;
}

char *option_limit_name(enum limit limit, char name[OPTION_LIMIT_NAME])
{
	snprintf(name, OPTION_LIMIT_NAME, "max-%s", limits_table[limit].name);
	return name;
}

const char *option_limit_argument(enum limit limit)
{
	return limit == LIMIT_IDLE ? "TIME" : "N";
}

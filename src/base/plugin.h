/*
 * A plug-in: what is known of one application framework on top of Socket.IO. It is a folder of its own that
 * gives one `struct plugin`; cmd/plugins.c registers it. Each room reads the table that its own header describes and
 * knows nothing of the others: their elements are incomplete types here. No room names a plug-in.
 */
#ifndef BASE_PLUGIN_H
#define BASE_PLUGIN_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;
struct cause_entry;
struct code_block;
struct detector;
struct diagnosis;
struct event;
struct exchange;
struct findings;
struct html_section;
struct mask;
struct pairing;
struct query_field;
struct report_section;
struct report_view;
struct screen_key;
struct server_log_table;
struct text_writer;
struct threshold_entry;

/* ---- options and commands */

/* Which command takes an option: a bit each. */
enum command_bit {
	FOR_REPORT = 1,
	FOR_DUMP = 2,
	FOR_EXPLAIN = 4,
	FOR_PLUGIN = 8, /* the commands of plug-ins; of a plug-in's option: only its own */
	FOR_CHECK = 16,
	FOR_CAPTURES = FOR_REPORT | FOR_DUMP | FOR_CHECK,
	FOR_LIMITS = FOR_CAPTURES | FOR_PLUGIN, /* those that read captures */
	FOR_ALL = 31
};

struct plugin_option {
	const char *name;
	const char *argument; /* as the help calls it; NULL: a flag */
	unsigned commands;    /* bits of enum command_bit */
	size_t place;         /* in the plug-in's options: a bool for a flag, else a const char * */
	const char *help;
};

/* The options of one plug-in, a struct of its own: all zero, then filled by the command line. */
enum { PLUGIN_OPTION_BYTES = 64 };
union plugin_options {
	max_align_t alignment;
	unsigned char bytes[PLUGIN_OPTION_BYTES];
};

/* A run of a plug-in's command. All is borrowed. */
struct plugin_call {
	const char *words; /* that stand behind the options; NULL: none */
	const void *options;
	const struct text_writer *writer; /* stdout */
	bool json;                        /* is wanted */
	const struct mask *mask;
	size_t captures; /* that were named (-r) */
	/* Reads them into the diagnosis and finishes it. NULL: nothing could be read, which stderr says. */
	const struct findings *(*diagnose)(const struct plugin_call *call, struct diagnosis *diagnosis);
	const void *self; /* of the caller */
};

struct plugin_command {
	const char *name;
	const char *words; /* what follows its name on the command line */
	const char *summary;
	bool (*run)(const struct plugin_call *call); /* false: exit code 2; stderr says why */
};

/* ---- the plug-in */

/* Each table is ended by a NULL, or by an element whose name or key is. Tables and functions may be NULL. */
struct plugin {
	const char *name; /* of its folder; `sioscope help --list` prints it */

	const struct plugin_option *options;
	const struct plugin_command *commands;
	/* Opens what the options name, once for a run: *facts is what detectors, sections and screens may know besides
	 * the timeline (NULL: nothing). False: a line on stderr says why. */
	bool (*open)(const void *options, void **facts);
	void (*close)(void *facts);

	/* A document that pages load: is it wanted (by the target of its request)? Then the plug-in gets its body, the
	 * codings undone, and keeps in its facts what it says. NULL: none is. `facts` may be NULL. */
	bool (*wants_document)(const void *facts, struct slice target);
	void (*document)(void *facts, struct slice target, struct slice body);

	/* A request of the application that is none of Engine.IO, by its target (an upload): does what becomes of it
	 * matter? And, when its head is there, is it the application's? Then detectors hear of it (detect/detector.h:
	 * beside). */
	bool (*wants_beside)(struct slice target);
	bool (*takes_beside)(const struct exchange *exchange);
	/* Why a request of Engine.IO was refused, or answered by something else, by what is known of the application: a
	 * row of its causes. The core asks where its own tables say a bare status or a wrong path. NULL: no more than
	 * that is known. */
	const struct cause_entry *(*refused)(const struct exchange *exchange);

	const struct server_log_table *log_table; /* lines of a watched process to show: servers/server.h */
	bool (*owns)(const struct event *event);  /* its own detectors judge what became of the event */
	const struct pairing *pairing;            /* which event answers which: socketio/event.h */
	const struct code_block *codes;           /* of findings: detect/codes.h */
	const struct detector *const *detectors;  /* detect/detector.h */
	const struct threshold_entry *thresholds; /* by which they judge: detect/thresholds.h */
	const struct query_field *fields;         /* query/query.h */
	const struct report_section *section;     /* of the report: view/report.h */
	const struct html_section *page;          /* of the HTML report: view/html.h */
	const struct report_view *view;           /* in place of the report: view/report.h */
	const struct screen_key *screens;         /* of the interface, each behind a digit: tui/ui.h */
	/* What the interface calls the event; false, and nothing is appended, when it is none of the plug-in's. */
	bool (*label)(struct buffer *out, const struct event *event);
};

/* All there are, ended by NULL. */
enum { PLUGINS_MOST = 3 };
extern const struct plugin *const plugins[];

/* What they opened, in the same order. */
struct plugin_facts {
	void *of[PLUGINS_MOST];
};

/* Of one of them: its facts. NULL: none, or it is not registered. */
static inline void *plugin_facts_of(const struct plugin_facts *facts, const struct plugin *plugin)
{
	for (size_t i = 0; plugins[i]; i++)
		if (plugins[i] == plugin)
			return facts->of[i];
	return NULL;
}

static inline void plugin_set_facts(struct plugin_facts *facts, const struct plugin *plugin, void *opened)
{
	for (size_t i = 0; plugins[i]; i++)
		if (plugins[i] == plugin)
			facts->of[i] = opened;
}

static inline bool plugin_wants_beside(struct slice target)
{
	for (size_t i = 0; plugins[i]; i++)
		if (plugins[i]->wants_beside && plugins[i]->wants_beside(target))
			return true;
	return false;
}

static inline bool plugin_takes_beside(const struct exchange *exchange)
{
	for (size_t i = 0; plugins[i]; i++)
		if (plugins[i]->takes_beside && plugins[i]->takes_beside(exchange))
			return true;
	return false;
}

/* What the first plug-in that knows more says of a refusal; NULL: none does. */
static inline const struct cause_entry *plugin_refused(const struct exchange *exchange)
{
	for (size_t i = 0; plugins[i]; i++) {
		const struct cause_entry *cause = plugins[i]->refused ? plugins[i]->refused(exchange) : NULL;
		if (cause)
			return cause;
	}
	return NULL;
}

/* A plug-in judges what became of the event: the core's detectors leave it alone. */
static inline bool plugin_owns(const struct event *event)
{
	for (size_t i = 0; plugins[i]; i++)
		if (plugins[i]->owns && plugins[i]->owns(event))
			return true;
	return false;
}

#endif

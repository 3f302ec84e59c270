/*
 * What a plug-in adds to reports (base/plugin.h): a section that stands in each report, and a view of its own that an
 * option asks for instead of the report. Both observe the timeline and are written when it has ended.
 */
#ifndef VIEW_SECTION_H
#define VIEW_SECTION_H

#include "base/buffer.h"
#include "base/mask.h"
#include "base/plugin.h"
#include "socketio/event.h"
#include "view/text_writer.h"
#include "view/tree.h"

struct report_section {
	void *(*new)(const void *facts); /* NULL: no memory */
	void (*free)(void *section);
	const struct observer *(*observer)(const void *section);
	void (*write)(const struct text_writer *writer, const void *section);
	const char *key; /* its member in the JSON report, which `tree` makes: NULL when memory was refused */
	cJSON *(*tree)(const void *section);
	/* For the report that found no problem: appends what else was checked (", and …"), and a sentence about what
	 * was not (" …."). May be NULL. */
	void (*health)(const void *section, struct buffer *checked, struct buffer *unchecked);
};

struct report_view {
	const char *option; /* that asks for it */
	bool (*wanted)(const void *options);
	void *(*new)(const void *options, const void *facts); /* NULL: a line on stderr says why */
	void (*free)(void *view);
	const struct observer *(*observer)(const void *view);
	void (*write)(const struct text_writer *writer, const void *view, const struct mask *mask);
};

/* The sections of all plug-ins: an observer that passes everything on to each. */
struct sections {
	struct observer observer;
	void *of[PLUGINS_MOST]; /* in the order of `plugins`; NULL: none, or no memory */
	const struct observer *observers[PLUGINS_MOST];
	size_t count;
	uint64_t refused; /* sections that there was no memory for */
};

/* Stays where it is from here on. */
void sections_init(struct sections *sections, const struct plugin_facts *facts);
void sections_free(struct sections *sections);

/* What was checked besides, and what was not: appended to a list, and behind its sentence. */
void sections_health(const struct sections *sections, struct buffer *checked, struct buffer *unchecked);

void sections_write(const struct text_writer *writer, const struct sections *sections);
bool sections_write_json(FILE *out, const struct sections *sections); /* ",\"key\":{…}" for each */

#endif

/* The sections of plug-ins, as one observer. */
#include "view/section.h"

static void sections_take_opened(void *self, const struct session *session)
{
	const struct sections *sections = self;
	for (size_t i = 0; i < sections->count; i++)
		if (sections->observers[i]->session_opened)
			sections->observers[i]->session_opened(sections->observers[i]->self, session);
}

static void sections_take_event(void *self, const struct event *event)
{
	const struct sections *sections = self;
	for (size_t i = 0; i < sections->count; i++)
		if (sections->observers[i]->event)
			sections->observers[i]->event(sections->observers[i]->self, event);
}

static void sections_take_closed(void *self, const struct session *session)
{
	const struct sections *sections = self;
	for (size_t i = 0; i < sections->count; i++)
		if (sections->observers[i]->session_closed)
			sections->observers[i]->session_closed(sections->observers[i]->self, session);
}

static void sections_take_end(void *self)
{
	const struct sections *sections = self;
	for (size_t i = 0; i < sections->count; i++)
		if (sections->observers[i]->end)
			sections->observers[i]->end(sections->observers[i]->self);
}

void sections_init(struct sections *sections, const struct plugin_facts *facts)
{
	*sections = (struct sections){.observer = {.self = sections,
	                                  .session_opened = sections_take_opened,
	                                  .event = sections_take_event,
	                                  .session_closed = sections_take_closed,
	                                  .end = sections_take_end}};
	for (size_t i = 0; plugins[i]; i++) {
		const struct report_section *section = plugins[i]->section;
		if (!section)
			continue;
		sections->of[i] = section->new (facts->of[i]);
		if (sections->of[i])
			sections->observers[sections->count++] = section->observer(sections->of[i]);
		else
			sections->refused++;
	}
}

void sections_free(struct sections *sections)
{
	for (size_t i = 0; plugins[i]; i++)
		if (sections->of[i])
			plugins[i]->section->free(sections->of[i]);
}

void sections_health(const struct sections *sections, struct buffer *checked, struct buffer *unchecked)
{
	for (size_t i = 0; plugins[i]; i++)
		if (sections->of[i] && plugins[i]->section->health)
			plugins[i]->section->health(sections->of[i], checked, unchecked);
}

void sections_write(const struct text_writer *writer, const struct sections *sections)
{
	for (size_t i = 0; plugins[i]; i++)
		if (sections->of[i])
			plugins[i]->section->write(writer, sections->of[i]);
}

bool sections_write_json(FILE *out, const struct sections *sections)
{
	bool good = true;
	for (size_t i = 0; good && plugins[i]; i++) {
		if (!sections->of[i])
			continue;
		fprintf(out, ",\"%s\":", plugins[i]->section->key);
		good = tree_print(out, plugins[i]->section->tree(sections->of[i]));
	}
	return good;
}

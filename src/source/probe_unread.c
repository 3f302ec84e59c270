/* Which processes have connections that could not be read, and how that is said. */
#include "base/text.h"
#include "source/probe_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool unread_has_connections(const struct unread_process *process)
{
	for (size_t i = 0; i < PROBE_UNREADS; i++)
		if (process->connections[i])
			return true;
	return false;
}

/* The library of each process that speaks TLS is noted, and most of them are read: the first one of which nothing was
 * unread goes. False: there is none. */
static bool unread_make_room(struct unread_list *list)
{
	struct unread_process *each = list->processes, *end = each + list->count;
	if (list->count < UNREAD_PROCESSES)
		return true;
	while (each < end && unread_has_connections(each))
		each++;
	if (each == end)
		return false;
	memmove(each, each + 1, (size_t)(end - each - 1) * sizeof *each);
	list->count--;
	return true;
}

/* Made when there is none; NULL: no room. */
static struct unread_process *unread_find(struct unread_list *list, uint32_t process)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->processes[i].process == process)
			return &list->processes[i];
	if (!unread_make_room(list))
		return NULL;
	struct unread_process *made = &list->processes[list->count++];
	*made = (struct unread_process){.process = process};
	return made;
}

void unread_add(struct unread_list *list, enum probe_unread reason, const struct process *process)
{
	struct unread_process *found = unread_find(list, process->id);
	if (found) {
		memcpy(found->command, process->command, sizeof found->command);
		found->connections[reason]++;
	} else {
		list->others[reason]++;
	}
}

/* The library is known before the connection's end, as a rule. */
void unread_set_library(struct unread_list *list, uint32_t process, enum probe_library library)
{
	struct unread_process *found = unread_find(list, process);
	if (found)
		found->library = library;
}

static void unread_describe_process(
    struct buffer *words, const struct unread_process *process, enum probe_unread reason)
{
	const char *library = reason == PROBE_UNREAD_TLS ? probe_library_name(process->library) : "";
	buffer_append_format(words, "%s%s (process %" PRIu32 "%s%s%s): %" PRIu64, words->len ? "; " : "",
	    process->command, process->process, *library ? ", " : "", library, *library ? "?" : "",
	    process->connections[reason]);
}

/* Those for whom there is no room are counted. */
void unread_describe(const struct unread_list *list, enum probe_unread reason, struct unread_counts *counts)
{
	enum { UNREAD_LEAST = 96 }; /* room for one process, and for how many more there are */
	struct buffer words = buffer_over(counts->where, UNREAD_WHERE - 1);
	uint64_t others = list->others[reason];
	counts->connections = others;
	for (size_t i = 0; i < list->count; i++) {
		uint64_t connections = list->processes[i].connections[reason];
		counts->connections += connections;
		if (!connections)
			continue;
		if (words.len + UNREAD_LEAST < UNREAD_WHERE)
			unread_describe_process(&words, &list->processes[i], reason);
		else
			others += connections;
	}
	if (others)
		buffer_append_format(&words, "; other processes: %" PRIu64, others);
	counts->where[words.len] = '\0';
}

/*
 * server-stall, as a probe sees it: a process that did not read what had arrived.
 *
 * Seen: the application reads bytes of a client a second or more after they had reached its socket, and meanwhile it
 * read and wrote nothing at any connection that is watched. Ruled out: one connection that is not read for flow
 * control, or one slow handler (the process does something at others meanwhile); a network that stood still (the bytes
 * were there); a lost record (the time is the kernel's, and the next read says when what it read had come).
 */
#include "detect/detector.h"
#include "net/packet.h"

#include <stdlib.h>

enum { BLOCKED_PROCESSES = 64 };

struct blocked_process {
	const struct process *process;
	timestamp active; /* when it last read or wrote anything that is told */
};

struct blocked {
	struct findings *findings;
	struct blocked_process processes[BLOCKED_PROCESSES];
	size_t count;
	timestamp forgotten; /* when the last of those that made room was active: who comes anew may be one of them */
};

/* When there are too many, the one that was last active the longest ago makes room. */
static struct blocked_process *blocked_process_of(struct blocked *blocked, const struct process *process)
{
	struct blocked_process *oldest = blocked->processes;
	for (size_t i = 0; i < blocked->count; i++) {
		if (blocked->processes[i].process == process)
			return &blocked->processes[i];
		if (blocked->processes[i].active < oldest->active)
			oldest = &blocked->processes[i];
	}
	if (blocked->count < BLOCKED_PROCESSES)
		oldest = &blocked->processes[blocked->count++];
	else
		blocked->forgotten = oldest->active;
	*oldest = (struct blocked_process){.process = process, .active = blocked->forgotten};
	return oldest;
}

static void blocked_tell(struct blocked *blocked, const struct process *process, const struct event *event)
{
	char server[ENDPOINT_TEXT_SIZE], waited[TIMESTAMP_TEXT_SIZE];
	endpoint_format(&event->connection->server, server);
	struct finding *finding = findings_claim(
	    blocked->findings, CODE_SERVER_STALL, CONFIDENCE_PROVEN, NULL, event, server);
	if (!finding)
		return;
	timestamp_format_span(event->queued, waited);
	finding_prove(blocked->findings, finding, event->first_packet, event->last_packet,
	    "read %s after it had arrived", waited);
	if (finding->count > 1)
		return;
	finding->time = event->time - event->queued;
	finding_say(blocked->findings, finding,
	    "process %u (%s) at %s read nothing and wrote nothing for %s, although bytes of session %llu lay in its "
	    "socket: its event loop was blocked",
	    process->id, process->command, server, waited,
	    event->session ? (unsigned long long)event->session->number : 0ULL);
}

static void blocked_take_event(void *self, const struct event *event)
{
	struct blocked *blocked = self;
	const struct process *process = event->connection ? event->connection->process : NULL;
	if (!process)
		return;
	struct blocked_process *entry = blocked_process_of(blocked, process);
	timestamp arrived = event->time - event->queued;
	if (event->queued >= threshold_time(THRESHOLD_UNREAD_LEAST) &&
	    (entry->active == TIMESTAMP_NONE || entry->active <= arrived + threshold_time(THRESHOLD_UNREAD_SLACK)))
		blocked_tell(blocked, process, event);
	if (entry->active == TIMESTAMP_NONE || event->time > entry->active)
		entry->active = event->time;
}

static void *blocked_new(const struct detector_state *state)
{
	struct blocked *blocked = calloc(1, sizeof *blocked);
	if (blocked)
		*blocked = (struct blocked){.findings = state->findings, .forgotten = TIMESTAMP_NONE};
	return blocked;
}

const struct detector detector_blocked = {
    .new = blocked_new,
    .free = free,
    .event = blocked_take_event,
};

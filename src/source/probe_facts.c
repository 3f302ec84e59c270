/* Records, log lines and the verifier's messages, read. */
#include "source/probe_facts.h"

#include "base/hash.h"
#include "base/plugin.h"
#include "bpf/records.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- a socket and its process */

/* The kernel's fields, read. */

enum { FACTS_INET = 2, FACTS_INET6 = 10, FACTS_CONTAINER = 64 };

_Static_assert(PROBE_PATH + 1 < PROBE_PATH_TEXT, "a path and its mark fit");

/* ---- addresses */

/* An IPv4 connection to a socket of both kinds has mapped addresses (RFC 4291 §2.5.5.2); its packets have none. */
static struct address facts_address(unsigned short family, const unsigned char *bytes)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct address address = {.version = 6};
	if (family == FACTS_INET || memcmp(bytes, mapped, sizeof mapped) == 0) {
		address.version = 4;
		memcpy(address.bytes, family == FACTS_INET ? bytes : bytes + sizeof mapped, 4);
	} else {
		memcpy(address.bytes, bytes, 16);
	}
	return address;
}

static void facts_read_path(char *path, const struct probe_open *open)
{
	size_t len = open->path_length < PROBE_PATH ? open->path_length : PROBE_PATH;
	bool abstract = len && open->path[0] == '\0';
	memset(path, 0, PROBE_PATH_TEXT);
	if (abstract)
		path[0] = '@';
	memcpy(path + abstract, open->path + abstract, len - abstract);
	for (char *at = path; *at; at++)
		if (iscntrl((unsigned char)*at))
			*at = '?';
}

static void facts_read_unix(
    struct probed_socket *facts, char *path, const struct probe_head *head, const struct probe_open *open)
{
	facts_read_path(path, open);
	facts->path = *path ? path : NULL;
	uint64_t own = head->socket, other = open->peer ? open->peer : ~head->socket;
	uint64_t *bound = open->is_client ? &other : &own;
	if (facts->path)
		*bound = fnv_add(FNV_START, path, strlen(path));
	facts->local = address_of_unix(own);
	facts->remote = address_of_unix(other);
}

/* ---- the process */

static void facts_copy_text(char *to, size_t size, const char *from, size_t len)
{
	size_t count = len < size - 1 ? len : size - 1;
	for (size_t i = 0; i < count; i++)
		to[i] = iscntrl((unsigned char)from[i]) ? ' ' : from[i];
	to[count] = '\0';
	while (count && to[count - 1] == ' ')
		to[--count] = '\0';
}

/* From the root down. */
static void facts_read_group(char *group, const struct probe_open *open)
{
	size_t used = 0;
	group[0] = '\0';
	for (size_t i = PROBE_GROUPS; i--;) {
		size_t len = strnlen(open->groups[i], PROBE_GROUP);
		if (!len || used + len + 2 > PROCESS_GROUP || (len == 1 && open->groups[i][0] == '/'))
			continue;
		group[used++] = '/';
		facts_copy_text(group + used, PROCESS_GROUP - used, open->groups[i], len);
		used += strlen(group + used);
	}
	if (!used)
		memcpy(group, "/", sizeof "/");
}

/* Docker, containerd, CRI-O and podman name a container's cgroup by its id: 64 hexadecimal digits. */
static void facts_read_container(struct process *process)
{
	size_t run = 0;
	process->container[0] = '\0';
	for (const char *at = process->group; *at; at++) {
		run = isxdigit((unsigned char)*at) ? run + 1 : 0;
		if (run == FACTS_CONTAINER && !isxdigit((unsigned char)at[1])) {
			memcpy(process->container, at + 1 - FACTS_CONTAINER, FACTS_CONTAINER);
			process->container[FACTS_CONTAINER] = '\0';
		}
	}
}

static void facts_read_process(struct process *process, const struct probe_head *head, const struct probe_open *open)
{
	process->id = head->process;
	facts_copy_text(process->command, sizeof process->command, open->command, strnlen(open->command, PROBE_NAME));
	facts_copy_text(process->line, sizeof process->line, open->command_line, PROBE_COMMAND_LINE);
	facts_read_group(process->group, open);
	facts_read_container(process);
}

void probe_facts_read(
    struct probed_socket *facts, char *path, const struct probe_head *head, const struct probe_open *open)
{
	*facts = (struct probed_socket){
	    .is_client = open->is_client, .is_joined = open->is_joined, .is_tls = open->is_tls};
	facts_read_process(&facts->process, head, open);
	if (open->family != FACTS_INET && open->family != FACTS_INET6) {
		facts_read_unix(facts, path, head, open);
		return;
	}
	facts->local = facts_address(open->family, open->local);
	facts->remote = facts_address(open->family, open->remote);
	facts->local_port = open->local_port;
	facts->remote_port = open->remote_port;
}

/* ---- log lines: all that a server writes besides (a line for each request) is left out, as it would hide what matters
 */

enum { LOG_PATTERN_MOST = 4096 }; /* bytes of a line that a pattern is tried on */

bool probe_log_next_line(struct slice *text, struct slice *line)
{
	if (!text->len)
		return false;
	*line = slice_take_until(text, '\n');
	if (line->len && line->at[line->len - 1] == '\r')
		line->len--;
	return true;
}

static bool log_matches(struct slice line, const regex_t *pattern)
{
	char text[LOG_PATTERN_MOST + 1];
	size_t len = line.len < LOG_PATTERN_MOST ? line.len : LOG_PATTERN_MOST;
	memcpy(text, line.at, len);
	text[len] = '\0';
	return regexec(pattern, text, 0, NULL, 0) == 0;
}

bool probe_log_matters(struct slice line, const struct server_log_table *tables, const regex_t *pattern)
{
	if (servers_read_log(line, tables, NULL) != LOG_NOTHING)
		return true;
	return pattern && line.len && log_matches(line, pattern);
}

/* ---- messages of libbpf and of the verifier */

static void messages_add_line(struct probe_messages *messages, const char *line, size_t length)
{
	char *own = messages->lines[messages->count++ % PROBE_MESSAGE_LINES];
	if (length >= PROBE_MESSAGE_LENGTH)
		length = PROBE_MESSAGE_LENGTH - 1;
	memcpy(own, line, length);
	own[length] = '\0';
}

void probe_messages_add(struct probe_messages *messages, const char *format, va_list arguments)
{
	char *text;
	if (vasprintf(&text, format, arguments) < 0)
		return;
	for (const char *line = text; *line;) {
		size_t length = strcspn(line, "\n");
		if (length)
			messages_add_line(messages, line, length);
		line += length + (line[length] != '\0');
	}
	free(text);
}

void probe_messages_write(const struct probe_messages *messages, const char *indent, FILE *out)
{
	size_t shown = messages->count < PROBE_MESSAGE_LINES ? messages->count : PROBE_MESSAGE_LINES;
	for (size_t i = messages->count - shown; i < messages->count; i++)
		fprintf(out, "%s%s\n", indent, messages->lines[i % PROBE_MESSAGE_LINES]);
}

/* /proc, read once before anything is dropped. */
#include "base/text.h"
#include "source/probe_parts.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TARGETS_PATH = PATH_MAX + 64, TARGETS_LINE = 4096 };

/* ---- lists */

static bool targets_has(const struct probe_targets *targets, uint32_t process)
{
	for (size_t i = 0; i < targets->count; i++)
		if (targets->processes[i] == process)
			return true;
	return false;
}

static bool targets_add(struct probe_targets *targets, uint32_t process)
{
	if (targets_has(targets, process))
		return true;
	if (targets->count == targets->room) {
		size_t room = targets->room ? targets->room * 2 : 64;
		uint32_t *grown = realloc(targets->processes, room * sizeof *grown);
		if (!grown)
			return false;
		targets->processes = grown;
		targets->room = room;
	}
	targets->processes[targets->count++] = process;
	return true;
}

void probe_targets_free(struct probe_targets *targets)
{
	free(targets->processes);
	*targets = (struct probe_targets){0};
}

/* ---- processes */

/* Reads a file of /proc; what it holds may have NULs. Returns its length, 0 when it cannot be read. */
static size_t targets_read(uint32_t process, const char *file, char *text, size_t size)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%u/%s", process, file);
	FILE *in = fopen(path, "r");
	size_t len = in ? fread(text, 1, size - 1, in) : 0;
	if (in)
		(void)fclose(in);
	text[len] = '\0';
	return len;
}

static const char *targets_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* The command's name, or the file name of one of its first two words: `python3 /srv/venv/bin/uvicorn` is uvicorn. */
static bool targets_is_called(uint32_t process, const char *name)
{
	char text[TARGETS_LINE];
	size_t len = targets_read(process, "comm", text, sizeof text);
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	if (strcmp(text, name) == 0)
		return true;
	len = targets_read(process, "cmdline", text, sizeof text);
	const char *word = text;
	for (int i = 0; i < 2 && word < text + len; i++, word += strlen(word) + 1)
		if (strcmp(targets_base(word), name) == 0)
			return true;
	return false;
}

static uint32_t targets_parent(uint32_t process)
{
	char text[TARGETS_LINE];
	targets_read(process, "stat", text, sizeof text);
	const char *rest = strrchr(text, ')'); /* the name may have anything in it; then its state, a letter */
	return rest && strlen(rest) > strlen(") S ") ? (uint32_t)strtoul(rest + strlen(") S "), NULL, 10) : 0;
}

static bool targets_is_wanted(const struct probe_targets *targets, const struct probe_choice *choice, uint32_t process)
{
	for (size_t i = 0; i < choice->name_count; i++)
		if (targets_is_called(process, choice->names[i]))
			return true;
	return targets_has(targets, targets_parent(process));
}

/* Calls `visit` for every process until it answers false. */
static bool targets_walk(bool (*visit)(void *self, uint32_t process), void *self)
{
	DIR *folder = opendir("/proc");
	bool good = folder != NULL;
	for (struct dirent *each; good && (each = readdir(folder));)
		if (isdigit((unsigned char)each->d_name[0]))
			good = visit(self, (uint32_t)strtoul(each->d_name, NULL, 10));
	if (folder)
		closedir(folder);
	return good;
}

struct targets_search {
	struct probe_targets *targets;
	const struct probe_choice *choice;
};

static bool targets_look(void *self, uint32_t process)
{
	const struct targets_search *search = self;
	if (process == (uint32_t)getpid() || targets_has(search->targets, process) ||
	    !targets_is_wanted(search->targets, search->choice, process))
		return true;
	return targets_add(search->targets, process);
}

/* Until no more are found: a child may come before its parent in the list. */
static bool targets_find_processes(struct targets_search *search)
{
	size_t before;
	do {
		before = search->targets->count;
		if (!targets_walk(targets_look, search))
			return false;
	} while (search->targets->count > before);
	return true;
}

/* ---- who uses a port */

enum { TARGETS_NETWORKS = 256 }; /* network namespaces that are looked at */

/* Inodes of sockets; those of all networks together are unique. */
struct targets_sockets {
	const struct probe_choice *choice;
	uint64_t *inodes; /* owned */
	size_t count, room;
	ino_t networks[TARGETS_NETWORKS];
	size_t network_count;
	bool refused;
};

static void targets_add_socket(struct targets_sockets *sockets, uint64_t inode)
{
	if (sockets->count == sockets->room) {
		size_t room = sockets->room ? sockets->room * 2 : 64;
		uint64_t *grown = realloc(sockets->inodes, room * sizeof *grown);
		sockets->refused |= !grown;
		if (!grown)
			return;
		sockets->inodes = grown;
		sockets->room = room;
	}
	sockets->inodes[sockets->count++] = inode;
}

/* "  0: 0100007F:1F90 00000000:0000 0A … inode …": the local end, and the tenth field (proc_pid_net(5)). */
static void targets_take_socket(struct targets_sockets *sockets, const char *line)
{
	unsigned port;
	unsigned long long inode;
	if (sscanf(line, " %*d: %*[0-9A-F]:%x %*s %*s %*s %*s %*s %*s %*s %llu", &port, &inode) != 2 || !inode)
		return;
	for (size_t i = 0; i < sockets->choice->port_count; i++)
		if (sockets->choice->ports[i] == port)
			targets_add_socket(sockets, inode);
}

static void targets_take_sockets(struct targets_sockets *sockets, uint32_t process, const char *table)
{
	char path[64], line[TARGETS_LINE];
	snprintf(path, sizeof path, "/proc/%u/net/%s", process, table);
	FILE *in = fopen(path, "re");
	while (in && fgets(line, sizeof line, in))
		targets_take_socket(sockets, line);
	if (in)
		(void)fclose(in);
}

static bool targets_list_sockets(void *self, uint32_t process)
{
	struct targets_sockets *sockets = self;
	struct stat network;
	char path[64];
	snprintf(path, sizeof path, "/proc/%u/ns/net", process);
	if (stat(path, &network) != 0 || sockets->network_count == TARGETS_NETWORKS)
		return true;
	for (size_t i = 0; i < sockets->network_count; i++)
		if (sockets->networks[i] == network.st_ino)
			return true;
	sockets->networks[sockets->network_count++] = network.st_ino;
	targets_take_sockets(sockets, process, "tcp");
	targets_take_sockets(sockets, process, "tcp6");
	return true;
}

static bool targets_is_listed(const struct targets_sockets *sockets, const char *link)
{
	unsigned long long inode;
	if (sscanf(link, "socket:[%llu]", &inode) != 1)
		return false;
	for (size_t i = 0; i < sockets->count; i++)
		if (sockets->inodes[i] == inode)
			return true;
	return false;
}

static bool targets_has_socket(const struct targets_sockets *sockets, uint32_t process)
{
	char path[64], link[64];
	bool found = false;
	snprintf(path, sizeof path, "/proc/%u/fd", process);
	DIR *folder = opendir(path);
	for (struct dirent *each; folder && !found && (each = readdir(folder));) {
		ssize_t len = readlinkat(dirfd(folder), each->d_name, link, sizeof link - 1);
		link[len > 0 ? len : 0] = '\0';
		found = targets_is_listed(sockets, link);
	}
	if (folder)
		closedir(folder);
	return found;
}

/* ---- who is in a cgroup */

static bool targets_is_in_group(uint32_t process, const char *group)
{
	char text[TARGETS_LINE];
	targets_read(process, "cgroup", text, sizeof text);
	size_t len = strlen(group);
	const char *line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::"); /* of version 2 */
	line = line ? strchr(line, '/') : NULL;
	return line && strncmp(line, group, len) == 0 && (line[len] == '/' || line[len] == '\n');
}

struct targets_meeting {
	struct probe_targets *targets;
	struct targets_sockets sockets;
	const char *group; /* or NULL */
};

static bool targets_meet(void *self, uint32_t process)
{
	struct targets_meeting *meeting = self;
	bool met = meeting->group ? targets_is_in_group(process, meeting->group)
	                          : targets_has_socket(&meeting->sockets, process);
	return !met || process == (uint32_t)getpid() || targets_add(meeting->targets, process);
}

bool probe_targets_find_met(struct probe_targets *targets, const struct probe_choice *choice, const char *group)
{
	struct targets_meeting meeting = {.targets = targets, .sockets.choice = choice, .group = group};
	*targets = (struct probe_targets){0};
	bool good = group || targets_walk(targets_list_sockets, &meeting.sockets);
	good = good && targets_walk(targets_meet, &meeting) && !meeting.sockets.refused;
	free(meeting.sockets.inodes);
	return good;
}

/* ---- files with a TLS library */

static bool targets_is_library(const char *name)
{
	return strncmp(name, "libssl.so", 9) == 0 || strncmp(name, "libssl-", 7) == 0;
}

/* Does a program have OpenSSL in itself, and show it (node)? A look for the symbol's name in its dynamic strings would
 * need the file read whole: whether it is large enough to be one is all that is asked here, the loader looks. */
static bool targets_may_have_tls(const char *path)
{
	enum { TARGETS_LARGE = 4 << 20 };
	struct stat file;
	return stat(path, &file) == 0 && S_ISREG(file.st_mode) && file.st_size >= TARGETS_LARGE;
}

int probe_targets_open(const char *path, struct stat *status)
{
	char again[64];
	struct stat own;
	status = status ? status : &own;
	int handle = open(path, O_PATH | O_CLOEXEC), file = -1;
	if (handle < 0)
		return -1;
	if (fstat(handle, status) == 0 && S_ISREG(status->st_mode)) {
		snprintf(again, sizeof again, "/proc/self/fd/%d", handle);
		file = open(again, O_RDONLY | O_CLOEXEC);
	}
	close(handle);
	return file;
}

bool probe_targets_list_files(uint32_t process, void (*take)(void *self, const char *path), void *self)
{
	char path[TARGETS_PATH], line[TARGETS_LINE];
	snprintf(path, sizeof path, "/proc/%u/exe", process);
	if (targets_may_have_tls(path))
		take(self, path);
	snprintf(path, sizeof path, "/proc/%u/maps", process);
	FILE *maps = fopen(path, "re");
	if (!maps)
		return errno != EACCES && errno != EPERM;
	while (fgets(line, sizeof line, maps)) {
		const char *name = strchr(line, '/');
		if (!name || !targets_is_library(targets_base(name)))
			continue;
		/* As the process sees its files: it may live in a container. */
		snprintf(path, sizeof path, "/proc/%u/root%.*s", process, (int)strcspn(name, "\n"), name);
		take(self, path);
	}
	(void)fclose(maps);
	return true;
}

/* The number of the first PID namespace's file (PROC_PID_INIT_INO of the kernel's proc_ns.h). */
static bool targets_in_namespace(void)
{
	static const ino_t first = 0xEFFFFFFC;
	struct stat own;
	return stat("/proc/self/ns/pid", &own) == 0 && own.st_ino != first;
}

/* That a thread belongs to, or itself; 0: there is none. */
static uint32_t targets_process_of(uint32_t thread)
{
	char text[TARGETS_LINE];
	targets_read(thread, "status", text, sizeof text);
	const char *group = strstr(text, "\nTgid:");
	return group ? (uint32_t)strtoul(group + strlen("\nTgid:"), NULL, 10) : 0;
}

bool probe_targets_find(struct probe_targets *targets, const struct probe_choice *choice, char *why, size_t why_size)
{
	*targets = (struct probe_targets){0};
	bool good = true;
	if ((choice->process_count || choice->name_count) && targets_in_namespace()) {
		snprintf(why, why_size,
		    "processes are numbered here in a way of a container (a PID namespace), which the kernel's probes "
		    "do not know: run sioscope on the host, or in a container with the host's numbers (--pid=host), or "
		    "choose --port or --cgroup");
		return false;
	}
	for (size_t i = 0; i < choice->process_count; i++) {
		uint32_t process = targets_process_of(choice->processes[i]);
		if (!process) {
			snprintf(why, why_size, "there is no process %u", choice->processes[i]);
			return false;
		}
		if (process != choice->processes[i])
			complain("%u is a thread of process %u: the process is watched", choice->processes[i], process);
		good = good && targets_add(targets, process);
	}
	if (choice->process_count || choice->name_count)
		good = good && targets_find_processes(&(struct targets_search){targets, choice});
	if (!good)
		snprintf(why, why_size, "/proc could not be read, or there is no memory");
	return good;
}

/* ---- cgroups */

/* Where cgroup2 is mounted: /sys/fs/cgroup, or /sys/fs/cgroup/unified beside version 1. Empty: nowhere. */
static void targets_find_cgroups(char *root, size_t size)
{
	char line[TARGETS_LINE];
	FILE *mounts = fopen("/proc/self/mounts", "r");
	*root = '\0';
	while (!*root && mounts && fgets(line, sizeof line, mounts)) {
		char *rest = line;
		strsep(&rest, " "); /* the device */
		const char *place = strsep(&rest, " "), *type = strsep(&rest, " ");
		if (type && strcmp(type, "cgroup2") == 0)
			snprintf(root, size, "%s", place);
	}
	if (mounts)
		(void)fclose(mounts);
}

bool probe_targets_cgroup(const char *path, struct probe_group *group, char *why, size_t why_size)
{
	char root[TARGETS_LINE], full[TARGETS_PATH];
	struct stat folder;
	targets_find_cgroups(root, sizeof root);
	if (!*root) {
		snprintf(
		    why, why_size, "cgroups of version 2 are not mounted here: choose --process or --port instead");
		return false;
	}
	size_t root_length = strlen(root);
	bool is_full = strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || !path[root_length]);
	snprintf(full, sizeof full, "%s%s%s", is_full ? "" : root, is_full || *path == '/' ? "" : "/", path);
	if (stat(full, &folder) != 0 || !S_ISDIR(folder.st_mode)) {
		snprintf(why, why_size, "%s: no such cgroup", full);
		return false;
	}
	*group = (struct probe_group){.id = folder.st_ino};
	struct buffer kept = buffer_over(group->path, sizeof group->path - 1);
	for (const char *at = full + root_length; *at; at++) {
		bool is_empty = *at == '/' && (!at[1] || at[1] == '/'); /* a part of it */
		group->level += *at == '/' && !is_empty;
		if (!is_empty)
			buffer_append_byte(&kept, (uint8_t)*at);
	}
	if (group->level == 0)
		snprintf(why, why_size, "the root of all cgroups holds everything: choose --port instead");
	return group->level > 0;
}

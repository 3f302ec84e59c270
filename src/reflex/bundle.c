/* Walks a .web folder and counts. */
#include "reflex/bundle.h"

#include "base/json.h"
#include "reflex/folder.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

static void count_entry(struct bundle_count *count, const struct folder_entry *entry)
{
	count->files += entry->kind == FOLDER_FILE;
	count->folders += entry->kind == FOLDER_FOLDER;
	count->links += entry->kind == FOLDER_LINK;
	count->bytes += entry->size;
	if (entry->kind == FOLDER_FILE || entry->kind == FOLDER_LINK)
		count->path_bytes += strlen(entry->below);
}

/* The path is this folder or below it. */
static bool is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);
	return strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static bool is_in_packages(const char *below)
{
	const char *hit = strstr(below, "node_modules");
	return hit && (hit == below || hit[-1] == '/') && hit[12] == '/';
}

static bool is_served(const char *below)
{
	return is_below(below, "build/client") || is_below(below, "_static");
}

static char *read_target(const char *path)
{
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof target);
	return len < 0 ? NULL : strndup(target, (size_t)len);
}

/* `root` is the folder without links in it. */
static void inspect_link(struct bundle *bundle, const struct folder_entry *entry, const char *root)
{
	errno = 0;
	char *end = realpath(entry->path, NULL);
	bundle->lacked_memory |= !end && errno == ENOMEM;
	struct bundle_link link = {.target = read_target(entry->path), .broken = !end};
	link.outside = end && !is_below(end, root);
	bundle->broken_links += link.broken;
	bundle->outside_links += link.outside;
	bundle->absolute_links += link.target && link.target[0] == '/';
	free(end);
	if (bundle->example_count < BUNDLE_EXAMPLES && (link.below = strdup(entry->below)))
		bundle->examples[bundle->example_count++] = link;
	else
		free(link.target);
	bundle->lacked_memory |= bundle->example_count < BUNDLE_EXAMPLES && !link.below;
}

static void inspect_entry(struct bundle *bundle, const struct folder_entry *entry, const char *root)
{
	count_entry(&bundle->all, entry);
	if (is_in_packages(entry->below))
		count_entry(&bundle->packages, entry);
	if (!bundle->frontend.web || is_served(entry->below))
		count_entry(&bundle->served, entry);
	if (entry->kind == FOLDER_LINK)
		inspect_link(bundle, entry, root);
	bundle->unreadable += entry->kind == FOLDER_UNREADABLE;
}

static bool walk_folder(struct bundle *bundle, const char *root)
{
	struct folder_walk *walk = folder_open(root, BUNDLE_ENTRIES);
	struct folder_entry entry;
	if (!walk) {
		bundle->lacked_memory |= folder_is_folder(root);
		return false;
	}
	while (folder_next(walk, &entry))
		inspect_entry(bundle, &entry, root);
	bundle->cut = folder_was_cut(walk);
	bundle->lacked_memory |= folder_lacked_memory(walk);
	folder_close(walk);
	return true;
}

static bool has_file(struct bundle *bundle, const char *folder, const char *name)
{
	char *path = folder ? folder_join(folder, name) : NULL;
	bundle->lacked_memory |= folder && !path;
	bool found = path && folder_is_file(path, NULL);
	free(path);
	return found;
}

/* The version of socket.io-client that the packages' list asks for. */
static void read_packages_list(struct bundle *bundle, struct slice list)
{
	struct slice packages, version;
	struct buffer text;
	buffer_init(&text, 256, &bundle->frontend.refusals);
	if (json_is_valid(list) && json_find_member(list, "dependencies", &packages) &&
	    json_find_member(packages, "socket.io-client", &version) && json_unescape(version, &text))
		bundle->client_version = arena_copy(&bundle->memory, buffer_slice(&text));
	buffer_free(&text);
}

static void open_packages_list(struct bundle *bundle)
{
	struct buffer list;
	char *path = bundle->frontend.web ? folder_join(bundle->frontend.web, "package.json") : NULL;
	bundle->lacked_memory |= bundle->frontend.web && !path;
	buffer_init(&list, FRONTEND_SCRIPT_BYTES, &bundle->frontend.refusals);
	bundle->has_packages_list = path && folder_read_file(path, &list);
	if (bundle->has_packages_list)
		read_packages_list(bundle, buffer_slice(&list));
	buffer_free(&list);
	free(path);
}

bool bundle_inspect(struct bundle *bundle, const char *path)
{
	*bundle = (struct bundle){0};
	if (!folder_is_folder(path))
		return false;
	if (!frontend_open(&bundle->frontend, path)) {
		bundle->lacked_memory = bundle->frontend.lacked_memory;
		return false;
	}
	arena_init(&bundle->memory, 64 << 10);
	errno = 0;
	char *root = realpath(bundle->frontend.web ? bundle->frontend.web : path, NULL);
	bundle->lacked_memory = !root && errno == ENOMEM;
	bool walked = root && walk_folder(bundle, root);
	free(root);
	bundle->has_index = has_file(bundle, bundle->frontend.build, "index.html");
	open_packages_list(bundle);
	bool lacked = bundle->lacked_memory || bundle->memory.refused || bundle->frontend.refusals.refused;
	if (walked && !lacked)
		return true;
	bundle_free(bundle);
	bundle->lacked_memory = lacked;
	return false;
}

void bundle_free(struct bundle *bundle)
{
	for (size_t index = 0; index < bundle->example_count; index++) {
		free(bundle->examples[index].below);
		free(bundle->examples[index].target);
	}
	arena_free(&bundle->memory);
	frontend_free(&bundle->frontend);
	*bundle = (struct bundle){0};
}

uint64_t bundle_argument_bytes(const struct bundle_count *count, size_t prefix)
{
	uint64_t arguments = count->files + count->links;
	return count->path_bytes + arguments * (prefix + 1 + sizeof(char *));
}

uint64_t bundle_argument_limit(void)
{
	long limit = sysconf(_SC_ARG_MAX);
	return limit > 0 ? (uint64_t)limit : 4096;
}

bool bundle_build_is_older(const struct bundle *bundle)
{
	const struct frontend *frontend = &bundle->frontend;
	return frontend->context && frontend->scripts && frontend->context_modified > frontend->build_modified;
}

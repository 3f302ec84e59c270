/* Walks a .web folder and counts. */
#include "reflex/bundle.h"

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
	struct bundle_link link = {.target = read_target(entry->path)};
	bundle->broken_links += !end;
	bundle->outside_links += end && !is_below(end, root);
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
	bool found = path && folder_is_file(path);
	free(path);
	return found;
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
	errno = 0;
	char *root = realpath(bundle->frontend.web ? bundle->frontend.web : path, NULL);
	bundle->lacked_memory = !root && errno == ENOMEM;
	bool walked = root && walk_folder(bundle, root);
	free(root);
	bundle->has_index = has_file(bundle, bundle->frontend.build, "index.html");
	bool lacked = bundle->lacked_memory || bundle->frontend.refusals.refused;
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

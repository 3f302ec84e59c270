/*
 * Finds the scripts of an exported frontend and reads them. Directories are walked by fts(3), which does not recurse
 * and follows no link.
 */
#include "reflex/frontend.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- directories */

struct directory_walk {
	FTS *tree;
	FTSENT *latest;
	size_t root_len;
	uint64_t left;
	bool cut, lacked_memory;
};

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

struct directory_walk *directory_open(const char *path, uint64_t limit)
{
	struct directory_walk *walk = directory_is_directory(path) ? calloc(1, sizeof *walk) : NULL;
	if (!walk)
		return NULL;
	char *const roots[] = {(char *)path, NULL};
	walk->tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	walk->left = limit;
	walk->root_len = strlen(path);
	if (walk->tree)
		return walk;
	free(walk);
	return NULL;
}

void directory_close(struct directory_walk *walk)
{
	if (!walk)
		return;
	fts_close(walk->tree);
	free(walk);
}

static enum directory_kind kind_of(const FTSENT *entry)
{
	switch (entry->fts_info) {
	case FTS_F:
		return DIRECTORY_FILE;
	case FTS_SL:
	case FTS_SLNONE:
		return DIRECTORY_LINK;
	case FTS_D:
		return DIRECTORY_DIRECTORY;
	case FTS_DNR:
	case FTS_NS:
	case FTS_ERR:
		return DIRECTORY_UNREADABLE;
	default:
		return DIRECTORY_OTHER;
	}
}

static void describe(const struct directory_walk *walk, struct directory_entry *entry)
{
	const FTSENT *found = walk->latest;
	*entry = (struct directory_entry){.kind = kind_of(found), .path = found->fts_path};
	entry->below = found->fts_path + walk->root_len;
	while (*entry->below == '/')
		entry->below++;
	if (entry->kind == DIRECTORY_FILE)
		entry->size = (uint64_t)found->fts_statp->st_size;
}

/* The root itself and the way back up are not entries. */
static bool is_entry(const FTSENT *found)
{
	return found->fts_level > FTS_ROOTLEVEL && found->fts_info != FTS_DP && found->fts_info != FTS_DC;
}

/* A directory that could not be opened for lack of memory is reported as one that cannot be read. */
static void note_memory(struct directory_walk *walk)
{
	const FTSENT *found = walk->latest;
	int error = found ? kind_of(found) == DIRECTORY_UNREADABLE ? found->fts_errno : 0 : errno; /* 0 at the end */
	walk->lacked_memory |= error == ENOMEM;
}

bool directory_next(struct directory_walk *walk, struct directory_entry *entry)
{
	do {
		walk->latest = fts_read(walk->tree);
		note_memory(walk);
	} while (walk->latest && !is_entry(walk->latest));
	if (!walk->latest)
		return false;
	walk->cut = walk->left == 0;
	if (walk->cut)
		return false;
	walk->left--;
	describe(walk, entry);
	return true;
}

void directory_skip(struct directory_walk *walk)
{
	if (walk->latest)
		fts_set(walk->tree, walk->latest, FTS_SKIP);
}

bool directory_was_cut(const struct directory_walk *walk)
{
	return walk->cut;
}

bool directory_lacked_memory(const struct directory_walk *walk)
{
	return walk->lacked_memory;
}

char *directory_join(const char *directory, const char *below)
{
	char *path = NULL;
	return asprintf(&path, "%s/%s", directory, below) < 0 ? NULL : path;
}

bool directory_is_directory(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool directory_is_file(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

enum { CHUNK = 64 * 1024 };

static bool read_all(int file, struct buffer *out)
{
	for (;;) {
		if (!buffer_reserve(out, CHUNK) && !buffer_reserve(out, 1))
			return false;
		size_t room = out->room - out->len;
		ssize_t got = read(file, out->at + out->len, room);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0;
		out->len += (size_t)got;
	}
}

/* Opened without waiting: a pipe of that name must not hold us. */
bool directory_read_file(const char *path, struct buffer *out)
{
	struct stat status;
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0)
		return false;
	bool whole = fstat(file, &status) == 0 && S_ISREG(status.st_mode) && read_all(file, out);
	close(file);
	return whole;
}

/* ---- frontend */

typedef void script_reader(struct manifest *manifest, struct slice script, const char *name);

static void read_states(struct manifest *manifest, struct slice script, const char *name)
{
	(void)name;
	manifest_read_states(manifest, script);
}

static void read_rest(struct manifest *manifest, struct slice script, const char *name)
{
	manifest_read_facts(manifest, script);
	manifest_read_uses(manifest, script, slice_of_text(name));
}

static void read_facts(struct manifest *manifest, struct slice script, const char *name)
{
	(void)name;
	manifest_read_facts(manifest, script);
}

static bool read_script(
    struct frontend *frontend, struct manifest *manifest, const char *path, const char *name, script_reader *reader)
{
	struct buffer script;
	buffer_init(&script, FRONTEND_SCRIPT_BYTES, &frontend->refusals);
	bool whole = directory_read_file(path, &script);
	if (whole)
		reader(manifest, buffer_slice(&script), name);
	buffer_free(&script);
	return whole;
}

static bool is_script(const struct directory_entry *entry)
{
	struct slice path = slice_of_text(entry->path);
	return entry->kind == DIRECTORY_FILE &&
	       (slice_ends_with(path, SLICE(".js")) || slice_ends_with(path, SLICE(".jsx")) ||
	           slice_ends_with(path, SLICE(".mjs")));
}

/* Every script below the directory, save those of packages; returns how many were left out. */
static size_t read_scripts(
    struct frontend *frontend, struct manifest *manifest, const char *directory, script_reader *reader)
{
	size_t left_out = 0;
	struct directory_walk *walk = directory_open(directory, FRONTEND_SCRIPTS);
	struct directory_entry entry;
	while (walk && directory_next(walk, &entry)) {
		if (entry.kind == DIRECTORY_DIRECTORY &&
		    slice_ends_with(slice_of_text(entry.path), SLICE("/node_modules")))
			directory_skip(walk);
		if (is_script(&entry))
			left_out += !read_script(frontend, manifest, entry.path, entry.below, reader);
	}
	left_out += walk && directory_was_cut(walk);
	if (walk ? directory_lacked_memory(walk) : directory_is_directory(directory))
		budget_note_refusal(&frontend->refusals);
	directory_close(walk);
	return left_out;
}

/* The states first: uses can only be found once the states are known. */
static void read_build(struct frontend *frontend)
{
	frontend->left_out = read_scripts(frontend, frontend->built, frontend->build, read_states);
	read_scripts(frontend, frontend->built, frontend->build, read_rest);
}

static char *note_refused(struct frontend *frontend, char *path)
{
	if (!path)
		budget_note_refusal(&frontend->refusals);
	return path;
}

static char *join(struct frontend *frontend, const char *directory, const char *below)
{
	return note_refused(frontend, directory_join(directory, below));
}

/* The first of `names` (ended by NULL) below `directory` that is there. */
static char *find_below(struct frontend *frontend, const char *directory, const char *const names[], bool directories)
{
	for (; *names; names++) {
		char *path = join(frontend, directory, *names);
		if (path && (directories ? directory_is_directory(path) : directory_is_file(path)))
			return path;
		free(path);
	}
	return NULL;
}

static void read_below(struct frontend *frontend, const char *name)
{
	char *path = join(frontend, frontend->web, name);
	if (path)
		read_script(frontend, frontend->source, path, name, read_facts);
	free(path);
}

/* Where the sources of pages are: react-router's since 0.8, Next's before. */
static void read_page_sources(struct frontend *frontend)
{
	static const char *const directories[] = {"app", "pages", "utils/components"};
	for (size_t index = 0; index < sizeof directories / sizeof *directories; index++) {
		char *path = join(frontend, frontend->web, directories[index]);
		if (path)
			read_scripts(frontend, frontend->source, path, read_rest);
		free(path);
	}
}

static void read_source(struct frontend *frontend)
{
	static const char *const contexts[] = {"utils/context.js", "utils/context.jsx", NULL};
	frontend->context = find_below(frontend, frontend->web, contexts, false);
	if (frontend->context) {
		read_script(frontend, frontend->source, frontend->context, "context", read_states);
		read_script(frontend, frontend->source, frontend->context, "context", read_facts);
	}
	read_below(frontend, "env.json");
	read_below(frontend, "reflex.json");
	read_page_sources(frontend);
}

/* A directory is a .web when it has sources or a build in their places. */
static bool is_web(struct frontend *frontend, const char *path)
{
	static const char *const parts[] = {"utils", "build/client", "_static", NULL};
	char *part = find_below(frontend, path, parts, true);
	free(part);
	return part != NULL;
}

static void open_web(struct frontend *frontend, char *path)
{
	static const char *const builds[] = {"build/client", "_static", NULL};
	frontend->web = path;
	frontend->build = find_below(frontend, path, builds, true);
	read_source(frontend);
	if (frontend->build)
		read_build(frontend);
}

static bool open_folder(struct frontend *frontend, const char *path)
{
	static const char *const webs[] = {".web", NULL};
	char *web = is_web(frontend, path) ? note_refused(frontend, strdup(path))
	                                   : find_below(frontend, path, webs, true);
	if (web) {
		open_web(frontend, web);
		return true;
	}
	frontend->build = note_refused(frontend, strdup(path));
	if (frontend->build)
		read_build(frontend);
	return frontend->build != NULL;
}

static bool open_script(struct frontend *frontend, const char *path)
{
	frontend->context = note_refused(frontend, strdup(path));
	return frontend->context && read_script(frontend, frontend->source, path, "context", read_states) &&
	       read_script(frontend, frontend->source, path, "context", read_facts);
}

bool frontend_open(struct frontend *frontend, const char *path)
{
	*frontend = (struct frontend){.refusals = {.limit = SIZE_MAX}};
	frontend->source = manifest_new();
	frontend->built = manifest_new();
	bool made = frontend->source && frontend->built;
	bool opened = made &&
	              (directory_is_directory(path) ? open_folder(frontend, path) : open_script(frontend, path));
	bool lacked = !made || frontend->refusals.refused || manifest_lacked_memory(frontend->source) ||
	              manifest_lacked_memory(frontend->built);
	if (opened && !lacked)
		return true;
	frontend_free(frontend);
	frontend->lacked_memory = lacked;
	return false;
}

void frontend_free(struct frontend *frontend)
{
	manifest_free(frontend->source);
	manifest_free(frontend->built);
	frontend_free_captured(frontend);
	free(frontend->web);
	free(frontend->context);
	free(frontend->build);
	*frontend = (struct frontend){0};
}

const struct manifest *frontend_manifest(const struct frontend *frontend)
{
	return frontend->built->states ? frontend->built : frontend->source;
}

const struct manifest *frontend_states(const struct frontend *frontend)
{
	bool is_unsure = frontend && frontend->is_captured &&
	                 (frontend->is_ambiguous || manifest_lacked_memory(frontend->built));
	const struct manifest *manifest = frontend && !is_unsure ? frontend_manifest(frontend) : NULL;
	return manifest && manifest->states ? manifest : NULL;
}

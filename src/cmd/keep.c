/* One file after the other; the files of earlier runs are gone on from, and never written over. */
#include "cmd/keep.h"

#include "base/bytes.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { KEEP_PATH = 4096, KEEP_PACKET_HEAD = 32, KEEP_DIGITS = 18 };

static bool keep_rotates(const struct options *options)
{
	return options->rotate_size || options->rotate_time;
}

/* ---- names */

static const char *keep_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* The length of a file's name up to its ending. */
static size_t keep_stem(const char *base)
{
	const char *dot = strrchr(base, '.');
	return dot ? (size_t)(dot - base) : strlen(base);
}

/* OUT-00007.pcapng; the plain name when there is but one file. */
static bool keep_path(const struct options *options, uint64_t number, char path[KEEP_PATH])
{
	const char *name = options->write, *base = keep_base(name);
	int stem = (int)((size_t)(base - name) + keep_stem(base));
	int len = keep_rotates(options)
	              ? snprintf(path, KEEP_PATH, "%.*s-%05" PRIu64 "%s", stem, name, number, name + stem)
	              : snprintf(path, KEEP_PATH, "%s", name);
	return len > 0 && len < KEEP_PATH;
}

/* The number in the name of a file in the folder; 0: it is none of ours. */
static uint64_t keep_number(const struct options *options, const char *file)
{
	const char *base = keep_base(options->write);
	size_t stem = keep_stem(base);
	char path[KEEP_PATH];
	uint64_t number;
	if (strncmp(file, base, stem) != 0 || file[stem] != '-')
		return 0;
	struct slice digits = slice_of_text(file + stem + 1);
	bool named = digits_take(&digits, KEEP_DIGITS, &number) && keep_path(options, number, path) &&
	             strcmp(keep_base(path), file) == 0;
	return named ? number : 0;
}

static bool keep_fail(struct keep *keep, const char *path)
{
	fprintf(stderr, "sioscope: %s: %s; packets are not kept\n", path, strerror(errno));
	keep->failed = true;
	return false;
}

static bool keep_open(struct keep *keep)
{
	char path[KEEP_PATH];
	keep->bytes = 0;
	do {
		keep->number++;
		if (!keep_path(keep->options, keep->number, path)) {
			errno = ENAMETOOLONG;
			return keep_fail(keep, keep->options->write);
		}
		keep->out = fopen(path, keep_rotates(keep->options) ? "wbx" : "wb");
	} while (!keep->out && errno == EEXIST);
	if (!keep->out)
		return keep_fail(keep, path);
	pcapng_begin(&keep->pcapng, keep->out, keep->link_type);
	return true;
}

static void keep_close(struct keep *keep)
{
	char path[KEEP_PATH];
	if (!keep->out)
		return;
	int why = errno;
	bool good = !ferror(keep->out);
	if (fclose(keep->out) == 0)
		errno = why; /* of what failed before */
	else
		good = false;
	keep->out = NULL;
	bool named = keep_path(keep->options, keep->number, path);
	if (!good && !keep->failed && named)
		keep_fail(keep, path);
}

static bool keep_flush(struct keep *keep)
{
	if (fflush(keep->out) != 0)
		keep_close(keep);
	return keep->out != NULL;
}

/* ---- the ring */

/* Calls `visit` with the number of each file that is there. */
static bool keep_visit(struct keep *keep, void (*visit)(struct keep *keep, uint64_t number))
{
	const char *name = keep->options->write;
	char folder[KEEP_PATH];
	int len = (int)(keep_base(name) - name);
	snprintf(folder, sizeof folder, "%.*s", len ? len : 1, len ? name : ".");
	DIR *files = access(folder, W_OK | X_OK) == 0 ? opendir(folder) : NULL;
	if (!files)
		return keep_fail(keep, folder);
	for (const struct dirent *entry; (entry = readdir(files));) {
		uint64_t number = keep_number(keep->options, entry->d_name);
		if (number)
			visit(keep, number);
	}
	closedir(files);
	return true;
}

static void keep_note(struct keep *keep, uint64_t number)
{
	if (number > keep->number)
		keep->number = number;
}

static void keep_forget(struct keep *keep, uint64_t number)
{
	char path[KEEP_PATH];
	uint64_t ring = keep->options->ring;
	if (ring && keep->number >= ring && number <= keep->number - ring && keep_path(keep->options, number, path))
		unlink(path);
}

/* Goes on after the highest number that is there; of the earlier files, too, only the newest stay. */
static bool keep_go_on(struct keep *keep)
{
	return keep_visit(keep, keep_note) && (!keep->options->ring || keep_visit(keep, keep_forget));
}

/* The oldest file goes for one that will hold something. */
static void keep_begin_file(struct keep *keep, const struct packet *packet)
{
	uint64_t ring = keep->options->ring;
	keep->begun = packet->time;
	if (ring && keep->number > ring)
		keep_forget(keep, keep->number - ring);
}

static bool keep_is_full(const struct keep *keep, const struct packet *packet)
{
	const struct options *options = keep->options;
	return (options->rotate_size && keep->bytes >= options->rotate_size) ||
	       (options->rotate_time && keep->bytes && packet->time - keep->begun >= options->rotate_time);
}

bool keep_begin(struct keep *keep, const struct options *options, uint16_t link_type)
{
	*keep = (struct keep){.options = options, .link_type = link_type};
	if (!options->write)
		return true;
	return keep_rotates(options) ? keep_go_on(keep) : keep_open(keep) && keep_flush(keep);
}

void keep_packet(struct keep *keep, const struct packet *packet)
{
	if (!keep->options || !keep->options->write || keep->failed || !packet->bytes.len)
		return;
	if (keep->out && keep_is_full(keep, packet))
		keep_close(keep);
	if (!keep->out && !keep_open(keep))
		return;
	bool is_first = !keep->bytes;
	if (is_first)
		keep_begin_file(keep, packet);
	keep->bytes += KEEP_PACKET_HEAD + packet->bytes.len;
	if (!pcapng_write(&keep->pcapng, packet, slice_of(NULL, 0)))
		keep_close(keep);
	else if (is_first)
		keep_flush(keep); /* whatever ends this process, the file holds something */
}

void keep_show(struct keep *keep)
{
	if (keep->out)
		keep_flush(keep);
}

void keep_end(struct keep *keep)
{
	keep_close(keep);
}

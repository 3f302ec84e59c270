/* One file after the other; numbers continue after the files of earlier runs, which are never overwritten. */
#include "cmd/rotation.h"

#include "base/bytes.h"
#include "base/text.h"
#include "cmd/supervisor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { ROTATION_PATH = 4096, ROTATION_PACKET_HEAD = 32, ROTATION_DIGITS = 18 };

static bool rotation_rotates(const struct options *options)
{
	return options->rotate_size || options->rotate_time;
}

/* ---- names */

static const char *rotation_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* The length of a file's name up to its ending. */
static size_t rotation_stem(const char *base)
{
	const char *dot = strrchr(base, '.');
	return dot ? (size_t)(dot - base) : strlen(base);
}

/* OUT-00007.pcapng; the plain name when there is but one file. */
static bool rotation_path(const struct options *options, uint64_t number, char path[ROTATION_PATH])
{
	const char *name = options->write, *base = rotation_base(name);
	int stem = (int)((size_t)(base - name) + rotation_stem(base));
	int len = rotation_rotates(options)
	              ? snprintf(path, ROTATION_PATH, "%.*s-%05" PRIu64 "%s", stem, name, number, name + stem)
	              : snprintf(path, ROTATION_PATH, "%s", name);
	return len > 0 && len < ROTATION_PATH;
}

/* The number in the name of a file in the directory; 0: the file is not part of this rotation. */
static uint64_t rotation_number(const struct options *options, const char *file)
{
	const char *base = rotation_base(options->write);
	size_t stem = rotation_stem(base);
	char path[ROTATION_PATH];
	uint64_t number;
	if (strncmp(file, base, stem) != 0 || file[stem] != '-')
		return 0;
	struct slice digits = slice_of_text(file + stem + 1);
	bool named = digits_take(&digits, ROTATION_DIGITS, &number) && rotation_path(options, number, path) &&
	             strcmp(rotation_base(path), file) == 0;
	return named ? number : 0;
}

static bool rotation_fail(struct rotation *rotation, const char *path)
{
	complain("%s: %s; packets are not kept", path, strerror(errno));
	rotation->failed = true;
	return false;
}

/* What was captured is for who captured it: mode 0600, as tshark has it. */
int rotation_open_file(const struct options *options, uint64_t number)
{
	char path[ROTATION_PATH];
	if (options->write && rotation_path(options, number, path))
		return open(
		    path, O_WRONLY | O_CREAT | O_CLOEXEC | (rotation_rotates(options) ? O_EXCL : O_TRUNC), 0600);
	errno = ENAMETOOLONG;
	return -1;
}

void rotation_remove_file(const struct options *options, uint64_t number)
{
	char path[ROTATION_PATH];
	if (options->write && rotation_rotates(options) && rotation_path(options, number, path))
		unlink(path);
}

static void rotation_write_secrets(struct rotation *rotation)
{
	struct slice rest = slice_drop(rotation->secrets, rotation->secrets_written);
	if (rest.len)
		pcapng_write_secrets(&rotation->pcapng, rest);
	rotation->secrets_written = rotation->secrets.len;
}

static bool rotation_open(struct rotation *rotation)
{
	char path[ROTATION_PATH];
	int file;
	rotation->bytes = 0;
	do
		file = supervisor_open_rotated(rotation->options, ++rotation->number);
	while (file < 0 && errno == EEXIST);
	rotation->out = file < 0 ? NULL : fdopen(file, "wb");
	if (!rotation->out) {
		if (file >= 0)
			close(file);
		return rotation_fail(rotation,
		    rotation_path(rotation->options, rotation->number, path) ? path : rotation->options->write);
	}
	pcapng_begin(&rotation->pcapng, rotation->out, rotation->link_type);
	rotation->secrets_written = 0;
	rotation_write_secrets(rotation);
	return true;
}

static void rotation_close(struct rotation *rotation)
{
	char path[ROTATION_PATH];
	if (!rotation->out)
		return;
	int why = errno;
	bool good = !ferror(rotation->out);
	if (fclose(rotation->out) == 0)
		errno = why; /* of what failed before */
	else
		good = false;
	rotation->out = NULL;
	bool named = rotation_path(rotation->options, rotation->number, path);
	if (!good && !rotation->failed && named)
		rotation_fail(rotation, path);
}

static bool rotation_flush(struct rotation *rotation)
{
	if (fflush(rotation->out) != 0)
		rotation_close(rotation);
	return rotation->out != NULL;
}

/* ---- the ring */

/* Calls `visit` with the number of each file that is there. */
static bool rotation_visit(struct rotation *rotation, void (*visit)(struct rotation *rotation, uint64_t number))
{
	const char *name = rotation->options->write;
	char directory[ROTATION_PATH];
	int len = (int)(rotation_base(name) - name);
	snprintf(directory, sizeof directory, "%.*s", len ? len : 1, len ? name : ".");
	DIR *files = access(directory, W_OK | X_OK) == 0 ? opendir(directory) : NULL;
	if (!files)
		return rotation_fail(rotation, directory);
	for (const struct dirent *entry; (entry = readdir(files));) {
		uint64_t number = rotation_number(rotation->options, entry->d_name);
		if (number)
			visit(rotation, number);
	}
	closedir(files);
	return true;
}

static void rotation_note(struct rotation *rotation, uint64_t number)
{
	if (number > rotation->number)
		rotation->number = number;
}

static void rotation_forget(struct rotation *rotation, uint64_t number)
{
	uint64_t ring = rotation->options->ring;
	if (ring && rotation->number >= ring && number <= rotation->number - ring)
		supervisor_remove_rotated(rotation->options, number);
}

/* The oldest file goes for one that will hold something. */
static void rotation_begin_file(struct rotation *rotation, const struct packet *packet)
{
	uint64_t ring = rotation->options->ring;
	rotation->begun = packet->time;
	if (ring && rotation->number > ring)
		rotation_forget(rotation, rotation->number - ring);
}

static bool rotation_is_full(const struct rotation *rotation, const struct packet *packet)
{
	const struct options *options = rotation->options;
	return (options->rotate_size && rotation->bytes >= options->rotate_size) ||
	       (options->rotate_time && rotation->bytes && packet->time - rotation->begun >= options->rotate_time);
}

bool rotation_begin(struct rotation *rotation, const struct options *options, uint16_t link_type)
{
	*rotation = (struct rotation){.options = options, .link_type = link_type};
	if (!options->write)
		return true;
	if (!rotation_rotates(options))
		return rotation_open(rotation) && rotation_flush(rotation);
	/* Numbers continue after the highest existing one; of earlier files, too, only the newest are kept. */
	return rotation_visit(rotation, rotation_note) && (!options->ring || rotation_visit(rotation, rotation_forget));
}

void rotation_packet(struct rotation *rotation, const struct packet *packet)
{
	if (!rotation->options || !rotation->options->write || rotation->failed || !packet->bytes.len)
		return;
	if (rotation->out && rotation_is_full(rotation, packet))
		rotation_close(rotation);
	if (!rotation->out && !rotation_open(rotation))
		return;
	bool is_first = !rotation->bytes;
	if (is_first)
		rotation_begin_file(rotation, packet);
	rotation->bytes += ROTATION_PACKET_HEAD + packet->bytes.len;
	if (!pcapng_write(&rotation->pcapng, packet, slice_of(NULL, 0)))
		rotation_close(rotation);
	else if (is_first)
		rotation_flush(rotation); /* whatever ends this process, the file holds something */
}

void rotation_take_secrets(struct rotation *rotation, struct slice all)
{
	rotation->secrets = all;
	if (rotation->out && !rotation->failed)
		rotation_write_secrets(rotation);
}

void rotation_show(struct rotation *rotation)
{
	if (rotation->out)
		rotation_flush(rotation);
}

void rotation_end(struct rotation *rotation)
{
	rotation_close(rotation);
}

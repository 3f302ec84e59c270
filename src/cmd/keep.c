/* One file after the other. */
#include "cmd/keep.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { KEEP_PATH = 4096, KEEP_PACKET_HEAD = 32 };

static bool keep_rotates(const struct options *options)
{
	return options->rotate_size || options->rotate_time;
}

/* OUT-00007.pcapng; the plain name when there is but one file. */
static bool keep_path(const struct options *options, uint64_t number, char path[KEEP_PATH])
{
	const char *name = options->write, *dot = strrchr(name, '.'), *slash = strrchr(name, '/');
	int stem = dot && (!slash || dot > slash) ? (int)(dot - name) : (int)strlen(name);
	int len = keep_rotates(options)
	              ? snprintf(path, KEEP_PATH, "%.*s-%05" PRIu64 "%s", stem, name, number, name + stem)
	              : snprintf(path, KEEP_PATH, "%s", name);
	return len > 0 && len < KEEP_PATH;
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
	keep->number++;
	keep->bytes = 0;
	keep->begun = STAMP_NONE;
	if (!keep_path(keep->options, keep->number, path)) {
		errno = ENAMETOOLONG;
		return keep_fail(keep, keep->options->write);
	}
	keep->out = fopen(path, "wb");
	if (!keep->out)
		return keep_fail(keep, path);
	pcapng_begin(&keep->pcapng, keep->out);
	return true;
}

static void keep_close(struct keep *keep)
{
	char path[KEEP_PATH];
	if (!keep->out)
		return;
	bool good = fclose(keep->out) == 0 && !keep->pcapng.failed;
	keep->out = NULL;
	if (!good && !keep->failed && keep_path(keep->options, keep->number, path))
		keep_fail(keep, path);
}

/* Only the newest stay. */
static void keep_forget_oldest(const struct keep *keep)
{
	char path[KEEP_PATH];
	uint64_t ring = keep->options->ring;
	if (ring && keep->number > ring && keep_path(keep->options, keep->number - ring, path))
		unlink(path);
}

static bool keep_is_full(const struct keep *keep, const struct packet *packet)
{
	const struct options *options = keep->options;
	return (options->rotate_size && keep->bytes >= options->rotate_size) ||
	       (options->rotate_time && keep->begun != STAMP_NONE &&
	           packet->time - keep->begun >= options->rotate_time);
}

bool keep_begin(struct keep *keep, const struct options *options)
{
	*keep = (struct keep){.options = options};
	return !options->write || keep_open(keep);
}

void keep_packet(struct keep *keep, const struct packet *packet)
{
	if (!keep->out || !packet->bytes.len)
		return;
	if (keep_is_full(keep, packet)) {
		keep_close(keep);
		if (!keep_open(keep))
			return;
		keep_forget_oldest(keep);
	}
	if (keep->begun == STAMP_NONE)
		keep->begun = packet->time;
	keep->bytes += KEEP_PACKET_HEAD + packet->bytes.len;
	if (!pcapng_write(&keep->pcapng, packet, slice_of(NULL, 0)))
		keep_close(keep);
}

void keep_show(struct keep *keep)
{
	if (keep->out)
		fflush(keep->out);
}

void keep_end(struct keep *keep)
{
	keep_close(keep);
}

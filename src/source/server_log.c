/* Reading a server's log line by line, beside a capture. */
#include "source/log_line.h"
#include "source/source.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

/* ---- lines */

static void server_log_note_time(struct server_log *log)
{
	timestamp_widen(&log->first, &log->last, log->time);
}

enum { SERVER_LOG_PASSED = 16 << 20 }; /* of a line: no log has one, /dev/zero is one */

/* What the file begins with is put back. */
static void server_log_find_coding(struct server_log *log)
{
	enum { MARK = 4 };
	uint8_t start[MARK];
	size_t len = fread(start, 1, sizeof start, log->file);
	for (size_t i = len; i--;)
		ungetc(start[i], log->file);
	log->encoding.coding = log_encoding_find(slice_of(start, len));
}

/* The next byte of its text, in UTF-8; EOF: there is none. */
static int server_log_read_byte(struct server_log *log)
{
	if (log->encoding.coding == LOG_UTF8)
		return getc_unlocked(log->file);
	while (log->decoded_given == log->decoded_len) {
		int byte = getc_unlocked(log->file);
		if (byte == EOF)
			return EOF;
		log->decoded_given = 0;
		log->decoded_len = log_encoding_take(&log->encoding, (uint8_t)byte, log->decoded);
	}
	return log->decoded[log->decoded_given++];
}

/* False: there is none. What is longer than the limit is passed over. */
static bool server_log_read_line(struct server_log *log, size_t *len)
{
	size_t passed = 0;
	int byte;
	*len = 0;
	errno = 0;
	while (passed < SERVER_LOG_PASSED && (byte = server_log_read_byte(log)) != EOF && byte != '\n') {
		if (*len < sizeof log->line)
			log->line[(*len)++] = (char)byte;
		else
			passed++;
	}
	if (passed == SERVER_LOG_PASSED) {
		log->failure = EFBIG;
		return false;
	}
	log->failure = ferror(log->file) ? errno : 0;
	log->cut += passed > 0;
	return byte != EOF || *len;
}

void server_log_advance(struct server_log *log)
{
	size_t len;
	log->text = slice_of(NULL, 0);
	if (!server_log_read_line(log, &len))
		return;
	while (len && log->line[len - 1] == '\r')
		len--;
	log->text = slice_of(log->line, log_strip(log->line, len));
	log->lines++;
	if (timestamp_read(log->text, log->near, &log->time))
		server_log_note_time(log);
	else if (log->time == TIMESTAMP_NONE)
		log->unstamped++;
}

void server_log_begin(struct server_log *log, timestamp near)
{
	log->begun = true;
	log->near = near;
	server_log_find_coding(log);
	server_log_advance(log);
}

bool server_log_open(struct server_log *log, const char *path, char *why, size_t why_size)
{
	*log = (struct server_log){.file = fopen(path, "r"),
	    .time = TIMESTAMP_NONE,
	    .near = TIMESTAMP_NONE,
	    .first = TIMESTAMP_NONE,
	    .last = TIMESTAMP_NONE};
	struct stat status;
	if (log->file && fstat(fileno(log->file), &status) == 0 && S_ISDIR(status.st_mode)) {
		server_log_close(log);
		errno = EISDIR;
	}
	if (!log->file)
		snprintf(why, why_size, "%s", strerror(errno));
	tzset(); /* the zone's file is read now: later nothing may be opened, and all times would be UTC's */
	return log->file;
}

/* ---- whether it fits */

#define SERVER_LOG_SPARE (60 * TIMESTAMP_SECOND)

bool server_log_misses(const struct server_log *log, timestamp first, timestamp last, char *why, size_t why_size)
{
	char time[TIMESTAMP_TEXT_SIZE];
	bool ends_before = log->last<first - SERVER_LOG_SPARE, begins_after = log->first> last + SERVER_LOG_SPARE;
	if (log->failure == EFBIG)
		snprintf(
		    why, why_size, "one of its lines is longer than %d MiB: it is no log", SERVER_LOG_PASSED >> 20);
	else if (log->failure)
		snprintf(why, why_size, "could not be read to its end: %s", strerror(log->failure));
	else if (!log->lines)
		snprintf(why, why_size, "holds no line");
	else if (log->first == TIMESTAMP_NONE)
		snprintf(why, why_size,
		    "no line of it has a time that can be read: lines of known failures are quoted without one");
	else if (ends_before)
		snprintf(why, why_size,
		    "its last line is of %.19sZ, before the first packet: another time, or time zone (TZ)",
		    timestamp_format(log->last, time));
	else if (begins_after)
		snprintf(why, why_size,
		    "its first line is of %.19sZ, after the last packet: another time, or time zone (TZ)",
		    timestamp_format(log->first, time));
	else if (log->cut)
		snprintf(why, why_size, "of %llu of its lines, which are longer than %d bytes, the rest was not read",
		    (unsigned long long)log->cut, SERVER_LOG_LINE);
	return log->failure || !log->lines || log->first == TIMESTAMP_NONE || ends_before || begins_after || log->cut;
}

void server_log_close(struct server_log *log)
{
	if (log->file)
		(void)fclose(log->file);
	*log = (struct server_log){0};
}

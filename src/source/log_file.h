/*
 * A server's log as evidence: what python's loggers write with `logger=True, engineio_logger=True` (python-engineio 3
 * and 4, python-socketio 4 and 5), and node's `DEBUG=engine*,socket.io*` (engine.io 3 to 6, socket.io 2 to 4), behind
 * whatever loggers, containers and journals put before a line; and requests that an access log has as refused, where no
 * line says why. Measured: python-socketio 4.6.1, 5.7.2, 5.18.1;
 * socket.io 2.5.1, 3.1.2, 4.8.
 */
#ifndef SOURCE_LOG_FILE_H
#define SOURCE_LOG_FILE_H

#include "net/packet.h"
#include "source/source.h"

struct log_file; /* opaque */

enum { LOG_FILE_START = 512 }; /* bytes of a file by which it is recognised as text */

/* Does a file that begins so hold lines of a log? JSON does when it is a line of it, and no HAR. */
bool log_file_is_log(struct slice start);

/* Reads the beginning of a file, by which its form is known. `stream` and what `source` points to, its limits too, are
 * borrowed and outlive it; so many lines of the file were read before. NULL: `why`. */
struct log_file *log_file_open(FILE *stream, const struct source *source, uint64_t lines, char *why, size_t why_size);
void log_file_free(struct log_file *log);

/* The next step, in the order of the file; lent until the next call. */
enum source_result log_file_next(struct log_file *log, struct packet *packet, char *why, size_t why_size);

const struct log_counts *log_file_counts(const struct log_file *log);

/* Who wrote it, for people: "python-engineio". Lives as long as it. */
const char *log_file_software(const struct log_file *log);

#endif

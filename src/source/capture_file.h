/* Capture files: pcap and pcapng, either byte order, µs or ns, plain, gzip or zstd; read by libpcap. */
#ifndef SOURCE_CAPTURE_FILE_H
#define SOURCE_CAPTURE_FILE_H

#include "source/source.h"

/* `path` is "-" for stdin; it is borrowed. `filter` (a BPF expression) may be NULL. NULL: `why` (of `why_size` bytes)
 * says what is wrong, without the path. */
struct source *capture_file_open(const char *path, const char *filter, char *why, size_t why_size);

#endif

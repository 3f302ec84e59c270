/* How a log's text is coded: anything but UTF-16 is taken as it is. */
#ifndef SOURCE_LOG_ENCODING_H
#define SOURCE_LOG_ENCODING_H

#include "base/bytes.h"

enum log_coding { LOG_UTF8, LOG_UTF16_LITTLE, LOG_UTF16_BIG };

enum { LOG_ENCODED = 8 }; /* bytes that one byte can complete */

struct log_encoding {
	enum log_coding coding;
	uint8_t first; /* byte of a unit */
	bool has_first;
	uint16_t high; /* the first half of a pair; 0: none */
};

/* By the first bytes of a file; a mark (U+FEFF) says it, and two units of ASCII do. */
enum log_coding log_encoding_find(struct slice start);

/* Puts into `out` what the next byte completes, in UTF-8; returns how many bytes that is. */
size_t log_encoding_take(struct log_encoding *encoding, uint8_t byte, uint8_t out[LOG_ENCODED]);

#endif

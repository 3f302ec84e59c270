/*
 * What OTLP's JSON is made of: ids, times, attributes; and a batch, which makes Export requests of items, one a line.
 *
 * Ids are hexadecimal and 64-bit integers strings (opentelemetry-proto, "JSON Protobuf Encoding"). The Collector takes
 * upper case and numbers too; an empty id or one of zeros it stores without any word (0.161).
 */
#ifndef VIEW_OTLP_WRITE_H
#define VIEW_OTLP_WRITE_H

#include "view/otlp.h"

/* ---- parts. Each is appended to `out`, which notes what it did not take. */

void otlp_append_hex(struct buffer *out, const uint8_t *id, size_t len);

/* "1796024360596289082", with quotes; 0 for what lies before the epoch or is TIMESTAMP_NONE. */
void otlp_append_time(struct buffer *out, timestamp time);

/* Seconds with nine digits, a JSON number. */
void otlp_append_seconds(struct buffer *out, uint64_t nanoseconds);

/* Before an element of a list, unless it is the first. */
void otlp_append_comma(struct buffer *out);

/* A list of attributes is written between these: "[" and "]", a comma before each but the first. */
void otlp_begin_attributes(struct buffer *out, const char *key);
void otlp_end_attributes(struct buffer *out);

/* `word` is the program's own: valid UTF-8 without secrets, and nothing is looked at. NULL or "": no attribute. */
void otlp_add_word(struct buffer *out, const char *key, const char *word);
void otlp_add_number(struct buffer *out, const char *key, uint64_t number);

/* Text of the wire, at most OTLP_TEXT bytes of it. Empty: no attribute. */
enum { OTLP_TEXT = 256, OTLP_LONGEST_TEXT = 8192 };
void otlp_add_text(struct buffer *out, struct outbound *outbound, const char *key, struct slice text);

/* "KEY":"text", a member and no attribute, with at most `most` bytes, OTLP_LONGEST_TEXT at most. */
void otlp_append_text(struct buffer *out, struct outbound *outbound, const char *key, struct slice text, size_t most);

/* ---- a batch: the request of a signal that is being made */

struct otlp_batch {
	enum otlp_signal signal;
	const struct buffer *resource; /* "resource":{…}; borrowed */
	const char *version;           /* of the scope; borrowed */
	struct otlp_sink sink;
	struct buffer text; /* the request so far, not closed */
	struct buffer item; /* for whoever makes the next item */
	uint64_t items;
	const char *group; /* whose list is open; NULL: none is */
	const char *group_end;
	uint64_t lost; /* items that there was no memory for, or that are longer than a line */
};

void otlp_batch_init(struct otlp_batch *batch, enum otlp_signal signal, const struct buffer *resource,
    const char *version, struct otlp_sink sink, struct budget *budget);
void otlp_batch_free(struct otlp_batch *batch);

/* An empty item, to be written and then added. */
struct buffer *otlp_batch_item(struct otlp_batch *batch);

/* Adds batch->item, a JSON value. `group`, a string that lives on, begins an object whose list it is an item of, and
 * `group_end` ends that: successive items of one group (the same string) are in one list. NULL: the list of the scope.
 */
void otlp_batch_add(struct otlp_batch *batch, const char *group, const char *group_end);

/* Writes the request, if there is one. */
void otlp_batch_flush(struct otlp_batch *batch);

#endif

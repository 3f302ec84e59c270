/* What har.c and har_entry.c share: the parts of an entry, and what is made of them. */
#ifndef SOURCE_HAR_ENTRY_H
#define SOURCE_HAR_ENTRY_H

#include "base/memory.h"
#include "base/resources.h"
#include "base/timestamp.h"
#include "net/packet.h"

enum {
	HAR_TEXT = 256,   /* bytes of a host's name, or of a reason */
	HAR_SHORT = 4096, /* of a member that is neither a request, an answer nor messages, as the file spells it */
};

/* The members of an entry that say something, in any order. */
enum har_member {
	HAR_STARTED,
	HAR_TIME,
	HAR_REQUEST,
	HAR_RESPONSE,
	HAR_ADDRESS,
	HAR_CONNECTION,
	HAR_CONNECTION_ID,
	HAR_MESSAGES,
	HAR_MEMBERS,
};

/* The addresses of hosts that entries named: DevTools names them for plain requests alone. */
struct har_host {
	char name[HAR_TEXT];
	struct address address;
};

struct har_hosts {
	struct har_host *list; /* charged to the budget */
	size_t count, room, most;
	uint64_t others; /* whose address is not remembered: there are too many */
};

/* An entry as the file spells it. */
struct har_pieces {
	struct slice values[HAR_MEMBERS]; /* JSON that was checked; empty: absent, wrong, or too long */
	uint64_t number;
	struct har_hosts *hosts;
	struct budget *budget;
	bool has_ports;      /* `connection` is the server's port (DevTools) */
	bool lacks_messages; /* the recorder leaves out what WebSockets carry */
};

/* One that waits with its steps. */
struct har_entry {
	struct recorded_entry shown;
	char host[HAR_TEXT], why[HAR_TEXT];
	timestamp begun, ended;
	size_t steps; /* that wait, or are being given */
	size_t size;  /* of all that it holds */
	struct buffer bytes;
};

struct har_counts {
	uint64_t entries;
	uint64_t unread;     /* entries or messages that are not what they should be, or had no memory */
	uint64_t too_long;   /* the same that are longer than the limit */
	uint64_t late;       /* steps of an earlier time than one that was given */
	uint64_t unread_url; /* the first entry whose URL is one of HTTP and cannot be read; 0: none */
};

/* Made of what was read; lends nothing of it. NULL: it is of no interest; or what it says cannot be read, or there is
 * no memory for it, which is counted. */
struct har_entry *har_entry_read(const struct har_pieces *pieces, struct har_counts *counts);
/* Why a request failed, by the words with which a browser says so. RECORDED_FAILURES: they are not known. */
enum recorded_failure har_failure_read(struct slice why);

void har_entry_free(struct har_entry *entry);

/* What is known of who writes HAR files, by log.creator: the name for people, and what is left out. */
const char *recorder_name(const char *creator);
bool recorder_leaves_out_websockets(const char *creator);

/* The member of an object that was checked; empty: it has none. */
struct slice har_member(struct slice object, const char *name);

/* Any number but those that are not finite. */
bool har_read_double(struct slice token, double *number);

/* The text of a string, as much as there is room for; "" for any other value. */
void har_copy_text(struct slice token, char *text, size_t size);

#endif

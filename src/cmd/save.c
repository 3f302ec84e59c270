/* Five formats: packets and lines of the chosen sessions, the report on them as text and as HTML, one payload. */
#include "cmd/save.h"

#include "cmd/output.h"
#include "cmd/run.h"
#include "cmd/supervisor.h"
#include "net/headers.h"
#include "net/link.h"
#include "source/source.h"
#include "view/dump.h"
#include "view/event_text.h"
#include "view/pcapng.h"
#include "view/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- packet store: a header and its bytes, one packet after the other */

bool packet_store_open(struct packet_store *store, size_t limit)
{
	store->left_out = 0;
	return spill_open(&store->spill, limit);
}

void packet_store_free(struct packet_store *store)
{
	spill_free(&store->spill);
}

void packet_store_add(struct packet_store *store, const struct packet *packet)
{
	if (!packet->bytes.len)
		return;
	struct packet *kept = store->left_out ? NULL : spill_alloc(&store->spill, sizeof *kept + packet->bytes.len);
	if (!kept) {
		store->left_out++;
		return;
	}
	*kept = *packet;
	kept->probed = NULL;
	kept->bytes.at = (const uint8_t *)(kept + 1);
	memcpy(kept + 1, packet->bytes.at, packet->bytes.len);
}

bool packet_store_next(const struct packet_store *store, size_t *at, struct packet *packet)
{
	*at = (*at + 7) & ~(size_t)7;
	if (*at >= store->spill.len)
		return false;
	memcpy(packet, store->spill.at + *at, sizeof *packet);
	*at += sizeof *packet + packet->bytes.len;
	return true;
}

/* ---- saving */

struct save {
	struct examination *examination;
	const struct packet_store *kept;
	const uint64_t *sessions;
	size_t count;
	uint64_t event;
	FILE *out;
	char *why;
	size_t why_size;
	bool has_steps; /* of a HAR or a log, which pcapng cannot hold */
};

static int save_compare_numbers(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return left < right ? -1 : left > right;
}

static bool save_wants(const struct save *save, const struct session *session)
{
	return !save->count || (session && bsearch(&session->number, save->sessions, save->count,
	                                       sizeof *save->sessions, save_compare_numbers));
}

static bool save_fail(const struct save *save, const char *why)
{
	snprintf(save->why, save->why_size, "%s", why);
	return false;
}

/* ---- NDJSON, report */

static bool save_lines(struct save *save)
{
	const struct record *record = save->examination->record;
	struct buffer line;
	bool good = true;
	buffer_init(&line, save->examination->run.options->limits.line, NULL);
	for (uint64_t index = 1; good && index <= record_event_count(record); index++) {
		const struct event *event = record_event(record, index);
		if (!save_wants(save, event->session))
			continue;
		buffer_clear(&line);
		good = line_write(&line, event, &save->examination->run.options->mask) != LINE_REFUSED &&
		       buffer_append_byte(&line, '\n') && fwrite(line.at, 1, line.len, save->out) == line.len;
	}
	buffer_free(&line);
	return good || save_fail(save, "could not be written");
}

static bool save_report_text(const struct save *save, const struct summary *summary)
{
	const struct text_writer writer = {.out = save->out, .mask = &save->examination->run.options->mask};
	return report_text_write(&writer, summary);
}

static bool save_report_html(const struct save *save, const struct summary *summary)
{
	struct html_report page = examine_page(save->examination);
	page.summary = summary;
	page.findings = summary->findings;
	return html_write(save->out, &page);
}

/* The report on the chosen sessions says nothing of others. */
static bool save_part(struct save *save, bool (*write)(const struct save *save, const struct summary *summary))
{
	struct examined_part part;
	bool good = examine_part(&part, save->examination, save->sessions, save->count);
	if (!good)
		save_fail(save, "no memory");
	else if (!(good = write(save, &part.summary)))
		save_fail(save, "could not be written");
	examine_part_end(&part);
	return good;
}

static bool save_summary(struct save *save, bool (*write)(const struct save *save, const struct summary *summary))
{
	if (!save->examination->summary.findings)
		return save_fail(save, "the report can be saved once the capture has ended");
	if (save->count)
		return save_part(save, write);
	return write(save, &save->examination->summary) || save_fail(save, "could not be written");
}

static bool save_report(struct save *save)
{
	return save_summary(save, save_report_text);
}

static bool save_page(struct save *save)
{
	return save_summary(save, save_report_html);
}

/* ---- one payload */

static bool save_payload(struct save *save)
{
	const struct event *event = record_event(save->examination->record, save->event);
	struct buffer payload;
	buffer_init(&payload, BUFFER_NO_LIMIT, NULL);
	bool good = event && event_text_payload(&payload, event, &save->examination->run.options->mask);
	if (!good)
		save_fail(save, !event              ? "of one event, not of sessions: choose the payload (Tab)"
		                : payload.truncated ? "no memory"
		                                    : "this event has no JSON");
	else if (!buffer_append_byte(&payload, '\n') || fwrite(payload.at, 1, payload.len, save->out) != payload.len)
		good = save_fail(save, "could not be written");
	buffer_free(&payload);
	return good;
}

/* ---- pcapng */

/* The ends of a connection, whichever of them was called the client, the lower first. */
struct save_ends {
	struct endpoint low, high;
};

/* The connections that carried the sessions: sorted, each once, up to `sorted`; then as they came. */
struct save_connections {
	struct save_ends *list;
	size_t count, sorted, room;
};

static int endpoint_compare(const struct endpoint *left, const struct endpoint *right)
{
	int order = memcmp(&left->address, &right->address, sizeof left->address);
	return order ? order : (int)left->port - (int)right->port;
}

static int ends_compare(const void *a, const void *b)
{
	const struct save_ends *left = a, *right = b;
	int order = endpoint_compare(&left->low, &right->low);
	return order ? order : endpoint_compare(&left->high, &right->high);
}

static struct save_ends ends_of(const struct endpoint *one, const struct endpoint *other)
{
	return endpoint_compare(one, other) < 0 ? (struct save_ends){*one, *other} : (struct save_ends){*other, *one};
}

static bool connections_have(
    const struct save_connections *connections, const struct endpoint *one, const struct endpoint *other)
{
	const struct save_ends ends = ends_of(one, other);
	return connections->sorted && bsearch(&ends, connections->list, connections->sorted, sizeof ends, ends_compare);
}

static void connections_sort(struct save_connections *connections)
{
	size_t kept = 0;
	if (connections->count)
		qsort(connections->list, connections->count, sizeof *connections->list, ends_compare);
	for (size_t i = 0; i < connections->count; i++)
		if (!kept || ends_compare(&connections->list[kept - 1], &connections->list[i]) != 0)
			connections->list[kept++] = connections->list[i];
	connections->count = connections->sorted = kept;
}

/* Events of few connections take turns: before the list grows, what came twice goes. */
static bool connections_add(struct save_connections *connections, const struct connection_facts *facts)
{
	if (!facts || connections_have(connections, &facts->client, &facts->server))
		return true;
	if (connections->count == connections->room)
		connections_sort(connections);
	if (connections->count >= connections->room / 2) {
		size_t room = connections->room ? connections->room * 2 : 64;
		struct save_ends *grown = realloc(connections->list, room * sizeof *grown);
		if (!grown)
			return false;
		connections->list = grown;
		connections->room = room;
	}
	connections->list[connections->count++] = ends_of(&facts->client, &facts->server);
	return true;
}

static bool save_list_connections(const struct save *save, struct save_connections *connections)
{
	const struct record *record = save->examination->record;
	for (size_t i = 0; i < save->count; i++)
		for (uint64_t index = record_session_first(record, save->sessions[i]); index;
		     index = record_next_of_session(record, index))
			if (!connections_add(connections, record_event(record, index)->connection))
				return false;
	connections_sort(connections);
	return true;
}

static bool packet_belongs(const struct save_connections *connections, const struct packet *packet)
{
	struct ip_packet ip;
	struct segment segment;
	struct slice network = link_find_network(packet->link_type, packet->bytes);
	if (!network.len || !ip_read_packet(network, &ip) || ip.protocol != IP_PROTOCOL_TCP)
		return false;
	if (ip.fragment) /* a later fragment does not say its connection: kept */
		return true;
	if (!tcp_read_segment(ip.payload, ip.missing, &segment))
		return false;
	const struct endpoint source = {.address = ip.source, .port = segment.source_port},
	                      destination = {.address = ip.destination, .port = segment.destination_port};
	return connections_have(connections, &source, &destination);
}

/* Which packet it was: numbers of what is saved begin at 1, and merged files had their own. */
static void save_note_number(
    const struct save *save, const struct origin *origin, uint64_t packet, struct buffer *comment)
{
	char text[ORIGIN_TEXT];
	if (!save->count && !origin->numbering)
		return;
	buffer_append_format(comment, "\n%s%s", origin_format(ORIGIN_OF(origin, packet), text),
	    origin->numbering ? "" : " of the whole capture");
}

/* The findings that name the packet. Packets are kept as they are, secrets and all; what is said of them is masked. */
static void save_comment(const struct save *save, uint64_t packet, struct buffer *comment)
{
	const struct origin *named = NULL;
	struct buffer shown;
	buffer_clear(comment);
	for (const struct finding *finding = save->examination->findings->first; finding; finding = finding->next)
		for (size_t i = 0; i < finding->evidence_count; i++) {
			if (!origin_holds(&finding->evidence[i].origin, ORIGIN_AT(ORIGIN_PACKETS, packet)))
				continue;
			named = &finding->evidence[i].origin;
			buffer_append_format(comment, "%s%s (%s, %s): %s", comment->len ? "\n" : "",
			    code_entry(finding->code)->name, severity_name(finding->severity),
			    confidence_name(finding->confidence), finding->evidence[i].what);
		}
	if (!named)
		return;
	save_note_number(save, named, packet, comment);
	buffer_init(&shown, BUFFER_NO_LIMIT, NULL);
	mask_write_text(&save->examination->run.options->mask, buffer_slice(comment), &shown);
	buffer_clear(comment);
	buffer_append(comment, buffer_slice(&shown));
	buffer_free(&shown);
}

static bool save_packet(struct save *save, struct pcapng *pcapng, const struct save_connections *connections,
    const struct packet *packet, struct buffer *comment)
{
	bool is_step = packet->recorded || packet->logged; /* of a HAR or a log: there are no bytes */
	save->has_steps |= is_step;
	if (is_step)
		return true;
	if (save->count && !packet_belongs(connections, packet))
		return true;
	if (!pcapng->out) {
		struct slice secrets = buffer_slice(&save->examination->run.embedded);
		pcapng_begin(pcapng, save->out, packet->link_type);
		if (secrets.len)
			pcapng_write_secrets(pcapng, secrets);
	}
	save_comment(save, packet->number, comment);
	return pcapng_write(pcapng, packet, buffer_slice(comment)) || save_fail(save, "could not be written");
}

/* The names in a filter are looked up once more, and need not mean now what they meant: then it is refused. */
static struct source *save_reopen_nth(const struct save *save, size_t nth)
{
	const struct options *options = save->examination->run.options;
	int file = supervisor_open_input(options, nth);
	FILE *stream = file < 0 ? NULL : fdopen(file, "rb");
	if (!stream) {
		if (file < 0 && errno == ESPIPE)
			save_fail(save, "the packets came from stdin, and are gone");
		else
			snprintf(save->why, save->why_size, "the capture cannot be read again: %s", strerror(errno));
		if (file >= 0)
			close(file);
		return NULL;
	}
	struct source *source = capture_file_prepare(
	    stream, options->reads[nth], options->filter, save->why, save->why_size);
	if (source)
		source->log_tables = options->log_table;
	if (!source || capture_file_begin(source, save->why, save->why_size))
		return source;
	source_free(source);
	return NULL;
}

/* The files are read again, merged as they were before, so the numbers are the same. */
static struct source *save_reopen(const struct save *save)
{
	const struct options *options = save->examination->run.options;
	struct source *sources[OPTIONS_READS];
	for (size_t i = 0; i < options->read_count; i++) {
		sources[i] = save_reopen_nth(save, i);
		if (sources[i])
			continue;
		while (i--)
			source_free(sources[i]);
		return NULL;
	}
	return merge_open(sources, options->read_count);
}

static bool save_all_packets(struct save *save, struct pcapng *pcapng, const struct save_connections *connections)
{
	struct source *source = save->kept ? NULL : save_reopen(save);
	struct packet packet;
	struct buffer comment;
	size_t at = 0;
	bool good = save->kept || source;
	buffer_init(&comment, UINT16_MAX, NULL);
	while (good && (save->kept ? packet_store_next(save->kept, &at, &packet)
	                           : source_next(source, &packet) == SOURCE_PACKET))
		good = save_packet(save, pcapng, connections, &packet, &comment);
	buffer_free(&comment);
	source_free(source);
	return good;
}

static bool save_packets(struct save *save)
{
	struct save_connections connections = {0};
	struct pcapng pcapng = {0};
	bool good = save_list_connections(save, &connections) ? save_all_packets(save, &pcapng, &connections)
	                                                      : save_fail(save, "no memory");
	free(connections.list);
	return good &&
	       (pcapng.out || save_fail(save, save->has_steps ? "a HAR or a log has no packets: .ndjson, .txt, .html"
	                                                      : "there is no packet to save"));
}

/* ---- choosing */

static const struct {
	const char *ending;
	bool (*write)(struct save *save);
} save_forms[] = {{".pcapng", save_packets}, {".ndjson", save_lines}, {".txt", save_report}, {".html", save_page},
    {".json", save_payload}};

static bool (*save_form(const char *path))(struct save *save)
{
	for (size_t i = 0; i < sizeof save_forms / sizeof *save_forms; i++)
		if (slice_ends_with(slice_of_text(path), slice_of_text(save_forms[i].ending)))
			return save_forms[i].write;
	return NULL;
}

bool save_knows_form(const char *path)
{
	return save_form(path) != NULL;
}

enum save_result save_sessions(struct examination *examination, const struct packet_store *kept,
    const struct save_choice *choice, char *why, size_t why_size)
{
	struct save save = {.examination = examination,
	    .kept = kept,
	    .sessions = choice->sessions,
	    .count = choice->count,
	    .event = choice->event,
	    .why = why,
	    .why_size = why_size};
	struct atomic_write file;
	bool (*write)(struct save * save) = save_form(choice->path);
	*why = '\0';
	if (!write) {
		save_fail(&save, "which form? .pcapng, .ndjson, .txt, .html; of a payload .json");
		return SAVE_FAILED;
	}
	if (choice->event && write != save_payload) {
		save_fail(&save, "a payload is saved as .json");
		return SAVE_FAILED;
	}
	if (!atomic_write_open(
	        &file, examination->run.options, choice->path, choice->over ? FILE_SAVE_OVER : FILE_SAVE)) {
		bool exists = errno == EEXIST;
		save_fail(&save, errno == ETXTBSY  ? "that is the file that is shown: choose another"
		                 : errno == EAGAIN ? "nobody reads this FIFO"
		                                   : strerror(errno));
		return exists ? SAVE_EXISTS : SAVE_FAILED;
	}
	save.out = file.out;
	bool written = write(&save);
	if (atomic_write_close(&file, written)) {
		bool has_keys = examination->run.embedded.len;
		save_fail(&save, write != save_packets ? ""
		                 : has_keys ? "packets as they were captured: secrets are in it, and the keys of its "
		                              "TLS connections (--embed-secrets)"
		                            : "packets as they were captured: secrets are in it");
		return SAVE_DONE;
	}
	if (written)
		save_fail(&save, strerror(errno));
	return SAVE_FAILED;
}

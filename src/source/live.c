/*
 * libpcap on a running interface. Never blocks: the caller waits on source.ready.
 *
 * Not in libpcap's immediate mode: there the kernel takes as much room for each packet as for the longest that there
 * may be, 128 KiB on a loopback, and a burst of 120 small packets fills 16 MiB. In blocks (TPACKET_V3) they lie one
 * after the other, and a block is handed over when it is full or after LIVE_DELAY.
 */
#include "net/headers.h"
#include "net/link.h"
#include "platform/system.h"
#include "source/frame_filter.h"
#include "source/source.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the way to the capability */

/* setcap takes a path, not a name, and it lives in sbin, which is not in every user's PATH: the hint has both paths. */

static const char *const setcap_paths[] = {
    "/usr/sbin/setcap", "/sbin/setcap", "/usr/bin/setcap", "/usr/local/sbin/setcap"};

enum { SETCAP_PATHS = sizeof setcap_paths / sizeof *setcap_paths };

/* NULL: it is not installed. */
static const char *setcap_path(void)
{
	for (size_t i = 0; i < SETCAP_PATHS; i++)
		if (access(setcap_paths[i], X_OK) == 0)
			return setcap_paths[i];
	return NULL;
}

const char *setcap_hint(const char *capabilities, char text[SETCAP_HINT])
{
	char program[256];
	ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
	if (length <= 0) {
		snprintf(text, SETCAP_HINT, "run it with sudo");
		return text;
	}
	program[length] = '\0';
	const char *path = setcap_path();
	snprintf(text, SETCAP_HINT, "run it with sudo, or once: sudo %s %s %s%s", path ? path : "setcap", capabilities,
	    program, path ? "" : " (setcap is in package libcap2-bin on Debian and Ubuntu, in libcap elsewhere)");
	return text;
}

/* ---- an interface */

enum { LIVE_PACKETS = 256 }; /* between two looks at what was dropped, where packets never cease */

struct live {
	struct source source; /* first: a source is cast to it */
	pcap_t *pcap;
	uint16_t link_type;
	bool nanoseconds;
	struct frame_filter *frames; /* where libpcap compiles no filter for the link type (PKTAP); or NULL */
};

static void live_free(struct source *source)
{
	struct live *live = (struct live *)source;
	if (live->pcap)
		pcap_close(live->pcap);
	frame_filter_free(live->frames);
	free(live);
}

/* The kernel counts from the opening on. Where it gives no count, nothing is added. */
static void live_count_drops(struct live *live)
{
	struct pcap_stat counts;
	if (pcap_stats(live->pcap, &counts) == 0)
		live->source.counts.dropped = (uint64_t)counts.ps_drop + counts.ps_ifdrop;
}

/* 1: the next packet that passes the filter; 0: none waits; below: libpcap's error. */
static int live_read(struct live *live, struct packet *packet)
{
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int result;
	while ((result = pcap_next_ex(live->pcap, &header, &bytes)) == 1) {
		long fraction = header->ts.tv_usec * (live->nanoseconds ? 1 : INT64_C(1000));
		*packet = (struct packet){.time = timestamp_of(header->ts.tv_sec, fraction),
		    .number = live->source.counts.packets + 1,
		    .link_type = live->link_type,
		    .wire_len = header->len,
		    .bytes = slice_of(bytes, header->caplen)};
		if (!live->frames || frame_filter_passes(live->frames, packet))
			break;
	}
	return result;
}

static enum source_result live_next(struct source *source, struct packet *packet)
{
	struct live *live = (struct live *)source;
	int result = live_read(live, packet);
	if (result == 0) {
		live_count_drops(live);
		return SOURCE_IDLE;
	}
	if (result != 1) {
		snprintf(source->why, sizeof source->why, "%s: %s", source->name, pcap_geterr(live->pcap));
		return SOURCE_FAILED;
	}
	if (++source->counts.packets % LIVE_PACKETS == 0)
		live_count_drops(live);
	return SOURCE_PACKET;
}

static const struct source_operations live_operations = {.next = live_next, .free = live_free};

/* ---- opening */

static void live_set(struct live *live, const struct live_settings *settings)
{
	pcap_set_snaplen(live->pcap, settings->snap_length);
	pcap_set_promisc(live->pcap, settings->promiscuous);
	pcap_set_timeout(live->pcap, LIVE_DELAY);
	if (settings->buffer)
		pcap_set_buffer_size(live->pcap, settings->buffer);
	live->nanoseconds = pcap_set_tstamp_precision(live->pcap, PCAP_TSTAMP_PRECISION_NANO) == 0;
}

static bool live_activate(struct live *live, char *why, size_t why_size)
{
	int code = pcap_activate(live->pcap);
	if (code >= 0)
		return true;
	const char *words = pcap_geterr(live->pcap);
	char hint[SETCAP_HINT];
	if (code == PCAP_ERROR_PERM_DENIED)
		snprintf(why, why_size, "capturing is not permitted (on Linux it needs CAP_NET_RAW): %s",
		    setcap_hint("cap_net_raw+ep", hint));
	else if (code == PCAP_ERROR_NO_SUCH_DEVICE)
		snprintf(why, why_size, "no such interface (sioscope -D lists them)");
	else
		snprintf(why, why_size, "%s%s%s", pcap_statustostr(code), *words ? ": " : "", words);
	return false;
}

static bool live_set_filter(struct live *live, const char *filter, char *why, size_t why_size)
{
	struct bpf_program program;
	if (!filter)
		return true;
	if (link_is_wrapper(live->link_type)) {
		live->frames = frame_filter_new(filter, live->link_type, why, why_size);
		return live->frames;
	}
	if (pcap_compile(live->pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		snprintf(why, why_size, "filter '%s': %s", filter, pcap_geterr(live->pcap));
		return false;
	}
	bool good = pcap_setfilter(live->pcap, &program) == 0;
	if (!good)
		snprintf(why, why_size, "filter '%s': %s", filter, pcap_geterr(live->pcap));
	pcap_freecode(&program);
	return good;
}

static bool live_prepare(
    struct live *live, const char *filter, const struct live_settings *settings, char *why, size_t why_size)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	live->pcap = pcap_create(live->source.name, error);
	if (!live->pcap) {
		snprintf(why, why_size, "%s", error);
		return false;
	}
	live_set(live, settings);
	if (!live_activate(live, why, why_size) || !link_type_read(live->pcap, &live->link_type, why, why_size) ||
	    !live_set_filter(live, filter, why, why_size))
		return false;
	platform_see_loopback_once(pcap_fileno(live->pcap), live->source.name);
	if (pcap_setnonblock(live->pcap, 1, error) != 0) {
		snprintf(why, why_size, "%s", error);
		return false;
	}
	live->source.link_type = live->link_type;
	live->source.ready = pcap_get_selectable_fd(live->pcap);
	return true;
}

struct source *live_open(
    const char *interface, const char *filter, const struct live_settings *settings, char *why, size_t why_size)
{
	struct live *live = calloc(1, sizeof *live);
	if (!live) {
		snprintf(why, why_size, "no memory");
		return NULL;
	}
	live->source = (struct source){.operations = &live_operations, .name = interface, .is_live = true, .ready = -1};
	if (live_prepare(live, filter, settings, why, why_size))
		return &live->source;
	live_free(&live->source);
	return NULL;
}

/* ---- listing */

bool live_list(char *why, size_t why_size)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	pcap_if_t *all = NULL;
	if (pcap_findalldevs(&all, error) != 0) {
		snprintf(why, why_size, "%s", error);
		return false;
	}
	if (!all)
		fputs("no interface that this user may open; with sudo there may be more\n", stderr);
	for (const pcap_if_t *each = all; each; each = each->next)
		printf("%s%s%s%s\n", each->name, each->description ? "  (" : "",
		    each->description ? each->description : "", each->description ? ")" : "");
	pcap_freealldevs(all);
	return true;
}

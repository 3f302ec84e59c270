/* The table of limits, how an option sets one, and the table of the ledger's reasons. */
#include "base/resources.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- limits */

#define ENTRY(field) offsetof(struct limits, field)

const struct limit_entry limits_table[LIMIT_COUNT] = {
    [LIMIT_HELD] = {"held", ENTRY(held), 1 << 20, 1 << 12, "bytes", "out-of-order bytes held per direction",
        "what was missing before them was given up as lost"},
    [LIMIT_MESSAGE] = {"message", ENTRY(message), 8 << 20, 1 << 10, "bytes", "one message or body, as sent",
        "the message was cut there"},
    [LIMIT_INFLATED] = {"inflated", ENTRY(inflated), 16 << 20, 1 << 10, "bytes",
        "one message or body, once decompressed", "the message was cut there"},
    [LIMIT_CONNECTIONS] = {"connections", ENTRY(connections), 8192, 16, "", "connections followed at once",
        "the connection longest without traffic was let go"},
    [LIMIT_SESSIONS] = {"sessions", ENTRY(sessions), 10000, 16, "", "sessions remembered at once",
        "the session longest without traffic was let go"},
    [LIMIT_PIPELINED] = {"pipelined", ENTRY(pipelined), 1024, 16, "", "unanswered requests of one connection",
        "the oldest was given up, and its answer is passed over"},
    [LIMIT_IDLE] = {"idle", ENTRY(idle), 3600, 1, "seconds", "time without traffic before a connection is let go",
        NULL},
    [LIMIT_MEMORY] = {"memory", ENTRY(memory), 32 << 20, 1 << 20, "bytes", "all held bytes together",
        "something could not be held, by this limit or the system's, and was cut"},
    [LIMIT_RECORD] = {"record", ENTRY(record), (size_t)16 << 30, 1 << 20, "bytes",
        "timeline kept in a temporary file, by check and the TUI", "what came later was not kept"},
    [LIMIT_GROWTH] = {"growth", ENTRY(growth), 32, 1, "", "payload kept for each byte of the input, beyond 64MiB",
        "events were kept without their payload"},
    [LIMIT_LINE] = {"line", ENTRY(line), 16 << 20, 1 << 20, "bytes", "one line of the timeline",
        "the line is without its payload, and says so"},
    [LIMIT_MATCH] = {"match", ENTRY(match), 64 << 10, 1 << 8, "bytes", "text that a regular expression looks at",
        "whether it matches could not be told"},
    [LIMIT_ENTRY] = {"entry", ENTRY(entry), 8 << 20, 1 << 10, "bytes",
        "one request, answer or message as a HAR file spells it", "it was passed over"},
    [LIMIT_ORDERED] = {"ordered", ENTRY(ordered), 8 << 20, 1 << 10, "bytes",
        "steps of a HAR file that wait for their place in time, at most a quarter of --max-memory",
        "those that came too late for it are shown out of order"},
    [LIMIT_HOSTS] = {"hosts", ENTRY(hosts), 1024, 1, "", "hosts of HAR files that are distinguished",
        "further ones have no address, or one name for all"},
    [LIMIT_LOG_LINE] = {"log-line", ENTRY(log_line), 1 << 20, 1 << 10, "bytes", "one line of a server's log",
        "the rest of the line was passed over"},
    [LIMIT_LOG_START] = {"log-start", ENTRY(log_start), 256 << 10, 1 << 10, "bytes",
        "the beginning of a log, which shows whose it is",
        "no logger of Socket.IO wrote in it: the log was read for known errors alone"},
    [LIMIT_LOG_WAITING] = {"log-waiting", ENTRY(log_waiting), 4 << 20, 1 << 10, "bytes",
        "lines of a log that wait whether packets show their sessions", "sessions of the log may be shown twice"},
    [LIMIT_TLS_WAITING] = {"tls-waiting", ENTRY(tls_waiting), 1 << 20, 1 << 12, "bytes",
        "encrypted bytes of a connection that wait for its keys", "it was taken for one without keys"},
    [LIMIT_TLS_SEARCH] = {"tls-search", ENTRY(tls_search), 1 << 20, 1 << 10, "",
        "tries to find the place in a TLS connection, after a loss or in mid-stream",
        "no more was read of the connection"},
    [LIMIT_HTML] = {"html", ENTRY(html), 20 * 1000 * 1000, 2 << 20, "bytes",
        "the report in HTML, which says what it leaves out", NULL},
    [LIMIT_EXPORT] = {"export", ENTRY(export), 8 << 20, 4 << 20, "bytes",
        "requests that wait for the collector (--otlp)", NULL},
    [LIMIT_WIRE] = {"wire", ENTRY(wire), 4 << 10, 0, "bytes",
        "of a WebSocket message as it was on the wire, kept by the interface", NULL},
};

static size_t *limits_field(struct limits *limits, enum limit limit)
{
	return (size_t *)((char *)limits + limits_table[limit].offset);
}

struct limits limits_default(void)
{
	struct limits limits;
	for (enum limit limit = 0; limit < LIMIT_COUNT; limit++)
		*limits_field(&limits, limit) = limits_table[limit].initial;
	return limits;
}

size_t limits_value(const struct limits *limits, enum limit limit)
{
	return *limits_field((struct limits *)limits, limit);
}

timestamp limits_idle(const struct limits *limits)
{
	return timestamp_of((int64_t)limits->idle, 0);
}

static bool limits_are_bytes(const struct limit_entry *entry)
{
	return strcmp(entry->unit, "bytes") == 0;
}

bool limits_set(struct limits *limits, enum limit limit, const char *text, char why[QUANTITY_WHY])
{
	const struct limit_entry *entry = &limits_table[limit];
	const struct quantity_range range = {limits_are_bytes(entry), entry->least, SIZE_MAX / 4 + 1};
	uint64_t value;
	if (!quantity_read(text, &range, &value, why))
		return false;
	*limits_field(limits, limit) = (size_t)value;
	return true;
}

char *limits_format(enum limit limit, size_t value, char text[LIMITS_TEXT])
{
	const struct limit_entry *entry = &limits_table[limit];
	bool bytes = limits_are_bytes(entry);
	char number[QUANTITY_TEXT];
	snprintf(text, LIMITS_TEXT, "%s%s%s", quantity_format(value, bytes, number), bytes || !*entry->unit ? "" : " ",
	    bytes ? "" : entry->unit);
	return text;
}

/* ---- ledger */

static const struct ledger_reason_facts ledger_reasons[LEDGER_LIMIT] = {
    [LEDGER_DECODED] = {LEDGER_COLUMN_DECODED, LEDGER_SEEN, "decoded",
        "Engine.IO, with the HTTP and WebSocket framing around it", NULL, NULL, NULL},
    [LEDGER_TLS_FRAMING] = {LEDGER_COLUMN_DECODED, LEDGER_SEEN, "tls-framing",
        "TLS handshakes, and the framing of records that were decrypted", NULL, NULL, NULL},
    [LEDGER_TLS] = {LEDGER_COLUMN_OTHER, LEDGER_BLINDS_ALONE, "tls", "TLS, encrypted", "connection is encrypted (TLS)",
        "connections are encrypted (TLS)",
        "Give the keys of the connections by --tls-keylog FILE. Browsers (closed, and started with it in the "
        "environment), curl and Python write them where SSLKEYLOGFILE=FILE says; node, client or server, with node "
        "--tls-keylog=FILE; an ssl context of Python with context.keylog_filename = FILE. Or capture behind the proxy "
        "that ends TLS, or, on the server, what the process itself reads and writes (sioscope -p PID)."},
    [LEDGER_OTHER_PROTOCOL] = {LEDGER_COLUMN_OTHER, LEDGER_SEEN, "other-protocol", "other protocols", NULL, NULL, NULL},
    [LEDGER_OTHER_HTTP] = {LEDGER_COLUMN_OTHER, LEDGER_SEEN, "other-http", "HTTP and WebSockets without Engine.IO",
        NULL, NULL, NULL},
    [LEDGER_UNDECIDED] = {LEDGER_COLUMN_OTHER, LEDGER_LISTED, "undecided",
        "connections whose protocol could not be recognised", NULL, NULL, NULL},
    [LEDGER_BEHIND_END] = {LEDGER_COLUMN_OTHER, LEDGER_SEEN, "behind-end",
        "bytes behind a close frame or the end of a connection", NULL, NULL, NULL},
    [LEDGER_NOT_HTTP] = {LEDGER_COLUMN_NOT_UNDERSTOOD, LEDGER_LISTED, "not-http",
        "HTTP that could not be parsed any further", NULL, NULL, NULL},
    [LEDGER_NOT_FRAMES] = {LEDGER_COLUMN_NOT_UNDERSTOOD, LEDGER_LISTED, "not-frames",
        "WebSocket frames that could not be parsed any further", NULL, NULL, NULL},
    [LEDGER_HTTP2] = {LEDGER_COLUMN_NOT_UNDERSTOOD, LEDGER_BLINDS_ALONE, "http2", "HTTP/2 that could not be read",
        "HTTP/2 stream could not be read, or not wholly: its header fields refer to some that were not captured",
        "HTTP/2 streams could not be read, or not wholly: their header fields refer to some that were not captured",
        "Begin the capture before the connections: HTTP/2 compresses header fields by what came before them."},
    [LEDGER_STRAY] = {LEDGER_COLUMN_NOT_UNDERSTOOD, LEDGER_LISTED, "stray",
        "segments outside their stream's window or behind its end, or without memory to hold them", NULL, NULL, NULL},
    [LEDGER_TLS_DAMAGED] = {LEDGER_COLUMN_NOT_UNDERSTOOD, LEDGER_BLINDS, "tls-damaged",
        "TLS records that were not captured whole, or do not authenticate",
        "TLS record is damaged: it does not authenticate, or was not captured whole",
        "TLS records are damaged: they do not authenticate, or were not captured whole", NULL},
    [LEDGER_REPEATED] = {LEDGER_COLUMN_REPEATED, LEDGER_SEEN, "repeated",
        "retransmissions, and second copies of a stream", NULL, NULL, NULL},
    [LEDGER_UNANSWERED_UPGRADE] = {LEDGER_COLUMN_HELD_BACK, LEDGER_LISTED, "unanswered-upgrade",
        "bytes behind a request for an upgrade or a tunnel that was never answered", NULL, NULL, NULL},
    [LEDGER_GAP] = {LEDGER_COLUMN_LOST, LEDGER_BLINDS, "gap", "gaps in Engine.IO connections",
        "gap: packets are missing from the capture", "gaps: packets are missing from the capture", NULL},
    [LEDGER_SNAPPED] = {LEDGER_COLUMN_CUT, LEDGER_BLINDS, "snapped", "segments cut by the snap length",
        "packet was cut short by the snap length", "packets were cut short by the snap length",
        "Capture whole packets (tcpdump -s 0)."},
    [LEDGER_NOTHING] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "nothing", NULL, "no packet was captured at all", NULL,
        NULL},
    [LEDGER_DROPPED] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "dropped", NULL, "packet was dropped before it was read",
        "packets were dropped before they were read",
        "A larger capture buffer (-B) prevents drops; so does a BPF filter (with probes: fewer processes)."},
    [LEDGER_LINK_TYPE] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "link-type", NULL,
        "packet has a link type that is not decoded", "packets have a link type that is not decoded", NULL},
    [LEDGER_INPUT_CUT] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "input-cut", NULL, "input could not be read to its end",
        "inputs could not be read to their ends", NULL},
    [LEDGER_LOG_MISSES] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "log-misses", NULL,
        "server log (--server-log) could not be used in full", "server logs (--server-log) could not be used in full",
        NULL},
    [LEDGER_UNMATCHED_TLS] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "unmatched-tls", NULL,
        "TLS stream fits no connection that was seen, and is not shown",
        "TLS streams fit no connection that was seen, and are not shown", NULL},
    [LEDGER_UNREAD_TLS] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS_ALONE, "unread-tls", NULL,
        "TLS connection of a watched process was not read: of the TLS libraries OpenSSL and Go's are",
        "TLS connections of watched processes were not read: of the TLS libraries OpenSSL and Go's are",
        "Let a proxy end TLS and watch the plain connections behind it (sioscope -p or -i); or capture packets (-i) "
        "with a key log (--tls-keylog): Go has tls.Config.KeyLogWriter, caddy insecure_secrets_log, rustls KeyLogFile, "
        "browsers SSLKEYLOGFILE."},
    [LEDGER_PASSED_BY] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "passed-by", NULL,
        "connection of a watched process was passed on inside the kernel (splice, sendfile): the process itself does "
        "not see what it carries",
        "connections of watched processes were passed on inside the kernel (splice, sendfile): the process itself does "
        "not see what they carry",
        "Turn that off for the test (haproxy: no option splice-auto, splice-request, splice-response), watch the "
        "server behind it, or capture packets (-i)."},
    [LEDGER_RING] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "io-uring", NULL,
        "connection of a watched process was read or written by io_uring, which probes do not see",
        "connections of watched processes were read or written by io_uring, which probes do not see",
        "Turn io_uring off in the server for the test (node, libuv: UV_USE_IO_URING=0), or capture packets (-i)."},
    [LEDGER_32_BITS] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "32-bit", NULL,
        "watched process is a program of 32 bits, of which probes see nothing",
        "watched processes are programs of 32 bits, of which probes see nothing", "Capture packets instead (-i)."},
    [LEDGER_UNATTACHED] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS_ALONE, "unattached", NULL,
        "file with a TLS library could not be attached to", "files with a TLS library could not be attached to",
        "A probe is an open file: a higher limit of them (ulimit -n) helps."},
    [LEDGER_ENTRIES_UNREAD] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "entries-unread", NULL,
        "entry or message of the HAR file is not as it should be, or lacks its body",
        "entries or messages of the HAR file are not as they should be, or lack their bodies", NULL},
    [LEDGER_MESSAGES_NOT_RECORDED] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "messages-not-recorded", NULL,
        "the WebSockets' messages are not in this file: what came by WebSocket is unknown, and nothing that is missing "
        "here is a fault",
        NULL,
        "Firefox, Safari, chrome-har and puppeteer-har leave them out. Export from the DevTools of Chrome or Edge, by "
        "Playwright (recordHar) or mitmproxy (hardump), or capture packets."},
    [LEDGER_LINES_SHOWN] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "lines-shown-by-packets", NULL,
        "line of the log is of a session that packets or a HAR file show: it is counted once, by these",
        "lines of the log are of sessions that packets or a HAR file show: they are counted once, by these", NULL},
    [LEDGER_LINES_UNREAD] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "lines-unread", NULL,
        "line of the log speaks of a packet, and is not as it should be",
        "lines of the log speak of packets, and are not as they should be", NULL},
    [LEDGER_LINES_UNPLACED] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "lines-unplaced", NULL,
        "packet of the log names no session, and the order of the lines does not say which",
        "packets of the log name no session, and the order of the lines does not say which: they are shown as one "
        "session without a sid, and nothing is found in it",
        "node's log names sessions only where they begin: of several at once nobody can tell. Reproduce with one "
        "client, or capture packets."},
    [LEDGER_LOG_LACKS_PACKETS] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "log-lacks-packets", NULL,
        "the log has no packets of Engine.IO: names of events at most, and nothing that is missing here is a fault",
        NULL, "Set engineio_logger=True beside logger=True (python), or DEBUG=engine*,socket.io* (node)."},
    [LEDGER_LOG_BINARY] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "log-binary", NULL,
        "binary packet: the log does not have its bytes", "binary packets: the log does not have their bytes", NULL},
    [LEDGER_LOG_CLOCK] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "log-clock", NULL,
        "log's clock differs from that of the packets (or the HAR file)",
        "logs' clocks differ from that of the packets (or the HAR file)",
        "Set both clocks by NTP. Which lines belong to a finding is judged by their times: of this log some may be "
        "missed."},
    [LEDGER_LINES_UNDATED] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "lines-undated", NULL,
        "the log's lines have no date: times here are by the order of the lines (and by the differences that node "
        "writes on a terminal), from the year 1970 on",
        NULL,
        "python: logging.basicConfig(format=\"%(asctime)s %(message)s\"); node: DEBUG_COLORS=no, or output to a file; "
        "docker logs -t, kubectl logs --timestamps."},
    [LEDGER_LINES_PARTLY_DATED] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "lines-partly-dated", NULL,
        "the log's times name no day or no year: they are shown as of 1970", NULL, NULL},
    [LEDGER_REQUESTS_FAILED] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "requests-failed", NULL,
        "request of Engine.IO failed in the browser", "requests of Engine.IO failed in the browser",
        "A HAR does not show what came of them on the network: the browser's console says more, or a capture."},
    [LEDGER_SHOWN_BY_PACKETS] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "shown-by-packets", NULL,
        "entry of the HAR file is of a session that the packets show: it is counted once, by the packets",
        "entries of the HAR file are of sessions that the packets show: they are counted once, by the packets", NULL},
    [LEDGER_FRAGMENTS] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "fragments", NULL,
        "IP datagram was not joined: fragments of it are missing",
        "IP datagrams were not joined: fragments of them are missing", NULL},
    [LEDGER_CONFLICTS] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "conflicts", NULL,
        "segment came twice with different bytes: the first are decoded",
        "segments came twice with different bytes: the first are decoded", NULL},
    [LEDGER_RESETS_DISOBEYED] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "resets-disobeyed", NULL,
        "TCP reset did not end its connection, whose sender went on: somebody else sent it in its name",
        "TCP resets did not end their connections, whose senders went on: somebody else sent them in their name", NULL},
    [LEDGER_TURNED_BACK] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "turned-back", NULL,
        "packet is over a second older than one before it: durations across it are wrong",
        "packets are over a second older than one before them: durations across them are wrong", NULL},
    [LEDGER_CLOCK_OUTLIERS] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "clock-outliers", NULL,
        "packet had a time far from all others: that of its neighbours is used",
        "packets had a time far from all others: that of their neighbours is used", NULL},
    [LEDGER_CLOCK_STEPS] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "clock-steps", NULL,
        "time the clock was set during the capture: durations across it are estimates",
        "times the clock was set during the capture: durations across these are estimates", NULL},
    [LEDGER_JOINED] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "joined", NULL,
        "connection was under way when the capture began", "connections were under way when the capture began", NULL},
    [LEDGER_ONE_SIDED] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "one-sided", NULL,
        "connection was captured in one direction only", "connections were captured in one direction only",
        "Capture both directions: a filter of src or dst alone, or one interface of two, leaves the other out."},
    [LEDGER_HIDDEN] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "hidden", NULL,
        "connection lost the requests that would tell what it carries",
        "connections lost the requests that would tell what they carry", NULL},
    [LEDGER_UNPLACED] = {LEDGER_COLUMN_NOTED, LEDGER_SEEN, "unplaced", NULL, NULL, NULL, NULL}, /* counted as gaps */
    [LEDGER_TUNNELS] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS_ALONE, "tunnels", NULL,
        "packet of a tunnel was not looked into", "packets of tunnels were not looked into",
        "Capture where the traffic leaves the tunnel: on its inner interface (wg0, tun0, ppp0), or on the server."},
    [LEDGER_QUIC] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS_ALONE, "quic", NULL,
        "connection speaks QUIC (HTTP/3, WebTransport), which is not read",
        "connections speak QUIC (HTTP/3, WebTransport), which is not read",
        "Turn HTTP/3 off for the test (nginx: no http3, no Alt-Svc header; Chrome: --disable-quic): the same goes by "
        "HTTP/2 or HTTP/1.1 then."},
    [LEDGER_WEBTRANSPORT] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "webtransport", NULL,
        "client upgraded to WebTransport: it cannot be read from there on",
        "clients upgraded to WebTransport: they cannot be read from there on",
        "Leave webtransport out of the client's transports for the test: transports: [\"polling\", \"websocket\"]."},
    [LEDGER_TLS_FOREIGN] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS_ALONE, "tls-foreign", NULL,
        "connection uses a version or a cipher suite of TLS that is not decrypted",
        "connections use a version or a cipher suite of TLS that is not decrypted",
        "TLS 1.2 and 1.3 are decrypted, with AES-GCM, ChaCha20-Poly1305, AES-CCM and AES-CBC."},
    [LEDGER_TLS_WRONG_KEYS] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS_ALONE, "tls-wrong-keys", NULL,
        "connection's records do not authenticate with the keys that the key log has for it",
        "connections' records do not authenticate with the keys that the key log has for them",
        "The key log is of another run, or was changed: take the one that was written during this capture."},
    [LEDGER_TLS_JOINED] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS_ALONE, "tls-joined", NULL,
        "TLS connection lacks its handshake, or a part of it, and no key of the key log fits",
        "TLS connections lack their handshake, or a part of it, and no key of the key log fits",
        "Begin the capture before the connections, so that their handshakes are in it."},
    [LEDGER_TLS_ALERT] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "tls-alert", NULL,
        "TLS connection was ended by a fatal alert", "TLS connections were ended by a fatal alert", NULL},
    [LEDGER_H2C] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "h2c", NULL,
        "connection was changed from HTTP/1.1 to HTTP/2 (Upgrade: h2c), and is read as such",
        "connections were changed from HTTP/1.1 to HTTP/2 (Upgrade: h2c), and are read as such", NULL},
    [LEDGER_HTTP2_PUSHED] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "http2-pushed", NULL,
        "HTTP/2 stream was pushed by the server (PUSH_PROMISE): no client of Socket.IO uses such",
        "HTTP/2 streams were pushed by the server (PUSH_PROMISE): no client of Socket.IO uses such", NULL},
    [LEDGER_BROKEN] = {LEDGER_COLUMN_NOTED, LEDGER_SEEN, "broken", NULL, NULL, NULL, NULL}, /* of Engine.IO: unread */
    [LEDGER_UNREAD] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "unread", NULL,
        "part of what an Engine.IO connection carried could not be read",
        "parts of what Engine.IO connections carried could not be read",
        "sioscope dump shows where (malformed, incomplete). It reads heads of 64 KB at most, and what codings HTTP "
        "names: gzip, deflate, br, zstd."},
    [LEDGER_UNREADABLE] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "unreadable", NULL,
        "compressed message refers back to what was not captured",
        "compressed messages refer back to what was not captured", NULL},
    [LEDGER_INCOMPLETE] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "incomplete", NULL, "event was not captured whole",
        "events were not captured whole", NULL},
    [LEDGER_MALFORMED] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "malformed", NULL, "item could not be decoded",
        "items could not be decoded", "sioscope dump shows each (malformed)."},
    [LEDGER_WAITING] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "waiting", NULL,
        "request had no answer yet when the capture ended", "requests had no answer yet when the capture ended",
        "Capture until the client has the answer, or gives up."},
    [LEDGER_FINDINGS_LEFT_OUT] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "findings-left-out", NULL,
        "finding is not listed: there are too many of its code",
        "findings are not listed: there are too many of their codes", NULL},
    [LEDGER_SESSIONS_LEFT_OUT] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "sessions-left-out", NULL,
        "session is not listed: there are too many", "sessions are not listed: there are too many", NULL},
    [LEDGER_SERVERS_LEFT_OUT] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "servers-left-out", NULL,
        "server (or client of it) is beyond what a detector follows: not all of its problems are found",
        "servers (or clients of them) are beyond what a detector follows: not all of their problems are found",
        "A BPF filter on the server's address or port leaves out those that do not matter."},
    [LEDGER_MEMORY_REFUSED] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "memory-refused", NULL,
        "time there was no memory: something is missing here", "times there was no memory: something is missing here",
        NULL},
    [LEDGER_NOT_EXPORTED] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "not-exported", NULL,
        "item (data point, log record or span) did not reach the collector (--otlp)",
        "items (data points, log records, spans) did not reach the collector (--otlp)",
        "Look at the collector's own log. --max-export lets more wait while it is away; OTEL_EXPORTER_OTLP_TIMEOUT "
        "(milliseconds) says how long it is waited for at the end."},
};

/* What it means that a limit was hit is in the table of limits. */
static const struct ledger_reason_facts ledger_limit_reasons[LIMIT_COUNT] = {
    [LIMIT_HELD] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "limit-held", NULL, "time", "times", NULL},
    [LIMIT_MESSAGE] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "limit-message", NULL, "time", "times", NULL},
    [LIMIT_INFLATED] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "limit-inflated", NULL, "time", "times", NULL},
    [LIMIT_CONNECTIONS] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "limit-connections", NULL, "time", "times", NULL},
    [LIMIT_SESSIONS] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "limit-sessions", NULL, "time", "times", NULL},
    [LIMIT_PIPELINED] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "limit-pipelined", NULL, "time", "times", NULL},
    [LIMIT_HTML] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "limit-html", NULL, "time", "times", NULL},
    /* What had no room is counted in items: not-exported. */
    [LIMIT_EXPORT] = {LEDGER_COLUMN_NOTED, LEDGER_SEEN, "limit-export", NULL, "time", "times", NULL},
    [LIMIT_WIRE] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "limit-wire", NULL, "time", "times", NULL},
    [LIMIT_IDLE] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "limit-idle", NULL, "time", "times", NULL},
    [LIMIT_MEMORY] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "limit-memory", NULL, "time", "times", NULL},
    [LIMIT_RECORD] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "limit-record", NULL, "time", "times", NULL},
    [LIMIT_GROWTH] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "limit-growth", NULL, "time", "times", NULL},
    [LIMIT_LINE] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "limit-line", NULL, "time", "times", NULL},
    [LIMIT_MATCH] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "limit-match", NULL, "time", "times", NULL},
    [LIMIT_ENTRY] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "limit-entry", NULL, "time", "times", NULL},
    [LIMIT_ORDERED] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "limit-ordered", NULL, "time", "times", NULL},
    [LIMIT_HOSTS] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "limit-hosts", NULL, "time", "times", NULL},
    [LIMIT_LOG_LINE] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "limit-log-line", NULL, "time", "times", NULL},
    [LIMIT_LOG_START] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "limit-log-start", NULL, "time", "times", NULL},
    [LIMIT_LOG_WAITING] = {LEDGER_COLUMN_NOTED, LEDGER_BLINDS, "limit-log-waiting", NULL, "time", "times", NULL},
    /* What is not read for these is counted as TLS. */
    [LIMIT_TLS_WAITING] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "limit-tls-waiting", NULL, "time", "times", NULL},
    [LIMIT_TLS_SEARCH] = {LEDGER_COLUMN_NOTED, LEDGER_LISTED, "limit-tls-search", NULL, "time", "times", NULL},
};

static const struct {
	const char *name, *text;
} ledger_columns[LEDGER_COLUMNS] = {
    [LEDGER_COLUMN_DECODED] = {"decoded", "decoded"},
    [LEDGER_COLUMN_OTHER] = {"other", "other"},
    [LEDGER_COLUMN_NOT_UNDERSTOOD] = {"not_understood", "not understood"},
    [LEDGER_COLUMN_REPEATED] = {"repeated", "repeated"},
    [LEDGER_COLUMN_HELD_BACK] = {"held_back", "still waiting at the end"},
    [LEDGER_COLUMN_LOST] = {"lost", "lost"},
    [LEDGER_COLUMN_CUT] = {"cut", "cut off"},
    [LEDGER_COLUMN_NOTED] = {"noted", "noted"},
};

const struct ledger_reason_facts *ledger_reason(enum ledger_reason reason)
{
	return reason < LEDGER_LIMIT ? &ledger_reasons[reason] : &ledger_limit_reasons[reason - LEDGER_LIMIT];
}

const char *ledger_column_name(enum ledger_column column)
{
	return ledger_columns[column].name;
}

const char *ledger_column_text(enum ledger_column column)
{
	return ledger_columns[column].text;
}

void ledger_note_detail(struct ledger *ledger, enum ledger_reason reason, const char *detail)
{
	if (!*ledger->details[reason])
		snprintf(ledger->details[reason], LEDGER_DETAIL, "%s", detail);
}

void ledger_replace_detail(struct ledger *ledger, enum ledger_reason reason, const char *detail)
{
	snprintf(ledger->details[reason], LEDGER_DETAIL, "%s", detail);
}

/* ---- sums */

uint64_t ledger_sum(const struct ledger *ledger, enum ledger_column column)
{
	uint64_t sum = 0;
	for (enum ledger_reason reason = 0; reason < LEDGER_REASONS; reason++)
		if (ledger_reason(reason)->column == column)
			sum += ledger->entries[reason].bytes;
	return sum;
}

bool ledger_adds_up(const struct ledger *ledger)
{
	uint64_t sum = 0;
	for (enum ledger_column column = LEDGER_COLUMN_DECODED; column <= LEDGER_COLUMN_HELD_BACK; column++)
		sum += ledger_sum(ledger, column);
	return sum == ledger->captured;
}

/* ---- what could not be seen */

bool ledger_is_listed(const struct ledger *ledger, enum ledger_reason reason)
{
	const struct ledger_entry *entry = &ledger->entries[reason];
	const struct ledger_reason_facts *facts = ledger_reason(reason);
	return facts->weight != LEDGER_SEEN && (facts->one ? entry->items : entry->bytes);
}

bool ledger_is_blinded_by(const struct ledger *ledger, enum ledger_reason reason)
{
	enum ledger_weight weight = ledger_reason(reason)->weight;
	return ledger_is_listed(ledger, reason) &&
	       (weight == LEDGER_BLINDS || (weight == LEDGER_BLINDS_ALONE && !ledger->engineio));
}

enum ledger_reason ledger_find_blinding(const struct ledger *ledger)
{
	enum ledger_reason reason = 0;
	while (reason < LEDGER_REASONS && !ledger_is_blinded_by(ledger, reason))
		reason++;
	return reason;
}

static void ledger_describe_limit(const struct ledger *ledger, enum limit limit, char text[LEDGER_TEXT])
{
	const struct limit_entry *entry = &limits_table[limit];
	uint64_t times = ledger->entries[ledger_limit(limit)].items;
	char value[LIMITS_TEXT] = "";
	if (ledger->limits)
		limits_format(limit, limits_value(ledger->limits, limit), value);
	snprintf(text, LEDGER_TEXT, "%" PRIu64 " %s the limit was hit on %s (%s%s--max-%s)%s%s", times,
	    plural_choose(times, "time", "times"), entry->meaning, value, *value ? ", " : "", entry->name,
	    entry->when_hit ? ": " : "", entry->when_hit ? entry->when_hit : "");
}

const char *ledger_describe(const struct ledger *ledger, enum ledger_reason reason, char text[LEDGER_TEXT])
{
	const struct ledger_entry *entry = &ledger->entries[reason];
	const struct ledger_reason_facts *facts = ledger_reason(reason);
	const char *detail = ledger->details[reason];
	if (reason >= LEDGER_LIMIT)
		ledger_describe_limit(ledger, (enum limit)(reason - LEDGER_LIMIT), text);
	else if (facts->one && !facts->many)
		snprintf(text, LEDGER_TEXT, "%s", facts->one);
	else if (facts->one)
		snprintf(text, LEDGER_TEXT, "%" PRIu64 " %s%s%s", entry->items,
		    plural_choose(entry->items, facts->one, facts->many), *detail ? ": " : "", detail);
	else
		snprintf(text, LEDGER_TEXT, "%" PRIu64 " byte%s: %s", entry->bytes, plural_ending(entry->bytes),
		    facts->text);
	return text;
}

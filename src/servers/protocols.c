/* What listens at a port where no HTTP server does, known by the first bytes that it sends: those with which its
 * protocol begins, or its answer to a request line that it does not understand. Servers that end the connection without
 * a byte (PostgreSQL, Kafka, ZooKeeper, and Redis at a Host header) cannot be known so. */
#include "servers/server.h"

#define TEXT(pattern)     \
	(pattern),        \
	{                 \
		{         \
			0 \
		}         \
	}
#define BYTES(at, it)                 \
	NULL,                         \
	{                             \
		{at, SLICE_TEXT(it)}, \
		{                     \
			0             \
		}                     \
	}
#define BYTES2(a, it, b, more)              \
	NULL,                               \
	{                                   \
		{a, SLICE_TEXT(it)},        \
		{                           \
			b, SLICE_TEXT(more) \
		}                           \
	}
#define SLICE_TEXT(it) (it), sizeof(it) - 1

#define MYSQL "Internals Manual, protocol: packet header, Protocol::Handshake, ERR_Packet"
#define REDIS "Redis protocol specification (RESP): errors; networking.c"

/* The first row that fits is taken: what is more exact stands first. */
const struct server_protocol server_protocols[] = {
    /* SETTINGS, the first frame of a server (RFC 9113 §3.4), of which 255 bytes hold more than anybody sends */
    {"HTTP/2", PORT_HTTP2, BYTES2(0, "\0\0", 3, "\x04\0\0\0\0\0"),
        {NULL, "RFC 9113 §3.4, §4.1, §6.5", "http1-to-h2c-port"}},
    {"HTTP/2", PORT_HTTP2, BYTES2(0, "\0\0", 3, "\x07\0\0\0\0\0"), {NULL, "RFC 9113 §6.8: GOAWAY alone", NULL}},
    {"TLS", PORT_TLS, BYTES2(0, "\x15\x03", 3, "\0\x02\x02"), {NULL, "RFC 8446 §6: a fatal alert", NULL}},
    {"SSH", PORT_OTHER, TEXT("^SSH-"), {NULL, "RFC 4253 §4.2", "port-of-ssh"}},
    {"Redis", PORT_OTHER, TEXT("^-ERR "), {NULL, REDIS, NULL}},
    {"Redis", PORT_OTHER, TEXT("^-NOAUTH "), {NULL, REDIS, NULL}},
    {"Redis", PORT_OTHER, TEXT("^-DENIED Redis"), {NULL, REDIS ": protected mode", NULL}},
    {"MySQL or MariaDB", PORT_OTHER, BYTES(2, "\0\0\x0a"), {NULL, MYSQL, NULL}},
    {"MySQL or MariaDB", PORT_OTHER, BYTES(2, "\0\0\xff"), {NULL, MYSQL, NULL}},
    {"PostgreSQL", PORT_OTHER, BYTES2(0, "E\0\0", 5, "S"),
        {NULL, "PostgreSQL documentation, message formats: ErrorResponse (PgBouncer answers so)", NULL}},
    {"AMQP", PORT_OTHER, BYTES(0, "AMQP"), {NULL, "AMQP 0-9-1 §4.2.2: the protocol header that it would take", NULL}},
    {"SMTP", PORT_OTHER, TEXT("^220*SMTP"), {NULL, "RFC 5321 §4.2, §4.3.1", NULL}},
    {"SMTP or LMTP", PORT_OTHER, TEXT("^220*LMTP"), {NULL, "RFC 2033 §4.1", NULL}},
    {"FTP", PORT_OTHER, TEXT("^220*FTP"), {NULL, "RFC 959 §5.4", NULL}},
    {"FTP", PORT_OTHER, TEXT("^220*FileZilla"), {NULL, "FileZilla Server: welcome message", NULL}},
    {"SMTP or FTP", PORT_OTHER, TEXT("^220 "), {NULL, "RFC 5321 §4.2; RFC 959 §5.4", NULL}},
    {"SMTP or FTP", PORT_OTHER, TEXT("^220-"), {NULL, "RFC 5321 §4.2.1; RFC 959 §4.2", NULL}},
    {"SMTP", PORT_OTHER, TEXT("^554 "), {NULL, "RFC 5321 §3.1: no service here", NULL}},
    {"POP3", PORT_OTHER, TEXT("^+OK "), {NULL, "RFC 1939 §4", NULL}},
    {"IMAP", PORT_OTHER, BYTES(0, "* OK "), {NULL, "RFC 3501 §7.1", NULL}},
    {"IMAP", PORT_OTHER, BYTES(0, "* BYE "), {NULL, "RFC 3501 §7.1.5", NULL}},
    {"memcached", PORT_OTHER, BYTES(0, "ERROR\r\n"), {NULL, "memcached doc/protocol.txt: error strings", NULL}},
    {"memcached", PORT_OTHER, TEXT("^CLIENT_ERROR "), {NULL, "memcached doc/protocol.txt: error strings", NULL}},
    {"beanstalkd", PORT_OTHER, BYTES(0, "UNKNOWN_COMMAND\r\n"), {NULL, "beanstalkd doc/protocol.txt", NULL}},
    {"NATS", PORT_OTHER, TEXT("^INFO {"), {NULL, "NATS documentation, client protocol: INFO", NULL}},
    {"Elasticsearch's transport", PORT_OTHER, TEXT("^This is not a*HTTP port"),
        {NULL, "Elasticsearch TcpTransport.java: HttpRequestOnTransportException", NULL}},
    {"VNC (RFB)", PORT_OTHER, TEXT("^RFB 00"), {NULL, "RFC 6143 §7.1.1", NULL}},
    {"rsync", PORT_OTHER, TEXT("^@RSYNCD: "), {NULL, "rsync clientserver.c", NULL}},
    {"RTSP", PORT_OTHER, TEXT("^RTSP/"), {NULL, "RFC 2326 §7.1", NULL}},
    {"SIP", PORT_OTHER, TEXT("^SIP/2.0 "), {NULL, "RFC 3261 §7.2", NULL}},
    {"Telnet", PORT_OTHER, BYTES(0, "\xff\xfb"), {NULL, "RFC 854: IAC WILL", NULL}},
    {"Telnet", PORT_OTHER, BYTES(0, "\xff\xfd"), {NULL, "RFC 854: IAC DO", NULL}},
    {"MongoDB", PORT_ANSWERS_HTTP, TEXT("^It looks like you are trying to access MongoDB over HTTP"),
        {NULL, "MongoDB transport: the answer to an HTTP request on the driver's port", NULL}},
    {NULL, PORT_OTHER, NULL, {{0}}, {0}},
};

static bool protocol_has_parts(const struct server_protocol *row, struct slice first)
{
	for (size_t i = 0; i < SERVER_PROTOCOL_PARTS && row->parts[i].len; i++) {
		struct slice part = slice_of(row->parts[i].bytes, row->parts[i].len);
		if (!slice_starts_with(slice_drop(first, row->parts[i].at), part))
			return false;
	}
	return row->parts[0].len > 0;
}

const struct server_protocol *servers_find_protocol(struct slice first)
{
	for (const struct server_protocol *row = server_protocols; row->name; row++)
		if (row->words ? server_text_matches(first, row->words) : protocol_has_parts(row, first))
			return row;
	return NULL;
}

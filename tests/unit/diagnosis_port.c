/* What listens at a port where no HTTP server does: packets, through the whole stack, to findings. */
#include "detect/detector.h"
#include "scene.h"

#define POLLING "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n"
#define WEBSOCKET                                                                                                    \
	"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket" \
	"\r\n\r\n"
#define SETTINGS "\0\0\0\4\0\0\0\0\0"
#define GOAWAY "\0\0\x8\7\0\0\0\0\0\0\0\0\0\0\0\0\1"
#define BANNER "SSH-2.0-OpenSSH_9.2p1\r\n"

#define BYTES(it)                                     \
	{                                             \
		(const uint8_t *)(it), sizeof(it) - 1 \
	}

enum { FINDINGS_LIMIT = 1 << 20 };

struct port {
	struct scene *scene;
	struct detector_facts facts;
	struct diagnosis *diagnosis;
	const struct observer *observers[2];
};

static int port_begin(void **state)
{
	static struct port port;
	void *scene;
	begin(&scene);
	port = (struct port){.scene = scene};
	port.diagnosis = diagnosis_new(&port.facts, FINDINGS_LIMIT);
	assert_non_null(port.diagnosis);
	port.observers[0] = &port.scene->observer;
	port.observers[1] = diagnosis_observer(port.diagnosis);
	engine_free(port.scene->engine);
	port.scene->engine = engine_new(&port.scene->limits, port.observers, 2);
	assert_non_null(port.scene->engine);
	*state = &port;
	return 0;
}

static int port_end(void **state)
{
	struct port *port = *state;
	engine_free(port->scene->engine);
	diagnosis_free(port->diagnosis);
	return 0;
}

static const struct findings *port_findings(struct port *port)
{
	engine_end(port->scene->engine);
	assert_true(ledger_adds_up(engine_ledger(port->scene->engine)));
	return diagnosis_finish(port->diagnosis, engine_counts(port->scene->engine));
}

/* One request, one answer that is no HTTP. */
static void answer_with(struct port *port, struct slice first)
{
	begin_connection(port->scene);
	say(port->scene, 3, DIRECTION_TO_SERVER, POLLING);
	say_bytes(port->scene, 4, DIRECTION_TO_CLIENT, first);
	give(port->scene, 5, DIRECTION_TO_CLIENT, port->scene->sent[DIRECTION_TO_CLIENT]++, TCP_FIN | TCP_ACK, "");
}

static void assert_names(struct port *port, const char *cause, const char *protocol)
{
	const struct findings *findings = port_findings(port);
	assert_int_equal(findings_count_found(findings), 1);
	const struct finding *found = findings->first;
	assert_int_equal(found->code, CODE_REQUEST_UNANSWERED);
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_string_equal(found->cause, cause);
	assert_non_null(strstr(found->seen, protocol));
}

static void assert_silent(struct port *port)
{
	assert_int_equal(findings_count_found(port_findings(port)), 0);
}

/* ---- what it must see */

static void an_answer_in_http2_to_a_request_in_http1_names_the_port(void **state)
{
	answer_with(*state, SLICE(SETTINGS));
	assert_names(*state, "port-of-http2", "speaks HTTP/2");
}

static void a_client_that_leaves_at_once_when_http2_answers_is_no_matter_of_its_patience(void **state)
{
	struct port *port = *state;
	struct scene *scene = port->scene;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, POLLING);
	say_bytes(scene, 4, DIRECTION_TO_CLIENT, SLICE(SETTINGS));
	give(scene, 5, DIRECTION_TO_SERVER, scene->sent[DIRECTION_TO_SERVER]++, TCP_FIN | TCP_ACK, "");
	say_bytes(scene, 6, DIRECTION_TO_CLIENT, SLICE(GOAWAY));
	assert_names(port, "port-of-http2", "speaks HTTP/2");
}

static void http2_that_greets_before_the_request_names_the_port(void **state)
{
	struct port *port = *state;
	begin_connection(port->scene);
	say_bytes(port->scene, 3, DIRECTION_TO_CLIENT, SLICE(SETTINGS));
	say(port->scene, 4, DIRECTION_TO_SERVER, POLLING);
	say_bytes(port->scene, 5, DIRECTION_TO_CLIENT, SLICE(GOAWAY));
	assert_names(port, "port-of-http2", "speaks HTTP/2");
}

static void a_banner_that_answers_a_websocket_handshake_names_the_port(void **state)
{
	struct port *port = *state;
	begin_connection(port->scene);
	say(port->scene, 3, DIRECTION_TO_SERVER, WEBSOCKET);
	say(port->scene, 4, DIRECTION_TO_CLIENT, BANNER);
	assert_names(port, "port-of-other-protocol", "speaks SSH");
}

static void a_banner_that_comes_before_the_request_names_the_port(void **state)
{
	struct port *port = *state;
	begin_connection(port->scene);
	say(port->scene, 3, DIRECTION_TO_CLIENT, BANNER);
	say(port->scene, 4, DIRECTION_TO_SERVER, POLLING);
	assert_names(port, "port-of-other-protocol", "SSH-2.0-OpenSSH_9.2p1");
}

/* "RFB" may be a method of HTTP. */
static void a_greeting_that_is_too_short_to_be_placed_names_the_port(void **state)
{
	struct port *port = *state;
	begin_connection(port->scene);
	say(port->scene, 3, DIRECTION_TO_CLIENT, "RFB");
	say(port->scene, 4, DIRECTION_TO_SERVER, POLLING);
	say(port->scene, 5, DIRECTION_TO_CLIENT, " 003.008\n");
	assert_names(port, "port-of-other-protocol", "speaks VNC");
}

static void what_another_protocol_answers_again_and_again_is_not_unanswered_as_well(void **state)
{
	struct port *port = *state;
	answer_with(port, SLICE(BANNER));
	port->scene->client++;
	port->scene->later = 2 * TIMESTAMP_SECOND;
	answer_with(port, SLICE(BANNER));
	assert_names(port, "port-of-other-protocol", "speaks SSH");
}

static void a_greeting_before_http_that_works_is_forgotten(void **state)
{
	struct port *port = *state;
	begin_connection(port->scene);
	say(port->scene, 3, DIRECTION_TO_CLIENT, BANNER);
	say(port->scene, 4, DIRECTION_TO_SERVER, POLLING);
	say(port->scene, 5, DIRECTION_TO_CLIENT, OPEN);
	say(port->scene, 6, DIRECTION_TO_SERVER, POLL("a"));
	give(port->scene, 7, DIRECTION_TO_CLIENT, port->scene->sent[DIRECTION_TO_CLIENT]++, TCP_FIN | TCP_ACK, "");
	assert_int_equal(port_findings(port)->counts[CODE_REQUEST_UNANSWERED], 0);
}

static void a_banner_in_two_segments_is_read_whole(void **state)
{
	struct port *port = *state;
	begin_connection(port->scene);
	say(port->scene, 3, DIRECTION_TO_SERVER, POLLING);
	say(port->scene, 4, DIRECTION_TO_CLIENT, "220 mail.example.org ");
	say(port->scene, 5, DIRECTION_TO_CLIENT, "ESMTP\r\n");
	assert_names(port, "port-of-other-protocol", "speaks SMTP,");
}

static void an_alert_of_tls_names_the_port(void **state)
{
	answer_with(*state, SLICE("\x15\x03\x01\0\2\2\x46"));
	assert_names(*state, "port-of-tls", "speaks TLS");
}

static void each_protocol_of_the_table_is_named_by_its_own_bytes(void **state)
{
	static const struct {
		struct slice first;
		const char *name;
	} firsts[] = {
	    {BYTES("-ERR wrong number of arguments for 'get' command\r\n"), "Redis"},
	    {BYTES("-DENIED Redis is running in protected mode\r\n"), "Redis"},
	    {BYTES("-NOAUTH Authentication required.\r\n"), "Redis"},
	    {BYTES("\x4a\0\0\0\x0a"
	           "8.0.32\0"),
	        "MySQL or MariaDB"},
	    {BYTES("\x45\0\0\0\xff\x6a\x04Host is not allowed"), "MySQL or MariaDB"},
	    {BYTES("E\0\0\0\x20SERROR\0C08P01\0"), "PostgreSQL"},
	    {BYTES("AMQP\0\0\x09\x01"), "AMQP"},
	    {BYTES("220 mail.example.org ESMTP Postfix\r\n"), "SMTP"},
	    {BYTES("220 (vsFTPd 3.0.3)\r\n"), "FTP"},
	    {BYTES("220 example.org ready\r\n"), "SMTP or FTP"},
	    {BYTES("* OK IMAP4 ready\r\n"), "IMAP"},
	    {BYTES("ERROR\r\nERROR\r\n"), "memcached"},
	    {BYTES("INFO {\"server_id\":\"N\"}\r\n"), "NATS"},
	    {BYTES("RFB 003.008\n"), "VNC (RFB)"},
	    {BYTES("This is not an HTTP port"), "Elasticsearch's transport"},
	    {BYTES("\xff\xfd\x18"), "Telnet"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++)
		assert_string_equal(servers_find_protocol(firsts[i].first)->name, firsts[i].name);
}

/* ---- what looks alike */

static void what_is_no_protocol_that_is_known_is_not_named(void **state)
{
	static const struct slice others[] = {
	    BYTES(""),
	    BYTES("\0\0\0\4\0\0\0\0"),
	    BYTES("\0\0\4\0\0\0\0\0\0"),
	    BYTES("<html>400 Bad Request</html>"),
	    BYTES("\x15\x03\x01\0\2\1\0"),
	    BYTES("ERROR: no such page\r\n"),
	    BYTES("hello\r\n"),
	};
	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_null(servers_find_protocol(others[i]));
}

static void http2_that_the_client_begins_is_healthy(void **state)
{
	struct port *port = *state;
	begin_connection(port->scene);
	say_bytes(port->scene, 3, DIRECTION_TO_CLIENT, SLICE(SETTINGS));
	say_bytes(port->scene, 4, DIRECTION_TO_SERVER, SLICE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" SETTINGS));
	say_bytes(port->scene, 5, DIRECTION_TO_CLIENT, SLICE(GOAWAY));
	assert_silent(port);
}

static void ssh_at_another_port_is_nothing_to_report(void **state)
{
	struct port *port = *state;
	begin_connection(port->scene);
	say(port->scene, 3, DIRECTION_TO_CLIENT, BANNER);
	say(port->scene, 4, DIRECTION_TO_SERVER, "SSH-2.0-client\r\n");
	assert_silent(port);
}

static void a_request_that_is_not_of_engineio_is_nothing_to_report(void **state)
{
	struct port *port = *state;
	begin_connection(port->scene);
	say(port->scene, 3, DIRECTION_TO_SERVER, "GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
	say(port->scene, 4, DIRECTION_TO_CLIENT, BANNER);
	assert_silent(port);
}

static void a_server_that_has_answered_in_http_before_speaks_http(void **state)
{
	struct port *port = *state;
	begin_session(port->scene);
	say(port->scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	say(port->scene, 6, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n6");
	say(port->scene, 7, DIRECTION_TO_SERVER, POLL("a"));
	say(port->scene, 8, DIRECTION_TO_CLIENT, BANNER);
	const struct findings *findings = port_findings(port);
	assert_int_equal(findings->counts[CODE_REQUEST_UNANSWERED], 0);
}

static void an_answer_whose_head_comes_in_pieces_is_http(void **state)
{
	struct port *port = *state;
	begin_connection(port->scene);
	say(port->scene, 3, DIRECTION_TO_SERVER, POLLING);
	say(port->scene, 4, DIRECTION_TO_CLIENT, "\r\nHT");
	say(port->scene, 5, DIRECTION_TO_CLIENT, "TP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0{\"sid\":\"a\"}");
	assert_int_equal(port_findings(port)->counts[CODE_REQUEST_UNANSWERED], 0);
}

static void behind_bytes_that_were_lost_nothing_is_recognised(void **state)
{
	struct port *port = *state;
	begin_connection(port->scene);
	say(port->scene, 3, DIRECTION_TO_SERVER, POLLING);
	lose(port->scene, DIRECTION_TO_CLIENT, 100);
	say(port->scene, 4, DIRECTION_TO_CLIENT, BANNER);
	say(port->scene, 5, DIRECTION_TO_SERVER, POLLING);
	assert_int_equal(port_findings(port)->counts[CODE_REQUEST_UNANSWERED], 0);
}

#define PORT(test) cmocka_unit_test_setup_teardown(test, port_begin, port_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PORT(an_answer_in_http2_to_a_request_in_http1_names_the_port),
	    PORT(a_client_that_leaves_at_once_when_http2_answers_is_no_matter_of_its_patience),
	    PORT(http2_that_greets_before_the_request_names_the_port),
	    PORT(a_banner_that_answers_a_websocket_handshake_names_the_port),
	    PORT(a_banner_that_comes_before_the_request_names_the_port),
	    PORT(a_greeting_that_is_too_short_to_be_placed_names_the_port),
	    PORT(what_another_protocol_answers_again_and_again_is_not_unanswered_as_well),
	    PORT(a_greeting_before_http_that_works_is_forgotten),
	    PORT(a_banner_in_two_segments_is_read_whole),
	    PORT(an_alert_of_tls_names_the_port),
	    PORT(each_protocol_of_the_table_is_named_by_its_own_bytes),
	    PORT(what_is_no_protocol_that_is_known_is_not_named),
	    PORT(http2_that_the_client_begins_is_healthy),
	    PORT(ssh_at_another_port_is_nothing_to_report),
	    PORT(a_request_that_is_not_of_engineio_is_nothing_to_report),
	    PORT(a_server_that_has_answered_in_http_before_speaks_http),
	    PORT(an_answer_whose_head_comes_in_pieces_is_http),
	    PORT(behind_bytes_that_were_lost_nothing_is_recognised),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

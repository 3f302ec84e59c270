/* Servers' logs as evidence: the steps that lines say, whatever was put before them. Logs are made here. */
#include "source/log_file.h"

#include "source/log_encoding.h"
#include "unit.h"

#include <stdio.h>

enum { LOG_SAID = 4096 };

/* What came of a log: a line for each step, and how it ended. */
struct given {
	char text[LOG_SAID];
	char software[64];
	enum source_result result;
	struct log_counts counts;
	char why[512];
	timestamp first, last;
};

static void given_add(struct given *given, const struct packet *packet)
{
	static const char *const kinds[] = {
	    "line", "packet", "payload", "event", "upgrading", "upgraded", "closed", "refused"};
	const struct log_step *step = packet->logged;
	size_t len = strlen(given->text);
	snprintf(given->text + len, sizeof given->text - len, "%d %s %.*s %s%.1s%.*s%s%s\n", (int)step->line,
	    kinds[step->kind], (int)step->sid.len, step->sid.len ? (const char *)step->sid.at : "",
	    step->received ? "<" : ">", step->type ? &step->type : "", (int)step->bytes.len,
	    step->bytes.len ? (const char *)step->bytes.at : "", step->is_binary ? " binary" : "",
	    step->is_cut ? " cut" : "");
	given->first = given->first == TIMESTAMP_NONE ? packet->time : given->first;
	given->last = packet->time;
}

/* The limits of the test at hand. */
static struct limits log_limits;

static int log_limits_set(void **state)
{
	(void)state;
	log_limits = limits_default();
	return 0;
}

static struct given log_tell_part(const char *text, size_t len)
{
	struct given given = {.first = TIMESTAMP_NONE};
	struct packet packet;
	const struct source source = {.name = "server.log", .limits = &log_limits};
	FILE *stream = fmemopen((void *)text, len, "rb");
	assert_non_null(stream);
	struct log_file *log = log_file_open(stream, &source, 0, given.why, sizeof given.why);
	given.result = log ? SOURCE_PACKET : SOURCE_FAILED;
	while (log && (given.result = log_file_next(log, &packet, given.why, sizeof given.why)) == SOURCE_PACKET)
		given_add(&given, &packet);
	if (log) {
		given.counts = *log_file_counts(log);
		snprintf(given.software, sizeof given.software, "%s", log_file_software(log));
	}
	log_file_free(log);
	(void)fclose(stream);
	return given;
}

static struct given log_tell(const char *text)
{
	return log_tell_part(text, strlen(text));
}

#define SID "iJAgjoezI0c-y0jgAAAA"
#define RECEIVED SID ": Received packet MESSAGE data 2[\"a\"]\n"
#define SENT SID ": Sending packet MESSAGE data 0\n"

/* ---- access logs */

#define REFUSED "INFO:     127.0.0.1:46590 - \"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\" 404 Not Found\n"

static void a_refused_request_of_an_access_log_is_a_step(void **state)
{
	(void)state;
	struct given given = log_tell(REFUSED
	    "127.0.0.1 - - [30/Nov/2026:00:00:01 +0000] \"POST /socket.io/?EIO=4&sid=x HTTP/1.1\" 400 12 \"-\"\n"
	    "INFO:     127.0.0.1:1 - \"WebSocket /socket.io/?EIO=4&transport=websocket\" 403\n");
	assert_string_equal(given.text, "1 refused  >/socket.io/?EIO=4&transport=polling\n"
	                                "2 refused  >/socket.io/?EIO=4&sid=x\n"
	                                "3 refused  >/socket.io/?EIO=4&transport=websocket\n");
	assert_string_equal(given.software, "a server");
}

static void other_requests_what_succeeded_and_what_was_not_waited_for_are_lines(void **state)
{
	(void)state;
	static const char *const others[] = {"\"GET /socket.io/?EIO=4 HTTP/1.1\" 200 5\n",
	    "\"GET /index.html HTTP/1.1\" 404 5\n", "\"GET /socket.io/?EIO=4 HTTP/1.1\" -\n",
	    "\"GET /socket.io/?EIO=4 HTTP/1.1\" 4040\n", "\"WebSocket /socket.io/?EIO=4\" [accepted]\n",
	    "\"GET /socket.io/?EIO=4\n", "\"GET /socket.io/?EIO=4 HTTP/1.1\" 499 0 \"-\"\n"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		char text[256];
		snprintf(text, sizeof text, REFUSED "%s", others[i]);
		assert_true(strstr(log_tell(text).text, "\n2 line") != NULL);
	}
}

static void a_log_that_says_why_needs_no_access_log(void **state)
{
	(void)state;
	assert_string_equal(log_tell("Invalid session abc\n" REFUSED).text + strlen("1 line  >Invalid session abc\n2 "),
	    "line  >INFO:     127.0.0.1:46590 - \"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\" 404 Not Found\n");
}

static void an_access_log_has_its_times(void **state)
{
	(void)state;
	struct given given = log_tell(
	    "127.0.0.1 - - [30/Nov/2026:00:00:01 +0000] \"GET /socket.io/?EIO=4 HTTP/1.1\" 400 12\n");
	assert_int_equal(given.last, INT64_C(1795996801) * TIMESTAMP_SECOND);
	assert_false(given.counts.is_undated);
}

/* ---- python */

static void a_packet_has_its_session_its_direction_its_type_and_its_text(void **state)
{
	(void)state;
	struct given given = log_tell(RECEIVED SENT SID ": Sending packet PING data None\n");
	assert_string_equal(given.text, "1 packet " SID " <42[\"a\"]\n2 packet " SID " >40\n3 packet " SID " >2\n");
	assert_string_equal(given.software, "python-engineio");
	assert_int_equal(given.counts.steps, 3);
}

static void what_stands_before_a_message_does_not_matter(void **state)
{
	static const char *const fronts[] = {"INFO:engineio.server:", "2026-11-30 15:11:40,149 INFO engineio.server: ",
	    "[2026-11-30 15:11:40 +0000] [8] [INFO] ", "Nov 30 15:11:40 host python[7]: ", "web-1  | ",
	    "2026-11-30T15:11:40.1Z stderr F ", "INFO ? engineio: ", "\x1b[32mINFO\x1b[0m:     "};
	(void)state;
	for (size_t i = 0; i < sizeof fronts / sizeof *fronts; i++) {
		char text[256];
		snprintf(text, sizeof text, "%s" RECEIVED, fronts[i]);
		assert_string_equal(log_tell(text).text, "1 packet " SID " <42[\"a\"]\n");
	}
}

static void the_words_nearest_to_the_front_count_not_those_that_a_client_sent(void **state)
{
	(void)state;
	struct given given = log_tell(SID ": Received packet MESSAGE data 2[\"x: Sending packet OPEN data {}\"]\n");
	assert_string_equal(given.text, "1 packet " SID " <42[\"x: Sending packet OPEN data {}\"]\n");
	given = log_tell(SID ": Sending packet MESSAGE data 2[\"x: Received packet OPEN data {}\"]\n");
	assert_string_equal(given.text, "1 packet " SID " >42[\"x: Received packet OPEN data {}\"]\n");
}

static void a_dict_of_python_becomes_json(void **state)
{
	(void)state;
	struct given given = log_tell(SID ": Sending packet OPEN data {'sid': '" SID
	                                  "', 'a': \"it's\", 'b': [True, None], 'c': 'say \"x\" \\'y\\''}\n");
	assert_string_equal(given.text, "1 packet " SID " >0{\"sid\": \"" SID
	                                "\", \"a\": \"it's\", \"b\": [true, null], \"c\": \"say \\\"x\\\" 'y'\"}\n");
}

static void a_dict_that_breaks_off_is_counted_and_the_next_line_is_read(void **state)
{
	(void)state;
	struct given given = log_tell(SID ": Sending packet OPEN data {'sid': '" SID "\n" RECEIVED);
	assert_string_equal(given.text, "2 packet " SID " <42[\"a\"]\n");
	assert_int_equal(given.counts.unread, 1);
}

static void a_binary_packet_is_there_without_its_bytes(void **state)
{
	(void)state;
	struct given given = log_tell(SID ": Received packet MESSAGE data <binary>\n");
	assert_string_equal(given.text, "1 packet " SID " <4 binary\n");
	assert_int_equal(given.counts.binary, 1);
}

static void what_somebody_shortened_is_marked(void **state)
{
	(void)state;
	struct given given = log_tell(SID ": Received packet MESSAGE data 2[\"abc...\n");
	assert_string_equal(given.text, "1 packet " SID " <42[\"abc... cut\n");
	assert_int_equal(given.counts.unread, 1);
}

static void events_of_socketio_s_logger_count_where_there_are_no_packets_alone(void **state)
{
	static const char event[] = "received event \"say \"x\" to y\" from " SID " [/chat]\n";
	char both[512];
	(void)state;
	struct given alone = log_tell(event);
	snprintf(both, sizeof both, "%s" RECEIVED, event);
	assert_string_equal(alone.text, "1 event " SID " <\"say \\\"x\\\" to y\"\n");
	assert_true(alone.counts.lacks_packets);
	assert_string_equal(log_tell(both).text, "2 packet " SID " <42[\"a\"]\n");
	assert_false(log_tell(both).counts.lacks_packets);
}

static void of_two_loggers_lines_each_is_given_once_with_its_time(void **state)
{
	(void)state;
	struct given given = log_tell(RECEIVED "2026-11-30 15:11:40,149 INFO engineio.server: " RECEIVED SENT
	                                       "2026-11-30 15:11:41,149 INFO engineio.server: " SENT);
	assert_string_equal(given.text, "2 packet " SID " <42[\"a\"]\n4 packet " SID " >40\n");
	assert_int_equal(given.last - given.first, TIMESTAMP_SECOND);
}

static void what_happens_twice_is_given_twice(void **state)
{
	(void)state;
	struct given given = log_tell(RECEIVED RECEIVED);
	assert_int_equal(given.counts.steps, 2);
	given = log_tell("2026-11-30 15:11:40,149 INFO e: " RECEIVED "2026-11-30 15:11:41,149 INFO e: " RECEIVED);
	assert_int_equal(given.counts.steps, 2);
}

/* ---- node */

#define NODE "2026-11-30T15:11:45.0Z "
#define SHAKE(sid) NODE "engine handshaking client \"" sid "\"\n"
#define GOT NODE "engine:ws received \"42[\"a\"]\"\n"

static void a_line_without_a_session_is_of_the_one_that_is_open(void **state)
{
	(void)state;
	struct given given = log_tell(SHAKE("one") GOT);
	assert_string_equal(given.text, "2 packet one <42[\"a\"]\n");
	assert_string_equal(given.software, "socket.io (Node.js)");
	assert_int_equal(given.counts.unplaced, 0);
}

static void of_several_open_sessions_none_is_guessed(void **state)
{
	(void)state;
	struct given given = log_tell(SHAKE("one") SHAKE("two") GOT);
	assert_string_equal(given.text, "3 packet  <42[\"a\"]\n");
	assert_int_equal(given.counts.unplaced, 1);
	assert_int_equal(given.counts.unplaced_first, 3);
}

static void a_session_that_ended_is_not_open(void **state)
{
	(void)state;
	struct given given = log_tell(
	    SHAKE("one") NODE "socket.io:client client close with reason transport close\n" SHAKE("two") GOT);
	assert_string_equal(given.text, "2 closed one >the server's log: transport close\n4 packet two <42[\"a\"]\n");
}

static void a_process_that_was_started_has_no_open_session(void **state)
{
	(void)state;
	struct given given = log_tell(
	    SHAKE("one") NODE "socket.io:server creating engine.io instance with opts {}\n" SHAKE("two") GOT);
	assert_string_equal(given.text, "4 packet two <42[\"a\"]\n");
}

static void a_sid_that_is_not_known_is_no_open_session(void **state)
{
	(void)state;
	struct given given = log_tell(
	    NODE "engine handling \"GET\" http request \"/socket.io/?EIO=4&transport=polling&sid=gone\"\n" NODE
	         "engine unknown sid \"gone\"\n" SHAKE("two") GOT);
	assert_non_null(strstr(given.text, "4 packet two <42[\"a\"]\n"));
	assert_non_null(strstr(given.text, "2 line")); /* a known line stays, for what it states */
}

static void the_body_of_a_post_is_of_the_session_that_it_names(void **state)
{
	(void)state;
	struct given given = log_tell(SHAKE("one") SHAKE("two") NODE
	    "engine handling \"POST\" http request \"/socket.io/?EIO=4&transport=polling&sid=two\"\n" NODE
	    "engine:polling received \"40\"\n");
	assert_string_equal(given.text, "4 payload two <40\n");
}

static void binary_messages_are_those_that_were_announced(void **state)
{
	(void)state;
	struct given given = log_tell(SHAKE("one") NODE
	    "engine:ws received \"451-[\"b\",{\"_placeholder\":true}]\"\n" NODE "engine:ws received \"4242\"\n" GOT);
	assert_string_equal(given.text,
	    "2 packet one <451-[\"b\",{\"_placeholder\":true}]\n3 packet one <4 binary\n4 packet one <42[\"a\"]\n");
}

static void differences_of_time_on_a_terminal_add_up_for_each_name(void **state)
{
	(void)state;
	struct given given = log_tell("  engine handshaking client \"one\" +0ms\n  engine:ws received \"40\" +0ms\n"
	                              "  engine setting new request +3s\n  engine:ws received \"41\" +5s\n");
	assert_string_equal(given.text, "2 packet one <40\n4 packet one <41\n");
	assert_in_range(given.last - given.first, 5 * TIMESTAMP_SECOND, 5 * TIMESTAMP_SECOND + 10000);
	assert_true(given.counts.is_undated);
}

/* ---- files */

static void times_within_a_message_are_none_of_the_log(void **state)
{
	(void)state;
	struct given given = log_tell("a: Received packet MESSAGE data 2[\"2024-01-01 10:00:00\"]\n");
	assert_true(given.counts.is_undated);
	assert_true(given.last < TIMESTAMP_SECOND);
}

static void lines_before_the_first_time_have_that(void **state)
{
	(void)state;
	struct given given = log_tell("KeyError: 'a'\n2026-11-30T15:11:45Z " RECEIVED);
	assert_int_equal(given.first, given.last);
	assert_int_equal(given.counts.lines, 2);
}

static void a_line_of_json_is_its_message_with_its_time(void **state)
{
	(void)state;
	struct given given = log_tell("{\"log\":\"" SID ": Received packet MESSAGE data 2[\\\"a\\\"]\\n\",\"stream\":"
	                              "\"stderr\",\"time\":\"2026-11-30T00:00:01Z\"}\n");
	assert_string_equal(given.text, "1 packet " SID " <42[\"a\"]\n");
	assert_int_equal(given.last, INT64_C(1795996801) * TIMESTAMP_SECOND);
}

static void a_line_longer_than_the_limit_is_cut_and_the_next_is_read(void **state)
{
	enum { LONG = 3 << 20 };
	(void)state;
	char *text = test_malloc(LONG + 200);
	size_t len = (size_t)sprintf(text, "%s", SID ": Received packet MESSAGE data 2[\"");
	memset(text + len, 'x', LONG);
	sprintf(text + len + LONG, "\"]\n%s", RECEIVED);
	struct given given = log_tell_part(text, strlen(text));
	assert_int_equal(given.result, SOURCE_END);
	assert_int_equal(given.counts.lines, 2);
	assert_int_equal(given.counts.steps, 2);
	assert_int_equal(given.counts.too_long, 1);
	assert_int_equal(given.counts.unread, 0);
	log_limits.log_line = 4 << 20;
	assert_int_equal(log_tell_part(text, strlen(text)).counts.too_long, 0);
	test_free(text);
}

static void the_last_line_needs_no_end(void **state)
{
	(void)state;
	assert_string_equal(log_tell(SID ": Sending packet MESSAGE data 0").text, "1 packet " SID " >40\n");
}

static void a_text_without_a_line_of_a_server_is_no_log(void **state)
{
	(void)state;
	struct given given = log_tell("Dear reader,\nnothing of this is a log.\n");
	assert_int_equal(given.result, SOURCE_FAILED);
	assert_non_null(strstr(given.why, "engineio_logger=True"));
}

static void a_known_error_alone_makes_a_log(void **state)
{
	(void)state;
	struct given given = log_tell("hello\nInvalid session abc\n");
	assert_string_equal(given.software, "a server");
	assert_string_equal(given.text, "1 line  >hello\n2 line  >Invalid session abc\n");
}

static void captures_and_har_files_are_no_logs(void **state)
{
	(void)state;
	assert_false(log_file_is_log(SLICE("\xd4\xc3\xb2\xa1\x02\0\x04\0")));
	assert_false(log_file_is_log(SLICE("{\"log\":{\"version\":\"1.2\",\"entries\":[]}}\n")));
	assert_false(log_file_is_log(SLICE("{\n  \"log\": {")));
	assert_true(log_file_is_log(SLICE("{\"log\":\"INFO\\n\",\"stream\":\"stderr\"}\n")));
	assert_true(log_file_is_log(SLICE("{\"level\":30,\"msg\":\"hello\"}\n{")));
	assert_true(log_file_is_log(SLICE("INFO: started\n")));
}

static void a_log_whose_form_does_not_show_in_its_beginning_is_read_for_known_errors_and_says_so(void **state)
{
	(void)state;
	static const char text[] = "Invalid session abc\n"
	                           "some line\n  socket.io:client client close with reason transport close +0ms\n";
	log_limits.log_start = 30;
	struct given given = log_tell(text);
	assert_string_equal(given.software, "a server");
	assert_true(given.counts.is_unknown);
	log_limits.log_start = 1 << 10;
	given = log_tell(text);
	assert_string_equal(given.software, "socket.io (Node.js)");
	assert_false(given.counts.is_unknown);
}

/* ---- what stands around a line */

#define STEPS "1 packet " SID " >40{\"sid\":\"x\"}\n2 packet " SID " <42[\"say\",\"a b\"]\n"
#define FIRST SID ": Sending packet MESSAGE data 0{\"sid\":\"x\"}"
#define FIRST_JSON SID ": Sending packet MESSAGE data 0{\\\"sid\\\":\\\"x\\\"}"
#define FIRST_TWICE SID ": Sending packet MESSAGE data 0{\\\\\\\"sid\\\\\\\":\\\\\\\"x\\\\\\\"}"
#define NEXT SID ": Received packet MESSAGE data 2[\"say\",\"a b\"]"
#define NEXT_JSON SID ": Received packet MESSAGE data 2[\\\"say\\\",\\\"a b\\\"]"
#define NEXT_TWICE SID ": Received packet MESSAGE data 2[\\\\\\\"say\\\\\\\",\\\\\\\"a b\\\\\\\"]"

/* 2026-11-30T23:10:00Z */
#define DATED (INT64_C(1796080200) * TIMESTAMP_SECOND)

static void each_way_to_write_a_line_of_json_says_the_same(void **state)
{
	static const char *const texts[] = {
	    /* structlog */
	    "{\"event\": \"" FIRST_JSON "\", \"level\": \"info\", \"timestamp\": \"2026-11-30T23:10:00Z\"}\n"
	    "{\"event\": \"" NEXT_JSON "\", \"level\": \"info\", \"timestamp\": \"2026-11-30T23:10:00Z\"}\n",
	    /* within docker's json-file */
	    "{\"log\":\"{\\\"event\\\":\\\"" FIRST_TWICE
	    "\\\"}\\n\",\"stream\":\"stderr\",\"time\":\"2026-11-30T23:10:00Z\"}\n"
	    "{\"log\":\"{\\\"event\\\":\\\"" NEXT_TWICE
	    "\\\"}\\n\",\"stream\":\"stderr\",\"time\":\"2026-11-30T23:10:00Z\"}\n",
	    /* behind what compose and Kubernetes put before it */
	    "app-1  | {\"level\":30,\"time\":1796080200000,\"msg\":\"" FIRST_JSON "\"}\n"
	    "app-1  | {\"level\":30,\"time\":1796080200000,\"msg\":\"" NEXT_JSON "\"}\n",
	    "2026-11-30T23:10:00.000000000Z {\"msg\":\"" FIRST_JSON "\"}\n"
	    "2026-11-30T23:10:00.000000000Z {\"msg\":\"" NEXT_JSON "\"}\n",
	    /* journalctl -o json, and a cloud's */
	    "{\"__REALTIME_TIMESTAMP\":\"1796080200000000\",\"MESSAGE\":\"" FIRST_JSON "\"}\n"
	    "{\"__REALTIME_TIMESTAMP\":\"1796080200000000\",\"MESSAGE\":\"" NEXT_JSON "\"}\n",
	    "{\"jsonPayload\":{\"level\":\"info\",\"message\":\"" FIRST_JSON
	    "\"},\"timestamp\":\"2026-11-30T23:10:00Z\"}\n"
	    "{\"jsonPayload\":{\"level\":\"info\",\"message\":\"" NEXT_JSON
	    "\"},\"timestamp\":\"2026-11-30T23:10:00Z\"}\n",
	    /* logfmt */
	    "time=\"2026-11-30T23:10:00Z\" level=info msg=\"" FIRST_JSON "\"\n"
	    "time=\"2026-11-30T23:10:00Z\" level=info msg=\"" NEXT_JSON "\" logger=engineio\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct given given = log_tell(texts[i]);
		assert_string_equal(given.text, STEPS);
		assert_int_equal(given.first, DATED);
		assert_false(given.counts.is_partly_dated);
	}
}

/* ---- lines that runtimes cut */

#define CRI "2026-11-28T08:00:01.900000123Z stderr "
#define CRI_OUT "2026-11-28T08:00:01.900000123Z stdout "

static void the_parts_of_a_line_that_cri_cut_are_one(void **state)
{
	(void)state;
	struct given given = log_tell(
	    CRI "P Invalid ses\n" CRI "P:x sion a\n" CRI "F bc\n" CRI "F Invalid session d\n");
	assert_string_equal(given.text, "1 line  >" CRI "F Invalid session abc\n4 line  >" CRI "F Invalid session d\n");
	assert_int_equal(given.counts.lines, 4);
}

static void a_part_goes_on_in_its_own_stream_alone(void **state)
{
	(void)state;
	assert_string_equal(log_tell(CRI "P Invalid session a\n" CRI_OUT "F Invalid session b\n").text,
	    "1 line  >" CRI "P Invalid session a\n2 line  >" CRI_OUT "F Invalid session b\n");
	assert_string_equal(log_tell(CRI "P Invalid session a\n").text, "1 line  >" CRI "P Invalid session a\n");
	assert_string_equal(log_tell("a stderr P Invalid session a\nInvalid session b\n").text,
	    "1 line  >a stderr P Invalid session a\n2 line  >Invalid session b\n");
}

static void what_a_collector_made_of_cris_parts_is_one_line(void **state)
{
	(void)state;
	assert_string_equal(log_tell("{\"log\":\"Invalid ses\",\"stream\":\"stderr\",\"logtag\":\"P\"}\n"
	                             "{\"log\":\"sion abc\",\"stream\":\"stderr\",\"logtag\":\"F\"}\n"
	                             "{\"log\":\"Invalid session d\",\"stream\":\"stderr\",\"logtag\":\"F\"}\n")
	                        .text,
	    "1 line  >Invalid session abc\n3 line  >Invalid session d\n");
}

static void docker_cuts_lines_after_sixteen_kilobytes(void **state)
{
	enum { PART = 16384, ROOM = 2 * PART };
	(void)state;
	char *text = test_calloc(1, ROOM);
	size_t len = (size_t)snprintf(text, ROOM,
	    "{\"log\":\"Invalid session short\",\"stream\":\"stderr\"}\n"
	    "{\"log\":\"Invalid session d\\n\",\"stream\":\"stderr\"}\n{\"log\":\"Invalid session abc ");
	for (size_t end = len + PART; len < end; len++)
		text[len] = 'x';
	snprintf(
	    text + len, ROOM - len, "\",\"stream\":\"stderr\"}\n{\"log\":\"and so on\\n\",\"stream\":\"stderr\"}\n");
	struct given given = log_tell(text);
	assert_true(slice_starts_with(slice_of_text(given.text),
	    SLICE("1 line  >Invalid session short\n2 line  >Invalid session d\n3 line  >Invalid session abc xxx")));
	assert_null(strstr(given.text, "and so on"));
	assert_null(strstr(given.text, "\n4 line"));
	assert_int_equal(given.counts.lines, 4);
	test_free(text);
}

/* ---- the journal */

#define JOURNAL "{\"__REALTIME_TIMESTAMP\":\"1796080200000000\",\"MESSAGE\":"

static void the_journal_writes_a_text_with_colours_as_bytes(void **state)
{
	(void)state;
	struct given given = log_tell(
	    JOURNAL "[27,91,51,50,109,73,110,118,97,108,105,100,32,115,101,115,115,105,111,110,"
	            "32,97,27,91,48,109]}\n" JOURNAL "[256,1]}\n" JOURNAL "[\"x\"]}\n");
	assert_string_equal(
	    given.text, "1 line  >Invalid session a\n2 line  >" JOURNAL "[256,1]}\n3 line  >" JOURNAL "[\"x\"]}\n");
	assert_int_equal(given.first, DATED);
}

/* ---- what applications log of connection_error (socket.io's documentation of the engine's event) */

static void what_a_handler_of_connection_error_logs_is_known(void **state)
{
	static const char *const texts[] = {
	    "{\"level\":40,\"time\":1796080200000,\"code\":1,\"message\":\"Session ID unknown\",\"msg\":\"refused\"}\n",
	    "2026-11-30 23:10:00 [warn]: connection_error {\"code\":1,\"message\":\"Session ID unknown\"}\n",
	    "2026-11-30T23:10:00Z 1 Session ID unknown { sid: 'abc' }\n"};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct given given = log_tell(texts[i]);
		assert_non_null(strstr(given.text, "Session ID unknown"));
		assert_int_equal(given.first, DATED);
	}
}

/* ---- lists of JSON, as clouds and journals export them */

#define ENTRY(seconds, text)                                                                     \
	"  {\n    \"receiveTimestamp\": \"2026-11-30T23:11:00Z\",\n    \"textPayload\": \"" text \
	"\",\n    \"timestamp\": "                                                               \
	"\"2026-11-30T23:10:" seconds "Z\"\n  }"

static void a_list_of_json_is_read_the_oldest_first_whatever_its_order(void **state)
{
	(void)state;
	struct given given = log_tell(
	    "[\n" ENTRY("09", "Invalid session b") ",\n" ENTRY("00", "Invalid session a") "\n]\n");
	assert_string_equal(given.text, "7 line  >Invalid session a\n2 line  >Invalid session b\n");
	assert_int_equal(given.first, DATED);
	assert_int_equal(given.last, DATED + 9 * TIMESTAMP_SECOND);
	assert_int_equal(given.counts.lines, 7);
	given = log_tell("[" ENTRY("00", "Invalid session a") "," ENTRY("09", "Invalid session b") "]");
	assert_string_equal(given.text, "1 line  >Invalid session a\n5 line  >Invalid session b\n");
}

static void a_list_that_is_cut_is_read_as_far_as_it_goes(void **state)
{
	(void)state;
	assert_string_equal(
	    log_tell("[\n" ENTRY("00", "Invalid session a") ",\n{\n \"textPayload\": \"Invalid ses").text,
	    "2 line  >Invalid session a\n");
}

static void what_journalctl_and_aws_write_over_several_lines_are_lists(void **state)
{
	(void)state;
	assert_string_equal(
	    log_tell("{\n\t\"__REALTIME_TIMESTAMP\" : \"1796080200000000\",\n\t\"MESSAGE\" : \"Invalid session "
	             "a\"\n}\n{\n\t\"MESSAGE\" : \"Invalid session b\"\n}\n")
	        .text,
	    "1 line  >Invalid session a\n5 line  >Invalid session b\n");
	struct given given = log_tell(
	    "{\n \"events\": [\n  {\n   \"timestamp\": 1796080200000,\n   \"message\": \"Invalid "
	    "session a\\n\"\n  }\n ],\n \"searchedLogStreams\": []\n}\n");
	assert_string_equal(given.text, "3 line  >Invalid session a\n");
	assert_int_equal(given.first, DATED);
}

static void blanks_in_the_strings_of_a_list_stay(void **state)
{
	(void)state;
	assert_string_equal(log_tell("[ { \"message\" : \"Invalid session  \\\" a \\\\\" } ]").text,
	    "1 line  >Invalid session  \" a \\\n");
}

static void a_har_is_no_list(void **state)
{
	(void)state;
	assert_false(log_file_is_log(SLICE("{\n  \"log\": {\n    \"version\": \"1.2\",\n")));
	assert_true(log_file_is_log(SLICE("[\n  {\n    \"insertId\": \"1\",\n")));
	assert_true(log_file_is_log(SLICE("{\n\t\"_PID\" : \"1\",\n")));
}

static void a_list_of_too_many_objects_is_refused_with_what_to_do(void **state)
{
	enum { OBJECTS = (1 << 18) + 1 };
	(void)state;
	char *text = test_calloc(3, OBJECTS + 1);
	*text = '[';
	for (size_t i = 0; i < OBJECTS; i++)
		memcpy(text + 1 + 3 * i, "{},", 3);
	struct given given = log_tell(text);
	assert_int_equal(given.result, SOURCE_FAILED);
	assert_non_null(strstr(given.why, "jq -c"));
	test_free(text);
}

static void an_object_that_a_logger_was_given_is_no_line_of_json(void **state)
{
	(void)state;
	struct given given = log_tell(SID ": Sending packet MESSAGE data 4 {\"message\":\"no\"}\n");
	assert_string_equal(given.text, "1 packet " SID " >44 {\"message\":\"no\"}\n");
}

static void the_journals_export_has_the_time_before_the_message(void **state)
{
	(void)state;
	struct given given = log_tell("__REALTIME_TIMESTAMP=1796080200000000\n_HOSTNAME=a\nMESSAGE=" FIRST "\n\n");
	assert_non_null(strstr(given.text, "3 packet " SID " >40{\"sid\":\"x\"}\n"));
	assert_int_equal(given.last, DATED);
}

static void the_table_of_rich_has_a_source_behind_its_text_and_years_of_two_digits(void **state)
{
	(void)state;
	struct given given = log_tell("[11/30/26 23:10:00] INFO     " FIRST "          base_server.py:354\n"
	                              "                    INFO     " NEXT "      base_server.py:354\n");
	assert_string_equal(given.text, STEPS);
	assert_int_equal(given.first, DATED);
	assert_int_equal(given.last, DATED);
	assert_false(given.counts.is_partly_dated);
}

static void richs_colours_hide_neither_its_columns_nor_its_source(void **state)
{
	(void)state;
	struct given given = log_tell("\x1b[2;36m[11/30/26 23:10:00]\x1b[0m \x1b[34mINFO    \x1b[0m " FIRST
	                              "          \x1b[2mbase_server.py\x1b[0m\x1b[2m:354\x1b[0m\n"
	                              "                    \x1b[34mINFO    \x1b[0m " NEXT
	                              "      \x1b[2mbase_server.py\x1b[0m\x1b[2m:354\x1b[0m\n");
	assert_string_equal(given.text, STEPS);
}

static void what_rich_wraps_is_one_line(void **state)
{
	(void)state;
	static const char words[] = "[11/30/26 23:10:00] INFO     " SID ": Sending   server.py:3\n"
	                            "                             packet MESSAGE data            \n"
	                            "                             2[\"say\",\"aaaaaaaaaaaaaaaaaaaaaa\n"
	                            "                             bb\"]                           \n"
	                            "                    INFO     " SID ": Received  server.py:3\n"
	                            "                             packet PING data               \n";
	struct given given = log_tell(words);
	assert_string_equal(given.text, "1 packet " SID " >42[\"say\",\"aaaaaaaaaaaaaaaaaaaaaabb\"]\n"
	                                "5 packet " SID " <2\n");
	assert_int_equal(given.counts.unread, 0);
}

static void a_line_that_names_a_file_at_its_end_is_no_table(void **state)
{
	(void)state;
	struct given given = log_tell("2026-11-30 23:10:00 " SID ": Received packet MESSAGE data 2[\"at\"] a.py:3\n");
	assert_non_null(strstr(given.text, "42[\"at\"] a.py:3"));
}

static void structlogs_console_has_the_logger_and_fields_behind_its_text(void **state)
{
	(void)state;
	struct given given = log_tell("2026-11-30T23:10:00Z [info     ] " FIRST " [engineio.server]\n"
	                              "2026-11-30T23:10:00Z [\x1b[32m\x1b[1minfo     \x1b[0m] \x1b[1m" NEXT
	                              "\x1b[0m    [engineio.server] pid=7 host=a\n");
	assert_string_equal(given.text, STEPS);
}

/* ---- UTF-16 */

/* Each unit of 16 bits as two bytes; `big`: the high one first. Returns how many bytes. */
static size_t put_units(char *out, const uint16_t *units, size_t count, bool big)
{
	for (size_t i = 0; i < count; i++) {
		out[2 * i + big] = (char)(units[i] & 0xff);
		out[2 * i + !big] = (char)(units[i] >> 8);
	}
	return 2 * count;
}

static size_t put_text(uint16_t *units, const char *text)
{
	size_t count = 0;
	for (; text[count]; count++)
		units[count] = (uint8_t)text[count];
	return count;
}

static void what_powershell_writes_is_read_in_either_order_with_a_mark_and_without(void **state)
{
	(void)state;
	uint16_t units[512];
	char bytes[1024];
	for (int form = 0; form < 4; form++) {
		size_t count = 0;
		if (form & 1)
			units[count++] = 0xfeff;
		count += put_text(units + count, FIRST "\r\n" NEXT "\r\n");
		size_t len = put_units(bytes, units, count, form & 2);
		assert_true(log_file_is_log(slice_of(bytes, len)));
		struct given given = log_tell_part(bytes, len);
		assert_string_equal(given.text, STEPS);
		assert_int_equal(given.counts.lines, 2);
	}
}

static void pairs_of_utf_16_are_characters_and_halves_are_replaced(void **state)
{
	(void)state;
	uint16_t units[256];
	char bytes[512];
	size_t count = put_text(units, SID ": Received packet MESSAGE data 2[\"");
	units[count++] = 0xe9;
	units[count++] = 0x20ac;
	units[count++] = 0xd83d;
	units[count++] = 0xde00;
	units[count++] = 0xd83d; /* alone */
	units[count++] = 'x';
	units[count++] = 0xde00; /* alone */
	count += put_text(units + count, "\"]\n");
	struct given given = log_tell_part(bytes, put_units(bytes, units, count, false));
	assert_string_equal(
	    given.text, "1 packet " SID " <42[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbdx\xef\xbf\xbd\"]\n");
}

static void bytes_with_zeros_are_no_text_of_utf_16(void **state)
{
	(void)state;
	assert_int_equal(log_encoding_find(SLICE("a\0b\0\0\0c\0d\0")), LOG_UTF8);
	assert_int_equal(log_encoding_find(SLICE("\0\0\0\0text")), LOG_UTF8); /* as copytruncate leaves them */
	assert_int_equal(log_encoding_find(SLICE("a\0")), LOG_UTF8);
	assert_false(log_file_is_log(SLICE("\xff\xfe\1\0\1\0")));
}

/* With the limits as they are by default. */
#define WITH_LIMITS(test) cmocka_unit_test_setup(test, log_limits_set)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_LIMITS(a_packet_has_its_session_its_direction_its_type_and_its_text),
	    WITH_LIMITS(what_stands_before_a_message_does_not_matter),
	    WITH_LIMITS(the_words_nearest_to_the_front_count_not_those_that_a_client_sent),
	    WITH_LIMITS(a_dict_of_python_becomes_json),
	    WITH_LIMITS(a_dict_that_breaks_off_is_counted_and_the_next_line_is_read),
	    WITH_LIMITS(a_binary_packet_is_there_without_its_bytes),
	    WITH_LIMITS(what_somebody_shortened_is_marked),
	    WITH_LIMITS(events_of_socketio_s_logger_count_where_there_are_no_packets_alone),
	    WITH_LIMITS(of_two_loggers_lines_each_is_given_once_with_its_time),
	    WITH_LIMITS(what_happens_twice_is_given_twice),
	    WITH_LIMITS(a_line_without_a_session_is_of_the_one_that_is_open),
	    WITH_LIMITS(of_several_open_sessions_none_is_guessed),
	    WITH_LIMITS(a_session_that_ended_is_not_open),
	    WITH_LIMITS(a_process_that_was_started_has_no_open_session),
	    WITH_LIMITS(a_sid_that_is_not_known_is_no_open_session),
	    WITH_LIMITS(the_body_of_a_post_is_of_the_session_that_it_names),
	    WITH_LIMITS(binary_messages_are_those_that_were_announced),
	    WITH_LIMITS(differences_of_time_on_a_terminal_add_up_for_each_name),
	    WITH_LIMITS(times_within_a_message_are_none_of_the_log),
	    WITH_LIMITS(lines_before_the_first_time_have_that),
	    WITH_LIMITS(a_line_of_json_is_its_message_with_its_time),
	    WITH_LIMITS(each_way_to_write_a_line_of_json_says_the_same),
	    WITH_LIMITS(the_parts_of_a_line_that_cri_cut_are_one),
	    WITH_LIMITS(a_part_goes_on_in_its_own_stream_alone),
	    WITH_LIMITS(what_a_collector_made_of_cris_parts_is_one_line),
	    WITH_LIMITS(docker_cuts_lines_after_sixteen_kilobytes),
	    WITH_LIMITS(the_journal_writes_a_text_with_colours_as_bytes),
	    WITH_LIMITS(what_a_handler_of_connection_error_logs_is_known),
	    WITH_LIMITS(a_list_of_json_is_read_the_oldest_first_whatever_its_order),
	    WITH_LIMITS(a_list_that_is_cut_is_read_as_far_as_it_goes),
	    WITH_LIMITS(what_journalctl_and_aws_write_over_several_lines_are_lists),
	    WITH_LIMITS(blanks_in_the_strings_of_a_list_stay),
	    WITH_LIMITS(a_har_is_no_list),
	    WITH_LIMITS(a_list_of_too_many_objects_is_refused_with_what_to_do),
	    WITH_LIMITS(an_object_that_a_logger_was_given_is_no_line_of_json),
	    WITH_LIMITS(the_journals_export_has_the_time_before_the_message),
	    WITH_LIMITS(the_table_of_rich_has_a_source_behind_its_text_and_years_of_two_digits),
	    WITH_LIMITS(richs_colours_hide_neither_its_columns_nor_its_source),
	    WITH_LIMITS(what_rich_wraps_is_one_line),
	    WITH_LIMITS(a_line_that_names_a_file_at_its_end_is_no_table),
	    WITH_LIMITS(structlogs_console_has_the_logger_and_fields_behind_its_text),
	    WITH_LIMITS(what_powershell_writes_is_read_in_either_order_with_a_mark_and_without),
	    WITH_LIMITS(pairs_of_utf_16_are_characters_and_halves_are_replaced),
	    WITH_LIMITS(bytes_with_zeros_are_no_text_of_utf_16),
	    WITH_LIMITS(a_line_longer_than_the_limit_is_cut_and_the_next_is_read),
	    WITH_LIMITS(the_last_line_needs_no_end),
	    WITH_LIMITS(a_text_without_a_line_of_a_server_is_no_log),
	    WITH_LIMITS(a_known_error_alone_makes_a_log),
	    WITH_LIMITS(captures_and_har_files_are_no_logs),
	    WITH_LIMITS(a_refused_request_of_an_access_log_is_a_step),
	    WITH_LIMITS(other_requests_what_succeeded_and_what_was_not_waited_for_are_lines),
	    WITH_LIMITS(a_log_that_says_why_needs_no_access_log),
	    WITH_LIMITS(an_access_log_has_its_times),
	    WITH_LIMITS(a_log_whose_form_does_not_show_in_its_beginning_is_read_for_known_errors_and_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Server logs: lines in, times out. */
#include "source/source.h"
#include "unit.h"

#include <unistd.h>

/* 2026-11-23T11:54:09Z */
#define NEAR (1795434849 * TIMESTAMP_SECOND)

static void assert_time(const char *line, const char *expected)
{
	char text[TIMESTAMP_TEXT_SIZE];
	timestamp time;
	assert_true(timestamp_read(slice_of_text(line), NEAR, &time));
	assert_string_equal(timestamp_format(time, text), expected);
}

static void assert_no_time(const char *line)
{
	timestamp time;
	assert_false(timestamp_read(slice_of_text(line), NEAR, &time));
}

static void seconds_since_the_epoch_are_a_time(void **state)
{
	(void)state;
	assert_time("1795434849.032650 11:54:09.032650 Traceback", "2026-11-23T11:54:09.032650000Z");
	assert_time("1795434849 x", "2026-11-23T11:54:09.000000000Z");
}

static void a_date_with_an_offset_is_put_right(void **state)
{
	(void)state;
	assert_time("2026-11-23T13:54:09.5+02:00 x", "2026-11-23T11:54:09.500000000Z");
	assert_time("2026-11-23 11:54:09Z", "2026-11-23T11:54:09.000000000Z");
	assert_time("2026-11-23 11:54:09,051+0000 ERROR", "2026-11-23T11:54:09.051000000Z");
}

static void a_date_without_an_offset_is_local_time(void **state)
{
	(void)state;
	setenv("TZ", "UTC-3", 1);
	assert_time("2026-11-23 14:54:09,051 ERROR", "2026-11-23T11:54:09.051000000Z");
	setenv("TZ", "UTC", 1);
}

static void a_level_or_a_bracket_may_stand_before_it(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	assert_time("[2026-11-23 11:54:09 +0000] [7] [INFO] up", "2026-11-23T11:54:09.000000000Z");
	assert_time("ERROR:    2026/11/23 11:54:09 x", "2026-11-23T11:54:09.000000000Z");
}

static void a_year_that_is_none_is_reported_as_the_nearest(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	assert_time("9999999999.5 x", "2116-02-20T23:53:38.427387903Z");
	assert_time("9999-12-31 23:59:60 x", "2116-02-20T23:53:38.427387903Z");
	assert_time("0000-01-01 00:00:00 x", "1970-01-01T00:00:00.000000000Z");
}

static void nestjs_writes_the_month_first_with_am_and_pm_and_the_day_first_without(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	assert_time(
	    "[Nest] 41  - 11/23/2026, 2:54:09 PM   ERROR [WsExceptionsHandler] x", "2026-11-23T14:54:09.000000000Z");
	assert_time("[Nest] 41  - 11/05/2026, 12:54:09 AM     LOG [A] x", "2026-11-05T00:54:09.000000000Z");
	assert_time("[Nest] 41  - 11/05/2026, 2:54:09\xe2\x80\xafPM LOG x", "2026-11-05T14:54:09.000000000Z");
	assert_time("[Nest] 41  - 05/11/2026, 14:54:09     LOG x", "2026-11-05T14:54:09.000000000Z");
	assert_time("[Nest] 41  - 05.11.2026, 14:54:09     LOG x", "2026-11-05T14:54:09.000000000Z");
	assert_time("[Nest] 41  - 11/23/2026, 14:54:09     LOG x", "2026-11-23T14:54:09.000000000Z");
}

static void months_have_names_in_access_logs_syslog_and_apache(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	assert_time("10.0.0.1 - - [23/Nov/2026:13:54:09 +0200] \"GET /\"", "2026-11-23T11:54:09.000000000Z");
	assert_time("23-Nov-2026 11:54:09.123 INFO [main] x", "2026-11-23T11:54:09.123000000Z");
	assert_time("[Mon Nov 23 11:54:09.051287 2026] [core:error] x", "2026-11-23T11:54:09.051287000Z");
	assert_time("Mon, 23 Nov 2026 11:54:09 GMT engine handshaking", "2026-11-23T11:54:09.000000000Z");
	assert_time("2026-11-23, 11:54:09.5 x", "2026-11-23T11:54:09.500000000Z");
}

static void what_names_no_year_or_no_day_is_near_the_capture(void **state)
{
	timestamp time;
	(void)state;
	setenv("TZ", "UTC", 1);
	assert_time("Nov 23 11:54:10 web app[7]: x", "2026-11-23T11:54:10.000000000Z");
	assert_time("Dec 31 23:59:59 web app[7]: x", "2026-12-31T23:59:59.000000000Z");
	assert_time("Jan  2 00:00:01 web app[7]: x", "2027-01-02T00:00:01.000000000Z");
	assert_time("11:54:08.5 ERROR x", "2026-11-23T11:54:08.500000000Z");
	assert_time("[22:59:59] ERROR x", "2026-11-23T22:59:59.000000000Z");
	assert_time("00:00:01 ERROR x", "2026-11-23T00:00:01.000000000Z");
	assert_false(timestamp_read(SLICE("11:54:08.5 ERROR x"), TIMESTAMP_NONE, &time));
	assert_false(timestamp_read(SLICE("Nov 23 11:54:10 x"), TIMESTAMP_NONE, &time));
}

static void a_line_of_json_says_its_time_in_a_member(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	assert_time("{\"level\":50,\"time\":1795434849032,\"msg\":\"x\"}", "2026-11-23T11:54:09.032000000Z");
	assert_time("{\"level\":\"error\",\"timestamp\":\"2026-11-23T11:54:09.5Z\"}", "2026-11-23T11:54:09.500000000Z");
	assert_time("{\"log\":\"x\",\"stream\":\"stderr\",\"time\":\"2026-11-23T11:54:09Z\"}",
	    "2026-11-23T11:54:09.000000000Z");
}

static void lines_without_a_time_have_none(void **state)
{
	(void)state;
	assert_no_time("RuntimeError: Socket.IO environ is not initialized.");
	assert_no_time("  File \"app.py\", line 2209, in on_event");
	assert_no_time("2026-13-45 99:99:99");
	assert_no_time("12345678901 too many digits");
	assert_no_time("INFO:     127.0.0.1:52134 - \"GET /socket.io/ HTTP/1.1\" 200 OK");
	assert_no_time("link 00:11:22:33:44:55 up");
	assert_no_time("    at Server.emit (/app/server.js:12:34)");
	assert_no_time("{\"time\":\"soon\"}");
	assert_no_time("");
}

static void a_line_without_a_time_has_that_of_the_line_before(void **state)
{
	(void)state;
	char path[] = "/tmp/sioscope-log-XXXXXX", why[64];
	int file = mkstemp(path);
	static const char text[] = "no time yet\r\n1795434849.5 one\ntwo\n";
	assert_int_equal(write(file, text, sizeof text - 1), sizeof text - 1);
	close(file);
	struct server_log log;
	assert_true(server_log_open(&log, path, why, sizeof why));
	server_log_begin(&log, TIMESTAMP_NONE);
	assert_true(slice_equals(log.text, SLICE("no time yet")));
	assert_int_equal(log.time, TIMESTAMP_NONE);
	server_log_advance(&log);
	timestamp one = log.time;
	server_log_advance(&log);
	assert_true(slice_equals(log.text, SLICE("two")));
	assert_int_equal(log.time, one);
	server_log_advance(&log);
	assert_null(log.text.at);
	assert_int_equal(log.unstamped, 1);
	server_log_close(&log);
	unlink(path);
}

static void colours_are_no_part_of_a_line(void **state)
{
	(void)state;
	char path[] = "/tmp/sioscope-log-XXXXXX", why[64];
	int file = mkstemp(path);
	static const char text[] =
	    "\x1b[31m[Nest] 41  - \x1b[39m11/23/2026, 11:54:09 AM \x1b[31mERROR\x1b[39m x\x1b[\n";
	assert_int_equal(write(file, text, sizeof text - 1), sizeof text - 1);
	close(file);
	struct server_log log;
	assert_true(server_log_open(&log, path, why, sizeof why));
	server_log_begin(&log, TIMESTAMP_NONE);
	assert_true(slice_equals(log.text, SLICE("[Nest] 41  - 11/23/2026, 11:54:09 AM ERROR x")));
	assert_int_equal(log.first / TIMESTAMP_SECOND, 1795434849);
	server_log_close(&log);
	unlink(path);
}

static void a_log_of_utf_16_is_read_as_text(void **state)
{
	(void)state;
	char path[] = "/tmp/sioscope-log-XXXXXX", why[64], bytes[256] = "\xff\xfe";
	int file = mkstemp(path);
	static const char text[] = "2026-11-23T11:54:09Z one\r\n2026-11-23T11:54:10Z two\r\n";
	for (size_t i = 0; i < sizeof text - 1; i++)
		bytes[2 + 2 * i] = text[i];
	assert_int_equal(write(file, bytes, 2 * sizeof text), 2 * sizeof text);
	close(file);
	struct server_log log;
	assert_true(server_log_open(&log, path, why, sizeof why));
	server_log_begin(&log, TIMESTAMP_NONE);
	assert_true(slice_equals(log.text, SLICE("2026-11-23T11:54:09Z one")));
	assert_int_equal(log.time / TIMESTAMP_SECOND, 1795434849);
	server_log_advance(&log);
	assert_true(slice_equals(log.text, SLICE("2026-11-23T11:54:10Z two")));
	server_log_advance(&log);
	assert_null(log.text.at);
	server_log_close(&log);
	unlink(path);
}

static void years_of_two_digits_are_of_this_century_and_a_slash_puts_the_month_first(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	assert_time("[11/05/26 11:54:09] INFO", "2026-11-05T11:54:09.000000000Z");
	assert_time("[23/11/26 11:54:09] INFO", "2026-11-23T11:54:09.000000000Z");
	assert_time("[05.11.26 11:54:09] INFO", "2026-11-05T11:54:09.000000000Z");
	assert_time("26-11-05 11:54:09 INFO", "2026-11-05T11:54:09.000000000Z");
	assert_time("{\"__REALTIME_TIMESTAMP\":\"1795434849032650\"}", "2026-11-23T11:54:09.032650000Z");
	assert_time("{\"datetime\":\"2026-11-23T11:54:09Z\"}", "2026-11-23T11:54:09.000000000Z");
}

static void a_file_that_is_not_there_is_said(void **state)
{
	(void)state;
	struct server_log log;
	char why[64] = "";
	assert_false(server_log_open(&log, "/nonexistent/log", why, sizeof why));
	assert_true(*why);
}

/* ---- does it fit the capture: ten seconds from AT on */

#define AT (1795434849 * TIMESTAMP_SECOND)

/* Empty when it does. */
static char *why_it_misses(const char *text, char why[128])
{
	char path[] = "/tmp/sioscope-log-XXXXXX";
	int file = mkstemp(path);
	struct server_log log;
	assert_int_equal(write(file, text, strlen(text)), strlen(text));
	close(file);
	assert_true(server_log_open(&log, path, why, 128));
	server_log_begin(&log, AT);
	while (log.text.at)
		server_log_advance(&log);
	*why = '\0';
	bool misses = server_log_misses(&log, AT, AT + 10 * TIMESTAMP_SECOND, why, 128);
	assert_int_equal(misses, *why != 0);
	server_log_close(&log);
	unlink(path);
	return why;
}

static void a_log_of_the_captured_time_fits(void **state)
{
	(void)state;
	char why[128];
	assert_string_equal(why_it_misses("1795434850 in it\n", why), "");
	assert_string_equal(why_it_misses("1795434800 less than a minute before\n", why), "");
	assert_string_equal(why_it_misses("1795434900 less than a minute after\n", why), "");
	assert_string_equal(why_it_misses("no time\n1795430000 started\nTraceback\n1795439000 stopped\n", why), "");
}

static void a_log_of_another_time_does_not_fit(void **state)
{
	(void)state;
	char why[128];
	assert_non_null(strstr(why_it_misses("1795427649 two hours before\nat all\n", why),
	    "its last line is of 2026-11-23T09:54:09Z, before"));
	assert_non_null(strstr(why_it_misses("1795434929 late\n1795434930 later\n", why),
	    "its first line is of 2026-11-23T11:55:29Z, after"));
}

static void what_has_no_times_is_no_log(void **state)
{
	(void)state;
	char why[128];
	assert_non_null(strstr(why_it_misses("\x7f"
	                                     "ELF\none\ntwo\n",
	                           why),
	    "no line of it has a time"));
	assert_string_equal(why_it_misses("", why), "holds no line");
}

static void of_a_line_of_any_length_the_beginning_is_read_and_the_next_line_is_whole(void **state)
{
	(void)state;
	enum { LONG = 3 * SERVER_LOG_LINE };
	char path[] = "/tmp/sioscope-log-XXXXXX", why[128];
	static char text[LONG + 32];
	memset(text, 'x', LONG);
	memcpy(text, "1795434850 ", 11);
	strcpy(text + LONG, "\n1795434851 next\n");
	int file = mkstemp(path);
	struct server_log log;
	assert_int_equal(write(file, text, strlen(text)), strlen(text));
	close(file);
	assert_true(server_log_open(&log, path, why, sizeof why));
	server_log_begin(&log, AT);
	assert_int_equal(log.text.len, SERVER_LOG_LINE);
	server_log_advance(&log);
	assert_true(slice_equals(log.text, SLICE("1795434851 next")));
	server_log_advance(&log);
	assert_null(log.text.at);
	assert_int_equal(log.lines, 2);
	assert_true(server_log_misses(&log, AT, AT + TIMESTAMP_SECOND, why, sizeof why));
	assert_string_equal(why, "of 1 of its lines, which are longer than 4096 bytes, the rest was not read");
	server_log_close(&log);
	unlink(path);
}

static void a_log_that_cannot_be_read_is_not_an_empty_one(void **state)
{
	struct server_log log;
	char why[128];
	(void)state;
	assert_true(server_log_open(&log, "/proc/self/mem", why, sizeof why)); /* its first page is nobody's */
	server_log_begin(&log, AT);
	assert_true(server_log_misses(&log, AT, AT, why, sizeof why));
	assert_string_equal(why, "could not be read to its end: Input/output error");
	server_log_close(&log);
}

static void a_folder_is_no_log(void **state)
{
	struct server_log log;
	char why[128] = "";
	(void)state;
	assert_false(server_log_open(&log, ".", why, sizeof why));
	assert_string_equal(why, "Is a directory");
}

static void what_has_no_lines_ends(void **state)
{
	struct server_log log;
	char why[128];
	(void)state;
	assert_true(server_log_open(&log, "/dev/zero", why, sizeof why));
	server_log_begin(&log, AT);
	assert_null(log.text.at);
	assert_true(server_log_misses(&log, AT, AT, why, sizeof why));
	assert_string_equal(why, "one of its lines is longer than 16 MiB: it is no log");
	server_log_close(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(seconds_since_the_epoch_are_a_time),
	    cmocka_unit_test(a_date_with_an_offset_is_put_right),
	    cmocka_unit_test(a_date_without_an_offset_is_local_time),
	    cmocka_unit_test(a_level_or_a_bracket_may_stand_before_it),
	    cmocka_unit_test(a_year_that_is_none_is_reported_as_the_nearest),
	    cmocka_unit_test(nestjs_writes_the_month_first_with_am_and_pm_and_the_day_first_without),
	    cmocka_unit_test(months_have_names_in_access_logs_syslog_and_apache),
	    cmocka_unit_test(what_names_no_year_or_no_day_is_near_the_capture),
	    cmocka_unit_test(a_line_of_json_says_its_time_in_a_member),
	    cmocka_unit_test(colours_are_no_part_of_a_line),
	    cmocka_unit_test(a_log_of_utf_16_is_read_as_text),
	    cmocka_unit_test(years_of_two_digits_are_of_this_century_and_a_slash_puts_the_month_first),
	    cmocka_unit_test(lines_without_a_time_have_none),
	    cmocka_unit_test(of_a_line_of_any_length_the_beginning_is_read_and_the_next_line_is_whole),
	    cmocka_unit_test(a_log_of_the_captured_time_fits),
	    cmocka_unit_test(a_log_of_another_time_does_not_fit),
	    cmocka_unit_test(what_has_no_times_is_no_log),
	    cmocka_unit_test(a_line_without_a_time_has_that_of_the_line_before),
	    cmocka_unit_test(a_log_that_cannot_be_read_is_not_an_empty_one),
	    cmocka_unit_test(a_folder_is_no_log),
	    cmocka_unit_test(what_has_no_lines_ends),
	    cmocka_unit_test(a_file_that_is_not_there_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* OpenTelemetry's environment: which value counts, and what is said of one that cannot. */
#include "cmd/otlp_environment.h"

#include "unit.h"

#include <string.h>

enum { VARIABLES = 16 };

/* A little environment of the test's own. */
static struct variable {
	const char *name;
	char value[256];
} variables[VARIABLES];

static void set(const char *name, const char *value)
{
	size_t i = 0;
	while (variables[i].name && strcmp(variables[i].name, name) != 0)
		i++;
	variables[i].name = name;
	snprintf(variables[i].value, sizeof variables[i].value, "%s", value);
}

static char *get(const char *name)
{
	for (size_t i = 0; i < VARIABLES && variables[i].name; i++)
		if (strcmp(variables[i].name, name) == 0)
			return variables[i].value;
	return NULL;
}

static struct otlp_environment environment;
static char why[OTLP_WHY];

static int begin(void **state)
{
	(void)state;
	memset(variables, 0, sizeof variables);
	return 0;
}

static int end(void **state)
{
	(void)state;
	otlp_environment_free(&environment);
	return 0;
}

static void assert_read(const char *url)
{
	bool good = otlp_environment_read(&environment, url, true, get, why);
	assert_string_equal(why, "");
	assert_true(good);
}

static void assert_refused(const char *url, const char *words)
{
	assert_false(otlp_environment_read(&environment, url, true, get, why));
	if (!strstr(why, words))
		fail_msg("says: %s", why);
}

static void without_any_variable_it_is_the_collector_of_this_machine(void **state)
{
	(void)state;
	assert_read(NULL);
	assert_string_equal(environment.targets[OTLP_METRICS].url, "http://localhost:4318/v1/metrics");
	assert_string_equal(environment.targets[OTLP_FINDINGS].url, "http://localhost:4318/v1/logs");
	assert_string_equal(environment.targets[OTLP_TRACES].url, "http://localhost:4318/v1/traces");
	assert_string_equal(environment.targets[OTLP_EVENTS].url, "http://localhost:4318/v1/logs");
	assert_true(environment.targets[OTLP_METRICS].gzip);
	assert_true(environment.targets[OTLP_METRICS].timeout == 10 * TIMESTAMP_SECOND);
	assert_true(environment.interval == 60 * TIMESTAMP_SECOND);
	assert_false(environment.disabled);
}

static void a_base_endpoint_gets_each_signals_path(void **state)
{
	(void)state;
	set("OTEL_EXPORTER_OTLP_ENDPOINT", "https://otel.example/gate/");
	assert_read(NULL);
	assert_string_equal(environment.targets[OTLP_METRICS].url, "https://otel.example/gate/v1/metrics");
	assert_string_equal(environment.targets[OTLP_TRACES].shown, "https://otel.example");
}

static void a_signals_own_endpoint_is_taken_as_it_is(void **state)
{
	(void)state;
	set("OTEL_EXPORTER_OTLP_ENDPOINT", "http://one:4318");
	set("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://two:9/ingest?tenant=a");
	assert_read("");
	assert_string_equal(environment.targets[OTLP_FINDINGS].url, "http://two:9/ingest?tenant=a");
	assert_string_equal(environment.targets[OTLP_METRICS].url, "http://one:4318/v1/metrics");
}

static void the_option_wins_over_all_endpoints(void **state)
{
	(void)state;
	set("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://two:9/ingest");
	assert_read("http://user:word@three:1");
	assert_string_equal(environment.targets[OTLP_FINDINGS].url, "http://user:word@three:1/v1/logs");
	assert_string_equal(environment.targets[OTLP_FINDINGS].shown, "http://three:1");
}

static void a_unix_socket_is_a_path(void **state)
{
	(void)state;
	assert_read("unix:///run/otlp.sock");
	assert_string_equal(environment.targets[OTLP_METRICS].socket, "/run/otlp.sock");
	assert_string_equal(environment.targets[OTLP_METRICS].url, "http://localhost/v1/metrics");
	otlp_environment_free(&environment);
	assert_read("unix:otlp.sock");
	assert_string_equal(environment.targets[OTLP_METRICS].socket, "otlp.sock");
}

static void headers_are_percent_decoded(void **state)
{
	(void)state;
	set("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20a%2Cb, x-scope = c ,,");
	set("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "only=this");
	assert_read(NULL);
	const struct otlp_target *target = &environment.targets[OTLP_METRICS];
	assert_int_equal(target->header_count, 2);
	assert_string_equal(target->headers[0], "authorization: Bearer a,b");
	assert_string_equal(target->headers[1], "x-scope: c");
	assert_int_equal(environment.targets[OTLP_TRACES].header_count, 1);
	assert_string_equal(environment.targets[OTLP_TRACES].headers[0], "only: this");
}

/* A line end in a value would begin another header. */
static void headers_that_are_none_are_refused_without_their_values(void **state)
{
	(void)state;
	set("OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret%0d%0aX: y");
	assert_refused(NULL, "'authorization'");
	assert_null(strstr(why, "secret"));
	otlp_environment_free(&environment);
	set("OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret%2");
	assert_refused(NULL, "NAME=VALUE");
	otlp_environment_free(&environment);
	set("OTEL_EXPORTER_OTLP_HEADERS", "na me=secret");
	assert_refused(NULL, "'na me'");
}

static void secrets_are_overwritten(void **state)
{
	(void)state;
	set("OTEL_EXPORTER_OTLP_HEADERS", "authorization=token");
	set("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "authorization=other");
	assert_read(NULL);
	const char *line = environment.targets[OTLP_METRICS].headers[0];
	otlp_environment_forget_secrets(&environment, get);
	assert_string_equal(line, "xxxxxxxxxxxxxxxxxxxx");
	assert_string_equal(get("OTEL_EXPORTER_OTLP_HEADERS"), "xxxxxxxxxxxxxxxxxxx");
	assert_string_equal(get("OTEL_EXPORTER_OTLP_LOGS_HEADERS"), "xxxxxxxxxxxxxxxxxxx");
	assert_int_equal(environment.targets[OTLP_METRICS].header_count, 0);
}

static void times_are_milliseconds(void **state)
{
	(void)state;
	set("OTEL_EXPORTER_OTLP_TIMEOUT", "2500");
	set("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "300");
	set("OTEL_METRIC_EXPORT_INTERVAL", "5000");
	assert_read(NULL);
	assert_true(environment.targets[OTLP_METRICS].timeout == 2500 * TIMESTAMP_MILLISECOND);
	assert_true(environment.targets[OTLP_TRACES].timeout == 300 * TIMESTAMP_MILLISECOND);
	assert_true(environment.interval == 5 * TIMESTAMP_SECOND);
	assert_true(otlp_environment_longest(&environment) == 2500 * TIMESTAMP_MILLISECOND);
}

static void compression_and_protocol(void **state)
{
	(void)state;
	set("OTEL_EXPORTER_OTLP_COMPRESSION", "none");
	set("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "gzip");
	set("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json");
	assert_read(NULL);
	assert_false(environment.targets[OTLP_FINDINGS].gzip);
	assert_true(environment.targets[OTLP_METRICS].gzip);
}

static void where_nothing_is_sent_endpoints_do_not_matter(void **state)
{
	(void)state;
	set("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
	set("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317");
	assert_true(otlp_environment_read(&environment, NULL, false, get, why));
	assert_null(environment.targets[OTLP_METRICS].url);
	assert_true(otlp_environment_longest(&environment) == 0);
}

static void an_empty_variable_is_none(void **state)
{
	(void)state;
	set("OTEL_EXPORTER_OTLP_ENDPOINT", "");
	set("OTEL_EXPORTER_OTLP_TIMEOUT", "");
	set("OTEL_EXPORTER_OTLP_COMPRESSION", "");
	assert_read(NULL);
	assert_string_equal(environment.targets[OTLP_METRICS].url, "http://localhost:4318/v1/metrics");
	assert_true(environment.targets[OTLP_METRICS].gzip);
}

static void only_true_disables(void **state)
{
	(void)state;
	set("OTEL_SDK_DISABLED", "TRUE");
	assert_read(NULL);
	assert_true(environment.disabled);
	otlp_environment_free(&environment);
	set("OTEL_SDK_DISABLED", "1");
	assert_read(NULL);
	assert_false(environment.disabled);
}

/* Each says its name, and what to write in its place. */
static void a_bad_value_is_refused_with_the_next_step(void **state)
{
	static const struct {
		const char *name, *value, *words;
	} cases[] = {
	    {"OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "write http://HOST:4318"},
	    {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://", "no host"},
	    {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://:4318", "no host"},
	    {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://a b", "a space"},
	    {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://a?b=c", "a ? or #"},
	    {"OTEL_EXPORTER_OTLP_ENDPOINT", "unix:", "a path"},
	    {"OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "write milliseconds"},
	    {"OTEL_EXPORTER_OTLP_TIMEOUT", "0", "write milliseconds"},
	    {"OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "-1", "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT=-1"},
	    {"OTEL_METRIC_EXPORT_INTERVAL", "99999999999", "write milliseconds"},
	    {"OTEL_EXPORTER_OTLP_COMPRESSION", "zstd", "write gzip or none"},
	    {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "port 4318"},
	    {"OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", "set it to http/json"},
	    {"OTEL_EXPORTER_OTLP_CLIENT_KEY", "/key.pem", "belong together"},
	    {"OTEL_RESOURCE_ATTRIBUTES", "team", "'team'"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		memset(variables, 0, sizeof variables);
		set(cases[i].name, cases[i].value);
		assert_refused(NULL, cases[i].words);
		otlp_environment_free(&environment);
	}
	memset(variables, 0, sizeof variables);
	assert_refused("ftp://x", "--otlp=ftp://x: write http://HOST:4318");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(without_any_variable_it_is_the_collector_of_this_machine),
	    TEST(a_base_endpoint_gets_each_signals_path),
	    TEST(a_signals_own_endpoint_is_taken_as_it_is),
	    TEST(the_option_wins_over_all_endpoints),
	    TEST(a_unix_socket_is_a_path),
	    TEST(headers_are_percent_decoded),
	    TEST(headers_that_are_none_are_refused_without_their_values),
	    TEST(secrets_are_overwritten),
	    TEST(times_are_milliseconds),
	    TEST(compression_and_protocol),
	    TEST(where_nothing_is_sent_endpoints_do_not_matter),
	    TEST(an_empty_variable_is_none),
	    TEST(only_true_disables),
	    TEST(a_bad_value_is_refused_with_the_next_step),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

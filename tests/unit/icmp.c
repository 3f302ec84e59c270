/* Errors of ICMP: what they quote, and what becomes of the SYN that they answer. */
#include "net/icmp.h"

#include "scene.h"

enum { IP_HEAD = 20, ICMP_HEAD = 8, QUOTE = IP_HEAD + 8, ERROR = IP_HEAD + ICMP_HEAD + QUOTE };

/* An error of 0.0.0.9 about a segment of the scene's client with this sequence number. */
static void write_error(uint8_t bytes[ERROR], uint8_t client, uint8_t type, uint8_t code, uint32_t sequence)
{
	memset(bytes, 0, ERROR);
	bytes[0] = 0x45;
	network_write_16(bytes + 2, ERROR);
	bytes[9] = 1;
	bytes[15] = 9;
	bytes[19] = 1;
	uint8_t *icmp = bytes + IP_HEAD, *quoted = icmp + ICMP_HEAD, *tcp = quoted + IP_HEAD;
	icmp[0] = type;
	icmp[1] = code;
	network_write_16(icmp + 6, 1400);
	quoted[0] = 0x45;
	network_write_16(quoted + 2, 60);
	quoted[9] = IP_PROTOCOL_TCP;
	quoted[15] = 1;
	quoted[19] = 2;
	tcp[0] = 0x9c;
	tcp[1] = client;
	tcp[3] = 80;
	network_write_32(tcp + 4, sequence);
}

static void say_error(struct scene *scene, uint64_t number, uint8_t client, uint8_t code, uint32_t sequence)
{
	uint8_t bytes[ERROR];
	write_error(bytes, client, 3, code, sequence);
	const struct packet packet = {.time = scene->later + (timestamp)(1000 + number) * TIMESTAMP_MILLISECOND,
	    .number = number,
	    .link_type = LINK_RAW,
	    .wire_len = ERROR,
	    .bytes = slice_of(bytes, ERROR)};
	engine_take_packet(scene->engine, &packet);
}

static void ask(struct scene *scene, uint64_t number)
{
	give(scene, number, DIRECTION_TO_SERVER, 1000, TCP_SYN, "");
}

/* ---- attempts */

static void a_syn_that_is_answered_by_an_error_is_rejected(void **state)
{
	struct scene *scene = *state;
	ask(scene, 1);
	say_error(scene, 2, 0, 10, 1000);
	assert_int_equal(scene->attempts, 1);
	assert_int_equal(scene->attempt.outcome, ATTEMPT_REJECTED);
	assert_int_equal(scene->attempt.rejection.code, 10);
	assert_int_equal(scene->attempt.rejection.by.bytes[3], 9);
	assert_int_equal(scene->attempt.origin.first, 1);
	assert_int_equal(scene->attempt.origin.last, 2);
}

static void an_error_that_quotes_another_number_is_forged(void **state)
{
	struct scene *scene = *state;
	ask(scene, 1);
	say_error(scene, 2, 0, 10, 1001);
	say_error(scene, 3, 0, 10, 999);
	assert_int_equal(scene->attempts, 0);
}

static void an_error_of_another_connection_rejects_nothing(void **state)
{
	struct scene *scene = *state;
	ask(scene, 1);
	say_error(scene, 2, 1, 10, 1000);
	assert_int_equal(scene->attempts, 0);
}

static void an_error_about_a_connection_that_was_accepted_rejects_nothing(void **state)
{
	struct scene *scene = *state;
	scene->sent[DIRECTION_TO_SERVER] = 1000;
	begin_connection(scene);
	say_error(scene, 3, 0, 1, 1000);
	assert_int_equal(scene->attempts, 1);
	assert_int_equal(scene->attempt.outcome, ATTEMPT_ACCEPTED);
}

static void a_syn_that_is_accepted_after_an_error_is_accepted(void **state)
{
	struct scene *scene = *state;
	scene->sent[DIRECTION_TO_SERVER] = 1001;
	ask(scene, 1);
	say_error(scene, 2, 0, 1, 1000);
	ask(scene, 1500);
	give(scene, 1501, DIRECTION_TO_CLIENT, 0, TCP_SYN | TCP_ACK, "");
	assert_int_equal(scene->attempts, 2);
	assert_int_equal(scene->attempt.outcome, ATTEMPT_ACCEPTED);
}

static void a_syn_that_is_rejected_each_time_counts_once(void **state)
{
	struct scene *scene = *state;
	for (uint64_t i = 0; i < 4; i++) {
		ask(scene, 1 + 1000 * i);
		say_error(scene, 2 + 1000 * i, 0, 13, 1000);
	}
	engine_end(scene->engine);
	assert_int_equal(scene->attempts, 1);
	assert_int_equal(scene->attempt.outcome, ATTEMPT_REJECTED);
}

static void a_packet_that_is_too_big_rejects_nothing(void **state)
{
	struct scene *scene = *state;
	ask(scene, 1);
	say_error(scene, 2, 0, 4, 1000);
	assert_int_equal(scene->attempts, 0);
}

/* ---- what is read */

static bool reads(struct slice bytes, struct icmp_error *error)
{
	struct ip_packet packet;
	assert_true(ip_read_packet(bytes, &packet));
	return icmp_read_error(&packet, error);
}

static void what_is_no_error_of_a_segment_is_not_read(void **state)
{
	uint8_t bytes[ERROR];
	struct icmp_error error;
	(void)state;
	write_error(bytes, 0, 3, 10, 1000);
	assert_true(reads(slice_of(bytes, ERROR), &error));
	write_error(bytes, 0, 8, 0, 1000);
	assert_false(reads(slice_of(bytes, ERROR), &error));
	write_error(bytes, 0, 3, 10, 1000);
	bytes[IP_HEAD + ICMP_HEAD + 9] = IP_PROTOCOL_UDP;
	assert_false(reads(slice_of(bytes, ERROR), &error));
	write_error(bytes, 0, 3, 10, 1000);
	bytes[IP_HEAD + ICMP_HEAD + 7] = 1; /* behind the beginning */
	assert_false(reads(slice_of(bytes, ERROR), &error));
}

static void a_quote_that_is_cut_is_not_read(void **state)
{
	uint8_t bytes[ERROR];
	struct icmp_error error;
	(void)state;
	write_error(bytes, 0, 3, 10, 1000);
	for (size_t len = IP_HEAD; len < ERROR; len++) {
		uint8_t *copy = malloc(len);
		assert_non_null(copy);
		memcpy(copy, bytes, len);
		assert_false(reads(slice_of(copy, len), &error));
		free(copy);
	}
}

static void the_mtu_is_read(void **state)
{
	uint8_t bytes[ERROR];
	struct icmp_error error;
	(void)state;
	write_error(bytes, 0, 3, 4, 1000);
	assert_true(reads(slice_of(bytes, ERROR), &error));
	assert_true(icmp_is_too_big(&error.said));
	assert_int_equal(error.said.mtu, 1400);
}

#define HEAD_6(len, next)                        \
	"\x60\0\0\0" len next "\x40"             \
	"\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1" \
	"\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2"

static void an_error_of_icmp_6_is_read(void **state)
{
	struct icmp_error error;
	(void)state;
	assert_true(reads(
	    SLICE(HEAD_6("\0\x38", "\x3a") "\1\1sum\0\0\0" HEAD_6("\0\x14", "\6") "\x9c\1\0\x50\0\0\3\xe8"), &error));
	assert_string_equal(icmp_text(&error.said), "communication administratively prohibited");
	assert_true(icmp_is_prohibition(&error.said));
	assert_int_equal(error.sequence, 1000);
}

static void a_packet_too_big_of_icmp_6_names_its_mtu(void **state)
{
	struct icmp_error error;
	(void)state;
	assert_true(reads(
	    SLICE(HEAD_6("\0\x38", "\x3a") "\2\0su\0\0\5\0" HEAD_6("\0\x14", "\6") "\x9c\1\0\x50\0\0\3\xe8"), &error));
	assert_true(icmp_is_too_big(&error.said));
	assert_int_equal(error.said.mtu, 1280);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCENE(a_syn_that_is_answered_by_an_error_is_rejected),
	    SCENE(an_error_that_quotes_another_number_is_forged),
	    SCENE(an_error_of_another_connection_rejects_nothing),
	    SCENE(an_error_about_a_connection_that_was_accepted_rejects_nothing),
	    SCENE(a_syn_that_is_accepted_after_an_error_is_accepted),
	    SCENE(a_syn_that_is_rejected_each_time_counts_once),
	    SCENE(a_packet_that_is_too_big_rejects_nothing),
	    cmocka_unit_test(what_is_no_error_of_a_segment_is_not_read),
	    cmocka_unit_test(a_quote_that_is_cut_is_not_read),
	    cmocka_unit_test(the_mtu_is_read),
	    cmocka_unit_test(an_error_of_icmp_6_is_read),
	    cmocka_unit_test(a_packet_too_big_of_icmp_6_names_its_mtu),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

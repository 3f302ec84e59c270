/* A pipe that is read ahead: is a packet there? Given record by record. */
#include "source/ahead.h"

#include "unit.h"

#include <string.h>
#include <unistd.h>

struct pipe_given {
	int read, write;
	struct ahead *ahead;
};

static struct pipe_given begin(const char *start, size_t len)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	struct pipe_given given = {ends[0], ends[1], ahead_new(ends[0], slice_of(start, len), NULL)};
	assert_non_null(given.ahead);
	return given;
}

static void give(const struct pipe_given *given, const char *bytes, size_t len)
{
	assert_int_equal(write(given->write, bytes, len), len);
}

static void end(struct pipe_given *given)
{
	ahead_free(given->ahead);
	close(given->read);
	close(given->write);
}

static const char pcap_header[24] = "\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0";
static const char pcap_record[20] = "\1\0\0\0\0\0\0\0\4\0\0\0\4\0\0\0abc";

static void a_pcap_packet_is_there_once_it_is_whole(void **state)
{
	char out[100];
	struct pipe_given given = begin(pcap_header, 4);
	(void)state;
	give(&given, pcap_header + 4, sizeof pcap_header - 4);
	assert_int_equal(ahead_read(given.ahead, out, sizeof out), 4);
	assert_int_equal(ahead_read(given.ahead, out, sizeof out), sizeof pcap_header - 4);
	for (size_t i = 0; i < sizeof pcap_record; i++) {
		assert_false(ahead_has_packet(given.ahead));
		give(&given, pcap_record + i, 1);
	}
	assert_true(ahead_has_packet(given.ahead));
	end(&given);
}

static void what_is_read_ends_with_the_record(void **state)
{
	char out[100];
	struct pipe_given given = begin(pcap_header, sizeof pcap_header);
	(void)state;
	give(&given, pcap_record, sizeof pcap_record);
	give(&given, pcap_record, sizeof pcap_record);
	assert_true(ahead_has_packet(given.ahead));
	assert_int_equal(ahead_read(given.ahead, out, sizeof out), sizeof pcap_header);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ahead_read(given.ahead, out, sizeof out), sizeof pcap_record);
		assert_memory_equal(out, pcap_record, sizeof pcap_record);
	}
	assert_false(ahead_has_packet(given.ahead));
	end(&given);
}

static void a_pcapng_block_that_is_no_packet_is_none(void **state)
{
	static const char section[28] =
	    "\n\r\r\n\0\0\0\x1c\x1a\x2b\x3c\x4d\0\1\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\x1c";
	static const char interface[20] = "\0\0\0\1\0\0\0\x14\0\1\0\0\0\4\0\0\0\0\0\x14";
	static const char packet[16] = "\0\0\0\3\0\0\0\x10\0\0\0\0\0\0\0\x10";
	struct pipe_given given = begin(section, sizeof section);
	(void)state;
	give(&given, interface, sizeof interface);
	assert_false(ahead_has_packet(given.ahead));
	give(&given, packet, sizeof packet);
	assert_true(ahead_has_packet(given.ahead));
	end(&given);
}

static void the_end_can_be_read_without_waiting(void **state)
{
	char out[100];
	struct pipe_given given = begin(pcap_header, sizeof pcap_header);
	(void)state;
	give(&given, pcap_record, 3);
	assert_int_equal(ahead_read(given.ahead, out, sizeof out), sizeof pcap_header);
	assert_false(ahead_has_packet(given.ahead));
	close(given.write);
	assert_true(ahead_has_packet(given.ahead));
	assert_int_equal(ahead_read(given.ahead, out, sizeof out), 3);
	assert_int_equal(ahead_read(given.ahead, out, sizeof out), 0);
	ahead_free(given.ahead);
	close(given.read);
}

static void a_log_is_there_when_all_of_it_is(void **state)
{
	struct pipe_given given = begin("INFO a line\n", 12);
	(void)state;
	assert_false(ahead_has_packet(given.ahead));
	give(&given, "INFO another\n", 13);
	assert_false(ahead_has_packet(given.ahead));
	close(given.write);
	assert_true(ahead_has_packet(given.ahead));
	ahead_free(given.ahead);
	close(given.read);
}

static void a_length_without_sense_is_left_to_the_reader(void **state)
{
	char broken[sizeof pcap_record];
	struct pipe_given given = begin(pcap_header, sizeof pcap_header);
	char out[100];
	(void)state;
	assert_int_equal(ahead_read(given.ahead, out, sizeof out), sizeof pcap_header);
	memcpy(broken, pcap_record, sizeof broken);
	broken[11] = '\x7f';
	give(&given, broken, sizeof broken);
	assert_int_equal(ahead_read(given.ahead, out, sizeof out), sizeof broken);
	end(&given);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pcap_packet_is_there_once_it_is_whole),
	    cmocka_unit_test(what_is_read_ends_with_the_record),
	    cmocka_unit_test(a_pcapng_block_that_is_no_packet_is_none),
	    cmocka_unit_test(the_end_can_be_read_without_waiting),
	    cmocka_unit_test(a_log_is_there_when_all_of_it_is),
	    cmocka_unit_test(a_length_without_sense_is_left_to_the_reader),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* pcapng files as they are written: read again, and their blocks. */
#include "view/pcapng.h"

#include "base/memory.h"
#include "source/pcapng_reader.h"
#include "unit.h"

#include <stdlib.h>

enum { ETHERNET = 1, COOKED = 113 };

struct written {
	char *bytes;
	size_t len;
	FILE *out;
	struct pcapng pcapng;
};

static void written_begin(struct written *written)
{
	written->out = open_memstream(&written->bytes, &written->len);
	assert_non_null(written->out);
	pcapng_begin(&written->pcapng, written->out, ETHERNET);
}

static void write_packet(struct written *written, uint16_t link_type, const char *bytes, const char *comment)
{
	const struct packet packet = {.time = TIMESTAMP_SECOND + 7,
	    .link_type = link_type,
	    .wire_len = (uint32_t)strlen(bytes) + 10,
	    .bytes = slice_of_text(bytes)};
	assert_true(pcapng_write(&written->pcapng, &packet, slice_of_text(comment)));
	assert_int_equal(fflush(written->out), 0);
}

static void written_end(struct written *written)
{
	fclose(written->out);
	free(written->bytes);
}

static void assert_next(struct pcapng_reader *reader, int link_type, const char *bytes)
{
	char why[200];
	struct packet packet;
	assert_int_equal(pcapng_reader_next(reader, &packet, why, sizeof why), SOURCE_PACKET);
	assert_int_equal(packet.link_type, link_type);
	assert_int_equal(packet.time, TIMESTAMP_SECOND + 7);
	assert_int_equal(packet.wire_len, strlen(bytes) + 10);
	assert_true(slice_equals_text(packet.bytes, bytes));
}

static void packets_of_several_link_types_are_read_again_as_they_were(void **state)
{
	(void)state;
	struct written written = {0};
	written_begin(&written);
	write_packet(&written, ETHERNET, "one", "");
	write_packet(&written, COOKED, "second", "with a comment");
	write_packet(&written, ETHERNET, "three", "");
	write_packet(&written, COOKED, "fourth", "");
	FILE *in = fmemopen(written.bytes, written.len, "rb");
	struct pcapng_reader *reader = pcapng_reader_new(in, NULL);
	struct packet packet;
	char why[200];
	assert_next(reader, ETHERNET, "one");
	assert_next(reader, COOKED, "second");
	assert_next(reader, ETHERNET, "three");
	assert_next(reader, COOKED, "fourth");
	assert_int_equal(pcapng_reader_next(reader, &packet, why, sizeof why), SOURCE_END);
	pcapng_reader_free(reader);
	fclose(in);
	written_end(&written);
}

static uint32_t read_32(const struct written *written, size_t from_end)
{
	uint32_t number;
	memcpy(&number, written->bytes + written->len - from_end, sizeof number);
	return number;
}

/* draft-ietf-opsawg-pcapng §3.5: a list of options ends with opt_endofopt; §3.1: a block's length stands at both ends.
 */
static void a_comment_is_an_option_and_ends_the_block(void **state)
{
	(void)state;
	struct written written = {0};
	written_begin(&written);
	write_packet(&written, ETHERNET, "abcd", "");
	size_t before = written.len;
	write_packet(&written, ETHERNET, "abcd", "12345");
	assert_int_equal(read_32(&written, 4), written.len - before);
	assert_int_equal(read_32(&written, 8), 0);
	assert_memory_equal(written.bytes + written.len - 16, "12345\0\0\0", 8);
	assert_int_equal(read_32(&written, 20), 1 | 5 << 16);
	written_end(&written);
}

static void note_secrets(void *self, struct slice text)
{
	struct buffer *kept = self;
	buffer_append(kept, text);
}

static void secrets_are_read_again_and_hide_no_packet(void **state)
{
	(void)state;
	struct written written = {0};
	struct buffer kept;
	struct secrets_sink sink = {.self = &kept, .take = note_secrets};
	buffer_init(&kept, BUFFER_NO_LIMIT, NULL);
	written_begin(&written);
	assert_true(pcapng_write_secrets(&written.pcapng, SLICE("CLIENT_RANDOM 01 02\n"))); /* 20 bytes: no padding */
	write_packet(&written, ETHERNET, "one", "");
	assert_true(pcapng_write_secrets(&written.pcapng, SLICE("CLIENT_RANDOM 1 2\n"))); /* 18: two bytes of it */
	write_packet(&written, ETHERNET, "second", "");
	FILE *in = fmemopen(written.bytes, written.len, "rb");
	struct pcapng_reader *reader = pcapng_reader_new(in, &sink);
	assert_next(reader, ETHERNET, "one");
	assert_next(reader, ETHERNET, "second");
	assert_true(slice_equals_text(buffer_slice(&kept), "CLIENT_RANDOM 01 02\nCLIENT_RANDOM 1 2\n"));
	pcapng_reader_free(reader);
	fclose(in);
	buffer_free(&kept);
	written_end(&written);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(packets_of_several_link_types_are_read_again_as_they_were),
	    cmocka_unit_test(a_comment_is_an_option_and_ends_the_block),
	    cmocka_unit_test(secrets_are_read_again_and_hide_no_packet),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

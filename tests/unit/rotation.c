/* Files that are kept one after the other, run after run. */
#include "cmd/rotation.h"

#include <dirent.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

enum { FOLDER = 48, NAMES = 400 };

static int make_folder(void **state)
{
	char folder[FOLDER] = "/tmp/sioscope-rotation-XXXXXX";
	assert_non_null(mkdtemp(folder));
	*state = strdup(folder);
	return 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int remove_folder(void **state)
{
	struct dirent **files;
	int count = scandir(*state, &files, is_file, by_name);
	for (int i = 0; i < count; i++) {
		char path[FOLDER + sizeof files[i]->d_name];
		snprintf(path, sizeof path, "%s/%s", (char *)*state, files[i]->d_name);
		unlink(path);
		free(files[i]);
	}
	free(files);
	assert_int_equal(rmdir(*state), 0);
	free(*state);
	return 0;
}

/* All names, with a space behind each. */
static void assert_files(const char *folder, const char *wanted)
{
	struct dirent **files;
	char names[NAMES] = "";
	size_t len = 0;
	int count = scandir(folder, &files, is_file, by_name);
	for (int i = 0; i < count; i++) {
		len += (size_t)snprintf(names + len, NAMES - len, "%s ", files[i]->d_name);
		assert_in_range(len, 1, NAMES - 1);
		free(files[i]);
	}
	free(files);
	assert_string_equal(names, wanted);
}

static void make_file(const char *folder, const char *name)
{
	char path[FOLDER + 64];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs("evidence", file);
	assert_int_equal(fclose(file), 0);
}

static void assert_untouched(const char *folder, const char *name)
{
	char path[FOLDER + 64], text[32] = "";
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof text, file));
	assert_int_equal(fclose(file), 0);
	assert_string_equal(text, "evidence");
}

static const uint8_t packet_bytes[60];

/* A run that sees so many packets, one a second. False: not all was kept. */
static bool run_with(const struct options *options, int packets, const char *secrets)
{
	struct rotation rotation;
	assert_true(rotation_begin(&rotation, options, 1));
	rotation_take_secrets(&rotation, slice_of_text(secrets));
	for (int i = 0; i < packets; i++) {
		const struct packet packet = {.time = TIMESTAMP_SECOND * (1 + i),
		    .number = 1,
		    .link_type = 1,
		    .wire_len = sizeof packet_bytes,
		    .bytes = {packet_bytes, sizeof packet_bytes}};
		rotation_packet(&rotation, &packet);
	}
	rotation_end(&rotation);
	return !rotation.failed;
}

/* A run that begins a new file with each second, and sees a packet in each of so many. */
static void run(const char *folder, uint64_t ring, int seconds)
{
	char path[FOLDER + 64];
	snprintf(path, sizeof path, "%s/kept.pcapng", folder);
	struct options options = {.write = path, .rotate_time = TIMESTAMP_SECOND, .ring = ring};
	assert_true(run_with(&options, seconds, ""));
}

static void a_run_goes_on_after_the_one_before(void **state)
{
	run(*state, 0, 2);
	run(*state, 0, 1);
	assert_files(*state, "kept-00001.pcapng kept-00002.pcapng kept-00003.pcapng ");
}

static void a_file_that_has_the_size_is_full(void **state)
{
	char path[FOLDER + 64];
	snprintf(path, sizeof path, "%s/kept.pcapng", (char *)*state);
	struct options options = {.write = path, .rotate_size = sizeof packet_bytes + 1};
	assert_true(run_with(&options, 2, ""));
	assert_files(*state, "kept-00001.pcapng kept-00002.pcapng ");
}

static void secrets_that_are_embedded_fill_no_file(void **state)
{
	static const char secrets[] = "CLIENT_RANDOM 00 00\n";
	char path[FOLDER + 64];
	snprintf(path, sizeof path, "%s/kept.pcapng", (char *)*state);
	struct options by_size = {.write = path, .rotate_size = sizeof packet_bytes + 40};
	assert_true(run_with(&by_size, 2, secrets));
	assert_files(*state, "kept-00001.pcapng ");
}

static void a_ring_with_embedded_secrets_keeps_its_size_and_its_times(void **state)
{
	char path[FOLDER + 64];
	snprintf(path, sizeof path, "%s/kept.pcapng", (char *)*state);
	struct options options = {.write = path, .rotate_time = 2 * TIMESTAMP_SECOND, .ring = 2};
	assert_true(run_with(&options, 8, "CLIENT_RANDOM 00 00\n"));
	assert_files(*state, "kept-00003.pcapng kept-00004.pcapng ");
}

static void the_highest_number_counts_and_holes_are_left(void **state)
{
	make_file(*state, "kept-00007.pcapng");
	run(*state, 0, 1);
	assert_files(*state, "kept-00007.pcapng kept-00008.pcapng ");
	assert_untouched(*state, "kept-00007.pcapng");
}

static void numbers_may_have_more_digits(void **state)
{
	make_file(*state, "kept-100000.pcapng");
	run(*state, 0, 1);
	assert_files(*state, "kept-100000.pcapng kept-100001.pcapng ");
}

static void the_ring_counts_the_files_of_earlier_runs(void **state)
{
	run(*state, 3, 3);
	run(*state, 3, 2);
	assert_files(*state, "kept-00003.pcapng kept-00004.pcapng kept-00005.pcapng ");
}

static void a_ring_that_became_smaller_forgets_at_once(void **state)
{
	run(*state, 5, 5);
	run(*state, 2, 1);
	assert_files(*state, "kept-00005.pcapng kept-00006.pcapng ");
}

static void a_run_without_packets_pushes_nothing_out(void **state)
{
	run(*state, 2, 2);
	for (int i = 0; i < 5; i++)
		run(*state, 2, 0);
	assert_files(*state, "kept-00001.pcapng kept-00002.pcapng ");
}

/* Neither run comes to its end. */
static void a_run_that_is_killed_before_its_first_packet_leaves_no_file_in_the_ring(void **state)
{
	char path[FOLDER + 64];
	struct rotation rotation;
	snprintf(path, sizeof path, "%s/kept.pcapng", (char *)*state);
	const struct options options = {.write = path, .rotate_size = 1 << 20, .ring = 2};
	run(*state, 2, 2);
	assert_true(rotation_begin(&rotation, &options, 1));
	rotation_show(&rotation);
	assert_files(*state, "kept-00001.pcapng kept-00002.pcapng ");
	rotation_end(&rotation);
}

static void assert_packets(const char *path, int wanted)
{
	char error[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const u_char *bytes;
	pcap_t *pcap = pcap_open_offline(path, error);
	if (!pcap)
		fail_msg("%s", error);
	int count = 0;
	while (pcap_next_ex(pcap, &header, &bytes) == 1)
		count++;
	pcap_close(pcap);
	assert_int_equal(count, wanted);
}

static void a_run_that_is_killed_after_its_first_packet_leaves_that(void **state)
{
	char path[FOLDER + 64];
	struct rotation rotation;
	const struct packet packet = {.link_type = 1, .wire_len = 60, .bytes = {packet_bytes, sizeof packet_bytes}};
	snprintf(path, sizeof path, "%s/kept.pcapng", (char *)*state);
	const struct options options = {.write = path, .rotate_size = 1 << 20};
	assert_true(rotation_begin(&rotation, &options, 1));
	rotation_packet(&rotation, &packet);
	snprintf(path, sizeof path, "%s/kept-00001.pcapng", (char *)*state);
	assert_packets(path, 1);
	rotation_end(&rotation);
}

static void one_file_alone_can_be_read_before_its_first_packet(void **state)
{
	char path[FOLDER + 64];
	struct rotation rotation;
	snprintf(path, sizeof path, "%s/kept.pcapng", (char *)*state);
	const struct options options = {.write = path};
	assert_true(rotation_begin(&rotation, &options, 1));
	assert_packets(path, 0);
	rotation_end(&rotation);
}

static void what_cannot_be_written_is_reported_at_once(void **state)
{
	struct rotation rotation;
	(void)state;
	const struct options options = {.write = "/nowhere/kept.pcapng", .rotate_size = 1 << 20};
	assert_false(rotation_begin(&rotation, &options, 1));
	const struct options full = {.write = "/dev/full"};
	assert_false(rotation_begin(&rotation, &full, 1));
}

static void other_files_are_neither_counted_nor_taken_away(void **state)
{
	static const char *const others[] = {"kept-0000000009.pcapng", "kept-9.pcapng", "kept-00009.pcap",
	    "kept-00009.pcapng.gz", "other-00009.pcapng", "kept-0000x.pcapng", "kept.pcapng",
	    "kept-9999999999999999999.pcapng"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		make_file(*state, others[i]);
	run(*state, 1, 3);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_untouched(*state, others[i]);
	char path[FOLDER + 64];
	snprintf(path, sizeof path, "%s/kept-00003.pcapng", (char *)*state);
	assert_int_equal(access(path, F_OK), 0);
}

static void one_file_alone_is_written_anew(void **state)
{
	char path[FOLDER + 64];
	struct rotation rotation;
	make_file(*state, "kept.pcapng");
	snprintf(path, sizeof path, "%s/kept.pcapng", (char *)*state);
	struct options options = {.write = path};
	assert_true(rotation_begin(&rotation, &options, 1));
	rotation_end(&rotation);
	assert_files(*state, "kept.pcapng ");
}

static void allow_files_of(rlim_t bytes)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* What waits in the stream's buffer is refused only when it is written out: by packets that follow, or at the end. */
static void what_the_disk_refuses_is_noticed(void **state)
{
	char path[FOLDER + 64];
	snprintf(path, sizeof path, "%s/kept.pcapng", (char *)*state);
	const struct options options = {.write = path};
	signal(SIGXFSZ, SIG_IGN); /* then the write fails, as it does where the disk is full */
	allow_files_of(2000);
	bool few = run_with(&options, 5, ""), more = run_with(&options, 25, ""), many = run_with(&options, 100, "");
	allow_files_of(RLIM_INFINITY);
	assert_true(few);
	assert_false(more);
	assert_false(many);
}

/* While nothing comes, what came is written out. */
static void what_the_disk_refuses_is_noticed_when_it_is_shown(void **state)
{
	char path[FOLDER + 64];
	struct rotation rotation;
	snprintf(path, sizeof path, "%s/kept.pcapng", (char *)*state);
	const struct options options = {.write = path};
	const struct packet packet = {.link_type = 1, .wire_len = 60, .bytes = {packet_bytes, sizeof packet_bytes}};
	signal(SIGXFSZ, SIG_IGN);
	assert_true(rotation_begin(&rotation, &options, 1));
	allow_files_of(100);
	rotation_packet(&rotation, &packet);
	rotation_show(&rotation);
	allow_files_of(RLIM_INFINITY);
	assert_true(rotation.failed);
	rotation_packet(&rotation, &packet);
	rotation_end(&rotation);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_A_FOLDER(a_run_goes_on_after_the_one_before),
	    IN_A_FOLDER(a_file_that_has_the_size_is_full),
	    IN_A_FOLDER(secrets_that_are_embedded_fill_no_file),
	    IN_A_FOLDER(a_ring_with_embedded_secrets_keeps_its_size_and_its_times),
	    IN_A_FOLDER(the_highest_number_counts_and_holes_are_left),
	    IN_A_FOLDER(numbers_may_have_more_digits),
	    IN_A_FOLDER(the_ring_counts_the_files_of_earlier_runs),
	    IN_A_FOLDER(a_ring_that_became_smaller_forgets_at_once),
	    IN_A_FOLDER(a_run_without_packets_pushes_nothing_out),
	    IN_A_FOLDER(a_run_that_is_killed_before_its_first_packet_leaves_no_file_in_the_ring),
	    IN_A_FOLDER(a_run_that_is_killed_after_its_first_packet_leaves_that),
	    IN_A_FOLDER(one_file_alone_can_be_read_before_its_first_packet),
	    cmocka_unit_test(what_cannot_be_written_is_reported_at_once),
	    IN_A_FOLDER(other_files_are_neither_counted_nor_taken_away),
	    IN_A_FOLDER(one_file_alone_is_written_anew),
	    IN_A_FOLDER(what_the_disk_refuses_is_noticed),
	    IN_A_FOLDER(what_the_disk_refuses_is_noticed_when_it_is_shown),
	};
	return cmocka_run_group_tests_name("rotation", tests, NULL, NULL);
}

/* A Go program's functions and their returns: in a file made by hand, whole, cut and with wrong numbers in it. */
#include "source/probe_parts.h"
#include "unit.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TEXT = 0x400000, CODE = 16, TABLE_HEAD = 72, SIZE = 2048 };
enum { AT_SECTIONS = 64, AT_CODE = 512, AT_TABLE = 640, AT_NAMES = 1536 };

static const char *const names[] = {"crypto/tls.(*Conn).Close", "crypto/tls.(*Conn).Read", "crypto/tls.(*Conn).Write"};

static void put(uint8_t *file, size_t at, uint64_t number, size_t size)
{
	memcpy(file + at, &number, size);
}

static void put_section(uint8_t *file, size_t nth, const char *name, uint64_t address, uint64_t offset, uint64_t size)
{
	static const char texts[] = "\0.text\0.gopclntab\0.shstrtab";
	size_t at = 0;
	while (strcmp(texts + at, name) != 0)
		at += strlen(texts + at) + 1;
	const Elf64_Shdr section = {.sh_name = (uint32_t)at, .sh_addr = address, .sh_offset = offset, .sh_size = size};
	memcpy(file + AT_SECTIONS + nth * sizeof section, &section, sizeof section);
	memcpy(file + AT_NAMES, texts, sizeof texts);
}

/* Each function has two returns: behind its first instruction (nop), and at its end. */
static void make_program(uint8_t file[SIZE])
{
	enum { FUNCTIONS = 3, ENTRIES = TABLE_HEAD + 128, DESCRIBED = 64 };
	Elf64_Ehdr head = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB},
	    .e_shoff = AT_SECTIONS,
	    .e_shentsize = sizeof(Elf64_Shdr),
	    .e_shnum = 4,
	    .e_shstrndx = 3};
	memset(file, 0, SIZE);
	memcpy(file, &head, sizeof head);
	put_section(file, 1, ".text", TEXT, AT_CODE, FUNCTIONS * CODE);
	put_section(file, 2, ".gopclntab", 0, AT_TABLE, AT_NAMES - AT_TABLE);
	put_section(file, 3, ".shstrtab", 0, AT_NAMES, 64);
	uint8_t *table = file + AT_TABLE;
	put(table, 0, 0xfffffff1, 4);
	put(table, 7, 8, 1);
	put(table, 8, FUNCTIONS, 8);
	put(table, 24, TEXT, 8);
	put(table, 32, TABLE_HEAD, 8); /* names */
	put(table, 64, ENTRIES, 8);
	size_t name = 0;
	for (size_t i = 0; i < FUNCTIONS; i++) {
		size_t described = DESCRIBED + i * 8;
		put(table, ENTRIES + i * 8, i * CODE, 4);
		put(table, ENTRIES + i * 8 + 4, described, 4);
		put(table, ENTRIES + described, i * CODE, 4);
		put(table, ENTRIES + described + 4, name, 4);
		memcpy(table + TABLE_HEAD + name, names[i], strlen(names[i]) + 1);
		name += strlen(names[i]) + 1;
	}
	put(table, ENTRIES + (size_t)FUNCTIONS * 8, FUNCTIONS * CODE, 4);
	for (size_t i = 0; i < (size_t)FUNCTIONS * CODE; i += 4) {
#if defined __x86_64__
		memcpy(file + AT_CODE + i, i % 8 ? "\x90\xc3\x90\xc3" : "\x90\x90\x90\x90", 4);
#else
		put(file, AT_CODE + i, i % 8 ? 0xd65f03c0 : 0xd503201f, 4);
#endif
	}
}

static bool find(struct probe_go *go, const uint8_t *bytes, size_t len)
{
	char path[] = "/tmp/sioscope-go-XXXXXX";
	int file = mkstemp(path);
	assert_true(file >= 0);
	assert_int_equal(write(file, bytes, len), (ssize_t)len);
	bool found = probe_go_find(go, file);
	close(file);
	unlink(path);
	return found;
}

static void functions_are_found_by_their_names_and_each_return_of_them(void **state)
{
	(void)state;
	uint8_t file[SIZE];
	struct probe_go go;
	make_program(file);
	assert_true(find(&go, file, sizeof file));
	assert_int_equal(go.functions[GO_CLOSE].entry, AT_CODE);
	assert_int_equal(go.functions[GO_READ].entry, AT_CODE + CODE);
	assert_int_equal(go.functions[GO_WRITE].entry, AT_CODE + 2 * CODE);
#if defined __x86_64__
	assert_int_equal(go.functions[GO_READ].return_count, 4);
	assert_int_equal(go.functions[GO_READ].returns[0], AT_CODE + CODE + 5);
#else
	assert_int_equal(go.functions[GO_READ].return_count, 2);
	assert_int_equal(go.functions[GO_READ].returns[0], AT_CODE + CODE + 4);
#endif
}

static void a_program_whose_table_counts_from_nowhere_counts_from_its_text(void **state)
{
	(void)state;
	uint8_t file[SIZE];
	struct probe_go go;
	make_program(file);
	put(file, AT_TABLE + 24, 0, 8);
	assert_true(find(&go, file, sizeof file));
	assert_int_equal(go.functions[GO_READ].entry, AT_CODE + CODE);
}

static void one_function_less_and_nothing_is_found(void **state)
{
	(void)state;
	uint8_t file[SIZE];
	struct probe_go go;
	make_program(file);
	file[AT_TABLE + TABLE_HEAD] = 'x';
	assert_false(find(&go, file, sizeof file));
}

static void a_table_of_another_version_is_not_read(void **state)
{
	(void)state;
	uint8_t file[SIZE];
	struct probe_go go;
	make_program(file);
	put(file, AT_TABLE, 0xfffffffa, 4);
	assert_false(find(&go, file, sizeof file));
}

static void a_program_that_is_cut_or_has_wrong_numbers_ends_nothing(void **state)
{
	(void)state;
	uint8_t file[SIZE], changed[SIZE];
	struct probe_go go;
	make_program(file);
	for (size_t len = 0; len < AT_NAMES; len += 7)
		assert_false(find(&go, file, len));
	for (size_t at = 0; at < AT_TABLE + TABLE_HEAD; at += 4) {
		memcpy(changed, file, sizeof file);
		put(changed, at, 0xffffffff, 4);
		find(&go, changed, sizeof changed);
		put(changed, at, 0x7ffffff0, 4);
		find(&go, changed, sizeof changed);
	}
}

/* Each time its code would be read to its end, which has no return. */
static void a_name_that_comes_a_million_times_is_read_once(void **state)
{
	enum {
		CODE_SIZE = 60000,
		COUNT = 1 << 20,
		TABLE_SIZE = COUNT * 8 + 256,
		WHOLE = 1024 + CODE_SIZE + TABLE_SIZE
	};
	(void)state;
	struct probe_go go;
	uint8_t *file = calloc(1, WHOLE), *table = file + 1024 + CODE_SIZE;
	assert_non_null(file);
	make_program(file);
	put_section(file, 1, ".text", TEXT, 1024, CODE_SIZE);
	put_section(file, 2, ".gopclntab", 0, 1024 + CODE_SIZE, TABLE_SIZE);
	memcpy(file + AT_NAMES - 700, file + AT_NAMES, 64);
	put_section(file, 3, ".shstrtab", 0, AT_NAMES - 700, 64);
	memset(file + 1024, 0, CODE_SIZE); /* instructions, and no return */
	memset(table, 0, TABLE_SIZE);
	put(table, 0, 0xfffffff1, 4);
	put(table, 7, 8, 1);
	put(table, 8, COUNT, 8);
	put(table, 24, TEXT, 8);
	put(table, 32, TABLE_HEAD, 8);
	put(table, 64, 160, 8);
	memcpy(table + TABLE_HEAD, names[1], strlen(names[1]) + 1);
	for (size_t i = 0; i < COUNT; i++)
		put(table, 160 + i * 8, i % 2 ? CODE_SIZE : 0, 4);
	clock_t before = clock();
	assert_false(find(&go, file, WHOLE));
	assert_true(clock() - before < 20 * CLOCKS_PER_SEC); /* a quarter of an hour, read each time */
	free(file);
}

/* What a process has mapped may have another in its place: to open a FIFO would wait, and a device does something. */
static void what_is_no_regular_file_is_not_opened(void **state)
{
	char folder[] = "/tmp/sioscope-go-XXXXXX", path[64];
	struct stat status;
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(probe_targets_open(path, NULL), -1);
	unlink(path);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(probe_targets_open(path, NULL), -1);
	unlink(path);
	assert_int_equal(symlink("/proc/self/exe", path), 0);
	int file = probe_targets_open(path, &status);
	assert_true(file >= 0 && status.st_size > 0);
	close(file);
	unlink(path);
	rmdir(folder);
}

static void what_is_no_program_has_no_functions(void **state)
{
	(void)state;
	struct probe_go go;
	static const char *const paths[] = {"/dev/null", "/proc/self/exe", "/"};
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		int file = open(paths[i], O_RDONLY | O_CLOEXEC);
		assert_true(file >= 0);
		assert_false(probe_go_find(&go, file));
		close(file);
	}
	assert_false(probe_go_find(&go, -1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(functions_are_found_by_their_names_and_each_return_of_them),
	    cmocka_unit_test(a_program_whose_table_counts_from_nowhere_counts_from_its_text),
	    cmocka_unit_test(one_function_less_and_nothing_is_found),
	    cmocka_unit_test(a_table_of_another_version_is_not_read),
	    cmocka_unit_test(a_program_that_is_cut_or_has_wrong_numbers_ends_nothing),
	    cmocka_unit_test(a_name_that_comes_a_million_times_is_read_once),
	    cmocka_unit_test(what_is_no_regular_file_is_not_opened),
	    cmocka_unit_test(what_is_no_program_has_no_functions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

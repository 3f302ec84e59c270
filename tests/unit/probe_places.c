/* Where in a file OpenSSL's functions are: this program has some of their names itself. */
#include "source/probe_parts.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int SSL_read(int number);
int SSL_write(int number);
int SSL_read_ex(int number);

/* Their code differs, and is found by its bytes. */
__attribute__((noinline, used)) int SSL_read(int number)
{
	return number * 12345 + 1;
}

__attribute__((noinline, used)) int SSL_write(int number)
{
	return number * 23456 + 2;
}

__attribute__((noinline, used, weak)) int SSL_read_ex(int number)
{
	return number * 34567 + 3;
}

static int open_file(const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(file >= 0);
	return file;
}

static void assert_code(int file, uint64_t offset, int (*function)(int))
{
	enum { SOME = 12 };
	uint8_t bytes[SOME], code[SOME];
	memcpy(code, (const void *)(uintptr_t)function, SOME);
	assert_int_equal(pread(file, bytes, SOME, (off_t)offset), SOME);
	assert_memory_equal(bytes, code, SOME);
}

static void functions_are_found_where_their_code_is(void **state)
{
	(void)state;
	struct probe_places places;
	int file = open_file("/proc/self/exe");
	assert_true(probe_places_find(&places, file));
	assert_true(places.is_openssl && !places.is_go);
	assert_code(file, places.symbols[PROBE_SSL_READ], SSL_read);
	assert_code(file, places.symbols[PROBE_SSL_WRITE], SSL_write);
	assert_code(file, places.symbols[PROBE_SSL_READ_EX], SSL_read_ex);
	assert_int_equal(places.symbols[PROBE_SSL_WRITE_EX], 0);
	assert_int_equal(places.symbols[PROBE_SSL_FREE], 0);
	close(file);
}

static void a_file_without_them_has_nothing(void **state)
{
	static const char *const paths[] = {"/bin/sh", "/dev/null", "/etc/passwd", "/"};
	struct probe_places places;
	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		int file = open_file(paths[i]);
		assert_false(probe_places_find(&places, file));
		assert_int_equal(errno, ENOENT);
		close(file);
	}
}

static size_t read_self(uint8_t **bytes)
{
	int file = open_file("/proc/self/exe");
	off_t size = lseek(file, 0, SEEK_END);
	*bytes = malloc((size_t)size);
	assert_int_equal(pread(file, *bytes, (size_t)size, 0), size);
	close(file);
	return (size_t)size;
}

/* What cannot be said is an error or nothing: never a hang, never a crash of who asks. */
static void a_file_that_is_cut_or_changed_ends_nothing(void **state)
{
	enum { CUTS = 20, CHANGES = 20, HEAD = 64 };
	char path[] = "/tmp/sioscope-places-XXXXXX";
	struct probe_places places;
	uint8_t *bytes;
	size_t size = read_self(&bytes);
	int file = mkstemp(path);
	(void)state;
	assert_true(file >= 0);
	unlink(path);
	assert_int_equal(write(file, bytes, size), (ssize_t)size);
	for (size_t i = 0; i < CHANGES; i++) {
		uint8_t changed = (uint8_t)~bytes[i * HEAD / CHANGES];
		assert_int_equal(pwrite(file, &changed, 1, (off_t)(i * HEAD / CHANGES)), 1);
		if (!probe_places_find(&places, file))
			assert_true(errno == ENOENT || errno == EBADMSG);
		assert_int_equal(pwrite(file, bytes, HEAD, 0), HEAD);
	}
	assert_true(probe_places_find(&places, file));
	for (size_t i = CUTS; i-- > 0;) {
		assert_int_equal(ftruncate(file, (off_t)(size / CUTS * i)), 0);
		if (!probe_places_find(&places, file))
			assert_true(errno == ENOENT || errno == EBADMSG);
	}
	free(bytes);
	close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(functions_are_found_where_their_code_is),
	    cmocka_unit_test(a_file_without_them_has_nothing),
	    cmocka_unit_test(a_file_that_is_cut_or_changed_ends_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Which TLS library a process uses, of those that are not read: by the files that it has mapped, and by texts in them.
 *
 * A guess, and said as one: a program may hold more than one.
 */
#include "source/probe_parts.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIBRARY_LINE = PATH_MAX + 128, LIBRARY_FILES = 256, LIBRARY_PIECE = 1 << 20, LIBRARY_OVERLAP = 32 };
#define LIBRARY_BYTES (UINT64_C(1) << 30) /* of a process's files that are looked through */

static const char *const library_names[PROBE_LIBRARIES] = {
    [PROBE_LIBRARY_UNKNOWN] = "",
    [PROBE_LIBRARY_OPENSSL] = "OpenSSL",
    [PROBE_LIBRARY_BORINGSSL] = "BoringSSL",
    [PROBE_LIBRARY_RUSTLS] = "rustls",
    [PROBE_LIBRARY_GO] = "Go's crypto/tls",
    [PROBE_LIBRARY_JAVA] = "Java",
    [PROBE_LIBRARY_GNUTLS] = "GnuTLS",
    [PROBE_LIBRARY_NSS] = "NSS",
    [PROBE_LIBRARY_MBEDTLS] = "mbed TLS",
    [PROBE_LIBRARY_WOLFSSL] = "wolfSSL",
};

/* How the file's name begins. */
static const struct {
	const char *name;
	enum probe_library library;
} library_files[] = {
    {"libjvm.so", PROBE_LIBRARY_JAVA},
    {"libgnutls.so", PROBE_LIBRARY_GNUTLS},
    {"libssl3.so", PROBE_LIBRARY_NSS},
    {"libmbedtls.so", PROBE_LIBRARY_MBEDTLS},
    {"libwolfssl.so", PROBE_LIBRARY_WOLFSSL},
    {"libssl.so", PROBE_LIBRARY_OPENSSL},
};

/* What its code has in it: Go's mark of its build (debug/buildinfo), the name of rustls's source files in the texts of
 * its panics, the version of BoringSSL (OPENSSL_VERSION_TEXT) and
 * the names of its files in its errors (bun), the version of OpenSSL. */
static const struct {
	const char *text;
	enum probe_library library;
} library_texts[] = {
    {"\xff Go buildinf:", PROBE_LIBRARY_GO},
    {"compatible; BoringSSL", PROBE_LIBRARY_BORINGSSL},
    {"boringssl/crypto/", PROBE_LIBRARY_BORINGSSL},
    {"/rustls-0.", PROBE_LIBRARY_RUSTLS},
    {"OpenSSL 1.1.1", PROBE_LIBRARY_OPENSSL},
    {"OpenSSL 3.", PROBE_LIBRARY_OPENSSL},
};

const char *probe_library_name(enum probe_library library)
{
	return library < PROBE_LIBRARIES ? library_names[library] : "";
}

/* The library with the less common name counts: OpenSSL is in many files that use it for something else. */
static enum probe_library library_choose(enum probe_library one, enum probe_library other)
{
	return one == PROBE_LIBRARY_UNKNOWN || (one == PROBE_LIBRARY_OPENSSL && other) ? other : one;
}

static enum probe_library library_of_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	for (size_t i = 0; i < sizeof library_files / sizeof *library_files; i++)
		if (slash && strncmp(slash + 1, library_files[i].name, strlen(library_files[i].name)) == 0)
			return library_files[i].library;
	return PROBE_LIBRARY_UNKNOWN;
}

static enum probe_library library_of_bytes(const char *bytes, size_t size)
{
	enum probe_library found = PROBE_LIBRARY_UNKNOWN;
	for (size_t i = 0; i < sizeof library_texts / sizeof *library_texts; i++)
		if (memmem(bytes, size, library_texts[i].text, strlen(library_texts[i].text)))
			found = library_choose(found, library_texts[i].library);
	return found;
}

/* Read and not mapped: who may write to the file may cut it meanwhile. `left`: bytes that may still be looked through.
 */
static enum probe_library library_of_file(const char *path, uint64_t *left)
{
	enum probe_library found = PROBE_LIBRARY_UNKNOWN;
	char *bytes = malloc(LIBRARY_PIECE);
	int descriptor = probe_targets_open(path, NULL);
	size_t kept = 0;
	for (ssize_t len;
	     bytes && descriptor >= 0 && *left && (len = read(descriptor, bytes + kept, LIBRARY_PIECE - kept)) > 0;) {
		size_t size = kept + (size_t)len;
		found = library_choose(found, library_of_bytes(bytes, size));
		*left -= *left < (uint64_t)len ? *left : (uint64_t)len;
		kept = size < LIBRARY_OVERLAP ? size : LIBRARY_OVERLAP;
		memmove(bytes, bytes + size - kept, kept);
	}
	if (descriptor >= 0)
		close(descriptor);
	free(bytes);
	return found;
}

enum probe_library probe_library_guess(uint32_t process)
{
	char path[64], line[LIBRARY_LINE], full[LIBRARY_LINE + 64], before[LIBRARY_LINE] = "";
	uint64_t left = LIBRARY_BYTES;
	snprintf(path, sizeof path, "/proc/%u/exe", process);
	enum probe_library found = library_of_file(path, &left);
	snprintf(path, sizeof path, "/proc/%u/maps", process);
	FILE *maps = fopen(path, "re");
	for (size_t files = 0; maps && files < LIBRARY_FILES && fgets(line, sizeof line, maps);) {
		char *name = strchr(line, '/');
		if (!name || (found && found != PROBE_LIBRARY_OPENSSL))
			continue;
		name[strcspn(name, "\n")] = '\0';
		if (strcmp(name, before) == 0)
			continue;
		snprintf(before, sizeof before, "%s", name);
		snprintf(full, sizeof full, "/proc/%u/root%s", process, name);
		found = library_choose(found, library_of_name(name));
		found = library_choose(found, library_of_file(full, &left));
		files++;
	}
	if (maps)
		(void)fclose(maps);
	return found;
}

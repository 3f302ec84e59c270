/* Content codings from anybody: within the limit, and done only when nothing was refused. */
#include "http/coding.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const codings[] = {
	    "gzip", "deflate", "br", "zstd", "gzip, br", "deflate,zstd", "identity", "x"};
	if (size < 1)
		return 0;
	struct budget budget = {.limit = 1 << 20};
	struct buffer out;
	buffer_init(&out, 1 << 16, &budget);
	enum coding_result result = coding_decode(
	    slice_of_text(codings[data[0] & 7]), slice_of(data + 1, size - 1), &out);
	if (out.len > 1 << 16 || (result == CODING_DONE && out.truncated))
		abort();
	buffer_free(&out);
	if (budget.used)
		abort();
	return 0;
}

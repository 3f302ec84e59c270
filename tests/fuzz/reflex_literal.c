/* Any bytes as a literal: what comes out is JSON, and a literal itself that reads as the same again. */
#include "base/json.h"
#include "reflex/script.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why;
	struct buffer first, second;
	struct slice text = slice_of(data, size);
	buffer_init(&first, 1 << 20, NULL);
	buffer_init(&second, 1 << 20, NULL);
	if (literal_take_value(&text, &first, &why)) {
		struct slice json = buffer_slice(&first);
		if (!json_is_valid(json) || !literal_take_value(&json, &second, &why) || json.len)
			abort();
		if (!slice_equals(buffer_slice(&first), buffer_slice(&second)))
			abort();
	} else if (first.len || !why) {
		abort();
	}
	buffer_free(&first);
	buffer_free(&second);
	return 0;
}

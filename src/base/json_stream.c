/* JSON from a file that is read once, one value at a time: where a value ends, and not whether it is one. */
#include "base/json.h"

int json_stream_peek(FILE *stream)
{
	int byte;
	while ((byte = getc_unlocked(stream)) != EOF && json_is_space((uint8_t)byte))
		;
	if (byte != EOF)
		ungetc(byte, stream);
	return byte;
}

bool json_stream_take_byte(FILE *stream, int wanted)
{
	if (json_stream_peek(stream) != wanted)
		return false;
	(void)getc_unlocked(stream);
	return true;
}

/* Where a value is: within a string, how deep. */
struct json_extent {
	size_t depth;
	bool in_string, is_escaped;
};

/* True: the value ends with this byte. */
static bool json_extent_ends(struct json_extent *extent, int byte)
{
	if (extent->is_escaped) {
		extent->is_escaped = false;
	} else if (extent->in_string) {
		extent->is_escaped = byte == '\\';
		extent->in_string = byte != '"';
		return byte == '"' && extent->depth == 0;
	} else if (byte == '"') {
		extent->in_string = true;
	} else if (byte == '{' || byte == '[') {
		extent->depth++;
	} else if (byte == '}' || byte == ']') {
		return --extent->depth == 0;
	}
	return false;
}

bool json_stream_take_value(FILE *stream, struct buffer *out)
{
	struct json_extent extent = {0};
	int byte = json_stream_peek(stream);
	bool is_word = byte != '"' && byte != '{' && byte != '[';
	if (byte == EOF || byte == '}' || byte == ']' || byte == ',' || byte == ':')
		return false;
	while ((byte = getc_unlocked(stream)) != EOF) {
		if (is_word && (byte == ',' || byte == '}' || byte == ']' || json_is_space((uint8_t)byte))) {
			ungetc(byte, stream);
			return true;
		}
		if (out && !out->truncated)
			buffer_append_byte(out, (uint8_t)byte);
		if (!is_word && json_extent_ends(&extent, byte))
			return true;
	}
	return false;
}

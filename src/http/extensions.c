/* A list of extensions, each with its parameters. */
#include "http/extensions.h"

#include "http/http1.h"

/* Bytes up to the next `end` outside of a quoted string, or all. */
static size_t extensions_find_end(struct slice text, uint8_t end)
{
	bool quoted = false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t byte = text.at[i];
		if (quoted && byte == '\\')
			i++;
		else if (byte == '"')
			quoted = !quoted;
		else if (!quoted && byte == end)
			return i;
	}
	return text.len;
}

/* Takes the part before the next `end`, and the end; without blanks around it. */
static struct slice extensions_take_part(struct slice *text, uint8_t end)
{
	size_t len = extensions_find_end(*text, end);
	struct slice part = slice_trim(slice_take(*text, len));
	*text = slice_drop(*text, len + 1);
	return part;
}

static struct deflate_agreement extensions_read_deflate(struct slice parameters)
{
	struct deflate_agreement agreement = {.on = true};
	while (parameters.len) {
		struct slice parameter = extensions_take_part(&parameters, ';');
		struct slice name = extensions_take_part(&parameter, '=');
		agreement.server_no_context_takeover |= slice_equals_nocase(name, "server_no_context_takeover");
		agreement.client_no_context_takeover |= slice_equals_nocase(name, "client_no_context_takeover");
	}
	return agreement;
}

struct deflate_agreement extensions_read(struct slice list)
{
	while (list.len) {
		struct slice extension = extensions_take_part(&list, ',');
		if (slice_equals_nocase(extensions_take_part(&extension, ';'), "permessage-deflate"))
			return extensions_read_deflate(extension);
	}
	return (struct deflate_agreement){.on = false};
}

struct deflate_agreement extensions_read_fields(struct slice fields)
{
	struct deflate_agreement agreement = {.on = false};
	struct slice list;
	for (size_t nth = 0; !agreement.on && http_find_field(fields, "Sec-WebSocket-Extensions", nth, &list); nth++)
		agreement = extensions_read(list);
	return agreement;
}

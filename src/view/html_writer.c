/* What goes into the HTML file: markup of the program, text and JSON with all escaped that could become markup; and
 * what is embedded in it. */
/* EVP_Digest looks for a provider, and libcrypto 3.0 crashes where it has no memory for that; these take none. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/text.h"
#include "view/html.h"

#include <openssl/sha.h>
#include <stdarg.h>
#include <stdlib.h>

static const unsigned char html_style[] = {
#include "assets/report.css.inc"
    0};

static const unsigned char html_script[] = {
#include "assets/report.js.inc"
    0};

const struct html_asset html_assets = {(const char *)html_style, (const char *)html_script};

bool html_hash(const char *block, char text[HTML_HASH_TEXT])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA256_CTX sha;
	struct buffer out = buffer_over(text, HTML_HASH_TEXT - 1);
	bool good = SHA256_Init(&sha) == 1 && SHA256_Update(&sha, block, strlen(block)) == 1 &&
	            SHA256_Final(digest, &sha) == 1 && buffer_append_text(&out, "'sha256-") &&
	            base64_write(&out, slice_of(digest, sizeof digest)) && buffer_append_byte(&out, '\'');
	text[good ? out.len : 0] = '\0';
	return good;
}

/* ---- bytes */

static void html_write_bytes(struct html *html, const void *at, size_t len)
{
	html->written += len;
	if (html->out && len)
		fwrite(at, 1, len, html->out);
}

void html_put(struct html *html, const char *markup)
{
	html_write_bytes(html, markup, strlen(markup));
}

void html_format(struct html *html, const char *format, ...)
{
	char text[1024];
	va_list values;
	va_start(values, format);
	int len = vsnprintf(text, sizeof text, format, values);
	va_end(values);
	html->failed |= len < 0 || len >= (int)sizeof text;
	html_put(html, text);
}

/* ---- text */

static const char *html_entity(uint8_t byte)
{
	switch (byte) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void html_slice(struct html *html, struct slice text)
{
	struct buffer shown;
	size_t begin = 0;
	buffer_init(&shown, BUFFER_NO_LIMIT, NULL);
	mask_write_visible(html->mask, text, &shown);
	html->failed |= shown.truncated;
	for (size_t i = 0; i < shown.len; i++) {
		const char *entity = html_entity(shown.at[i]);
		if (!entity)
			continue;
		html_write_bytes(html, shown.at + begin, i - begin);
		html_put(html, entity);
		begin = i + 1;
	}
	if (shown.len)
		html_write_bytes(html, shown.at + begin, shown.len - begin);
	buffer_free(&shown);
}

void html_text(struct html *html, const char *format, ...)
{
	char usual[2048], *longer = NULL;
	va_list values, again;
	va_start(values, format);
	va_copy(again, values);
	int len = vsnprintf(usual, sizeof usual, format, values);
	if (len >= (int)sizeof usual && vasprintf(&longer, format, again) < 0)
		longer = NULL;
	html->failed |= len < 0 || (len >= (int)sizeof usual && !longer);
	va_end(again);
	va_end(values);
	html_slice(html, slice_of_text(longer ? longer : usual));
	free(longer);
}

/* ---- data */

/* `<` stands in strings of JSON alone: without it neither </script> nor <!-- is there (HTML, §13.2.5.4). */
void html_json(struct html *html, struct slice json)
{
	while (json.len) {
		size_t len = slice_find_byte(json, '<');
		html_write_bytes(html, json.at, len);
		if (len < json.len)
			html_put(html, "\\u003c");
		json = slice_drop(json, len + 1);
	}
}

void html_data_begin(struct html *html, const char *id)
{
	html_format(html, "<script type=\"application/json\" id=\"data-%s\">", id);
}

void html_data_end(struct html *html)
{
	html_put(html, "</script>\n");
}

void html_section_begin(struct html *html, const char *id, const char *title)
{
	html_format(html, "<section id=\"%s\" aria-labelledby=\"h-%s\">\n<h2 id=\"h-%s\">%s</h2>\n", id, id, id, title);
}

void html_section_end(struct html *html)
{
	html_put(html, "</section>\n");
}

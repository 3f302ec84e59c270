/* Paragraphs of at most 80 columns. */
#include "view/text_writer.h"

#include "base/encoding.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const text_inks[] = {
    [STYLE_PLAIN] = "",
    [STYLE_HEADING] = "\033[1m",
    [STYLE_ERROR] = "\033[1;31m",
    [STYLE_WARNING] = "\033[33m",
    [STYLE_GOOD] = "\033[32m",
    [STYLE_FAINT] = "\033[2m",
};

bool text_wants_colours(FILE *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(fileno(out)) && !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
}

static void text_ink(const struct text_writer *writer, enum text_style style, bool on)
{
	if (writer->colours && style != STYLE_PLAIN)
		fputs(on ? text_inks[style] : "\033[0m", writer->out);
}

/* The length of the UTF-8 character at `at`; 0 when it is none, or a control character. */
static size_t text_character(const char *at)
{
	uint32_t code = 0;
	size_t len = utf8_decode_text(at, &code);
	return code < 0x20 || (code >= 0x7f && code < 0xa0) ? 0 : len;
}

/* Replaces in place what must not reach a terminal. */
static void text_clean(char *text)
{
	while (*text) {
		size_t len = text_character(text);
		if (!len)
			*text = '?';
		text += len ? len : 1;
	}
}

/* How many bytes of `text` fill at most `columns`, broken after a space where there is one. */
static size_t text_fit(const char *text, int columns)
{
	size_t end = 0, last_space = 0;
	int used = 0;
	while (text[end] && used < columns) {
		if (text[end] == ' ')
			last_space = end;
		end += text_character(text + end);
		used++;
	}
	if (!text[end] || text[end] == ' ' || !last_space)
		return end;
	return last_space;
}

/* Writes `text` below and beside a margin of `indent`; the first line's margin has been written already. */
static void text_flow(const struct text_writer *writer, enum text_style style, int indent, const char *text)
{
	do {
		size_t len = text_fit(text, TEXT_WIDTH - indent);
		text_ink(writer, style, true);
		fwrite(text, 1, len, writer->out);
		text_ink(writer, style, false);
		fputc('\n', writer->out);
		text += len;
		while (*text == ' ')
			text++;
		if (*text)
			fprintf(writer->out, "%*s", indent, "");
	} while (*text);
}

/* Longer than most paragraphs are, so that memory is asked for by few; and a label that leaves room for text. */
enum { TEXT_USUAL = 2048, TEXT_LABEL = TEXT_WIDTH - 10 };

static void text_paragraph(const struct text_writer *writer, enum text_style style, int indent, const char *label,
    const char *format, va_list values)
{
	char usual[TEXT_USUAL], *longer = NULL, *text = usual, before[TEXT_LABEL];
	va_list again;
	va_copy(again, values);
	if (vsnprintf(usual, sizeof usual, format, values) >= TEXT_USUAL) {
		text = vasprintf(&longer, format, again) < 0 ? usual : longer;
		if (text == usual)
			strcpy(usual, "(no memory for this paragraph)");
	}
	va_end(again);
	snprintf(before, sizeof before, "%s", label);
	text_clean(before);
	text_clean(text);
	fprintf(writer->out, "%*s%s", indent, "", before);
	text_flow(writer, style, indent + (int)strlen(before), text);
	free(longer);
}

void text_heading(const struct text_writer *writer, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	text_paragraph(writer, STYLE_HEADING, 0, "", format, values);
	va_end(values);
}

void text_write(const struct text_writer *writer, enum text_style style, int indent, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	text_paragraph(writer, style, indent, "", format, values);
	va_end(values);
}

void text_label(
    const struct text_writer *writer, enum text_style style, int indent, const char *label, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	text_paragraph(writer, style, indent, label, format, values);
	va_end(values);
}

void text_blank(const struct text_writer *writer)
{
	fputc('\n', writer->out);
}

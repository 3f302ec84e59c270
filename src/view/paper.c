/* Paragraphs of at most 80 columns. */
#include "view/paper.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const paper_inks[] = {
    [INK_PLAIN] = "",
    [INK_HEADING] = "\033[1m",
    [INK_ERROR] = "\033[1;31m",
    [INK_WARNING] = "\033[33m",
    [INK_GOOD] = "\033[32m",
    [INK_FAINT] = "\033[2m",
};

bool paper_wants_colours(FILE *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(fileno(out)) && !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
}

static void paper_ink(const struct paper *paper, enum ink ink, bool on)
{
	if (paper->colours && ink != INK_PLAIN)
		fputs(on ? paper_inks[ink] : "\033[0m", paper->out);
}

/* The length of the UTF-8 character at `at`; 0 when it is none, or a control character. */
static size_t paper_character(const char *at)
{
	uint32_t code = 0;
	size_t len = utf8_decode_text(at, &code);
	return code < 0x20 || (code >= 0x7f && code < 0xa0) ? 0 : len;
}

/* Replaces in place what must not reach a terminal. */
static void paper_clean(char *text)
{
	while (*text) {
		size_t len = paper_character(text);
		if (!len)
			*text = '?';
		text += len ? len : 1;
	}
}

/* How many bytes of `text` fill at most `columns`, broken after a space where there is one. */
static size_t paper_fit(const char *text, int columns)
{
	size_t end = 0, last_space = 0;
	int used = 0;
	while (text[end] && used < columns) {
		if (text[end] == ' ')
			last_space = end;
		end += paper_character(text + end);
		used++;
	}
	if (!text[end] || text[end] == ' ' || !last_space)
		return end;
	return last_space;
}

/* Writes `text` below and beside a margin of `indent`; the first line's margin has been written already. */
static void paper_flow(const struct paper *paper, enum ink ink, int indent, const char *text)
{
	do {
		size_t len = paper_fit(text, PAPER_WIDTH - indent);
		paper_ink(paper, ink, true);
		fwrite(text, 1, len, paper->out);
		paper_ink(paper, ink, false);
		fputc('\n', paper->out);
		text += len;
		while (*text == ' ')
			text++;
		if (*text)
			fprintf(paper->out, "%*s", indent, "");
	} while (*text);
}

/* Longer than most paragraphs are, so that memory is asked for by few; and a label that leaves room for text. */
enum { PAPER_USUAL = 2048, PAPER_LABEL = PAPER_WIDTH - 10 };

static void paper_paragraph(
    const struct paper *paper, enum ink ink, int indent, const char *label, const char *format, va_list values)
{
	char usual[PAPER_USUAL], *longer = NULL, *text = usual, before[PAPER_LABEL];
	va_list again;
	va_copy(again, values);
	if (vsnprintf(usual, sizeof usual, format, values) >= PAPER_USUAL) {
		text = vasprintf(&longer, format, again) < 0 ? usual : longer;
		if (text == usual)
			strcpy(usual, "(no memory for this paragraph)");
	}
	va_end(again);
	snprintf(before, sizeof before, "%s", label);
	paper_clean(before);
	paper_clean(text);
	fprintf(paper->out, "%*s%s", indent, "", before);
	paper_flow(paper, ink, indent + (int)strlen(before), text);
	free(longer);
}

void paper_heading(const struct paper *paper, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	paper_paragraph(paper, INK_HEADING, 0, "", format, values);
	va_end(values);
}

void paper_write(const struct paper *paper, enum ink ink, int indent, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	paper_paragraph(paper, ink, indent, "", format, values);
	va_end(values);
}

void paper_label(const struct paper *paper, enum ink ink, int indent, const char *label, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	paper_paragraph(paper, ink, indent, label, format, values);
	va_end(values);
}

void paper_blank(const struct paper *paper)
{
	fputc('\n', paper->out);
}

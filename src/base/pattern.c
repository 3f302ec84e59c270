/* Regular expressions with a guarantee: TRE, over a text of bounded length. */
#include "base/pattern.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <tre/tre.h>
#include <wchar.h>

struct pattern {
	regex_t compiled;
	/* What the pattern asks of a place may depend on the character behind it (\>, \b, [[:>:]]), so that a match in
	 * the beginning of a text need not be one in the whole. */
	bool looks_around;
};

/* ---- characters: TRE's other functions read text in the locale's encoding, and end at a byte that is none */

enum { PATTERN_SHORT = 256 };

static const wchar_t wide_replacement = 0xfffd;

/* One element for each character of `text`; their number is returned, at most its bytes. */
static size_t wide_write(wchar_t *wide, struct slice text)
{
	size_t count = 0;
	while (text.len) {
		uint32_t code = 0;
		size_t len = utf8_decode(text, &code);
		wide[count++] = len ? (wchar_t)code : wide_replacement;
		text = slice_drop(text, len ? len : 1);
	}
	return count;
}

/* `few` has PATTERN_SHORT places; longer text has memory of its own. NULL: there is none. */
static wchar_t *wide_room(wchar_t *few, struct slice text)
{
	return text.len <= PATTERN_SHORT ? few : malloc(text.len * sizeof *few);
}

static void wide_free(const wchar_t *few, wchar_t *wide)
{
	if (wide != few)
		free(wide);
}

/* ---- compiling */

static int pattern_compile(struct pattern *pattern, struct slice text)
{
	wchar_t few[PATTERN_SHORT], *wide = wide_room(few, text);
	int code = wide ? tre_regwncomp(&pattern->compiled, wide, wide_write(wide, text), REG_EXTENDED | REG_NOSUB)
	                : REG_ESPACE;
	wide_free(few, wide);
	return code;
}

/* TRE copies what is repeated, and what may be empty costs it the square of that: a pattern of a hundred characters can
 * ask for gigabytes. */
enum { PATTERN_WRITTEN_OUT = 1024, PATTERN_DEPTH = 32 };

/* The length behind a bracket expression's begin: its end is no `]` at its first place. */
static size_t pattern_bracket_len(const char *text)
{
	size_t len = 1 + (text[1] == '^');
	len += text[len] == ']';
	while (text[len] && text[len] != ']') {
		const char *end = text[len] == '[' && strchr(".:=", text[len + 1]) ? strchr(text + len + 2, ']') : NULL;
		len = end ? (size_t)(end + 1 - text) : len + 1;
	}
	return len + (text[len] != '\0');
}

/* How many times `{…}` repeats what stands before it; at least 1. */
static size_t pattern_repeats(const char *text)
{
	const char *comma = strpbrk(text, ",}");
	unsigned long least = strtoul(text + 1, NULL, 10);
	unsigned long most = comma && *comma == ',' ? strtoul(comma + 1, NULL, 10) : 0;
	unsigned long times = most > least ? most : least;
	return times < 1 ? 1 : times < PATTERN_WRITTEN_OUT ? times : PATTERN_WRITTEN_OUT;
}

/* Characters, with repetitions written out. False: more than there may be, or groups too deep in each other. */
static bool pattern_is_short(const char *text)
{
	size_t before[PATTERN_DEPTH], depth = 0, size = 0, last = 0; /* `last`: of what a repetition repeats */
	while (*text && size <= PATTERN_WRITTEN_OUT) {
		size_t len = *text == '[' ? pattern_bracket_len(text) : *text == '\\' && text[1] ? 2 : 1;
		if (*text == '(') {
			if (depth == PATTERN_DEPTH)
				return false;
			before[depth++] = size;
		} else if (*text == ')' && depth) {
			last = size - before[--depth];
		} else if (*text == '{') {
			size_t times = pattern_repeats(text);
			const char *end = strchr(text, '}');
			len = end ? (size_t)(end + 1 - text) : 1;
			size += last * (times - 1);
			last *= times;
		} else {
			size += len;
			last = *text == '*' || *text == '+' || *text == '?' ? last + len : len;
		}
		text += len;
	}
	return size <= PATTERN_WRITTEN_OUT;
}

struct pattern *pattern_new(const char *text, char *why, size_t why_size)
{
	if (!pattern_is_short(text)) {
		snprintf(why, why_size,
		    "too long: more than %d characters, with repetitions written out, or %d groups in "
		    "each other",
		    PATTERN_WRITTEN_OUT, PATTERN_DEPTH);
		return NULL;
	}
	/* TRE takes it for a repetition of nothing: `*name*`, written like a name of files, would match everything. */
	struct pattern *pattern = calloc(1, sizeof *pattern);
	int code = !pattern                        ? REG_ESPACE
	           : *text && strchr("*+?", *text) ? REG_BADRPT
	                                           : pattern_compile(pattern, slice_of_text(text));
	if (code != REG_OK) {
		tre_regerror(code, NULL, why, why_size);
		free(pattern);
		return NULL;
	}
	if (tre_have_backrefs(&pattern->compiled)) {
		snprintf(why, why_size, "back references (\\1) are not supported: no matcher bounds their time");
		pattern_free(pattern);
		return NULL;
	}
	pattern->looks_around = strchr(text, '\\') || strstr(text, "[[:");
	return pattern;
}

void pattern_free(struct pattern *pattern)
{
	if (!pattern)
		return;
	tre_regfree(&pattern->compiled);
	free(pattern);
}

/* ---- searching */

/* A match in the beginning is one in the whole, unless it needs the end: REG_NOTEOL keeps `$` from matching there. */
static int pattern_run(const struct pattern *pattern, struct slice text, bool whole)
{
	wchar_t few[PATTERN_SHORT], *wide = wide_room(few, text);
	int code = wide ? tre_regwnexec(
	                      &pattern->compiled, wide, wide_write(wide, text), 0, NULL, whole ? 0 : REG_NOTEOL)
	                : REG_ESPACE;
	wide_free(few, wide);
	return code;
}

enum pattern_answer pattern_search(const struct pattern *pattern, struct slice text, size_t limit)
{
	bool whole = text.len <= limit;
	if (!whole && pattern->looks_around)
		return PATTERN_UNDECIDED;
	switch (pattern_run(pattern, slice_take(text, limit), whole)) {
	case REG_OK:
		return PATTERN_MATCHES;
	case REG_NOMATCH:
		return whole ? PATTERN_DIFFERS : PATTERN_UNDECIDED;
	default:
		return PATTERN_REFUSED;
	}
}

/* Moves by whole characters of UTF-8. */
#include "tui/prompt.h"

void prompt_open(
    struct prompt *prompt, const char *label, const char *text, void (*done)(void *self, const char *text), void *self)
{
	*prompt = (struct prompt){.open = true, .label = label, .done = done, .self = self};
	prompt->len = prompt->cursor = slice_take(slice_of_text(text), PROMPT_TEXT - 1).len;
	memcpy(prompt->text, text, prompt->len);
}

void prompt_keep(struct prompt *prompt, size_t cursor)
{
	prompt->kept = true;
	prompt->cursor = cursor < prompt->len ? cursor : prompt->len;
}

static bool prompt_is_inside(const struct prompt *prompt, size_t at)
{
	return at < prompt->len && ((unsigned char)prompt->text[at] & 0xc0) == 0x80;
}

static size_t prompt_before(const struct prompt *prompt, size_t at)
{
	while (at && prompt_is_inside(prompt, --at))
		;
	return at;
}

static size_t prompt_after(const struct prompt *prompt, size_t at)
{
	if (at < prompt->len)
		at++;
	while (prompt_is_inside(prompt, at))
		at++;
	return at;
}

static void prompt_cut(struct prompt *prompt, size_t from, size_t to)
{
	memmove(prompt->text + from, prompt->text + to, prompt->len - to);
	prompt->len -= to - from;
	prompt->text[prompt->len] = '\0';
	prompt->cursor = from;
}

static void prompt_insert(struct prompt *prompt, int byte)
{
	if (byte < ' ' || byte > 0xff || prompt->len + 1 >= PROMPT_TEXT)
		return;
	memmove(prompt->text + prompt->cursor + 1, prompt->text + prompt->cursor, prompt->len - prompt->cursor);
	prompt->text[prompt->cursor++] = (char)byte;
	prompt->text[++prompt->len] = '\0';
}

static enum prompt_result prompt_enter(struct prompt *prompt)
{
	prompt->kept = false;
	prompt->done(prompt->self, prompt->text);
	if (prompt->kept)
		return PROMPT_TYPED;
	prompt->open = false;
	return PROMPT_ENTERED;
}

enum prompt_result prompt_take(struct prompt *prompt, int key)
{
	switch (key) {
	case PROMPT_KEY_LEFT:
		prompt->cursor = prompt_before(prompt, prompt->cursor);
		break;
	case PROMPT_KEY_RIGHT:
		prompt->cursor = prompt_after(prompt, prompt->cursor);
		break;
	case PROMPT_KEY_HOME:
		prompt->cursor = 0;
		break;
	case PROMPT_KEY_END:
		prompt->cursor = prompt->len;
		break;
	case PROMPT_KEY_BACKSPACE:
		prompt_cut(prompt, prompt_before(prompt, prompt->cursor), prompt->cursor);
		break;
	case PROMPT_KEY_DELETE:
		prompt_cut(prompt, prompt->cursor, prompt_after(prompt, prompt->cursor));
		break;
	case PROMPT_KEY_CLEAR:
		prompt_cut(prompt, 0, prompt->len);
		break;
	case PROMPT_KEY_ENTER:
		return prompt_enter(prompt);
	case PROMPT_KEY_ESCAPE:
		prompt->open = false;
		return PROMPT_LEFT;
	default:
		prompt_insert(prompt, key);
	}
	return PROMPT_TYPED;
}

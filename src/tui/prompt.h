/* A line that is typed in at the foot of the screen. No drawing here. */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H

#include "base/bytes.h"

enum { PROMPT_TEXT = 400 };

enum prompt_result { PROMPT_TYPED, PROMPT_ENTERED, PROMPT_LEFT };

struct prompt {
	bool open;
	const char *label;
	char text[PROMPT_TEXT];                     /* UTF-8 */
	size_t len, cursor;                         /* bytes */
	void (*done)(void *self, const char *text); /* Enter; may leave it open by prompt_keep */
	void *self;
	bool kept;
};

void prompt_open(
    struct prompt *prompt, const char *label, const char *text, void (*done)(void *self, const char *text), void *self);

/* Called by `done`: stay open, with the cursor at that byte. */
void prompt_keep(struct prompt *prompt, size_t cursor);

/* A key: a byte of text, or one of enum prompt_key. */
enum prompt_key {
	PROMPT_KEY_LEFT = 1000,
	PROMPT_KEY_RIGHT,
	PROMPT_KEY_HOME,
	PROMPT_KEY_END,
	PROMPT_KEY_BACKSPACE,
	PROMPT_KEY_DELETE,
	PROMPT_KEY_CLEAR,
	PROMPT_KEY_ENTER,
	PROMPT_KEY_ESCAPE
};
enum prompt_result prompt_take(struct prompt *prompt, int key);

#endif

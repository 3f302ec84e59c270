/*
 * What the interface remembers between two runs, as lines of text: columns and order of tables, where the payload is,
 * times, colours, keys. Read strictly: a line that means nothing is complained of, and changes nothing. No file is
 * opened here.
 *
 *     columns sessions = number state client worst
 *     sort events = latency descending
 *     payload = beside 40
 *     times = clock
 *     colours = no
 *     colour error = white on red bold
 *     key J = PgDn
 */
#ifndef TUI_SETTINGS_H
#define TUI_SETTINGS_H

#include "base/memory.h"

struct ui;

enum { SETTINGS_MOST = 64 * 1024 /* bytes of the file */ };

/* Applies each line. What cannot be is appended to `complaints`, a line each: "3: no setting is called ...". */
void settings_read(struct ui *ui, struct slice text, struct buffer *complaints);

/* The text with the present settings in the place of the old ones; comments, and lines of keys and colours, stay. */
void settings_write(const struct ui *ui, struct slice before, struct buffer *out);

/* ---- keys by their names */

/* The code of "F5", "PgDn", "Ctrl-A", "x"; 0: there is none of this name. */
int key_of_name(struct slice name);

#endif

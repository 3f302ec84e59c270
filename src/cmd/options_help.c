/* What the table of options tells of itself, to people and to the shells' completions. */
#include "cmd/option_table.h"
#include "view/text_writer.h"

#include <stdio.h>

/* ---- for people */

enum { OPTIONS_LABEL = 24 };

static void options_print_one(
    const struct text_writer *writer, char letter, const char *name, const char *argument, const char *help)
{
	char label[96], both[64];
	snprintf(both, sizeof both, letter ? "-%c, --%s%s%s" : "%.0d    --%s%s%s", letter, name, argument ? " " : "",
	    argument ? argument : "");
	snprintf(label, sizeof label, "%-*s ", OPTIONS_LABEL - 1, both);
	text_label(writer, STYLE_PLAIN, 2, label, "%s", help);
}

void options_print(struct options_of of)
{
	const struct text_writer writer = {.out = stdout};
	struct option_entry entry;
	for (size_t i = 0; option_nth(i, &entry); i++)
		if (option_is_of(&entry, of))
			options_print_one(&writer, entry.letter, entry.name, entry.argument, entry.help);
	for (enum limit limit = 0; (of.bit & FOR_LIMITS) && limit < LIMIT_COUNT; limit++) {
		const struct limit_entry *about = &limits_table[limit];
		char help[128], name[OPTION_LIMIT_NAME], initial[LIMITS_TEXT];
		snprintf(help, sizeof help, "limit: %s (default %s)", about->meaning,
		    limits_format(limit, about->initial, initial));
		options_print_one(&writer, 0, option_limit_name(limit, name), option_limit_argument(limit), help);
	}
	if (of.bit & FOR_LIMITS)
		text_write(&writer, STYLE_PLAIN, 2,
		    "Bytes may be written 65536, 64K or 64KiB (1024 each), 64kB (1000 each); so with M and G.");
}

/* ---- for programs */

static void options_list_words(option_word *word)
{
	if (!word)
		putchar('-');
	for (size_t index = 0; word && word(index); index++)
		printf("%s%s", index ? "," : "", word(index));
}

static void options_list_one(const char *command, const struct option_entry *entry)
{
	const char letter[] = {'-', entry->letter, '\0'};
	printf("option\t%s\t--%s\t%s\t%s\t", command, entry->name, letter, entry->argument ? entry->argument : "-");
	options_list_words(entry->word);
	printf("\t%s\n", entry->help);
}

void options_list(const char *name, struct options_of of)
{
	struct option_entry entry;
	for (size_t i = 0; option_nth(i, &entry); i++)
		if (option_is_of(&entry, of))
			options_list_one(name, &entry);
	for (enum limit limit = 0; (of.bit & FOR_LIMITS) && limit < LIMIT_COUNT; limit++) {
		char limit_name[OPTION_LIMIT_NAME];
		printf("option\t%s\t--%s\t-\t%s\t-\tlimit: %s\n", name, option_limit_name(limit, limit_name),
		    option_limit_argument(limit), limits_table[limit].meaning);
	}
}

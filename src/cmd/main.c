/* sioscope: chooses the command. */
#include "cmd/command.h"
#include "cmd/output.h"
#include "detect/codes.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct command *const main_commands[] = {
    &command_report, &command_dump, &command_check, &command_bundle, &command_explain};

enum { MAIN_COMMANDS = sizeof main_commands / sizeof *main_commands };

static void main_print_help(const struct command *only)
{
	puts("sioscope: what went wrong between a Socket.IO client and its server\n\n"
	     "  sioscope [COMMAND] [options] -r CAPTURE ['BPF filter']\n\n"
	     "Without a command: on a terminal the interface (F1 is its help), else the report.\n"
	     "Commands (sioscope help COMMAND tells more):");
	for (int i = 0; i < MAIN_COMMANDS; i++)
		if (!only || only == main_commands[i])
			printf("  %-8s %s\n", main_commands[i]->name, main_commands[i]->summary);
	if (only && only->teach) {
		puts("");
		only->teach();
	}
	puts("\nOptions:");
	options_print(only ? only->bit : FOR_ALL);
	puts("\nExit codes: 0 done (check: all held), 1 check: an expectation was broken, 2 bad usage, unreadable "
	     "input,\n"
	     "or check could not tell.");
}

/* The command that `word` names; NULL when it names none. */
static const struct command *main_command_named(const char *word)
{
	for (int i = 0; word && i < MAIN_COMMANDS; i++)
		if (strcmp(main_commands[i]->name, word) == 0)
			return main_commands[i];
	return NULL;
}

/* `sioscope help --list`: all that may be typed, for the shells' completions (src/package). */
static void main_list(void)
{
	for (int i = 0; i < MAIN_COMMANDS; i++)
		printf("command\t%s\t%s\n", main_commands[i]->name, main_commands[i]->summary);
	puts("command\thelp\twhat a command does, and its options");
	for (int i = 0; i < MAIN_COMMANDS; i++)
		options_list(main_commands[i]->name, main_commands[i]->bit);
	for (enum code code = 0; code < CODES; code++)
		printf("code\t%s\t%s\n", code_table[code].name, code_table[code].title);
}

/* `sioscope help [COMMAND | --list]` */
static int main_help(const char *word)
{
	if (word && strcmp(word, "--list") == 0) {
		main_list();
		return EXIT_DONE;
	}
	const struct command *about = main_command_named(word);
	if (word && !about) {
		fprintf(stderr, "sioscope: help: %s is no command\n", word);
		return EXIT_UNABLE;
	}
	main_print_help(about);
	return EXIT_DONE;
}

static int main_list_interfaces(void)
{
	char why[256];
	if (live_list(why, sizeof why))
		return EXIT_DONE;
	fprintf(stderr, "sioscope: -D: %s\n", why);
	return EXIT_UNABLE;
}

static int main_run(const struct command *command, const struct command *named, struct options *options)
{
	if (options->help) {
		main_print_help(named);
		return EXIT_DONE;
	}
	if (options->version) {
		puts("sioscope " SIOSCOPE_VERSION);
		return EXIT_DONE;
	}
	if (options->list_interfaces)
		return main_list_interfaces();
	if (!named && tui_is_wanted(options))
		command = &command_tui;
	options->opens_files = command == &command_check || command == &command_tui;
	return command->run(options);
}

int main(int argc, char **argv)
{
	struct options options;
	const struct command *named = main_command_named(argc > 1 ? argv[1] : NULL);
	const struct command *command = named ? named : &command_report;
	signal(SIGPIPE, SIG_IGN); /* a reader that goes away (| head) is told by the write */
	if (argc > 1 && strcmp(argv[1], "help") == 0)
		return output_end(main_help(argc > 2 ? argv[2] : NULL));
	if (named) {
		argc--;
		argv++;
	}
	int code = options_read(&options, command->bit, argc, argv) ? main_run(command, named, &options) : EXIT_UNABLE;
	options_free(&options);
	return output_end(code);
}

/* sioscope: chooses the command. */
#include "base/text.h"
#include "cmd/options.h"
#include "cmd/otlp_sender.h"
#include "cmd/output.h"
#include "cmd/supervisor.h"
#include "detect/codes.h"
#include "platform/sandbox.h"
#include "platform/system.h"
#include "source/source.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct command *const main_commands[] = {&command_report, &command_dump, &command_check, &command_explain};

enum { MAIN_COMMANDS = sizeof main_commands / sizeof *main_commands };

/* The nth command: the core's, then those of plug-ins. False: after the last. */
static bool main_command_nth(size_t nth, struct command *command)
{
	if (nth < MAIN_COMMANDS)
		*command = *main_commands[nth];
	return nth < MAIN_COMMANDS || plugins_command_nth(nth - MAIN_COMMANDS, command);
}

static void main_print_options(struct options_of of)
{
	puts("\nOptions:");
	options_print(of);
	puts("\nExit codes: 0 done (check: all held), 1 check: an expectation was broken, 2 bad usage, unreadable "
	     "input,\n"
	     "or check could not tell.");
}

static void main_print_help(void)
{
	puts("sioscope: what went wrong between a Socket.IO client and its server");
	if (probe_missing())
		printf("without eBPF: %s (-p, --process, --cgroup and --port do not work)\n", probe_missing());
	puts("\n"
	     "  sioscope [COMMAND] [options] [-r] CAPTURE ['BPF filter']\n\n"
	     "Without a command: on a terminal the interface (F1 is its help), else the report.\n"
	     "Commands (sioscope help COMMAND says more):");
	struct command command;
	for (size_t i = 0; main_command_nth(i, &command); i++)
		printf("  %-8s %s\n", command.name, command.summary);
	main_print_options((struct options_of){FOR_ALL, NULL});
}

static void main_print_command(const struct command *command)
{
	printf("sioscope %s: %s\n\n  sioscope %s %s\n", command->name, command->summary, command->name, command->words);
	if (command->describe)
		command->describe();
	main_print_options(command_options(command));
}

/* `about` NULL: all of it. */
static void main_print(const struct command *about)
{
	if (about)
		main_print_command(about);
	else
		main_print_help();
}

/* The command that `word` names; false when it names none. */
static bool main_command_named(const char *word, struct command *command)
{
	for (size_t i = 0; word && main_command_nth(i, command); i++)
		if (strcmp(command->name, word) == 0)
			return true;
	return false;
}

/* The names of the commands, for suggest_nearest. */
static const char *main_command_word(size_t index)
{
	struct command command;
	if (index == 0)
		return "help";
	return main_command_nth(index - 1, &command) ? command.name : NULL;
}

/* `sioscope help --list`: everything that can be typed, for the shells' completions (src/package). */
static void main_list(void)
{
	struct command command;
	for (size_t i = 0; main_command_nth(i, &command); i++)
		printf("command\t%s\t%s\n", command.name, command.summary);
	puts("command\thelp\twhat a command does, and its options");
	for (size_t i = 0; main_command_nth(i, &command); i++)
		options_list(command.name, command_options(&command));
	for (size_t i = 0; plugins[i]; i++)
		printf("plugin\t%s\n", plugins[i]->name);
	for (unsigned code = 0; code < CODES_MOST; code = code_next(code))
		printf("code\t%s\t%s\n", code_entry(code)->name, code_entry(code)->title);
}

/* `sioscope help [COMMAND | --list]` */
static int main_help(const char *word)
{
	if (word && strcmp(word, "--list") == 0) {
		main_list();
		return EXIT_DONE;
	}
	struct command about;
	bool known = main_command_named(word, &about);
	if (word && !known) {
		const char *meant = suggest_nearest(slice_of_text(word), main_command_word);
		char text[256];
		struct buffer all = buffer_over(text, sizeof text);
		for (size_t i = 0; !meant && main_command_word(i); i++)
			buffer_append_format(&all, "%s %s", i ? "," : "", main_command_word(i));
		complain("help: %s is no command; %s%s%.*s%s", word, meant ? "did you mean " : "there are",
		    meant ? meant : "", (int)all.len, text, meant ? "?" : "");
		return EXIT_UNABLE;
	}
	main_print(known ? &about : NULL);
	return EXIT_DONE;
}

static int main_list_interfaces(void)
{
	char why[256];
	if (live_list(why, sizeof why))
		return EXIT_DONE;
	complain("-D: %s", why);
	return EXIT_UNABLE;
}

/* ---- no capture is named */

/* Words, and nothing to be read: the name of a file that is none, or that of a command with a slip of the pen. */
static void main_refuse_words(const struct command *named, const char *words)
{
	char word[256];
	snprintf(word, sizeof word, "%.*s", (int)strcspn(words, " "), words);
	struct stat about;
	bool is_folder = stat(word, &about) == 0 && S_ISDIR(about.st_mode);
	const char *meant = named ? NULL : suggest_nearest(slice_of_text(word), main_command_word);
	if (is_folder || strpbrk(word, "./"))
		complain("%s: %s", word, is_folder ? "is a folder" : "No such file or directory");
	else if (meant)
		complain("%s: no such command; did you mean %s?", word, meant);
	else
		complain("%s: %s; a filter comes after -r FILE (see sioscope --help)", words,
		    named ? "which capture?" : "no such command");
}

/* Is there something that the command can read? If not, that is said. */
static bool main_has_capture(const struct command *command, const struct command *named, const struct options *options)
{
	if (!(command->bit & FOR_CAPTURES) || options->read_count || options_are_live(options))
		return true;
	if (options->filter)
		main_refuse_words(named, options->filter);
	else
		fputs("sioscope: which capture? -r FILE names it (- is stdin); --help lists the options\n", stderr);
	return false;
}

static int main_run(const struct command *command, const struct command *named, struct options *options)
{
	if (options->help) {
		main_print(named);
		return EXIT_DONE;
	}
	if (options->version) {
		const char *missing = probe_missing();
		char sandbox[SANDBOX_TEXT];
		printf("sioscope " SIOSCOPE_VERSION " (%s%s)\nsandbox: %s\n", missing ? "without eBPF: " : "with eBPF",
		    missing ? missing : "", platform_describe_sandbox(sandbox));
		return EXIT_DONE;
	}
	if (options->list_interfaces)
		return main_list_interfaces();
	if (!main_has_capture(command, named, options))
		return EXIT_UNABLE;
	if (!named && tui_is_wanted(options))
		command = &command_tui;
	options->interface = command == &command_tui;
	if (!options->interface) /* nobody else looks at them */
		options->limits.wire = 0;
	struct supervisor supervisor;
	if (!supervisor_begin(&supervisor, options))
		return EXIT_UNABLE;
	struct otlp_sender sender;
	int code = EXIT_UNABLE;
	if (otlp_sender_begin(&sender, options))
		code = command->plugged ? plugins_run_command(command, options) : command->run(options);
	otlp_sender_free(options);
	supervisor_end(options);
	return code;
}

/* Nothing that is opened later takes the number of an input or output that was closed: what is written to that fails,
 * as it should. */
static void main_keep_standard_files(void)
{
	for (int file = STDIN_FILENO; file <= STDERR_FILENO; file++)
		if (fcntl(file, F_GETFD) < 0)
			open("/dev/null", file == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
	main_keep_standard_files();
	struct options options;
	struct command word;
	const struct command *named = main_command_named(argc > 1 ? argv[1] : NULL, &word) ? &word : NULL;
	const struct command *command = named ? named : &command_report;
	platform_keep_freed_memory();
	signal(SIGPIPE, SIG_IGN); /* a reader that goes away (| head) is noticed by the write */
	if (argc > 1 && strcmp(argv[1], "help") == 0)
		return output_end(main_help(argc > 2 ? argv[2] : NULL));
	if (named) {
		argc--;
		argv++;
	}
	int code = options_read(&options, command_options(command), argc, argv) ? main_run(command, named, &options)
	                                                                        : EXIT_UNABLE;
	options_free(&options);
	return output_end(code);
}

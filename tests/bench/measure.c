/*
 * Runs commands by turns with their output thrown away, and prints for each the processor time that it took against the
 * first of the same round (median, least and most), and the most memory. By turns, so that a machine that grows slower
 * meanwhile does so for all of them.
 *
 *     measure ROUNDS NAME COMMAND… [-- NAME COMMAND…]…
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COMMANDS = 8, ROUNDS = 100 };

struct measured {
	const char *name;
	char **command;
	double seconds[ROUNDS], ratios[ROUNDS];
	long peak; /* resident kilobytes */
};

static void become(char **command)
{
	int nowhere = open("/dev/null", O_WRONLY);
	dup2(nowhere, STDOUT_FILENO);
	dup2(nowhere, STDERR_FILENO);
	if (command[0])
		execvp(command[0], command);
	_exit(127);
}

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double run_once(struct measured *measured)
{
	struct rusage usage;
	int status;
	pid_t child = fork();
	if (child == 0)
		become(measured->command);
	if (child < 0 || wait4(child, &status, 0, &usage) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "measure: %s failed\n", measured->name);
		exit(1);
	}
	if (usage.ru_maxrss > measured->peak)
		measured->peak = usage.ru_maxrss;
	return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

static int compare_numbers(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

static void print_measured(struct measured *measured, int rounds)
{
	double *ratios = measured->ratios;
	qsort(measured->seconds, (size_t)rounds, sizeof *measured->seconds, compare_numbers);
	qsort(ratios, (size_t)rounds, sizeof *ratios, compare_numbers);
	printf("  %-12s %8.3f s  %7.2f (%.2f–%.2f)  %8.1f MB\n", measured->name, measured->seconds[rounds / 2],
	    ratios[rounds / 2], ratios[0], ratios[rounds - 1], (double)measured->peak / 1e3);
}

/* Cuts the arguments at each "--"; returns how many commands there are. */
static int read_commands(char **words, struct measured *measured)
{
	int count = 0;
	while (*words && count < COMMANDS) {
		measured[count].name = words[0];
		measured[count++].command = words + 1;
		while (*words && strcmp(*words, "--") != 0)
			words++;
		if (*words)
			*words++ = NULL;
	}
	return count;
}

int main(int argc, char **argv)
{
	static struct measured measured[COMMANDS];
	int rounds = argc > 3 ? (int)strtol(argv[1], NULL, 10) : 0;
	if (rounds < 1 || rounds > ROUNDS) {
		fputs("usage: measure ROUNDS NAME COMMAND… [-- NAME COMMAND…]…\n", stderr);
		return 2;
	}
	int count = read_commands(argv + 2, measured);
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < count; i++) {
			measured[i].seconds[round] = run_once(&measured[i]);
			measured[i].ratios[round] = measured[i].seconds[round] / measured[0].seconds[round];
		}
	for (int i = 0; i < count; i++)
		print_measured(&measured[i], rounds);
	return 0;
}

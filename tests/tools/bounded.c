/*
 * Runs a command that must keep within bounds: processor seconds and resident kilobytes (0: whatever it takes). Exits
 * as the command does; with 124 or 125, and a line on stderr, when it took more time or more memory. BOUNDED_COST=FILE
 * gets what it took: milliseconds and kilobytes.
 *
 *     bounded SECONDS KILOBYTES COMMAND…
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_TIME = 124, EXIT_MEMORY = 125, EXIT_LOST = 126 };

static void become(char **command, long seconds)
{
	const struct rlimit limit = {(rlim_t)seconds, (rlim_t)seconds + 1};
	if (seconds)
		setrlimit(RLIMIT_CPU, &limit);
	execvp(command[0], command);
	perror(command[0]);
	_exit(EXIT_LOST);
}

static int judge(int status, long peak, long seconds, long kilobytes)
{
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || (seconds && WTERMSIG(status) == SIGKILL))) {
		fprintf(stderr, "bounded: more than %ld s\n", seconds);
		return EXIT_TIME;
	}
	if (kilobytes && peak > kilobytes) {
		fprintf(stderr, "bounded: %ld kB, more than %ld\n", peak, kilobytes);
		return EXIT_MEMORY;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void tell_cost(const struct rusage *usage)
{
	const char *path = getenv("BOUNDED_COST");
	FILE *file = path ? fopen(path, "w") : NULL;
	if (!file)
		return;
	fprintf(file, "%ld %ld\n",
	    (long)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000 +
	        (long)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1000,
	    usage->ru_maxrss);
	(void)fclose(file);
}

int main(int argc, char **argv)
{
	struct rusage usage;
	int status;
	if (argc < 4) {
		fputs("usage: bounded SECONDS KILOBYTES COMMAND…\n", stderr);
		return 2;
	}
	long seconds = strtol(argv[1], NULL, 10), kilobytes = strtol(argv[2], NULL, 10);
	pid_t child = fork();
	if (child == 0)
		become(argv + 3, seconds);
	if (child < 0 || wait4(child, &status, 0, &usage) < 0)
		return EXIT_LOST;
	tell_cost(&usage);
	return judge(status, usage.ru_maxrss, seconds, kilobytes);
}

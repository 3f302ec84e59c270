/*
 * Runs a command several times with its output thrown away; prints the least seconds it took and the most memory.
 *
 *     measure TIMES COMMAND…      prints "<seconds> <peak resident kilobytes>"
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void become(char **command)
{
	int nowhere = open("/dev/null", O_WRONLY);
	dup2(nowhere, STDOUT_FILENO);
	dup2(nowhere, STDERR_FILENO);
	execvp(command[0], command);
	_exit(127);
}

static double run_once(char **command, long *peak)
{
	struct rusage usage;
	int status;
	double begin = now();
	pid_t child = fork();
	if (child == 0)
		become(command);
	if (child < 0 || wait4(child, &status, 0, &usage) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "measure: %s failed\n", command[0]);
		exit(1);
	}
	if (usage.ru_maxrss > *peak)
		*peak = usage.ru_maxrss;
	return now() - begin;
}

int main(int argc, char **argv)
{
	double least = 1e9;
	long peak = 0;
	if (argc < 3) {
		fputs("usage: measure TIMES COMMAND…\n", stderr);
		return 2;
	}
	for (long left = strtol(argv[1], NULL, 10); left > 0; left--) {
		double took = run_once(argv + 2, &peak);
		least = took < least ? took : least;
	}
	printf("%.3f %ld\n", least, peak);
	return 0;
}

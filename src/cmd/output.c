/* Stdout, and its end. */
#include "cmd/output.h"

#include "cmd/command.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

struct text_writer output_paper(const struct options *options)
{
	return (struct text_writer){.out = stdout, .colours = !options->no_color && text_wants_colours(stdout)};
}

/* Asked of the pipe itself: errno is long gone when a write failed somewhere below. */
static bool output_reader_went(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
	return poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP));
}

int output_end(int code)
{
	bool flushed = fflush(stdout) == 0;
	if ((flushed && !ferror(stdout)) || output_reader_went())
		return code;
	fputs("sioscope: stdout: could not be written\n", stderr);
	return EXIT_UNABLE;
}

/* In place of otlp_post.c where libcurl is missing: the metrics listener works, and nothing is sent. */
#include "cmd/otlp_post.h"

#include <stdio.h>

const char *otlp_post_missing(void)
{
	return "this sioscope was built without libcurl: install it (with its headers) and build sioscope again";
}

struct otlp_poster *otlp_poster_new(const struct otlp_environment *environment, char why[OTLP_WHY])
{
	(void)environment;
	snprintf(why, OTLP_WHY, "%s", otlp_post_missing());
	return NULL;
}

void otlp_poster_free(struct otlp_poster *poster)
{
	(void)poster;
}

bool otlp_poster_begin(struct otlp_poster *poster, enum otlp_signal signal, struct slice request, int64_t timeout)
{
	(void)poster;
	(void)signal;
	(void)request;
	(void)timeout;
	return false;
}

bool otlp_poster_take(struct otlp_poster *poster, struct otlp_answer *answer)
{
	(void)poster;
	(void)answer;
	return false;
}

void otlp_poster_wait(struct otlp_poster *poster, struct pollfd *files, size_t count, int milliseconds)
{
	(void)poster;
	poll(files, (nfds_t)count, milliseconds);
}

/* By which hosts (Host) a server answers: nginx, told to, ends the connection of whoever names another without a word
 * (ngx_http_request.c: NGX_HTTP_CLOSE, `return 444`). */
#include "detect/unanswered.h"

void unanswered_copy_host(char host[UNANSWERED_HOST], const struct exchange *exchange)
{
	struct slice name = slice_take(exchange_field(&exchange->request, "Host"), UNANSWERED_HOST - 1);
	memcpy(host, name.at ? (const char *)name.at : "", name.len);
	host[name.len] = '\0';
}

static bool unanswered_has_host(
    const struct answered_hosts *answered, const struct endpoint *server, const char host[UNANSWERED_HOST])
{
	for (size_t i = 0; i < answered->count; i++)
		if (endpoint_equals(&answered->hosts[i].server, server) && !strcmp(answered->hosts[i].host, host))
			return true;
	return false;
}

void unanswered_note_host(struct answered_hosts *answered, const struct event *event)
{
	char host[UNANSWERED_HOST];
	const struct endpoint *server = &event->connection->server;
	unanswered_copy_host(host, event->exchange);
	if (!event->exchange->status || !host[0] || answered->count == UNANSWERED_HOSTS ||
	    unanswered_has_host(answered, server, host))
		return;
	answered->hosts[answered->count].server = *server;
	memcpy(answered->hosts[answered->count++].host, host, sizeof host);
}

const char *unanswered_other_host(
    const struct answered_hosts *answered, const struct endpoint *server, const char host[UNANSWERED_HOST])
{
	if (!host[0] || unanswered_has_host(answered, server, host))
		return NULL;
	for (size_t i = 0; i < answered->count; i++)
		if (endpoint_equals(&answered->hosts[i].server, server))
			return answered->hosts[i].host;
	return NULL;
}

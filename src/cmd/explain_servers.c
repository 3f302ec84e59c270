/* `sioscope explain --servers`: the tables of servers/ in words. */
#include "cmd/explain_servers.h"

#include "servers/server.h"
#include "view/text_writer.h"

static const char *text_or(const char *text, const char *otherwise)
{
	return text ? text : otherwise;
}

static void servers_write_row(const struct text_writer *writer, const struct server_proof *proof, const char *row)
{
	text_label(writer, STYLE_PLAIN, 4, "- ", "%s%s%s%s [%s; %s]", row, proof->versions ? " (" : "",
	    text_or(proof->versions, ""), proof->versions ? ")" : "", proof->source,
	    proof->capture ? proof->capture : "source only");
}

static void servers_write_traits(const struct text_writer *writer, const struct server *server)
{
	char row[200];
	if (server->trait_count)
		text_write(writer, STYLE_PLAIN, 2, "is recognised by:");
	for (size_t i = 0; i < server->trait_count; i++) {
		const struct server_trait_row *trait = &server->traits[i];
		snprintf(row, sizeof row, "%s: %s", server_trait_name(trait->trait),
		    *trait->value ? trait->value : "(empty)");
		servers_write_row(writer, &trait->proof, row);
	}
}

/* "in answer to a POST or an upgrade". */
static void servers_format_places(unsigned places, char text[200])
{
	static const struct {
		unsigned place;
		const char *name;
	} names[] = {{AT_HANDSHAKE, "a handshake"}, {AT_WEBSOCKET, "a WebSocket handshake"}, {AT_POLL, "a poll"},
	    {AT_POST, "a POST"}, {AT_UPGRADE, "an upgrade"}, {AT_STRIPPED, "a WebSocket handshake without Upgrade"},
	    {AT_STRIPPED_UPGRADE, "an upgrade without Upgrade"}, {AT_METHOD, "another method"}};
	size_t len = 0;
	text[0] = '\0';
	if (places == AT_ANY) {
		snprintf(text, 200, "any request");
		return;
	}
	for (size_t i = 0; i < sizeof names / sizeof *names && len < 150; i++)
		if (places & names[i].place)
			len += (size_t)snprintf(text + len, 200 - len, "%s%s", len ? " or " : "", names[i].name);
}

static void servers_write_refusals(const struct text_writer *writer, const struct server *server)
{
	char row[512], places[200], status[16];
	if (server->refusal_count)
		text_write(writer, STYLE_PLAIN, 2, "refuses:");
	for (size_t i = 0; i < server->refusal_count; i++) {
		const struct server_refusal *refusal = &server->refusals[i];
		const char *body = refusal->body;
		servers_format_places(refusal->places, places);
		snprintf(status, sizeof status, "%d", refusal->status);
		snprintf(row, sizeof row, "%s: %s is answered with HTTP %s%s%s%s%s%s",
		    server_meaning_text(refusal->meaning), places, refusal->status ? status : "4xx or 5xx",
		    body && *body ? ", body "
		    : body        ? ", empty body"
		                  : "",
		    text_or(body, ""), refusal->code ? ", JSON code " : "", text_or(refusal->code, ""), "");
		servers_write_row(writer, &refusal->proof, row);
	}
}

static void servers_write_lines(
    const struct text_writer *writer, const struct server_log_line *lines, size_t count, const char *title)
{
	char row[256];
	if (count)
		text_write(writer, STYLE_PLAIN, 2, "%s", title);
	for (size_t i = 0; i < count; i++) {
		snprintf(row, sizeof row, "\"%s\": %s", lines[i].words, server_log_meaning_text(lines[i].meaning));
		servers_write_row(writer, &lines[i].proof, row);
	}
}

static void servers_write_facts(const struct text_writer *writer, const struct server *server)
{
	char row[200], value[SERVER_FACT_TEXT];
	if (server->fact_count)
		text_write(writer, STYLE_PLAIN, 2, "limits, defaults and rules:");
	for (size_t i = 0; i < server->fact_count; i++) {
		const struct server_fact_row *fact = &server->facts[i];
		snprintf(row, sizeof row, "%s: %s", server_fact_name(fact->fact),
		    server_fact_format(fact->fact, fact->value, value));
		servers_write_row(writer, &fact->proof, row);
	}
}

static void servers_write_one(const struct text_writer *writer, const struct server *server)
{
	const char *until = server->to ? server->to : "and later";
	text_heading(writer, "%s: %s%s%s%s%s (%s)", server->name, server->software, server->from ? " " : "",
	    text_or(server->from, ""),
	    !server->from ? ""
	    : server->to  ? " to "
	                  : " ",
	    server->from ? until : "", server_family_name(server->family));
	servers_write_traits(writer, server);
	servers_write_refusals(writer, server);
	servers_write_lines(writer, server->log_lines, server->log_line_count, "logs:");
	servers_write_facts(writer, server);
}

void explain_servers(const struct text_writer *writer, const struct server_log_table *tables)
{
	for (size_t i = 0; i < servers_count(); i++) {
		if (i)
			text_blank(writer);
		servers_write_one(writer, servers_table[i]);
	}
	for (; tables; tables = tables->next) {
		text_blank(writer);
		text_heading(writer, "%s", tables->name);
		servers_write_lines(writer, tables->lines, tables->line_count, "logs:");
	}
}

/* Recognises implementations by elimination. */
#include "base/bytes.h"
#include "base/memory.h"
#include "servers/server.h"

/* ---- the form of a sid */

static bool is_lower_hex(uint8_t byte)
{
	return digits_is_decimal(byte) || (byte >= 'a' && byte <= 'f');
}

static bool is_base36(uint8_t byte)
{
	return digits_is_decimal(byte) || (byte >= 'a' && byte <= 'z');
}

static bool is_base64url(uint8_t byte)
{
	return is_base36(byte) || (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '_';
}

static bool sid_is_all(struct slice sid, bool (*fits)(uint8_t byte))
{
	for (size_t i = 0; i < sid.len; i++)
		if (!fits(sid.at[i]))
			return false;
	return true;
}

/* 8-4-4-4-12 (RFC 9562 §4). */
static bool sid_is_uuid(struct slice sid)
{
	for (size_t i = 0; i < sid.len; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? sid.at[i] != '-' : !is_lower_hex(sid.at[i]))
			return false;
	}
	return sid.len == 36;
}

static bool sid_has_form(struct slice sid, const char *form)
{
	static const struct {
		const char *name;
		size_t least, most;
		bool (*fits)(uint8_t byte);
	} forms[] = {
	    {"base64id", 20, 20, is_base64url},  /* 15 bytes, of which the last are a counter */
	    {"base64-16", 16, 16, is_base64url}, /* 12 bytes */
	    {"hex32", 32, 32, is_lower_hex}, {"counter", 1, 6, is_base36},
	    {"yeast", 1, 11, is_base64url}, /* a number of 63 bits */
	};
	if (strcmp(form, "uuid") == 0)
		return sid_is_uuid(sid);
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (strcmp(form, forms[i].name) == 0)
			return sid.len >= forms[i].least && sid.len <= forms[i].most && sid_is_all(sid, forms[i].fits);
	return false;
}

/* ---- elimination */

static bool trait_fits(const struct server_trait_row *row, struct slice value)
{
	switch (row->trait) {
	case TRAIT_SID:
		return sid_has_form(value, row->value);
	case TRAIT_SOFTWARE:
		return server_text_matches(value, row->value);
	case TRAIT_JOIN:
		return *row->value ? slice_starts_with(value, slice_of_text(row->value)) : value.len == 0;
	default:
		return slice_equals_text(value, row->value);
	}
}

enum trait_verdict { TRAIT_SILENT, TRAIT_FITS, TRAIT_DIFFERS };

static enum trait_verdict trait_ask(const struct server *server, enum server_trait trait, struct slice value)
{
	enum trait_verdict verdict = TRAIT_SILENT;
	for (size_t i = 0; i < server->trait_count; i++) {
		if (server->traits[i].trait != trait)
			continue;
		if (trait_fits(&server->traits[i], value))
			return TRAIT_FITS;
		verdict = TRAIT_DIFFERS;
	}
	return verdict;
}

/* Only what gives out sids: no proxy, nor what carries a Socket.IO server. */
static bool server_is_candidate(const struct server *server)
{
	return server->family != SERVER_PROXY && server->trait_count && server->fact_count;
}

/* A field of an implementation's own leaves out all other families. */
static void recognition_note_weak(struct recognition *recognition, enum server_trait trait, struct slice value)
{
	uint32_t families = 0, matched = 0;
	for (size_t i = 0; i < servers_count(); i++) {
		const struct server *server = servers_table[i];
		if (!server_is_candidate(server) || trait_ask(server, trait, value) != TRAIT_FITS)
			continue;
		families |= 1u << server->family;
		matched |= 1u << i;
	}
	for (size_t i = 0; matched && i < servers_count(); i++)
		if (!(families & 1u << servers_table[i]->family))
			recognition->excluded |= 1u << i;
	recognition->matched |= matched;
}

void recognition_note(struct recognition *recognition, enum server_trait trait, struct slice value)
{
	if (trait == TRAIT_SOFTWARE || trait == TRAIT_KEEP_ALIVE) { /* a proxy may have written it */
		recognition_note_weak(recognition, trait, value);
		return;
	}
	for (size_t i = 0; i < servers_count(); i++) {
		enum trait_verdict verdict = server_is_candidate(servers_table[i])
		                                 ? trait_ask(servers_table[i], trait, value)
		                                 : TRAIT_DIFFERS;
		if (verdict == TRAIT_DIFFERS)
			recognition->excluded |= 1u << i;
		else if (verdict == TRAIT_FITS)
			recognition->matched |= 1u << i;
	}
}

/* ---- what is left */

static bool recognition_leaves(const struct recognition *recognition, size_t which)
{
	return recognition->matched & ~recognition->excluded & 1u << which;
}

const struct server *recognition_server(const struct recognition *recognition)
{
	const struct server *newest = NULL;
	for (size_t i = 0; i < servers_count(); i++) {
		if (!recognition_leaves(recognition, i))
			continue;
		if (newest && strcmp(newest->software, servers_table[i]->software) != 0)
			return NULL;
		if (!newest)
			newest = servers_table[i];
	}
	return newest;
}

bool recognition_get_fact(const struct recognition *recognition, enum server_fact fact, int64_t *value)
{
	bool known = false;
	for (size_t i = 0; i < servers_count(); i++) {
		int64_t said;
		if (!recognition_leaves(recognition, i) || !server_get_fact(servers_table[i], fact, &said))
			continue;
		if (known && said != *value)
			return false;
		known = true;
		*value = said;
	}
	return known;
}

/* Of one implementation the table has the newest first: versions from the last of those that are left to the first. */
static void recognition_append(
    const struct recognition *recognition, const char *software, const char *before, struct buffer *out)
{
	const struct server *newest = NULL, *oldest = NULL;
	for (size_t i = 0; i < servers_count(); i++) {
		if (!recognition_leaves(recognition, i) || strcmp(servers_table[i]->software, software) != 0)
			continue;
		newest = newest ? newest : servers_table[i];
		oldest = servers_table[i];
	}
	if (newest && newest->to)
		buffer_append_format(out, "%s%s %s to %s", before, software, oldest->from, newest->to);
	else if (newest)
		buffer_append_format(out, "%s%s %s and later", before, software, oldest->from);
}

const char *recognition_format(const struct recognition *recognition, char text[RECOGNITION_TEXT])
{
	struct buffer out = buffer_over(text, RECOGNITION_TEXT - 1);
	const char *former = "";
	size_t named = 0;
	for (size_t i = 0; i < servers_count(); i++) {
		const char *software = servers_table[i]->software;
		if (!recognition_leaves(recognition, i) || strcmp(software, former) == 0)
			continue;
		recognition_append(recognition, software, named++ ? ", or " : "", &out);
		former = software;
	}
	text[out.len] = '\0';
	return named && named <= RECOGNITION_NAMES ? text : NULL;
}

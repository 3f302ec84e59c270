/* Texts without sids and secrets, and the ids that stand for sids. */
#include "view/outbound.h"

#include "base/text.h"
#include "http/exchange.h"

#include <inttypes.h>
/* EVP would read libcrypto's configuration and load its providers, for a hash that needs neither: 5,000 allocations. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <stdlib.h>

const char *otlp_signal_name(size_t signal)
{
	static const char *const names[OTLP_SIGNALS] = {[OTLP_METRICS] = "metrics",
	    [OTLP_FINDINGS] = "findings",
	    [OTLP_TRACES] = "traces",
	    [OTLP_EVENTS] = "events"};
	return signal < OTLP_SIGNALS ? names[signal] : NULL;
}

/*
 * The sids that are known, as 64-bit digests: two generations, the older of which goes when the newer is full. A digest
 * depends on a secret of the process, and one that is met by chance costs a reader a word of a text.
 */
enum { SIDS_FIRST = 256, SIDS_MOST = 1 << 18 /* slots, half of them used */, SID_LONGEST = TARGET_SID_SIZE };

struct sids {
	uint64_t *slots; /* 0: free; a power of two of them; NULL: none yet */
	size_t room, count;
};

struct outbound {
	struct mask mask;
	char instance[OUTBOUND_INSTANCE];
	struct budget *budget;
	struct sids sids[2];                  /* the newer first */
	uint8_t lengths[SID_LONGEST / 8 + 1]; /* of sids that were ever known: a bit for each */
	uint8_t beginnings[65536 / 8];        /* their first two bytes */
	bool is_blind; /* there was no memory for a sid: no text can be looked through any more */
	uint64_t refused;
	uint64_t factor;
	struct buffer plain, masked; /* a text on its way */
};

struct outbound *outbound_new(const struct mask *mask, const char *instance, struct budget *budget)
{
	struct outbound *outbound = calloc(1, sizeof *outbound);
	if (!outbound)
		return NULL;
	outbound->mask = *mask;
	outbound->mask.shows = false;
	snprintf(outbound->instance, sizeof outbound->instance, "%s", instance);
	outbound->budget = budget;
	outbound->factor = hash_secret().factor;
	buffer_init(&outbound->plain, BUFFER_NO_LIMIT, budget);
	buffer_init(&outbound->masked, BUFFER_NO_LIMIT, budget);
	return outbound;
}

void outbound_free(struct outbound *outbound)
{
	if (!outbound)
		return;
	for (size_t i = 0; i < 2; i++)
		budget_release(outbound->sids[i].slots);
	buffer_free(&outbound->plain);
	buffer_free(&outbound->masked);
	free(outbound);
}

uint64_t outbound_refused(const struct outbound *outbound)
{
	return outbound->refused;
}

const char *outbound_instance(const struct outbound *outbound)
{
	return outbound->instance;
}

/* ---- sids */

static uint64_t sid_digest(const struct outbound *outbound, struct slice sid)
{
	uint64_t digest = hash_digest((struct hash_secret){outbound->factor, outbound->factor}, sid.at, sid.len);
	return digest ? digest : 1;
}

static uint64_t *sids_slot(const struct sids *sids, uint64_t digest)
{
	size_t at = digest & (sids->room - 1);
	while (sids->slots[at] && sids->slots[at] != digest)
		at = (at + 1) & (sids->room - 1);
	return &sids->slots[at];
}

static bool sids_hold(const struct sids *sids, uint64_t digest)
{
	return sids->slots && *sids_slot(sids, digest);
}

/* Room for one more: twice as many slots, or a new generation. */
static bool sids_make_room(struct outbound *outbound)
{
	struct sids *sids = &outbound->sids[0];
	if (sids->count < sids->room / 2)
		return true;
	bool is_full = sids->room == SIDS_MOST;
	struct sids grown = {.room = sids->room && !is_full ? sids->room * 2 : SIDS_FIRST};
	grown.slots = budget_new(outbound->budget, grown.room * sizeof *grown.slots);
	if (!grown.slots)
		return false;
	if (is_full) {
		budget_release(outbound->sids[1].slots);
		outbound->sids[1] = *sids;
	} else {
		for (size_t i = 0; i < sids->room; i++)
			if (sids->slots[i])
				*sids_slot(&grown, sids->slots[i]) = sids->slots[i];
		grown.count = sids->count;
		budget_release(sids->slots);
	}
	*sids = grown;
	return true;
}

static size_t sid_beginning(const uint8_t *at)
{
	return (size_t)at[0] << 8 | at[1];
}

void outbound_note_sid(struct outbound *outbound, struct slice sid)
{
	if (sid.len < OUTBOUND_SID || sid.len > SID_LONGEST)
		return;
	uint64_t digest = sid_digest(outbound, sid);
	if (sids_hold(&outbound->sids[0], digest))
		return;
	if (!sids_make_room(outbound)) {
		outbound->is_blind = true;
		outbound->refused++;
		return;
	}
	*sids_slot(&outbound->sids[0], digest) = digest;
	outbound->sids[0].count++;
	outbound->lengths[sid.len / 8] |= (uint8_t)(1 << sid.len % 8);
	outbound->beginnings[sid_beginning(sid.at) / 8] |= (uint8_t)(1 << sid_beginning(sid.at) % 8);
}

/* What a CONNECT is answered with from revision 4 of Socket.IO's protocol on: {"sid":"…"}. */
static void outbound_note_joined(struct outbound *outbound, struct slice data)
{
	struct slice sid;
	if (json_find_member(data, "sid", &sid))
		outbound_note_sid(outbound, json_inside_quotes(sid));
}

void outbound_note_event(struct outbound *outbound, const struct event *event)
{
	const struct exchange *exchange = event_exchange(event);
	if (event->session && event->session->sid)
		outbound_note_sid(outbound, slice_of(event->session->sid, event->session->sid_len));
	if (exchange && exchange->target)
		outbound_note_sid(outbound, target_sid(exchange->target));
	if (event->kind == EVENT_CONNECT && event->direction == DIRECTION_TO_CLIENT && event->packet.data.len)
		outbound_note_joined(outbound, event->packet.data);
}

/* ---- sids in texts */

/* How long the known sid is that begins the text; 0: none does. */
static size_t outbound_known_sid(const struct outbound *outbound, struct slice text)
{
	size_t beginning = text.len < OUTBOUND_SID ? 0 : sid_beginning(text.at);
	if (text.len < OUTBOUND_SID || !(outbound->beginnings[beginning / 8] & 1 << beginning % 8))
		return 0;
	for (size_t len = text.len < SID_LONGEST ? text.len : SID_LONGEST; len >= OUTBOUND_SID; len--) {
		if (!(outbound->lengths[len / 8] & 1 << len % 8))
			continue;
		uint64_t digest = sid_digest(outbound, slice_take(text, len));
		if (sids_hold(&outbound->sids[0], digest) || sids_hold(&outbound->sids[1], digest))
			return len;
	}
	return 0;
}

static bool is_word(uint8_t byte)
{
	return digits_is_decimal(byte) || (uint8_t)((byte | 0x20) - 'a') < 26 || byte == '_';
}

static bool is_of_sid(uint8_t byte)
{
	return is_word(byte) || (byte && strchr("-.~+/%", byte));
}

/* Behind a name, what binds a value to it: `=`, `:` or `%3D`, with quotes, spaces and the reverse solidus of JSON in
 * JSON around it. 0: nothing does. */
static size_t outbound_binding(struct slice text)
{
	size_t at = 0;
	while (at < text.len && strchr("\\\" ", text.at[at]) && text.at[at])
		at++;
	if (slice_equals_nocase(slice_take(slice_drop(text, at), 3), "%3d"))
		at += 3;
	else if (at < text.len && (text.at[at] == '=' || text.at[at] == ':'))
		at++;
	else
		return 0;
	while (at < text.len && strchr("\\\" ", text.at[at]) && text.at[at])
		at++;
	return at;
}

/* `sid` is named here: where its value begins and how long it is. False: it is not. */
static bool outbound_named_sid(struct slice text, size_t at, size_t *begin, size_t *len)
{
	struct slice rest = slice_drop(text, at);
	if (!slice_equals_nocase(slice_take(rest, 3), "sid") || (at && is_word(text.at[at - 1])))
		return false;
	size_t bound = outbound_binding(slice_drop(rest, 3));
	*begin = at + 3 + bound;
	*len = 0;
	while (*begin + *len < text.len && is_of_sid(text.at[*begin + *len]))
		++*len;
	return bound && *len;
}

static void outbound_redact(struct outbound *outbound, struct slice text, struct buffer *out)
{
	char id[SESSION_ID_SIZE];
	size_t at = 0, begin = 0, len = 0, done = 0;
	while (at < text.len) {
		if (outbound_named_sid(text, at, &begin, &len)) {
			at = begin;
		} else if (!(len = outbound_known_sid(outbound, slice_drop(text, at)))) {
			at++;
			continue;
		}
		buffer_append(out, slice_of(text.at + done, at - done));
		buffer_append_text(out, outbound_session_id(slice_of(text.at + at, len), id));
		done = at += len;
	}
	buffer_append(out, slice_drop(text, done));
}

/* ---- texts */

/* U+FFFE and U+FFFF are no characters (Unicode 15, 23.7); C0, U+007F and C1 are controls. */
static bool outbound_lets_pass(uint32_t code, enum outbound_form form)
{
	bool is_control = code < 0x20 || (code >= 0x7f && code < 0xa0);
	if (form == OUTBOUND_TEXT && (code == '\n' || code == '\t'))
		return true;
	return !is_control && (code & 0xfffe) != 0xfffe;
}

static void outbound_put_right(struct buffer *out, struct slice text, size_t most, enum outbound_form form)
{
	static const struct slice replacement = {(const uint8_t *)"\xef\xbf\xbd", 3};
	static const struct slice ellipsis = {(const uint8_t *)"\xe2\x80\xa6", 3};
	size_t begin = out->len, last = out->len; /* `last`: so much leaves room for the ellipsis */
	while (text.len && !out->truncated) {
		uint32_t code;
		size_t len = utf8_decode(text, &code);
		struct slice part = len && outbound_lets_pass(code, form) ? slice_take(text, len) : replacement;
		if (out->len - begin + part.len > most) {
			out->len = last;
			buffer_append(out, ellipsis);
			return;
		}
		buffer_append(out, part);
		if (out->len - begin + ellipsis.len <= most)
			last = out->len;
		text = slice_drop(text, len ? len : 1);
	}
}

/* So much of a text is looked at: many times what of it may leave, for replacements are shorter than what they replace.
 */
static struct slice outbound_beginning(struct slice text, size_t most)
{
	enum { LONGER = 16, AT_LEAST = 4096 };
	return slice_take(text, AT_LEAST + LONGER * most);
}

void outbound_write_text(
    struct outbound *outbound, struct buffer *out, struct slice text, size_t most, enum outbound_form form)
{
	buffer_clear(&outbound->plain);
	buffer_clear(&outbound->masked);
	outbound_redact(outbound, outbound_beginning(text, most), &outbound->plain);
	mask_write_text(&outbound->mask, buffer_slice(&outbound->plain), &outbound->masked);
	bool is_blind = outbound->is_blind || outbound->plain.truncated || outbound->masked.truncated;
	outbound->refused += is_blind;
	if (is_blind)
		outbound_put_right(out, SLICE("(not shown: no memory)"), most, form);
	else
		outbound_put_right(out, buffer_slice(&outbound->masked), most, form);
}

/* ---- ids */

/* SHA-256 over the parts, each ended by a zero byte but the last. */
static void outbound_digest(const struct slice *parts, size_t count, uint8_t digest[SHA256_DIGEST_LENGTH])
{
	SHA256_CTX context;
	SHA256_Init(&context);
	for (size_t i = 0; i < count; i++) {
		SHA256_Update(&context, parts[i].at, parts[i].len);
		SHA256_Update(&context, "", i + 1 < count);
	}
	SHA256_Final(digest, &context);
}

struct slice outbound_session_key(
    const struct outbound *outbound, const struct session *session, char text[SESSION_KEY_SIZE])
{
	if (session->sid_len >= OUTBOUND_SID)
		return slice_of(session->sid, session->sid_len);
	int len = snprintf(
	    text, SESSION_KEY_SIZE, "%" PRIu64 " %" PRId64 " %s", session->number, session->first, outbound->instance);
	return slice_of(text, (size_t)len < SESSION_KEY_SIZE ? (size_t)len : SESSION_KEY_SIZE - 1);
}

const char *outbound_session_id(struct slice key, char text[SESSION_ID_SIZE])
{
	const struct slice parts[] = {SLICE("session"), key};
	uint8_t digest[SHA256_DIGEST_LENGTH];
	outbound_digest(parts, 2, digest);
	for (size_t i = 0; i < (SESSION_ID_SIZE - 1) / 2; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	return text;
}

/* The beginning of a digest as an id; all zero is none (W3C Trace Context §3.2.2.3). */
static void outbound_make_id(const uint8_t digest[SHA256_DIGEST_LENGTH], uint8_t *id, size_t len)
{
	static const uint8_t none[TRACE_ID];
	memcpy(id, digest, len);
	if (memcmp(id, none, len) == 0)
		id[len - 1] = 1;
}

void outbound_trace_id(struct slice key, unsigned part, uint8_t id[TRACE_ID])
{
	char number[DIGITS_MOST];
	uint8_t digest[SHA256_DIGEST_LENGTH];
	const struct slice parts[] = {
	    SLICE("trace"), key, slice_of(number, (size_t)(digits_write(number, part) - number))};
	outbound_digest(parts, part ? 3 : 2, digest);
	outbound_make_id(digest, id, TRACE_ID);
}

void outbound_span_id(const struct outbound *outbound, const char *kind, struct slice key, unsigned part,
    uint64_t index, uint8_t id[SPAN_ID])
{
	char hour[DIGITS_MOST], number[DIGITS_MOST];
	uint8_t digest[SHA256_DIGEST_LENGTH];
	const struct slice parts[] = {slice_of_text(kind), key, slice_of_text(outbound->instance),
	    slice_of(hour, (size_t)(digits_write(hour, part) - hour)),
	    slice_of(number, (size_t)(digits_write(number, index) - number))};
	outbound_digest(parts, sizeof parts / sizeof *parts, digest);
	outbound_make_id(digest, id, SPAN_ID);
}

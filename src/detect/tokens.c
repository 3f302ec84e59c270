/*
 * Tokens that a server refuses because of the time: expired, not valid yet, or valid by the capture's clock and not by
 * the server's.
 *
 * Seen: exp, nbf and iat of the token itself against the time of the packet that carries it, and the words of the
 * refusal, which libraries choose (token_rows). What else could explain a refusal: anything that the application
 * checks, so that a token's times are the cause only where the server's words are about a token's time, or about
 * nothing more than that it does not let the client in. Ruled out: a token that is valid, and words about something
 * else (a full room), beside which an expired token is only mentioned.
 */
#include "detect/tokens.h"

#include "base/json.h"
#include "base/text.h"
#include "detect/thresholds.h"

#include <stdio.h>
#include <string.h>

/* TOKEN_PART: bytes of the claims that are read, in base64. TOKEN_TRIES: beginnings in a text that are looked at. */
enum { TOKEN_PART = 4096, TOKEN_TRIES = 8, TOKEN_SAID = 400 };

/* The last date that a timestamp holds, nearly (the year 2255): "never" is often a later one. And more than any date in
 * seconds, less than any of today in milliseconds. */
#define TOKEN_LATEST INT64_C(9000000000)
#define TOKEN_MILLISECONDS INT64_C(100000000000)

/* ---- reading */

/* The URL's alphabet of base64 (RFC 4648, section 5). */
static bool token_is_letter(uint8_t byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
	       byte == '-' || byte == '_';
}

static struct slice token_take_part(struct slice *rest)
{
	size_t len = 0;
	while (len < rest->len && token_is_letter(rest->at[len]))
		len++;
	struct slice part = slice_take(*rest, len);
	*rest = slice_drop(*rest, len);
	return part;
}

/* A claim that is no number is not there. */
static double token_read_claim(struct slice claims, const char *name)
{
	struct slice value;
	double number;
	bool is_date = json_find_member(claims, name, &value) && json_kind_of(value) == JSON_NUMBER &&
	               json_read_number(value, &number) && number > 0;
	return is_date ? number : 0;
}

static int64_t token_date_of(double claim)
{
	return claim < (double)TOKEN_LATEST ? (int64_t)claim : TOKEN_LATEST;
}

static bool token_read_claims(struct slice part, struct token *token)
{
	uint8_t letters[TOKEN_PART], bytes[TOKEN_PART];
	struct buffer out = buffer_over(bytes, sizeof bytes);
	struct slice text, claims;
	if (!part.len || part.len > sizeof letters)
		return false;
	for (size_t i = 0; i < part.len; i++)
		letters[i] = part.at[i] == '-' ? '+' : part.at[i] == '_' ? '/' : part.at[i];
	if (!base64_read(&out, slice_of(letters, part.len)))
		return false;
	text = slice_of(out.at, out.len);
	if (json_kind_of(text) != JSON_OBJECT || !json_take_value(&text, &claims))
		return false;
	double issued = token_read_claim(claims, "iat"), begins = token_read_claim(claims, "nbf");
	token->begins_by_issue = issued > begins;
	if (token->begins_by_issue)
		begins = issued;
	token->expires = token_date_of(token_read_claim(claims, "exp"));
	token->begins = token_date_of(begins);
	token->in_milliseconds = begins > (double)TOKEN_MILLISECONDS;
	return true;
}

/* Three parts of base64 with dots between: the first is JSON that begins with {", the second are the claims (RFC 7519,
 * section 3; RFC 7515, section 7.1). The third, the signature, may be empty. */
static bool token_read(struct slice text, struct token *token)
{
	token_take_part(&text);
	if (!slice_starts_with(text, SLICE(".")))
		return false;
	text = slice_drop(text, 1);
	struct slice claims = token_take_part(&text);
	return slice_starts_with(text, SLICE(".")) && token_read_claims(claims, token);
}

bool token_find(struct slice text, enum token_place place, struct token *token)
{
	*token = (struct token){.place = TOKEN_NOWHERE};
	for (int tries = 0; tries < TOKEN_TRIES; tries++) {
		text = slice_drop(text, slice_find(text, SLICE("eyJ")));
		if (!text.len)
			return false;
		if (token_read(text, token)) {
			token->place = place;
			return true;
		}
		text = slice_drop(text, 3);
	}
	return false;
}

bool token_find_in_request(const struct exchange *exchange, struct token *token)
{
	const struct exchange_half *request = &exchange->request;
	return token_find(exchange_field(request, "Authorization"), TOKEN_IN_HEADER, token) ||
	       token_find(request->head.target, TOKEN_IN_QUERY, token) ||
	       token_find(exchange_field(request, "Cookie"), TOKEN_IN_COOKIE, token) ||
	       token_find(request->head.fields, TOKEN_IN_HEADER, token);
}

/* ---- what a server says of it */

enum token_matter {
	TOKEN_ELSE,    /* the words are about something else */
	TOKEN_VAGUE,   /* that the client is not let in */
	TOKEN_EXPIRED, /* that its token has expired */
	TOKEN_EARLY,   /* that its token is not valid yet */
	TOKEN_CLOCK,   /* one of these, and by the capture's clock it is not so */
	TOKEN_UNITS,   /* a date in milliseconds */
	TOKEN_MATTERS,
};

/* What libraries say, which applications pass on. The first row that fits. */
static const struct {
	const char *words; /* a pattern of server_text_matches */
	enum token_matter matter;
} token_rows[] = {
    {"jwt expired", TOKEN_EXPIRED},                       /* jsonwebtoken 6-9, verify.js; jjwt 0.11 */
    {"maxAge exceeded", TOKEN_EXPIRED},                   /* the same, by iat */
    {"signature has expired", TOKEN_EXPIRED},             /* PyJWT 1-2, python-jose, ruby-jwt */
    {"ExpiredSignature", TOKEN_EXPIRED},                  /* the names of their exceptions; jsonwebtoken of Rust */
    {"TokenExpired", TOKEN_EXPIRED},                      /* jsonwebtoken and java-jwt: TokenExpired(Error|Exception) */
    {"exp* claim timestamp check failed", TOKEN_EXPIRED}, /* jose (panva), lib/jwt_claims_set */
    {"token*expired", TOKEN_EXPIRED}, /* golang-jwt, java-jwt, firebase-admin, RFC 6750's examples */
    {"expired token", TOKEN_EXPIRED},
    {"jwt not active", TOKEN_EARLY}, /* jsonwebtoken: NotBeforeError */
    {"NotBefore", TOKEN_EARLY},
    {"not yet valid", TOKEN_EARLY}, /* PyJWT, python-jose: "The token is not yet valid (nbf)" */
    {"not valid yet", TOKEN_EARLY}, /* golang-jwt */
    {"not active yet", TOKEN_EARLY},
    {"ImmatureSignature", TOKEN_EARLY},                 /* PyJWT's and Rust's */
    {"nbf* claim timestamp check failed", TOKEN_EARLY}, /* jose */
    {"used before issued", TOKEN_EARLY},                /* golang-jwt, by iat */
    {"can't be used before", TOKEN_EARLY},              /* java-jwt: IncorrectClaimException of nbf */
    {"token", TOKEN_VAGUE},
    {"jwt", TOKEN_VAGUE},
    {"auth", TOKEN_VAGUE}, /* unauthorized, authentication error, not authorised */
    {"credential", TOKEN_VAGUE},
    {"login", TOKEN_VAGUE},
    {"log in", TOKEN_VAGUE},
    {"forbidden", TOKEN_VAGUE},
};

static enum token_matter token_read_words(struct slice said)
{
	for (size_t i = 0; i < sizeof token_rows / sizeof *token_rows; i++)
		if (server_text_matches(said, token_rows[i].words))
			return token_rows[i].matter;
	return slice_trim(said).len ? TOKEN_ELSE : TOKEN_VAGUE;
}

/* ---- what its own times say */

static timestamp token_expires(const struct token *token)
{
	return token->expires * TIMESTAMP_SECOND;
}

static timestamp token_begins(const struct token *token)
{
	return token->begins * TIMESTAMP_SECOND;
}

/* By the capture's clock; TOKEN_VAGUE: it is valid, or does not say. */
static enum token_matter token_judge(const struct token *token, timestamp sent)
{
	if (token->expires && token_expires(token) <= sent)
		return TOKEN_EXPIRED;
	if (token->in_milliseconds)
		return TOKEN_UNITS;
	return token_begins(token) > sent ? TOKEN_EARLY : TOKEN_VAGUE;
}

/* What it is about, by the server's words and by the token's own times, which by the capture's clock are `own`. The
 * server knows which it means, unless its clock is wrong: then the token is well within its time. */
static enum token_matter token_weigh(
    const struct token *token, timestamp sent, enum token_matter words, enum token_matter own)
{
	timestamp play = threshold_time(THRESHOLD_TOKEN_PLAY);
	if (words != TOKEN_EXPIRED && words != TOKEN_EARLY)
		return own;
	if (own != TOKEN_VAGUE)
		return own == TOKEN_UNITS && words == TOKEN_EARLY ? own : words;
	bool is_off = words == TOKEN_EXPIRED ? token->expires && token_expires(token) - sent > play
	                                     : token->begins && sent - token_begins(token) > play;
	return is_off ? TOKEN_CLOCK : words;
}

static const char *token_format_place(enum token_place place)
{
	static const char *const texts[] = {[TOKEN_NOWHERE] = "",
	    [TOKEN_IN_AUTH] = "the token in the auth of its CONNECT",
	    [TOKEN_IN_HEADER] = "the token in the request's headers",
	    [TOKEN_IN_QUERY] = "the token in the request's query",
	    [TOKEN_IN_COOKIE] = "the token in the request's cookies"};
	return texts[place];
}

static void token_say(struct findings *findings, struct finding *finding, const struct token *token, timestamp sent,
    enum token_matter own)
{
	char span[TIMESTAMP_TEXT_SIZE];
	const char *place = token_format_place(token->place), *begins = token->begins_by_issue ? "iat" : "nbf";
	if (own == TOKEN_UNITS)
		finding_say(findings, finding,
		    "%s; the %s of %s is in milliseconds, and a JWT counts seconds: it is thousands of years ahead",
		    finding->seen, begins, place);
	else if (own == TOKEN_EXPIRED)
		finding_say(findings, finding, "%s; %s was sent %s after it had expired (its exp)", finding->seen,
		    place, timestamp_format_span(sent - token_expires(token), span));
	else if (own == TOKEN_EARLY)
		finding_say(findings, finding, "%s; %s was sent %s before it becomes valid (its %s)", finding->seen,
		    place, timestamp_format_span(token_begins(token) - sent, span), begins);
}

static void token_say_clock(struct findings *findings, struct finding *finding, const struct token *token,
    timestamp sent, enum token_matter words)
{
	char span[TIMESTAMP_TEXT_SIZE];
	const char *place = token_format_place(token->place), *begins = token->begins_by_issue ? "iat" : "nbf";
	if (words == TOKEN_EXPIRED)
		finding_say(findings, finding, "%s; but by the capture's clock %s was valid for %s more (its exp)",
		    finding->seen, place, timestamp_format_span(token_expires(token) - sent, span));
	else
		finding_say(findings, finding, "%s; but by the capture's clock %s had been valid for %s (its %s)",
		    finding->seen, place, timestamp_format_span(sent - token_begins(token), span), begins);
}

void token_explain(
    struct findings *findings, struct finding *finding, const struct token *token, timestamp sent, struct slice said)
{
	static const struct {
		enum cause of_namespace, of_request;
	} causes[TOKEN_MATTERS] = {[TOKEN_EXPIRED] = {CAUSE_TOKEN_EXPIRED, CAUSE_REQUEST_TOKEN_EXPIRED},
	    [TOKEN_EARLY] = {CAUSE_TOKEN_EARLY, CAUSE_REQUEST_TOKEN_EARLY},
	    [TOKEN_CLOCK] = {CAUSE_TOKEN_CLOCK, CAUSE_REQUEST_TOKEN_CLOCK},
	    [TOKEN_UNITS] = {CAUSE_TOKEN_UNITS, CAUSE_REQUEST_TOKEN_UNITS}};
	enum token_matter words = token_read_words(slice_take(said, TOKEN_SAID)), matter = words;
	if (token->place != TOKEN_NOWHERE && sent >= TIMESTAMP_DATED) {
		enum token_matter own = token_judge(token, sent);
		matter = token_weigh(token, sent, words, own);
		if (matter == TOKEN_CLOCK)
			token_say_clock(findings, finding, token, sent, words);
		else
			token_say(findings, finding, token, sent, own);
	}
	if (matter < TOKEN_EXPIRED || words == TOKEN_ELSE)
		return;
	if (finding->code == CODE_NAMESPACE_REJECTED)
		finding_set_cause(findings, finding, causes[matter].of_namespace, NULL);
	else if (finding->code == CODE_HANDSHAKE_REJECTED)
		finding_set_cause(findings, finding, causes[matter].of_request, NULL);
}

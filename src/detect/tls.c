/*
 * tls-failed: TLS handshakes fail where an Engine.IO client is behind them, or where nothing else comes.
 *
 * Seen: handshakes that one end ended by a fatal alert, or by ending the connection, or that the server answered by
 * something that is no TLS. Clients of node and of python's asyncio that do not accept the server's certificate send no
 * alert: they end the connection when they have it. Where the alert was encrypted and its keys are not known, only its
 * length shows it: likely. Ruled out: a client that gets through to the same server a moment later, by another version
 * or suite; other clients than those of Engine.IO, where the server works with others: a warning when they do not
 * accept the certificate, or name the server and try the same again, else no more than a hint (scanners). One address
 * may be that of many users: where it got through before, another user may be the one that fails. Health checks connect
 * and end the connection without a hello, or after the handshake: handshakes that were done and never used count only
 * several times, with nothing else of this client, and the finding is possible.
 */
#include "base/text.h"
#include "detect/detector.h"

#include <stdio.h>
#include <stdlib.h>

enum { TLS_PAIRS = 256, TLS_PROOFS = 4, TLS_SPEAKERS = 256 };

/* A client's address and a server: what became of their handshakes. */
struct tls_pair {
	struct address client;
	struct endpoint server;
	struct tls_handshake latest; /* that failed, or was not used; its texts are those below */
	char name[TLS_NAME], protocols[4 * TLS_PROTOCOL], certificate[TLS_NAME];
	uint64_t failed, unused;
	uint64_t done;      /* and not unused */
	uint64_t fresh;     /* of those that failed: since the last that was done */
	uint64_t row;       /* the most that failed with none between them that was done */
	uint64_t last_done; /* its connection */
	timestamp done_at;  /* when it was done */
	bool done_since;    /* one was done after the latest that failed */
	bool is_varied;     /* they failed in different ways */
	timestamp first, last;
	struct origin proofs[TLS_PROOFS];
	size_t proof_count;
};

/* Who exchanged Engine.IO with whom. */
struct tls_speaker {
	struct address client;
	struct endpoint server;
};

struct tls_failures {
	struct findings *findings;
	const struct detector_facts *facts;
	struct tls_pair pairs[TLS_PAIRS];
	size_t pair_count;
	struct tls_speaker speakers[TLS_SPEAKERS];
	size_t speaker_count;
	bool lacks_speakers; /* there were more of them */
	bool speaks;         /* Engine.IO was seen */
};

static void *tls_failures_new(const struct detector_state *state)
{
	struct tls_failures *failures = calloc(1, sizeof *failures);
	if (failures) {
		failures->findings = state->findings;
		failures->facts = state->facts;
	}
	return failures;
}

/* ---- causes */

/* An alert, who sent it, and what it means then (net/stream.h). */
static const struct {
	uint8_t alert;
	bool by_client;
	enum cause cause;
} tls_alert_causes[] = {
    {ALERT_UNKNOWN_CA, true, CAUSE_TLS_UNKNOWN_CA},
    {ALERT_BAD_CERTIFICATE, true, CAUSE_TLS_CERTIFICATE},
    {ALERT_UNSUPPORTED_CERTIFICATE, true, CAUSE_TLS_CERTIFICATE},
    {ALERT_CERTIFICATE_REVOKED, true, CAUSE_TLS_CERTIFICATE},
    {ALERT_CERTIFICATE_UNKNOWN, true, CAUSE_TLS_CERTIFICATE},
    {ALERT_BAD_CERTIFICATE_STATUS, true, CAUSE_TLS_CERTIFICATE},
    {ALERT_CERTIFICATE_EXPIRED, true, CAUSE_TLS_EXPIRED},
    {ALERT_BAD_CERTIFICATE, false, CAUSE_TLS_CLIENT_CERTIFICATE},
    {ALERT_UNSUPPORTED_CERTIFICATE, false, CAUSE_TLS_CLIENT_CERTIFICATE},
    {ALERT_CERTIFICATE_REVOKED, false, CAUSE_TLS_CLIENT_CERTIFICATE},
    {ALERT_CERTIFICATE_EXPIRED, false, CAUSE_TLS_CLIENT_CERTIFICATE},
    {ALERT_CERTIFICATE_UNKNOWN, false, CAUSE_TLS_CLIENT_CERTIFICATE},
    {ALERT_UNKNOWN_CA, false, CAUSE_TLS_CLIENT_CERTIFICATE},
    {ALERT_ACCESS_DENIED, false, CAUSE_TLS_CLIENT_CERTIFICATE},
    {ALERT_CERTIFICATE_REQUIRED, false, CAUSE_TLS_CLIENT_CERTIFICATE},
    {ALERT_HANDSHAKE_FAILURE, false, CAUSE_TLS_PARAMETERS},
    {ALERT_HANDSHAKE_FAILURE, true, CAUSE_TLS_PARAMETERS},
    {ALERT_INSUFFICIENT_SECURITY, false, CAUSE_TLS_PARAMETERS},
    {ALERT_INSUFFICIENT_SECURITY, true, CAUSE_TLS_PARAMETERS},
    {ALERT_PROTOCOL_VERSION, false, CAUSE_TLS_VERSION},
    {ALERT_PROTOCOL_VERSION, true, CAUSE_TLS_VERSION},
    {ALERT_INAPPROPRIATE_FALLBACK, false, CAUSE_TLS_VERSION},
    {ALERT_UNRECOGNIZED_NAME, false, CAUSE_TLS_NAME},
    {ALERT_NO_APPLICATION_PROTOCOL, false, CAUSE_TLS_PROTOCOL},
    {ALERT_INTERNAL_ERROR, false, CAUSE_TLS_SERVER_ERROR},
};

/* What the client has against the certificate is not overcome by trying again: somebody accepted it, or another client
 * of the address did. */
static bool tls_is_of_certificate(const struct tls_handshake *handshake)
{
	return handshake->result == TLS_FAILED_ALERT && handshake->by_client &&
	       handshake->alert >= ALERT_BAD_CERTIFICATE && handshake->alert <= ALERT_UNKNOWN_CA;
}

/* Or may be: without keys an alert of TLS 1.3 does not show what it says. */
static bool tls_may_be_of_certificate(const struct tls_handshake *handshake)
{
	return tls_is_of_certificate(handshake) || (handshake->result == TLS_FAILED_UNREAD && handshake->by_client);
}

static bool tls_is_silent(const struct tls_handshake *handshake)
{
	return handshake->result == TLS_FAILED_END && handshake->by_client;
}

static enum cause tls_failure_cause(const struct tls_handshake *handshake)
{
	switch (handshake->result) {
	case TLS_FAILED_ALERT:
		if (!handshake->by_client && handshake->alert == ALERT_HANDSHAKE_FAILURE &&
		    handshake->wants_certificate)
			return CAUSE_TLS_CLIENT_CERTIFICATE;
		for (size_t i = 0; i < sizeof tls_alert_causes / sizeof *tls_alert_causes; i++)
			if (tls_alert_causes[i].alert == handshake->alert &&
			    tls_alert_causes[i].by_client == handshake->by_client)
				return tls_alert_causes[i].cause;
		return CAUSE_TLS_ALERT;
	case TLS_FAILED_UNREAD:
		return CAUSE_TLS_ENCRYPTED_ALERT;
	case TLS_FAILED_FOREIGN:
		return handshake->is_plain_http ? CAUSE_TLS_PLAIN_HTTP : CAUSE_TLS_FOREIGN;
	case TLS_UNUSED:
		return CAUSE_TLS_UNUSED;
	default:
		return handshake->by_client ? CAUSE_TLS_LEFT_AT_CERTIFICATE : CAUSE_TLS_BROKEN_OFF;
	}
}

/* ---- reporting */

/* "192.0.2.1:443 (example.com; http/1.1; certificate of example.org)" */
static void tls_name_server(const struct tls_pair *pair, char *text, size_t size)
{
	char server[ENDPOINT_TEXT_SIZE];
	bool named = *pair->name || *pair->protocols || *pair->certificate;
	snprintf(text, size, "%s%s%s%s%s%s%s%s%s", endpoint_format(&pair->server, server), named ? " (" : "",
	    pair->name, *pair->name && *pair->protocols ? "; " : "", pair->protocols,
	    (*pair->name || *pair->protocols) && *pair->certificate ? "; " : "",
	    *pair->certificate ? "certificate of " : "", pair->certificate, named ? ")" : "");
}

static void tls_say(struct tls_failures *failures, struct finding *finding, const struct tls_pair *pair)
{
	const struct tls_handshake *latest = &pair->latest;
	char server[ENDPOINT_TEXT_SIZE + 2 * TLS_NAME + 8 * TLS_PROTOCOL];
	const char *by = latest->by_client ? "client" : "server", *version = latest->version ? latest->version : "TLS";
	unsigned long long count = latest->result == TLS_UNUSED ? pair->unused : pair->failed;
	const char *handshakes = plural_choose(count, "handshake", "handshakes");
	tls_name_server(pair, server, sizeof server);
	switch (latest->result) {
	case TLS_FAILED_ALERT:
		finding_say(failures->findings, finding,
		    "%llu %s %s with %s failed: the %s sends the alert \"%s\" (%u)%s", count, version, handshakes,
		    server, by, latest->alert_name, latest->alert,
		    pair->done_since ? "; later ones from this address succeeded" : "");
		break;
	case TLS_FAILED_UNREAD:
		finding_say(failures->findings, finding,
		    "%llu %s %s with %s failed: the %s sends an encrypted alert where its Finished should be", count,
		    version, handshakes, server, by);
		break;
	case TLS_UNUSED:
		finding_say(failures->findings, finding,
		    "%llu %s %s with %s went well, and each time the client ended the connection at once, without a "
		    "request",
		    count, version, handshakes, server);
		break;
	default:
		finding_say(failures->findings, finding, "%llu %s %s with %s failed: %s", count, version, handshakes,
		    server, tls_failure_text(latest));
	}
}

/* A client that wants something of this server asks for it by name, and in the same way again. */
static bool tls_is_scanner(const struct tls_pair *pair)
{
	bool insists = *pair->name && !pair->is_varied && pair->row >= threshold_count(THRESHOLD_TLS_SILENT);
	return !insists && !tls_may_be_of_certificate(&pair->latest);
}

static void tls_report_pair(struct tls_failures *failures, const struct tls_pair *pair, bool is_of_others)
{
	char subject[ENDPOINT_TEXT_SIZE + 40], server[ENDPOINT_TEXT_SIZE];
	const struct tls_handshake *latest = &pair->latest;
	bool is_unused = latest->result == TLS_UNUSED;
	snprintf(subject, sizeof subject, "%s %d %u", endpoint_format(&pair->server, server), (int)latest->result,
	    latest->alert);
	bool is_silent = tls_is_silent(latest);
	bool is_single = pair->row < threshold_count(THRESHOLD_TLS_SILENT);
	enum confidence confidence = is_unused || (is_silent && is_single)              ? CONFIDENCE_POSSIBLE
	                             : is_silent || latest->result == TLS_FAILED_UNREAD ? CONFIDENCE_LIKELY
	                                                                                : CONFIDENCE_PROVEN;
	struct finding *finding = findings_claim(failures->findings, CODE_TLS_FAILED, confidence, NULL, NULL, subject);
	if (!finding)
		return;
	bool is_first = !finding->evidence_count;
	finding->count = (is_first ? 0 : finding->count - 1) + (is_unused ? pair->unused : pair->failed);
	finding_note_time(finding, pair->last);
	for (size_t i = 0; i < pair->proof_count; i++)
		finding_prove(failures->findings, finding, &pair->proofs[i], "%s",
		    is_unused ? "the client's hello; the handshake is done; the client ends the connection"
		              : "the client's hello; the handshake fails");
	if (!is_first)
		return;
	finding_begin_at(finding, pair->first);
	if (is_unused)
		finding_set_case(finding, TLS_FAILED_UNUSED);
	else if (pair->done_since)
		finding_set_case(finding, TLS_FAILED_AT_FIRST);
	else if (is_of_others && !is_silent && tls_is_scanner(pair))
		finding_set_case(finding, TLS_FAILED_OF_SCANNERS);
	else if (is_of_others || (is_silent && (is_single || failures->speaks)))
		finding_set_case(finding, TLS_FAILED_OF_OTHERS);
	finding_set_cause(failures->findings, finding, tls_failure_cause(latest), NULL);
	if (latest->result == TLS_FAILED_UNREAD)
		finding_doubt(failures->findings, finding,
		    "the record's length shows that it is an alert; a key log of the client would show which");
	if (is_silent)
		finding_doubt(failures->findings, finding,
		    "no alert says so: a client that leaves in this moment for another reason looks the same");
	if (is_unused)
		finding_doubt(failures->findings, finding,
		    "a health check looks the same; what the client thinks of the certificate does not show");
	tls_say(failures, finding, pair);
}

/* ---- judging, at the end */

static bool tls_client_speaks(const struct tls_failures *failures, const struct address *client)
{
	for (size_t i = 0; i < failures->speaker_count; i++)
		if (address_equals(&failures->speakers[i].client, client))
			return true;
	return false;
}

static bool tls_is_named(const struct tls_failures *failures, uint16_t port)
{
	for (size_t i = 0; i < failures->facts->port_count; i++)
		if (failures->facts->ports[i] == port)
			return true;
	return false;
}

/* Did any client get through to it? */
static bool tls_server_works(const struct tls_failures *failures, const struct endpoint *server)
{
	for (size_t i = 0; i < failures->pair_count; i++)
		if (failures->pairs[i].done && endpoint_equals(&failures->pairs[i].server, server))
			return true;
	return false;
}

/* Did another client get through to the server after this one began to fail? */
static bool tls_works_since(const struct tls_failures *failures, const struct tls_pair *pair)
{
	for (size_t i = 0; i < failures->pair_count; i++) {
		const struct tls_pair *other = &failures->pairs[i];
		if (other != pair && other->done && other->done_at > pair->first &&
		    endpoint_equals(&other->server, &pair->server))
			return true;
	}
	return false;
}

/* An address that got through before: does one of several users fail, and not the client of Engine.IO? A certificate
 * that nobody accepts from some moment on is everybody's. */
static bool tls_is_of_another_user(const struct tls_failures *failures, const struct tls_pair *pair)
{
	return pair->done && (tls_works_since(failures, pair) || !tls_may_be_of_certificate(&pair->latest));
}

static void tls_judge(struct tls_failures *failures, const struct tls_pair *pair)
{
	bool is_unused = pair->latest.result == TLS_UNUSED;
	uint64_t count = is_unused ? pair->unused : pair->failed;
	if (!count)
		return;
	if (is_unused &&
	    (failures->speaks || pair->done || !*pair->name || count < threshold_count(THRESHOLD_TLS_UNUSED)))
		return;
	if (tls_is_silent(&pair->latest) && pair->done_since && pair->row < threshold_count(THRESHOLD_TLS_SILENT))
		return; /* users that leave now and then */
	bool is_client = tls_client_speaks(failures, &pair->client);
	bool concerns = is_client || tls_is_named(failures, pair->server.port) || !failures->speaks;
	bool works = tls_server_works(failures, &pair->server);
	bool spoken = false;
	for (size_t i = 0; i < failures->speaker_count; i++)
		spoken |= endpoint_equals(&failures->speakers[i].server, &pair->server);
	if (concerns || spoken)
		tls_report_pair(
		    failures, pair, (works || spoken) && (!is_client || tls_is_of_another_user(failures, pair)));
	else if (failures->lacks_speakers) /* perhaps one of those */
		findings_note_beyond(failures->findings, &pair->client, &pair->server);
}

static void tls_failures_end(void *self, const struct engine_counts *counts)
{
	struct tls_failures *failures = self;
	(void)counts;
	for (size_t i = 0; i < failures->pair_count; i++)
		tls_judge(failures, &failures->pairs[i]);
}

/* ---- what comes */

/* When there are too many pairs, one that has had no trouble makes room. NULL: there is none. */
static struct tls_pair *tls_find_room(struct tls_failures *failures)
{
	if (failures->pair_count < TLS_PAIRS)
		return &failures->pairs[failures->pair_count++];
	for (size_t i = 0; i < TLS_PAIRS; i++)
		if (!failures->pairs[i].failed && !failures->pairs[i].unused)
			return &failures->pairs[i];
	return NULL;
}

static struct tls_pair *tls_pair_of(struct tls_failures *failures, const struct tls_handshake *handshake)
{
	for (size_t i = 0; i < failures->pair_count; i++) {
		struct tls_pair *pair = &failures->pairs[i];
		if (endpoint_equals(&pair->server, &handshake->server) &&
		    address_equals(&pair->client, &handshake->client.address))
			return pair;
	}
	struct tls_pair *pair = tls_find_room(failures);
	if (pair)
		*pair = (struct tls_pair){.client = handshake->client.address, .server = handshake->server};
	return pair;
}

static void tls_copy_texts(struct tls_pair *pair, const struct tls_handshake *handshake)
{
	pair->latest = *handshake;
	snprintf(pair->name, sizeof pair->name, "%s", handshake->name);
	snprintf(pair->protocols, sizeof pair->protocols, "%s", handshake->protocols);
	snprintf(pair->certificate, sizeof pair->certificate, "%s", handshake->certificate);
}

/* Unused ones do not hide how others failed; nor do those that the client broke off before an answer came, for it may
 * just have left. */
static void tls_take_trouble(struct tls_pair *pair, const struct tls_handshake *handshake)
{
	bool left = handshake->result == TLS_FAILED_END && handshake->by_client && !handshake->answered;
	bool is_weak = handshake->result == TLS_UNUSED || left;
	bool was_done = pair->last_done == handshake->connection;
	pair->done -= pair->done && was_done;
	if (is_weak && pair->failed)
		return;
	if (!is_weak && !pair->failed)
		pair->proof_count = 0;
	if (!pair->proof_count)
		pair->first = handshake->begun;
	pair->is_varied |= !is_weak && pair->failed &&
	                   (pair->latest.result != handshake->result || pair->latest.alert != handshake->alert);
	pair->failed += !is_weak;
	pair->fresh += !is_weak;
	pair->row = pair->fresh > pair->row ? pair->fresh : pair->row;
	pair->unused += handshake->result == TLS_UNUSED;
	pair->done_since = false;
	pair->last = handshake->origin.time;
	if (pair->proof_count < TLS_PROOFS)
		pair->proofs[pair->proof_count++] = handshake->origin;
	tls_copy_texts(pair, handshake);
}

static void tls_take_done(struct tls_pair *pair, const struct tls_handshake *handshake)
{
	bool is_retry = handshake->begun - pair->last <= threshold_time(THRESHOLD_TLS_RETRY);
	if (pair->fresh && is_retry && !tls_is_of_certificate(&pair->latest))
		pair->failed -= pair->fresh;
	pair->fresh = 0;
	pair->done++;
	pair->last_done = handshake->connection;
	pair->done_at = handshake->origin.time;
	pair->done_since = true;
}

static void tls_failures_take_handshake(void *self, const struct tls_handshake *handshake)
{
	struct tls_failures *failures = self;
	struct tls_pair *pair = tls_pair_of(failures, handshake);
	if (!pair && handshake->result != TLS_DONE)
		findings_note_beyond(failures->findings, &handshake->client.address, &handshake->server);
	else if (!pair)
		return;
	else if (handshake->result == TLS_DONE)
		tls_take_done(pair, handshake);
	else
		tls_take_trouble(pair, handshake);
}

static void tls_failures_take_event(void *self, const struct event *event)
{
	struct tls_failures *failures = self;
	if (event->kind != EVENT_HTTP)
		return;
	failures->speaks = true;
	for (size_t i = 0; i < failures->speaker_count; i++)
		if (endpoint_equals(&failures->speakers[i].server, &event->connection->server) &&
		    address_equals(&failures->speakers[i].client, &event->connection->client.address))
			return;
	if (failures->speaker_count < TLS_SPEAKERS)
		failures->speakers[failures->speaker_count++] = (struct tls_speaker){
		    event->connection->client.address, event->connection->server};
	else
		failures->lacks_speakers = true;
}

const struct detector detector_tls = {
    .new = tls_failures_new,
    .event = tls_failures_take_event,
    .secured = tls_failures_take_handshake,
    .end = tls_failures_end,
};

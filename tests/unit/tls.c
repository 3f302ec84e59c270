/* Key logs, hello messages and records, by vectors of RFC 8448; the work of a search. */
#include "tls/tls.h"

#include "base/memory.h"
#include "tls/cipher.h"
#include "tls/handshake.h"
#include "unit.h"

#define RANDOM_A "0101010101010101010101010101010101010101010101010101010101010101"
#define SECRET_32 "2222222222222222222222222222222222222222222222222222222222222222"
#define SECRET_48 SECRET_32 "22222222222222222222222222222222"

static size_t unhex(const char *text, uint8_t *out)
{
	size_t len = 0;
	for (; *text; text += 2)
		out[len++] = (uint8_t)(digits_read_hex((uint8_t)text[0]) << 4 | digits_read_hex((uint8_t)text[1]));
	return len;
}

/* ---- key logs */

static const struct tls_keys *keys_of(struct keylog *keylog, const char *random)
{
	uint8_t bytes[TLS_RANDOM];
	unhex(random, bytes);
	return keylog_find(keylog, bytes);
}

static void a_line_gives_a_secret(void **state)
{
	(void)state;
	struct keylog *keylog = keylog_new(NULL);
	keylog_take(keylog, SLICE("# comment\nCLIENT_TRAFFIC_SECRET_0 " RANDOM_A " " SECRET_32 "\r\n"), true);
	const struct tls_keys *keys = keys_of(keylog, RANDOM_A);
	assert_non_null(keys);
	assert_int_equal(keys->secrets[TLS_CLIENT_TRAFFIC].len, 32);
	assert_int_equal(keys->secrets[TLS_CLIENT_TRAFFIC].bytes[31], 0x22);
	assert_int_equal(keys->secrets[TLS_SERVER_TRAFFIC].len, 0);
	keylog_free(keylog);
}

static void a_line_may_come_byte_by_byte(void **state)
{
	(void)state;
	static const char line[] = "CLIENT_RANDOM " RANDOM_A " " SECRET_48 "\n";
	struct keylog *keylog = keylog_new(NULL);
	for (size_t i = 0; i + 1 < sizeof line; i++) {
		assert_int_equal(keylog_count(keylog), 0);
		keylog_take(keylog, slice_of(line + i, 1), false);
	}
	assert_int_equal(keylog_count(keylog), 1);
	keylog_free(keylog);
}

static void what_is_no_secret_is_passed_over(void **state)
{
	(void)state;
	struct keylog *keylog = keylog_new(NULL);
	keylog_take(keylog, SLICE("EXPORTER_SECRET " RANDOM_A " " SECRET_32 "\n"), true);
	keylog_take(keylog, SLICE("CLIENT_TRAFFIC_SECRET_N " RANDOM_A " " SECRET_32 "\n"), true);
	keylog_take(keylog, SLICE("CLIENT_RANDOM " RANDOM_A " " SECRET_32 "\n"), true); /* too short for TLS 1.2 */
	keylog_take(keylog, SLICE("CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " 22zz\n"), true);
	keylog_take(keylog, SLICE("CLIENT_TRAFFIC_SECRET_0 0101 " SECRET_32 "\n"), true);
	assert_int_equal(keylog_count(keylog), 0);
	keylog_free(keylog);
}

static void a_line_of_any_length_ends_at_its_end(void **state)
{
	(void)state;
	struct keylog *keylog = keylog_new(NULL);
	for (int i = 0; i < 100; i++)
		keylog_take(keylog, SLICE("CLIENT_RANDOM 0101010101"), false);
	keylog_take(keylog, SLICE("\nCLIENT_RANDOM " RANDOM_A " " SECRET_48 "\n"), false);
	assert_int_equal(keylog_count(keylog), 1);
	keylog_free(keylog);
}

static void the_secrets_are_charged_and_given_back(void **state)
{
	(void)state;
	struct budget budget = {.limit = 1 << 20};
	struct keylog *keylog = keylog_new(&budget);
	keylog_take(keylog, SLICE("CLIENT_RANDOM " RANDOM_A " " SECRET_48 "\n"), true);
	assert_true(budget.used >= sizeof(struct tls_keys));
	keylog_clear(keylog);
	assert_int_equal(budget.used, 0);
	keylog_free(keylog);
}

static void only_the_secrets_of_captured_connections_are_written_and_once(void **state)
{
	(void)state;
	static const char line[] = "CLIENT_RANDOM " RANDOM_A " " SECRET_48 "\n";
	struct keylog *keylog = keylog_new(NULL);
	struct buffer text;
	buffer_init(&text, 1024, NULL);
	keylog_take(keylog, slice_of_text(line), true);
	keylog_take(keylog, SLICE("CLIENT_RANDOM " SECRET_32 " " SECRET_48 "\n"), true);
	assert_true(keylog_write_claimed(keylog, &text));
	assert_int_equal(text.len, 0);
	keylog_claim(keylog, keys_of(keylog, RANDOM_A));
	keylog_write_claimed(keylog, &text);
	keylog_write_claimed(keylog, &text);
	assert_true(slice_equals_text(buffer_slice(&text), line));
	keylog_take(keylog, SLICE("CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " " SECRET_32 "\n"), true); /* later */
	keylog_write_claimed(keylog, &text);
	assert_int_equal(text.len, strlen(line) + strlen("CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " " SECRET_32 "\n"));
	buffer_free(&text);
	keylog_free(keylog);
}

static void a_secret_that_has_no_room_leaves_no_half_line(void **state)
{
	(void)state;
	struct keylog *keylog = keylog_new(NULL);
	struct buffer text;
	buffer_init(&text, 100, NULL);
	keylog_take(keylog, SLICE("CLIENT_RANDOM " RANDOM_A " " SECRET_48 "\n"), true);
	keylog_claim(keylog, keys_of(keylog, RANDOM_A));
	assert_false(keylog_write_claimed(keylog, &text));
	assert_int_equal(text.len, 0);
	buffer_free(&text);
	keylog_free(keylog);
}

/* ---- records: RFC 8448 §3, "Simple 1-RTT Handshake" */

static const char rfc_secret[] = "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5";
static const char rfc_record[] = "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd5"
                                 "4a9a20441e2b62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4";

static struct tls_cipher *rfc_cipher(void)
{
	struct tls_key secret = {.len = 32};
	unhex(rfc_secret, secret.bytes);
	return tls_cipher_new_13(tls_suite_find(0x1301), &secret);
}

static void a_record_of_the_rfc_is_opened(void **state)
{
	(void)state;
	uint8_t record[128], plain[TLS_RECORD_MOST];
	size_t len = unhex(rfc_record, record), plain_len;
	enum tls_content content;
	struct tls_cipher *cipher = rfc_cipher();
	assert_true(tls_cipher_open(cipher, slice_of(record, len), plain, &plain_len, &content));
	assert_int_equal(content, TLS_APPLICATION_DATA);
	assert_int_equal(plain_len, 50);
	for (uint8_t i = 0; i < 50; i++)
		assert_int_equal(plain[i], i);
	assert_int_equal(tls_cipher_number(cipher), 1);
	tls_cipher_free(cipher);
}

static void a_record_that_was_changed_is_not(void **state)
{
	(void)state;
	uint8_t record[128], plain[TLS_RECORD_MOST];
	size_t len = unhex(rfc_record, record), plain_len;
	enum tls_content content;
	struct tls_cipher *cipher = rfc_cipher();
	record[len / 2] ^= 1;
	assert_false(tls_cipher_open(cipher, slice_of(record, len), plain, &plain_len, &content));
	assert_int_equal(tls_cipher_number(cipher), 0);
	tls_cipher_free(cipher);
}

static void a_record_of_another_number_is_not(void **state)
{
	(void)state;
	uint8_t record[128], plain[TLS_RECORD_MOST];
	size_t len = unhex(rfc_record, record), plain_len;
	enum tls_content content;
	struct tls_cipher *cipher = rfc_cipher();
	tls_cipher_set_number(cipher, 1);
	assert_false(tls_cipher_open(cipher, slice_of(record, len), plain, &plain_len, &content));
	tls_cipher_free(cipher);
}

/* No algorithm may read or write outside of what a record of any length has. */
static void records_of_any_length_are_refused_in_order(void **state)
{
	(void)state;
	static const uint16_t suites[] = {
	    0x1301, 0x1302, 0x1303, 0x1304, 0x1305, 0xc02f, 0xcca8, 0xc0ae, 0xc013, 0xc028};
	uint8_t record[TLS_RECORD_HEAD + 80] = {TLS_APPLICATION_DATA, 3, 3}, plain[TLS_RECORD_MOST],
	                                 random[TLS_RANDOM] = {0};
	enum tls_content content;
	size_t plain_len;
	for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
		const struct tls_suite *suite = tls_suite_find(suites[i]);
		struct tls_key secret = {.len = suite->is_13 && suite->hash == TLS_SHA256 ? 32 : 48};
		struct tls_cipher_facts_12 facts = {
		    .suite = suite, .master = &secret, .client_random = random, .server_random = random};
		struct tls_cipher *cipher = suite->is_13 ? tls_cipher_new_13(suite, &secret)
		                                         : tls_cipher_new_12(&facts);
		assert_non_null(cipher);
		for (size_t len = 0; len <= 80; len++) {
			network_write_16(record + 3, (uint16_t)len);
			uint8_t *exact = malloc(TLS_RECORD_HEAD + len);
			memcpy(exact, record, TLS_RECORD_HEAD + len);
			assert_false(tls_cipher_open(
			    cipher, slice_of(exact, TLS_RECORD_HEAD + len), plain, &plain_len, &content));
			free(exact);
		}
		tls_cipher_free(cipher);
	}
}

/* ---- hello messages */

static void a_hello_says_name_and_protocols(void **state)
{
	(void)state;
	uint8_t body[256];
	size_t len = unhex("0303" RANDOM_A "00"
	                   "0002"
	                   "1301"
	                   "0100"
	                   "001e"
	                   "0000"
	                   "000a"
	                   "0008"
	                   "00"
	                   "0005"
	                   "612e6f7267"
	                   "0010"
	                   "0005"
	                   "0003"
	                   "026832"
	                   "002a"
	                   "0000"
	                   "00ff"
	                   "0000",
	    body);
	struct tls_hello hello;
	char protocols[4 * TLS_PROTOCOL];
	body[41] = 0;
	body[42] = (uint8_t)(len - 43);
	assert_true(tls_hello_read(slice_of(body, len), true, &hello));
	assert_true(slice_equals_text(hello.name, "a.org"));
	assert_string_equal(tls_protocols_format(hello.protocols, protocols), "h2");
	assert_true(hello.early_data);
}

static void a_hello_that_is_cut_is_not_read_past_its_end(void **state)
{
	(void)state;
	uint8_t body[256];
	size_t whole = unhex("0303" RANDOM_A "00"
	                     "0002"
	                     "1301"
	                     "0100"
	                     "0000",
	    body);
	struct tls_hello hello;
	for (size_t len = 0; len < whole; len++) {
		uint8_t *exact = malloc(len + 1);
		memcpy(exact, body, len);
		tls_hello_read(slice_of(exact, len), true, &hello);
		tls_hello_read(slice_of(exact, len), false, &hello);
		free(exact);
	}
	assert_true(tls_hello_read(slice_of(body, whole), true, &hello));
}

/* ---- connections joined in mid-stream */

/* A room of its own: what it gives, and how much. */
struct room {
	struct limits limits;
	struct budget budget;
	struct ledger ledger;
	struct resources resources;
	struct stream_sink above;
	struct keylog *keylog;
	struct tls *tls;
	size_t given; /* bytes of plaintext */
};

static bool room_open(void *self, struct stream *stream)
{
	(void)self;
	(void)stream;
	return true;
}

static void room_take(void *self, struct stream *stream, const struct chunk *chunk)
{
	struct room *room = self;
	(void)stream;
	room->given += chunk->bytes.len;
}

static void room_close(void *self, struct stream *stream, enum stream_end end, timestamp time)
{
	(void)self;
	(void)stream;
	(void)end;
	(void)time;
}

/* With so many secrets of other connections, and then, if it is wanted, that of the record of the RFC. */
static void room_begin(struct room *room, unsigned others, bool has_it)
{
	char line[256];
	*room = (struct room){.limits = limits_default(), .budget = {.limit = 32 << 20}};
	room->resources = (struct resources){&room->limits, &room->budget, &room->ledger};
	room->above = (struct stream_sink){.self = room, .opened = room_open, .chunk = room_take, .closed = room_close};
	room->keylog = keylog_new(&room->budget);
	for (unsigned i = 0; i < others; i++) {
		snprintf(line, sizeof line, "CLIENT_TRAFFIC_SECRET_0 %064x %064x\n", i, i + 1);
		keylog_take(room->keylog, slice_of_text(line), true);
	}
	snprintf(line, sizeof line, "CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " %s\n", rfc_secret);
	if (has_it)
		keylog_take(room->keylog, slice_of_text(line), true);
	room->tls = tls_new(&room->resources, room->keylog, &room->above);
}

static void room_end(struct room *room)
{
	tls_free(room->tls);
	keylog_free(room->keylog);
	assert_int_equal(room->budget.used, 0);
}

/* A connection in which the record of the RFC is the first thing that was captured. */
static void room_join(struct room *room, uint64_t number)
{
	uint8_t record[128];
	size_t len = unhex(rfc_record, record);
	struct stream stream = {.number = number};
	const struct stream_sink *sink = tls_stream_sink(room->tls);
	struct chunk chunk = {.kind = CHUNK_BYTES,
	    .side = SIDE_A,
	    .bytes = slice_of(record, len),
	    .first_packet = number,
	    .packet = number};
	sink->opened(sink->self, &stream);
	sink->chunk(sink->self, &stream, &chunk);
	sink->closed(sink->self, &stream, STREAM_END_CAPTURE, 0);
}

/* The record's number is 0: nobody tries a thousand numbers of each secret before. */
static void small_numbers_of_all_secrets_are_tried_first(void **state)
{
	(void)state;
	enum { OTHERS = 400, SUITES = 4, FIRST_STEP = 16, CIPHER = 32 };
	struct room room;
	room_begin(&room, OTHERS, true);
	room_join(&room, 1);
	assert_int_equal(room.given, 50);
	assert_in_range(tls_trials(room.tls), OTHERS, (OTHERS + 1) * SUITES * (FIRST_STEP + CIPHER));
	room_end(&room);
}

static void the_secrets_of_known_connections_are_tried_last(void **state)
{
	(void)state;
	struct room room;
	room_begin(&room, 0, true);
	keylog_take(room.keylog, SLICE("CLIENT_TRAFFIC_SECRET_0 " SECRET_32 " " SECRET_32 "\n"), true);
	room_join(&room, 1);
	uint64_t before = tls_trials(room.tls);
	room_join(&room, 2); /* a second copy of the same */
	assert_int_equal(room.given, 100);
	assert_true(tls_trials(room.tls) - before > before); /* the other one was tried before it */
	room_end(&room);
}

/* Whatever is joined, and however large the key log: the work of a run is bounded. */
static void the_search_of_a_run_is_bounded(void **state)
{
	(void)state;
	enum { BOUND = 1 << 21, MOST = BOUND + 12 * 256 };
	struct room room;
	room_begin(&room, 300, false);
	for (unsigned i = 1; i <= 12; i++)
		room_join(&room, i);
	assert_in_range(tls_trials(room.tls), BOUND, MOST);
	assert_int_equal(room.given, 0);
	assert_int_equal(room.ledger.entries[LEDGER_TLS_JOINED].items, 12);
	assert_true(room.ledger.entries[ledger_limit(LIMIT_TLS_SEARCH)].items > 0);
	room_end(&room);
}

/* ---- connections with keys of their own */

/* Of one client's random: the hello offers early data. */
static const char client_hello[] = "16030100330100002f0303" RANDOM_A "000002130101000004002a0000";
static const char server_hello[] = "16030300320200002e0303" RANDOM_A "001301000006002b00020304";

static void room_take_keys(struct room *room)
{
	static const char *const names[] = {"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
	    "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"};
	char line[256];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(line, sizeof line, "%s " RANDOM_A " " SECRET_32 "\n", names[i]);
		keylog_take(room->keylog, slice_of_text(line), true);
	}
}

/* A hello, or "", and so many records that no key opens. */
static void room_say(struct room *room, struct stream *stream, enum side side, const char *hello, size_t records)
{
	enum { RECORD = TLS_RECORD_HEAD + 64, MOST = 100 };
	static uint8_t bytes[128 + MOST * RECORD];
	const struct stream_sink *sink = tls_stream_sink(room->tls);
	size_t len = unhex(hello, bytes);
	for (size_t i = 0; i < records && i < MOST; i++, len += RECORD)
		memcpy(bytes + len, "\x17\3\3\0\x40", TLS_RECORD_HEAD);
	struct chunk chunk = {
	    .kind = CHUNK_BYTES, .side = side, .bytes = slice_of(bytes, len), .first_packet = 1, .packet = 1};
	sink->chunk(sink->self, stream, &chunk);
}

/* Its early data is more than may be held until the server's hello. */
static void what_was_given_up_before_the_servers_hello_has_no_wrong_keys(void **state)
{
	(void)state;
	struct room room;
	struct stream stream = {.number = 1};
	room_begin(&room, 0, false);
	room.limits.tls_waiting = 1000;
	room_take_keys(&room);
	const struct stream_sink *sink = tls_stream_sink(room.tls);
	sink->opened(sink->self, &stream);
	room_say(&room, &stream, SIDE_A, client_hello, 100);
	room_say(&room, &stream, SIDE_B, server_hello, 100);
	room_say(&room, &stream, SIDE_B, "", 100);
	sink->closed(sink->self, &stream, STREAM_END_CAPTURE, 0);
	assert_int_equal(room.ledger.entries[LEDGER_TLS_WRONG_KEYS].items, 0);
	assert_int_equal(room.ledger.entries[LEDGER_TLS].items, 1);
	assert_int_equal(room.ledger.entries[ledger_limit(LIMIT_TLS_WAITING)].items, 1);
	room_end(&room);
}

/* Each has a hole, behind which nothing is that its keys open. */
static void the_search_of_a_run_is_bounded_with_keys_too(void **state)
{
	(void)state;
	enum { BOUND = 1 << 21, MOST = BOUND + 12 * 1024, CONNECTIONS = 6 };
	struct room room;
	room_begin(&room, 0, false);
	room_take_keys(&room);
	const struct stream_sink *sink = tls_stream_sink(room.tls);
	for (uint64_t number = 1; number <= CONNECTIONS; number++) {
		struct stream stream = {.number = number};
		const struct chunk hole = {
		    .kind = CHUNK_GAP, .side = SIDE_B, .lost = 1000, .first_packet = 1, .packet = 1};
		sink->opened(sink->self, &stream);
		room_say(&room, &stream, SIDE_A, client_hello, 0);
		room_say(&room, &stream, SIDE_B, server_hello, 0);
		sink->chunk(sink->self, &stream, &hole);
		room_say(&room, &stream, SIDE_B, "", 40);
		sink->closed(sink->self, &stream, STREAM_END_CAPTURE, 0);
	}
	assert_in_range(tls_trials(room.tls), BOUND, MOST);
	assert_true(room.ledger.entries[ledger_limit(LIMIT_TLS_SEARCH)].items > 0);
	room_end(&room);
}

/* ---- behind a balancer (the PROXY protocol) */

#define PROXY_LINE "PROXY TCP4 192.0.2.7 192.0.2.1 40000 443\r\n"

static void room_give(struct room *room, struct stream *stream, enum side side, struct slice bytes)
{
	const struct stream_sink *sink = tls_stream_sink(room->tls);
	const struct chunk chunk = {.kind = CHUNK_BYTES, .side = side, .bytes = bytes, .first_packet = 1, .packet = 1};
	sink->chunk(sink->self, stream, &chunk);
}

/* What begins so, in two pieces, and a hello behind it: the header goes up, and the hello is TLS. */
static void assert_header_before_hello(struct slice header, size_t cut)
{
	struct room room;
	uint8_t hello[128], bytes[256];
	struct stream stream = {.number = 1};
	room_begin(&room, 0, false);
	const struct stream_sink *sink = tls_stream_sink(room.tls);
	struct slice behind = slice_of(hello, unhex(client_hello, hello));
	memcpy(bytes, header.at, header.len);
	memcpy(bytes + header.len, behind.at, behind.len);
	struct slice whole = slice_of(bytes, header.len + behind.len);
	sink->opened(sink->self, &stream);
	room_give(&room, &stream, SIDE_A, slice_take(whole, cut));
	room_give(&room, &stream, SIDE_A, slice_drop(whole, cut));
	room_say(&room, &stream, SIDE_B, server_hello, 0);
	assert_int_equal(room.given, header.len);
	sink->closed(sink->self, &stream, STREAM_END_CAPTURE, 0);
	assert_int_equal(room.ledger.entries[LEDGER_TLS].items, 1);
	assert_int_equal(room.given, header.len);
	room_end(&room);
}

static void a_hello_behind_a_proxy_header_is_tls_wherever_the_segments_end(void **state)
{
	(void)state;
	const struct slice line = SLICE(PROXY_LINE);
	const struct slice binary = SLICE("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\7\xc0\0\2\1\x9c\x40\1\xbb");
	for (size_t cut = 1; cut <= line.len + 8; cut++)
		assert_header_before_hello(line, cut);
	for (size_t cut = 1; cut <= binary.len + 8; cut++)
		assert_header_before_hello(binary, cut);
}

static void what_begins_like_a_proxy_header_and_is_none_goes_up_whole(void **state)
{
	(void)state;
	struct room room;
	struct stream stream = {.number = 1}, short_one = {.number = 2};
	room_begin(&room, 0, false);
	const struct stream_sink *sink = tls_stream_sink(room.tls);
	sink->opened(sink->self, &stream);
	room_give(&room, &stream, SIDE_A, SLICE("P"));
	assert_int_equal(room.given, 0);
	room_give(&room, &stream, SIDE_A, SLICE("OST / HTTP/1.1\r\n\r\n"));
	assert_int_equal(room.given, strlen("POST / HTTP/1.1\r\n\r\n"));
	sink->closed(sink->self, &stream, STREAM_END_CAPTURE, 0);
	room.given = 0;
	sink->opened(sink->self, &short_one);
	room_give(&room, &short_one, SIDE_A, SLICE("PROXY"));
	sink->closed(sink->self, &short_one, STREAM_END_CAPTURE, 0);
	assert_int_equal(room.given, strlen("PROXY"));
	assert_int_equal(room.ledger.entries[LEDGER_TLS].bytes, 0);
	room_end(&room);
}

/* ---- alerts */

static void an_alert_has_a_name_whoever_sends_it(void **state)
{
	(void)state;
	assert_string_equal(tls_alert_name(120), "no application protocol in common");
	assert_string_equal(tls_alert_name(255), "an unknown alert");
}

static void what_is_no_certificate_has_no_name(void **state)
{
	(void)state;
	char name[TLS_NAME];
	assert_string_equal(tls_certificate_read(SLICE(""), false, name), "");
	assert_string_equal(tls_certificate_read(SLICE("\0\0\5\0\0\2\x30\x80"), false, name), "");
	assert_string_equal(tls_certificate_read(SLICE("\0\0\0\377\0\0\2\x30\x80"), true, name), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_gives_a_secret),
	    cmocka_unit_test(a_line_may_come_byte_by_byte),
	    cmocka_unit_test(what_is_no_secret_is_passed_over),
	    cmocka_unit_test(a_line_of_any_length_ends_at_its_end),
	    cmocka_unit_test(the_secrets_are_charged_and_given_back),
	    cmocka_unit_test(only_the_secrets_of_captured_connections_are_written_and_once),
	    cmocka_unit_test(a_secret_that_has_no_room_leaves_no_half_line),
	    cmocka_unit_test(a_record_of_the_rfc_is_opened),
	    cmocka_unit_test(a_record_that_was_changed_is_not),
	    cmocka_unit_test(a_record_of_another_number_is_not),
	    cmocka_unit_test(records_of_any_length_are_refused_in_order),
	    cmocka_unit_test(a_hello_says_name_and_protocols),
	    cmocka_unit_test(a_hello_that_is_cut_is_not_read_past_its_end),
	    cmocka_unit_test(small_numbers_of_all_secrets_are_tried_first),
	    cmocka_unit_test(the_secrets_of_known_connections_are_tried_last),
	    cmocka_unit_test(the_search_of_a_run_is_bounded),
	    cmocka_unit_test(what_was_given_up_before_the_servers_hello_has_no_wrong_keys),
	    cmocka_unit_test(the_search_of_a_run_is_bounded_with_keys_too),
	    cmocka_unit_test(a_hello_behind_a_proxy_header_is_tls_wherever_the_segments_end),
	    cmocka_unit_test(what_begins_like_a_proxy_header_and_is_none_goes_up_whole),
	    cmocka_unit_test(an_alert_has_a_name_whoever_sends_it),
	    cmocka_unit_test(what_is_no_certificate_has_no_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

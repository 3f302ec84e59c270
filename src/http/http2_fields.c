/* HPACK by libnghttp2, and heads out of its fields. */
#include "http/http2_fields.h"

#include <nghttp2/nghttp2.h>

enum pseudo { PSEUDO_METHOD, PSEUDO_PATH, PSEUDO_AUTHORITY, PSEUDO_PROTOCOL, PSEUDO_STATUS, PSEUDO_SCHEME, PSEUDOS };

enum {
	UNKNOWN_ENTRIES = 512, /* of a table that is not known: so many entries back may be referred to */
	UNKNOWN_NAME = 1,      /* the one byte of their name: no field has it */

	/* A table of them costs as much as a few kilobytes of blocks. So each that is made is a debt, which blocks that
	 * can be read pay off; who owes too much is not followed any further. */
	UNKNOWN_COST = 16,
	UNKNOWN_DEBT = 16 * UNKNOWN_COST,
};

struct http2_fields {
	struct budget *budget;
	nghttp2_mem memory;
	nghttp2_hd_inflater *inflater; /* NULL: there was no memory for it */
	uint32_t allowed;              /* bytes of the table */
	bool is_allowed;               /* the inflater knows */
	bool is_unknown;               /* what the table holds: it is made when the next block comes */
	unsigned debt;                 /* of tables of unknown entries */
	bool is_within;                /* a block is under way */
	bool is_unreadable;            /* the rest of it */
	bool partial;
	struct pseudo_value {
		bool is_there;
		size_t at, len; /* in `values` */
	} pseudos[PSEUDOS];
	struct buffer values; /* of pseudo-header fields */
	struct buffer lines;  /* the other fields */
	struct buffer cookie;
	struct buffer text; /* the head */
};

/* ---- memory for libnghttp2 */

static void *memory_alloc(size_t size, void *self)
{
	const struct http2_fields *fields = self;
	return budget_new(fields->budget, size);
}

static void *memory_alloc_array(size_t count, size_t size, void *self)
{
	size_t whole;
	return __builtin_mul_overflow(count, size, &whole) ? NULL : memory_alloc(whole, self);
}

static void *memory_resize(void *object, size_t size, void *self)
{
	const struct http2_fields *fields = self;
	return budget_resize(fields->budget, object, size);
}

static void memory_free(void *object, void *self)
{
	(void)self;
	budget_release(object);
}

/* ---- the inflater */

static void fields_drop_inflater(struct http2_fields *fields)
{
	if (fields->inflater)
		nghttp2_hd_inflate_del(fields->inflater);
	fields->inflater = NULL;
}

static void fields_make_inflater(struct http2_fields *fields)
{
	fields_drop_inflater(fields);
	fields->is_allowed = false;
	if (nghttp2_hd_inflate_new2(&fields->inflater, &fields->memory))
		fields->inflater = NULL;
}

/* False: it is no HPACK, or there is no memory. `take`: what is done with each field; NULL: nothing. */
static bool fields_inflate(struct http2_fields *fields, struct slice bytes, bool last,
    void (*take)(struct http2_fields *fields, const nghttp2_nv *field))
{
	if (!fields->is_allowed && !fields->is_within)
		fields->is_allowed = !nghttp2_hd_inflate_change_table_size(fields->inflater, fields->allowed);
	for (;;) {
		nghttp2_nv field;
		int flags = 0;
		ssize_t taken = nghttp2_hd_inflate_hd2(fields->inflater, &field, &flags, bytes.at, bytes.len, last);
		if (taken < 0)
			return false;
		bytes = slice_drop(bytes, (size_t)taken);
		if (flags & NGHTTP2_HD_INFLATE_EMIT && take)
			take(fields, &field);
		if (flags & NGHTTP2_HD_INFLATE_FINAL)
			return !nghttp2_hd_inflate_end_headers(fields->inflater);
		if (!(flags & NGHTTP2_HD_INFLATE_EMIT) && !bytes.len)
			return true;
	}
}

/* A table of the largest size, full of entries that stand for those that are not known. Those that are added since come
 * before them, as they do in the real table; a real one that is smaller drops its oldest earlier, to which nobody
 * refers then. */
static void fields_make_unknown(struct http2_fields *fields)
{
	static const uint8_t size[] = {0x3f, 0xe1, 0xff, 0x03}; /* HTTP2_TABLE_MOST (RFC 7541 §6.3) */
	static const uint8_t first[] = {0x40, 1, UNKNOWN_NAME, 0};
	static const uint8_t same_name[] = {0x7e, 0}; /* as that of the newest entry */
	if (http2_fields_is_given_up(fields))
		return;
	uint8_t block[sizeof size + sizeof first + (UNKNOWN_ENTRIES - 1) * sizeof same_name];
	memcpy(block, size, sizeof size);
	memcpy(block + sizeof size, first, sizeof first);
	for (size_t at = sizeof size + sizeof first; at < sizeof block; at += sizeof same_name)
		memcpy(block + at, same_name, sizeof same_name);
	fields_make_inflater(fields);
	fields->debt += fields->inflater ? UNKNOWN_COST : 0;
	fields->allowed = HTTP2_TABLE_MOST;
	fields->is_unknown = fields->inflater && !fields_inflate(fields, slice_of(block, sizeof block), true, NULL);
	if (fields->is_unknown)
		fields_drop_inflater(fields);
}

struct http2_fields *http2_fields_new(struct budget *budget)
{
	struct http2_fields *fields = budget_new(budget, sizeof *fields);
	if (!fields)
		return NULL;
	fields->budget = budget;
	fields->allowed = HTTP2_TABLE;
	fields->memory = (nghttp2_mem){fields, memory_alloc, memory_free, memory_alloc_array, memory_resize};
	struct buffer *const buffers[] = {&fields->values, &fields->lines, &fields->cookie, &fields->text};
	for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
		buffer_init(buffers[i], http_default_limits.head, budget);
	fields_make_inflater(fields);
	if (fields->inflater)
		return fields;
	http2_fields_free(fields);
	return NULL;
}

static void fields_forget_block(struct http2_fields *fields)
{
	struct buffer *const buffers[] = {&fields->values, &fields->lines, &fields->cookie, &fields->text};
	for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
		buffer_free(buffers[i]);
	memset(fields->pseudos, 0, sizeof fields->pseudos);
	fields->partial = fields->is_unreadable = false;
}

void http2_fields_free(struct http2_fields *fields)
{
	if (!fields)
		return;
	fields_drop_inflater(fields);
	fields_forget_block(fields);
	budget_release(fields);
}

void http2_fields_allow(struct http2_fields *fields, uint32_t size)
{
	uint32_t most = size < HTTP2_TABLE_MOST ? size : HTTP2_TABLE_MOST;
	fields->is_allowed &= most <= fields->allowed;
	fields->allowed = most > fields->allowed ? most : fields->allowed;
}

void http2_fields_lose(struct http2_fields *fields)
{
	if (!fields->is_within)
		fields_forget_block(fields);
	fields->partial = fields->is_unknown = true;
	fields->is_within = false;
}

bool http2_fields_is_given_up(const struct http2_fields *fields)
{
	return fields->debt > UNKNOWN_DEBT;
}

/* ---- fields */

/* As a whole or not at all. */
static bool fields_append_whole(struct buffer *buffer, struct slice bytes)
{
	size_t before = buffer->len;
	if (buffer->limit - before >= bytes.len && buffer_append(buffer, bytes))
		return true;
	buffer->len = before;
	return false;
}

static void fields_take_pseudo(struct http2_fields *fields, struct slice name, struct slice value)
{
	static const char *const names[PSEUDOS] = {":method", ":path", ":authority", ":protocol", ":status", ":scheme"};
	for (enum pseudo pseudo = 0; pseudo < PSEUDOS; pseudo++) {
		struct pseudo_value *kept = &fields->pseudos[pseudo];
		if (!slice_equals_text(name, names[pseudo]) || kept->is_there)
			continue;
		size_t at = fields->values.len;
		if (!fields_append_whole(&fields->values, value))
			break;
		*kept = (struct pseudo_value){true, at, value.len};
		return;
	}
	fields->partial = true; /* unknown, twice, or too long */
}

/* So is a line. */
static bool fields_append_line(struct buffer *lines, struct slice name, struct slice value)
{
	const struct slice parts[] = {name, SLICE(": "), value, SLICE("\r\n")};
	size_t before = lines->len;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (fields_append_whole(lines, parts[i]))
			continue;
		lines->len = before;
		return false;
	}
	return true;
}

static void fields_take_field(struct http2_fields *fields, const nghttp2_nv *field)
{
	struct slice name = slice_of(field->name, field->namelen), value = slice_of(field->value, field->valuelen);
	bool fits = true;
	/* What RFC 9113 §8.2.1 forbids could forge a line of the head: names of other than lower-case characters,
	 * values with CR, LF or NUL. */
	if (!nghttp2_check_header_name(name.at, name.len) || !nghttp2_check_header_value(value.at, value.len)) {
		fields->partial = true;
	} else if (name.at[0] == ':') {
		fields_take_pseudo(fields, name, value);
	} else if (slice_equals(name, SLICE("cookie"))) {
		struct buffer *cookie = &fields->cookie; /* RFC 9113 §8.2.3 */
		fits = (!cookie->len || buffer_append_text(cookie, "; ")) && buffer_append(cookie, value);
	} else {
		fits = fields_append_line(&fields->lines, name, value);
	}
	fields->partial |= !fits;
}

bool http2_fields_take(struct http2_fields *fields, struct slice fragment, bool last)
{
	if (!fields->is_within)
		fields_forget_block(fields);
	if (!fields->is_within && (fields->is_unknown || !fields->inflater))
		fields_make_unknown(fields);
	bool reads = !fields->is_unreadable && fields->inflater && !http2_fields_is_given_up(fields) &&
	             fields_inflate(fields, fragment, last, fields_take_field);
	if (!reads)
		fields->is_unknown = fields->is_unreadable = fields->partial = true;
	else if (last && fields->debt)
		fields->debt--;
	fields->is_within = !last;
	return reads;
}

/* ---- heads */

static struct slice fields_pseudo(const struct http2_fields *fields, enum pseudo pseudo)
{
	const struct pseudo_value *value = &fields->pseudos[pseudo];
	return value->len ? slice_of(fields->values.at + value->at, value->len) : slice_of(NULL, 0);
}

static bool fields_write_first_line(struct http2_fields *fields, const struct slice parts[3])
{
	struct buffer *text = &fields->text;
	return buffer_append(text, parts[0]) && buffer_append_byte(text, ' ') && buffer_append(text, parts[1]) &&
	       (!parts[2].len || (buffer_append_byte(text, ' ') && buffer_append(text, parts[2]))) &&
	       buffer_append_text(text, "\r\n");
}

/* What does not fit any more is left out. */
static void fields_write_lines(struct http2_fields *fields)
{
	struct slice authority = fields_pseudo(fields, PSEUDO_AUTHORITY), lines = buffer_slice(&fields->lines);
	struct buffer *text = &fields->text;
	if (authority.len)
		fields->partial |= !fields_append_line(text, SLICE("host"), authority);
	while (lines.len) {
		struct slice line = slice_take(lines, slice_find_byte(lines, '\n') + 1);
		lines = slice_drop(lines, line.len);
		fields->partial |= !fields_append_whole(text, line);
	}
	if (fields->cookie.len)
		fields->partial |= !fields_append_line(text, SLICE("cookie"), buffer_slice(&fields->cookie));
	fields->partial |= !fields_append_whole(text, SLICE("\r\n"));
}

static void fields_read_length(struct http_head *head)
{
	enum { LENGTH_DIGITS = 18 };
	struct slice length;
	if (!http_find_field(head->fields, "Content-Length", &length))
		return;
	head->has_length = digits_take(&length, LENGTH_DIGITS, &head->content_length) && !length.len;
}

static int fields_status(struct slice text)
{
	uint64_t status;
	return text.len == 3 && digits_take(&text, 3, &status) && status >= 100 ? (int)status : 0;
}

bool http2_fields_read(struct http2_fields *fields, enum http_role role, struct http2_head *head)
{
	struct slice method = fields_pseudo(fields, PSEUDO_METHOD), path = fields_pseudo(fields, PSEUDO_PATH);
	struct slice status = fields_pseudo(fields, PSEUDO_STATUS), version = SLICE("HTTP/2");
	struct slice target = path.len ? path : fields_pseudo(fields, PSEUDO_AUTHORITY); /* CONNECT: RFC 9113 §8.5 */
	bool asks = role == HTTP_REQUESTS;
	buffer_clear(&fields->text);
	*head = (struct http2_head){.head = {.keep_alive = true, .status = asks ? 0 : fields_status(status)}};
	const struct slice parts[2][3] = {{version, status, slice_of(NULL, 0)}, {method, target, version}};
	bool is_known = asks ? method.len && target.len : head->head.status > 0;
	if (!is_known || !fields_write_first_line(fields, parts[asks]))
		return false;
	size_t first_line = fields->text.len;
	fields_write_lines(fields);
	head->head.bytes = buffer_slice(&fields->text);
	head->head.fields = slice_drop(head->head.bytes, first_line);
	if (asks) {
		head->head.method = slice_take(head->head.bytes, method.len);
		head->head.target = slice_take(slice_drop(head->head.bytes, method.len + 1), target.len);
		head->protocol = fields_pseudo(fields, PSEUDO_PROTOCOL);
	}
	head->head.upgrade = head->protocol.len > 0;
	head->head.upgrade_websocket = slice_equals(head->protocol, SLICE("websocket"));
	fields_read_length(&head->head);
	head->partial = fields->partial;
	return true;
}

/* What a proxy passes on of the page that asks. */
#include "detect/forwarded.h"

#include "http/http1.h"

bool forwarded_is(const struct exchange_half *request)
{
	static const char *const fields[] = {
	    "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (exchange_count_fields(request, fields[i]))
			return true;
	return false;
}

struct slice forwarded_host(const struct exchange_half *request)
{
	struct slice forwarded = exchange_field(request, "Forwarded"),
	             list = exchange_field(request, "X-Forwarded-Host");
	struct slice host = slice_trim(slice_take_until(&list, ','));
	forwarded = slice_take_until(&forwarded, ',');
	while (!host.len && forwarded.len) {
		struct slice value = slice_take_until(&forwarded, ';');
		if (slice_equals_nocase(slice_trim(slice_take_until(&value, '=')), "host"))
			host = slice_trim(value);
	}
	if (host.len > 2 && host.at[0] == '"')
		host = slice_of(host.at + 1, host.len - 2);
	return host;
}

/* nginx's manual has it in lower case (proxy_set_header Connection "upgrade"), browsers write "Upgrade", and so do
 * Socket.IO's clients. */
static bool forwarded_is_by_nginx(const struct exchange_half *request)
{
	return slice_equals(slice_trim(exchange_field(request, "Connection")), SLICE("upgrade"));
}

/* A name or an address that means something only inside: without a dot, a container's or an upstream's; an address that
 * no page on the internet has (RFC 1122 §3.2.1.3, RFC 1918 §3). */
static bool forwarded_is_inside(struct slice host)
{
	static const char *const beginnings[] = {"127.", "10.", "192.168.", "172.", "[::1]", "[fd"};
	for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
		if (slice_starts_with(host, slice_of_text(beginnings[i])))
			return true;
	size_t name = slice_find_byte(host, ':');
	return host.len && slice_find_byte(slice_take(host, name), '.') == name;
}

/* The scheme by which the page came, as it arrives: python-engineio takes http where nothing says it. */
static struct slice forwarded_scheme(const struct exchange_half *request)
{
	struct slice list = exchange_field(request, "X-Forwarded-Proto");
	struct slice scheme = slice_trim(slice_take_until(&list, ','));
	return scheme.len ? scheme : SLICE("http");
}

enum forwarded forwarded_judge(const struct exchange_half *request, bool is_encrypted)
{
	struct slice origin = exchange_field(request, "Origin"), page = http_origin_host(origin),
	             host = exchange_field(request, "Host"), passed = forwarded_host(request);
	if (!page.len)
		return FORWARDED_NONE;
	if (slice_equals(page, host) || (passed.len && slice_equals(page, passed))) {
		struct slice scheme = slice_take(origin, slice_find(origin, SLICE("://")));
		bool is_secure = slice_equals(scheme, SLICE("https")) && !is_encrypted;
		return is_secure && !slice_equals(forwarded_scheme(request), scheme) ? FORWARDED_SCHEME_LOST
		                                                                     : FORWARDED_SAME;
	}
	bool is_rewritten = !passed.len && forwarded_is_inside(host) && !forwarded_is_inside(page);
	return is_rewritten && (forwarded_is(request) || forwarded_is_by_nginx(request)) ? FORWARDED_HOST_LOST
	                                                                                 : FORWARDED_OTHER;
}

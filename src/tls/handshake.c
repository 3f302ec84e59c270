/* Hello messages and their extensions, and the names of alerts. */
#include "tls/handshake.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

enum tls_extension {
	EXTENSION_SERVER_NAME = 0,
	EXTENSION_ALPN = 16,
	EXTENSION_ENCRYPT_THEN_MAC = 22,
	EXTENSION_EARLY_DATA = 42,
	EXTENSION_SUPPORTED_VERSIONS = 43,
};

/* A ServerHello with it is a HelloRetryRequest (RFC 8446 §4.1.3): SHA-256 of "HelloRetryRequest". */
static const uint8_t tls_retry_random[TLS_RANDOM] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
    0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8,
    0x33, 0x9c};

/* ---- vectors */

/* Takes a vector with `width` bytes of length off the front. False: there are fewer bytes than it says. */
static bool tls_take_vector(struct slice *bytes, size_t width, struct slice *vector)
{
	size_t len = 0;
	if (bytes->len < width)
		return false;
	for (size_t i = 0; i < width; i++)
		len = len << 8 | bytes->at[i];
	if (bytes->len - width < len)
		return false;
	*vector = slice_of(bytes->at + width, len);
	*bytes = slice_drop(*bytes, width + len);
	return true;
}

static bool tls_take_16(struct slice *bytes, uint16_t *number)
{
	if (bytes->len < 2)
		return false;
	*number = network_read_16(bytes->at);
	*bytes = slice_drop(*bytes, 2);
	return true;
}

/* ---- extensions */

/* The first name of the list (RFC 6066 §3), where it is that of a host. */
static struct slice tls_read_name(struct slice value)
{
	struct slice list, name;
	if (!tls_take_vector(&value, 2, &list) || !list.len || list.at[0] != 0)
		return slice_of(NULL, 0);
	list = slice_drop(list, 1);
	return tls_take_vector(&list, 2, &name) ? name : slice_of(NULL, 0);
}

static void tls_take_extension(uint16_t type, struct slice value, bool from_client, struct tls_hello *hello)
{
	switch (type) {
	case EXTENSION_SERVER_NAME:
		if (from_client)
			hello->name = tls_read_name(value);
		break;
	case EXTENSION_ALPN:
		hello->protocols = value;
		break;
	case EXTENSION_ENCRYPT_THEN_MAC:
		hello->encrypt_then_mac = true;
		break;
	case EXTENSION_EARLY_DATA:
		hello->early_data = true;
		break;
	case EXTENSION_SUPPORTED_VERSIONS:
		if (!from_client && value.len == 2)
			hello->version = network_read_16(value.at);
		break;
	default:
		break;
	}
}

/* Takes the next one off the front. False: there is no more. */
static bool tls_next_extension(struct slice *extensions, uint16_t *type, struct slice *value)
{
	return tls_take_16(extensions, type) && tls_take_vector(extensions, 2, value);
}

/* ---- hellos */

/* What is between the random and the extensions: a client's lists, a server's choices. */
static bool tls_read_choices(struct slice *body, bool from_client, struct tls_hello *hello)
{
	struct slice session, suites, compressions;
	if (!tls_take_vector(body, 1, &session))
		return false;
	if (from_client)
		return tls_take_vector(body, 2, &suites) && tls_take_vector(body, 1, &compressions);
	if (!tls_take_16(body, &hello->suite) || !body->len)
		return false;
	*body = slice_drop(*body, 1);
	return true;
}

bool tls_hello_read(struct slice body, bool from_client, struct tls_hello *hello)
{
	struct slice extensions, value;
	uint16_t type;
	*hello = (struct tls_hello){0};
	if (!tls_take_16(&body, &hello->version) || body.len < TLS_RANDOM)
		return false;
	memcpy(hello->random, body.at, TLS_RANDOM);
	body = slice_drop(body, TLS_RANDOM);
	if (!tls_read_choices(&body, from_client, hello))
		return false;
	hello->is_retry = !from_client && memcmp(hello->random, tls_retry_random, TLS_RANDOM) == 0;
	if (tls_take_vector(&body, 2, &extensions))
		while (tls_next_extension(&extensions, &type, &value))
			tls_take_extension(type, value, from_client, hello);
	return true;
}

struct slice tls_extensions_protocols(struct slice body)
{
	struct tls_hello hello = {0};
	struct slice extensions, value;
	uint16_t type;
	if (tls_take_vector(&body, 2, &extensions))
		while (tls_next_extension(&extensions, &type, &value))
			tls_take_extension(type, value, true, &hello);
	return hello.protocols;
}

/* ---- the server's certificate */

void tls_copy_name(struct slice name, char text[TLS_NAME])
{
	size_t len = 0;
	for (size_t i = 0; i < name.len && len < TLS_NAME - 1; i++)
		if (name.at[i] > ' ' && name.at[i] < 0x7f)
			text[len++] = (char)name.at[i];
	text[len] = '\0';
}

static void tls_read_common_name(const X509 *certificate, char text[TLS_NAME])
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	const X509_NAME_ENTRY *entry = at >= 0 ? X509_NAME_get_entry(subject, at) : NULL;
	const ASN1_STRING *value = entry ? X509_NAME_ENTRY_get_data(entry) : NULL;
	if (value)
		tls_copy_name(slice_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)), text);
}

static void tls_read_alternative_name(X509 *certificate, char text[TLS_NAME])
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; names && !*text && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		if (name->type == GEN_DNS)
			tls_copy_name(slice_of(ASN1_STRING_get0_data(name->d.dNSName),
			                  (size_t)ASN1_STRING_length(name->d.dNSName)),
			    text);
	}
	GENERAL_NAMES_free(names);
}

/* RFC 8446 §4.4.2: 1.3 has a context before the list. */
const char *tls_certificate_read(struct slice body, bool is_13, char text[TLS_NAME])
{
	struct slice context, list, first;
	*text = '\0';
	if ((is_13 && !tls_take_vector(&body, 1, &context)) || !tls_take_vector(&body, 3, &list) ||
	    !tls_take_vector(&list, 3, &first))
		return text;
	const unsigned char *der = first.at;
	X509 *certificate = d2i_X509(NULL, &der, (long)first.len);
	if (certificate) {
		tls_read_common_name(certificate, text);
		if (!*text)
			tls_read_alternative_name(certificate, text);
	}
	X509_free(certificate);
	ERR_clear_error();
	return text;
}

/* ---- names */

const char *tls_version_name(uint16_t version)
{
	static const char *const names[] = {"SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"};
	return version >= 0x0300 && version <= TLS_VERSION_13 ? names[version - 0x0300] : NULL;
}

const char *tls_protocols_format(struct slice protocols, char text[4 * TLS_PROTOCOL])
{
	struct slice list, name;
	size_t len = 0;
	if (!tls_take_vector(&protocols, 2, &list))
		list = slice_of(NULL, 0);
	while (tls_take_vector(&list, 1, &name)) {
		if (len + name.len + 3 > 4 * TLS_PROTOCOL)
			break;
		if (len) {
			memcpy(text + len, ", ", 2);
			len += 2;
		}
		for (size_t i = 0; i < name.len; i++)
			if (name.at[i] > ' ' && name.at[i] < 0x7f)
				text[len++] = (char)name.at[i];
	}
	text[len] = '\0';
	return text;
}

const char *tls_alert_name(uint8_t description)
{
	static const struct {
		uint8_t description;
		const char *name;
	} alerts[] = {
	    {0, "close notify"},
	    {10, "unexpected message"},
	    {20, "a record does not authenticate"},
	    {22, "a record is too long"},
	    {ALERT_HANDSHAKE_FAILURE, "handshake failure: no common parameters"},
	    {ALERT_BAD_CERTIFICATE, "bad certificate"},
	    {ALERT_UNSUPPORTED_CERTIFICATE, "unsupported certificate"},
	    {ALERT_CERTIFICATE_REVOKED, "certificate revoked"},
	    {ALERT_CERTIFICATE_EXPIRED, "certificate expired"},
	    {ALERT_CERTIFICATE_UNKNOWN, "certificate not accepted"},
	    {47, "illegal parameter"},
	    {ALERT_UNKNOWN_CA, "unknown CA: the certificate's issuer is not trusted"},
	    {ALERT_ACCESS_DENIED, "access denied"},
	    {50, "a message cannot be decoded"},
	    {51, "decryption failed"},
	    {ALERT_PROTOCOL_VERSION, "protocol version not supported"},
	    {ALERT_INSUFFICIENT_SECURITY, "insufficient security"},
	    {ALERT_INTERNAL_ERROR, "internal error"},
	    {ALERT_INAPPROPRIATE_FALLBACK, "inappropriate fallback"},
	    {90, "canceled by the user"},
	    {109, "missing extension"},
	    {110, "unsupported extension"},
	    {ALERT_UNRECOGNIZED_NAME, "unrecognized name: no such host here"},
	    {ALERT_BAD_CERTIFICATE_STATUS, "bad certificate status"},
	    {115, "unknown PSK identity"},
	    {ALERT_CERTIFICATE_REQUIRED, "a client certificate is required"},
	    {ALERT_NO_APPLICATION_PROTOCOL, "no application protocol in common"},
	};
	for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
		if (alerts[i].description == description)
			return alerts[i].name;
	return "an unknown alert";
}

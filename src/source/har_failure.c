/* What browsers call it when a request fails: a table of their words. */
#include "source/har_entry.h"

/*
 * How browsers say why, by the beginning of their words, the more exact ones first: Chromium's network errors
 * (net_error_list.h) and, as Playwright has it where there is none, its reasons for blocking (Network.BlockedReason of
 * the DevTools protocol); Firefox's errors (Errors of nsresult, and of NSS: SEC_, SSL_, MOZILLA_PKIX_); WebKit's, which
 * are sentences for people (CFNetwork on macOS, libsoup and GIO elsewhere, curl on Windows).
 */
static const struct {
	const char *word;
	enum recorded_failure failure;
} har_words[] = {
    {"net::ERR_ABORTED", RECORDED_ABORTED},
    {"NS_BINDING_ABORTED", RECORDED_ABORTED},
    {"cancelled", RECORDED_ABORTED},
    {"Load request cancelled", RECORDED_ABORTED},

    {"net::ERR_BLOCKED_BY_CLIENT", RECORDED_BY_EXTENSION},
    {"subresource-filter", RECORDED_BY_EXTENSION},
    {"inspector", RECORDED_BY_EXTENSION},
    {"NS_ERROR_CONTENT_BLOCKED", RECORDED_BY_EXTENSION},
    {"NS_ERROR_BLOCKED_BY_POLICY", RECORDED_BY_EXTENSION},
    {"NS_ERROR_TRACKING_URI", RECORDED_BY_EXTENSION},
    {"The URL was blocked by a content blocker", RECORDED_BY_EXTENSION},
    {"net::ERR_BLOCKED_BY_CSP", RECORDED_BY_CSP},
    {"csp", RECORDED_BY_CSP},
    {"NS_ERROR_CSP_", RECORDED_BY_CSP},
    {"NS_ERROR_DOM_CSP_", RECORDED_BY_CSP},
    {"Blocked by Content Security Policy", RECORDED_BY_CSP},
    {"mixed-content", RECORDED_BY_MIXED_CONTENT},
    {"net::ERR_BLOCKED_BY_PRIVATE_NETWORK_ACCESS", RECORDED_BY_LOCAL_NETWORK},
    {"net::ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS", RECORDED_BY_LOCAL_NETWORK},
    {"net::ERR_BLOCKED_BY_ADMINISTRATOR", RECORDED_BY_POLICY},
    {"net::ERR_BLOCKED_ENROLLMENT_CHECK_PENDING", RECORDED_BY_POLICY},
    {"net::ERR_BLOCKED_IN_INCOGNITO_BY_ADMINISTRATOR", RECORDED_BY_POLICY},
    {"net::ERR_BLOCKED_BY_FINGERPRINTING_PROTECTION", RECORDED_BY_EXTENSION},
    {"net::ERR_NETWORK_ACCESS_DENIED", RECORDED_BY_POLICY},
    {"net::ERR_CLEARTEXT_NOT_PERMITTED", RECORDED_BY_POLICY},
    {"net::ERR_ACCESS_DENIED", RECORDED_BY_POLICY},
    {"net::ERR_UNSAFE_PORT", RECORDED_BY_PORT},
    {"NS_ERROR_PORT_ACCESS_NOT_ALLOWED", RECORDED_BY_PORT},
    {"Not allowed to use restricted network port", RECORDED_BY_PORT},
    {"net::ERR_BLOCKED_BY_RESPONSE", RECORDED_ISOLATED},
    {"net::ERR_BLOCKED_BY_ORB", RECORDED_ISOLATED},
    {"corp-", RECORDED_ISOLATED},
    {"coep-", RECORDED_ISOLATED},
    {"NS_ERROR_DOM_CORP_FAILED", RECORDED_ISOLATED},
    {"NS_ERROR_DOM_COEP_FAILED", RECORDED_ISOLATED},
    {"net::ERR_BLOCKED_BY_", RECORDED_FAILED}, /* another, and not CORS */
    {"NS_ERROR_DOM_BAD_URI", RECORDED_BLOCKED},
    {"NS_ERROR_DOM_BAD_CROSS_ORIGIN_URI", RECORDED_BLOCKED},

    {"net::ERR_INTERNET_DISCONNECTED", RECORDED_OFFLINE},
    {"net::ERR_NETWORK_CHANGED", RECORDED_OFFLINE},
    {"net::ERR_NETWORK_IO_SUSPENDED", RECORDED_OFFLINE},
    {"NS_ERROR_OFFLINE", RECORDED_OFFLINE},
    {"The Internet connection appears to be offline", RECORDED_OFFLINE},
    {"net::ERR_NAME_NOT_RESOLVED", RECORDED_NO_NAME},
    {"net::ERR_NAME_RESOLUTION_FAILED", RECORDED_NO_NAME},
    {"net::ERR_DNS_", RECORDED_NO_NAME},
    {"net::ERR_ICANN_NAME_COLLISION", RECORDED_NO_NAME},
    {"NS_ERROR_UNKNOWN_HOST", RECORDED_NO_NAME},
    {"A server with the specified hostname could not be found", RECORDED_NO_NAME},
    {"Error resolving", RECORDED_NO_NAME},
    {"Couldn't resolve host name", RECORDED_NO_NAME},
    {"Could not resolve host", RECORDED_NO_NAME},
    {"net::ERR_CONNECTION_REFUSED", RECORDED_REFUSED},
    {"NS_ERROR_CONNECTION_REFUSED", RECORDED_REFUSED},
    {"Could not connect to the server", RECORDED_REFUSED},
    {"Could not connect to ", RECORDED_REFUSED},
    {"Couldn't connect to server", RECORDED_REFUSED},
    {"Connection refused", RECORDED_REFUSED},
    {"net::ERR_CONNECTION_TIMED_OUT", RECORDED_TIMED_OUT},
    {"net::ERR_TIMED_OUT", RECORDED_TIMED_OUT},
    {"NS_ERROR_NET_TIMEOUT", RECORDED_TIMED_OUT},
    {"The request timed out", RECORDED_TIMED_OUT},
    {"Timeout was reached", RECORDED_TIMED_OUT},
    {"Socket I/O timed out", RECORDED_TIMED_OUT},
    {"net::ERR_ADDRESS_UNREACHABLE", RECORDED_NO_ROUTE},
    {"net::ERR_ADDRESS_INVALID", RECORDED_NO_ROUTE},
    {"net::ERR_CONNECTION_FAILED", RECORDED_NO_ROUTE},
    {"net::ERR_PROXY_", RECORDED_NO_PROXY},
    {"net::ERR_TUNNEL_CONNECTION_FAILED", RECORDED_NO_PROXY},
    {"net::ERR_SOCKS_CONNECTION_", RECORDED_NO_PROXY},
    {"net::ERR_MANDATORY_PROXY_CONFIGURATION_FAILED", RECORDED_NO_PROXY},
    {"net::ERR_NO_SUPPORTED_PROXIES", RECORDED_NO_PROXY},
    {"net::ERR_PAC_", RECORDED_NO_PROXY},
    {"NS_ERROR_PROXY_", RECORDED_NO_PROXY},
    {"NS_ERROR_UNKNOWN_PROXY_HOST", RECORDED_NO_PROXY},

    {"net::ERR_CERT_AUTHORITY_INVALID", RECORDED_BAD_CA},
    {"net::ERR_CERT_DATE_INVALID", RECORDED_BAD_DATE},
    {"net::ERR_CERT_VALIDITY_TOO_LONG", RECORDED_BAD_CERTIFICATE},
    {"net::ERR_CERT_COMMON_NAME_INVALID", RECORDED_BAD_NAME},
    {"net::ERR_CERT_", RECORDED_BAD_CERTIFICATE},
    {"net::ERR_SSL_PINNED_KEY_NOT_IN_CERT_CHAIN", RECORDED_BAD_CERTIFICATE},
    {"net::ERR_CERTIFICATE_TRANSPARENCY_REQUIRED", RECORDED_BAD_CERTIFICATE},
    {"net::ERR_SSL_SERVER_CERT_", RECORDED_BAD_CERTIFICATE},
    {"net::ERR_SSL_CLIENT_AUTH_", RECORDED_NO_CLIENT_CERTIFICATE},
    {"net::ERR_BAD_SSL_CLIENT_AUTH_CERT", RECORDED_NO_CLIENT_CERTIFICATE},
    {"net::ERR_SSL_VERSION_OR_CIPHER_MISMATCH", RECORDED_NO_TLS_VERSION},
    {"net::ERR_SSL_VERSION_INTERFERENCE", RECORDED_NO_TLS_VERSION},
    {"net::ERR_SSL_OBSOLETE_", RECORDED_NO_TLS_VERSION},
    {"net::ERR_SSL_PROTOCOL_ERROR", RECORDED_NO_TLS},
    {"net::ERR_SSL_", RECORDED_BAD_TLS},
    {"net::ERR_ECH_", RECORDED_BAD_TLS},
    {"SEC_ERROR_EXPIRED_CERTIFICATE", RECORDED_BAD_DATE},
    {"SEC_ERROR_EXPIRED_ISSUER_CERTIFICATE", RECORDED_BAD_DATE},
    {"SEC_ERROR_UNKNOWN_ISSUER", RECORDED_BAD_CA},
    {"SEC_ERROR_UNTRUSTED_ISSUER", RECORDED_BAD_CA},
    {"SEC_ERROR_", RECORDED_BAD_CERTIFICATE},
    {"MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT", RECORDED_BAD_CA},
    {"MOZILLA_PKIX_ERROR_NOT_YET_VALID_", RECORDED_BAD_DATE},
    {"MOZILLA_PKIX_ERROR_", RECORDED_BAD_CERTIFICATE},
    {"SSL_ERROR_BAD_CERT_DOMAIN", RECORDED_BAD_NAME},
    {"SSL_ERROR_RX_CERTIFICATE_REQUIRED_ALERT", RECORDED_NO_CLIENT_CERTIFICATE},
    {"SSL_ERROR_NO_CYPHER_OVERLAP", RECORDED_NO_TLS_VERSION},
    {"SSL_ERROR_UNSUPPORTED_VERSION", RECORDED_NO_TLS_VERSION},
    {"SSL_ERROR_PROTOCOL_VERSION_ALERT", RECORDED_NO_TLS_VERSION},
    {"SSL_ERROR_RX_RECORD_TOO_LONG", RECORDED_NO_TLS},
    {"SSL_ERROR_RX_UNEXPECTED_", RECORDED_NO_TLS},
    {"SSL_ERROR_", RECORDED_BAD_TLS},
    {"NS_ERROR_NET_INADEQUATE_SECURITY", RECORDED_BAD_TLS},
    {"The certificate for this server is invalid", RECORDED_BAD_CERTIFICATE},
    {"Unacceptable TLS certificate", RECORDED_BAD_CERTIFICATE},
    {"SSL peer certificate or SSH remote key was not OK", RECORDED_BAD_CERTIFICATE},
    {"A TLS error caused the secure connection to fail", RECORDED_BAD_TLS},
    {"An SSL error has occurred", RECORDED_BAD_TLS},
    {"Error performing TLS handshake", RECORDED_BAD_TLS},
    {"SSL connect error", RECORDED_BAD_TLS},

    {"net::ERR_TOO_MANY_REDIRECTS", RECORDED_REDIRECTS},
    {"NS_ERROR_REDIRECT_LOOP", RECORDED_REDIRECTS},
    {"too many HTTP redirects", RECORDED_REDIRECTS},
    {"Too many redirects", RECORDED_REDIRECTS},
    {"Number of redirects hit maximum amount", RECORDED_REDIRECTS},
    {"net::ERR_CONNECTION_RESET", RECORDED_RESET},
    {"net::ERR_CONNECTION_CLOSED", RECORDED_RESET},
    {"net::ERR_CONNECTION_ABORTED", RECORDED_RESET},
    {"net::ERR_EMPTY_RESPONSE", RECORDED_RESET},
    {"net::ERR_SOCKET_NOT_CONNECTED", RECORDED_RESET},
    {"NS_ERROR_NET_RESET", RECORDED_RESET},
    {"NS_ERROR_NET_INTERRUPT", RECORDED_RESET},
    {"NS_ERROR_NET_EMPTY_RESPONSE", RECORDED_RESET},
    {"The network connection was lost", RECORDED_RESET},
    {"Connection terminated unexpectedly", RECORDED_RESET},
    {"Message Corrupt", RECORDED_BROKEN_ANSWER},
    {"net::ERR_INCOMPLETE_CHUNKED_ENCODING", RECORDED_BROKEN_ANSWER},
    {"net::ERR_INVALID_CHUNKED_ENCODING", RECORDED_BROKEN_ANSWER},
    {"net::ERR_CONTENT_LENGTH_MISMATCH", RECORDED_BROKEN_ANSWER},
    {"net::ERR_CONTENT_DECODING_FAILED", RECORDED_BROKEN_ANSWER},
    {"net::ERR_RESPONSE_HEADERS_", RECORDED_BROKEN_ANSWER},
    {"net::ERR_INVALID_HTTP_RESPONSE", RECORDED_BROKEN_ANSWER},
    {"net::ERR_INVALID_RESPONSE", RECORDED_BROKEN_ANSWER},
    {"net::ERR_HTTP2_", RECORDED_BROKEN_ANSWER},
    {"net::ERR_QUIC_PROTOCOL_ERROR", RECORDED_BROKEN_ANSWER},
    {"NS_ERROR_NET_PARTIAL_TRANSFER", RECORDED_BROKEN_ANSWER},
    {"NS_ERROR_NET_HTTP2_", RECORDED_BROKEN_ANSWER},
    {"NS_ERROR_INVALID_CONTENT_ENCODING", RECORDED_BROKEN_ANSWER},
};

/* WebKit's sentences about CORS name an origin, a method or a field first (CrossOriginAccessControl.cpp,
 * CrossOriginPreflightChecker.cpp, DocumentThreadableLoader.cpp). */
static const struct slice har_words_of_cors[] = {SLICE("Access-Control-Allow-"), SLICE("due to access control checks"),
    SLICE("Preflight response is not successful"), SLICE("Cross-origin redirection"),
    SLICE("Cross origin requests are only supported for")};

/* Chromium's WebSockets have words before the error's name. */
enum recorded_failure har_failure_read(struct slice why)
{
	struct slice net = slice_drop(why, slice_find(why, SLICE("net::")));
	why = net.len ? net : why;
	for (size_t i = 0; i < sizeof har_words_of_cors / sizeof *har_words_of_cors; i++)
		if (slice_find(why, har_words_of_cors[i]) < why.len)
			return RECORDED_BLOCKED;
	for (size_t i = 0; i < sizeof har_words / sizeof *har_words; i++)
		if (slice_starts_with(why, slice_of_text(har_words[i].word)))
			return har_words[i].failure;
	return RECORDED_FAILURES;
}

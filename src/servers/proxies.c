/* What proxies answer by themselves, in place of the server behind them; and what a bare status of HTTP means, when no
 * implementation says more. All texts are those of the default pages: a site may have its own. */
#include "servers/server.h"

#define PROXY(symbol, name, software, traits, refusals) \
	const struct server symbol = {                  \
	    name, software, NULL, NULL, SERVER_PROXY, SERVER_ROWS(traits), SERVER_ROWS(refusals), NULL, 0, NULL, 0}

static const struct server_trait_row nginx_traits[] = {
    {TRAIT_SOFTWARE, "nginx", {NULL, "nginx ngx_http_header_filter_module.c", "rate-limited-503"}},
};
static const struct server_refusal nginx_refusals[] = {
    {AT_ANY, 413, "<center>nginx", NULL, MEANING_SIZE,
        {NULL, "nginx ngx_http_special_response.c: client_max_body_size", NULL}},
    {AT_ANY, 502, "<center>nginx", NULL, MEANING_BACKEND_GONE,
        {NULL, "nginx ngx_http_special_response.c", "rate-limited-503"}},
    {AT_ANY, 503, "<center>nginx", NULL, MEANING_RATE,
        {NULL, "nginx limit_req, limit_conn; or return 503", "rate-limited-503"}},
    {AT_ANY, 504, "<center>nginx", NULL, MEANING_BACKEND_SLOW, {NULL, "nginx proxy_read_timeout", NULL}},
    {AT_ANY, 429, "<center>nginx", NULL, MEANING_RATE, {NULL, "nginx limit_req_status", NULL}},
    {AT_ANY, 404, "<center>nginx", NULL, MEANING_PATH, {NULL, "nginx ngx_http_special_response.c", NULL}},
    {AT_ANY, 403, "<center>nginx", NULL, MEANING_FORBIDDEN, {NULL, "nginx deny, or no index", NULL}},
    {AT_ANY, 405, "<center>nginx", NULL, MEANING_METHOD, {NULL, "nginx: POST to a static file", NULL}},
};
PROXY(server_nginx, "nginx", "nginx", nginx_traits, nginx_refusals);

/* HAProxy writes no Server field. */
static const struct server_refusal haproxy_refusals[] = {
    {AT_ANY, 502, "returned an invalid or incomplete response", NULL, MEANING_BACKEND_BAD,
        {NULL, "haproxy http_ana.c, http.c", NULL}},
    {AT_ANY, 503, "no server is available to handle this request", NULL, MEANING_BACKEND_GONE,
        {NULL, "haproxy http.c", NULL}},
    {AT_ANY, 504, "server didn't respond in time", NULL, MEANING_BACKEND_SLOW,
        {NULL, "haproxy http.c: timeout server", NULL}},
    {AT_ANY, 403, "forbidden by administrative rules", NULL, MEANING_FORBIDDEN,
        {NULL, "haproxy http.c: http-request deny", NULL}},
    {AT_ANY, 413, "request entity exceeds the maximum allowed", NULL, MEANING_SIZE, {NULL, "haproxy http.c", NULL}},
    {AT_ANY, 429, "too many requests in a given amount of time", NULL, MEANING_RATE,
        {NULL, "haproxy http.c: http-request deny", NULL}},
    {AT_ANY, 400, "your browser sent an invalid request", NULL, MEANING_PAYLOAD, {NULL, "haproxy http.c", NULL}},
};
const struct server server_haproxy = {
    "haproxy", "HAProxy", NULL, NULL, SERVER_PROXY, NULL, 0, SERVER_ROWS(haproxy_refusals), NULL, 0, NULL, 0};

static const struct server_trait_row apache_traits[] = {
    {TRAIT_SOFTWARE, "Apache", {NULL, "Apache httpd core.c: ServerTokens", NULL}},
};
static const struct server_refusal apache_refusals[] = {
    {AT_ANY, 502, "proxy server received an invalid*response from an upstream server", NULL, MEANING_BACKEND_BAD,
        {NULL, "Apache httpd http_protocol.c", NULL}},
    {AT_ANY, 503, "temporarily unable to service your request*maintenance downtime or capacity", NULL,
        MEANING_BACKEND_GONE, {NULL, "Apache httpd http_protocol.c", NULL}},
    {AT_ANY, 504, "gateway did not receive a timely response", NULL, MEANING_BACKEND_SLOW,
        {NULL, "Apache httpd http_protocol.c: ProxyTimeout", NULL}},
    {AT_ANY, 413, "amount of data provided in*the request exceeds the capacity limit", NULL, MEANING_SIZE,
        {NULL, "Apache httpd http_protocol.c: LimitRequestBody", NULL}},
    {AT_ANY, 404, "requested URL was not found on this server", NULL, MEANING_PATH,
        {NULL, "Apache httpd http_protocol.c", NULL}},
};
PROXY(server_apache, "apache", "Apache httpd", apache_traits, apache_refusals);

static const struct server_trait_row caddy_traits[] = {
    {TRAIT_SOFTWARE, "Caddy", {NULL, "caddy modules/caddyhttp/server.go", NULL}},
};
/* Caddy's own errors have no body: the Server field alone names it, and the statuses are HTTP's (below). */
static const struct server_refusal caddy_refusals[] = {
    {AT_ANY, 502, "", NULL, MEANING_BACKEND_GONE, {NULL, "caddy reverseproxy.go: statusError", NULL}},
    {AT_ANY, 504, "", NULL, MEANING_BACKEND_SLOW, {NULL, "caddy reverseproxy.go: statusError", NULL}},
};
PROXY(server_caddy, "caddy", "Caddy", caddy_traits, caddy_refusals);

/* The HTTP server below a python server: its own limit comes first. */
static const struct server_refusal aiohttp_refusals[] = {
    {AT_ANY, 413, "maximum request body size*exceeded", NULL, MEANING_SIZE,
        {NULL, "aiohttp web_exceptions.py: HTTPRequestEntityTooLarge, client_max_size", NULL}},
};
const struct server server_aiohttp = {
    "aiohttp", "aiohttp", NULL, NULL, SERVER_PROXY, NULL, 0, SERVER_ROWS(aiohttp_refusals), NULL, 0, NULL, 0};

static const struct server_trait_row varnish_traits[] = {
    {TRAIT_SOFTWARE, "Varnish", {NULL, "varnish builtin.vcl", NULL}},
};
static const struct server_refusal varnish_refusals[] = {
    {AT_ANY, 503, "backend fetch failed", NULL, MEANING_BACKEND_GONE,
        {NULL, "varnish builtin.vcl: vcl_backend_error", NULL}},
    {AT_ANY, 503, "guru meditation", NULL, MEANING_BACKEND_BAD, {NULL, "varnish builtin.vcl: vcl_synth", NULL}},
    {AT_ANY, 405, "guru meditation", NULL, MEANING_METHOD, {NULL, "varnish builtin.vcl: vcl_synth", NULL}},
};
PROXY(server_varnish, "varnish", "Varnish", varnish_traits, varnish_refusals);

static const struct server_trait_row cloudflare_traits[] = {
    {TRAIT_SOFTWARE, "cloudflare", {NULL, "Cloudflare support, Cloudflare 5xx errors", NULL}},
};
static const struct server_refusal cloudflare_refusals[] = {
    {AT_ANY, 520, NULL, NULL, MEANING_BACKEND_BAD, {NULL, "Cloudflare support, error 520", NULL}},
    {AT_ANY, 521, NULL, NULL, MEANING_BACKEND_GONE, {NULL, "Cloudflare support, error 521", NULL}},
    {AT_ANY, 522, NULL, NULL, MEANING_BACKEND_GONE, {NULL, "Cloudflare support, error 522", NULL}},
    {AT_ANY, 523, NULL, NULL, MEANING_BACKEND_GONE, {NULL, "Cloudflare support, error 523", NULL}},
    {AT_ANY, 524, NULL, NULL, MEANING_BACKEND_SLOW, {"100 s", "Cloudflare support, error 524", NULL}},
    {AT_ANY, 429, "error code: 1015", NULL, MEANING_RATE, {NULL, "Cloudflare support, error 1015", NULL}},
};
PROXY(server_cloudflare, "cloudflare", "Cloudflare", cloudflare_traits, cloudflare_refusals);

static const struct server_trait_row envoy_traits[] = {
    {TRAIT_SOFTWARE, "envoy", {NULL, "envoy http conn_manager_impl.cc: server_name", NULL}},
};
static const struct server_refusal envoy_refusals[] = {
    {AT_ANY, 503, "before headers. reset reason: overflow", NULL, MEANING_BACKEND_FULL,
        {NULL, "envoy router.cc: circuit_breakers", NULL}},
    {AT_ANY, 503, "before headers. reset reason: connection termination", NULL, MEANING_BACKEND_BAD,
        {NULL, "envoy router.cc", NULL}},
    {AT_ANY, 503, "before headers. reset reason: remote reset", NULL, MEANING_BACKEND_BAD,
        {NULL, "envoy router.cc", NULL}},
    {AT_ANY, 503, "before headers. reset reason: protocol error", NULL, MEANING_BACKEND_BAD,
        {NULL, "envoy router.cc", NULL}},
    {AT_ANY, 503, "upstream connect error or disconnect/reset before headers", NULL, MEANING_BACKEND_GONE,
        {NULL, "envoy router.cc", NULL}},
    {AT_ANY, 503, "no healthy upstream", NULL, MEANING_BACKEND_GONE, {NULL, "envoy router.cc", NULL}},
    {AT_ANY, 504, "upstream request timeout", NULL, MEANING_BACKEND_SLOW, {NULL, "envoy router.cc", NULL}},
    {AT_ANY, 408, "stream timeout", NULL, MEANING_BACKEND_SLOW,
        {NULL, "envoy conn_manager_impl.cc: stream_idle_timeout", NULL}},
    {AT_ANY, 429, "local_rate_limited", NULL, MEANING_RATE, {NULL, "envoy local_ratelimit.cc", NULL}},
};
PROXY(server_envoy, "envoy", "Envoy", envoy_traits, envoy_refusals);

static const struct server_refusal traefik_refusals[] = {
    {AT_ANY, 502, "^Bad Gateway$", NULL, MEANING_BACKEND_GONE, {NULL, "traefik pkg/proxy: error handler", NULL}},
    {AT_ANY, 503, "^no available server", NULL, MEANING_BACKEND_GONE,
        {"health checks", "traefik loadbalancer/wrr/wrr.go", NULL}},
    {AT_ANY, 504, "^Gateway Timeout$", NULL, MEANING_BACKEND_SLOW, {NULL, "traefik pkg/proxy: error handler", NULL}},
};
const struct server server_traefik = {
    "traefik", "Traefik", NULL, NULL, SERVER_PROXY, NULL, 0, SERVER_ROWS(traefik_refusals), NULL, 0, NULL, 0};

static const struct server_refusal node_proxy_refusals[] = {
    {AT_ANY, 504, "error occurred while trying to proxy", NULL, MEANING_BACKEND_GONE,
        {NULL, "http-proxy-middleware error-response-plugin.ts", NULL}},
    {AT_ANY, 500, "error occurred while trying to proxy", NULL, MEANING_BACKEND_GONE,
        {"before 2.0", "http-proxy-middleware", NULL}},
};
const struct server server_node_proxy = {"http-proxy-middleware", "http-proxy-middleware", NULL, NULL, SERVER_PROXY,
    NULL, 0, SERVER_ROWS(node_proxy_refusals), NULL, 0, NULL, 0};

static const struct server_refusal http_refusals[] = {
    {AT_ANY, 404, NULL, NULL, MEANING_PATH, {NULL, "RFC 9110 §15.5.5", NULL}},
    {AT_ANY, 405, NULL, NULL, MEANING_METHOD, {NULL, "RFC 9110 §15.5.6", NULL}},
    {AT_ANY, 413, NULL, NULL, MEANING_SIZE, {NULL, "RFC 9110 §15.5.14", NULL}},
    {AT_ANY, 429, NULL, NULL, MEANING_RATE, {NULL, "RFC 6585 §4", NULL}},
    {AT_ANY, 502, NULL, NULL, MEANING_BACKEND_GONE, {NULL, "RFC 9110 §15.6.3", "rate-limited-503"}},
    {AT_ANY, 504, NULL, NULL, MEANING_BACKEND_SLOW, {NULL, "RFC 9110 §15.6.5", NULL}},
};
const struct server server_http = {"http", "any server or proxy, by the status alone", NULL, NULL, SERVER_PROXY, NULL,
    0, SERVER_ROWS(http_refusals), NULL, 0, NULL, 0};

/* A site may give its balancer's cookie any name: these are the defaults, and the names of manuals. */
const struct server_cookie server_cookies[] = {
    {"^AWSALB", {NULL, "AWS Application Load Balancer, sticky sessions", NULL}},
    {"^AWSELB", {NULL, "AWS Classic Load Balancer, sticky sessions", NULL}},
    {"^ARRAffinity", {NULL, "Azure App Service, ARR affinity", NULL}},
    {"^ApplicationGatewayAffinity", {NULL, "Azure Application Gateway, cookie-based affinity", NULL}},
    {"^GCLB$", {NULL, "Google Cloud load balancing, session affinity", NULL}},
    {"^GCILB$", {NULL, "Google Cloud internal load balancing, session affinity", NULL}},
    {"^BIGipServer", {NULL, "F5 BIG-IP, cookie persistence", NULL}},
    {"^__cflb$", {NULL, "Cloudflare load balancing, session affinity", NULL}},
    {"^INGRESSCOOKIE$", {NULL, "ingress-nginx session-cookie-name", NULL}},
    {"^route$", {NULL, "nginx-sticky-module, and manuals of nginx", NULL}},
    {"^srv_id$", {NULL, "nginx manual: sticky cookie", NULL}},
    {"^ROUTEID$", {NULL, "Apache httpd manual: mod_proxy_balancer", NULL}},
    {"^BALANCEID$", {NULL, "Apache httpd manual: mod_proxy_balancer", NULL}},
    {"^SERVERID$", {NULL, "HAProxy manual: cookie", NULL}},
    {"^SRV", {NULL, "HAProxy manual: cookie", "sticky-cookie-not-returned"}},
    {"^server_id$", {NULL, "Socket.IO documentation: using multiple nodes, Traefik", NULL}},
    {"^lb$", {NULL, "Caddy reverse_proxy: lb_policy cookie", NULL}},
    {0},
};

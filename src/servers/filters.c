/* Who stands before a server and answers in its place: firewalls of web applications (WAF), checks for bots, filters of
 * the client's network, proxies that let no WebSocket through, edges that take only some methods, platforms whose edge
 * does not reach the application. Their words are those of default pages: a site may have its own. */
#include "servers/server.h"

#define CLOUDFLARE "Cloudflare"
#define AWS "AWS's load balancer (WAF, or a rule of its listener)"
#define CLOUDFRONT "CloudFront"
#define API_GATEWAY "AWS API Gateway, which has no route for this path and method"
#define SERVERLESS "whose functions end with each answer"
#define NO_SERVER_THERE(platform)                                                                                    \
	platform                                                                                                     \
	    " runs functions, which end with each answer: a Socket.IO server, which keeps sessions and WebSockets, " \
	    "cannot live there. Run it on a host, a container or a platform that keeps processes, and give the "     \
	    "client "                                                                                                \
	    "its URL."
#define OUTER_FILTER(name, what)                                                                                       \
	name                                                                                                           \
	    " stands in the client's network or on its computer, and not before the server: its administrator has to " \
	    "allow the host (" what "). Other clients are not concerned."

const struct server_filter server_filters[] = {
    {CLOUDFLARE, "cloudflare", false,
        {AT_ANY, 403, "just a moment...", NULL, MEANING_FILTERED,
            {NULL, "Cloudflare documentation, challenges: a managed challenge", "cloudflare-challenge"}},
        NULL, NULL},
    {CLOUDFLARE, "cloudflare", false,
        {AT_ANY, 503, "just a moment...", NULL, MEANING_FILTERED,
            {"before 2023", "Cloudflare documentation, challenges: under attack mode", NULL}},
        NULL, NULL},
    {CLOUDFLARE, NULL, false,
        {AT_ANY, 403, "attention required*cloudflare", NULL, MEANING_FILTERED,
            {NULL, "Cloudflare support, error 1020", NULL}},
        NULL, NULL},
    {AWS, "awselb/", false,
        {AT_ANY, 403, NULL, NULL, MEANING_FILTERED,
            {NULL, "AWS documentation, Application Load Balancer: HTTP 403, AWS WAF", "waf-blocks-one-post"}},
        NULL, NULL},
    {CLOUDFRONT, "cloudfront", false,
        {AT_ANY, 403, "not configured to allow the http request method", NULL, MEANING_METHOD,
            {NULL, "AWS documentation, CloudFront: HTTP 403, allowed methods", NULL}},
        NULL, NULL},
    {CLOUDFRONT, "cloudfront", false,
        {AT_ANY, 403, "request blocked", NULL, MEANING_FILTERED,
            {NULL, "AWS documentation, CloudFront: HTTP 403, AWS WAF", NULL}},
        NULL, NULL},
    {"Amazon S3", "amazons3", false,
        {AT_ANY, 403, "<code>accessdenied", NULL, MEANING_STORAGE,
            {NULL, "AWS documentation, Amazon S3: error responses", "s3-access-denied"}},
        NULL, NULL},
    {"Amazon S3", "amazons3", false,
        {AT_ANY, 405, "<code>methodnotallowed", NULL, MEANING_STORAGE,
            {NULL, "AWS documentation, Amazon S3: error responses", NULL}},
        NULL, NULL},
    {"Amazon S3", "amazons3", false,
        {AT_ANY, 404, NULL, NULL, MEANING_STORAGE, {NULL, "AWS documentation, Amazon S3: error responses", NULL}}, NULL,
        NULL},
    {"a Kubernetes ingress without a rule for this host and path", NULL, false,
        {AT_ANY, 404, "^default backend - 404", NULL, MEANING_NO_RULE,
            {NULL, "ingress-nginx documentation, default backend", "ingress-default-backend"}},
        NULL, NULL},
    {"Google's ingress without a rule for this host and path", NULL, false,
        {AT_ANY, 404, "response 404 (backend NotFound), service rules for the path non-existent", NULL, MEANING_NO_RULE,
            {NULL, "GKE documentation, Ingress: default backend", NULL}},
        NULL, NULL},
    {"Akamai", "akamaighost", false,
        {AT_ANY, 403, "access denied", NULL, MEANING_FILTERED,
            {NULL, "Akamai documentation, edge errors: reference 18", NULL}},
        NULL, NULL},
    {"Imperva", NULL, false,
        {AT_ANY, 403, "incapsula incident id", NULL, MEANING_FILTERED,
            {NULL, "Imperva documentation, Cloud WAF error pages", NULL}},
        NULL, NULL},
    {"Sucuri's firewall", NULL, false,
        {AT_ANY, 403, "sucuri website firewall", NULL, MEANING_FILTERED,
            {NULL, "Sucuri documentation, website firewall: access denied", NULL}},
        NULL, NULL},
    {"Azure's Application Gateway", NULL, false,
        {AT_ANY, 403, "microsoft-azure-application-gateway", NULL, MEANING_FILTERED,
            {NULL, "Azure documentation, Application Gateway: HTTP 403, WAF in prevention mode", NULL}},
        NULL, NULL},
    {"ModSecurity", NULL, false,
        {AT_ANY, 406, "mod_security", NULL, MEANING_FILTERED,
            {NULL, "ModSecurity reference manual, SecDefaultAction; hosters' default page", "modsecurity-406"}},
        NULL,
        "ModSecurity refused what the request carries: its audit log names the rule (modsec_audit.log, or the hoster's "
        "panel). Exempt the path of Socket.IO from that rule (SecRuleRemoveById in a LocationMatch), or from the "
        "engine."},
    {"a FortiGate's web filter", NULL, false,
        {AT_ANY, 403, "fortiguard", NULL, MEANING_FILTERED,
            {NULL, "FortiOS administration guide, replacement messages: FortiGuard block page",
                "fortigate-block-page"}},
        NULL, OUTER_FILTER("A FortiGate's web filter", "its category is on the page")},
    {"Zscaler", "zscaler", false,
        {AT_ANY, 403, NULL, NULL, MEANING_FILTERED, {NULL, "Zscaler help, end user notifications", NULL}}, NULL,
        OUTER_FILTER("Zscaler", "URL and cloud app control, and an exemption from TLS inspection for WebSockets")},
    {API_GATEWAY, NULL, false,
        {AT_ANY, 403, "missing authentication token", NULL, MEANING_NO_RULE,
            {NULL, "AWS documentation, API Gateway: MISSING_AUTHENTICATION_TOKEN gateway response",
                "api-gateway-no-route"}},
        "x-amzn-errortype:",
        "No token is missing: API Gateway answers so where no resource fits the path and the method. Give its REST API "
        "a proxy resource ({proxy+}, method ANY), deploy it, and give the client the stage in its path. It passes no "
        "WebSocket on and ends each request after 29 s: for WebSockets, an Application Load Balancer."},
    {API_GATEWAY, NULL, false,
        {AT_ANY, 404, "\"message\":\"not found\"", NULL, MEANING_NO_RULE,
            {NULL, "AWS documentation, API Gateway: troubleshooting HTTP APIs", NULL}},
        "apigw-requestid:",
        "Give the HTTP API a route for the path and all methods (ANY /{proxy+}, or $default). It passes no WebSocket "
        "on and ends each request after 30 s: for WebSockets, an Application Load Balancer."},
    {"Vercel, " SERVERLESS, "vercel", false,
        {AT_ANY, 404, NULL, NULL, MEANING_NO_RULE,
            {NULL, "Vercel documentation, errors: NOT_FOUND; functions: WebSockets", "vercel-not-found"}},
        "x-vercel-error:", NO_SERVER_THERE("Vercel")},
    {"Vercel, " SERVERLESS, "vercel", false,
        {AT_ANY, 504, NULL, NULL, MEANING_BACKEND_SLOW,
            {NULL, "Vercel documentation, errors: FUNCTION_INVOCATION_TIMEOUT", NULL}},
        "x-vercel-error:", NO_SERVER_THERE("Vercel")},
    {"Netlify, " SERVERLESS, "netlify", false,
        {AT_ANY, 404, "^not found - request id", NULL, MEANING_NO_RULE,
            {NULL, "Netlify documentation, functions; its own 404: what a rewrite passes on has other words", NULL}},
        NULL, NO_SERVER_THERE("Netlify")},
    {"Railway's edge", "railway-edge", false,
        {AT_ANY, 502, "application failed to respond", NULL, MEANING_BACKEND_GONE,
            {NULL, "Railway documentation, errors: application failed to respond", "railway-failed-to-respond"}},
        NULL,
        "Railway reaches no application: let the server listen at 0.0.0.0 (or ::), and at the port in the variable "
        "PORT, or set that port as the domain's target port. A server at 127.0.0.1 is not reached. Else it has "
        "crashed or is overloaded: the deployment's log."},
    {"Heroku's router", NULL, false,
        {AT_ANY, 503, "herokucdn.com/error-pages/", NULL, MEANING_BACKEND_GONE,
            {NULL, "Heroku documentation, error codes", NULL}},
        NULL,
        "heroku logs --tail shows the code: H10 the process has crashed, H14 there is no web dyno, H12 no answer came "
        "in 30 s (a poll must be answered sooner: pingInterval below 30 s), H20 it did not listen at PORT in time."},
    {"Azure App Service, whose app is stopped", NULL, false,
        {AT_ANY, 403, "web app*is currently stopped", NULL, MEANING_BACKEND_GONE,
            {NULL, "Azure documentation, App Service: HTTP 403, site disabled", "azure-app-stopped"}},
        NULL,
        "Start the app (az webapp start, or Start in the portal). If it was stopped by itself, its plan's quota is "
        "used up (Free and Shared: CPU minutes a day): see the app's quotas, or scale the plan up."},
    {"Cloud Run", "google frontend", false,
        {AT_ANY, 429, "^rate exceeded", NULL, MEANING_RATE,
            {NULL, "Google Cloud documentation, Cloud Run: troubleshooting, HTTP 429: no available container instances",
                "cloud-run-rate-exceeded"}},
        NULL,
        "No limit of requests was reached: Cloud Run had no container instance for this one. Each WebSocket and each "
        "held poll takes a place of an instance as long as it lasts: raise concurrency (up to 1000) and the maximum of "
        "instances, and with several instances use session affinity and an adapter."},
    {"Passenger", NULL, false,
        {AT_ANY, 502, "incomplete response received from application", NULL, MEANING_BACKEND_BAD,
            {NULL, "Passenger, CoreController: Incomplete response received from application",
                "passenger-incomplete-response"}},
        "x-powered-by: phusion passenger",
        "Passenger runs the application, which ended or broke off before it had answered: its log (PassengerLogFile, "
        "or the web server's error log) has the exception. A WSGI application of Passenger takes no WebSocket: of "
        "python-socketio let the clients use polling, or run it by a server of its own."},
    {"nginx itself", "nginx", false,
        {AT_ANY, 500, "<center>nginx", NULL, MEANING_FAILED,
            {NULL, "nginx ngx_http_special_response.c: its page of an error of its own", "nginx-worker-connections"}},
        NULL,
        "nginx's error log has the reason: most often \"worker_connections are not enough\" (each WebSocket and each "
        "held poll takes two: raise worker_connections and worker_rlimit_nofile), \"too many open files\", or a "
        "rewrite that leads to itself."},
    {"a server that serves another host in this TLS connection", NULL, false,
        {AT_ANY, 421, "server name indication (sni)", NULL, MEANING_BACKEND_BAD,
            {NULL, "Apache httpd 2.4.64, mod_ssl: SNI and Host differ", "apache-421-without-sni"}},
        NULL,
        "The proxy before it must name in TLS (SNI) the host that it names in Host: nginx: proxy_ssl_server_name on; "
        "and proxy_ssl_name $host; Caddy: tls_server_name; HAProxy: sni req.hdr(host)."},
    {"Cloudflare, whose tunnel to the server is not connected", "cloudflare", false,
        {AT_ANY, 530, "error code: 1033", NULL, MEANING_BACKEND_GONE,
            {NULL, "Cloudflare documentation, error 1033", "cloudflare-tunnel-530"}},
        NULL,
        "Start cloudflared on the server's host (as a service; cloudflared tunnel info NAME shows whether it is "
        "connected), or correct which tunnel the host name leads to."},
    {"Cloudflare, which does not resolve the server's name", "cloudflare", false,
        {AT_ANY, 530, "error code: 1016", NULL, MEANING_BACKEND_GONE,
            {NULL, "Cloudflare documentation, error 1016", NULL}},
        NULL,
        "Correct the name of the server in Cloudflare's DNS records (CNAME) or load balancer: it has no address."},
    {"Cloudflare, which got no TLS from the server", "cloudflare", false,
        {AT_ANY, 525, NULL, NULL, MEANING_BACKEND_BAD, {NULL, "Cloudflare support, error 525", NULL}}, NULL,
        "Cloudflare speaks TLS to the server (SSL/TLS mode full), and the server does not: let it, at port 443 with a "
        "certificate (Cloudflare's origin CA gives one), or choose the mode flexible."},
    {"Cloudflare, which does not accept the server's certificate", "cloudflare", false,
        {AT_ANY, 526, NULL, NULL, MEANING_BACKEND_BAD, {NULL, "Cloudflare support, error 526", NULL}}, NULL,
        "Give the server a certificate that is valid for the host name (Cloudflare's origin CA gives one; expired or "
        "self-signed ones are refused), or choose the SSL/TLS mode full in place of full (strict)."},
    {"Envoy (Istio's)", "istio-envoy", false,
        {AT_ANY, 503, "reset reason: connection termination", NULL, MEANING_BACKEND_BAD,
            {NULL, "Istio documentation, traffic management problems: 503 errors", "istio-reset-before-headers"}},
        NULL,
        "The sidecar and the server do not speak the same: mutual TLS to a pod without a sidecar (the modes of "
        "DestinationRule and PeerAuthentication must agree), or plain HTTP to a port that speaks TLS (a Service's port "
        "named https). Where only some requests fail, the server ends idle connections sooner than Envoy."},
    {"Traefik without a router for this host and path, or of a program in Go without a handler", NULL, false,
        {AT_ANY, 404, "^404 page not found", NULL, MEANING_PATH, {NULL, "Go net/http NotFound", "traefik-404"}}, NULL,
        "Traefik: give it a router whose rule fits the host and the path that clients ask for (Host(`…`) && "
        "PathPrefix(`/socket.io`)), at this entry point, and enabled (traefik.enable=true, the same network); its "
        "dashboard lists the routers. A server in Go: register its handler at the path that clients ask for "
        "(/socket.io/)."},
    {"Azure Front Door", NULL, false,
        {AT_ANY, 403, "^The request is blocked.", NULL, MEANING_FILTERED,
            {NULL, "Azure documentation, Front Door: WAF, response of a block", NULL}},
        NULL, NULL},
    {"Envoy", "envoy", true,
        {AT_WEBSOCKET | AT_UPGRADE, 403, "", NULL, MEANING_NO_UPGRADE,
            {NULL, "envoy conn_manager_impl.cc: upgrade_failed", "envoy-refuses-upgrade"}},
        NULL, NULL},
    {"Envoy", "envoy", true,
        {AT_ANY, 403, "rbac: access denied", NULL, MEANING_FILTERED,
            {NULL, "envoy rbac_filter.cc: rbac_access_denied", NULL}},
        NULL, NULL},
    {0},
};

/*
 * bundle-…: what breaks when an exported frontend is shipped.
 *
 * Seen: the folder itself. Symlinks break in archives and signatures; a command line that names every file passes the
 * system's limit; without build/client/index.html there is nothing to serve; pages run the build, whatever the sources
 * say; a URL with localhost is right only on the machine that built it.
 */
#include "reflex/frontend_check.h"

#include "base/plural.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- sources against build */

struct frontend_difference {
	uint64_t count;
	char first[160];
};

static void difference_add(struct frontend_difference *difference, const struct manifest_cursor *cursor)
{
	struct slice name = cursor->var ? cursor->var->name : cursor->state->name;
	if (!difference->count++)
		snprintf(difference->first, sizeof difference->first, "%.*s",
		    (int)slice_take(name, sizeof difference->first - 1).len, (const char *)name.at);
}

static struct frontend_difference frontend_lacking(const struct manifest *of, const struct manifest *in)
{
	struct frontend_difference difference = {0};
	struct manifest_cursor cursor = {0};
	while (manifest_next_lacking(of, in, &cursor))
		difference_add(&difference, &cursor);
	return difference;
}

void frontend_check_state(struct findings *findings, const struct frontend *frontend)
{
	if (!frontend->source || !frontend->built || !frontend->source->states || !frontend->built->states)
		return;
	struct frontend_difference only_source = frontend_lacking(frontend->source, frontend->built);
	struct frontend_difference only_build = frontend_lacking(frontend->built, frontend->source);
	if (!only_source.count && !only_build.count)
		return;
	struct finding *finding = findings_claim(
	    findings, CODE_BUNDLE_STATE, CONFIDENCE_PROVEN, NULL, NULL, "context against build");
	if (!finding)
		return;
	finding_say(findings, finding,
	    "%s declares %" PRIu64 " %s that the build lacks%s%s, and lacks %" PRIu64 " that the build has%s%s; "
	    "pages run the build",
	    frontend->context, only_source.count, plural_choose(only_source.count, "state or var", "states and vars"),
	    only_source.count ? ", first " : "", only_source.first, only_build.count,
	    only_build.count ? ", first " : "", only_build.first);
}

/* ---- the folder */

static void bundle_check_links(struct findings *findings, const struct bundle *bundle)
{
	if (!bundle->all.links)
		return;
	struct finding *finding = findings_claim(
	    findings, CODE_BUNDLE_SYMLINKS, CONFIDENCE_PROVEN, NULL, NULL, "links");
	if (!finding)
		return;
	const struct bundle_link *first = bundle->example_count ? &bundle->examples[0] : NULL;
	finding_say(findings, finding,
	    "%" PRIu64 " symlink%s, %" PRIu64 " below node_modules, %" PRIu64 " broken, %" PRIu64
	    " leading out of the folder%s%s%s%s",
	    bundle->all.links, plural_ending(bundle->all.links), bundle->packages.links, bundle->broken_links,
	    bundle->outside_links, first ? "; the first: " : "", first ? first->below : "",
	    first && first->target ? " -> " : "", first && first->target ? first->target : "");
}

static void bundle_check_arguments(struct findings *findings, const struct bundle *bundle, const char *path)
{
	struct bundle_count rest = bundle->all;
	rest.files -= bundle->packages.files;
	rest.links -= bundle->packages.links;
	rest.path_bytes -= bundle->packages.path_bytes;
	uint64_t all = bundle_argument_bytes(&bundle->all, strlen(path) + 1);
	uint64_t without = bundle_argument_bytes(&rest, strlen(path) + 1);
	if (all <= bundle_argument_limit() && all <= BUNDLE_MACOS_ARGUMENTS)
		return;
	struct finding *finding = findings_claim(
	    findings, CODE_BUNDLE_FILE_COUNT, CONFIDENCE_PROVEN, NULL, NULL, "files");
	if (!finding)
		return;
	finding_say(findings, finding,
	    "%" PRIu64 " files; a command that names them all takes %" PRIu64 " bytes (without node_modules %" PRIu64
	    "); this system allows %" PRIu64 ", macOS %d",
	    bundle->all.files, all, without, bundle_argument_limit(), BUNDLE_MACOS_ARGUMENTS);
	finding_advise(findings, finding,
	    "\"Argument list too long\": ship only the %" PRIu64
	    " file%s that pages need: cp -R %s/build/client DEST. To sign "
	    "or pack all, let find run the command in portions: find … -exec codesign … {} +",
	    bundle->served.files, plural_ending(bundle->served.files),
	    bundle->frontend.web ? bundle->frontend.web : path);
}

static void bundle_check_parts(struct findings *findings, const struct bundle *bundle)
{
	const struct frontend *frontend = &bundle->frontend;
	const char *what = !frontend->build           ? "there is no build/client: the frontend was never exported"
	                   : !bundle->has_index       ? "the build has no index.html"
	                   : !frontend->built->states ? "the build declares no states"
	                                              : NULL;
	struct finding *finding = what ? findings_claim(
	                                     findings, CODE_BUNDLE_INCOMPLETE, CONFIDENCE_PROVEN, NULL, NULL, what)
	                               : NULL;
	if (finding)
		finding_say(findings, finding, "%s", what);
}

static bool endpoint_has_host(struct slice endpoint, const char *const *hosts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_find(endpoint, slice_of_text(hosts[i])) < endpoint.len)
			return true;
	return false;
}

/* The page puts its own host in the place of these names, and on https drops the port; 127.0.0.1 it leaves alone. */
static const char *endpoint_trap(struct slice endpoint, bool *is_loopback)
{
	static const char *const replaced[] = {"://localhost", "://0.0.0.0", "://[::]"};
	static const char *const kept[] = {"://127.0.0.1"};
	*is_loopback = endpoint_has_host(endpoint, kept, sizeof kept / sizeof *kept);
	if (endpoint_has_host(endpoint, replaced, sizeof replaced / sizeof *replaced))
		return "; a page puts its own host in the place of that one, and on https drops the port";
	return *is_loopback ? "; for every other machine that is itself, and no page corrects it" : "";
}

static void bundle_check_transport(struct findings *findings, const struct bundle *bundle)
{
	const struct manifest *built = frontend_manifest(&bundle->frontend);
	bool is_loopback;
	if (!built->endpoint.len)
		return;
	struct finding *finding = findings_claim(
	    findings, CODE_BUNDLE_TRANSPORT, CONFIDENCE_PROVEN, NULL, NULL, "baked");
	if (!finding)
		return;
	struct slice url = slice_take(built->endpoint, 120), transport = slice_take(built->transport, 20);
	if (!transport.len)
		transport = SLICE("a transport not told");
	const char *trap = endpoint_trap(built->endpoint, &is_loopback);
	if (is_loopback)
		finding_set_case(finding, TRANSPORT_LOOPBACK);
	finding_say(findings, finding, "pages connect to %.*s by %.*s, as baked into the build%s", (int)url.len,
	    (const char *)url.at, (int)transport.len, (const char *)transport.at, trap);
}

static void bundle_check_version(struct findings *findings, const struct bundle *bundle)
{
	const struct manifest *built = frontend_manifest(&bundle->frontend);
	if (!built->version.len)
		return;
	struct finding *finding = findings_claim(findings, CODE_BUNDLE_VERSION, CONFIDENCE_PROVEN, NULL, NULL, "baked");
	if (finding)
		finding_say(findings, finding,
		    "the build was made by Reflex %.*s; the backend must be of the same version",
		    (int)slice_take(built->version, 40).len, (const char *)built->version.at);
}

void bundle_check(struct findings *findings, const struct bundle *bundle, const char *path)
{
	bundle_check_parts(findings, bundle);
	frontend_check_state(findings, &bundle->frontend);
	bundle_check_links(findings, bundle);
	bundle_check_arguments(findings, bundle, path);
	bundle_check_transport(findings, bundle);
	bundle_check_version(findings, bundle);
}

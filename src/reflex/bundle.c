/* What a `.web` directory holds; what breaks when it is shipped; whether it is the one whose pages ran. */
#include "reflex/bundle.h"

#include "base/text.h"
#include "detect/detector.h"
#include "reflex/frontend.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void count_entry(struct bundle_count *count, const struct directory_entry *entry)
{
	count->files += entry->kind == DIRECTORY_FILE;
	count->directories += entry->kind == DIRECTORY_DIRECTORY;
	count->links += entry->kind == DIRECTORY_LINK;
	count->bytes += entry->size;
	if (entry->kind == DIRECTORY_FILE || entry->kind == DIRECTORY_LINK)
		count->path_bytes += strlen(entry->below);
}

/* The path is this directory or below it. */
static bool is_below(const char *path, const char *directory)
{
	size_t len = strlen(directory);
	return strncmp(path, directory, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static bool is_in_packages(const char *below)
{
	const char *hit = strstr(below, "node_modules");
	return hit && (hit == below || hit[-1] == '/') && hit[12] == '/';
}

static char *read_target(const char *path)
{
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof target);
	return len < 0 ? NULL : strndup(target, (size_t)len);
}

/* `root` is the directory without links in it. */
static void inspect_link(struct bundle *bundle, const struct directory_entry *entry, const char *root)
{
	errno = 0;
	char *end = realpath(entry->path, NULL);
	bundle->lacked_memory |= !end && errno == ENOMEM;
	struct bundle_link link = {.target = read_target(entry->path)};
	bundle->broken_links += !end;
	bundle->outside_links += end && !is_below(end, root);
	free(end);
	if (bundle->example_count < BUNDLE_EXAMPLES && (link.below = strdup(entry->below)))
		bundle->examples[bundle->example_count++] = link;
	else
		free(link.target);
	bundle->lacked_memory |= bundle->example_count < BUNDLE_EXAMPLES && !link.below;
}

static void inspect_entry(struct bundle *bundle, const struct directory_entry *entry, const char *root)
{
	count_entry(&bundle->all, entry);
	if (is_in_packages(entry->below))
		count_entry(&bundle->packages, entry);
	if (!bundle->frontend.web || is_below(entry->below, "build/client") || is_below(entry->below, "_static"))
		count_entry(&bundle->served, entry);
	if (entry->kind == DIRECTORY_LINK)
		inspect_link(bundle, entry, root);
	bundle->unreadable += entry->kind == DIRECTORY_UNREADABLE;
}

static bool walk_folder(struct bundle *bundle, const char *root)
{
	struct directory_walk *walk = directory_open(root, BUNDLE_ENTRIES);
	struct directory_entry entry;
	if (!walk) {
		bundle->lacked_memory |= directory_is_directory(root);
		return false;
	}
	while (directory_next(walk, &entry))
		inspect_entry(bundle, &entry, root);
	bundle->cut = directory_was_cut(walk);
	bundle->lacked_memory |= directory_lacked_memory(walk);
	directory_close(walk);
	return true;
}

static bool has_file(struct bundle *bundle, const char *directory, const char *name)
{
	char *path = directory ? directory_join(directory, name) : NULL;
	bundle->lacked_memory |= directory && !path;
	bool found = path && directory_is_file(path);
	free(path);
	return found;
}

bool bundle_inspect(struct bundle *bundle, const char *path)
{
	*bundle = (struct bundle){0};
	if (!directory_is_directory(path))
		return false;
	if (!frontend_open(&bundle->frontend, path)) {
		bundle->lacked_memory = bundle->frontend.lacked_memory;
		return false;
	}
	errno = 0;
	char *root = realpath(bundle->frontend.web ? bundle->frontend.web : path, NULL);
	bundle->lacked_memory = !root && errno == ENOMEM;
	bool walked = root && walk_folder(bundle, root);
	free(root);
	bundle->has_index = has_file(bundle, bundle->frontend.build, "index.html");
	bool lacked = bundle->lacked_memory || bundle->frontend.refusals.refused;
	if (walked && !lacked)
		return true;
	bundle_free(bundle);
	bundle->lacked_memory = lacked;
	return false;
}

void bundle_free(struct bundle *bundle)
{
	for (size_t index = 0; index < bundle->example_count; index++) {
		free(bundle->examples[index].below);
		free(bundle->examples[index].target);
	}
	frontend_free(&bundle->frontend);
	*bundle = (struct bundle){0};
}

uint64_t bundle_argument_bytes(const struct bundle_count *count, size_t prefix)
{
	uint64_t arguments = count->files + count->links;
	return count->path_bytes + arguments * (prefix + 1 + sizeof(char *));
}

uint64_t bundle_argument_limit(void)
{
	long limit = sysconf(_SC_ARG_MAX);
	return limit > 0 ? (uint64_t)limit : 4096;
}

/*
 * bundle-…: what breaks when an exported frontend is shipped.
 *
 * Seen: the directory itself. Symlinks break in archives and signatures; a command line that names every file passes
 * the system's limit; without build/client/index.html there is nothing to serve; pages run the build, whatever the
 * sources say; a URL with localhost is right only on the machine that built it.
 */

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
	    "%s declares %" PRIu64 " %s that the build lacks%s%s, and lacks %" PRIu64
	    " that the build has%s%s; pages run the build",
	    frontend->context, only_source.count, plural_choose(only_source.count, "state or var", "states and vars"),
	    only_source.count ? ", first " : "", only_source.first, only_build.count,
	    only_build.count ? ", first " : "", only_build.first);
}

/* ---- the directory */

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
	    " pointing out of the directory%s%s%s%s",
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
	    " file%s that pages need: cp -R %s/build/client DEST. To sign or pack all, let find run the command in "
	    "portions: find … -exec codesign … {} +",
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

/*
 * bundle-version, bundle-transport: the frontend that was given is not the one whose pages were captured.
 *
 * Seen: a page names, as its WebSocket's subprotocol, the Reflex version that built it, and it is not the given
 * build's; or it opened its session by another transport than the given build has baked in. Told only of sessions that
 * connect where the build's pages do. Else: another client of the same server; so only clients that name themselves as
 * a Reflex page (by that subprotocol) count for the version, and browsers alone for the transport.
 */

static bool baked_is_endpoint(const struct manifest *manifest, const struct exchange *exchange)
{
	struct slice path = manifest_endpoint_path(manifest);
	return path.len > 1 && slice_starts_with(exchange->request.head.target, path);
}

static void baked_check_version(struct detector_state *state, const struct event *event, struct slice built)
{
	struct slice version = slice_take(exchange_field(&event->exchange->request, "Sec-WebSocket-Protocol"), 40);
	if (!version.len || !built.len || slice_equals(version, built))
		return;
	struct finding *finding = findings_claim(
	    state->findings, CODE_BUNDLE_VERSION, CONFIDENCE_PROVEN, NULL, event, "another build");
	if (!finding || finding->count > 1)
		return;
	finding_set_case(finding, VERSION_OTHER);
	finding_say(state->findings, finding,
	    "the page was built by Reflex %.*s, the frontend given here by %.*s: it is not the one that ran",
	    (int)version.len, (const char *)version.at, (int)slice_take(built, 40).len, (const char *)built.at);
	finding_prove(state->findings, finding, &event->origin, "Sec-WebSocket-Protocol of the page");
	finding_advise(state->findings, finding,
	    "Give --frontend the directory that the server really serves; or, if this one was meant to be served, ship "
	    "it and let browsers reload.");
}

static void baked_check_transport(struct detector_state *state, const struct event *event, struct slice baked)
{
	const char *used = transport_name(event->exchange->target->transport);
	if (!baked.len || slice_equals_text(baked, used) || !exchange_is_of_browser(event->exchange))
		return;
	struct finding *finding = findings_claim(
	    state->findings, CODE_BUNDLE_TRANSPORT, CONFIDENCE_PROVEN, NULL, event, "another transport");
	if (!finding || finding->count > 1)
		return;
	finding_say(state->findings, finding,
	    "the page began with %s, the frontend given here has %.*s baked in: it is not the one that ran", used,
	    (int)slice_take(baked, 20).len, (const char *)baked.at);
	finding_prove(state->findings, finding, &event->origin, "the page's handshake");
}

/* The first request of a session, or one that was refused, is how a page begins. */
static void baked_take_event(void *self, const struct event *event)
{
	struct detector_state *state = self;
	const struct frontend *frontend = state->plugged;
	if (!frontend || frontend->is_captured || !event_exchange(event) || event->exchange->target->sid_len)
		return;
	const struct manifest *manifest = frontend_manifest(state->plugged);
	if (!baked_is_endpoint(manifest, event->exchange))
		return;
	if (event->kind == EVENT_WS_OPEN)
		baked_check_version(state, event, manifest->version);
	baked_check_transport(state, event, manifest->transport);
}

static void baked_end(void *self, const struct engine_counts *counts)
{
	struct detector_state *state = self;
	(void)counts;
	const struct frontend *frontend = state->plugged;
	if (frontend && !frontend->is_captured)
		frontend_check_state(state->findings, state->plugged);
}

const struct detector detector_baked = {
    .event = baked_take_event,
    .end = baked_end,
};

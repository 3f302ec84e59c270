/*
 * The frontend as the capture itself shows it: the scripts that pages load, where none was given. The states first:
 * what comes before them waits, because uses can only be found once the states are known. Scripts of two frontends
 * (another app, or an update while it was captured) make it unknown which one a page runs: then nothing is compared.
 */
#include "http/http1.h"
#include "reflex/frontend.h"

#include <string.h>

struct captured_script {
	struct captured_script *next;
	size_t len;
	uint8_t bytes[];
};

bool frontend_begin_captured(struct frontend *frontend)
{
	*frontend = (struct frontend){.refusals = {.limit = SIZE_MAX}, .is_captured = true};
	frontend->source = manifest_new();
	frontend->built = manifest_new();
	if (frontend->source && frontend->built)
		return true;
	frontend_free(frontend);
	return false;
}

static void captured_free_waiting(struct frontend *frontend)
{
	while (frontend->waiting) {
		struct captured_script *next = frontend->waiting->next;
		budget_free(&frontend->refusals, frontend->waiting, sizeof *next + frontend->waiting->len);
		frontend->waiting = next;
	}
	frontend->waiting_bytes = 0;
}

void frontend_free_captured(struct frontend *frontend)
{
	captured_free_waiting(frontend);
}

bool frontend_wants_script(const struct frontend *frontend, struct slice target)
{
	struct slice path = http_target_path(target);
	return frontend && frontend->is_captured && frontend->taken_bytes < FRONTEND_CAPTURED_BYTES &&
	       (slice_ends_with(path, SLICE(".js")) || slice_ends_with(path, SLICE(".mjs")));
}

/* A page that is loaded again brings the same. */
static bool captured_is_known(struct frontend *frontend, struct slice script)
{
	uint64_t digest = fnv_digest(script);
	size_t count = frontend->digest_count < FRONTEND_DIGESTS ? frontend->digest_count : FRONTEND_DIGESTS;
	for (size_t i = 0; i < count; i++)
		if (frontend->digests[i] == digest)
			return true;
	frontend->digests[frontend->digest_count++ % FRONTEND_DIGESTS] = digest;
	return false;
}

static void captured_keep(struct frontend *frontend, struct slice script)
{
	struct captured_script *kept = frontend->waiting_bytes + script.len <= FRONTEND_WAITING_BYTES
	                                   ? budget_alloc(&frontend->refusals, sizeof *kept + script.len)
	                                   : NULL;
	if (!kept) {
		frontend->left_out++;
		return;
	}
	kept->len = script.len;
	memcpy(kept->bytes, script.at, script.len);
	kept->next = frontend->waiting;
	frontend->waiting = kept;
	frontend->waiting_bytes += script.len;
}

static void captured_read(struct frontend *frontend, struct slice script, struct slice name)
{
	manifest_read_facts(frontend->built, script);
	manifest_read_uses(frontend->built, script, name);
}

/* Does it declare other states than those that are known? */
static bool captured_differs(struct frontend *frontend, struct slice script)
{
	struct manifest_cursor lacking = {0}, missing = {0};
	if (slice_find(script, NAME_ROOT_STATE) == script.len)
		return false;
	struct manifest *other = manifest_new();
	bool differs = !other || (manifest_read_states(other, script) &&
	                             (manifest_next_lacking(other, frontend->built, &lacking) ||
	                                 manifest_next_lacking(frontend->built, other, &missing)));
	manifest_free(other);
	return differs;
}

void frontend_take_script(struct frontend *frontend, struct slice target, struct slice script)
{
	struct slice name = http_target_path(target);
	frontend->taken_bytes += script.len;
	if (!script.len || captured_is_known(frontend, script))
		return;
	if (frontend->built->states) {
		frontend->is_ambiguous |= captured_differs(frontend, script);
		captured_read(frontend, script, name);
		return;
	}
	if (!manifest_read_states(frontend->built, script)) {
		captured_keep(frontend, script);
		return;
	}
	for (const struct captured_script *waiting = frontend->waiting; waiting; waiting = waiting->next)
		captured_read(frontend, slice_of(waiting->bytes, waiting->len), SLICE("a script"));
	captured_free_waiting(frontend);
	captured_read(frontend, script, name);
}

/* Any JSON as Reflex's event, update and CONNECT, applied to a model twice: the second time nothing changes, and no
 * limit is passed. */
#include "reflex/model.h"

#include <stdlib.h>

#define FRONTEND "initialState={reflex___state____state:{is_hydrated_rx_state_:!1},\"a____b\":{c:[],d:1}}"

static void apply_twice(const struct update *update, enum model_client client)
{
	struct budget budget = {.limit = 4096};
	struct manifest *manifest = manifest_new();
	manifest_read_states(manifest, SLICE(FRONTEND));
	struct model *model = model_new(manifest, client, &budget);
	struct manifest_cursor missing = {0};
	struct model_stale stale = {0};
	model_apply(model, update->delta, (struct model_point){1, 1, 1});
	model_begin_connection(model, true, (struct model_point){2, 2, 2});
	struct model_effect effect = model_apply(model, update->delta, (struct model_point){3, 3, 3});
	if (budget.used > budget.limit || effect.not_applied > effect.vars || effect.changed > effect.vars)
		abort();
	while (model_next_missing(model, &missing))
		if (!effect.whole)
			abort();
	while (model_next_stale(model, &stale))
		if (!stale.source->changes)
			abort();
	model_free(model);
	if (budget.used)
		abort();
	manifest_free(manifest);
}

static void read_events(struct slice events)
{
	struct buffer text;
	buffer_init(&text, 4096, NULL);
	struct json_walk walk = json_walk_into(events);
	while (json_walk_next(&walk)) {
		size_t before = text.len;
		if (!update_read_error(walk.value, &text) && text.len != before)
			abort();
	}
	buffer_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice json = slice_of(data, size), value;
	struct buffer text;
	struct update update;
	struct update_event event;
	if (!json_take_value(&json, &value))
		return 0;
	buffer_init(&text, 1 << 16, NULL);
	if (update_read_event(value, &text, &event) && update_event_is(&event, "hydrate") && event.name.len < 3)
		abort();
	update_read_connect(value, &event);
	if (update_read(value, &text, &update)) {
		apply_twice(&update, size % 3);
		read_events(update.events);
	}
	buffer_free(&text);
	return 0;
}

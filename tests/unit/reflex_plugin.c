/* What Reflex adds to the rooms of the core. */
#include "detect/findings.h"
#include "query/query.h"
#include "reflex/reflex.h"
#include "source/probe_parts.h"
#include "tui/ladder.h"
#include "unit.h"

static struct event event_of(enum direction direction, const char *data)
{
	return (struct event){.kind = EVENT_EVENT,
	    .direction = direction,
	    .packet.nsp = SLICE("/_event"),
	    .packet.name = SLICE("\"event\""),
	    .packet.data = slice_of_text(data)};
}

static void assert_name(const struct event *event, const char *expected)
{
	char text[128];
	struct buffer out = buffer_over(text, sizeof text);
	event_text_name(&out, event);
	assert_true(slice_equals_text(buffer_slice(&out), expected));
}

static void its_own_log_line_matters(void **state)
{
	(void)state;
	assert_true(probe_log_matters(
	    SLICE("RuntimeError: Socket.IO environ is not initialized."), plugin_reflex.log_table, NULL));
}

static void an_event_is_called_by_its_handler(void **state)
{
	(void)state;
	struct event event = event_of(
	    DIRECTION_TO_SERVER, "{\"name\":\"reflex___state____state.app___app____app_state.tick\",\"payload\":{}}");
	assert_name(&event, "app_state.tick");
}

static void an_update_is_called_by_what_it_carries(void **state)
{
	(void)state;
	struct event event = event_of(
	    DIRECTION_TO_CLIENT, "{\"delta\":{\"s\":{\"v\":1}},\"events\":[],\"final\":true}");
	assert_name(&event, "delta");
}

static void another_event_keeps_its_name(void **state)
{
	(void)state;
	struct event event = event_of(DIRECTION_TO_SERVER, "[1]");
	event.packet.name = SLICE("\"chat\"");
	assert_name(&event, "chat");
}

static void its_events_are_its_own_to_judge(void **state)
{
	(void)state;
	struct event event = event_of(DIRECTION_TO_SERVER, "{}");
	assert_true(plugin_owns(&event));
	event.packet.nsp = SLICE("/chat");
	assert_false(plugin_owns(&event));
}

static void the_phase_of_a_finding_is_a_field(void **state)
{
	(void)state;
	const struct query_field *field = query_field_find(TABLE_FINDINGS, SLICE("phase"));
	assert_non_null(field);
	const struct finding finding = {.phase = "late"};
	const struct query_row row = {.table = TABLE_FINDINGS, .finding = &finding};
	struct query_value value = {0};
	field->read(NULL, &row, &value);
	assert_true(slice_equals_text(value.text, "late"));
}

static void an_unknown_state_explains_that_the_page_is_stuck(void **state)
{
	(void)state;
	struct findings findings;
	findings_init(&findings, 1 << 16);
	const struct finding *stuck = findings_claim(&findings, CODE_FRONTEND_STUCK, CONFIDENCE_PROVEN, NULL, NULL, "");
	const struct finding *unknown = findings_claim(
	    &findings, CODE_DELTA_UNKNOWN_STATE, CONFIDENCE_PROVEN, NULL, NULL, "");
	findings_arrange(&findings);
	assert_ptr_equal(stuck->explained_by, unknown);
	assert_null(unknown->explained_by);
	findings_free(&findings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(its_own_log_line_matters),
	    cmocka_unit_test(an_event_is_called_by_its_handler),
	    cmocka_unit_test(an_update_is_called_by_what_it_carries),
	    cmocka_unit_test(another_event_keeps_its_name),
	    cmocka_unit_test(its_events_are_its_own_to_judge),
	    cmocka_unit_test(the_phase_of_a_finding_is_a_field),
	    cmocka_unit_test(an_unknown_state_explains_that_the_page_is_stuck),
	};
	return cmocka_run_group_tests_name("reflex_plugin", tests, NULL, NULL);
}

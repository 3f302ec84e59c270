/* The settings file: read strictly, written with what the user has put there. */
#include "tui/settings.h"

#include "tui/ui.h"
#include "unit.h"

static struct ui *fresh(void)
{
	struct ui *ui = calloc(1, sizeof *ui);
	ui->split_share = UI_SPLIT_SHARE;
	ui->tables[UI_TABLE_SESSIONS] = sessions_table;
	ui->tables[UI_TABLE_EVENTS] = events_table;
	ui->tables[UI_TABLE_STATISTICS] = statistics_table;
	return ui;
}

static void assert_complains(const char *text, const char *wanted)
{
	struct ui *ui = fresh();
	struct buffer complaints;
	buffer_init(&complaints, BUFFER_NO_LIMIT, NULL);
	settings_read(ui, slice_of_text(text), &complaints);
	buffer_append_byte(&complaints, '\0');
	assert_string_equal(complaints.at, wanted);
	buffer_free(&complaints);
	free(ui);
}

static void each_wrong_line_is_named_and_what_was_meant(void **state)
{
	(void)state;
	assert_complains("# nothing\n\n", "");
	assert_complains("colums sessions = state\n", "1: no setting is called 'colums'; did you mean columns?\n");
	assert_complains("\ntimes\n", "2: a setting is 'name = value'\n");
	assert_complains("times = soon", "1: times are relative, clock or delta\n");
	assert_complains("columns events = time time", "1: the column time is there twice\n");
	assert_complains("columns events = what", "1: no column of events is called 'what'\n");
	assert_complains("columns frames = x", "1: of which table? sessions, events or statistics\n");
	assert_complains("sort events = time up", "1: the order is ascending or descending\n");
	assert_complains(
	    "payload = beside 99", "1: payload is auto, beside, below or off, and perhaps a percentage of 15 to 85\n");
	assert_complains("key F13 = x", "1: no key is called 'F13'\n");
	assert_complains("key J = `", "1: the key ` does nothing\n");
	assert_complains("colour erorr = red", "1: nothing has a colour that is called 'erorr'; did you mean error?\n");
}

static void a_wrong_line_changes_nothing(void **state)
{
	(void)state;
	struct ui *ui = fresh();
	struct buffer complaints;
	buffer_init(&complaints, BUFFER_NO_LIMIT, NULL);
	settings_read(
	    ui, SLICE("columns sessions = number what\nsort events = what\npayload = beside 99\n"), &complaints);
	assert_int_equal(ui->tables[UI_TABLE_SESSIONS].chosen_count, 0);
	assert_int_equal(ui->tables[UI_TABLE_EVENTS].sorted, events_table.sorted);
	assert_int_equal(ui->split, SPLIT_AUTO);
	buffer_free(&complaints);
	free(ui);
}

static void bytes_that_steer_a_terminal_are_escaped_in_what_is_said(void **state)
{
	(void)state;
	assert_complains("\033[2Jx = 1", "1: no setting is called '\\u001b[2Jx'\n");
}

static void settings_take_the_place_of_the_old_ones_and_comments_stay(void **state)
{
	(void)state;
	static const char before[] = "# mine\ntimes = delta\nkey J = PgDn\nwhat = is this\npayload = off 40\n";
	struct ui *ui = fresh();
	struct buffer complaints, out;
	buffer_init(&complaints, BUFFER_NO_LIMIT, NULL);
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	settings_read(ui, SLICE(before), &complaints);
	ui->time = UI_TIME_CLOCK;
	table_toggle(&ui->tables[UI_TABLE_STATISTICS], 0);
	settings_write(ui, slice_take(SLICE(before), sizeof before - 1), &out);
	buffer_append_byte(&out, '\0');
	assert_string_equal(out.at,
	    "# mine\ntimes = clock\nkey J = PgDn\nwhat = is this\npayload = off 40\n"
	    "columns statistics = sent received bytes answers p50 p95 p99 most\n"
	    "sort sessions = number ascending\nsort events = time ascending\nsort statistics = p95 descending\n"
	    "colours = no\n");
	buffer_free(&out);
	buffer_free(&complaints);
	free(ui);
}

static void what_is_written_is_read_as_the_same(void **state)
{
	(void)state;
	struct ui *one = fresh(), *other = fresh();
	struct buffer complaints, out, again;
	buffer_init(&complaints, BUFFER_NO_LIMIT, NULL);
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	buffer_init(&again, BUFFER_NO_LIMIT, NULL);
	table_move(&one->tables[UI_TABLE_SESSIONS], 3, -1);
	table_sort(&one->tables[UI_TABLE_EVENTS], 4);
	one->split = SPLIT_BELOW;
	one->split_share = 55;
	settings_write(one, slice_of(NULL, 0), &out);
	settings_read(other, buffer_slice(&out), &complaints);
	settings_write(other, slice_of(NULL, 0), &again);
	assert_int_equal(complaints.len, 0);
	assert_true(slice_equals(buffer_slice(&out), buffer_slice(&again)));
	buffer_free(&out);
	buffer_free(&again);
	buffer_free(&complaints);
	free(one);
	free(other);
}

static void keys_are_called_by_their_names(void **state)
{
	(void)state;
	assert_int_equal(key_of_name(SLICE("x")), 'x');
	assert_int_equal(key_of_name(SLICE("Ctrl-A")), 1);
	assert_int_equal(key_of_name(SLICE("Tab")), '\t');
	assert_int_equal(key_of_name(SLICE("F13")), 0);
	assert_int_equal(key_of_name(SLICE("F77")), 0);
	assert_int_equal(key_of_name(SLICE("")), 0);
	assert_int_equal(key_of_name(SLICE("Ctrl-")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_wrong_line_is_named_and_what_was_meant),
	    cmocka_unit_test(a_wrong_line_changes_nothing),
	    cmocka_unit_test(bytes_that_steer_a_terminal_are_escaped_in_what_is_said),
	    cmocka_unit_test(settings_take_the_place_of_the_old_ones_and_comments_stay),
	    cmocka_unit_test(what_is_written_is_read_as_the_same),
	    cmocka_unit_test(keys_are_called_by_their_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

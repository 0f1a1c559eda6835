#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attr.h"
#include "verb/print.h"

struct sheet {
	FILE *file;
	char *text;
	size_t len;
	struct print *print;
};

static void
begin(struct sheet *sheet, bool json)
{
	sheet->file = open_memstream(&sheet->text, &sheet->len);
	assert_non_null(sheet->file);
	sheet->print = print_new(sheet->file, json);
}

static void
expect(struct sheet *sheet, const char *text)
{
	assert_int_equal(print_free(sheet->print), 0);
	(void)fclose(sheet->file);
	assert_string_equal(sheet->text, text);
	free(sheet->text);
}

static void
some_users(struct print *p)
{
	print_strz(p, "domain", "example.com");
	print_open_list(p, "users");
	print_open_record(p, NULL);
	print_strz(p, "name", "bob");
	print_int(p, "quota", 5);
	print_bool(p, "enabled", true);
	print_open_list(p, "aliases");
	print_strz(p, NULL, "b");
	print_strz(p, NULL, "bb");
	print_close(p);
	print_close(p);
	print_open_record(p, NULL);
	print_strz(p, "name", "ad\xc3\xa8le");
	print_int(p, "quota", -1);
	print_bool(p, "enabled", false);
	print_open_list(p, "aliases");
	print_close(p);
	print_close(p);
	print_close(p);
	print_line(p, "%d users", 2);
}

static void
a_list_of_records_is_a_table(void **state)
{
	struct sheet sheet;

	(void)state;
	begin(&sheet, false);
	some_users(sheet.print);
	expect(&sheet,
	    "domain: example.com\n"
	    "NAME   QUOTA  ENABLED  ALIASES\n"
	    "bob    5      yes      b,bb\n"
	    "ad\xc3\xa8le  -1     no       \n"
	    "2 users\n");
}

static void
the_same_is_json(void **state)
{
	struct sheet sheet;

	(void)state;
	begin(&sheet, true);
	some_users(sheet.print);
	expect(&sheet,
	    "{\"domain\":\"example.com\",\"users\":[{\"name\":\"bob\","
	    "\"quota\":5,\"enabled\":true,\"aliases\":[\"b\",\"bb\"]},"
	    "{\"name\":\"ad\xc3\xa8le\",\"quota\":-1,\"enabled\":false,"
	    "\"aliases\":[]}]}\n");
}

static void
strangers_bytes_are_escaped(void **state)
{
	static const char bytes[] = "a\"b\\c\n\x1b\xff";
	struct sheet sheet;

	(void)state;
	begin(&sheet, true);
	print_strz(sheet.print, "subject", bytes);
	expect(&sheet,
	    "{\"subject\":\"a\\\"b\\\\c\\u000a\\u001b\xef\xbf\xbd\"}\n");
	begin(&sheet, false);
	print_strz(sheet.print, "subject", bytes);
	expect(&sheet, "subject: a\"b\\\\c\\n\\x1b\\xff\n");
}

static void
what_was_left_open_is_closed(void **state)
{
	struct sheet sheet;

	(void)state;
	begin(&sheet, true);
	print_open_list(sheet.print, "list");
	print_open_record(sheet.print, NULL);
	print_int(sheet.print, "n", 1);
	expect(&sheet, "{\"list\":[{\"n\":1}]}\n");
	begin(&sheet, true);
	expect(&sheet, "{}\n");
	begin(&sheet, false);
	print_open_list(sheet.print, "list");
	expect(&sheet, "");
}

static void
rows_may_differ_in_length(void **state)
{
	struct sheet sheet;

	(void)state;
	begin(&sheet, false);
	print_open_list(sheet.print, "list");
	print_open_record(sheet.print, NULL);
	print_strz(sheet.print, "a", "1");
	print_close(sheet.print);
	print_open_record(sheet.print, NULL);
	print_strz(sheet.print, "a", "22");
	print_strz(sheet.print, "b", "3");
	print_close(sheet.print);
	expect(&sheet, "A   B\n1\n22  3\n");
}

static void
a_list_of_strings_is_a_line_each(void **state)
{
	struct sheet sheet;

	(void)state;
	begin(&sheet, false);
	print_open_list(sheet.print, "list");
	print_strz(sheet.print, NULL, "one");
	print_strz(sheet.print, NULL, "two");
	expect(&sheet, "one\ntwo\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_of_records_is_a_table),
		cmocka_unit_test(the_same_is_json),
		cmocka_unit_test(strangers_bytes_are_escaped),
		cmocka_unit_test(what_was_left_open_is_closed),
		cmocka_unit_test(rows_may_differ_in_length),
		cmocka_unit_test(a_list_of_strings_is_a_line_each),
	};

	return cmocka_run_group_tests_name("verb/print", tests, NULL, NULL);
}

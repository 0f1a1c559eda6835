#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/fsutil.h"
#include "dict/dict.h"

static const char *
look(struct dict *dict, const char *key, struct buf *out, struct err *err)
{
	buf_reset(out);
	*err = (struct err){ 0 };
	if (dict_lookup(dict, str_of(key), out, err) < 0)
		return NULL;
	return buf_cstr(out);
}

static void
finds_what_is_there(void **state)
{
	static const struct {
		const char *table, *key, *value; /* NULL: not there */
	} cases[] = {
		{ "static:x y", "anything", "x y" },
		{ "static:", "a", "" },
		{ "inline:{a=1,b=2}", "a", "1" },
		{ "inline:{a=1, b=2}", "B", "2" },
		{ "inline:{a=1 b=2}", "b", "2" },
		{ "inline:{ { a = 1 2 }, b=3 }", "a", "1 2" },
		{ "inline:{ { a = 1 2 }, b=3 }", "b", "3" },
		{ "inline:{a=}", "a", "" },
		{ "inline:{}", "a", NULL },
		{ "inline:{a=1}", "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct err err = { 0 };
		struct dict *dict = dict_open(cases[i].table, &err);
		const char *value;
		struct buf out;

		buf_init(&out, 100);
		assert_non_null(dict);
		value = look(dict, cases[i].key, &out, &err);
		if (cases[i].value == NULL) {
			assert_null(value);
			assert_int_equal(err.kind, ERR_NOENT);
		} else {
			assert_non_null(value);
			assert_string_equal(value, cases[i].value);
		}
		dict_close(dict);
		buf_clear(&out);
	}
}

static void
refuses_what_is_no_table(void **state)
{
	static const char *const cases[] = {
		"",
		"inline",
		"nosuchtype:x",
		"inline:",
		"inline:{",
		"inline:}",
		"inline:{a}",
		"inline:{=1}",
		"inline:{{a=1}",
		"inline:{a=1,a=2}",
		"inline:{a=1 A=2}",
		"texthash:/nonexistent/file",
		"ldap:/nonexistent/file",
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct err err = { 0 };

		assert_null(dict_open(cases[i], &err));
		assert_int_not_equal(err.kind, ERR_NONE);
	}
}

static char *
write_table(const char *text, char path[32])
{
	int fd;

	strcpy(path, "/tmp/test-dict-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return path;
}

static void
reads_text_files(void **state)
{
	char path[32], name[64];
	struct err err;
	struct dict *dict;
	struct buf out;

	(void)state;
	snprintf(name, sizeof(name), "texthash:%s",
	    write_table("# comment\na@b  c@d,\n  e@f\n\nB\tx y \n", path));
	dict = dict_open(name, &err);
	unlink(path);
	assert_non_null(dict);
	buf_init(&out, 100);
	assert_string_equal(look(dict, "A@b", &out, &err), "c@d, e@f");
	assert_string_equal(look(dict, "b", &out, &err), "x y");
	assert_null(look(dict, "c", &out, &err));
	dict_close(dict);
	snprintf(name, sizeof(name), "texthash:%s", write_table("a\n", path));
	assert_null(dict_open(name, &err));
	unlink(path);
	assert_int_equal(err.kind, ERR_SYNTAX);
	buf_clear(&out);
}

static void
asks_tables_in_turn(void **state)
{
	struct dict_list list;
	struct err err = { 0 };
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	assert_int_equal(
	    dict_list_open(&list, "inline:{a=1, c=3}, inline:{a=2 b=2}", &err),
	    0);
	assert_int_equal(list.len, 2);
	assert_int_equal(dict_list_lookup(&list, STR("a"), &out, &err), 0);
	assert_string_equal(buf_cstr(&out), "1");
	buf_reset(&out);
	assert_int_equal(dict_list_lookup(&list, STR("b"), &out, &err), 0);
	assert_string_equal(buf_cstr(&out), "2");
	assert_int_equal(dict_list_lookup(&list, STR("d"), &out, &err), -1);
	assert_int_equal(err.kind, ERR_NOENT);
	dict_list_close(&list);
	assert_int_equal(dict_list_open(&list, "  ", &err), 0);
	assert_int_equal(list.len, 0);
	assert_int_equal(dict_list_open(&list, "static:a bad", &err), -1);
	assert_int_equal(list.len, 0);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_is_there),
		cmocka_unit_test(refuses_what_is_no_table),
		cmocka_unit_test(reads_text_files),
		cmocka_unit_test(asks_tables_in_turn),
	};

	return cmocka_run_group_tests_name("dict/dict", tests, NULL, NULL);
}

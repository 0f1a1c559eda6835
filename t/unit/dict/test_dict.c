#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <lmdb.h>
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

/* As postmap(1) does, with a NUL at the end or without. */
static void
make_lmdb(const char *path, bool nul)
{
	static const struct {
		const char *key, *value;
	} rows[] = { { "ada@x.test", "OK" }, { "x.test", "REJECT no" } };
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;

	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(
	    mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK, 0600), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
	for (size_t i = 0; i < NELEMS(rows); i++) {
		MDB_val key = { strlen(rows[i].key) + nul,
			(void *)(uintptr_t)rows[i].key };
		MDB_val value = { strlen(rows[i].value) + nul,
			(void *)(uintptr_t)rows[i].value };

		assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
	}
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

static void
reads_what_postmap_made(void **state)
{
	char dir[] = "/tmp/test-dict-XXXXXX", path[64], name[64], big[600];
	struct err err = { 0 };
	struct dict *dict;
	struct buf out;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/access.lmdb", dir);
	snprintf(name, sizeof(name), "lmdb:%s/access", dir);
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	buf_init(&out, 100);
	for (int nul = 0; nul < 2; nul++) {
		make_lmdb(path, nul);
		dict = dict_open(name, &err);
		unlink(path);
		assert_non_null(dict);
		assert_false(dict_is_whole(dict));
		assert_string_equal(look(dict, "Ada@X.test", &out, &err), "OK");
		assert_string_equal(look(dict, "x.test", &out, &err),
		    "REJECT no");
		assert_null(look(dict, "test", &out, &err));
		assert_int_equal(err.kind, ERR_NOENT);
		assert_null(look(dict, "", &out, &err));
		assert_null(look(dict, big, &out, &err));
		assert_int_equal(err.kind, ERR_NOENT);
		dict_close(dict);
	}
	assert_null(dict_open(name, &err));
	assert_int_equal(err.kind, ERR_NOENT);
	assert_int_equal(
	    fs_write_file(AT_FDCWD, path, STR("no table at all"), 0600, &err),
	    0);
	assert_null(dict_open(name, &err));
	unlink(path);
	rmdir(dir);
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
		cmocka_unit_test(reads_what_postmap_made),
	};

	return cmocka_run_group_tests_name("dict/dict", tests, NULL, NULL);
}

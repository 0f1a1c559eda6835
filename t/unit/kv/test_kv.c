#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/fsutil.h"
#include "kv/cursor.h"
#include "kv/key.h"
#include "kv/kv.h"

enum { FRUIT, COUNT };

static const char *const tables[] = { "fruit", "count", NULL };

static int
setup(void **state)
{
	static char dir[64];

	(void)snprintf(dir, sizeof(dir), "/tmp/chancery-kv-XXXXXX");
	assert_non_null(mkdtemp(dir));
	*state = dir;
	return 0;
}

static int
teardown(void **state)
{
	struct err err;

	return fs_remove_tree(AT_FDCWD, *state, &err);
}

static struct kv *
open_kv(const char *dir, enum kv_mode mode, size_t size, size_t limit)
{
	struct kv_conf conf = { .path = dir,
		.mode = mode,
		.tables = tables,
		.size = size,
		.limit = limit,
		.nosync = true };
	struct kv *kv;
	struct err err;

	assert_int_equal(kv_open(&kv, &conf, &err), 0);
	return kv;
}

static int
put_rows(struct kv_txn *txn, void *arg, struct err *err)
{
	const char *const *rows = arg;

	for (; *rows != NULL; rows++)
		if (kv_put(txn, FRUIT, str_of(*rows), STR("v"), err) < 0)
			return -1;
	return 0;
}

static int
put_then_fail(struct kv_txn *txn, void *arg, struct err *err)
{
	if (put_rows(txn, arg, err) < 0)
		return -1;
	return err_set(err, ERR_DENIED, "changed its mind");
}

struct walk {
	const char *from, *to;
	bool prefix;
	char seen[64]; /* the keys, one after the other */
};

static int
walk(struct kv_txn *txn, void *arg, struct err *err)
{
	struct walk *w = arg;
	struct kv_range range;
	struct str key, value;
	int ret;

	w->seen[0] = '\0';
	if (w->prefix)
		ret = kv_range_open_prefix(&range, txn, FRUIT, str_of(w->from),
		    err);
	else
		ret = kv_range_open(&range, txn, FRUIT, str_of(w->from),
		    str_of(w->to), err);
	if (ret < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &value, err)) > 0)
		strncat(w->seen, key.p, key.len);
	kv_range_close(&range);
	return ret;
}

static void
ranges_end_where_they_say(void **state)
{
	static const char *const rows[] = { "aa", "ab", "b", "ba\xff", "c",
		NULL };
	static const struct {
		const char *from, *to;
		bool prefix;
		const char *seen;
	} cases[] = {
		{ "", "", false,
		    "aaabbba\xff"
		    "c" },
		{ "ab", "b", false, "abb" },
		{ "ac", "", false,
		    "bba\xff"
		    "c" },
		{ "d", "", false, "" },
		{ "a", "", true, "aaab" },
		{ "b", "", true, "bba\xff" },
		{ "bb", "", true, "" },
	};
	struct kv *kv = open_kv(*state, KV_WRITER, 1 << 20, 0);
	struct err err;

	assert_int_equal(kv_update(kv, put_rows, (void *)(uintptr_t)rows, &err),
	    0);
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct walk w = { cases[i].from, cases[i].to, cases[i].prefix,
			"" };

		assert_int_equal(kv_view(kv, walk, &w, &err), 0);
		assert_string_equal(w.seen, cases[i].seen);
	}
	kv_close(kv);
}

static int
last_rows(struct kv_txn *txn, void *arg, struct err *err)
{
	static const struct {
		const char *prefix, *last; /* NULL: none */
	} cases[] = {
		{ "a", "ab" },
		{ "b", "b\xff\xff" },
		{ "b\xff", "b\xff\xff" },
		{ "c", NULL },
		{ "", "d" },
		{ "\xff", NULL },
	};
	struct str key, value;

	(void)arg;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		int ret = kv_last(txn, FRUIT, str_of(cases[i].prefix), &key,
		    &value, err);

		assert_int_equal(ret, cases[i].last != NULL);
		if (ret > 0)
			assert_true(str_eqz(key, cases[i].last));
	}
	return 0;
}

static void
last_of_a_prefix_is_found(void **state)
{
	static const char *const rows[] = { "a", "ab", "b", "b\xff\xff", "d",
		NULL };
	struct kv *kv = open_kv(*state, KV_WRITER, 1 << 20, 0);
	struct err err;

	assert_int_equal(kv_update(kv, put_rows, (void *)(uintptr_t)rows, &err),
	    0);
	assert_int_equal(kv_view(kv, last_rows, NULL, &err), 0);
	kv_close(kv);
}

static int
rows_now(struct kv_txn *txn, void *arg, struct err *err)
{
	return kv_count(txn, FRUIT, arg, err);
}

static int
delete_b(struct kv_txn *txn, void *arg, struct err *err)
{
	(void)arg;
	assert_int_equal(kv_del(txn, FRUIT, STR("b"), err), 1);
	assert_int_equal(kv_del(txn, FRUIT, STR("b"), err), 0);
	return 0;
}

static int
delete_all(struct kv_txn *txn, void *arg, struct err *err)
{
	struct kv_range range;
	struct str key, value;
	int ret;

	(void)arg;
	if (kv_range_open(&range, txn, FRUIT, STR(""), STR(""), err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &value, err)) > 0)
		assert_int_equal(kv_range_del(&range, err), 0);
	kv_range_close(&range);
	return ret;
}

static void
what_fails_leaves_nothing(void **state)
{
	static const char *const rows[] = { "a", "b", NULL };
	static const char *const more[] = { "c", "d", NULL };
	struct kv *kv = open_kv(*state, KV_WRITER, 1 << 20, 0);
	struct err err;
	uint64_t count;

	assert_int_equal(kv_update(kv, put_rows, (void *)(uintptr_t)rows, &err),
	    0);
	assert_int_equal(
	    kv_update(kv, put_then_fail, (void *)(uintptr_t)more, &err), -1);
	assert_int_equal(err.kind, ERR_DENIED);
	assert_int_equal(kv_view(kv, rows_now, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_int_equal(kv_update(kv, delete_b, NULL, &err), 0);
	assert_int_equal(kv_view(kv, rows_now, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_false(kv_commit_failed(kv));
	kv_close(kv);

	kv = open_kv(*state, KV_WRITER, 1 << 20, 0);
	assert_int_equal(kv_view(kv, rows_now, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(kv_update(kv, delete_all, NULL, &err), 0);
	assert_int_equal(kv_view(kv, rows_now, &count, &err), 0);
	assert_int_equal(count, 0);
	kv_close(kv);
}

static int
put_much(struct kv_txn *txn, void *arg, struct err *err)
{
	static const char bytes[1000];
	unsigned *runs = arg;
	struct kv_key key;

	++*runs;
	for (uint32_t i = 0; i < 2000; i++) {
		kv_key_init(&key);
		kv_key_u32(&key, i);
		if (kv_append(txn, COUNT, kv_key_get(&key),
			str_make(bytes, sizeof(bytes)), err) < 0)
			return -1;
	}
	return 0;
}

static int
put_big(struct kv_txn *txn, void *arg, struct err *err)
{
	struct kv_key key;

	(void)arg;
	kv_key_init(&key);
	kv_key_str(&key, str_make("", 0));
	/* The empty key and one that is not above the last are refused. */
	assert_int_equal(kv_put(txn, FRUIT, kv_key_get(&key), STR("v"), err),
	    -1);
	assert_int_equal(err->kind, ERR_LIMIT);
	assert_int_equal(kv_append(txn, COUNT, STR("\0\0\0\1"), STR("v"), err),
	    -1);
	assert_int_equal(err->kind, ERR_EXISTS);
	return -1;
}

static void
full_grows_to_its_limit_or_says_so(void **state)
{
	struct kv *kv = open_kv(*state, KV_WRITER, 256 << 10, 64 << 20);
	struct kv_usage usage;
	unsigned runs = 0;
	struct err err;

	assert_int_equal(kv_update(kv, put_much, &runs, &err), 0);
	assert_true(runs > 1);
	kv_usage(kv, &usage);
	assert_true(usage.size >= 2 << 20 && usage.used > 2000000);
	assert_int_equal(kv_update(kv, put_big, NULL, &err), -1);
	kv_close(kv);
}

static void
fixed_size_is_reported_full(void **state)
{
	struct kv *kv = open_kv(*state, KV_WRITER, 256 << 10, 0);
	unsigned runs = 0;
	struct err err;
	uint64_t count;

	assert_int_equal(kv_update(kv, put_much, &runs, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(runs, 1);
	assert_int_equal(kv_view(kv, rows_now, &count, &err), 0);
	kv_close(kv);
}

static void
reader_finds_what_is_there_or_nothing(void **state)
{
	static const char *const rows[] = { "a", NULL };
	struct kv_conf conf = { .path = *state,
		.mode = KV_READER,
		.tables = tables };
	struct kv *kv, *reader;
	struct err err;
	uint64_t count;

	assert_int_equal(kv_open(&reader, &conf, &err), -1);
	assert_int_equal(err.kind, ERR_NOENT);
	assert_null(reader);

	kv = open_kv(*state, KV_WRITER, 256 << 10, 0);
	assert_int_equal(kv_open(&reader, &conf, &err), 0);
	assert_int_equal(kv_update(kv, put_rows, (void *)(uintptr_t)rows, &err),
	    0);
	assert_int_equal(kv_view(reader, rows_now, &count, &err), 0);
	assert_int_equal(count, 1);
	kv_close(reader);
	kv_close(kv);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ranges_end_where_they_say,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(last_of_a_prefix_is_found,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(what_fails_leaves_nothing,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    full_grows_to_its_limit_or_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(fixed_size_is_reported_full,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    reader_finds_what_is_there_or_nothing, setup, teardown),
	};

	return cmocka_run_group_tests_name("kv/kv", tests, NULL, NULL);
}

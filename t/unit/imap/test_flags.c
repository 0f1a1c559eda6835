#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "imap/flags.h"
#include "imap/statusatt.h"

static void
reads_flags_with_and_without_parentheses(void **state)
{
	static const struct {
		const char *in;
		unsigned bits;
		size_t keywords;
		const char *rest;
	} cases[] = {
		{ "()", 0, 0, "" },
		{ "(\\Seen)", IMAP_SEEN, 0, "" },
		{ "(\\seen \\DELETED) x", IMAP_SEEN | IMAP_DELETED, 0, " x" },
		{ "\\Seen", IMAP_SEEN, 0, "" },
		{ "\\Flagged $Junk \\Draft", IMAP_FLAGGED | IMAP_DRAFT, 1, "" },
		{ "(a b A c)", 0, 3, "" },
		{ "(Seen)", 0, 1, "" },
		{ "(\\Answered \\Answered)", IMAP_ANSWERED, 0, "" },
	};
	struct arena *arena = arena_new(100000);

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		struct imap_flags flags;
		struct err err;

		assert_int_equal(imap_flags_parse(arena, &in, &flags, &err), 0);
		assert_int_equal(flags.bits, cases[i].bits);
		assert_int_equal(flags.keywords, cases[i].keywords);
		assert_true(str_eqz(in, cases[i].rest));
	}
	arena_free(arena);
}

static void
stops_at_the_flag_it_cannot_accept(void **state)
{
	static const struct {
		const char *in;
		size_t at;
	} cases[] = {
		{ "", 0 },
		{ "(", 1 },
		{ "(a", 2 },
		{ "(a  b)", 3 },
		{ "(\\Recent)", 1 },
		{ "(\\Nonsense)", 1 },
		{ "(\\Seen \\*)", 8 },
		{ "( )", 1 },
	};
	struct arena *arena = arena_new(100000);

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		struct imap_flags flags;
		struct err err;

		assert_int_equal(imap_flags_parse(arena, &in, &flags, &err),
		    -1);
		assert_int_equal(err.kind, ERR_SYNTAX);
		assert_ptr_equal(in.p, cases[i].in + cases[i].at);
	}
	arena_free(arena);
}

static int
parse_many(struct arena *arena, int count, struct err *err)
{
	struct imap_flags flags;
	struct buf text;
	struct str in;
	int ret;

	buf_init(&text, 0);
	(void)buf_addc(&text, '(');
	for (int i = 0; i < count; i++)
		(void)buf_addf(&text, "%sk%d", i == 0 ? "" : " ", i);
	(void)buf_addc(&text, ')');
	in = buf_str(&text);
	ret = imap_flags_parse_list(arena, &in, &flags, err);
	buf_clear(&text);
	return ret;
}

static void
bounds_keywords(void **state)
{
	struct arena *arena = arena_new(100000);
	char word[IMAP_KEYWORD_LEN + 1];
	struct str in = str_make(word, IMAP_KEYWORD_LEN), out;
	struct err err;

	(void)state;
	memset(word, 'k', sizeof(word));
	assert_int_equal(imap_flags_parse_keyword(&in, &out, &err), 0);
	in = str_make(word, IMAP_KEYWORD_LEN + 1);
	assert_int_equal(imap_flags_parse_keyword(&in, &out, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(parse_many(arena, IMAP_KEYWORDS_MAX, &err), 0);
	assert_int_equal(parse_many(arena, IMAP_KEYWORDS_MAX + 1, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	arena_free(arena);
}

static void
writes_system_flags(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 200);
	assert_int_equal(imap_flags_put(&out, 0), 0);
	assert_int_equal(out.len, 0);
	assert_int_equal(imap_flags_put(&out, IMAP_SEEN | IMAP_RECENT), 2);
	assert_string_equal(buf_cstr(&out), "\\Seen \\Recent");
	buf_reset(&out);
	assert_int_equal(imap_flags_put(&out, IMAP_SYSTEM_FLAGS), 5);
	assert_string_equal(buf_cstr(&out),
	    "\\Answered \\Flagged \\Deleted \\Seen \\Draft");
	buf_clear(&out);
}

static void
reads_status_items(void **state)
{
	static const struct {
		const char *in;
		int ret;
		unsigned items;
		size_t at;
	} cases[] = {
		{ "(MESSAGES)", 0, STATUS_MESSAGES, 10 },
		{ "(unseen UIDNEXT unseen)", 0, STATUS_UNSEEN | STATUS_UIDNEXT,
		    23 },
		{ "(RECENT UIDVALIDITY) x", 0,
		    STATUS_RECENT | STATUS_UIDVALIDITY, 20 },
		{ "()", -1, 0, 1 },
		{ "MESSAGES", -1, 0, 0 },
		{ "(MESSAGES", -1, 0, 9 },
		{ "(MESSAGE)", -1, 0, 1 },
		{ "(UNSEEN MESSAGES2)", -1, 0, 8 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		struct err err;
		unsigned items;

		assert_int_equal(statusatt_parse(&in, &items, &err),
		    cases[i].ret);
		if (cases[i].ret == 0)
			assert_int_equal(items, cases[i].items);
		assert_ptr_equal(in.p, cases[i].in + cases[i].at);
	}
	assert_true(str_eqz(statusatt_name(STATUS_UIDNEXT), "UIDNEXT"));
	assert_null(statusatt_name(0).p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_flags_with_and_without_parentheses),
		cmocka_unit_test(stops_at_the_flag_it_cannot_accept),
		cmocka_unit_test(bounds_keywords),
		cmocka_unit_test(writes_system_flags),
		cmocka_unit_test(reads_status_items),
	};

	return cmocka_run_group_tests_name("imap/flags", tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "imap/flags.h"
#include "imap/searchkey.h"

enum { ARENA = 4 << 20 };

/* The tree in a form that can be compared: "and(flags(\Seen) !seq(1:2))". */
static void
put_key(struct buf *out, const struct searchkey *key)
{
	static const char *const names[] = {
		[SEARCHKEY_AND] = "and",
		[SEARCHKEY_OR] = "or",
		[SEARCHKEY_SEQ] = "seq",
		[SEARCHKEY_UID] = "uid",
		[SEARCHKEY_FLAGS] = "flags",
		[SEARCHKEY_KEYWORD] = "keyword",
		[SEARCHKEY_BEFORE] = "before",
		[SEARCHKEY_ON] = "on",
		[SEARCHKEY_SINCE] = "since",
		[SEARCHKEY_SENTBEFORE] = "sentbefore",
		[SEARCHKEY_SENTON] = "senton",
		[SEARCHKEY_SENTSINCE] = "sentsince",
		[SEARCHKEY_LARGER] = "larger",
		[SEARCHKEY_SMALLER] = "smaller",
		[SEARCHKEY_HEADER] = "header",
		[SEARCHKEY_BODY] = "body",
		[SEARCHKEY_TEXT] = "text",
		[SEARCHKEY_MODSEQ] = "modseq",
		[SEARCHKEY_OLDER] = "older",
		[SEARCHKEY_SAVEDBEFORE] = "savedbefore",
		[SEARCHKEY_SAVEDON] = "savedon",
		[SEARCHKEY_SAVEDSINCE] = "savedsince",
		[SEARCHKEY_EMAILID] = "emailid",
		[SEARCHKEY_THREADID] = "threadid",
		[SEARCHKEY_YOUNGER] = "younger",
	};

	(void)buf_addf(out, "%s%s(", key->negate ? "!" : "", names[key->kind]);
	switch (key->kind) {
	case SEARCHKEY_AND:
	case SEARCHKEY_OR:
		for (key = key->child; key != NULL; key = key->next) {
			put_key(out, key);
			if (key->next != NULL)
				(void)buf_addc(out, ' ');
		}
		break;
	case SEARCHKEY_SEQ:
	case SEARCHKEY_UID:
		(void)seqset_put(out, &key->set);
		break;
	case SEARCHKEY_FLAGS:
		(void)imap_flags_put(out, key->bits);
		break;
	case SEARCHKEY_OLDER:
	case SEARCHKEY_YOUNGER:
	case SEARCHKEY_LARGER:
	case SEARCHKEY_SMALLER:
		(void)buf_addf(out, "%u", key->size);
		break;
	case SEARCHKEY_MODSEQ:
		(void)buf_addf(out, "%llu", (unsigned long long)key->modseq);
		break;
	case SEARCHKEY_HEADER:
		(void)buf_addf(out, "%" STR_F "=", STR_A(key->field));
		__attribute__((fallthrough));
	case SEARCHKEY_EMAILID:
	case SEARCHKEY_THREADID:
	case SEARCHKEY_KEYWORD:
	case SEARCHKEY_BODY:
	case SEARCHKEY_TEXT:
		(void)buf_add_str(out, key->text);
		break;
	default:
		(void)buf_addf(out, "%d", key->day);
		break;
	}
	(void)buf_addc(out, ')');
}

static struct seqset_range saved_ranges[] = { { 3, 4 }, { 7, 7 } };
static const struct seqset saved = { saved_ranges, 2, 2 };
static const struct searchkey_view view = { .seq = 20,
	.uid = 90,
	.saved = &saved };

static void
makes_a_tree(void **state)
{
	static const struct {
		const char *in, *tree;
	} cases[] = {
		{ "ALL", "and(and())" },
		{ "all UNSEEN", "and(and() !flags(\\Seen))" },
		{ "1:* UID 5:*", "and(seq(1:20) uid(5:90))" },
		{ "NEW", "and(and(flags(\\Recent) !flags(\\Seen)))" },
		{ "NOT NEW", "and(!and(flags(\\Recent) !flags(\\Seen)))" },
		{ "OLD RECENT", "and(!flags(\\Recent) flags(\\Recent))" },
		{ "NOT OLD", "and(flags(\\Recent))" },
		{ "NOT NOT NOT DELETED", "and(!flags(\\Deleted))" },
		{ "ANSWERED UNANSWERED DRAFT UNDRAFT",
		    "and(flags(\\Answered) !flags(\\Answered) "
		    "flags(\\Draft) !flags(\\Draft))" },
		{ "FLAGGED UNFLAGGED UNDELETED SEEN",
		    "and(flags(\\Flagged) !flags(\\Flagged) "
		    "!flags(\\Deleted) flags(\\Seen))" },
		{ "KEYWORD $Junk UNKEYWORD a",
		    "and(keyword($Junk) !keyword(a))" },
		{ "OR SEEN NOT FLAGGED",
		    "and(or(flags(\\Seen) !flags(\\Flagged)))" },
		{ "OR (SEEN 1) OR 2 3 4",
		    "and(or(and(flags(\\Seen) seq(1)) or(seq(2) seq(3)))"
		    " seq(4))" },
		{ "((1))", "and(and(and(seq(1))))" },
		{ "NOT (1 2)", "and(!and(seq(1) seq(2)))" },
		{ "FROM x TO \"y z\" CC {1}\r\nc BCC b SUBJECT \"\"",
		    "and(header(From=x) header(To=y z) header(Cc=c) "
		    "header(Bcc=b) header(Subject=))" },
		{ "HEADER X-Y \"\" BODY b TEXT t",
		    "and(header(X-Y=) body(b) text(t))" },
		{ "LARGER 0 SMALLER 4294967295",
		    "and(larger(0) smaller(4294967295))" },
		{ "MODSEQ 0 MODSEQ \"/flags/\\\\draft\" all 620162338",
		    "and(modseq(0) modseq(620162338))" },
		{ "EMAILID Mab-1 THREADID T_1",
		    "and(emailid(Mab-1) threadid(T_1))" },
		{ "SAVEDATESUPPORTED NOT SAVEDATESUPPORTED",
		    "and(and() !and())" },
		{ "SAVEDBEFORE 1-Jan-1970 SAVEDON 2-Jan-1970 "
		  "SAVEDSINCE 3-Jan-1970",
		    "and(savedbefore(0) savedon(1) savedsince(2))" },
		{ "OLDER 1 NOT YOUNGER 4294967295",
		    "and(older(1) !younger(4294967295))" },
		{ "$ NOT $", "and(uid(3:4,7) !uid(3:4,7))" },
		{ "UID $ SMALLER 4096", "and(uid(3:4,7) smaller(4096))" },
		{ "BEFORE 1-Jan-1970 ON \"2-Jan-1970\" SINCE 03-jan-1970",
		    "and(before(0) on(1) since(2))" },
		{ "SENTBEFORE 1-Jan-1970 SENTON 1-Jan-1970 "
		  "SENTSINCE 1-Jan-1970",
		    "and(sentbefore(0) senton(0) sentsince(0))" },
	};
	struct arena *arena = arena_new(ARENA);

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		struct searchkey_program program;
		struct buf out;
		struct err err;

		buf_init(&out, 1000);
		assert_int_equal(
		    searchkey_parse(arena, &in, &view, &program, &err), 0);
		put_key(&out, program.key);
		assert_string_equal(buf_cstr(&out), cases[i].tree);
		assert_null(program.charset.p);
		buf_clear(&out);
		arena_reset(arena);
	}
	arena_free(arena);
}

static void
takes_result_options(void **state)
{
	static const struct {
		const char *in;
		unsigned results;
		bool modseq, numbers;
	} cases[] = {
		{ "ALL", 0, false, false },
		{ "RETURN () ALL", SEARCHKEY_RETURN_ALL, false, false },
		{ "return (min MAX) 1",
		    SEARCHKEY_RETURN_MIN | SEARCHKEY_RETURN_MAX, false, true },
		{ "RETURN (COUNT ALL SAVE) CHARSET UTF-8 MODSEQ 7 $",
		    SEARCHKEY_RETURN_COUNT | SEARCHKEY_RETURN_ALL |
			SEARCHKEY_RETURN_SAVE,
		    true, false },
	};
	struct arena *arena = arena_new(ARENA);

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		struct searchkey_program program;
		struct err err;

		assert_int_equal(
		    searchkey_parse(arena, &in, &view, &program, &err), 0);
		assert_int_equal(program.results, cases[i].results);
		assert_int_equal(program.modseq, cases[i].modseq);
		assert_int_equal(program.numbers, cases[i].numbers);
	}
	arena_free(arena);
}

static void
wants_a_charset_in_criteria(void **state)
{
	static const struct {
		const char *in;
		int ret;
	} cases[] = {
		{ "UTF-8 ALL", 0 },
		{ "\"us-ascii\" SEEN 1", 0 },
		{ "UTF-8", -1 },
		{ "", -1 },
		{ "UTF-8 RETURN () ALL", -1 },
	};
	struct arena *arena = arena_new(ARENA);

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		struct searchkey_program program;
		struct err err;

		assert_int_equal(
		    searchkey_parse_criteria(arena, &in, &view, &program, &err),
		    cases[i].ret);
		if (cases[i].ret == 0)
			assert_int_equal(program.results, 0);
	}
	arena_free(arena);
}

static void
keeps_the_charset(void **state)
{
	static const char *const cases[] = { "CHARSET UTF-8 ALL",
		"charset \"UTF-8\" ALL", "CHARSET {5}\r\nUTF-8 ALL" };
	struct arena *arena = arena_new(ARENA);

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i]);
		struct searchkey_program program;
		struct err err;

		assert_int_equal(
		    searchkey_parse(arena, &in, &view, &program, &err), 0);
		assert_true(str_eqz(program.charset, "UTF-8"));
	}
	arena_free(arena);
}

static void
stops_at_what_it_cannot_accept(void **state)
{
	static const struct {
		const char *in;
		size_t at;
	} cases[] = {
		{ "", 0 },
		{ "X", 0 },
		{ "ALL ", 4 },
		{ "ALL  ALL", 4 },
		{ "NOT", 0 },
		{ "NOT ", 4 },
		{ "(", 1 },
		{ "()", 1 },
		{ "(ALL", 4 },
		{ "ALL)", 3 },
		{ "OR", 2 },
		{ "OR ALL", 6 },
		{ "OR ALL ", 7 },
		{ "FROM", 4 },
		{ "FROM ", 5 },
		{ "FROM (", 5 },
		{ "HEADER x", 8 },
		{ "KEYWORD \\Seen", 8 },
		{ "LARGER x", 7 },
		{ "LARGER 4294967296", 7 },
		{ "ON 32-Jan-1970", 4 },
		{ "UID x", 4 },
		{ "1,", 2 },
		{ "0", 0 },
		{ "CHARSET UTF-8", 13 },
		{ "CHARSET", 0 },
		{ "RETURN ALL", 0 },
		{ "RETURN (FOO) ALL", 8 },
		{ "RETURN (ALL)", 12 },
		{ "OLDER 0", 6 },
		{ "EMAILID (M1)", 8 },
		{ "SAVEDON x", 8 },
		{ "MODSEQ \"/flags/x\" none 1", 18 },
		{ "MODSEQ", 6 },
		{ "ALL CHARSET UTF-8", 4 },
	};
	struct arena *arena = arena_new(ARENA);

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		struct searchkey_program program;
		struct err err;

		assert_int_equal(
		    searchkey_parse(arena, &in, &view, &program, &err), -1);
		assert_int_equal(err.kind, ERR_SYNTAX);
		assert_ptr_equal(in.p, cases[i].in + cases[i].at);
		arena_reset(arena);
	}
	arena_free(arena);
}

static int
parse_repeated(const char *word, int count, const char *end)
{
	struct arena *arena = arena_new(ARENA);
	struct searchkey_program program;
	struct buf text;
	struct err err;
	struct str in;
	int ret;

	buf_init(&text, 0);
	for (int i = 0; i < count; i++)
		(void)buf_addz(&text, word);
	(void)buf_addz(&text, end);
	in = buf_str(&text);
	ret = searchkey_parse(arena, &in, &view, &program, &err);
	if (ret < 0 && err.kind != ERR_LIMIT)
		ret = -2;
	buf_clear(&text);
	arena_free(arena);
	return ret;
}

static void
bounds_depth_and_count(void **state)
{
	(void)state;
	/* One key is the AND around all. */
	assert_int_equal(parse_repeated("ALL ", SEARCHKEY_MAX - 2, "1"), 0);
	assert_int_equal(parse_repeated("ALL ", SEARCHKEY_MAX - 1, "1"), -1);
	assert_int_equal(parse_repeated("OR ALL ", SEARCHKEY_DEPTH - 1, "1"),
	    0);
	assert_int_equal(parse_repeated("OR ALL ", SEARCHKEY_DEPTH, "1"), -1);
	assert_int_equal(parse_repeated("(", SEARCHKEY_DEPTH - 1, "1"), -2);
	assert_int_equal(parse_repeated("(", SEARCHKEY_DEPTH, "1"), -1);
	assert_int_equal(parse_repeated("NOT ", 100000, "1"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_a_tree),
		cmocka_unit_test(takes_result_options),
		cmocka_unit_test(wants_a_charset_in_criteria),
		cmocka_unit_test(keeps_the_charset),
		cmocka_unit_test(stops_at_what_it_cannot_accept),
		cmocka_unit_test(bounds_depth_and_count),
	};

	return cmocka_run_group_tests_name("imap/searchkey", tests, NULL, NULL);
}

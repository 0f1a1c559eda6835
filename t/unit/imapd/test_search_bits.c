/* What the view says of a program, held against a slow judge of one message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attr.h"
#include "imapd/search_bits.h"

enum { MESSAGES = 2500 };

struct fixture {
	struct arena *arena;
	struct selected selected;
	struct search_judge judge;
};

/* UIDs 3, 6, ...; flags and keywords of many kinds; some are gone. */
static int
setup(void **state)
{
	static struct fixture f;
	static char word[2][4] = { "$a", "$b" };

	f = (struct fixture){ .arena = arena_new(1 << 20) };
	f.selected.keyword[0] = word[0];
	f.selected.keyword[1] = word[1];
	f.selected.keywords = 2;
	for (uint32_t i = 0; i < MESSAGES; i++)
		(void)view_insert(&f.selected.view, (i + 1) * 3, i % 32,
		    i / 7 % 4, i % 5 == 0);
	f.judge.selected = &f.selected;
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	view_clear(&f->selected.view);
	arena_free(f->arena);
	return 0;
}

static void
prepare(struct fixture *f, const char *text)
{
	struct searchkey_view view = { .seq = MESSAGES, .uid = MESSAGES * 3 };
	struct str in = str_of(text);
	struct err err;

	f->judge = (struct search_judge){ .selected = &f->selected };
	assert_int_equal(
	    searchkey_parse(f->arena, &in, &view, &f->judge.program, &err), 0);
	assert_int_equal(search_judge_prepare(&f->judge, f->arena, &err), 0);
}

static enum search_verdict
opposite(enum search_verdict verdict)
{
	return verdict == VERDICT_UNDECIDED ? VERDICT_UNDECIDED :
	    verdict == VERDICT_YES          ? VERDICT_NO :
					      VERDICT_YES;
}

/* As the tree says it, key by key. */
static enum search_verdict
slowly(const struct fixture *f, const struct searchkey *key, size_t i)
{
	const struct view *view = &f->selected.view;
	enum search_verdict verdict = VERDICT_UNDECIDED;
	bool or = key->kind == SEARCHKEY_OR;

	if (key->kind == SEARCHKEY_AND || or) {
		verdict = or ? VERDICT_NO : VERDICT_YES;
		for (struct searchkey *child = key->child; child != NULL;
		     child = child->next) {
			enum search_verdict one = slowly(f, child, i);

			if (verdict == (or ? VERDICT_YES : VERDICT_NO))
				break;
			if (one != (or ? VERDICT_NO : VERDICT_YES))
				verdict = one;
		}
	} else if (key->kind == SEARCHKEY_SEQ) {
		verdict = seqset_has(&key->set, (uint32_t)i + 1);
	} else if (key->kind == SEARCHKEY_UID) {
		verdict = seqset_has(&key->set, view->message[i].uid);
	} else if (key->kind == SEARCHKEY_FLAGS) {
		verdict = (view->message[i].state & key->bits) == key->bits;
	} else if (key->kind == SEARCHKEY_KEYWORD) {
		verdict =
		    (view_keywords(view, i) &
			selected_keyword_bit(&f->selected, key->text)) != 0;
	} else if (key->kind == SEARCHKEY_TEXT && key->text.len == 0) {
		verdict = VERDICT_YES;
	}
	return key->negate ? opposite(verdict) : verdict;
}

static void
check(const struct fixture *f, size_t from, size_t count)
{
	const struct view *view = &f->selected.view;
	struct search_bits bits;

	memset(&bits, 0x55, sizeof(bits));
	search_bits(&bits, &f->judge, from, count);
	for (size_t i = 0; i < SEARCH_BITS_MAX; i++) {
		bool may = bits.may[i / 64] >> i % 64 & 1,
		     is = bits.is[i / 64] >> i % 64 & 1;
		enum search_verdict want = VERDICT_NO;

		if (i < count && !view_is(view, from + i, VIEW_EXPUNGED))
			want = slowly(f, f->judge.program.key, from + i);
		assert_int_equal(may, want != VERDICT_NO);
		assert_int_equal(is, want == VERDICT_YES);
	}
}

static const char *const programs[] = {
	"ALL",
	"UNSEEN",
	"SEEN",
	"NEW",
	"DRAFT UNDELETED",
	"KEYWORD $a",
	"UNKEYWORD $b",
	"KEYWORD $none",
	"1",
	"1,64:65,1000:1100,2400:*",
	"2500",
	"UID 3",
	"UID 1:2",
	"UID 7,9:100,7000:*",
	"NOT 2:2499",
	"OR SEEN KEYWORD $b",
	"OR (UNSEEN 1:70) (FLAGGED NOT UID 300:600)",
	"NOT (OR SEEN NOT (KEYWORD $a 50:2000))",
	"LARGER 5",
	"UNSEEN LARGER 5",
	"OR UNSEEN LARGER 5",
	"NOT (UNSEEN LARGER 5)",
	"NOT (OR (NOT UNSEEN) (NOT SUBJECT x)) 7:900",
	"TEXT \"\"",
	"NOT TEXT \"\"",
	"TEXT x",
	"OR TEXT x SEEN",
};

static void
finds_what_the_tree_says(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < NELEMS(programs); i++) {
		prepare(f, programs[i]);
		for (size_t from = 0; from < MESSAGES; from += SEARCH_BITS_MAX)
			check(f, from,
			    MESSAGES - from < SEARCH_BITS_MAX ?
				MESSAGES - from :
				SEARCH_BITS_MAX);
	}
}

static void
tells_of_no_others(void **state)
{
	static const size_t counts[] = { 1, 63, 64, 65, 127, 1023 };
	struct fixture *f = *state;

	for (size_t i = 0; i < NELEMS(programs); i++) {
		prepare(f, programs[i]);
		for (size_t k = 0; k < NELEMS(counts); k++) {
			check(f, 0, counts[k]);
			check(f, 77, counts[k]);
			check(f, MESSAGES - counts[k], counts[k]);
		}
	}
}

static void
finds_nothing_that_is_gone(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < MESSAGES; i += 3)
		view_mark(&f->selected.view, i, VIEW_EXPUNGED, true);
	finds_what_the_tree_says(state);
}

/* Keys one in the other, as deep as the parser lets them. */
static void
bears_depth(void **state)
{
	struct fixture *f = *state;
	char text[SEARCHKEY_DEPTH * 8] = "";

	for (size_t i = 0; i + 2 < SEARCHKEY_DEPTH; i++)
		(void)strcat(text, "NOT (");
	(void)strcat(text, "UNSEEN");
	for (size_t i = 0; i + 2 < SEARCHKEY_DEPTH; i++)
		(void)strcat(text, ")");
	prepare(f, text);
	check(f, 0, SEARCH_BITS_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(finds_what_the_tree_says, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(tells_of_no_others, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(finds_nothing_that_is_gone,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(bears_depth, setup, teardown),
	};

	return cmocka_run_group_tests_name("imapd/search_bits", tests, NULL,
	    NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "imapd/recall.h"

static void
gives_back_what_was_kept(void **state)
{
	static const uint32_t uid[] = { 2, 5, 9 };
	const struct recall_answer *answer;
	struct recall recall = { 0 };

	(void)state;
	assert_null(recall_find(&recall, STR("a")));
	recall_keep(&recall, STR("a"), uid, 3, STR("first"));
	recall_keep(&recall, STR("b"), uid, 1, STR(""));
	answer = recall_find(&recall, STR("a"));
	assert_int_equal(answer->len, 3);
	assert_memory_equal(answer->uid, uid, sizeof(uid));
	assert_true(str_eq(answer->bytes, STR("first")));
	recall_keep(&recall, STR("a"), NULL, 0, STR("second"));
	answer = recall_find(&recall, STR("a"));
	assert_int_equal(answer->len, 0);
	assert_true(str_eq(answer->bytes, STR("second")));
	assert_int_equal(recall_find(&recall, STR("b"))->len, 1);
	recall_clear(&recall);
	assert_null(recall_find(&recall, STR("a")));
}

static void
forgets_what_was_asked_for_longest_ago(void **state)
{
	struct recall recall = { 0 };
	char name[1];

	(void)state;
	for (int i = 0; i < RECALL_ANSWERS; i++) {
		name[0] = (char)('a' + i);
		recall_keep(&recall, str_make(name, 1), NULL, 0, STR("x"));
	}
	assert_non_null(recall_find(&recall, STR("a")));
	recall_keep(&recall, STR("new"), NULL, 0, STR("x"));
	assert_non_null(recall_find(&recall, STR("a")));
	assert_non_null(recall_find(&recall, STR("new")));
	assert_null(recall_find(&recall, STR("b")));
	recall_clear(&recall);
}

static void
holds_no_more_than_its_bytes(void **state)
{
	static char large[RECALL_BYTES + 1];
	struct recall recall = { 0 };

	(void)state;
	recall_keep(&recall, STR("n"), NULL, 0,
	    str_make(large, RECALL_BYTES - 1));
	assert_non_null(recall_find(&recall, STR("n")));
	/* too large, so what is there under its name is not right any more */
	recall_keep(&recall, STR("n"), NULL, 0, str_make(large, RECALL_BYTES));
	assert_null(recall_find(&recall, STR("n")));
	recall_keep(&recall, STR("n"), (const uint32_t *)(void *)large,
	    RECALL_BYTES / 4, STR(""));
	assert_null(recall_find(&recall, STR("n")));

	recall_keep(&recall, STR("a"), NULL, 0,
	    str_make(large, RECALL_BYTES / 2));
	recall_keep(&recall, STR("b"), NULL, 0, STR("x"));
	recall_keep(&recall, STR("c"), NULL, 0,
	    str_make(large, RECALL_BYTES / 2));
	assert_non_null(recall_find(&recall, STR("b")));
	assert_non_null(recall_find(&recall, STR("c")));
	assert_null(recall_find(&recall, STR("a")));
	recall_clear(&recall);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_back_what_was_kept),
		cmocka_unit_test(forgets_what_was_asked_for_longest_ago),
		cmocka_unit_test(holds_no_more_than_its_bytes),
	};

	return cmocka_run_group_tests_name("imapd/recall", tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/attr.h"
#include "qmgr/window.h"

static void
reads_feedback(void **state)
{
	static const struct {
		const char *text;
		int kind; /* -1: refused */
		double share;
	} cases[] = {
		{ "1", WINDOW_FIXED, 1 },
		{ "0", WINDOW_FIXED, 0 },
		{ "0.25", WINDOW_FIXED, 0.25 },
		{ "1/concurrency", WINDOW_BY_CONCURRENCY, 1 },
		{ "0.5/sqrt_concurrency", WINDOW_BY_SQUARE_ROOT, 0.5 },
		{ "", -1, 0 },
		{ ".5", -1, 0 },
		{ "1.", -1, 0 },
		{ "1.1", -1, 0 },
		{ "2", -1, 0 },
		{ "1/", -1, 0 },
		{ "1/concurrencies", -1, 0 },
		{ "0.0000000001", -1, 0 },
		{ "x", -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct window_feedback got;
		struct err err;
		int ret =
		    window_feedback_parse(&got, str_of(cases[i].text), &err);

		if (cases[i].kind < 0) {
			if (ret != -1 || err.kind != ERR_SYNTAX)
				fail_msg("%s was taken", cases[i].text);
			continue;
		}
		assert_int_equal(ret, 0);
		assert_int_equal(got.kind, cases[i].kind);
		assert_true(got.share > cases[i].share - 0.001 &&
		    got.share < cases[i].share + 0.001);
	}
}

/* What happens, a letter each: s success with all busy, i success of one
 * alone, f failure, d the failure that must say "dead". */
static void
grows_shrinks_and_dies(void **state)
{
	static const struct {
		const char *grow, *shrink, *happens;
		unsigned initial, limit, size;
		double cohorts;
	} cases[] = {
		{ "1", "1", "", 5, 20, 5, 1 }, { "1", "1", "sss", 5, 20, 8, 1 },
		{ "1", "1", "iii", 5, 20, 5, 1 }, /* not in use */
		{ "1", "1", "sssss", 5, 7, 7, 1 }, { "1", "1", "", 5, 3, 3, 1 },
		{ "0.5", "1", "sss", 5, 20, 6, 1 },
		{ "1/concurrency", "1", "ssss", 4, 20, 5, 1 },
		{ "1/sqrt_concurrency", "1", "ss", 4, 20, 5, 1 },
		{ "1", "1", "f", 5, 20, 4, 1 },
		{ "1", "1", "ffs", 5, 20, 4, 1 },
		{ "1", "0.5", "fff", 5, 20, 4, 1 },
		{ "1", "1", "d", 1, 20, 1, 1 }, { "1", "1", "fd", 2, 20, 1, 1 },
		{ "1", "1", "fsffd", 4, 20, 1, 1 },
		{ "1", "1", "ffsfd", 3, 20, 1, 1 },
		{ "1", "0", "ffd", 3, 20, 3, 1 },
		{ "1", "1", "fd", 1, 20, 1, 2 },
		{ "1", "1", "fffffff", 1, 20, 1, 0 }, /* never */
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct window_conf conf = { .initial = cases[i].initial,
			.limit = cases[i].limit,
			.cohort_limit = cases[i].cohorts };
		struct window window;
		struct err err;

		assert_int_equal(window_feedback_parse(&conf.grow,
				     str_of(cases[i].grow), &err),
		    0);
		assert_int_equal(window_feedback_parse(&conf.shrink,
				     str_of(cases[i].shrink), &err),
		    0);
		window_init(&window, &conf);
		for (const char *p = cases[i].happens; *p != '\0'; p++) {
			bool dead = false;

			if (*p == 's' || *p == 'i')
				window_success(&window, &conf,
				    *p == 's' ? window.size : 1);
			else
				dead = window_failure(&window, &conf);
			if (dead != (*p == 'd'))
				fail_msg("case %zu: %s: dead %d", i, p, dead);
		}
		if (window.size != cases[i].size)
			fail_msg("case %zu: size %u", i, window.size);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_feedback),
		cmocka_unit_test(grows_shrinks_and_dies),
	};

	return cmocka_run_group_tests_name("qmgr/window", tests, NULL, NULL);
}

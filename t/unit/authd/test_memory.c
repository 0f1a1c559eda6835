#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "authd/count.h"
#include "authd/memory.h"
#include "authd/watch.h"
#include "base/attr.h"

static void
knows_the_whole_credential_only(void **state)
{
	struct memory *m = memory_new(10);

	(void)state;
	memory_add(m, STR("ada"), STR("secret"), STR("ada@d"), 100);
	assert_true(
	    str_eqz(memory_find(m, STR("ada"), STR("secret"), 99), "ada@d"));
	assert_null(memory_find(m, STR("ada"), STR("secre"), 99).p);
	assert_null(memory_find(m, STR("adas"), STR("ecret"), 99).p);
	assert_null(memory_find(m, STR("ada"), STR(""), 99).p);
	assert_null(memory_find(m, STR("ada"), STR("secret"), 100).p);
	memory_free(m);
}

static void
forgets_when_told_and_when_full(void **state)
{
	struct memory *m = memory_new(2);

	(void)state;
	memory_add(m, STR("a"), STR("1"), STR("A@d"), 100);
	memory_add(m, STR("b"), STR("1"), STR("b@d"), 100);
	memory_forget(m, STR("a@D"));
	assert_null(memory_find(m, STR("a"), STR("1"), 1).p);
	assert_non_null(memory_find(m, STR("b"), STR("1"), 1).p);
	memory_add(m, STR("c"), STR("1"), STR("c@d"), 100);
	memory_add(m, STR("e"), STR("1"), STR("e@d"), 100);
	assert_null(memory_find(m, STR("b"), STR("1"), 1).p);
	memory_forget(m, (struct str){ NULL, 0 });
	assert_null(memory_find(m, STR("c"), STR("1"), 1).p);
	memory_free(m);
	m = memory_new(0);
	memory_add(m, STR("a"), STR("1"), STR("a"), 100);
	assert_null(memory_find(m, STR("a"), STR("1"), 1).p);
	memory_free(m);
}

static void
counts_sessions_by_user(void **state)
{
	struct count *c = count_new();
	int front, smtpd;

	(void)state;
	count_begin(c, &front, STR("s1"), STR("ada"));
	count_begin(c, &front, STR("s2"), STR("ada"));
	count_begin(c, &smtpd, STR("s3"), STR("ada"));
	count_begin(c, &smtpd, STR("s3"), STR("ada")); /* said twice */
	count_begin(c, &smtpd, STR("s3"), STR("bob"));
	assert_int_equal(count_of_user(c, STR("ada")), 3);
	assert_int_equal(count_of_all(c), 4);
	count_end(c, STR("s1"), STR("ada"));
	count_end(c, STR("s1"), STR("ada"));
	count_end(c, STR("s9"), STR("ada"));
	assert_int_equal(count_of_user(c, STR("ada")), 2);
	count_end_all(c, &smtpd);
	assert_int_equal(count_of_user(c, STR("ada")), 1);
	assert_int_equal(count_of_user(c, STR("bob")), 0);
	count_free(c);
}

static void
reads_the_directory_s_times(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} cases[] = {
		{ "19700101000001Z", 1 },
		{ "20261122054841Z", 1795326521 },
		{ "20261122054841.664296Z", 1795326521 },
		{ "", 0 },
		{ "2026112205484Z", 0 },
		{ "2026112205484xZ", 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++)
		assert_int_equal(watch_parse_time(str_of(cases[i].text)),
		    cases[i].seconds);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_whole_credential_only),
		cmocka_unit_test(forgets_when_told_and_when_full),
		cmocka_unit_test(counts_sessions_by_user),
		cmocka_unit_test(reads_the_directory_s_times),
	};

	return cmocka_run_group_tests_name("authd/memory", tests, NULL, NULL);
}

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
add(struct memory *m, const char *user, const char *password, const char *owner)
{
	static const struct facts none = { .quota = 0 };
	const struct memory_hit hit = { str_of(owner), STR("stamp"), true,
		&none };

	memory_add(m, str_of(user), str_of(password), &hit, 50, 100);
}

static bool
knows(struct memory *m, const char *user, const char *password, int64_t now)
{
	struct memory_hit hit;

	return memory_find(m, str_of(user), str_of(password), now, &hit);
}

static void
knows_the_whole_credential_only(void **state)
{
	struct memory *m = memory_new(10);
	struct memory_hit hit;

	(void)state;
	add(m, "ada", "secret", "ada@d");
	assert_true(memory_find(m, STR("ada"), STR("secret"), 49, &hit));
	assert_true(str_eqz(hit.owner, "ada@d"));
	assert_true(str_eqz(hit.stamp, "stamp"));
	assert_true(hit.is_fresh);
	assert_true(memory_find(m, STR("ada"), STR("secret"), 50, &hit));
	assert_false(hit.is_fresh);
	assert_false(knows(m, "ada", "secre", 49));
	assert_false(knows(m, "adas", "ecret", 49));
	assert_false(knows(m, "ada", "", 49));
	assert_true(knows(m, "ada", "secret", 99));
	assert_false(knows(m, "ada", "secret", 100));
	memory_free(m);
}

static void
forgets_when_told_and_when_full(void **state)
{
	struct memory *m = memory_new(2);

	(void)state;
	add(m, "a", "1", "A@d");
	add(m, "b", "1", "b@d");
	memory_forget(m, STR("a@D"));
	assert_false(knows(m, "a", "1", 1));
	assert_true(knows(m, "b", "1", 1));
	add(m, "c", "1", "c@d");
	add(m, "c", "1", "c@d"); /* again: no second place */
	assert_true(knows(m, "b", "1", 1));
	add(m, "e", "1", "e@d");
	assert_false(knows(m, "b", "1", 1));
	memory_forget(m, (struct str){ NULL, 0 });
	assert_false(knows(m, "c", "1", 1));
	memory_free(m);
	m = memory_new(0);
	add(m, "a", "1", "a");
	assert_false(knows(m, "a", "1", 1));
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

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "smtpproto/srs.h"

enum { DAY = 86400 };

static const int64_t now = 1700000000;

static struct srs
make(const char *domain)
{
	return (struct srs){ .key = STR("0123456789abcdef"),
		.domain = str_of(domain),
		.max_age = 21 };
}

/* 0 with the result in out, or the kind of error. */
static int
forward(const struct srs *srs, const char *sender, int64_t when, char *out)
{
	struct buf buf;
	struct err err;
	int ret;

	buf_init(&buf, 0);
	ret = srs_forward(&buf, srs, str_of(sender), when, &err);
	(void)snprintf(out, 1000, "%s", buf_cstr(&buf));
	buf_clear(&buf);
	return ret < 0 ? (int)err.kind : 0;
}

static int
reverse(const struct srs *srs, const char *address, int64_t when, char *out)
{
	struct buf buf;
	struct err err;
	int ret;

	buf_init(&buf, 0);
	ret = srs_reverse(&buf, srs, str_of(address), when, &err);
	(void)snprintf(out, 1000, "%s", buf_cstr(&buf));
	buf_clear(&buf);
	return ret < 0 ? (int)err.kind : 0;
}

static void
goes_there_and_back(void **state)
{
	/* two pieces, as a b is a digit in hexadecimal */
	static const char umlaut[] = "b\xc3\xb6"
				     "b@x.test";
	static const char *const senders[] = {
		"ada@x.test",
		"Ada.B+tag@x.test",
		"a=b=c@x.test",
		"srs@x.test",
		"SRS0@x.test",
		"\"a b\"@x.test",
		"\"\"@x.test",
		"\"a\\\"b\"@x.test",
		umlaut,
		"a@[192.0.2.1]",
	};
	struct srs srs = make("us.test");
	char there[1000], back[1000];

	(void)state;
	for (size_t i = 0; i < NELEMS(senders); i++) {
		assert_int_equal(forward(&srs, senders[i], now, there), 0);
		assert_non_null(strstr(there, "SRS0="));
		assert_true(srs_is_ours(&srs, str_of(there)));
		assert_int_equal(reverse(&srs, there, now, back), 0);
		assert_string_equal(back, senders[i]);
		/* whatever case it comes back in */
		for (char *c = there; *c != '\0'; c++)
			*c = lower(*c);
		assert_int_equal(reverse(&srs, there, now, back), 0);
		assert_true(str_ieq(str_of(back), str_of(senders[i])));
	}
}

/* ada@x.test to one.test, on to two.test, on to three.test, and back. */
static void
a_chain_does_not_grow(void **state)
{
	struct srs one = make("one.test"), two = make("two.test"),
		   three = make("three.test");
	char first[1000], second[1000], third[1000], back[1000];

	(void)state;
	two.key = STR("another key here");
	three.key = STR("and a third here");
	assert_int_equal(forward(&one, "ada@x.test", now, first), 0);
	assert_int_equal(forward(&two, first, now, second), 0);
	assert_int_equal(strncmp(second, "SRS1=", 5), 0);
	assert_non_null(strstr(second, "=one.test=="));
	assert_int_equal(forward(&three, second, now, third), 0);
	assert_int_equal(strlen(third), strlen(second) + 2); /* three, two */
	assert_non_null(strstr(third, "=one.test=="));
	/* it goes back by the first at once */
	assert_int_equal(reverse(&three, third, now, back), 0);
	assert_string_equal(back, first);
	assert_int_equal(reverse(&two, second, now, back), 0);
	assert_string_equal(back, first);
	assert_int_equal(reverse(&one, back, now, third), 0);
	assert_string_equal(third, "ada@x.test");
	/* "+" and "-" are others' separators */
	assert_int_equal(
	    forward(&two, "SRS0+AAAA=BB=x.test=ada@one.test", now, second), 0);
	assert_int_equal(reverse(&two, second, now, back), 0);
	assert_string_equal(back, "SRS0+AAAA=BB=x.test=ada@one.test");
	/* and what is not theirs comes back, too */
	assert_int_equal(forward(&two, "SRS0+@one.test", now, second), 0);
	assert_int_equal(reverse(&two, second, now, back), 0);
	assert_string_equal(back, "SRS0+@one.test");
}

static void
is_answered_for_so_many_days(void **state)
{
	struct srs srs = make("us.test");
	char there[1000], back[1000];

	(void)state;
	/* over the end of the cycle of 1024 days too */
	for (int64_t at = 1023 * (int64_t)DAY; at < 1026 * (int64_t)DAY;
	     at += DAY) {
		assert_int_equal(forward(&srs, "ada@x.test", at, there), 0);
		for (int day = 0; day <= 21; day++)
			assert_int_equal(
			    reverse(&srs, there, at + day * (int64_t)DAY, back),
			    0);
		assert_int_equal(
		    reverse(&srs, there, at + 22 * (int64_t)DAY, back),
		    ERR_DENIED);
		assert_int_equal(reverse(&srs, there, at - DAY, back),
		    ERR_DENIED);
	}
}

static void
nothing_in_it_can_be_changed(void **state)
{
	struct srs srs = make("us.test"), other = make("us.test");
	char there[1000], changed[1000], back[1000];

	(void)state;
	other.key = STR("fedcba9876543210");
	assert_int_equal(forward(&srs, "ada@x.test", now, there), 0);
	assert_int_equal(reverse(&other, there, now, back), ERR_DENIED);
	for (size_t i = strlen("SRS0="); there[i] != '@'; i++) {
		memcpy(changed, there, sizeof(changed));
		changed[i] = changed[i] == 'b' ? 'c' : 'b';
		if (lower(there[i]) == changed[i])
			continue;
		if (reverse(&srs, changed, now, back) == 0)
			fail_msg("%s became %s", changed, back);
	}
	assert_int_equal(
	    forward(&srs, "SRS0=AAAA=BB=x.test=ada@one.test", now, there), 0);
	for (size_t i = strlen("SRS1="); there[i] != '@'; i++) {
		memcpy(changed, there, sizeof(changed));
		changed[i] = changed[i] == 'b' ? 'c' : 'b';
		if (lower(there[i]) == changed[i])
			continue;
		if (reverse(&srs, changed, now, back) == 0)
			fail_msg("%s became %s", changed, back);
	}
}

static void
refuses_what_is_not_of_this_form(void **state)
{
	static const char *const wrong[] = {
		"",
		"ada@us.test",
		"SRS0@us.test",
		"SRS0=@us.test",
		"SRS0=A@us.test",
		"SRS0=A=B@us.test",
		"SRS0=A=B=c@us.test",
		"SRS0=A=B==d@us.test",
		"SRS1=A@us.test",
		"SRS1=A=b@us.test",
		"SRS1=A=b=@us.test",
		"SRS1=A=b=c@us.test",
		"SRS1=A===c@us.test",
		"SRS0=A=B=c=d",
	};
	struct srs srs = make("us.test");
	char long_one[400], out[1000];

	(void)state;
	for (size_t i = 0; i < NELEMS(wrong); i++) {
		int kind = reverse(&srs, wrong[i], now, out);

		if (kind != ERR_SYNTAX)
			fail_msg("%s: kind %d", wrong[i], kind);
		assert_string_equal(out, "");
	}
	assert_false(srs_is_ours(&srs, STR("SRS0=x@elsewhere.test")));
	assert_false(srs_is_ours(&srs, STR("SRS2=x@us.test")));
	assert_false(srs_is_ours(&srs, STR("SRS0")));
	memset(long_one, 'a', sizeof(long_one));
	(void)snprintf(long_one + 290, sizeof(long_one) - 290, "@x.test");
	assert_int_equal(forward(&srs, long_one, now, out), ERR_LIMIT);
	assert_int_equal(forward(&srs, "nobody", now, out), ERR_SYNTAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_there_and_back),
		cmocka_unit_test(a_chain_does_not_grow),
		cmocka_unit_test(is_answered_for_so_many_days),
		cmocka_unit_test(nothing_in_it_can_be_changed),
		cmocka_unit_test(refuses_what_is_not_of_this_form),
	};

	return cmocka_run_group_tests_name("smtpproto/srs", tests, NULL, NULL);
}

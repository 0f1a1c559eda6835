#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth/scram.h"
#include "base/base64.h"
#include "base/num.h"

static void
reads_the_clients_first_message(void **state)
{
	static const struct {
		const char *in;
		char flag; /* 0: refused */
		const char *binding, *user;
	} cases[] = {
		/* RFC 7677 section 3 */
		{ "n,,n=user,r=rOprNGfwEbeRWgbNEkqO", 'n', "", "user" },
		{ "y,,n=user,r=x", 'y', "", "user" },
		{ "p=tls-exporter,,n=a@b,r=x", 'p', "tls-exporter", "a@b" },
		{ "n,a=other,n=user,r=x,ext", 'n', "", "user" },
		{ "n,,n=a=2Cb=3Dc,r=x", 'n', "", "a,b=c" },
		{ "n,,n=u,", 'n', "", "u" },
		{ "", 0, "", "" },
		{ "n", 0, "", "" },
		{ "n,", 0, "", "" },
		{ "n,,", 0, "", "" },
		{ "x,,n=u,r=x", 0, "", "" },
		{ "p=,,n=u,r=x", 0, "", "" },
		{ "p,,n=u,r=x", 0, "", "" },
		{ "n,b=x,n=u,r=x", 0, "", "" },
		{ "n,,m=ext,n=u,r=x", 0, "", "" },
		{ "n,,n=,r=x", 0, "", "" },
		{ "n,,n=u", 0, "", "" },
		{ "n,,n=a=2c,r=x", 0, "", "" },
		{ "n,,n=a=,r=x", 0, "", "" },
		{ "n,,r=x,n=u", 0, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct scram_first first;
		struct err err;
		int ret = scram_parse_first(&first, str_of(cases[i].in), &err);

		assert_int_equal(ret, cases[i].flag == 0 ? -1 : 0);
		if (ret < 0) {
			assert_int_equal(err.kind, ERR_SYNTAX);
			assert_null(first.user.p);
			continue;
		}
		assert_int_equal(first.flag, cases[i].flag);
		assert_true(str_eqz(first.binding, cases[i].binding));
		assert_true(str_eqz(buf_str(&first.user), cases[i].user));
		buf_clear(&first.user);
	}
}

/* SCRAM-SHA-256$iterations:salt$stored:server: 16, 32 and 32 bytes. */
static void
must_be_a_secret(struct str in)
{
	struct str part;
	uint64_t n;

	assert_true(str_split(&in, '$', &part));
	assert_true(str_eqz(part, "SCRAM-SHA-256"));
	assert_true(num_take(&in, UINT32_MAX, &n) && str_take(&in, ':'));
	assert_int_equal(n, SCRAM_ITERATIONS);
	for (int i = 0; i < 3; i++) {
		struct buf bytes;
		struct err err;

		assert_true(str_split(&in, i == 0 ? '$' : ':', &part));
		buf_init(&bytes, 0);
		assert_int_equal(base64_decode(&bytes, part, &err), 0);
		assert_int_equal(bytes.len, i == 0 ? SCRAM_SALT : 32);
		buf_clear(&bytes);
	}
	assert_null(in.p);
}

static void
secrets_look_alike(void **state)
{
	struct buf one, two, fake, again, other;
	struct err err;

	(void)state;
	buf_init(&one, SCRAM_SECRET_MAX);
	buf_init(&two, SCRAM_SECRET_MAX);
	buf_init(&fake, SCRAM_SECRET_MAX);
	buf_init(&again, SCRAM_SECRET_MAX);
	buf_init(&other, SCRAM_SECRET_MAX);
	assert_int_equal(scram_secret(&one, STR("pencil"), &err), 0);
	assert_int_equal(scram_secret(&two, STR("pencil"), &err), 0);
	assert_false(str_eq(buf_str(&one), buf_str(&two))); /* the salt */
	assert_int_equal(scram_fake(&fake, STR("key"), STR("a@b"), &err), 0);
	assert_int_equal(scram_fake(&again, STR("key"), STR("a@b"), &err), 0);
	assert_int_equal(scram_fake(&other, STR("key"), STR("b@b"), &err), 0);
	assert_true(str_eq(buf_str(&fake), buf_str(&again)));
	assert_false(str_eq(buf_str(&fake), buf_str(&other)));
	must_be_a_secret(buf_str(&one));
	must_be_a_secret(buf_str(&fake));
	assert_int_equal(one.len, fake.len);
	buf_clear(&one);
	buf_clear(&two);
	buf_clear(&fake);
	buf_clear(&again);
	buf_clear(&other);
}

static void
passwords_are_prepared(void **state)
{
	static const struct {
		const char *in;
		int ret;
	} cases[] = {
		{ "plain ~!", 0 },
		{ "\xc3\xa9\xe2\x85\xa3", 0 }, /* RFC 4013: IV after NFKC */
		{ "I\xc2\xadX", 0 },           /* mapped to nothing */
		{ "\xc2\xad", -1 },            /* nothing is left */
		{ "tab\t", -1 },               /* prohibited */
		{ "\xff", -1 },                /* no UTF-8 */
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct buf out;
		struct err err;

		buf_init(&out, SCRAM_SECRET_MAX);
		assert_int_equal(scram_secret(&out, str_of(cases[i].in), &err),
		    cases[i].ret);
		if (cases[i].ret < 0)
			assert_int_equal(err.kind, ERR_SYNTAX);
		buf_clear(&out);
	}
}

static void
an_old_secret_is_none(void **state)
{
	static const struct {
		const char *value, *changed;
		bool good;
	} cases[] = {
		{ "SCRAM-SHA-256$1:a$b:c 20260101000000Z", "20260101000000Z",
		    true },
		{ "SCRAM-SHA-256$1:a$b:c 20260101000000Z", "20260101000001Z",
		    false },
		{ "SCRAM-SHA-256$1:a$b:c 20260101000000Z", "", false },
		{ "SCRAM-SHA-256$1:a$b:c", "20260101000000Z", false },
		{ "SCRAM-SHA-256$1:a$b:c", "", true },
		{ "SCRAM-SHA-1$1:a$b:c", "", false },
		{ "", "", false },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str secret = scram_valid(str_of(cases[i].value),
		    str_of(cases[i].changed));

		assert_int_equal(secret.p != NULL, cases[i].good);
		if (cases[i].good)
			assert_true(str_eqz(secret, "SCRAM-SHA-256$1:a$b:c"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_clients_first_message),
		cmocka_unit_test(secrets_look_alike),
		cmocka_unit_test(passwords_are_prepared),
		cmocka_unit_test(an_old_secret_is_none),
	};

	return cmocka_run_group_tests_name("auth/scram", tests, NULL, NULL);
}

/*
 * smtpproto/param: what may stand behind the paths of MAIL and RCPT.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "smtpproto/param.h"

enum {
	OFFERED = SMTP_PARAM_SIZE | SMTP_PARAM_BODY | SMTP_PARAM_UTF8,
	ALL = OFFERED | SMTP_PARAM_BINARY | SMTP_PARAM_AUTH | SMTP_PARAM_DSN,
};

static void
reads_what_mail_may_have(void **state)
{
	static const struct {
		const char *in;
		struct smtp_mail_params want;
		const char *auth, *envid;
	} cases[] = {
		{ "", { 0 }, NULL, NULL },
		{ "  ", { 0 }, NULL, NULL },
		{ " SIZE=0", { .size = 0 }, NULL, NULL },
		{ " size=10240000", { .size = 10240000 }, NULL, NULL },
		{ " SIZE=18446744073709551616", { .size = UINT64_MAX / 2 },
		    NULL, NULL },
		{ " BODY=7BIT", { .body = SMTP_BODY_7BIT }, NULL, NULL },
		{ " body=8bitmime", { .body = SMTP_BODY_8BIT }, NULL, NULL },
		{ " BODY=BINARYMIME", { .body = SMTP_BODY_BINARY }, NULL,
		    NULL },
		{ " SMTPUTF8  BODY=8BITMIME SIZE=7 ",
		    { .smtputf8 = true, .body = SMTP_BODY_8BIT, .size = 7 },
		    NULL, NULL },
		{ " AUTH=<>", { 0 }, "<>", NULL },
		{ " AUTH=e+3Dmc2@example.com", { 0 }, "e+3Dmc2@example.com",
		    NULL },
		{ " RET=HDRS ENVID=QQ314159", { .ret = SMTP_RET_HDRS }, NULL,
		    "QQ314159" },
		{ " RET=FULL", { .ret = SMTP_RET_FULL }, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct smtp_mail_params *want = &cases[i].want;
		struct str in = str_of(cases[i].in);
		struct smtp_mail_params got;
		struct err err = { 0 };

		if (smtp_mail_params_parse(&got, &in, ALL, &err) < 0)
			fail_msg("%s: %s", cases[i].in, err.text);
		assert_int_equal(got.size, want->size);
		assert_int_equal(got.body, want->body);
		assert_int_equal(got.smtputf8, want->smtputf8);
		assert_int_equal(got.ret, want->ret);
		assert_true(str_eq(got.auth, str_of(cases[i].auth)));
		assert_true(str_eq(got.envid, str_of(cases[i].envid)));
	}
}

static void
refuses_in_mail(void **state)
{
	static const struct {
		const char *in;
		unsigned offered;
		enum err_kind kind;
	} cases[] = {
		{ "SIZE=1", ALL, ERR_SYNTAX },
		{ "\tSIZE=1", ALL, ERR_SYNTAX },
		{ " =1", ALL, ERR_SYNTAX },
		{ " -X=1", ALL, ERR_SYNTAX },
		{ " SIZE", ALL, ERR_SYNTAX },
		{ " SIZE=", ALL, ERR_SYNTAX },
		{ " SIZE=x", ALL, ERR_SYNTAX },
		{ " SIZE=-1", ALL, ERR_SYNTAX },
		{ " SIZE=1=2", ALL, ERR_SYNTAX },
		{ " SIZE=1\x01", ALL, ERR_SYNTAX },
		{ " SIZE=1\xff", ALL, ERR_SYNTAX },
		{ " SIZE=1 SIZE=2", ALL, ERR_SYNTAX },
		{ " SIZE=000000000000000000001", ALL, ERR_SYNTAX },
		{ " SMTPUTF8=1", ALL, ERR_SYNTAX },
		{ " SMTPUTF8 smtputf8", ALL, ERR_SYNTAX },
		{ " BODY=9BIT", ALL, ERR_SYNTAX },
		{ " BODY=BINARYMIME", OFFERED, ERR_SYNTAX },
		{ " AUTH=+3", ALL, ERR_SYNTAX },
		{ " AUTH=+3d", ALL, ERR_SYNTAX },
		{ " RET=SOME", ALL, ERR_SYNTAX },
		{ " ENVID=a+", ALL, ERR_SYNTAX },
		{ " ENVID=\xc3\xb6", ALL, ERR_SYNTAX },
		{ " NOTIFY=NEVER", ALL, ERR_NOENT },
		{ " FOO", ALL, ERR_NOENT },
		{ " FOO=bar", ALL, ERR_NOENT },
		{ " RET=FULL", OFFERED, ERR_NOENT },
		{ " AUTH=<>", OFFERED, ERR_NOENT },
		{ " SIZE=1", 0, ERR_NOENT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str in = str_of(cases[i].in);
		struct smtp_mail_params got;
		struct err err = { 0 };

		if (smtp_mail_params_parse(&got, &in, cases[i].offered, &err) ==
		    0)
			fail_msg("%s accepted", cases[i].in);
		if (err.kind != cases[i].kind)
			fail_msg("%s: %s", cases[i].in, err.text);
	}
}

static void
reads_what_rcpt_may_have(void **state)
{
	static const struct {
		const char *in;
		unsigned notify;
		const char *type, *orcpt;
	} cases[] = {
		{ "", 0, NULL, NULL },
		{ " NOTIFY=never", SMTP_NOTIFY_NEVER, NULL, NULL },
		{ " NOTIFY=SUCCESS,DELAY",
		    SMTP_NOTIFY_SUCCESS | SMTP_NOTIFY_DELAY, NULL, NULL },
		{ " NOTIFY=FAILURE ORCPT=rfc822;Bob@a+2Bb.com",
		    SMTP_NOTIFY_FAILURE, "rfc822", "Bob@a+2Bb.com" },
		{ " ORCPT=utf-8;j\xc3\xb6rg@\\x{FC}b", 0, "utf-8",
		    "j\xc3\xb6rg@\\x{FC}b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str in = str_of(cases[i].in);
		struct smtp_rcpt_params got;
		struct err err = { 0 };

		if (smtp_rcpt_params_parse(&got, &in, ALL, &err) < 0)
			fail_msg("%s: %s", cases[i].in, err.text);
		assert_int_equal(got.notify, cases[i].notify);
		assert_true(str_eq(got.orcpt_type, str_of(cases[i].type)));
		assert_true(str_eq(got.orcpt, str_of(cases[i].orcpt)));
	}
}

static void
refuses_in_rcpt(void **state)
{
	static const struct {
		const char *in;
		enum err_kind kind;
	} cases[] = {
		{ " NOTIFY=", ERR_SYNTAX },
		{ " NOTIFY=NEVER,DELAY", ERR_SYNTAX },
		{ " NOTIFY=DELAY,", ERR_SYNTAX },
		{ " NOTIFY=,DELAY", ERR_SYNTAX },
		{ " ORCPT=a@b", ERR_SYNTAX },
		{ " ORCPT=;a@b", ERR_SYNTAX },
		{ " ORCPT=rfc822;", ERR_SYNTAX },
		{ " ORCPT=rf_c;a", ERR_SYNTAX },
		{ " ORCPT=rfc822;a+4", ERR_SYNTAX },
		{ " ORCPT=utf-8;a\\x{}", ERR_SYNTAX },
		{ " ORCPT=utf-8;a\\x{1234567}", ERR_SYNTAX },
		{ " ORCPT=utf-8;a\\b", ERR_SYNTAX },
		{ " ORCPT=utf-8;a+2B", ERR_SYNTAX },
		{ " SIZE=1", ERR_NOENT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str in = str_of(cases[i].in);
		struct smtp_rcpt_params got;
		struct err err = { 0 };

		if (smtp_rcpt_params_parse(&got, &in, ALL, &err) == 0)
			fail_msg("%s accepted", cases[i].in);
		assert_int_equal(err.kind, cases[i].kind);
	}
}

static void
bounds_envid_and_orcpt(void **state)
{
	char line[600] = " ENVID=";
	struct smtp_rcpt_params rcpt;
	struct smtp_mail_params mail;
	struct err err;
	struct str in;

	(void)state;
	memset(line + 7, 'x', 101);
	in = str_make(line, 7 + 100);
	assert_int_equal(smtp_mail_params_parse(&mail, &in, ALL, &err), 0);
	in = str_make(line, 7 + 101);
	assert_int_equal(smtp_mail_params_parse(&mail, &in, ALL, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);

	memcpy(line, " ORCPT=rfc822;", 14);
	memset(line + 14, 'x', 500);
	in = str_make(line, 7 + 500);
	assert_int_equal(smtp_rcpt_params_parse(&rcpt, &in, ALL, &err), 0);
	in = str_make(line, 7 + 501);
	assert_int_equal(smtp_rcpt_params_parse(&rcpt, &in, ALL, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
}

static void
decodes_xtext(void **state)
{
	static const struct {
		const char *plain, *xtext;
	} cases[] = {
		{ "", "" },
		{ "abc", "abc" },
		{ "a+b=c d", "a+2Bb+3Dc+20d" },
		{ "\x7f\xc3\xb6", "+7F+C3+B6" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf buf;
		struct err err;

		buf_init(&buf, 100);
		assert_int_equal(
		    smtp_xtext_decode(&buf, str_of(cases[i].xtext), &err), 0);
		assert_string_equal(buf_cstr(&buf), cases[i].plain);
		buf_clear(&buf);
	}
}

static void
decodes_orcpt(void **state)
{
	static const struct {
		const char *in, *decoded, *ascii; /* decoded NULL: refused */
	} cases[] = {
		{ "rfc822;Bob@x.test", "rfc822;Bob@x.test",
		    "rfc822;Bob@x.test" },
		{ "rfc822;a+2Bb@x", "rfc822;a+b@x", "rfc822;a+2Bb@x" },
		{ "rfc822;a+0Db@x", NULL, "rfc822;a+0Db@x" },
		{ "rfc822;a+2b@x", NULL, "rfc822;a+2b@x" },
		{ "utf-8;b\\x{F6}b@x",
		    "utf-8;b\xc3\xb6"
		    "b@x",
		    "utf-8;b\\x{F6}b@x" },
		{ "utf-8;b\xc3\xb6"
		  "b@x",
		    "utf-8;b\xc3\xb6"
		    "b@x",
		    "utf-8;b\\x{F6}b@x" },
		{ "utf-8;a\\x{5C}b@x", "utf-8;a\\b@x", "utf-8;a\\x{5C}b@x" },
		{ "utf-8;a\\x{0D}b@x", NULL, "utf-8;a\\x{0D}b@x" },
		{ "utf-8;a\\x{1F600}@x", "utf-8;a\xf0\x9f\x98\x80@x",
		    "utf-8;a\\x{1F600}@x" },
		{ "utf-8;a\\x{@x", NULL, "utf-8;a\\x{@x" },
		{ "utf-8;a=b@x", NULL, "utf-8;a=b@x" },
		{ "utf-8;a b@x", NULL, "utf-8;a b@x" },
		{ "utf-8;a\xff@x", NULL, "utf-8;a\xff@x" },
		{ "nothing", NULL, "nothing" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct buf buf;
		struct err err;
		int ret;

		buf_init(&buf, 0);
		ret = smtp_orcpt_decode(&buf, str_of(cases[i].in), &err);
		if (cases[i].decoded == NULL) {
			if (ret == 0)
				fail_msg("%s was decoded", cases[i].in);
		} else {
			assert_int_equal(ret, 0);
			assert_string_equal(buf_cstr(&buf), cases[i].decoded);
		}
		buf_reset(&buf);
		assert_int_equal(
		    smtp_orcpt_put_ascii(&buf, str_of(cases[i].in)), 0);
		assert_string_equal(buf_cstr(&buf), cases[i].ascii);
		buf_clear(&buf);
	}
}

static void
takes_one_out_before_the_rest_is_parsed(void **state)
{
	static const struct {
		const char *in, *value, *left;
	} cases[] = {
		{ "", "", "" },
		{ " SIZE=1  X=2 ", "2", " SIZE=1" },
		{ " x=", "", "" },
		{ " X=a,b BODY=7BIT", "a,b", " BODY=7BIT" },
		{ " XX=1", "", " XX=1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new(4096);
		struct str params = str_of(cases[i].in), value;

		assert_int_equal(
		    smtp_param_take(&params, STR("X="), arena, &value), 0);
		assert_true(str_eqz(value, cases[i].value));
		assert_true(str_eqz(params, cases[i].left));
		arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_one_out_before_the_rest_is_parsed),
		cmocka_unit_test(reads_what_mail_may_have),
		cmocka_unit_test(refuses_in_mail),
		cmocka_unit_test(reads_what_rcpt_may_have),
		cmocka_unit_test(refuses_in_rcpt),
		cmocka_unit_test(bounds_envid_and_orcpt),
		cmocka_unit_test(decodes_xtext),
		cmocka_unit_test(decodes_orcpt),
	};

	return cmocka_run_group_tests_name("smtpproto/param", tests, NULL,
	    NULL);
}

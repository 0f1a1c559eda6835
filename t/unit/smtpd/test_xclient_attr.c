#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/attr.h"
#include "smtpd/xclient_attr.h"

static void
attributes_are_decoded(void **state)
{
	static const struct {
		const char *in;
		enum xclient_name name;
		const char *value;
	} cases[] = {
		{ "NAME=spike.porcupine.org", XCLIENT_NAME,
		    "spike.porcupine.org" },
		{ "name=x", XCLIENT_NAME, "x" },
		{ " ADDR=168.100.189.2  NAME=x ", XCLIENT_ADDR,
		    "168.100.189.2" },
		{ "ADDR=IPV6:2001:db8::1", XCLIENT_ADDR, "IPV6:2001:db8::1" },
		{ "DESTADDR=ipv6:::1", XCLIENT_DESTADDR, "ipv6:::1" },
		{ "PORT=65535", XCLIENT_PORT, "65535" },
		{ "DESTPORT=0", XCLIENT_DESTPORT, "0" },
		{ "PROTO=esmtp", XCLIENT_PROTO, "esmtp" },
		{ "PROTO=SMTP", XCLIENT_PROTO, "SMTP" },
		{ "HELO=a+3Db", XCLIENT_HELO, "a=b" },
		{ "LOGIN=ada+2Blist@example.test", XCLIENT_LOGIN,
		    "ada+list@example.test" },
		{ "REVERSE_NAME=x", XCLIENT_REVERSE_NAME, "x" },
	};
	struct arena *arena = arena_new(0);
	struct xclient x;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		assert_int_equal(
		    xclient_parse(&x, str_of(cases[i].in), arena, &err), 0);
		assert_int_equal(x.attr[cases[i].name].state, XCLIENT_VALUE);
		assert_true(
		    str_eqz(x.attr[cases[i].name].value, cases[i].value));
	}
	assert_int_equal(xclient_parse(&x,
			     STR("ADDR=[unavailable] NAME=[TEMPUNAVAIL] "
				 "PROTO=ESMTP PORT=25"),
			     arena, &err),
	    0);
	assert_int_equal(x.attr[XCLIENT_ADDR].state, XCLIENT_UNAVAILABLE);
	assert_int_equal(x.attr[XCLIENT_NAME].state, XCLIENT_TEMPUNAVAIL);
	assert_int_equal(x.attr[XCLIENT_HELO].state, XCLIENT_ABSENT);
	assert_true(x.attr[XCLIENT_PROTO].esmtp);
	assert_int_equal(x.attr[XCLIENT_PORT].port, 25);
	arena_free(arena);
}

static void
what_is_written_wrong_is_refused(void **state)
{
	static const char *const cases[] = {
		"",
		" ",
		"NAME",
		"=x",
		"NAME=",
		"FOO=bar",
		"NAME=a NAME=b",
		"NAME=[UNAVAILABLE] NAME=b",
		"NAME=a+20b",
		"NAME=a+0D+0AX",
		"NAME=a+00",
		"NAME=a+C3+A4",
		"NAME=a+3db",
		"NAME=a+",
		"ADDR=192.0.2.256",
		"ADDR=2001:db8::1",
		"ADDR=IPV6:192.0.2.1",
		"ADDR=mx.test",
		"PORT=65536",
		"PORT=x",
		"PROTO=LMTP",
	};
	struct arena *arena = arena_new(0);
	char text[400];
	struct xclient x;
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		assert_int_equal(
		    xclient_parse(&x, str_of(cases[i]), arena, &err), -1);
		assert_int_equal(err.kind, ERR_SYNTAX);
	}
	memset(text, 'x', sizeof(text));
	memcpy(text, "HELO=", 5);
	assert_int_equal(
	    xclient_parse(&x, str_make(text, 5 + 255), arena, &err), 0);
	assert_int_equal(
	    xclient_parse(&x, str_make(text, 5 + 256), arena, &err), -1);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes_are_decoded),
		cmocka_unit_test(what_is_written_wrong_is_refused),
	};

	return cmocka_run_group_tests_name("smtpd/xclient_attr", tests, NULL,
	    NULL);
}

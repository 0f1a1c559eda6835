#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "imap/utf7.h"

static const struct {
	const char *wire, *utf8;
} names[] = {
	{ "", "" },
	{ "INBOX", "INBOX" },
	{ "a&-b", "a&b" },
	{ "&-", "&" },
	{ "&--", "&-" },
	{ "&-&-", "&&" },
	{ "Entw&APw-rfe", "Entw\303\274rfe" },
	/* RFC 3501 section 5.1.3 */
	{ "~peter/mail/&U,BTFw-/&ZeVnLIqe-",
	    "~peter/mail/\345\217\260\345\214\227/"
	    "\346\227\245\346\234\254\350\252\236" },
	{ "&ZeVnLIqe-&-x", "\346\227\245\346\234\254\350\252\236&x" },
	{ "&2D3eAA-", "\360\237\230\200" },
	{ "&2D3eANg93gA-", "\360\237\230\200\360\237\230\200" },
	{ "&AAE-", "\001" },
	{ "&AH8-", "\177" },
	{ "&,,0-", "\357\277\275" },
};

static void
goes_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEMS(names); i++) {
		struct buf out;
		struct err err;

		buf_init(&out, 200);
		assert_int_equal(utf7_decode(&out, str_of(names[i].wire), &err),
		    0);
		assert_string_equal(buf_cstr(&out), names[i].utf8);
		buf_reset(&out);
		assert_int_equal(utf7_encode(&out, str_of(names[i].utf8), &err),
		    0);
		assert_string_equal(buf_cstr(&out), names[i].wire);
		buf_clear(&out);
	}
}

static void
refuses_all_but_the_one_encoding(void **state)
{
	static const char *const cases[] = {
		"\303\274",           /* raw UTF-8 */
		"a\001",              /* control byte */
		"a\177",              /* DEL */
		"&",                  /* not closed */
		"&APw",               /* not closed */
		"&APw=-",             /* padding */
		"&AP/-",              /* the usual alphabet */
		"&A-",                /* six bits */
		"&AP-",               /* twelve bits */
		"&APwA-",             /* a digit too many */
		"&APx-",              /* a spare bit set */
		"&AGE-",              /* "a" needs no shift */
		"&ACY-",              /* nor has "&" that one */
		"&U,BTFw-&ZeVnLIqe-", /* shift after shift */
		"&2D0-",              /* first surrogate alone */
		"&3gA-",              /* second alone */
		"&2D0AYQ-",           /* first, then a letter */
		"&2D3YPQ-",           /* first twice */
		"Jhr&FCE$",           /* a byte outside base64 */
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct buf out;
		struct err err;

		buf_init(&out, 200);
		(void)buf_addz(&out, "kept");
		assert_int_equal(utf7_decode(&out, str_of(cases[i]), &err), -1);
		assert_int_equal(err.kind, ERR_SYNTAX);
		assert_string_equal(buf_cstr(&out), "kept");
		buf_clear(&out);
	}
}

static void
encodes_valid_utf8_only(void **state)
{
	static const char *const cases[] = { "\377", "a\303", "\355\240\200",
		"\300\200" };

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct buf out;
		struct err err;

		buf_init(&out, 200);
		assert_int_equal(utf7_encode(&out, str_of(cases[i]), &err), -1);
		assert_int_equal(err.kind, ERR_SYNTAX);
		assert_int_equal(out.len, 0);
		buf_clear(&out);
	}
}

static void
says_when_there_is_no_room(void **state)
{
	struct buf out;
	struct err err;

	(void)state;
	buf_init(&out, 4);
	assert_int_equal(utf7_decode(&out, STR("INBOX"), &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(out.len, 0);
	buf_reset(&out);
	assert_int_equal(utf7_encode(&out, STR("\303\274"), &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_both_ways),
		cmocka_unit_test(refuses_all_but_the_one_encoding),
		cmocka_unit_test(encodes_valid_utf8_only),
		cmocka_unit_test(says_when_there_is_no_room),
	};

	return cmocka_run_group_tests_name("imap/utf7", tests, NULL, NULL);
}

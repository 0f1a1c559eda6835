#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/buf.h"
#include "mime/header.h"
#include "mime/surrogate.h"

static void
headers_in_utf8_become_ascii_and_all_else_stays(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "A: b\r\n\r\nü", "A: b\r\n\r\nü" },
		{ "A: ü\r\n\r\nü", "A: =?UTF-8?B?w7w=?=\r\n\r\nü" },
		{ "A: b\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
		  "ü\r\n--x\r\nA: ü\r\n\r\nü\r\n--x\r\n\r\nb\r\n--x\r\n"
		  "Content-Description: ö\r\n--x--\r\nü",
		    "A: b\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
		    "ü\r\n--x\r\nA: =?UTF-8?B?w7w=?=\r\n\r\nü\r\n--x\r\n\r\n"
		    "b\r\n--x\r\n"
		    "Content-Description: =?UTF-8?B?w7Y=?=\r\n--x--\r\nü" },
		{ "Content-Type: message/global\r\n\r\nA: ü\r\n\r\nü",
		    "Content-Type: message/rfc822\r\n\r\n"
		    "A: =?UTF-8?B?w7w=?=\r\n\r\nü" },
		{ "Content-Type: message/global\r\n\r\nA: b\r\n\r\nü",
		    "Content-Type: message/global\r\n\r\nA: b\r\n\r\nü" },
		{ "B: ü\r\nContent-Type: message/global\r\n"
		  "Content-Transfer-Encoding: base64\r\n\r\nQQ==",
		    "B: =?UTF-8?B?w7w=?=\r\nContent-Type: message/global\r\n"
		    "Content-Transfer-Encoding: base64\r\n\r\nQQ==" },
		/* older than RFC 6532 */
		{ "A: \xa3\r\n\r\n", "A: \xa3\r\n\r\n" },
		{ "A: ü\r\nB: \xa3\r\n\r\n", "A: ü\r\nB: \xa3\r\n\r\n" },
		{ "A: ü\r\n\r\n\xa3", "A: =?UTF-8?B?w7w=?=\r\n\r\n\xa3" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct arena *arena = arena_new(0);
		struct mime_surrogate made;
		struct buf out;
		struct err err;

		buf_init(&out, 0);
		assert_int_equal(mime_surrogate_make(&made, arena,
				     str_of(cases[i].in), &err),
		    0);
		for (size_t k = 0; k < made.count; k++)
			(void)buf_add_str(&out, made.piece[k]);
		assert_string_equal(buf_cstr(&out), cases[i].out);
		assert_int_equal(made.size, out.len);
		assert_int_equal(made.header, mime_header_size(buf_str(&out)));
		buf_clear(&out);
		arena_free(arena);
	}
}

/* What lies below the limit cannot be looked into: it must be ASCII. */
static void
too_deep_a_message(void **state)
{
	struct arena *arena = arena_new(0);
	struct mime_surrogate made;
	struct buf in;
	struct err err;

	(void)state;
	buf_init(&in, 0);
	for (int i = 0; i < 60; i++)
		(void)buf_addz(&in, "Content-Type: message/rfc822\r\n\r\n");
	assert_int_equal(mime_surrogate_make(&made, arena, buf_str(&in), &err),
	    0);
	(void)buf_addz(&in, "A: ü\r\n\r\n");
	assert_int_equal(mime_surrogate_make(&made, arena, buf_str(&in), &err),
	    -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	buf_clear(&in);
	arena_free(arena);
}

static void
a_full_arena_is_told(void **state)
{
	struct arena *arena = arena_new(64);
	struct mime_surrogate made;
	struct err err;

	(void)state;
	assert_int_equal(mime_surrogate_make(&made, arena,
			     STR("A: ü\r\nB: c\r\n\r\n"), &err),
	    -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    headers_in_utf8_become_ascii_and_all_else_stays),
		cmocka_unit_test(too_deep_a_message),
		cmocka_unit_test(a_full_arena_is_told),
	};

	return cmocka_run_group_tests_name("mime/surrogate", tests, NULL, NULL);
}

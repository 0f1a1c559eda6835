#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/utf8.h"
#include "mime/downgrade.h"
#include "mime/header.h"
#include "mime/word.h"

struct row {
	const char *in, *out;
};

static void
check(const struct row *rows, size_t count, bool is_global)
{
	for (size_t i = 0; i < count; i++) {
		struct arena *arena = arena_new(0);
		struct buf out;
		struct err err;

		buf_init(&out, 0);
		assert_int_equal(mime_downgrade_header(&out, arena,
				     str_of(rows[i].in), is_global, &err),
		    0);
		if (strcmp(buf_cstr(&out), rows[i].out) != 0)
			fail_msg("%s\ngave:\n%s", rows[i].in, buf_cstr(&out));
		assert_true(utf8_is_ascii(buf_str(&out)));
		buf_clear(&out);
		arena_free(arena);
	}
}

static void
ascii_stays_as_it_is(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "\r\n", "\r\n" },
		{ "subject:  x\r\n\ty \r\n\r\n",
		    "subject:  x\r\n\ty \r\n\r\n" },
		{ "From x\nA: b\n", "From x\nA: b\n" },
		{ "A: b", "A: b" },
		{ "Content-Type: message/global\r\n",
		    "Content-Type: message/global\r\n" },
	};

	(void)state;
	check(rows, NELEMS(rows), false);
}

static void
text_becomes_encoded_words(void **state)
{
	static const struct row rows[] = {
		{ "Subject: ü\r\n\r\n", "Subject: =?UTF-8?B?w7w=?=\r\n\r\n" },
		{ "Subject: an ü here\r\n",
		    "Subject: an =?UTF-8?B?w7w=?= here\r\n" },
		{ "Subject: ü ö\r\n", "Subject: =?UTF-8?B?w7wgw7Y=?=\r\n" },
		{ "Subject: a\r\n ü", "Subject: a =?UTF-8?B?w7w=?=" },
		/* the blank beside a word of the writer's own is kept */
		{ "Subject: ü =?x?q?y?=\r\n",
		    "Subject: =?UTF-8?B?w7wg?= =?x?q?y?=\r\n" },
		{ "Subject: =?x?q?y?= ü\r\n",
		    "Subject: =?x?q?y?= =?UTF-8?B?IMO8?=\r\n" },
		{ "Subject: \374\r\n", "Subject: =?unknown-8bit?B?/A==?=\r\n" },
		{ "X-Any: ü; a\r\n", "X-Any: =?UTF-8?B?w7w7?= a\r\n" },
		{ "Keywords: ü, b c,d\r\n",
		    "Keywords: =?UTF-8?B?w7w=?=, b c, d\r\n" },
		{ "Subject: äääääääääääääääääääääää\r\n",
		    "Subject: =?UTF-8?B?w6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOk"
		    "w6TDpMOkw6Q=?=\r\n =?UTF-8?B?w6TDpMOkw6Q=?=\r\n" },
	};

	(void)state;
	check(rows, NELEMS(rows), false);
}

static void
addresses_stay_addresses_where_they_can(void **state)
{
	static const struct row rows[] = {
		{ "From: Jürgen <j@x.test>\r\n",
		    "From: =?UTF-8?B?SsO8cmdlbg==?= <j@x.test>\r\n" },
		{ "To: a@x.test, \"B. C\" <b@x.test>, ü <c@x.test>\r\n",
		    "To: a@x.test, \"B. C\" <b@x.test>, "
		    "=?UTF-8?B?w7w=?= <c@x.test>\r\n" },
		{ "To: a@bücher.test\r\n", "To: a@xn--bcher-kva.test\r\n" },
		{ "To: jürgen@x.test\r\n",
		    "To: =?UTF-8?B?asO8cmdlbkB4LnRlc3Q=?= :;\r\n" },
		{ "To: J <ü@x.test>, b@x.test\r\n",
		    "To: J =?UTF-8?B?w7xAeC50ZXN0?= :;, b@x.test\r\n" },
		{ "Cc: Team: a@x.test, Ü <b@x.test>;, c@x.test\r\n",
		    "Cc: Team: a@x.test, =?UTF-8?B?w5w=?= <b@x.test>;, "
		    "c@x.test\r\n" },
		{ "Cc: Team: a@x.test, ü@x.test;\r\n",
		    "Cc: Team =?UTF-8?B?PGFAeC50ZXN0PiwgPMO8QHgudGVzdD4=?= "
		    ":;\r\n" },
		{ "Cc: Ü:;\r\n", "Cc: =?UTF-8?B?w5w=?=:;\r\n" },
		{ "Return-Path: <ü@x.test>\r\n",
		    "Return-Path: =?UTF-8?B?w7xAeC50ZXN0?= :;\r\n" },
		{ "From: a@x.test (Jürgen)\r\n",
		    "From: =?UTF-8?B?SsO8cmdlbg==?= <a@x.test>\r\n" },
		{ "From: =?x?q?y?= ü <a@x.test>\r\n",
		    "From: =?x?q?y?= =?UTF-8?B?IMO8?= <a@x.test>\r\n" },
		{ "From: ü\r\n", "From: =?UTF-8?B?w7w=?= :;\r\n" },
		{ "From: (ü)\r\n",
		    "Downgraded-From: =?UTF-8?B?KMO8KQ==?=\r\n" },
	};

	(void)state;
	check(rows, NELEMS(rows), false);
}

static void
structured_fields(void **state)
{
	static const struct row rows[] = {
		{ "Date: Mon, 1 Jan 2024 00:00:00 +0000 (ü)\r\n",
		    "Date: Mon, 1 Jan 2024 00:00:00 +0000 "
		    "(=?UTF-8?B?w7w=?=)\r\n" },
		{ "Date: (a) ü\r\n",
		    "Downgraded-Date: (a) =?UTF-8?B?w7w=?=\r\n" },
		{ "Mime-Version: 1.0 (a) (ü",
		    "Mime-Version: 1.0 (a) (=?UTF-8?B?w7w=?=)" },
		{ "Message-ID: <ü@x>\r\n",
		    "Downgraded-Message-ID: =?UTF-8?B?PMO8QHg+?=\r\n" },
		{ "Received: from a by b for <ü@x>; Mon\r\n",
		    "Received: from a by b ; Mon\r\n" },
		{ "Received: from a by b for <ü@x> ; Mon, 1\r\n",
		    "Received: from a by b ; Mon, 1\r\n" },
		{ "Received: from a (ü) for <a@x>; Mon\r\n",
		    "Received: from a (=?UTF-8?B?w7w=?=) for <a@x>; Mon\r\n" },
		{ "Received: from ü for <ü@x>\r\n",
		    "Downgraded-Received: from =?UTF-8?B?w7w=?=\r\n" },
		{ "Received: by b for ü@x", "Received: by b" },
		{ "Received: by (ü) for\r\n",
		    "Received: by (=?UTF-8?B?w7w=?=) for\r\n" },
		{ "Content-Type: text/plain; charset=\"a b\"; name=ü\r\n",
		    "Content-Type: text/plain; charset=\"a b\"; "
		    "name*=UTF-8''%C3%BC\r\n" },
		{ "Content-Disposition: attachment; filename=\"\374 .x\"\r\n",
		    "Content-Disposition: attachment; "
		    "filename*=unknown-8bit''%FC%20.x\r\n" },
		{ "Content-Disposition: a; filename="
		  "\"ääääääääääääääääääääää\"\r\n",
		    "Content-Disposition: a;\r\n "
		    "filename*0*=UTF-8''%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4"
		    "%C3%A4%C3%A4%C3%A4;\r\n "
		    "filename*1*=%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4"
		    "%C3%A4%C3%A4%C3%A4;\r\n filename*2*=%C3%A4%C3%A4%C3%A4"
		    "\r\n" },
		{ "Content-Type: ü/x\r\n",
		    "Downgraded-Content-Type: =?UTF-8?B?w7wveA==?=\r\n" },
		{ "Content-Type: a/b; ü=x\r\n",
		    "Downgraded-Content-Type: a/b; =?UTF-8?B?w7w9eA==?=\r\n" },
		{ "no field ü\r\n\r\n",
		    "Downgraded-Unknown: no field =?UTF-8?B?w7w=?=\r\n\r\n" },
	};
	static const struct row global[] = {
		{ "Content-Type: message/global\r\nA: b\r\n",
		    "Content-Type: message/rfc822\r\nA: b\r\n" },
	};

	(void)state;
	check(rows, NELEMS(rows), false);
	check(global, NELEMS(global), true);
}

static void
what_has_no_form_is_refused(void **state)
{
	struct arena *arena = arena_new(0);
	struct buf out;
	struct err err;

	(void)state;
	buf_init(&out, 0);
	assert_int_equal(
	    mime_downgrade_header(&out, arena,
		STR("Content-Type: multipart/mixed; boundary=\"ü\"\r\n"), false,
		&err),
	    -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	buf_clear(&out);
	buf_init(&out, 10);
	assert_int_equal(mime_downgrade_header(&out, arena,
			     STR("Subject: ü\r\n"), false, &err),
	    -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	buf_clear(&out);
	arena_free(arena);
}

/* Whatever the words: who decodes the surrogate reads what stood there. */
static void
nothing_of_a_subject_is_lost(void **state)
{
	static const char *const subjects[] = {
		"Grüße aus Köln",
		"x ü y",
		"ü  ö",
		"ein sehr langer Betreff mit Umlauten äöü, der über mehrere "
		"Zeilen geht und ŝtrangaj ĉaperoj 漢字漢字漢字漢字漢字漢字漢字漢字"
		"漢字漢字漢字漢字漢字漢字漢字漢字漢字 und wieder ASCII",
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(subjects); i++) {
		struct arena *arena = arena_new(0);
		struct mime_field field;
		struct buf in, out, back;
		struct err err;

		buf_init(&in, 0);
		buf_init(&out, 0);
		buf_init(&back, 0);
		(void)buf_addf(&in, "Subject: %s\r\n", subjects[i]);
		assert_int_equal(mime_downgrade_header(&out, arena,
				     buf_str(&in), false, &err),
		    0);
		assert_true(mime_header_find(buf_str(&out), "Subject", &field));
		assert_int_equal(mime_word_decode(&back,
				     mime_header_unfold(arena, field.value)),
		    0);
		assert_string_equal(buf_cstr(&back), subjects[i]);
		buf_clear(&in);
		buf_clear(&out);
		buf_clear(&back);
		arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ascii_stays_as_it_is),
		cmocka_unit_test(text_becomes_encoded_words),
		cmocka_unit_test(addresses_stay_addresses_where_they_can),
		cmocka_unit_test(structured_fields),
		cmocka_unit_test(what_has_no_form_is_refused),
		cmocka_unit_test(nothing_of_a_subject_is_lost),
	};

	return cmocka_run_group_tests_name("mime/downgrade", tests, NULL, NULL);
}

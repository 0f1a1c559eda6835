/*
 * smtpproto/dotstuff: one exact end of DATA, whatever the pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "smtpproto/dotstuff.h"

struct result {
	bool ended;
	enum dot_fault fault;
	struct buf message; /* freed by the caller */
	size_t left;        /* bytes behind the end */
};

/* Read in, given in pieces of the given size. */
static struct result
read_all(struct str in, size_t piece, bool plain)
{
	struct result result = { 0 };
	struct dot_reader reader;
	struct str run;

	buf_init(&result.message, 0);
	if (plain)
		dot_reader_init_plain(&reader);
	else
		dot_reader_init(&reader);
	while (in.len > 0 && !result.ended) {
		struct str now = str_sub(in, 0, piece);
		/* An exact block, so that reading past it is noticed. */
		char *copy = xmemdup(now.p, now.len);
		struct str rest = { copy, now.len };
		enum dot_result got;

		while ((got = dot_read(&reader, &rest, &run)) == DOT_RUN)
			(void)buf_add_str(&result.message, run);
		result.ended = got == DOT_END;
		str_skip(&in, now.len - rest.len);
		free(copy);
	}
	if (plain)
		(void)dot_reader_finish_plain(&reader);
	result.fault = reader.fault;
	result.left = in.len;
	return result;
}

/* clang-format off */
static const struct {
	const char *in, *message; /* message NULL: refused, not looked at */
	bool ended;
	enum dot_fault fault;
	size_t left;
} cases[] = {
	/* The one end, and what is only like a dot. */
	{ ".\r\n", "", true, 0, 0 },
	{ "a\r\n.\r\n", "a\r\n", true, 0, 0 },
	{ "a\r\n.\r\nQUIT\r\n", "a\r\n", true, 0, 6 },
	{ "a\r\n..\r\n.\r\n", "a\r\n.\r\n", true, 0, 0 },
	{ "a\r\n.b\r\n.\r\n", "a\r\nb\r\n", true, 0, 0 },
	{ "...\r\n.\r\n", "..\r\n", true, 0, 0 },
	{ "a.\r\n.\r\n", "a.\r\n", true, 0, 0 },
	{ "\r\n\r\n.\r\n", "\r\n\r\n", true, 0, 0 },
	{ "a\r\n. \r\n.\r\n", "a\r\n \r\n", true, 0, 0 },
	{ "a\r\n", "a\r\n", false, 0, 0 },
	{ "a\r\n.", "a\r\n", false, 0, 0 },
	{ "a\r\n.\r", "a\r\n", false, 0, 0 },
	{ "", "", false, 0, 0 },
	/* One bare byte. */
	{ "\n.\r\n", NULL, false, DOT_FAULT_LF, 0 },
	{ "\r.\r\n", NULL, false, DOT_FAULT_CR, 0 },
	{ "a\nb\r\n.\r\n", NULL, true, DOT_FAULT_LF, 0 },
	{ "a\rb\r\n.\r\n", NULL, true, DOT_FAULT_CR, 0 },
	/* Two. */
	{ "a\n\n.\r\n\r\n.\r\n", NULL, true, DOT_FAULT_LF, 0 },
	{ "a\r\r\n.\r\n", NULL, true, DOT_FAULT_CR, 0 },
	{ "a\n\r\n.\r\n", NULL, true, DOT_FAULT_LF, 0 },
	{ "a\r\rb\r\n.\r\n", NULL, true, DOT_FAULT_CR, 0 },
	/* False ends: each of the lines' ends spoiled. */
	{ "a\n.\n", NULL, false, DOT_FAULT_LF, 0 },
	{ "a\n.\r\n", NULL, false, DOT_FAULT_LF, 0 },
	{ "a\r.\r", NULL, false, DOT_FAULT_CR, 0 },
	{ "a\r.\r\n", NULL, false, DOT_FAULT_CR, 0 },
	{ "a\r\n.\n", NULL, false, DOT_FAULT_LF, 0 },
	{ "a\r\n.\r", "a\r\n", false, 0, 0 },
	{ "a\r\n.\rx", NULL, false, DOT_FAULT_CR, 0 },
	{ "a\r\n.\r\r\n", NULL, false, DOT_FAULT_CR, 0 },
	{ "a\r\n.\n\r\n", NULL, false, DOT_FAULT_LF, 0 },
	{ "a\n\r.\r\n", NULL, false, DOT_FAULT_LF, 0 },
	{ "a\r\n\n.\r\n", NULL, false, DOT_FAULT_LF, 0 },
	{ "a\r\n\r.\r\n", NULL, false, DOT_FAULT_CR, 0 },
	{ "a\n.\nMAIL FROM:<x@y>\r\n.\r\nQ", NULL, true, DOT_FAULT_LF, 1 },
	/* A fault behind a dot that is not the end. */
	{ "a\r\n..\rb\r\n.\r\n", NULL, true, DOT_FAULT_CR, 0 },
	{ "a\r\n..\n.\r\n\r\n.\r\n", NULL, true, DOT_FAULT_LF, 0 },
};
/* clang-format on */

static void
finds_only_the_one_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t piece = 1; piece <= 32; piece++) {
			struct result got =
			    read_all(str_of(cases[i].in), piece, false);

			if (got.ended != cases[i].ended ||
			    got.fault != cases[i].fault ||
			    got.left != cases[i].left)
				fail_msg("case %zu piece %zu: %d %d %zu", i,
				    piece, got.ended, (int)got.fault, got.left);
			if (cases[i].message != NULL)
				assert_string_equal(buf_cstr(&got.message),
				    cases[i].message);
			buf_clear(&got.message);
		}
}

/* The plain definition, on whole messages: where CR LF "." CR LF ends. */
static bool
ends_by_definition(struct str in, bool *clean)
{
	size_t start = 0;

	*clean = true;
	for (size_t i = 0; i < in.len; i++) {
		bool cr = i > 0 && in.p[i - 1] == '\r';

		if (in.p[i] == '\n' && !cr)
			*clean = false;
		if (in.p[i] != '\n' && cr)
			*clean = false;
		if (in.p[i] != '\n' || !cr)
			continue;
		if (i == start + 2 && in.p[start] == '.')
			return true;
		start = i + 1;
	}
	return false;
}

/* Every string of up to eight of the four bytes that matter. */
static void
agrees_with_the_definition_on_every_short_input(void **state)
{
	static const char alphabet[] = "\r\n.x";
	char text[8];

	(void)state;
	for (size_t len = 0; len <= sizeof(text); len++)
		for (size_t n = 0; n < (size_t)1 << 2 * len; n++) {
			struct str in = { text, len };
			struct result got;
			bool clean, ended;

			for (size_t i = 0; i < len; i++)
				text[i] = alphabet[n >> 2 * i & 3];
			ended = ends_by_definition(in, &clean);
			got = read_all(in, 1 + n % 3, false);
			assert_int_equal(got.ended, ended);
			if (ended)
				assert_int_equal(got.fault == DOT_FAULT_NONE,
				    clean);
			buf_clear(&got.message);
		}
}

static void
chunks_have_no_dots_and_no_end(void **state)
{
	static const struct {
		const char *in;
		enum dot_fault fault;
	} plain[] = {
		{ "", DOT_FAULT_NONE },
		{ ".\r\n", DOT_FAULT_NONE },
		{ "a\r\n.\r\n..\r\nb", DOT_FAULT_NONE },
		{ "a\n", DOT_FAULT_LF },
		{ "a\rb", DOT_FAULT_CR },
		{ "a\r", DOT_FAULT_CR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		for (size_t piece = 1; piece < 12; piece++) {
			struct result got =
			    read_all(str_of(plain[i].in), piece, true);

			assert_false(got.ended);
			assert_int_equal(got.fault, plain[i].fault);
			if (got.fault == DOT_FAULT_NONE)
				assert_string_equal(buf_cstr(&got.message),
				    plain[i].in);
			buf_clear(&got.message);
		}
}

static void
writes_and_reads_back(void **state)
{
	static const struct {
		const char *message, *wire;
	} rows[] = {
		{ "", ".\r\n" },
		{ "a\r\n", "a\r\n.\r\n" },
		{ "a", "a\r\n.\r\n" },
		{ ".\r\n", "..\r\n.\r\n" },
		{ "..a\r\n.b\r\nc.\r\n", "...a\r\n..b\r\nc.\r\n.\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t piece = 1; piece < 12; piece++) {
			struct str rest = str_of(rows[i].message);
			struct dot_writer writer;
			struct result got;
			struct buf out;

			buf_init(&out, 0);
			dot_writer_init(&writer);
			while (rest.len > 0) {
				struct str now = str_sub(rest, 0, piece);

				assert_int_equal(dot_write(&writer, &out, now),
				    0);
				str_skip(&rest, now.len);
			}
			assert_int_equal(dot_write_end(&writer, &out), 0);
			assert_string_equal(buf_cstr(&out), rows[i].wire);
			got = read_all(buf_str(&out), piece, false);
			assert_true(got.ended);
			assert_true(str_starts(buf_str(&got.message),
			    str_of(rows[i].message)));
			buf_clear(&got.message);
			buf_clear(&out);
		}
}

static void
long_lines_come_out_as_they_are(void **state)
{
	char *line = xmalloc(100000);
	struct result got;

	(void)state;
	memset(line, 'x', 100000);
	memcpy(line + 99995, "\r\n.\r\n", 5);
	got = read_all(str_make(line, 100000), 4096, false);
	assert_true(got.ended);
	assert_int_equal(got.message.len, 99997);
	buf_clear(&got.message);
	free(line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_only_the_one_end),
		cmocka_unit_test(
		    agrees_with_the_definition_on_every_short_input),
		cmocka_unit_test(chunks_have_no_dots_and_no_end),
		cmocka_unit_test(writes_and_reads_back),
		cmocka_unit_test(long_lines_come_out_as_they_are),
	};

	return cmocka_run_group_tests_name("smtpproto/dotstuff", tests, NULL,
	    NULL);
}

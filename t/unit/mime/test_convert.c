/*
 * mime/convert: what is changed for a host that takes less, what is not, and
 * what cannot be. Each message goes through in pieces of every size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "mime/convert.h"

static const struct mime_convert_opts seven = {
	.to_seven = true,
	.ascii_header = true,
};
static const struct mime_convert_opts seven_lenient = {
	.to_seven = true,
	.ascii_header = true,
	.lenient = true,
};
static const struct mime_convert_opts lines = { .to_lines = true };
static const struct mime_convert_opts seven_lines = {
	.to_seven = true,
	.to_lines = true,
	.ascii_header = true,
};

static enum mime_fault
run(const struct mime_convert_opts *opts, struct str in, size_t piece,
    struct buf *out)
{
	struct mime_convert *d = mime_convert_new(opts);
	enum mime_fault fault = MIME_FAULT_NONE;

	while (in.len > 0 && fault == MIME_FAULT_NONE) {
		struct str part = str_sub(in, 0, piece);
		/* An exact block, so that reading past it is noticed. */
		char *copy = xmemdup(part.p, part.len);

		fault = mime_convert_put(d, out, str_make(copy, part.len));
		free(copy);
		str_skip(&in, part.len);
	}
	if (fault == MIME_FAULT_NONE)
		fault = mime_convert_end(d, out);
	mime_convert_free(d);
	return fault;
}

struct example {
	const struct mime_convert_opts *opts;
	struct str in;
	const char *out; /* NULL: as it came */
	enum mime_fault fault;
};

static void
check(const struct example *e)
{
	for (size_t piece = 1; piece <= e->in.len + 1; piece++) {
		struct buf out;

		buf_init(&out, 0);
		assert_int_equal(run(e->opts, e->in, piece, &out), e->fault);
		if (e->fault == MIME_FAULT_NONE) {
			struct str want =
			    e->out == NULL ? e->in : str_of(e->out);

			if (!str_eq(buf_str(&out), want))
				assert_string_equal(buf_cstr(&out), want.p);
		}
		buf_clear(&out);
	}
}

static void
check_all(const struct example *examples, size_t len)
{
	for (size_t i = 0; i < len; i++)
		check(&examples[i]);
}

#define CHECK(examples)                                                        \
	check_all(examples, sizeof(examples) / sizeof((examples)[0]))

#define MIXED  "Content-Type: multipart/mixed; boundary=b\r\n"
#define EIGHT  "Content-Transfer-Encoding: 8bit\r\n"
#define SEVEN  "Content-Transfer-Encoding: 7bit\r\n"
#define BINARY "Content-Transfer-Encoding: binary\r\n"
#define QP     "Content-Transfer-Encoding: quoted-printable\r\n"
#define B64    "Content-Transfer-Encoding: base64\r\n"
#define V1     "MIME-Version: 1.0\r\n"
#define UE     "\xc3\xbc"
#define CODED  "=C3=BC"

/* clang-format off */
static void
leaves_alone_what_fits(void **state)
{
	static const struct example examples[] = {
		{ &seven, STR(""), NULL, 0 },
		{ &seven, STR("\r\n"), NULL, 0 },
		{ &seven, STR("Subject: x"), NULL, 0 },
		{ &seven, STR("Subject: x\r\n\r\nhello\r\n"), NULL, 0 },
		{ &seven, STR("Subject: x\r\n\r\nno end"), NULL, 0 },
		{ &seven, STR(V1 SEVEN "\r\nhello\r\n"), NULL, 0 },
		{ &seven, STR(V1 QP "\r\n=C3=BC\r\n"), NULL, 0 },
		{ &seven, STR(V1 B64 "\r\nw7w=\r\n"), NULL, 0 },
		{ &seven, STR("Content-Transfer-Encoding: x-own\r\n\r\na\r\n"),
		    NULL, 0 },
		{ &seven, STR(MIXED "\r\npre\r\n--b\r\n\r\none\r\n--b\r\n"
		    "\r\n--b--\r\npost\r\n--b\r\n"), NULL, 0 },
		{ &seven, STR("Content-Type: multipart/mixed\r\n\r\n--b\r\n"),
		    NULL, 0 },
		/* 8-bit is no trouble for who asks for lines alone */
		{ &lines, STR("Subject: " UE "\r\n\r\n" UE "\r\n"), NULL, 0 },
	};

	(void)state;
	CHECK(examples);
}

static void
encodes_leaves(void **state)
{
	static const struct example examples[] = {
		{ &seven, STR(V1 EIGHT "Content-Type: text/plain\r\n\r\n"
		    UE " =\r\n"),
		    V1 QP "Content-Type: text/plain\r\n\r\n" CODED " =3D\r\n", 0 },
		/* a word that is no longer true; one that was never */
		{ &seven, STR(V1 EIGHT "\r\nseven\r\n"),
		    V1 SEVEN "\r\nseven\r\n", 0 },
		{ &seven, STR(V1 SEVEN "\r\n" UE "\r\n"),
		    V1 QP "Content-Type: text/plain; charset=unknown-8bit\r\n"
		    "\r\n" CODED "\r\n", 0 },
		/* no MIME at all (RFC 1428) */
		{ &seven, STR("Subject: x\r\n\r\n" UE "\r\n"),
		    "Subject: x\r\n" V1
		    "Content-Type: text/plain; charset=unknown-8bit\r\n" QP
		    "\r\n" CODED "\r\n", 0 },
		{ &seven, STR("Content-Type: text/html\r\n\r\n" UE "\r\n"),
		    "Content-Type: text/html\r\n" V1 QP "\r\n" CODED "\r\n", 0 },
		/* NUL is no 7-bit data */
		{ &seven, STR(V1 "Content-Type: text/plain\r\n\r\na\0b\r\n"),
		    V1 "Content-Type: text/plain\r\n" QP "\r\na=00b\r\n", 0 },
		/* the first field of two counts, the other goes */
		{ &seven, STR(V1 "Content-Type: a/b\r\n" EIGHT B64 "\r\n" UE
		    "\r\n"), V1 "Content-Type: a/b\r\n" QP "\r\n" CODED "\r\n", 0 },
		/* folded, with a comment */
		{ &seven, STR(V1 "Content-Type: a/b\r\n"
		    "content-transfer-encoding:\r\n (x) 8BIT\r\n\r\n" UE "\r\n"),
		    V1 "Content-Type: a/b\r\n" QP "\r\n" CODED "\r\n", 0 },
	};

	(void)state;
	CHECK(examples);
}

static void
follows_the_structure(void **state)
{
	static const struct example examples[] = {
		{ &seven, STR(EIGHT MIXED "\r\npre\r\n--b\r\n" EIGHT "\r\n" UE
		    "\r\n--b \t\r\n" B64 "\r\nw7w=\r\n--b\r\n" EIGHT
		    "\r\n-- \r\n--B\r\n" UE "\r\n\r\n--b--\r\n"),
		    SEVEN MIXED "\r\npre\r\n--b\r\n" QP "\r\n" CODED
		    "\r\n--b \t\r\n" B64 "\r\nw7w=\r\n--b\r\n" QP
		    "\r\n-=2D=20\r\n-=2DB\r\n" CODED "\r\n\r\n--b--\r\n", 0 },
		/* a blank at the end, which the boundary takes the line from */
		{ &seven, STR(MIXED "\r\n--b\r\n\r\n" UE " \r\n--b--\r\n"),
		    MIXED "\r\n--b\r\n" QP "\r\n" CODED "=20\r\n--b--\r\n", 0 },
		/* a part has no MIME-Version, a message in it has */
		{ &seven, STR("Content-Type: message/rfc822\r\n" EIGHT "\r\n"
		    "Subject: in\r\n\r\n" UE "\r\n"),
		    "Content-Type: message/rfc822\r\n" SEVEN "\r\n"
		    "Subject: in\r\n" V1
		    "Content-Type: text/plain; charset=unknown-8bit\r\n" QP
		    "\r\n" CODED "\r\n", 0 },
		{ &seven, STR("Content-Type: multipart/digest; boundary=b\r\n"
		    "\r\n--b\r\n\r\n" V1 EIGHT "Content-Type: a/b\r\n\r\n" UE
		    "\r\n--b--\r\n"),
		    "Content-Type: multipart/digest; boundary=b\r\n"
		    "\r\n--b\r\n\r\n" V1 QP "Content-Type: a/b\r\n\r\n" CODED
		    "\r\n--b--\r\n", 0 },
		/* one boundary is the beginning of another */
		{ &seven, STR(MIXED "\r\n--b\r\n"
		    "Content-Type: multipart/mixed; boundary=bb\r\n\r\n"
		    "--bb\r\n\r\n" UE "\r\n--b\r\n\r\n" UE "\r\n--bb\r\n\r\n"
		    UE "\r\n--b--\r\n"),
		    MIXED "\r\n--b\r\n"
		    "Content-Type: multipart/mixed; boundary=bb\r\n\r\n"
		    "--bb\r\n" QP "\r\n" CODED "\r\n--b\r\n" QP "\r\n" CODED
		    "\r\n--bb\r\n" QP "\r\n" CODED "\r\n--b--\r\n", 0 },
		/* a header without a body, and no close delimiter */
		{ &seven, STR(MIXED "\r\n--b\r\nContent-Type: text/html\r\n"
		    "--b\r\n\r\n" UE),
		    MIXED "\r\n--b\r\nContent-Type: text/html\r\n"
		    "--b\r\n" QP "\r\n" CODED, 0 },
		/* of message/ types only the newer may be encoded */
		{ &seven, STR("Content-Type: message/global-headers\r\n" V1
		    "\r\nSubject: " UE "\r\n"),
		    "Content-Type: message/global-headers\r\n" V1 QP
		    "\r\nSubject: " CODED "\r\n", 0 },
	};

	(void)state;
	CHECK(examples);
}

#define SIGNED "Content-Type: multipart/signed; boundary=b\r\n"

static void
says_what_cannot_be_changed(void **state)
{
	static const struct example examples[] = {
		{ &seven, STR("Subject: " UE "\r\n\r\nx\r\n"), NULL,
		    MIME_FAULT_HEADER },
		{ &seven, STR(MIXED "\r\n--b\r\nX: " UE "\r\n\r\n--b--\r\n"),
		    NULL, MIME_FAULT_HEADER },
		{ &seven, STR(MIXED "\r\n" UE "\r\n--b\r\n\r\n--b--\r\n"), NULL,
		    MIME_FAULT_BODY },
		{ &seven, STR(MIXED "\r\n--b\r\n\r\n--b--\r\n" UE "\r\n"), NULL,
		    MIME_FAULT_BODY },
		{ &seven, STR(MIXED "\r\n--b" UE "\r\n\r\n--b--\r\n"), NULL,
		    MIME_FAULT_BODY },
		{ &seven, STR(QP "\r\n" UE "\r\n"), NULL, MIME_FAULT_BODY },
		{ &seven, STR(B64 "\r\n" UE "\r\n"), NULL, MIME_FAULT_BODY },
		{ &seven, STR(B64 MIXED "\r\n--b\r\n\r\n" UE "\r\n"), NULL,
		    MIME_FAULT_BODY },
		{ &seven, STR("Content-Type: message/delivery-status\r\n\r\n"
		    UE "\r\n"), NULL, MIME_FAULT_BODY },
		{ &seven, STR("Content-Type: multipart/mixed\r\n\r\n" UE
		    "\r\n"), NULL, MIME_FAULT_BODY },
		{ &seven, STR(SIGNED "\r\n--b\r\n" EIGHT "\r\n" UE "\r\n--b"
		    "\r\n\r\nsig\r\n--b--\r\n"), NULL, MIME_FAULT_SIGNED },
		{ &lines, STR("X: y\n\r\nx\r\n"), NULL, MIME_FAULT_LINES },
		{ &lines, STR(B64 "\r\nw7w=\n"), NULL, MIME_FAULT_LINES },
		{ &lines, STR(B64 "\r\nw7w=\r"), NULL, MIME_FAULT_LINES },
		{ &lines, STR(SIGNED "\r\n--b\r\n" BINARY "\r\na\nb\r\n--b--"),
		    NULL, MIME_FAULT_LINES },
	};

	(void)state;
	CHECK(examples);
}

static void
keeps_what_is_signed(void **state)
{
	static const struct example examples[] = {
		/* the container's own word is not signed */
		{ &seven, STR(EIGHT SIGNED "\r\n--b\r\n" EIGHT "\r\nseven\r\n"
		    "--b\r\n\r\nsig\r\n--b--\r\n"),
		    SEVEN SIGNED "\r\n--b\r\n" EIGHT "\r\nseven\r\n"
		    "--b\r\n\r\nsig\r\n--b--\r\n", 0 },
		{ &seven, STR(MIXED "\r\n--b\r\n"
		    "Content-Type: multipart/signed; boundary=s\r\n\r\n"
		    "--s\r\n" EIGHT "\r\nx\r\n--s--\r\n--b\r\n\r\n" UE
		    "\r\n--b--\r\n"),
		    MIXED "\r\n--b\r\n"
		    "Content-Type: multipart/signed; boundary=s\r\n\r\n"
		    "--s\r\n" EIGHT "\r\nx\r\n--s--\r\n--b\r\n" QP "\r\n" CODED
		    "\r\n--b--\r\n", 0 },
	};

	(void)state;
	CHECK(examples);
}

static void
lets_pass_what_was_called_seven(void **state)
{
	static const struct example examples[] = {
		{ &seven_lenient, STR("Subject: " UE "\r\n" V1 MIXED "\r\n" UE
		    "\r\n--b\r\n\r\n" UE "\r\n--b\r\n" B64 "\r\n" UE
		    "\r\n--b--\r\n"),
		    "Subject: " UE "\r\n" V1 MIXED "\r\n" UE
		    "\r\n--b\r\n" QP "\r\n" CODED "\r\n--b\r\n" B64 "\r\n" UE
		    "\r\n--b--\r\n", 0 },
	};

	(void)state;
	CHECK(examples);
}

static void
makes_lines_of_what_is_binary(void **state)
{
	static const struct example examples[] = {
		{ &lines, STR(V1 BINARY "\r\na\nb"),
		    V1 B64 "\r\nYQpi\r\n", 0 },
		{ &lines, STR(V1 "Content-Type: a/b\r\n" BINARY
		    "\r\na\0\r\n"), V1 "Content-Type: a/b\r\n" B64 "\r\nYQANCg==\r\n", 0 },
		{ &lines, STR(V1 BINARY "\r\n" UE "\r\n"),
		    V1 EIGHT "\r\n" UE "\r\n", 0 },
		{ &lines, STR(V1 BINARY "\r\na\r\n"),
		    V1 SEVEN "\r\na\r\n", 0 },
		{ &lines, STR(BINARY MIXED "\r\n--b\r\n" BINARY "\r\na\rb\r\n"
		    "--b\r\n" BINARY "\r\n" UE "\r\n--b--"),
		    EIGHT MIXED "\r\n--b\r\n" B64 "\r\nYQ1i\r\n"
		    "--b\r\n" EIGHT "\r\n" UE "\r\n--b--\r\n", 0 },
		{ &seven_lines, STR(BINARY MIXED "\r\n--b\r\n" BINARY
		    "\r\na\r\r\n--b\r\n" BINARY "Content-Type: text/plain\r\n"
		    "\r\n" UE "\r\n--b--\r\n"),
		    SEVEN MIXED "\r\n--b\r\n" B64 "\r\nYQ0=\r\n"
		    "--b\r\n" QP "Content-Type: text/plain\r\n\r\n" CODED
		    "\r\n--b--\r\n", 0 },
		/* a message in a message that ends in its middle */
		{ &lines, STR("Subject: x\r\n\r\nno end"),
		    "Subject: x\r\n" V1 B64 "\r\nbm8gZW5k\r\n", 0 },
		{ &lines, STR("Subject: x"), "Subject: x\r\n", 0 },
		{ &lines, STR(V1 B64 "\r\nw7w="), V1 B64 "\r\nw7w=\r\n", 0 },
	};

	(void)state;
	CHECK(examples);
}
/* clang-format on */

/* What is too large to be looked at is encoded; lines of 998 bytes are lines.
 */
static void
bounds_what_it_holds(void **state)
{
	static const struct {
		const struct mime_convert_opts *opts;
		const char *header;
		size_t line, count;
		const char *word;
	} cases[] = {
		{ &seven, V1 SEVEN, 100, 640, "7bit" },
		{ &seven, V1 SEVEN, 100, 700, "quoted-printable" },
		{ &seven_lenient, V1 SEVEN, 100, 700, "7bit" },
		{ &seven_lenient, V1 EIGHT, 100, 700, "quoted-printable" },
		{ &lines, V1 BINARY, 998, 3, "7bit" },
		{ &lines, V1 BINARY, 999, 3, "base64" },
		{ &lines, V1 BINARY, 100, 700, "base64" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf in, out;

		buf_init(&in, 0);
		buf_init(&out, 0);
		(void)buf_addz(&in, cases[i].header);
		(void)buf_addz(&in, "\r\n");
		for (size_t n = 0; n < cases[i].count; n++) {
			for (size_t k = 0; k < cases[i].line; k++)
				(void)buf_addc(&in, 'x');
			(void)buf_addz(&in, "\r\n");
		}
		assert_int_equal(run(cases[i].opts, buf_str(&in), 5000, &out),
		    MIME_FAULT_NONE);
		assert_true(str_find(buf_str(&out), str_of(cases[i].word)) > 0);
		buf_clear(&in);
		buf_clear(&out);
	}
}

static void
bounds_headers_and_depth(void **state)
{
	struct buf in, out;

	(void)state;
	buf_init(&in, 0);
	buf_init(&out, 0);
	for (int i = 0; i <= MIME_CONVERT_HEADER / 10; i++)
		(void)buf_addz(&in, "X-Field: \r\n");
	(void)buf_addz(&in, "\r\nbody\r\n");
	assert_int_equal(run(&seven, buf_str(&in), 5000, &out),
	    MIME_FAULT_LIMIT);
	buf_reset(&out);
	assert_int_equal(run(&seven_lenient, buf_str(&in), 5000, &out),
	    MIME_FAULT_NONE);
	assert_true(str_eq(buf_str(&in), buf_str(&out)));

	for (int extra = 0; extra < 2; extra++) {
		buf_reset(&in);
		buf_reset(&out);
		for (int i = 0; i < MIME_CONVERT_DEPTH + extra; i++)
			(void)buf_addf(&in,
			    "Content-Type: multipart/mixed; boundary=b%02d\r\n"
			    "\r\n--b%02d\r\n",
			    i, i);
		(void)buf_addz(&in, "\r\n" UE "\r\n");
		assert_int_equal(run(&seven, buf_str(&in), 5000, &out),
		    extra ? MIME_FAULT_DEPTH : MIME_FAULT_NONE);
	}
	buf_clear(&in);
	buf_clear(&out);
}

static void
names_each_fault(void **state)
{
	(void)state;
	for (int i = MIME_FAULT_NONE; i <= MIME_FAULT_LIMIT; i++)
		assert_non_null(mime_fault_text((enum mime_fault)i));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_alone_what_fits),
		cmocka_unit_test(encodes_leaves),
		cmocka_unit_test(follows_the_structure),
		cmocka_unit_test(says_what_cannot_be_changed),
		cmocka_unit_test(keeps_what_is_signed),
		cmocka_unit_test(lets_pass_what_was_called_seven),
		cmocka_unit_test(makes_lines_of_what_is_binary),
		cmocka_unit_test(bounds_what_it_holds),
		cmocka_unit_test(bounds_headers_and_depth),
		cmocka_unit_test(names_each_fault),
	};

	return cmocka_run_group_tests_name("mime/convert", tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "net/line.h"
#include "net/stream.h"

/* A line of at most 5 bytes is taken out of each. */
static const struct {
	const char *in;
	enum line_result result;
	size_t moved; /* bytes taken */
	size_t len;   /* of the line */
} cases[] = {
	{ "", LINE_MORE, 0, 0 },
	{ "\r\n", LINE_OK, 2, 0 },
	{ "\r", LINE_MORE, 0, 0 },
	{ "a\r\nb\r\n", LINE_OK, 3, 1 },
	{ "12345\r\n", LINE_OK, 7, 5 },
	{ "12345\r", LINE_MORE, 0, 5 },
	{ "12345", LINE_MORE, 0, 5 },
	{ "123456", LINE_LONG, 0, 6 },
	{ "123456\r\n", LINE_LONG, 0, 6 },
	{ "1234567\n", LINE_LONG, 0, 6 },
	{ "\n", LINE_BARE_LF, 0, 0 },
	{ "a\nb\r\n", LINE_BARE_LF, 0, 1 },
	{ "12345\n", LINE_BARE_LF, 0, 5 },
	{ "\ra", LINE_BARE_CR, 0, 0 },
	{ "a\r\r\n", LINE_BARE_CR, 0, 1 },
	{ "a\rb\n", LINE_BARE_CR, 0, 1 },
	{ "12345\rx", LINE_BARE_CR, 0, 5 },
};

static void
only_crlf_ends_a_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in), line;

		assert_int_equal(line_take(&in, 5, &line), cases[i].result);
		assert_ptr_equal(in.p, cases[i].in + cases[i].moved);
		assert_ptr_equal(line.p, cases[i].in);
		assert_int_equal(line.len, cases[i].len);
	}
}

static void
a_nul_is_text(void **state)
{
	struct str in = str_make("a\0b\r\n", 5), line;

	(void)state;
	assert_int_equal(line_take(&in, 5, &line), LINE_OK);
	assert_int_equal(line.len, 3);
}

static void
skipping_ends_behind_the_first_lf(void **state)
{
	struct str in = STR("abc\ndef\r\ng");

	(void)state;
	assert_true(line_skip(&in));
	assert_true(str_eqz(in, "def\r\ng"));
	assert_true(line_skip(&in));
	assert_true(str_eqz(in, "g"));
	assert_false(line_skip(&in));
	assert_int_equal(in.len, 0);
	assert_false(line_skip(&in));
}

static void
a_stream_gives_lines_and_drops_refused_ones(void **state)
{
	static const char in[] = "one\r\nbad\nrest\r\ntoo long\r\ntwo\r\nth";
	struct stream *stream;
	struct str line;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(send(pair[1], in, sizeof(in) - 1, 0), sizeof(in) - 1);
	assert_int_equal(shutdown(pair[1], SHUT_WR), 0);
	stream = stream_new(pair[0], 100);
	assert_int_equal(line_read(stream, 5, &line), LINE_OK);
	assert_true(str_eqz(line, "one"));
	assert_int_equal(line_read(stream, 5, &line), LINE_BARE_LF);
	assert_int_equal(line_drop(stream), 0);
	assert_int_equal(line_read(stream, 5, &line), LINE_OK);
	assert_true(str_eqz(line, "rest"));
	assert_int_equal(line_read(stream, 5, &line), LINE_LONG);
	assert_int_equal(line_drop(stream), 0);
	assert_int_equal(line_read(stream, 5, &line), LINE_OK);
	assert_true(str_eqz(line, "two"));
	assert_int_equal(line_read(stream, 5, &line), LINE_MORE);
	assert_int_equal(stream_state(stream), STREAM_EOF);
	assert_int_equal(line_drop(stream), -1);
	stream_free(stream);
	(void)close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_crlf_ends_a_line),
		cmocka_unit_test(a_nul_is_text),
		cmocka_unit_test(skipping_ends_behind_the_first_lf),
		cmocka_unit_test(a_stream_gives_lines_and_drops_refused_ones),
	};

	return cmocka_run_group_tests_name("net/line", tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/deflate.h"
#include "net/stream.h"

/* What bytes become in a deflate of their own. */
static void
pack(struct buf *out, struct str bytes)
{
	struct deflate *deflate = deflate_new();

	buf_init(out, 0);
	deflate_write(deflate, out, bytes, true);
	deflate_free(deflate);
}

static void
feed(struct deflate *deflate, struct str *in)
{
	size_t len;
	char *room = deflate_room(deflate, &len);

	if (len > in->len)
		len = in->len;
	memcpy(room, in->p, len);
	deflate_fed(deflate, len);
	str_skip(in, len);
}

static void
what_is_written_is_read(void **state)
{
	static const size_t sizes[] = { 1, 100, 16384, 1000000 };

	(void)state;
	for (size_t i = 0; i < NELEMS(sizes); i++) {
		struct deflate *deflate = deflate_new();
		char *bytes = malloc(sizes[i]), piece[777];
		struct str in;
		struct buf packed, got;
		ptrdiff_t n;

		for (size_t at = 0; at < sizes[i]; at++)
			bytes[at] = (char)(at * at >> 7);
		pack(&packed, str_make(bytes, sizes[i]));
		in = buf_str(&packed);
		buf_init(&got, 0);
		while (in.len > 0 || deflate_has_more(deflate)) {
			feed(deflate, &in);
			n = deflate_read(deflate, piece, sizeof(piece));
			assert_true(n >= 0);
			(void)buf_add(&got, piece, (size_t)n);
		}
		assert_int_equal(got.len, sizes[i]);
		assert_memory_equal(got.p, bytes, sizes[i]);
		buf_clear(&packed);
		buf_clear(&got);
		free(bytes);
		deflate_free(deflate);
	}
}

static void
nothing_is_flushed_twice(void **state)
{
	struct deflate *deflate = deflate_new();
	struct buf out;
	size_t len;

	(void)state;
	buf_init(&out, 0);
	deflate_write(deflate, &out, STR(""), true);
	assert_int_equal(out.len, 0);
	deflate_write(deflate, &out, STR("* OK\r\n"), true);
	len = out.len;
	assert_true(len > 0);
	deflate_write(deflate, &out, STR(""), true);
	assert_int_equal(out.len, len);
	buf_clear(&out);
	deflate_free(deflate);
}

static void
other_bytes_are_refused(void **state)
{
	static const struct str wrong[] = {
		{ "\x07", 1 },          /* a kind of block there is not */
		{ "a NOOP\r\n", 8 },    /* somebody forgot to compress */
		{ "\x03\x00 more", 7 }, /* the end, and more */
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(wrong); i++) {
		struct deflate *deflate = deflate_new();
		struct str in = wrong[i];
		char piece[100];
		ptrdiff_t n;

		feed(deflate, &in);
		do
			n = deflate_read(deflate, piece, sizeof(piece));
		while (n > 0);
		assert_int_equal(n, -1);
		deflate_free(deflate);
	}
}

/* Two streams that talk, each compressing. */
static void
streams_talk(void **state)
{
	struct stream *one, *two;
	struct str seen;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	one = stream_new(pair[0], 4096);
	two = stream_new(pair[1], 4096);
	assert_int_equal(stream_compress(one), 0);
	stream_putz(one, "hello\r\n");
	assert_int_equal(stream_flush(one), 0);
	/* what came before it was told to is compressed, too */
	assert_int_equal(stream_fill(two), 0);
	assert_int_equal(stream_compress(two), 0);
	assert_true(str_eqz(stream_peek(two), "hello\r\n"));
	stream_skip(two, 7);
	assert_false(stream_is_readable(two));
	/* more than the reader may hold comes in pieces, none overlooked */
	for (int i = 0; i < 10000; i++)
		stream_putz(one, "0123456789");
	assert_int_equal(stream_flush(one), 0);
	for (size_t left = 100000; left > 0; left -= seen.len) {
		if (stream_peek(two).len == 0)
			assert_int_equal(stream_fill(two), 0);
		seen = stream_peek(two);
		assert_true(seen.len > 0 && seen.len <= 4096);
		assert_int_equal(seen.p[0], '0' + (int)((100000 - left) % 10));
		stream_skip(two, seen.len);
	}
	assert_false(stream_is_readable(two));
	stream_free(one);
	assert_int_equal(stream_fill(two), -1);
	assert_int_equal(stream_state(two), STREAM_EOF);
	stream_free(two);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(nothing_is_flushed_twice),
		cmocka_unit_test(other_bytes_are_refused),
		cmocka_unit_test(streams_talk),
	};

	return cmocka_run_group_tests_name("net/deflate", tests, NULL, NULL);
}

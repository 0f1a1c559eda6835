#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "net/stream.h"

static void
make_pair(struct stream **stream, int *other, size_t in_max)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	*stream = stream_new(pair[0], in_max);
	stream_set_timeout(*stream, 60000);
	*other = pair[1];
}

static void
reads_up_to_its_bound_and_then_the_end(void **state)
{
	struct stream *stream;
	int other;

	(void)state;
	make_pair(&stream, &other, 4);
	assert_int_equal(write(other, "abcdef", 6), 6);
	assert_int_equal(stream_fill(stream), 0);
	assert_true(str_eqz(stream_peek(stream), "abcd"));
	assert_int_equal(stream_fill(stream), -1); /* full, not broken */
	assert_int_equal(stream_state(stream), STREAM_OK);
	stream_skip(stream, 3);
	assert_int_equal(stream_fill(stream), 0);
	assert_true(str_eqz(stream_peek(stream), "def"));
	stream_unread(stream, STR("xyz"));
	assert_true(str_eqz(stream_peek(stream), "xyzdef"));
	stream_skip(stream, 6);
	close(other);
	assert_int_equal(stream_fill(stream), -1);
	assert_int_equal(stream_state(stream), STREAM_EOF);
	stream_free(stream);
}

/* Much that waits comes by few reads, and a little takes little room. */
static void
reads_more_where_more_waits(void **state)
{
	static char bytes[100000];
	size_t least[] = { 16384, 32768, 50848 };
	struct stream *stream;
	int other, size = 1 << 20;

	(void)state;
	make_pair(&stream, &other, 131072);
	assert_int_equal(
	    setsockopt(other, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	assert_int_equal(write(other, bytes, sizeof(bytes)), sizeof(bytes));
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(stream_fill(stream), 0);
		assert_int_equal(stream_peek(stream).len, least[i]);
		stream_skip(stream, least[i]);
	}
	close(other);
	stream_free(stream);
}

static void
knows_that_nobody_is_there(void **state)
{
	struct stream *stream;
	int other;

	(void)state;
	make_pair(&stream, &other, 100);
	assert_false(stream_is_gone(stream));
	assert_int_equal(write(other, "abc", 3), 3);
	assert_int_equal(shutdown(other, SHUT_WR), 0);
	assert_int_equal(stream_fill(stream), 0);
	assert_false(stream_is_gone(stream)); /* it may still read */
	close(other);
	assert_true(stream_is_gone(stream));
	assert_true(str_eqz(stream_peek(stream), "abc"));
	stream_free(stream);
}

static void
loses_nothing_when_it_shrinks(void **state)
{
	struct stream *stream;
	char got[8] = "";
	int other;

	(void)state;
	make_pair(&stream, &other, 100);
	stream_shrink(stream); /* nothing there yet */
	assert_int_equal(write(other, "abc", 3), 3);
	assert_int_equal(stream_fill(stream), 0);
	stream_skip(stream, 1);
	stream_putz(stream, "out");
	stream_shrink(stream);
	assert_true(str_eqz(stream_peek(stream), "bc"));
	assert_int_equal(stream_flush(stream), 0);
	assert_int_equal(read(other, got, sizeof(got)), 3);
	assert_string_equal(got, "out");
	stream_skip(stream, 2);
	stream_shrink(stream);
	assert_int_equal(stream_peek(stream).len, 0);
	assert_int_equal(write(other, "de", 2), 2);
	assert_int_equal(stream_fill(stream), 0);
	assert_true(str_eqz(stream_peek(stream), "de"));
	close(other);
	stream_free(stream);
}

static void
answers_leave_before_a_read_waits(void **state)
{
	struct stream *stream;
	char got[8];
	int other;

	(void)state;
	make_pair(&stream, &other, 100);
	stream_set_timeout(stream, 10);
	stream_putf(stream, "%d ok", 250);
	assert_int_equal(recv(other, got, sizeof(got), MSG_DONTWAIT), -1);
	assert_int_equal(stream_fill(stream), -1);
	assert_int_equal(stream_state(stream), STREAM_TIMEOUT);
	assert_int_equal(recv(other, got, sizeof(got), MSG_DONTWAIT), 6);
	assert_memory_equal(got, "250 ok", 6);
	stream_putz(stream, "late");
	assert_int_equal(stream_flush(stream), -1); /* sticky */
	stream_free(stream);
	close(other);
}

static void
a_peer_that_left_is_an_end_not_a_signal(void **state)
{
	struct stream *stream;
	int other;

	(void)state;
	make_pair(&stream, &other, 100);
	close(other);
	stream_putz(stream, "hello");
	assert_int_equal(stream_flush(stream), -1);
	assert_int_equal(stream_state(stream), STREAM_EOF);
	stream_free(stream);
}

static void
large_runs_keep_their_order(void **state)
{
	static char big[100000];
	static char got[100010];
	struct stream *stream;
	size_t len = 0;
	int other, size = 1 << 20;

	(void)state;
	memset(big, 'x', sizeof(big));
	make_pair(&stream, &other, 100);
	setsockopt(stream_fd(stream), SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size));
	stream_putz(stream, "<");
	stream_put(stream, str_make(big, sizeof(big)));
	stream_putz(stream, ">");
	assert_int_equal(stream_flush(stream), 0);
	while (len < sizeof(big) + 2) {
		ssize_t n = read(other, got + len, sizeof(got) - len);

		assert_true(n > 0);
		len += (size_t)n;
	}
	assert_int_equal(got[0], '<');
	assert_int_equal(got[1], 'x');
	assert_int_equal(got[sizeof(big)], 'x');
	assert_int_equal(got[sizeof(big) + 1], '>');
	stream_free(stream);
	close(other);
}

static void
waits_for_either_side(void **state)
{
	struct stream *stream;
	int other, notice[2];

	(void)state;
	make_pair(&stream, &other, 100);
	assert_int_equal(pipe(notice), 0);
	assert_int_equal(stream_wait(stream, notice[0], 1), 0);
	assert_int_equal(write(notice[1], "x", 1), 1);
	assert_int_equal(stream_wait(stream, notice[0], 1000), 2);
	assert_int_equal(write(other, "x", 1), 1);
	assert_int_equal(stream_wait(stream, notice[0], 1000), 3);
	assert_true(stream_is_readable(stream));
	stream_free(stream);
	close(other);
	close(notice[0]);
	close(notice[1]);
}

/*
 * What becomes of a stream that has so long, in ms, and whose peer sends a byte
 * in three hundredths of that: for nearly twice as long, or for ever.
 */
static enum stream_state
fed_by_drops(int budget, unsigned rate, bool for_ever)
{
	enum stream_state state;
	struct stream *stream;
	int other;
	pid_t pid;

	make_pair(&stream, &other, 4096);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(stream_fd(stream));
		for (int n = 0; for_ever || n < 60; n++) {
			(void)poll(NULL, 0, budget * 3 / 100);
			if (send(other, "x", 1, MSG_NOSIGNAL) != 1)
				break;
		}
		_exit(0);
	}
	close(other);
	stream_set_timeout(stream, 60000);
	stream_set_deadline(stream, budget, rate);
	while (stream_fill(stream) == 0)
		;
	state = stream_state(stream);
	stream_free(stream);
	(void)waitpid(pid, NULL, 0);
	return state;
}

/* A byte now and then is in time for each wait, and late for all of them. */
static void
a_peer_that_drips_is_cut_off(void **state)
{
	(void)state;
	assert_int_equal(fed_by_drops(1000, 0, true), STREAM_TIMEOUT);
	assert_int_equal(fed_by_drops(1000, 100000, true), STREAM_TIMEOUT);
}

/*
 * A byte buys 200 ms and comes in 30. Where the peer gets no processor for so
 * long, it has more time for each, and for all of them.
 */
static void
a_peer_that_keeps_up_is_not(void **state)
{
	static const struct {
		int budget;
		unsigned rate;
	} tries[] = { { 1000, 5 }, { 5000, 1 }, { 25000, 1 } };
	enum stream_state ends = STREAM_TIMEOUT;

	(void)state;
	for (size_t i = 0; i < NELEMS(tries) && ends == STREAM_TIMEOUT; i++)
		ends = fed_by_drops(tries[i].budget, tries[i].rate, false);
	assert_int_equal(ends, STREAM_EOF);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_up_to_its_bound_and_then_the_end),
		cmocka_unit_test(reads_more_where_more_waits),
		cmocka_unit_test(knows_that_nobody_is_there),
		cmocka_unit_test(loses_nothing_when_it_shrinks),
		cmocka_unit_test(answers_leave_before_a_read_waits),
		cmocka_unit_test(a_peer_that_left_is_an_end_not_a_signal),
		cmocka_unit_test(large_runs_keep_their_order),
		cmocka_unit_test(waits_for_either_side),
		cmocka_unit_test(a_peer_that_drips_is_cut_off),
		cmocka_unit_test(a_peer_that_keeps_up_is_not),
	};

	return cmocka_run_group_tests_name("net/stream", tests, NULL, NULL);
}

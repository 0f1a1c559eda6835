#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "imapd/input.h"
#include "imapd/session.h"

enum { COMMAND_SIZE = 100 };

struct fixture {
	struct imapd imapd;
	struct session session;
	int client;
};

/* A client that has said this and will say nothing more. */
static void
begin(struct fixture *f, struct str said)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	*f = (struct fixture){ .client = pair[0] };
	f->imapd.conf.command_size = COMMAND_SIZE;
	f->session.imapd = &f->imapd;
	f->session.stream = stream_new(pair[1], COMMAND_SIZE + 50);
	f->session.arena = arena_new(1 << 20);
	buf_init(&f->session.line, COMMAND_SIZE);
	assert_int_equal(write(f->client, said.p, said.len), said.len);
	assert_int_equal(shutdown(f->client, SHUT_WR), 0);
}

/* Ends the session; what the client was told goes to told. */
static void
end(struct fixture *f, char *told, size_t size)
{
	ssize_t len = 0;
	size_t have = 0;

	stream_free(f->session.stream);
	arena_free(f->session.arena);
	buf_clear(&f->session.line);
	while (have + 1 < size &&
	    (len = read(f->client, told + have, size - have - 1)) > 0)
		have += (size_t)len;
	told[have] = '\0';
	(void)close(f->client);
}

#define LONG                                                                   \
	"0123456789012345678901234567890123456789012345678901234567890123"     \
	"4567890123456789012345678901234567890123456789012345678901234567"

static void
gathers_commands(void **state)
{
	static const struct {
		const char *said, *line, *told;
		enum input_result result;
	} cases[] = {
		{ "", "", "", INPUT_END },
		{ "a NO", "", "", INPUT_END },
		{ "a NOOP\r\nb", "a NOOP", "", INPUT_COMMAND },
		{ "\r\n", "", "", INPUT_COMMAND },
		{ "a X {3}\r\nabc y\r\n", "a X {3}\r\nabc y", "+ OK\r\n",
		    INPUT_COMMAND },
		{ "a X {3+}\r\na\r\n {0}\r\n\r\n", "a X {3+}\r\na\r\n {0}\r\n",
		    "+ OK\r\n", INPUT_COMMAND },
		{ "a X {3}\r\nab", "", "+ OK\r\n", INPUT_END },
		{ "a X {3} \r\n", "a X {3} ", "", INPUT_COMMAND },
		/* not in CRLF: refused, and the next one is whole */
		{ "a X\nb Y\r\n", "b Y", "a BAD line does not end in CRLF\r\n",
		    INPUT_COMMAND },
		{ "a X\rZ\r\nb Y\r\n", "b Y",
		    "a BAD line does not end in CRLF\r\n", INPUT_COMMAND },
		/* too long */
		{ "a " LONG "\r\nb Y\r\n", "b Y",
		    "a BAD command line too long\r\n", INPUT_COMMAND },
		{ "a X {99}\r\nb Y\r\n", "b Y", "a BAD literal too large\r\n",
		    INPUT_COMMAND },
		{ "a X {128+}\r\n" LONG " {5+}\r\nabcde z\r\nb Y\r\n", "b Y",
		    "a BAD literal too large\r\n", INPUT_COMMAND },
		{ "a X {128+}\r\n" LONG " {9}\r\nb Y\r\n", "b Y",
		    "a BAD literal too large\r\n", INPUT_COMMAND },
		{ "a X {4294967296}\r\nb Y\r\n", "",
		    "a BAD literal too large\r\n* BYE literal too large\r\n",
		    INPUT_END },
		{ LONG "\r\nb Y\r\n", "b Y", NULL, INPUT_COMMAND },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		enum input_result result;
		struct fixture f;
		char told[500];

		begin(&f, str_of(cases[i].said));
		do {
			result = input_read(&f.session);
		} while (result == INPUT_REFUSED);
		assert_int_equal(result, cases[i].result);
		if (result == INPUT_COMMAND)
			assert_string_equal(buf_cstr(&f.session.line),
			    cases[i].line);
		end(&f, told, sizeof(told));
		if (cases[i].told != NULL)
			assert_string_equal(told, cases[i].told);
	}
}

static void
leaves_the_message_of_an_append(void **state)
{
	static const struct {
		const char *said;
		bool message;
		uint32_t size;
	} cases[] = {
		{ "a APPEND b {310}\r\n", true, 310 },
		{ "a append b (\\Seen) {310+}\r\n", true, 310 },
		{ "a APPEND {1+}\r\nb () {310+}\r\n", true, 310 },
		{ "a APPEND b \" 1-Feb-2024 01:02:03 +0000\" {4294967295}\r\n",
		    true, UINT32_MAX },
		/* the mailbox, not the message */
		{ "a APPEND {3+}\r\nabc\r\n", false, 0 },
		/* wrong before the literal: gathered, and refused by APPEND */
		{ "a APPEND b (\\Foo) {3+}\r\nabc\r\n", false, 0 },
		{ "a APPENDX b {3+}\r\nabc\r\n", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct fixture f;
		char told[100];

		begin(&f, str_of(cases[i].said));
		assert_int_equal(input_read(&f.session), INPUT_COMMAND);
		assert_int_equal(f.session.has_message, cases[i].message);
		if (cases[i].message)
			assert_int_equal(f.session.message.size, cases[i].size);
		end(&f, told, sizeof(told));
		assert_string_equal(told, "");
	}
}

static void
drops_a_message_that_comes_unasked(void **state)
{
	struct fixture f;
	char told[100];

	(void)state;
	begin(&f, STR("a APPEND b {5+}\r\nabcde\r\nb Y\r\n"));
	assert_int_equal(input_read(&f.session), INPUT_COMMAND);
	assert_int_equal(input_drop_message(&f.session), 0);
	assert_int_equal(input_read(&f.session), INPUT_COMMAND);
	assert_string_equal(buf_cstr(&f.session.line), "b Y");
	end(&f, told, sizeof(told));

	/* one that waits for "+" does not come */
	begin(&f, STR("a APPEND b {5}\r\nb Y\r\n"));
	assert_int_equal(input_read(&f.session), INPUT_COMMAND);
	assert_int_equal(input_drop_message(&f.session), 0);
	assert_int_equal(input_read(&f.session), INPUT_COMMAND);
	assert_string_equal(buf_cstr(&f.session.line), "b Y");
	end(&f, told, sizeof(told));

	begin(&f, STR("a APPEND b {5+}\r\nabc"));
	assert_int_equal(input_read(&f.session), INPUT_COMMAND);
	assert_int_equal(input_drop_message(&f.session), -1);
	end(&f, told, sizeof(told));
}

static void
reads_bytes_and_lines(void **state)
{
	struct fixture f;
	struct str line;
	char told[100];

	(void)state;
	begin(&f, STR("abcDONE\r\nx"));
	assert_true(str_eqz(input_bytes(&f.session, 3), "abc"));
	assert_int_equal(input_line(&f.session, &line), 0);
	assert_true(str_eqz(line, "DONE"));
	assert_int_equal(input_line(&f.session, &line), -1);
	end(&f, told, sizeof(told));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gathers_commands),
		cmocka_unit_test(leaves_the_message_of_an_append),
		cmocka_unit_test(drops_a_message_that_comes_unasked),
		cmocka_unit_test(reads_bytes_and_lines),
	};

	return cmocka_run_group_tests_name("imapd/input", tests, NULL, NULL);
}

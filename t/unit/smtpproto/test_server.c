/*
 * smtpproto/server: lines become commands, chunks a message, and the end is
 * where it was meant to be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/fsutil.h"
#include "smtpproto/server.h"

#define SAID_OK "250 2.0.0 Ok\r\n"
#define UNKNOWN "500 5.5.2 Error: command not recognized\r\n"

struct session {
	struct smtp_server server;
	struct dot_reader reader;
	struct buf message, events;
	bool utf8, in_chunks, is_binary;
	int stop_fd;
};

static void
keep(struct session *s, struct str run)
{
	(void)buf_add_str(&s->message, run);
}

static int
fail_command(struct session *s, struct str args)
{
	return smtp_server_reply(&s->server, 550, "5.7.1", "no %" STR_F,
	    STR_A(args));
}

static int
data_command(struct session *s, struct str args)
{
	(void)args;
	(void)smtp_server_reply(&s->server, 354, NULL, "go");
	dot_reader_init(&s->reader);
	if (smtp_server_data(&s->server, &s->reader, keep) < 0)
		return -1;
	return smtp_server_reply(&s->server, 250, NULL, "taken");
}

static int
bdat_command(struct session *s, struct str args)
{
	struct smtp_chunk chunk;
	int ret;

	if (smtp_server_bdat(&s->server, args, &chunk) < 0)
		return -1;
	if (!s->in_chunks)
		dot_reader_init_chunks(&s->reader, s->is_binary);
	s->in_chunks = true;
	ret = smtp_server_chunk(&s->server, &chunk, &s->reader, keep);
	if (ret <= 0)
		return ret;
	return smtp_server_reply(&s->server, 250, NULL, "fault %d",
	    s->reader.fault);
}

static int
skip_command(struct session *s, struct str args)
{
	struct smtp_chunk chunk;

	if (smtp_server_bdat(&s->server, args, &chunk) < 0 ||
	    smtp_server_skip(&s->server, &chunk) < 0)
		return -1;
	return smtp_server_reply(&s->server, 503, NULL, "skipped");
}

static int
lhlo_command(struct session *s, struct str args)
{
	return smtp_server_lhlo(&s->server, args, 77, "\nX");
}

static int
wait_for_line(struct session *s)
{
	return s->stop_fd < 0 ? 0 : smtp_server_wait(&s->server, s->stop_fd, 0);
}

static int
before(struct session *s, const struct smtp_command *command)
{
	(void)buf_addf(&s->events, "%s ",
	    command == NULL ? "?" : command->name);
	return command != NULL && command->flags == 1 ?
	    smtp_server_reply(&s->server, 530, NULL, "not yet") :
	    0;
}

static void
after(struct session *s, const struct smtp_command *command, int ret)
{
	(void)buf_addf(&s->events, "%s%d ", command == NULL ? "?" : "", ret);
}

static void
give_up(struct session *s)
{
	(void)buf_addz(&s->events, "gave up ");
}

static void
reset(struct session *s)
{
	(void)buf_addz(&s->events, "reset ");
}

/* clang-format off */
static const struct smtp_command table[] = {
	{ "LHLO", .run = lhlo_command },
	{ "MAIL", .run = fail_command, .needs_lhlo = true },
	{ "FAIL", .run = fail_command },
	{ "LATE", .run = fail_command, .flags = 1 },
	{ "DATA", .run = data_command },
	{ "BDAT", .run = bdat_command },
	{ "SKIP", .run = skip_command },
	{ "RSET", .common = smtp_server_rset },
	{ "NOOP", .common = smtp_server_noop },
	{ "VRFY", .common = smtp_server_vrfy },
	{ "QUIT", .common = smtp_server_quit },
	{ "HELO", .common = smtp_server_helo },
};
/* clang-format on */

static const struct smtp_server_ops plain = {
	.commands = table,
	.count = NELEMS(table),
	.wait = wait_for_line,
	.reset = reset,
};

static const struct smtp_server_ops full = {
	.commands = table,
	.count = NELEMS(table),
	.wait = wait_for_line,
	.before = before,
	.after = after,
	.give_up = give_up,
	.reset = reset,
	.counts_refusals = true,
};

struct talk {
	const struct smtp_server_ops *ops;
	const char *in, *out;
	const char *events, *message; /* NULL: any */
	bool is_binary;
};

/* The client says all of in at once, then nothing more. */
static void
run(const struct talk *talk)
{
	struct session s = { .stop_fd = -1, .is_binary = talk->is_binary };
	struct str in = str_of(talk->in);
	struct err err;
	char said[4096];
	ssize_t len;
	int fd[2];

	buf_init(&s.message, 0);
	buf_init(&s.events, 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(fs_write_all(fd[0], in.p, in.len, &err), 0);
	assert_int_equal(shutdown(fd[0], SHUT_WR), 0);
	s.server = (struct smtp_server){
		.ops = talk->ops,
		.session = &s,
		.stream = stream_new(fd[1], 4096),
		.hostname = "mx.test",
		.utf8 = &s.utf8,
		.line_max = 40,
		.error_max = 3,
	};
	smtp_server_run(&s.server);
	stream_free(s.server.stream);
	len = read(fd[0], said, sizeof(said) - 1);
	assert_true(len >= 0);
	said[len] = '\0';
	assert_string_equal(said, talk->out);
	if (talk->events != NULL)
		assert_string_equal(buf_cstr(&s.events), talk->events);
	if (talk->message != NULL)
		assert_string_equal(buf_cstr(&s.message), talk->message);
	buf_clear(&s.message);
	buf_clear(&s.events);
	(void)close(fd[0]);
}

static void
run_all(const struct talk *talks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		run(&talks[i]);
}

static void
answers_what_is_common(void **state)
{
	/* clang-format off */
	static const struct talk talks[] = {
		{ &plain, "", "", "", "", false },
		{ &plain, "noop\r\nNoOp x\r\n", SAID_OK SAID_OK, "", NULL, false },
		{ &plain, "RSET\r\n", SAID_OK, "reset ", NULL, false },
		{ &plain, "RSET x\r\n", "501 5.5.4 Syntax: RSET\r\n", "", NULL,
		    false },
		{ &plain, "VRFY\r\nVRFY a\r\n",
		    "501 5.5.4 Syntax: VRFY address\r\n"
		    "252 2.0.0 Cannot VRFY user, but will take mail for those "
		    "who exist\r\n", "", NULL, false },
		{ &plain, "QUIT x\r\nQUIT \r\nNOOP\r\n",
		    "501 5.5.4 Syntax: QUIT\r\n221 2.0.0 Bye\r\n", "", NULL,
		    false },
		{ &plain, "\r\n", UNKNOWN, "", NULL, false },
		{ &plain, "NOOPS\r\n", UNKNOWN, "", NULL, false },
		{ &plain, "HELO c\r\n",
		    "500 5.5.1 Error: this is LMTP, say LHLO\r\n", "", NULL,
		    false },
	};
	/* clang-format on */

	(void)state;
	run_all(talks, NELEMS(talks));
}

static void
wants_lhlo_where_the_table_says_so(void **state)
{
	/* clang-format off */
	static const struct talk talks[] = {
		{ &plain, "MAIL x\r\nLHLO\r\nMAIL y\r\n",
		    "503 5.5.1 Error: send LHLO first\r\n"
		    "501 5.5.4 Syntax: LHLO hostname\r\n"
		    "503 5.5.1 Error: send LHLO first\r\n", "", NULL, false },
		{ &plain, "LHLO c\r\nMAIL  x \r\n",
		    "250-mx.test\r\n250-PIPELINING\r\n250-SIZE 77\r\n"
		    "250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n"
		    "250-SMTPUTF8\r\n250-CHUNKING\r\n250-BINARYMIME\r\n"
		    "250 X\r\n550 5.7.1 no x\r\n", "reset ", NULL, false },
	};
	/* clang-format on */

	(void)state;
	run_all(talks, NELEMS(talks));
}

static void
refuses_what_is_no_line(void **state)
{
	/* clang-format off */
	static const struct talk talks[] = {
		{ &plain, "NOOP\nNOOP\r\nNOOP\r\n",
		    "500 5.5.2 Error: bare <LF> received\r\n" SAID_OK SAID_OK,
		    NULL, NULL, false },
		{ &plain, "NOOP\rNOOP\r\nNOOP\r\n",
		    "500 5.5.2 Error: bare <CR> received\r\n" SAID_OK, NULL,
		    NULL, false },
		/* of 40 octets, and of one more */
		{ &plain, "NOOP 67890123456789012345678901234567890\r\n",
		    SAID_OK, NULL, NULL, false },
		{ &plain, "NOOP 678901234567890123456789012345678901\r\n",
		    "500 5.5.2 Error: line too long\r\n", NULL, NULL, false },
		{ &plain, "NOOP", "", NULL, NULL, false },
	};
	/* clang-format on */

	(void)state;
	run_all(talks, NELEMS(talks));
}

static void
asks_the_program_on_the_way(void **state)
{
	/* clang-format off */
	static const struct talk talks[] = {
		{ &full, "NOOP\r\nFAIL a\r\n", SAID_OK "550 5.7.1 no a\r\n",
		    "NOOP 0 FAIL -1 ", NULL, false },
		{ &full, "LATE\r\n", "530 not yet\r\n", "LATE -1 ", NULL,
		    false },
		{ &full, "WHAT\r\n", UNKNOWN, "? ?-1 ", NULL, false },
		{ &full, "A\n\r\n", "500 5.5.2 Error: bare <LF> received\r\n"
		    UNKNOWN, "?-1 ? ?-1 ", NULL, false },
	};
	/* clang-format on */

	(void)state;
	run_all(talks, NELEMS(talks));
}

#define BYE "421 4.7.0 mx.test Error: too many errors\r\n"
#define NO  "550 5.7.1 no \r\n"

static void
hangs_up_after_errors(void **state)
{
	/* clang-format off */
	static const struct talk talks[] = {
		{ &plain, "A\r\nB\r\nNOOP\r\nRSET x\r\nNOOP\r\n",
		    UNKNOWN UNKNOWN SAID_OK "501 5.5.4 Syntax: RSET\r\n" BYE,
		    NULL, NULL, false },
		/* what is understood and refused counts for some only */
		{ &plain, "FAIL\r\nFAIL\r\nFAIL\r\nFAIL\r\n", NO NO NO NO,
		    NULL, NULL, false },
		{ &full, "FAIL\r\nFAIL\r\nFAIL\r\nFAIL\r\n", NO NO NO BYE,
		    "FAIL -1 FAIL -1 FAIL -1 gave up ", NULL, false },
		/* who leaves is not told off */
		{ &full, "FAIL\r\nFAIL\r\nBDAT x\r\n",
		    NO NO "501 5.5.4 Syntax: BDAT count [LAST]\r\n", NULL,
		    NULL, false },
	};
	/* clang-format on */

	(void)state;
	run_all(talks, NELEMS(talks));
}

static void
takes_messages_to_their_end(void **state)
{
	/* clang-format off */
	static const struct talk talks[] = {
		{ &plain, "DATA\r\na\r\n..b\r\n.\r\nNOOP\r\n",
		    "354 go\r\n250 taken\r\n" SAID_OK, NULL, "a\r\n.b\r\n",
		    false },
		{ &full, "DATA\r\na\r\n", "354 go\r\n", "DATA -1 ", "a\r\n",
		    false },
		{ &plain, "BDAT 4\r\na\r\n.BDAT 3 LAST\r\n\r\nbNOOP\r\n",
		    "250 2.0.0 Ok: 4 bytes\r\n250 fault 0\r\n" SAID_OK, NULL,
		    "a\r\n.\r\nb\r\n", false },
		{ &plain, "BDAT 3\r\na\r\nBDAT 0 last\r\nNOOP\r\n",
		    "250 2.0.0 Ok: 3 bytes\r\n250 fault 0\r\n" SAID_OK, NULL,
		    "a\r\n", false },
		{ &plain, "BDAT 3 LAST\r\na\nb", "250 fault 2\r\n", NULL, NULL,
		    false },
		{ &plain, "BDAT 2 LAST\r\na\r", "250 fault 1\r\n", NULL, NULL,
		    false },
		{ &plain, "BDAT 4 LAST\r\na\nb\r", "250 fault 0\r\n", NULL,
		    "a\nb\r", true },
		{ &plain, "SKIP 6\r\nNOOP\r\nNOOP\r\n",
		    "503 skipped\r\n" SAID_OK, NULL, "", false },
		{ &plain, "BDAT 9\r\nNOOP\r\n", "", NULL, "NOOP\r\n", false },
		{ &plain, "SKIP 9\r\nNOOP\r\n", "", NULL, "", false },
		{ &plain, "BDAT -1\r\nNOOP\r\n",
		    "501 5.5.4 Syntax: BDAT count [LAST]\r\n", NULL, "",
		    false },
	};
	/* clang-format on */

	(void)state;
	run_all(talks, NELEMS(talks));
}

static void
waits_for_the_client_or_the_end(void **state)
{
	static const bool no = false;
	struct smtp_server server = { .hostname = "mx.test", .utf8 = &no };
	char said[100] = "";
	int fd[2], stop[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(pipe(stop), 0);
	server.stream = stream_new(fd[1], 4096);
	assert_int_equal(smtp_server_wait(&server, stop[0], 0), 0);
	assert_int_equal(write(fd[0], "x", 1), 1);
	assert_int_equal(smtp_server_wait(&server, stop[0], 10000), 1);
	assert_false(server.closing);
	assert_int_equal(close(stop[1]), 0);
	assert_int_equal(smtp_server_wait(&server, stop[0], 10000), -1);
	assert_true(server.closing);
	stream_free(server.stream);
	assert_true(read(fd[0], said, sizeof(said) - 1) > 0);
	assert_string_equal(said,
	    "421 4.3.2 mx.test Service is being stopped\r\n");
	(void)close(fd[0]);
	(void)close(stop[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_what_is_common),
		cmocka_unit_test(wants_lhlo_where_the_table_says_so),
		cmocka_unit_test(refuses_what_is_no_line),
		cmocka_unit_test(asks_the_program_on_the_way),
		cmocka_unit_test(hangs_up_after_errors),
		cmocka_unit_test(takes_messages_to_their_end),
		cmocka_unit_test(waits_for_the_client_or_the_end),
	};

	return cmocka_run_group_tests_name("smtpproto/server", tests, NULL,
	    NULL);
}

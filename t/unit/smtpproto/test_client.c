/*
 * smtpproto/client: against a script of replies over a socket pair.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "smtpproto/client.h"

struct pair {
	int fd[2];
	struct smtp_client client;
};

static void
open_pair(struct pair *pair, const char *replies)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair->fd), 0);
	assert_int_equal(send(pair->fd[1], replies, strlen(replies), 0),
	    (ssize_t)strlen(replies));
	smtp_client_init(&pair->client, pair->fd[0], 50);
}

static void
close_pair(struct pair *pair)
{
	smtp_client_clear(&pair->client);
	(void)close(pair->fd[0]);
	(void)close(pair->fd[1]);
}

static void
speaks_a_transaction(void **state)
{
	char sent[400];
	struct pair pair;
	struct err err;
	ssize_t len;

	(void)state;
	open_pair(&pair,
	    "220 hi\r\n250-mx\r\n250 PIPELINING\r\n"
	    "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 go\r\n250 2.0.0 done\r\n");
	assert_int_equal(smtp_client_reply(&pair.client, &err), 0);
	assert_int_equal(pair.client.reply.code, 220);
	assert_int_equal(
	    smtp_client_command(&pair.client, &err, "LHLO %s", "me"), 250);
	assert_string_equal(buf_cstr(&pair.client.reply.text),
	    "mx\nPIPELINING");
	assert_int_equal(smtp_client_queue(&pair.client, &err, "MAIL FROM:<>"),
	    0);
	assert_int_equal(smtp_client_queue(&pair.client, &err, "RCPT TO:<a@b>"),
	    0);
	assert_int_equal(smtp_client_queue(&pair.client, &err, "DATA"), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(smtp_client_reply(&pair.client, &err), 0);
	assert_int_equal(pair.client.reply.code, 354);
	assert_int_equal(
	    smtp_client_queue_data(&pair.client, STR("a\r\n.\r\n"), &err), 0);
	assert_int_equal(smtp_client_reply(&pair.client, &err), 0);
	assert_int_equal(pair.client.reply.status.class, 2);

	len = recv(pair.fd[1], sent, sizeof(sent) - 1, 0);
	assert_true(len > 0);
	sent[len] = '\0';
	assert_string_equal(sent,
	    "LHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n"
	    "a\r\n..\r\n.\r\n");
	close_pair(&pair);
}

static void
gives_up_on_silence_and_on_a_close(void **state)
{
	struct pair pair;
	struct err err;

	(void)state;
	open_pair(&pair, "220");
	assert_int_equal(smtp_client_reply(&pair.client, &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	assert_int_equal(shutdown(pair.fd[1], SHUT_WR), 0);
	assert_int_equal(smtp_client_reply(&pair.client, &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	close_pair(&pair);
}

static void
sends_no_line_end_inside_a_command(void **state)
{
	struct pair pair;
	struct err err;

	(void)state;
	open_pair(&pair, "");
	assert_int_equal(
	    smtp_client_queue(&pair.client, &err, "RCPT TO:<%s>", "a\r\nDATA"),
	    -1);
	assert_int_equal(err.kind, ERR_SYNTAX);
	assert_int_equal(pair.client.out.len, 0);
	close_pair(&pair);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(speaks_a_transaction),
		cmocka_unit_test(gives_up_on_silence_and_on_a_close),
		cmocka_unit_test(sends_no_line_end_inside_a_command),
	};

	return cmocka_run_group_tests_name("smtpproto/client", tests, NULL,
	    NULL);
}

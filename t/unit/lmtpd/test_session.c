#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/fsutil.h"
#include "lmtpd/session.h"
#include "t/lib/lmtpd_peers.h"

#define ID "8f3a91c2d07b5e64.5.1f"

static const struct lmtpd_conf conf = {
	.hostname = "mx.test",
	.mail_name = "Chancery",
	.message_limit = 1000,
	.rcpt_limit = 3,
	.error_limit = 4,
	.timeout = 10,
	.nesting_limit = 50,
	.part_limit = 100,
	.address_limit = 100,
};

struct talk {
	struct lmtpd_peers peers;
	struct buf out; /* all the server said */
	const struct lmtpd_conf *conf;
	bool untrusted;
};

static void
talk_init(struct talk *talk)
{
	*talk = (struct talk){ .conf = &conf };
	lmtpd_peers_init(&talk->peers);
	buf_init(&talk->out, 0);
}

static void
talk_clear(struct talk *talk)
{
	lmtpd_peers_clear(&talk->peers);
	buf_clear(&talk->out);
}

/* The client sends all of in at once, then nothing more. */
static void
talk_run(struct talk *talk, struct str in)
{
	struct peers peers = { &lmtpd_peers_ops, &talk->peers };
	struct session s;
	struct err err;
	char bytes[4096];
	ssize_t len;
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(fs_write_all(fd[0], in.p, in.len, &err), 0);
	assert_int_equal(shutdown(fd[0], SHUT_WR), 0);
	session_init(&s, talk->conf, &peers, stream_new(fd[1], 65536),
	    !talk->untrusted);
	session_run(&s);
	session_clear(&s);
	while ((len = read(fd[0], bytes, sizeof(bytes))) > 0)
		buf_add(&talk->out, bytes, (size_t)len);
	(void)close(fd[0]);
}

/* Behind the greeting and the answer to LHLO. */
static void
assert_says(const char *in, const char *want)
{
	static const char hello[] = "LHLO c\r\n";
	struct talk talk;
	struct buf all;
	const char *said;

	talk_init(&talk);
	buf_init(&all, 0);
	buf_addz(&all, hello);
	buf_addz(&all, in);
	talk_run(&talk, buf_str(&all));
	said = strstr(buf_cstr(&talk.out), "250 XCHANCERY\r\n");
	assert_non_null(said);
	assert_string_equal(said + 15, want);
	buf_clear(&all);
	talk_clear(&talk);
}

static void
assert_asked(const char *in, const char *want)
{
	struct talk talk;

	talk_init(&talk);
	talk_run(&talk, str_of(in));
	assert_string_equal(buf_cstr(&talk.peers.asked), want);
	talk_clear(&talk);
}

static void
greets_and_says_what_it_can(void **state)
{
	struct talk talk;

	(void)state;
	talk_init(&talk);
	talk_run(&talk, STR("LHLO c\r\nQUIT\r\n"));
	assert_string_equal(buf_cstr(&talk.out),
	    "220 mx.test LMTP Chancery\r\n"
	    "250-mx.test\r\n250-PIPELINING\r\n250-SIZE 66536\r\n"
	    "250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
	    "250-CHUNKING\r\n250-BINARYMIME\r\n250 XCHANCERY\r\n221 2.0.0 Bye\r\n");
	talk_clear(&talk);
}

static void
keeps_xchancery_to_qmgr(void **state)
{
	struct talk talk;

	(void)state;
	talk_init(&talk);
	talk.untrusted = true;
	talk_run(&talk,
	    STR("LHLO c\r\nMAIL FROM:<> XCHANCERY=" ID "\r\n"
		"MAIL FROM:<>\r\nRCPT TO:<a@b> XCHANCERY=1\r\n"));
	assert_null(strstr(buf_cstr(&talk.out), "250 XCHANCERY"));
	assert_non_null(strstr(buf_cstr(&talk.out),
	    "501 5.5.4 Bad option: XCHANCERY\r\n"
	    "250 2.1.0 Ok\r\n"
	    "501 5.5.4 Bad option: XCHANCERY\r\n"));
	talk_clear(&talk);
}

static void
answers_each_command(void **state)
{
	(void)state;
	assert_says("NOOP\r\n", "250 2.0.0 Ok\r\n");
	assert_says("rset\r\n", "250 2.0.0 Ok\r\n");
	assert_says("RSET x\r\n", "501 5.5.4 Syntax: RSET\r\n");
	assert_says("QUIT x\r\n", "501 5.5.4 Syntax: QUIT\r\n");
	assert_says("VRFY\r\n", "501 5.5.4 Syntax: VRFY address\r\n");
	assert_says("VRFY a\r\n",
	    "252 2.0.0 Cannot VRFY user, but will take mail for those who "
	    "exist\r\n");
	assert_says("LHLO\r\n", "501 5.5.4 Syntax: LHLO hostname\r\n");
	assert_says("EHLO c\r\n",
	    "500 5.5.1 Error: this is LMTP, say LHLO\r\n");
	assert_says("HELO c\r\n",
	    "500 5.5.1 Error: this is LMTP, say LHLO\r\n");
	assert_says("WHAT\r\n", "500 5.5.2 Error: command not recognized\r\n");
	assert_says("\r\n", "500 5.5.2 Error: command not recognized\r\n");
	assert_says("NOOP\nNOOP\r\n",
	    "500 5.5.2 Error: bare <LF> received\r\n250 2.0.0 Ok\r\n");
}

static void
wants_commands_in_order(void **state)
{
	struct talk talk;

	(void)state;
	talk_init(&talk);
	talk_run(&talk, STR("MAIL FROM:<>\r\n"));
	assert_non_null(strstr(buf_cstr(&talk.out),
	    "503 5.5.1 Error: send LHLO first\r\n"));
	talk_clear(&talk);
	assert_says("RCPT TO:<a@b>\r\n",
	    "503 5.5.1 Error: need MAIL command\r\n");
	assert_says("DATA\r\n", "503 5.5.1 Error: need MAIL command\r\n");
	assert_says("MAIL FROM:<>\r\nMAIL FROM:<>\r\n",
	    "250 2.1.0 Ok\r\n503 5.5.1 Error: nested MAIL command\r\n");
	assert_says("MAIL FROM:<>\r\nDATA\r\n",
	    "250 2.1.0 Ok\r\n503 5.5.1 Error: no valid recipients\r\n");
	assert_says("MAIL FROM:<>\r\nRSET\r\nMAIL FROM:<>\r\nDATA x\r\n",
	    "250 2.1.0 Ok\r\n250 2.0.0 Ok\r\n250 2.1.0 Ok\r\n"
	    "501 5.5.4 Syntax: DATA\r\n");
}

static void
refuses_bad_senders_and_options(void **state)
{
	(void)state;
	assert_says("MAIL\r\n", "501 5.5.4 Syntax: MAIL FROM:<address>\r\n");
	assert_says("MAIL FROM:a\r\n",
	    "501 5.1.7 Bad sender address syntax\r\n");
	assert_says("MAIL FROM:<> RET=FULL\r\n",
	    "555 5.5.4 Unsupported option\r\n");
	assert_says("MAIL FROM:<> SIZE=66536\r\n", "250 2.1.0 Ok\r\n");
	assert_says("MAIL FROM:<> SIZE=66537\r\n",
	    "552 5.3.4 Message size exceeds fixed limit\r\n");
	assert_says("MAIL FROM:<\xc3\xa9@b>\r\n",
	    "553 5.6.7 SMTPUTF8 is required\r\n");
	assert_says("MAIL FROM:<\xc3\xa9@b> SMTPUTF8\r\n", "250 2.1.0 Ok\r\n");
	assert_says("MAIL FROM:<> BODY=8BITMIME XCHANCERY=" ID ",x SIZE=1\r\n",
	    "250 2.1.0 Ok\r\n");
	assert_says("MAIL FROM:<> XCHANCERY=x\r\n",
	    "501 5.5.4 Bad option: XCHANCERY\r\n");
}

static void
tells_at_once_who_has_no_mailbox(void **state)
{
	static const struct {
		const char *rcpt, *want;
	} cases[] = {
		{ "<a@b>", "250 2.1.5 Ok\r\n" },
		{ "<unknown@b>", "550 5.1.1 <unknown@b>: User unknown\r\n" },
		{ "<foreign@b>",
		    "550 5.1.2 <foreign@b>: Not one of our domains\r\n" },
		{ "<disabled@b>",
		    "550 5.2.1 <disabled@b>: The mailbox takes no mail\r\n" },
		{ "<loop@b>",
		    "550 5.4.6 <loop@b>: Aliases run in a circle\r\n" },
		{ "<away@b>", "451 4.3.0 [site] Temporary lookup failure\r\n" },
		{ "<unasked@b>",
		    "451 4.4.3 <unasked@b>: Temporary lookup failure\r\n" },
		{ "<strange@b>",
		    "451 4.3.0 [site] rewrite gave a strange answer\r\n" },
		{ "<>", "501 5.1.3 Bad recipient address syntax\r\n" },
		{ "<a@b> NOTIFY=NEVER", "555 5.5.4 Unsupported option\r\n" },
		{ "<a@b> XCHANCERY=x", "501 5.5.4 Bad option: XCHANCERY\r\n" },
		{ "<a@b> XCHANCERY=4294967296",
		    "501 5.5.4 Bad option: XCHANCERY\r\n" },
		{ "<\xc3\xa9@b>", "553 5.6.7 SMTPUTF8 is required\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct buf in, want;

		buf_init(&in, 0);
		buf_init(&want, 0);
		buf_addf(&in, "MAIL FROM:<>\r\nRCPT TO:%s\r\n", cases[i].rcpt);
		buf_addf(&want, "250 2.1.0 Ok\r\n%s", cases[i].want);
		assert_says(buf_cstr(&in), buf_cstr(&want));
		buf_clear(&in);
		buf_clear(&want);
	}
	assert_says("MAIL FROM:<> XCHANCERY=" ID "\r\nRCPT TO:<a@b>\r\n",
	    "250 2.1.0 Ok\r\n501 5.5.4 XCHANCERY=number is missing\r\n");
	assert_says("MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nRCPT TO:<c@b>\r\n"
		    "RCPT TO:<d@b>\r\nRCPT TO:<e@b>\r\n",
	    "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n"
	    "452 4.5.3 Error: too many recipients\r\n");
}

#define GO "354 End data with <CR><LF>.<CR><LF>\r\n"

static void
answers_for_each_recipient_in_order(void **state)
{
	(void)state;
	assert_says("MAIL FROM:<s@t>\r\nRCPT TO:<a@b>\r\n"
		    "RCPT TO:<unknown@b>\r\nRCPT TO:<full@b>\r\n"
		    "RCPT TO:<again@b>\r\nDATA\r\nA: b\r\n\r\n..x\r\n.\r\n"
		    "DATA\r\n",
	    "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n"
	    "550 5.1.1 <unknown@b>: User unknown\r\n"
	    "250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n" GO
	    "250 2.1.5 <a@b>: saved in INBOX as 7\r\n"
	    "552 5.2.2 <full@b>: Over quota\r\n"
	    "250 2.1.5 <again@b>: had been saved before\r\n"
	    "503 5.5.1 Error: need MAIL command\r\n");
}

#define DELIVER(rcpt, message)                                                 \
	"MAIL FROM:<s@t>\r\nRCPT TO:<" rcpt ">\r\nDATA\r\n" message "\r\n.\r\n"
#define TAKEN "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n" GO

static void
maps_what_the_store_says(void **state)
{
	(void)state;
	assert_says(DELIVER("denied@b", "A: b"),
	    TAKEN "550 5.7.1 <denied@b>: Not allowed\r\n");
	assert_says(DELIVER("odd@b", "A: b"),
	    TAKEN "554 5.6.0 <odd@b>: The store cannot keep this\r\n");
	assert_says(DELIVER("full@b", "A: b"),
	    TAKEN "552 5.2.2 <full@b>: Over quota\r\n");
	assert_says(DELIVER("nouids@b", "A: b"),
	    TAKEN "554 5.2.0 <nouids@b>: The mailbox is full\r\n");
	assert_says(DELIVER("gone@b", "A: b"),
	    TAKEN "451 4.2.0 <gone@b>: The mailbox is not there now\r\n");
	assert_says(DELIVER("down@b", "A: b"),
	    TAKEN "451 4.3.0 [site] The store cannot be reached\r\n");
	assert_says(DELIVER("diskfull@b", "A: b"),
	    TAKEN "452 4.3.1 [site] Insufficient system storage\r\n");
	assert_says(DELIVER("mapfull@b", "A: b"),
	    TAKEN "452 4.3.1 [site] Insufficient system storage\r\n");
}

static void
delivers_a_detail_to_its_mailbox_or_else_to_inbox(void **state)
{
	(void)state;
	assert_says(DELIVER("a+list@b", "A: b"),
	    TAKEN "250 2.1.5 <a+list@b>: saved in list as 7\r\n");
	assert_says(DELIVER("a+other@b", "A: b"),
	    TAKEN "250 2.1.5 <a+other@b>: saved in INBOX as 7\r\n");
	assert_says(DELIVER("a+inbox@b", "A: b"),
	    TAKEN "250 2.1.5 <a+inbox@b>: saved in INBOX as 7\r\n");
	assert_says(DELIVER("a+x//y@b", "A: b"),
	    TAKEN "250 2.1.5 <a+x//y@b>: saved in INBOX as 7\r\n");
	assert_says(DELIVER("gone+list@b", "A: b"),
	    TAKEN "451 4.2.0 <gone+list@b>: The mailbox is not there now\r\n");
}

static void
refuses_a_message_that_was_here_before(void **state)
{
	(void)state;
	assert_says(DELIVER("a@b", "Delivered-To: A@B "),
	    TAKEN "554 5.4.6 <a@b>: mail forwarding loop\r\n");
	assert_says(DELIVER("a@b", "Delivered-To: c@b"),
	    TAKEN "250 2.1.5 <a@b>: saved in INBOX as 7\r\n");
	assert_says(DELIVER("a@b", "A: b\r\n\r\nDelivered-To: a@b"),
	    TAKEN "250 2.1.5 <a@b>: saved in INBOX as 7\r\n");
}

static void
refuses_bare_line_ends(void **state)
{
	(void)state;
	assert_says(DELIVER("a@b", "A: b\nC: d"),
	    TAKEN "550 5.6.0 Error: bare CR or LF received\r\n");
	assert_says(DELIVER("a@b", "A: b\n.\nQUIT"),
	    TAKEN "550 5.6.0 Error: bare CR or LF received\r\n");
}

static void
refuses_a_message_over_the_limit(void **state)
{
	struct talk talk;
	struct buf in;

	(void)state;
	talk_init(&talk);
	buf_init(&in, 0);
	buf_addz(&in, "LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n");
	for (size_t i = 0; i < 1000 + LMTPD_SIZE_SLACK - 1; i++)
		buf_addc(&in, 'x');
	buf_addz(&in, "\r\n.\r\n");
	talk_run(&talk, buf_str(&in));
	assert_non_null(strstr(buf_cstr(&talk.out),
	    GO "552 5.3.4 Error: message file too big\r\n"));
	assert_int_equal(talk.peers.appends, 0);
	buf_clear(&in);
	talk_clear(&talk);
}

static void
asks_the_store_once_for_all(void **state)
{
	(void)state;
	assert_asked("LHLO c\r\nMAIL FROM:<s@t> XCHANCERY=" ID "\r\n"
		     "RCPT TO:<a@b> XCHANCERY=0\r\n"
		     "RCPT TO:<c+list@b> XCHANCERY=9\r\n"
		     "DATA\r\nA: b\r\n.\r\n",
	    "8f3a91c2d07b5e64 " ID " 0 a INBOX 39 6\n"
	    "8f3a91c2d07b5e64 " ID " 9 c list 44 6\n");
	/* chunks, as lines and as they are: 9 bytes with a header of 7 */
	assert_asked("LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\n"
		     "BDAT 7\r\nA: b\r\n\rBDAT 2 LAST\r\n\nx",
	    "0  0 a INBOX 36 11\n");
	assert_asked("LHLO c\r\nMAIL FROM:<> BODY=BINARYMIME\r\n"
		     "RCPT TO:<a@b>\r\n"
		     "BDAT 8\r\nA: b\r\n\r\nBDAT 3 LAST\r\n\n\r.",
	    "0  0 a INBOX 36 11\n");
	assert_asked("LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a+x@b>\r\n"
		     "RCPT TO:<c@b>\r\nDATA\r\n.\r\n",
	    "0  0 a x 38 0\n0  1 c INBOX 36 0\n0  0 a INBOX 38 0\n");
}

static void
forgets_a_transaction_that_breaks_off(void **state)
{
	(void)state;
	assert_asked("LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nA:",
	    "");
	assert_asked("LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nLHLO c\r\n"
		     "DATA\r\nA: b\r\n.\r\n",
	    "");
}

static void
hangs_up_on_who_speaks_nonsense(void **state)
{
	(void)state;
	assert_says("A\r\nB\r\nC\r\nD\r\nNOOP\r\n",
	    "500 5.5.2 Error: command not recognized\r\n"
	    "500 5.5.2 Error: command not recognized\r\n"
	    "500 5.5.2 Error: command not recognized\r\n"
	    "500 5.5.2 Error: command not recognized\r\n"
	    "421 4.7.0 mx.test Error: too many errors\r\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(greets_and_says_what_it_can),
		cmocka_unit_test(keeps_xchancery_to_qmgr),
		cmocka_unit_test(answers_each_command),
		cmocka_unit_test(wants_commands_in_order),
		cmocka_unit_test(refuses_bad_senders_and_options),
		cmocka_unit_test(tells_at_once_who_has_no_mailbox),
		cmocka_unit_test(answers_for_each_recipient_in_order),
		cmocka_unit_test(maps_what_the_store_says),
		cmocka_unit_test(
		    delivers_a_detail_to_its_mailbox_or_else_to_inbox),
		cmocka_unit_test(refuses_a_message_that_was_here_before),
		cmocka_unit_test(refuses_bare_line_ends),
		cmocka_unit_test(refuses_a_message_over_the_limit),
		cmocka_unit_test(asks_the_store_once_for_all),
		cmocka_unit_test(forgets_a_transaction_that_breaks_off),
		cmocka_unit_test(hangs_up_on_who_speaks_nonsense),
	};

	return cmocka_run_group_tests_name("lmtpd/session", tests, NULL, NULL);
}

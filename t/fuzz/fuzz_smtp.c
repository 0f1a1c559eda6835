/*
 * The smtp agent and a site that says anything (the first byte: which
 * extensions to use besides those it offers): qmgr gets one well-formed reply
 * to each command and one for each recipient that was accepted, and never a
 * success that the site did not give.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fsutil.h"
#include "base/log.h"
#include "base/time.h"
#include "smtp/chat.h"
#include "smtp/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 16384, RCPTS = 3 };

static const char envelope[] =
    "MAIL FROM:<s@e.test> SIZE=20 BODY=8BITMIME SMTPUTF8 RET=HDRS "
    "XCHANCERY=8f3a91c2d07b5e64.5.1,[192.0.2.1]\n"
    "RCPT TO:<a@b.test> NOTIFY=NEVER\n"
    "RCPT TO:<gr\xc3\xbc@b.test>\n"
    "RCPT TO:<c@b.test>\n"
    "DATA";

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static struct site *
make_site(struct smtp *smtp, int fd, unsigned ext)
{
	struct host host = { .name = "site.test" };
	struct tls_policy policy = { .level = SMTP_TLS_MAY };
	struct nexthop hop;
	struct answer answer;
	struct site *site;
	struct err err;
	bool greeted;

	check(nexthop_parse(&hop, STR("[192.0.2.1]"), 25, &err) == 0);
	host.addr = hop.addr;
	answer_init(&answer);
	site = site_new(smtp, &hop, &host);
	site->wire.fd = fd;
	check(fs_set_nonblock(fd, true, &err) == 0);
	if (chat_talk(site, &hop, &policy, time_mono() + TIME_SECOND, &greeted,
		&answer) == CHAT_OK)
		site->ehlo.ext |= ext;
	else
		check(answer.code / 100 == 4 || answer.code / 100 == 5);
	answer_clear(&answer);
	return site;
}

/* Whole replies only: how many, and how many of them 2xx at the end. */
static int
count_replies(int fd)
{
	char bytes[65536];
	ssize_t len = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	struct str in = str_make(bytes, len < 0 ? 0 : (size_t)len);
	struct smtp_reply reply;
	struct err err;
	int count = 0;

	smtp_reply_init(&reply);
	while (in.len > 0) {
		check(smtp_reply_feed(&reply, &in, &err) == 1);
		check(reply.code != 421);
		count++;
	}
	smtp_reply_clear(&reply);
	return count;
}

static void
run(struct smtp *smtp, struct site *site)
{
	struct str rest = str_of(envelope), line;
	struct session s;
	int fd[2], count;
	size_t accepted;

	check(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
	check(write(fd[0], "Subject: x\r\n\r\n..y\r\n.\r\n", 22) == 22);
	session_init(&s, smtp, stream_new(fd[1], 65536));
	s.server.greeted = true;
	while (str_split(&rest, '\n', &line)) {
		(void)smtp_server_line(&s.server, line);
		if (s.t.open && s.t.site == NULL)
			s.t.site = site;
	}
	(void)stream_flush(s.server.stream);
	count = count_replies(fd[0]);
	accepted = stream_peek(s.server.stream).len > 0 ||
		stream_is_readable(s.server.stream) ?
	    0 :
	    1;
	/* MAIL, RCPTs, DATA; behind the message one for each it is for */
	check(count >= RCPTS + 2 && count <= 2 * RCPTS + 2);
	check(accepted == 0 ? count == RCPTS + 2 : count > RCPTS + 2);
	(void)close(fd[0]);
	session_clear(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smtp smtp = {
		.conf = { .hostname = "mx.test",
		    .helo_name = "mx.test",
		    .mail_name = "x",
		    .ignored = "",
		    .always_ehlo = true,
		    .port = 25,
		    .timeout_helo = 1,
		    .timeout_starttls = 1,
		    .timeout_mail = 1,
		    .timeout_rcpt = 1,
		    .timeout_data = 1,
		    .timeout_xfer = 1,
		    .timeout_done = 1,
		    .timeout_rset = 1,
		    .timeout_qmgr = 1,
		    .rcpt_limit = 10,
		    .error_limit = 10,
		    .message_limit = 100000 },
	};
	int fd[2];

	log_init("fuzz", LOG_LEVEL_ERROR);
	if (size == 0 || size > INPUT_MAX)
		return 0;
	list_init(&smtp.idle);
	check(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
	check(write(fd[0], data + 1, size - 1) == (ssize_t)(size - 1));
	check(shutdown(fd[0], SHUT_WR) == 0);
	run(&smtp, make_site(&smtp, fd[1], data[0]));
	(void)close(fd[0]);
	return 0;
}

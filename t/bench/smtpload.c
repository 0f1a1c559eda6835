/*
 * smtpload - how fast mail comes in: many SMTP sessions at once from one
 * process, and an eye on every mailbox.
 *
 *	smtpload -s HOST:PORT [-i HOST:PORT] [-c SESSIONS] [-n MESSAGES]
 *	    [-z SIZE] [-r RECIPIENTS] [-u USERS] [-d DOMAIN] [-p PASSWORD] [-P]
 *
 * Recipient k of all goes to u(k mod USERS)@DOMAIN; a message has so many of
 * them that follow each other. The clock starts with the first
 * SMTP connection. With -i each user is logged in by IMAP before that, and
 * the run ends when STATUS shows every message in its mailbox. It fails when a
 * mailbox has more than were sent to it, or gets no further for half a minute.
 * -P waits for each answer instead of pipelining (RFC 2920).
 *
 * Prints "name value" lines, messages taken a second and deliveries (one a
 * recipient) visible a second; anything but success ends the run with exit 1.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"
#include "net/addr.h"
#include "smtpproto/reply.h"

enum {
	IMAP_LINE = 4096,
	PATIENCE = 30, /* s without another message in a mailbox: it is lost */
};

enum step { GREETING, HELLO, MAIL, RCPT, DATA, BODY, BYE };

struct session {
	int fd;
	enum step step;
	struct smtp_reply reply;
	int user;      /* who gets the message first */
	int rcpts;     /* answers to RCPT still to come */
	int64_t began; /* of the message */
};

struct load {
	struct addr smtp, imap;
	bool has_imap, lockstep;
	int sessions, messages, size, users, rcpts;
	const char *domain, *password;
	struct session *session;
	int epoll, open;
	int next, accepted;
	int64_t *took;  /* us for each message accepted */
	int *watch;     /* IMAP descriptors, one a user */
	long *baseline; /* messages there before */
	struct buf text;
};

static int64_t
now(void)
{
	return time_mono();
}

static int
dial(const struct addr *addr)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&sa, addr);
	int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, len) < 0)
		fatal("connect: %s", strerror(errno));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static void
put(int fd, struct str bytes)
{
	while (bytes.len > 0) {
		ssize_t n = send(fd, bytes.p, bytes.len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			fatal("send: %s", strerror(errno));
		if (n > 0)
			str_skip(&bytes, (size_t)n);
	}
}

/* ---- IMAP: one blocking connection a user ---- */

/* Read up to the line that begins with tag; the line before it to last. */
static void
read_answer(int fd, const char *tag, char *last)
{
	char line[IMAP_LINE], c;
	size_t len = 0;

	for (;;) {
		if (recv(fd, &c, 1, 0) != 1)
			fatal("imap: connection lost");
		if (c == '\r')
			continue;
		if (c != '\n') {
			if (len < sizeof(line) - 1)
				line[len++] = c;
			continue;
		}
		line[len] = '\0';
		len = 0;
		if (strncmp(line, tag, strlen(tag)) != 0) {
			memcpy(last, line, sizeof(line));
			continue;
		}
		if (strncmp(line + strlen(tag), " OK", 3) != 0)
			fatal("imap: %s", line);
		return;
	}
}

static long
count_messages(int fd)
{
	char last[IMAP_LINE] = "";
	const char *at;

	put(fd, STR("s STATUS INBOX (MESSAGES)\r\n"));
	read_answer(fd, "s", last);
	at = strstr(last, "MESSAGES ");
	if (at == NULL)
		fatal("imap: %s", last);
	return strtol(at + 9, NULL, 10);
}

static void
log_in_all(struct load *load)
{
	char text[IMAP_LINE], last[IMAP_LINE];
	int len;

	load->watch = xcalloc((size_t)load->users, sizeof(*load->watch));
	load->baseline = xcalloc((size_t)load->users, sizeof(*load->baseline));
	for (int i = 0; i < load->users; i++) {
		int fd = load->watch[i] = dial(&load->imap);

		read_answer(fd, "*", last);
		len = snprintf(text, sizeof(text), "l LOGIN u%d@%s %s\r\n", i,
		    load->domain, load->password);
		put(fd, str_make(text, (size_t)len));
		read_answer(fd, "l", last);
		load->baseline[i] = count_messages(fd);
	}
}

/* Returns when user has as many more as were sent, and not one more. */
static void
wait_user(const struct load *load, int user, long want)
{
	const struct timespec pause = { 0, 5000000 };
	int64_t since = now();
	long before = -1, count;

	while ((count = count_messages(load->watch[user]) -
		       load->baseline[user]) < want) {
		if (count != before)
			since = now();
		before = count;
		if (now() - since > PATIENCE * TIME_SECOND)
			fatal("u%d: %ld messages lost of %ld", user,
			    want - count, want);
		(void)nanosleep(&pause, NULL);
	}
	if (count > want)
		fatal("u%d: %ld messages instead of %ld", user, count, want);
}

static void
wait_visible(const struct load *load)
{
	long total = (long)load->messages * load->rcpts;

	for (int i = 0; i < load->users; i++)
		wait_user(load, i,
		    total / load->users + (i < total % load->users));
}

/* ---- SMTP ---- */

static void
make_text(struct load *load)
{
	static const char line[] =
	    "The quick brown fox jumps over the lazy dog, and so do others."
	    "\r\n";

	buf_init(&load->text, 0);
	(void)buf_addz(&load->text,
	    "From: Sender <sender@elsewhere.test>\r\n"
	    "To: recipients\r\nSubject: a message of the benchmark\r\n"
	    "Date: Sun, 1 Nov 2026 10:00:00 +0000\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n");
	/* Message-ID is added per message: 60 octets and the empty line. */
	while (load->text.len + 62 + sizeof(line) < (size_t)load->size)
		(void)buf_addz(&load->text,
		    load->text.len < 260 ? "X-Filler: 0123456789\r\n" : line);
}

/* Where the header of make_text ends: behind the last X-Filler. */
static size_t
header_end(const struct buf *text)
{
	ptrdiff_t at = str_find(buf_str(text), STR("The quick"));

	return at < 0 ? text->len : (size_t)at;
}

static void
send_body(struct load *load, struct session *session, int number)
{
	size_t head = header_end(&load->text);
	struct buf out;

	buf_init(&out, 0);
	(void)buf_addf(&out,
	    "Message-ID: <%020d.%016llx.bench@elsewhere.test>"
	    "\r\n",
	    number, (unsigned long long)session->began);
	(void)buf_add(&out, load->text.p, head);
	(void)buf_addz(&out, "\r\n");
	(void)buf_add(&out, load->text.p + head, load->text.len - head);
	(void)buf_addz(&out, ".\r\n");
	put(session->fd, buf_str(&out));
	buf_clear(&out);
}

static void say(struct session *session, const char *fmt, ...) PRINTFLIKE(2, 3);

static void
say(struct session *session, const char *fmt, ...)
{
	char text[1000];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(session->fd, str_make(text, (size_t)len));
}

#define MAIL_LINE "MAIL FROM:<sender@elsewhere.test>\r\n"
#define RCPT_LINE "RCPT TO:<u%d@%s>\r\n"
#define DATA_LINE "DATA\r\n"

/* The next RCPT, or with all of them the rest of the envelope. */
static void
say_rcpts(struct load *load, struct session *session, bool all)
{
	int sent = load->rcpts - session->rcpts;
	int end = all ? load->rcpts : sent + 1;
	struct buf out;

	buf_init(&out, 0);
	if (all)
		(void)buf_addz(&out, MAIL_LINE);
	for (; sent < end; sent++)
		(void)buf_addf(&out, RCPT_LINE,
		    (session->user + sent) % load->users, load->domain);
	if (all)
		(void)buf_addz(&out, DATA_LINE);
	put(session->fd, buf_str(&out));
	buf_clear(&out);
}

static void
begin_message(struct load *load, struct session *session)
{
	if (load->next == load->messages) {
		session->step = BYE;
		say(session, "QUIT\r\n");
		return;
	}
	session->step = MAIL;
	session->began = now();
	session->user = (int)((long)load->next++ * load->rcpts % load->users);
	session->rcpts = load->rcpts;
	if (load->lockstep)
		say(session, MAIL_LINE);
	else
		say_rcpts(load, session, true);
}

/* One reply has come. */
static void
advance(struct load *load, struct session *session)
{
	static const int wanted[] = { 220, 250, 250, 250, 354, 250, 221 };
	int code = session->reply.code;

	if (code != wanted[session->step])
		fatal("step %d: %d %s", (int)session->step, code,
		    buf_cstr(&session->reply.text));
	switch (session->step) {
	case GREETING:
		say(session, "EHLO bench.elsewhere.test\r\n");
		session->step = HELLO;
		break;
	case HELLO:
		begin_message(load, session);
		break;
	case MAIL:
		session->step = RCPT;
		if (load->lockstep)
			say_rcpts(load, session, false);
		break;
	case RCPT:
		if (--session->rcpts > 0) {
			if (load->lockstep)
				say_rcpts(load, session, false);
			break;
		}
		session->step = DATA;
		if (load->lockstep)
			say(session, DATA_LINE);
		break;
	case DATA:
		session->step = BODY;
		send_body(load, session, load->next);
		break;
	case BODY:
		load->took[load->accepted++] = now() - session->began;
		begin_message(load, session);
		break;
	case BYE:
		(void)close(session->fd);
		session->fd = -1;
		load->open--;
		break;
	}
}

static void
serve(struct load *load, struct session *session)
{
	char bytes[16384];
	struct err err;
	struct str in;
	ssize_t n = recv(session->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		fatal("smtp: connection lost at step %d", (int)session->step);
	in = str_make(bytes, (size_t)n);
	while (in.len > 0 && session->fd >= 0) {
		int ret = smtp_reply_feed(&session->reply, &in, &err);

		if (ret < 0)
			fatal("smtp: %s", err.text);
		if (ret > 0)
			advance(load, session);
	}
}

static void
run_smtp(struct load *load)
{
	struct epoll_event events[64];

	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	load->session = xcalloc((size_t)load->sessions, sizeof(struct session));
	for (int i = 0; i < load->sessions; i++) {
		struct session *session = &load->session[i];
		struct epoll_event event = {
			.events = EPOLLIN,
			.data.ptr = session,
		};

		session->fd = dial(&load->smtp);
		smtp_reply_init(&session->reply);
		(void)epoll_ctl(load->epoll, EPOLL_CTL_ADD, session->fd,
		    &event);
		load->open++;
	}
	while (load->open > 0) {
		int n = epoll_wait(load->epoll, events, 64, 120000);

		if (n == 0)
			fatal("smtp: no answer for two minutes");
		for (int i = 0; i < n; i++)
			serve(load, events[i].data.ptr);
	}
}

static int
by_size(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return left < right ? -1 : left > right;
}

static void
print(struct load *load, int64_t accepted, int64_t visible)
{
	size_t count = (size_t)load->accepted;

	qsort(load->took, count, sizeof(*load->took), by_size);
	printf("accepted_per_s %.0f\n",
	    load->messages * 1e6 / (double)accepted);
	if (load->has_imap)
		printf("visible_per_s %.0f\n",
		    (double)load->messages * load->rcpts * 1e6 /
			(double)visible);
	printf("median_ms %.2f\n", (double)load->took[count / 2] / 1000);
	printf("p99_ms %.2f\n", (double)load->took[count * 99 / 100] / 1000);
}

static void
parse_options(struct load *load, int argc, char **argv)
{
	struct err err = { 0 };
	bool has_smtp = false;
	int c;

	while ((c = getopt(argc, argv, "s:i:c:n:z:r:u:d:p:P")) >= 0) {
		if (c == 's')
			has_smtp = addr_parse(&load->smtp, str_of(optarg), 25,
				       &err) == 0;
		else if (c == 'i')
			load->has_imap = addr_parse(&load->imap, str_of(optarg),
					     143, &err) == 0;
		else if (c == 'c')
			load->sessions = atoi(optarg);
		else if (c == 'n')
			load->messages = atoi(optarg);
		else if (c == 'z')
			load->size = atoi(optarg);
		else if (c == 'r')
			load->rcpts = atoi(optarg);
		else if (c == 'u')
			load->users = atoi(optarg);
		else if (c == 'd')
			load->domain = optarg;
		else if (c == 'p')
			load->password = optarg;
		else if (c == 'P')
			load->lockstep = true;
		else
			fatal("usage: see the head of smtpload.c");
	}
	if (!has_smtp || err.kind != ERR_NONE || load->sessions < 1 ||
	    load->messages < 1 || load->users < 1 || load->rcpts < 1 ||
	    load->rcpts > load->users)
		fatal("usage: see the head of smtpload.c");
}

int
main(int argc, char **argv)
{
	struct load load = {
		.sessions = 20,
		.messages = 20000,
		.size = 4096,
		.users = 200,
		.rcpts = 1,
		.domain = "example.test",
		.password = "secret",
	};
	int64_t began, accepted;

	log_init("smtpload", LOG_LEVEL_ERROR);
	parse_options(&load, argc, argv);
	load.took = xcalloc((size_t)load.messages, sizeof(*load.took));
	make_text(&load);
	if (load.has_imap)
		log_in_all(&load);
	began = now();
	run_smtp(&load);
	accepted = now() - began;
	if (load.has_imap)
		wait_visible(&load);
	print(&load, accepted, now() - began);
	return 0;
}

/*
 * notice - tells recipients that a message to them is in quarantine.
 *
 * In plain words, with nothing of the message but its sender's address, its
 * From and its Subject, each made printable and cut: neither the virus nor an
 * address to click on comes along.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hex.h"
#include "base/rand.h"
#include "base/time.h"
#include "mime/header.h"
#include "smtpd/content.h"

enum { SHOWN = 120, NOTICE_MAX = 16384 };

/* Printable ASCII; what else there is becomes a question mark. */
static void
put_plain(struct buf *out, const char *label, struct str text)
{
	text = str_trim(str_sub(text, 0, SHOWN));
	if (text.len == 0)
		return;
	(void)buf_addz(out, label);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.p[i];

		if (c == '\r' || c == '\n' || c == '\t')
			c = ' ';
		(void)buf_addc(out, c < ' ' || c > '~' ? '?' : c);
	}
	(void)buf_addz(out, "\r\n");
}

static void
put_header(struct buf *out, const struct session *s)
{
	int64_t seconds = time_real() / TIME_SECOND;
	char date[TIME_RFC5322_SIZE], digits[17];
	uint64_t number = rand_u64();

	hex_encode(digits, &number, sizeof(number));
	time_format_rfc5322(date, seconds);
	(void)buf_addf(out,
	    "Date: %s\r\n"
	    "From: Mail Delivery System <MAILER-DAEMON@%s>\r\n"
	    "To: undisclosed-recipients:;\r\n"
	    "Subject: A message to you was stopped: it contains a virus\r\n"
	    "Message-ID: <%lld.%s@%s>\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n"
	    "\r\n",
	    date, s->conf->hostname, (long long)seconds, digits,
	    s->conf->hostname);
}

static void
put_text(struct buf *out, const struct content *c, struct str header)
{
	const struct session *s = c->s;
	struct mime_field field;

	(void)buf_addz(out,
	    "A message that was sent to you contains a virus. It was not\r\n"
	    "delivered. It is kept apart, where it can do no harm, and will\r\n"
	    "be deleted after some time.\r\n"
	    "\r\n");
	put_plain(out, "    Virus:    ", str_of(c->found));
	put_plain(out, "    Sent by:  ",
	    s->t.sender.address.len > 0 ? s->t.sender.address :
					  STR("(no address)"));
	if (mime_header_find(header, "From", &field))
		put_plain(out, "    From:     ", field.value);
	if (mime_header_find(header, "Subject", &field))
		put_plain(out, "    Subject:  ", field.value);
	put_plain(out, "    Number:   ", str_of(s->t.id));
	(void)buf_addz(out,
	    "\r\n"
	    "You need not do anything. The address it names as its sender\r\n"
	    "may well be forged. If you are sure that you need this message,\r\n"
	    "ask your administrator for it, with the number above.\r\n");
}

/* Those whose mailboxes are here: nobody else is to hear from us. */
static size_t
pick_rcpts(const struct session *s, struct queue_rcpt *out)
{
	size_t len = 0;

	for (size_t i = 0; i < s->t.rcpt_len; i++) {
		const struct queue_rcpt *rcpt = &s->t.rcpts[i];

		if (!str_eqz(rcpt->transport, s->conf->local_transport))
			continue;
		out[len] = *rcpt;
		out[len].orcpt = out[len].sender = STR("");
		out[len++].notify = 0;
	}
	return len;
}

/* The first piece of the message, as far as it is header. */
static int
read_header(const struct content *c, char piece[CONTENT_PIECE], struct str *out,
    struct err *err)
{
	uint64_t at = c->prefix.len;

	if (content_read(c, &at, piece, out, err) < 0)
		return -1;
	*out = str_sub(*out, 0, (size_t)c->s->t.body.header_len);
	return 0;
}

int
notice_send(struct content *c, struct err *err)
{
	struct session *s = c->s;
	struct queue_rcpt *rcpts = xcalloc(s->t.rcpt_len, sizeof(*rcpts));
	struct queue_commit ask = {
		.sender = STR(""),
		.body_type = QUEUE_7BIT,
		.envid = STR(""),
		.client_addr = STR(""),
		.client_name = STR(""),
		.helo = STR(""),
		.protocol = STR(""),
		.sasl_user = STR(""),
		.hold = STR(""),
		.rcpts = { rcpts, pick_rcpts(s, rcpts) },
		.prefix = STR(""),
	};
	char piece[CONTENT_PIECE];
	struct str header;
	struct buf text;
	int ret;

	buf_init(&text, NOTICE_MAX);
	put_header(&text, s);
	ask.header_len = text.len;
	ret = read_header(c, piece, &header, err);
	if (ret == 0)
		put_text(&text, c, header);
	ask.body = buf_str(&text);
	if (ret == 0 && ask.rcpts.count > 0)
		ret = s->peers->ops->notice(s->peers->ctx, &ask, err);
	buf_clear(&text);
	free(rcpts);
	return ret;
}

#include "qmgr/bounce.h"

#include "base/time.h"
#include "base/utf8.h"
#include "mime/encode.h"
#include "smtpproto/param.h"

bool
bounce_is_utf8(const struct bounce *bounce)
{
	if (!utf8_is_ascii(bounce->to) ||
	    !utf8_is_ascii(bounce->record->sender))
		return true;
	for (size_t i = 0; i < bounce->rcpts; i++) {
		if (!utf8_is_ascii(bounce->rcpt[i].address) ||
		    !utf8_is_ascii(bounce->rcpt[i].original))
			return true;
	}
	return bounce->record->smtputf8;
}

/* Must the UTF-8 forms go through 7-bit hosts? */
static bool
needs_base64(const struct bounce *b)
{
	return bounce_is_utf8(b) && utf8_is_ascii(b->to);
}

static const char *
subject_of(const struct bounce *b)
{
	switch (b->kind) {
	case BOUNCE_OF_DELAY:
		return "Delayed Mail (still being retried)";
	case BOUNCE_OF_SUCCESS:
		return "Successful Mail Delivery Report";
	case BOUNCE_TO_POSTMASTER:
		return "Postmaster Copy: Undelivered Mail";
	default:
		return "Undelivered Mail Returned to Sender";
	}
}

static void
write_header(struct buf *out, const struct bounce *b)
{
	bool whole = str_chr(b->to, '@') >= 0; /* not just "postmaster" */
	char date[TIME_RFC5322_SIZE];

	time_format_rfc5322(date, b->now);
	(void)buf_addf(out,
	    "Date: %s\r\n"
	    "From: Mail Delivery System <MAILER-DAEMON@%s>\r\n"
	    "To: <%" STR_F "%s%s>\r\n"
	    "Subject: %s\r\n"
	    "Message-ID: <%s@%s>\r\n"
	    "Auto-Submitted: auto-replied\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=%s;\r\n"
	    "\tboundary=\"%s\"\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n"
	    "\r\n",
	    date, b->hostname, STR_A(b->to), whole ? "" : "@",
	    whole ? "" : b->hostname, subject_of(b), b->message_id, b->hostname,
	    bounce_is_utf8(b) ? "global-delivery-status" : "delivery-status",
	    b->boundary);
}

/* Append content as the body of a part, whose last header field this ends. */
static void
write_content(struct buf *out, const struct bounce *b, struct str content)
{
	if (!needs_base64(b)) {
		(void)buf_addz(out, "Content-Transfer-Encoding: 8bit\r\n\r\n");
		(void)buf_add_str(out, content);
		return;
	}
	(void)buf_addz(out, "Content-Transfer-Encoding: base64\r\n\r\n");
	(void)mime_encode_all(out, MIME_BASE64, content);
}

static const char *
explanation(const struct bounce *b)
{
	switch (b->kind) {
	case BOUNCE_OF_DELAY:
		return "Your message has not been delivered yet. It is tried "
		       "again; you need\r\nnot send it anew.\r\n\r\n";
	case BOUNCE_OF_SUCCESS:
		return "Your message has reached these recipients, or a host "
		       "that reports no\r\nfurther, or was passed on to those "
		       "an address stands for.\r\n\r\n";
	case BOUNCE_TO_POSTMASTER:
		return "A message could not be delivered, and its sender cannot "
		       "be told. What\r\nis left of it is attached.\r\n\r\n";
	default:
		if (b->expired)
			return "Your message could not be delivered for too "
			       "long and is\r\nreturned. It was not "
			       "delivered to:\r\n\r\n";
		return "Your message could not be delivered to one or "
		       "more\r\nrecipients. What is left of it is "
		       "attached.\r\n\r\n";
	}
}

static void
write_notice(struct buf *out, const struct bounce *b)
{
	struct buf text;

	buf_init(&text, 0);
	(void)buf_addf(&text, "This is the mail system at host %s.\r\n\r\n%s",
	    b->hostname, explanation(b));
	for (size_t i = 0; i < b->rcpts; i++) {
		const struct bounce_rcpt *rcpt = &b->rcpt[i];

		(void)buf_addf(&text, "<%" STR_F ">", STR_A(rcpt->address));
		if (rcpt->original.len > 0 &&
		    !str_eq(rcpt->original, rcpt->address))
			(void)buf_addf(&text, " (expanded from <%" STR_F ">)",
			    STR_A(rcpt->original));
		if (rcpt->host.len > 0)
			(void)buf_addf(&text, ": host %" STR_F " said",
			    STR_A(rcpt->host));
		(void)buf_addf(&text, ": %" STR_F "\r\n",
		    STR_A(rcpt->diagnostic));
	}
	(void)buf_addf(out,
	    "This is a MIME-encapsulated message.\r\n"
	    "\r\n--%s\r\n"
	    "Content-Description: Notification\r\n"
	    "Content-Type: text/plain; charset=%s\r\n",
	    b->boundary, bounce_is_utf8(b) ? "utf-8" : "us-ascii");
	write_content(out, b, buf_str(&text));
	buf_clear(&text);
}

/*
 * Original-Recipient: its value taken from ORCPT without the encoding (RFC
 * 3461 section 6.3, RFC 6533 section 3). What does not decode stays as it is;
 * control bytes hidden in it do not get out.
 */
static void
write_orcpt(struct buf *out, struct str orcpt)
{
	struct buf decoded;
	struct err err;

	if (orcpt.len == 0)
		return;
	buf_init(&decoded, 2048);
	if (smtp_orcpt_decode(&decoded, orcpt, &err) < 0) {
		buf_reset(&decoded);
		(void)buf_add_str(&decoded, orcpt);
	}
	(void)buf_addf(out, "Original-Recipient: %" STR_F "\r\n",
	    STR_A(buf_str(&decoded)));
	buf_clear(&decoded);
}

static void
write_envid(struct buf *out, struct str envid)
{
	struct buf decoded;
	struct err err;

	if (envid.len == 0)
		return;
	buf_init(&decoded, 300);
	/* smtpd refused those with bytes that would break the line */
	if (smtp_xtext_decode(&decoded, envid, &err) == 0)
		(void)buf_addf(out, "Original-Envelope-Id: %" STR_F "\r\n",
		    STR_A(buf_str(&decoded)));
	buf_clear(&decoded);
}

static void
write_rcpt(struct buf *out, const struct bounce *b,
    const struct bounce_rcpt *rcpt)
{
	static const char *const actions[] = {
		[BOUNCE_FAILED] = "failed",
		[BOUNCE_DELAYED] = "delayed",
		[BOUNCE_DELIVERED] = "delivered",
		[BOUNCE_RELAYED] = "relayed",
		[BOUNCE_EXPANDED] = "expanded",
	};
	char date[TIME_RFC5322_SIZE];

	(void)buf_addz(out, "\r\n");
	write_orcpt(out, rcpt->orcpt);
	(void)buf_addf(out,
	    "Final-Recipient: %s; %" STR_F "\r\n"
	    "Action: %s\r\n"
	    "Status: %" STR_F "\r\n",
	    bounce_is_utf8(b) ? "utf-8" : "rfc822", STR_A(rcpt->address),
	    actions[rcpt->action], STR_A(rcpt->status));
	if (rcpt->host.len > 0)
		(void)buf_addf(out, "Remote-MTA: dns; %" STR_F "\r\n",
		    STR_A(rcpt->host));
	if (rcpt->diagnostic.len > 0)
		(void)buf_addf(out, "Diagnostic-Code: %s; %" STR_F "\r\n",
		    is_digit(rcpt->diagnostic.p[0]) ? "smtp" : "x-chancery",
		    STR_A(rcpt->diagnostic));
	if (rcpt->action != BOUNCE_DELAYED)
		return;
	time_format_rfc5322(date, b->retry_until);
	(void)buf_addf(out, "Will-Retry-Until: %s\r\n", date);
}

/* RFC 3464 section 2.2 and 2.3: a group for the message, one a recipient. */
static void
write_status(struct buf *out, const struct bounce *b)
{
	char date[TIME_RFC5322_SIZE];
	struct buf text;

	time_format_rfc5322(date, b->record->arrival / TIME_SECOND);
	buf_init(&text, 0);
	write_envid(&text, b->record->envid);
	(void)buf_addf(&text,
	    "Reporting-MTA: dns; %s\r\n"
	    "X-Chancery-Queue-ID: %s\r\n"
	    "Arrival-Date: %s\r\n",
	    b->hostname, b->id, date);
	for (size_t i = 0; i < b->rcpts; i++)
		write_rcpt(&text, b, &b->rcpt[i]);
	(void)buf_addf(out,
	    "\r\n--%s\r\n"
	    "Content-Description: Delivery report\r\n"
	    "Content-Type: message/%s\r\n",
	    b->boundary,
	    bounce_is_utf8(b) ? "global-delivery-status" : "delivery-status");
	/* 7bit is the default, and all that RFC 3464 allows */
	if (!bounce_is_utf8(b)) {
		(void)buf_addz(out, "\r\n");
		(void)buf_add_str(out, buf_str(&text));
	} else {
		write_content(out, b, buf_str(&text));
	}
	buf_clear(&text);
}

static void
write_original(struct buf *out, const struct bounce *b)
{
	bool utf8 = bounce_is_utf8(b);
	const char *type = b->whole ?
	    (utf8 ? "message/global" : "message/rfc822") :
	    utf8 ? "message/global-headers" :
		   "text/rfc822-headers";
	struct buf text;

	(void)buf_addf(out,
	    "\r\n--%s\r\n"
	    "Content-Description: %s\r\n"
	    "Content-Type: %s\r\n",
	    b->boundary, b->whole ? "Undelivered message" : "Message header",
	    type);
	buf_init(&text, 0);
	(void)buf_add_str(&text, b->header);
	if (b->whole)
		(void)buf_add_str(&text, b->body);
	write_content(out, b, buf_str(&text));
	buf_clear(&text);
	(void)buf_addf(out, "\r\n--%s--\r\n", b->boundary);
}

size_t
bounce_write(struct buf *out, const struct bounce *bounce)
{
	size_t from = out->len, header;

	write_header(out, bounce);
	header = out->len - from;
	write_notice(out, bounce);
	write_status(out, bounce);
	write_original(out, bounce);
	return header;
}

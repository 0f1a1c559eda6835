#include "qmgr/bounce.h"

#include "base/time.h"

static bool
is_ascii(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if ((unsigned char)s.p[i] > 127)
			return false;
	}
	return true;
}

bool
bounce_is_utf8(const struct bounce *bounce)
{
	if (!is_ascii(bounce->record->sender))
		return true;
	for (size_t i = 0; i < bounce->rcpts; i++) {
		if (!is_ascii(bounce->rcpt[i].address) ||
		    !is_ascii(bounce->rcpt[i].original))
			return true;
	}
	return bounce->record->smtputf8;
}

static void
write_header(struct buf *out, const struct bounce *b)
{
	char date[TIME_RFC5322_SIZE];

	time_format_rfc5322(date, b->now);
	(void)buf_addf(out,
	    "Date: %s\r\n"
	    "From: Mail Delivery System <MAILER-DAEMON@%s>\r\n"
	    "To: <%" STR_F ">\r\n"
	    "Subject: %s\r\n"
	    "Message-ID: <%s@%s>\r\n"
	    "Auto-Submitted: auto-replied\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=%s;\r\n"
	    "\tboundary=\"%s\"\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n"
	    "\r\n",
	    date, b->hostname, STR_A(b->record->sender),
	    b->action == BOUNCE_FAILED ? "Undelivered Mail Returned to Sender" :
					 "Successful Mail Delivery Report",
	    b->message_id, b->hostname,
	    bounce_is_utf8(b) ? "global-delivery-status" : "delivery-status",
	    b->boundary);
}

static void
write_notice(struct buf *out, const struct bounce *b)
{
	(void)buf_addf(out,
	    "This is a MIME-encapsulated message.\r\n"
	    "\r\n--%s\r\n"
	    "Content-Description: Notification\r\n"
	    "Content-Type: text/plain; charset=%s\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n"
	    "\r\n"
	    "This is the mail system at host %s.\r\n\r\n",
	    b->boundary, bounce_is_utf8(b) ? "utf-8" : "us-ascii", b->hostname);
	if (b->action == BOUNCE_DELIVERED)
		(void)buf_addz(out, "Your message was delivered to:\r\n\r\n");
	else
		(void)buf_addz(out,
		    b->expired ?
			"Your message could not be delivered for too long "
			"and is\r\nreturned. It was not delivered to:\r\n\r\n" :
			"Your message could not be delivered to one or "
			"more\r\nrecipients. What is left of it is "
			"attached.\r\n\r\n");
	for (size_t i = 0; i < b->rcpts; i++) {
		const struct bounce_rcpt *rcpt = &b->rcpt[i];

		(void)buf_addf(out, "<%" STR_F ">", STR_A(rcpt->address));
		if (rcpt->original.len > 0 &&
		    !str_eq(rcpt->original, rcpt->address))
			(void)buf_addf(out, " (expanded from <%" STR_F ">)",
			    STR_A(rcpt->original));
		(void)buf_addf(out, ": %" STR_F "\r\n",
		    STR_A(rcpt->diagnostic));
	}
}

/* RFC 3464 section 2.2 and 2.3: a group for the message, one a recipient. */
static void
write_status(struct buf *out, const struct bounce *b)
{
	const char *type = bounce_is_utf8(b) ? "utf-8" : "rfc822";
	char date[TIME_RFC5322_SIZE];

	time_format_rfc5322(date, b->record->arrival / TIME_SECOND);
	(void)buf_addf(out,
	    "\r\n--%s\r\n"
	    "Content-Description: Delivery report\r\n"
	    "Content-Type: message/%s\r\n"
	    "\r\n"
	    "Reporting-MTA: dns; %s\r\n"
	    "X-Chancery-Queue-ID: %s\r\n",
	    b->boundary,
	    bounce_is_utf8(b) ? "global-delivery-status" : "delivery-status",
	    b->hostname, b->id);
	if (b->record->envid.len > 0)
		(void)buf_addf(out, "Original-Envelope-Id: %" STR_F "\r\n",
		    STR_A(b->record->envid));
	(void)buf_addf(out, "Arrival-Date: %s\r\n", date);
	for (size_t i = 0; i < b->rcpts; i++) {
		const struct bounce_rcpt *rcpt = &b->rcpt[i];

		(void)buf_addz(out, "\r\n");
		if (rcpt->orcpt.len > 0)
			(void)buf_addf(out,
			    "Original-Recipient: %" STR_F "\r\n",
			    STR_A(rcpt->orcpt));
		(void)buf_addf(out,
		    "Final-Recipient: %s; %" STR_F "\r\n"
		    "Action: %s\r\n"
		    "Status: %" STR_F "\r\n"
		    "Diagnostic-Code: smtp; %" STR_F "\r\n",
		    type, STR_A(rcpt->address),
		    b->action == BOUNCE_FAILED ? "failed" : "delivered",
		    STR_A(rcpt->status), STR_A(rcpt->diagnostic));
	}
}

static void
write_original(struct buf *out, const struct bounce *b)
{
	bool utf8 = bounce_is_utf8(b);
	const char *type = b->whole ?
	    (utf8 ? "message/global" : "message/rfc822") :
	    utf8 ? "message/global-headers" :
		   "text/rfc822-headers";

	(void)buf_addf(out,
	    "\r\n--%s\r\n"
	    "Content-Description: %s\r\n"
	    "Content-Type: %s\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n"
	    "\r\n",
	    b->boundary, b->whole ? "Undelivered message" : "Message header",
	    type);
	(void)buf_add_str(out, b->header);
	if (b->whole)
		(void)buf_add_str(out, b->body);
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

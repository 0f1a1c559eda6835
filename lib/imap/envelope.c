#include "imap/envelope.h"

#include "imap/token.h"

/* address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")" */
static void
put_address(struct buf *out, const struct envelope_address *address)
{
	(void)buf_addc(out, '(');
	(void)token_put_nstring(out, address->name);
	(void)buf_addc(out, ' ');
	(void)token_put_nstring(out, address->route);
	(void)buf_addc(out, ' ');
	(void)token_put_nstring(out, address->mailbox);
	(void)buf_addc(out, ' ');
	(void)token_put_nstring(out, address->host);
	(void)buf_addc(out, ')');
}

int
envelope_put_list(struct buf *out, const struct envelope_list *list)
{
	if (list->len == 0)
		return buf_add(out, "NIL", 3);
	(void)buf_addc(out, '(');
	for (size_t i = 0; i < list->len; i++)
		put_address(out, &list->address[i]);
	return buf_addc(out, ')');
}

int
envelope_put(struct buf *out, const struct envelope *envelope)
{
	const struct envelope_list *from = &envelope->from;
	const struct envelope_list *lists[] = {
		from,
		envelope->sender.len > 0 ? &envelope->sender : from,
		envelope->reply_to.len > 0 ? &envelope->reply_to : from,
		&envelope->to,
		&envelope->cc,
		&envelope->bcc,
	};

	(void)buf_addc(out, '(');
	(void)token_put_nstring(out, envelope->date);
	(void)buf_addc(out, ' ');
	(void)token_put_nstring(out, envelope->subject);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		(void)buf_addc(out, ' ');
		(void)envelope_put_list(out, lists[i]);
	}
	(void)buf_addc(out, ' ');
	(void)token_put_nstring(out, envelope->in_reply_to);
	(void)buf_addc(out, ' ');
	(void)token_put_nstring(out, envelope->message_id);
	return buf_addc(out, ')');
}

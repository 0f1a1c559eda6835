#include "imap/envelope.h"

#include "imap/token.h"

/* NIL where the string is empty. */
static void
put_or_nil(struct buf *out, struct str s)
{
	(void)token_put_nstring(out, s.len > 0 ? s : (struct str){ NULL, 0 });
}

/* address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")" */
static void
put_address(struct buf *out, const struct mime_address *address)
{
	if (address->kind == MIME_ADDRESS_GROUP_END) {
		(void)buf_addz(out, "(NIL NIL NIL NIL)");
		return;
	}
	(void)buf_addc(out, '(');
	put_or_nil(out, address->name);
	(void)buf_addc(out, ' ');
	put_or_nil(out, address->route);
	(void)buf_addc(out, ' ');
	(void)token_put_string(out, address->mailbox);
	(void)buf_addc(out, ' ');
	if (address->kind == MIME_ADDRESS_GROUP)
		(void)buf_addz(out, "NIL");
	else
		(void)token_put_string(out, address->host);
	(void)buf_addc(out, ')');
}

/* env-from = "(" 1*address ")" / nil */
static void
put_list(struct buf *out, const struct mime_address_list *list)
{
	const struct mime_address *address;

	if (list->first == NULL) {
		(void)buf_addz(out, "NIL");
		return;
	}
	(void)buf_addc(out, '(');
	for (address = list->first; address != NULL; address = address->next)
		put_address(out, address);
	(void)buf_addc(out, ')');
}

int
envelope_put(struct buf *out, const struct mime_envelope *envelope)
{
	(void)buf_addc(out, '(');
	(void)token_put_nstring(out, envelope->date);
	(void)buf_addc(out, ' ');
	(void)token_put_nstring(out, envelope->subject);
	for (int i = 0; i < MIME_ENVELOPE_LISTS; i++) {
		(void)buf_addc(out, ' ');
		put_list(out,
		    mime_envelope_list(envelope, (enum mime_envelope_field)i));
	}
	(void)buf_addc(out, ' ');
	(void)token_put_nstring(out, envelope->in_reply_to);
	(void)buf_addc(out, ' ');
	(void)token_put_nstring(out, envelope->message_id);
	return buf_addc(out, ')');
}

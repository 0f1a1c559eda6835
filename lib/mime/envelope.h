/*
 * envelope - the header fields that IMAP's ENVELOPE shows (RFC 3501 section
 * 7.4.2), parsed.
 *
 * Strings are unfolded and otherwise as received (encoded words kept); p is
 * NULL where the field is absent. Of a field given twice the first counts,
 * only address fields add up. Sender and Reply-To are empty lists when absent:
 * mime_envelope_list() gives from in their stead, as ENVELOPE must.
 *
 * Ownership: everything lies in the message or the arena.
 */
#ifndef MIME_ENVELOPE_H
#define MIME_ENVELOPE_H

#include "base/arena.h"
#include "base/str.h"
#include "mime/address.h"
#include "mime/header.h"

enum mime_envelope_field { /* in ENVELOPE's order */
	MIME_FROM,
	MIME_SENDER,
	MIME_REPLY_TO,
	MIME_TO,
	MIME_CC,
	MIME_BCC,
	MIME_ENVELOPE_LISTS,
};

struct mime_envelope {
	struct str date, subject, in_reply_to, message_id;
	struct mime_address_list list[MIME_ENVELOPE_LISTS];
};

/* Does the field belong to an envelope? Then take it in. */
bool mime_envelope_add(struct mime_envelope *envelope, struct arena *arena,
    const struct mime_field *field, size_t max_addresses);

/* Fill envelope from the header at the front of message. */
void mime_envelope_parse(struct mime_envelope *envelope, struct arena *arena,
    struct str message, size_t max_addresses);

/* The list to show, with from where sender or reply-to is empty. */
const struct mime_address_list *mime_envelope_list(
    const struct mime_envelope *envelope, enum mime_envelope_field field);

#endif

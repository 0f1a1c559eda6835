#include "mime/envelope.h"

static const char *const list_names[MIME_ENVELOPE_LISTS] = {
	[MIME_FROM] = "From",
	[MIME_SENDER] = "Sender",
	[MIME_REPLY_TO] = "Reply-To",
	[MIME_TO] = "To",
	[MIME_CC] = "Cc",
	[MIME_BCC] = "Bcc",
};

static struct str *
string_for(struct mime_envelope *envelope, const struct mime_field *field)
{
	if (mime_field_is(field, "Date"))
		return &envelope->date;
	if (mime_field_is(field, "Subject"))
		return &envelope->subject;
	if (mime_field_is(field, "In-Reply-To"))
		return &envelope->in_reply_to;
	if (mime_field_is(field, "Message-ID"))
		return &envelope->message_id;
	return NULL;
}

bool
mime_envelope_add(struct mime_envelope *envelope, struct arena *arena,
    const struct mime_field *field, size_t max_addresses)
{
	struct str *text = string_for(envelope, field);

	if (text != NULL) {
		if (text->p == NULL)
			*text = mime_header_unfold(arena, field->value);
		return true;
	}
	for (size_t i = 0; i < NELEMS(list_names); i++) {
		if (!mime_field_is(field, list_names[i]))
			continue;
		mime_address_parse(&envelope->list[i], arena, field->value,
		    max_addresses);
		return true;
	}
	return false;
}

void
mime_envelope_parse(struct mime_envelope *envelope, struct arena *arena,
    struct str message, size_t max_addresses)
{
	struct mime_field field;

	*envelope = (struct mime_envelope){ 0 };
	while (mime_header_next(&message, &field))
		(void)mime_envelope_add(envelope, arena, &field, max_addresses);
}

const struct mime_address_list *
mime_envelope_list(const struct mime_envelope *envelope,
    enum mime_envelope_field field)
{
	const struct mime_address_list *list = &envelope->list[field];

	if (list->first == NULL &&
	    (field == MIME_SENDER || field == MIME_REPLY_TO))
		return &envelope->list[MIME_FROM];
	return list;
}

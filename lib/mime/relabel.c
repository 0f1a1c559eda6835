#include "mime/relabel.h"

#include "mime/header.h"

static const char *
encoding_word(enum mime_encoding encoding)
{
	switch (encoding) {
	case MIME_8BIT:
		return "8bit";
	case MIME_QUOTED_PRINTABLE:
		return "quoted-printable";
	case MIME_BASE64:
		return "base64";
	default:
		return "7bit";
	}
}

static void
put_encoding(struct buf *out, const struct mime_relabel *relabel)
{
	(void)buf_addf(out, "Content-Transfer-Encoding: %s\r\n",
	    encoding_word(relabel->encoding));
}

void
mime_relabel(struct buf *out, struct str header,
    const struct mime_relabel *relabel)
{
	bool done = false, has_version = false, has_type = false;
	struct str rest = header;
	struct mime_field field;

	while (mime_header_next(&rest, &field)) {
		has_version |= mime_field_is(&field, "MIME-Version");
		has_type |= mime_field_is(&field, "Content-Type");
		if (!mime_field_is(&field, "Content-Transfer-Encoding")) {
			(void)buf_add_str(out, field.raw);
		} else if (!done) {
			put_encoding(out, relabel);
			done = true;
		}
	}
	if (relabel->is_message && !has_version)
		(void)buf_addz(out, "MIME-Version: 1.0\r\n");
	if (relabel->is_message && relabel->has_eight && !has_type)
		(void)buf_addz(out,
		    "Content-Type: text/plain; "
		    "charset=unknown-8bit\r\n");
	if (!done)
		put_encoding(out, relabel);
	(void)buf_addz(out, "\r\n");
}

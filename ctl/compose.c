#include "ctl/compose.h"

#include "base/time.h"
#include "mime/address.h"
#include "mime/header.h"

int
compose_recipient(struct compose *c, struct arena *arena, struct str address,
    struct err *err)
{
	struct str whole = address;

	if (c->recipients_len == COMPOSE_RECIPIENTS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d recipients",
		    COMPOSE_RECIPIENTS_MAX);
	if (str_chr(address, '@') < 0)
		whole = str_of(arena_printf(arena, "%" STR_F "@%" STR_F,
		    STR_A(address), STR_A(c->origin)));
	else
		whole = arena_str(arena, address);
	if (whole.len == 0)
		return err_set(err, ERR_LIMIT, "no memory for recipients");
	c->recipients[c->recipients_len++] = whole;
	return 0;
}

static int
recipients_of(struct compose *c, struct arena *arena, struct str value,
    struct err *err)
{
	struct mime_address_list list = { 0 };

	mime_address_parse(&list, arena, value, COMPOSE_RECIPIENTS_MAX);
	for (struct mime_address *at = list.first; at != NULL; at = at->next) {
		struct buf text;
		int ret = 0;

		if (at->kind != MIME_ADDRESS_MAILBOX || at->mailbox.len == 0)
			continue;
		buf_init(&text, 1000);
		if (mime_address_write(&text, at) == 0)
			ret = compose_recipient(c, arena, buf_str(&text), err);
		buf_clear(&text);
		if (ret < 0)
			return -1;
	}
	return 0;
}

/* Lines ended by LF, CR LF or CR alone: all by CR LF. */
static void
put_lines(struct compose *c, struct buf *out, struct str raw)
{
	struct str line;

	while (str_split(&raw, '\n', &line)) {
		if (raw.p == NULL && line.len == 0)
			return; /* behind the last line's end */
		if (line.len > 0 && line.p[line.len - 1] == '\r')
			line.len--;
		if (c->dot_ends && str_eqz(line, "."))
			return;
		for (size_t i = 0; i < line.len; i++) {
			c->is_8bit |= (unsigned char)line.p[i] >= 0x80;
			if (line.p[i] == '\r')
				(void)buf_addz(out, "\r\n");
			else
				(void)buf_addc(out, line.p[i]);
		}
		(void)buf_addz(out, "\r\n");
	}
}

/* A quoted string and a blank; what would end or break it is left out. */
static void
put_name(struct buf *out, struct str name)
{
	if (name.len == 0)
		return;
	(void)buf_addc(out, '"');
	for (size_t i = 0; i < name.len; i++) {
		if ((unsigned char)name.p[i] >= ' ' && name.p[i] != '"' &&
		    name.p[i] != '\\')
			(void)buf_addc(out, name.p[i]);
	}
	(void)buf_addz(out, "\" ");
}

/* The fields a message must have and programs forget. */
static void
put_missing(struct compose *c, struct buf *out, struct str message)
{
	char date[TIME_RFC5322_SIZE];
	struct mime_field field;

	if (!mime_header_find(message, "From", &field)) {
		(void)buf_addz(out, "From: ");
		put_name(out, c->name);
		(void)buf_addc(out, '<');
		if (c->sender.len > 0)
			(void)buf_add_str(out, c->sender);
		else
			(void)buf_addf(out, "MAILER-DAEMON@%" STR_F,
			    STR_A(c->origin));
		(void)buf_addz(out, ">\r\n");
	}
	if (!mime_header_find(message, "Date", &field)) {
		time_format_rfc5322(date, c->now);
		(void)buf_addf(out, "Date: %s\r\n", date);
	}
	if (!mime_header_find(message, "Message-ID", &field))
		(void)buf_addf(out, "Message-ID: <%s@%" STR_F ">\r\n",
		    c->unique, STR_A(c->origin));
}

/* Does it begin with a header? A program may send nothing but a body. */
static bool
has_header(struct str message)
{
	struct mime_field field;

	return mime_header_next(&message, &field) &&
	    (field.name.len > 0 || str_starts(field.raw, STR("From ")));
}

/* The fields of the header, without what must not go out. */
static int
put_header(struct compose *c, struct arena *arena, struct buf *out,
    struct str *rest, struct err *err)
{
	struct mime_field field;

	while (mime_header_next(rest, &field)) {
		bool is_bcc = mime_field_is(&field, "Bcc");

		if (c->from_header &&
		    (is_bcc || mime_field_is(&field, "To") ||
			mime_field_is(&field, "Cc")) &&
		    recipients_of(c, arena, field.value, err) < 0)
			return -1;
		if (!(is_bcc && c->from_header) &&
		    !str_starts(field.raw, STR("From ")))
			(void)buf_add_str(out, field.raw);
	}
	return 0;
}

int
compose_message(struct compose *c, struct arena *arena, struct buf *out,
    struct str raw, struct err *err)
{
	struct buf lines;
	struct str rest;
	int ret = 0;

	buf_init(&lines, out->max);
	put_lines(c, &lines, raw);
	rest = buf_str(&lines);
	if (has_header(rest)) {
		put_missing(c, out, rest);
		ret = put_header(c, arena, out, &rest, err);
	} else {
		put_missing(c, out, STR(""));
	}
	(void)buf_addz(out, "\r\n");
	(void)buf_add_str(out, rest);
	if (ret == 0 && (out->full || lines.full))
		ret = err_set(err, ERR_LIMIT, "the message is too large");
	buf_clear(&lines);
	return ret;
}

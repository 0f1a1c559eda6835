#include "mime/received.h"

#include "base/time.h"
#include "base/utf8.h"
#include "mime/header.h"

/* A field's line may not pass 998 bytes (RFC 5322 section 2.1.1). */
enum { CLAUSE_MAX = 320 };

size_t
mime_received_count(struct str message)
{
	struct mime_field field;
	size_t count = 0;

	while (mime_header_next(&message, &field)) {
		if (mime_field_is(&field, "Received"))
			count++;
	}
	return count;
}

bool
mime_delivered_to(struct str message, struct str address)
{
	struct mime_field field;

	while (mime_header_next(&message, &field)) {
		if (mime_field_is(&field, "Delivered-To") &&
		    str_ieq(str_trim(field.value), address))
			return true;
	}
	return false;
}

/* Would c end the clause it stands in, or the field? */
static bool
breaks_clause(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f || c == '(' || c == ')' ||
	    c == '<' || c == '>' || c == '\\' || c == ';';
}

static void
put_clause(struct buf *out, struct str s)
{
	bool utf8;

	s = str_sub(s, 0, CLAUSE_MAX);
	utf8 = utf8_is_valid(s);
	for (size_t i = 0; i < s.len; i++) {
		bool bad = breaks_clause(s.p[i]) ||
		    ((unsigned char)s.p[i] >= 0x80 && !utf8);

		(void)buf_addc(out, bad ? '?' : s.p[i]);
	}
}

static void
put_word(struct buf *out, const char *before, struct str s, const char *after)
{
	if (s.len == 0)
		return;
	(void)buf_addz(out, before);
	put_clause(out, s);
	(void)buf_addz(out, after);
}

/* TCP-info = address-literal / ( Domain FWS address-literal ) */
static void
put_from(struct buf *out, const struct mime_received *r)
{
	bool six = str_chr(r->address, ':') >= 0;

	if (r->address.len == 0)
		return;
	(void)buf_addz(out, " from ");
	put_clause(out, r->helo.len > 0 ? r->helo : STR("unknown"));
	(void)buf_addz(out, " (");
	put_clause(out, r->name.len > 0 ? r->name : STR("unknown"));
	(void)buf_addz(out, six ? " [IPv6:" : " [");
	put_clause(out, r->address);
	(void)buf_addz(out, "])\r\n\t");
	put_word(out, "(using ", r->tls, ")\r\n\t");
}

int
mime_received_write(struct buf *out, const struct mime_received *r)
{
	char date[TIME_RFC5322_SIZE];

	(void)buf_addz(out, "Received:");
	put_from(out, r);
	put_word(out, r->address.len > 0 ? "by " : " by ", r->by, "");
	put_word(out, " (", r->software, ")");
	put_word(out, " with ", r->protocol, "");
	put_word(out, " id ", r->id, "");
	put_word(out, "\r\n\tfor <", r->rcpt, ">");
	time_format_rfc5322(date, r->seconds);
	(void)buf_addf(out, ";\r\n\t%s\r\n", date);
	return out->full ? -1 : 0;
}

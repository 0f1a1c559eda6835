#include "verb/archive.h"

#include "base/hash.h"
#include "imap/utf7.h"
#include "store/format.h"

bool
archive_is_crlf(struct str bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.p[i] == '\n')
			return false;
		if (bytes.p[i] == '\r' &&
		    (++i == bytes.len || bytes.p[i] != '\n'))
			return false;
	}
	return true;
}

/* Each line, its LF included, to out; crlf: with a CR before that. */
void
archive_put_crlf(struct buf *out, struct str bytes)
{
	while (bytes.len > 0) {
		ptrdiff_t at = str_chr(bytes, '\n');

		if (at < 0) {
			(void)buf_add_str(out, bytes);
			return;
		}
		(void)buf_add(out, bytes.p, (size_t)at);
		if (at == 0 ? out->len == 0 || out->p[out->len - 1] != '\r' :
			      bytes.p[at - 1] != '\r')
			(void)buf_addc(out, '\r');
		(void)buf_addc(out, '\n');
		str_skip(&bytes, (size_t)at + 1);
	}
}

void
archive_put_lf(struct buf *out, struct str bytes)
{
	while (bytes.len > 0) {
		ptrdiff_t at = str_chr(bytes, '\r');

		if (at < 0 || (size_t)at + 1 == bytes.len) {
			(void)buf_add_str(out, bytes);
			return;
		}
		(void)buf_add(out, bytes.p, (size_t)at);
		if (bytes.p[at + 1] != '\n')
			(void)buf_addc(out, '\r');
		str_skip(&bytes, (size_t)at + 1);
	}
}

static const struct {
	char letter;
	uint16_t flag;
} letters[] = {
	{ 'D', STORE_FLAG_DRAFT },
	{ 'F', STORE_FLAG_FLAGGED },
	{ 'R', STORE_FLAG_ANSWERED },
	{ 'S', STORE_FLAG_SEEN },
	{ 'T', STORE_FLAG_DELETED },
};

void
archive_put_flags(struct buf *out, uint16_t flags)
{
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (flags & letters[i].flag)
			(void)buf_addc(out, letters[i].letter);
}

uint16_t
archive_flags(struct str in)
{
	uint16_t flags = 0;

	for (size_t i = 0; i < in.len; i++)
		for (size_t k = 0; k < sizeof(letters) / sizeof(letters[0]);
		     k++)
			if (in.p[i] == letters[k].letter)
				flags |= letters[k].flag;
	return flags;
}

static bool
is_plain(char c)
{
	return is_alpha(c) || is_digit(c) || c == '_' || c == '-' || c == '+' ||
	    c == ' ' || c == '&' || c == ',';
}

void
archive_put_name(struct buf *out, struct str mailbox)
{
	size_t start = out->len;
	struct buf wire;
	struct err err;

	buf_init(&wire, 0);
	if (utf7_encode(&wire, mailbox, &err) < 0)
		(void)buf_add_str(&wire, mailbox);
	for (size_t i = 0; i < wire.len; i++) {
		char c = wire.p[i];

		if (c == '/')
			(void)buf_addc(out, '.');
		else if (is_plain(c))
			(void)buf_addc(out, c);
		else
			(void)buf_addf(out, "%%%02X", (unsigned char)c);
	}
	buf_clear(&wire);
	if (out->len - start <= ARCHIVE_FILE_NAME)
		return;
	out->len = start + ARCHIVE_FILE_NAME - 20;
	(void)buf_addf(out, "%%~%016llx",
	    (unsigned long long)hash_checksum(0, mailbox.p, mailbox.len));
}

static int
hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c = upper(c);
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int
archive_name(struct buf *out, struct str file, struct err *err)
{
	struct buf wire;
	int ret = 0;

	buf_init(&wire, 0);
	for (size_t i = 0; i < file.len; i++) {
		int hi = -1, lo = -1;

		if (file.p[i] == '%' && file.len - i > 2) {
			hi = hex_value(file.p[i + 1]);
			lo = hex_value(file.p[i + 2]);
		}
		if (hi >= 0 && lo >= 0) {
			(void)buf_addc(&wire, (char)(hi * 16 + lo));
			i += 2;
		} else {
			(void)buf_addc(&wire,
			    file.p[i] == '.' ? '/' : file.p[i]);
		}
	}
	/* Other programs may write names in UTF-8. */
	if (utf7_decode(out, buf_str(&wire), err) < 0)
		(void)buf_add_str(out, buf_str(&wire));
	ret = store_name_check(store_name_canonical(buf_str(out)), err);
	buf_clear(&wire);
	return ret;
}

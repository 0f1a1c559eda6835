#include "verb/maildir.h"

#include "base/num.h"

/* ",W=123" in the name's base. */
static uint64_t
find_size(struct str base, struct str key)
{
	ptrdiff_t at = str_find(base, key);
	size_t len = 0;
	uint64_t out;

	if (at < 0)
		return UINT64_MAX;
	str_skip(&base, (size_t)at + key.len);
	while (len < base.len && is_digit(base.p[len]))
		len++;
	if (!num_parse(str_sub(base, 0, len), ARCHIVE_MESSAGE, &out))
		return UINT64_MAX;
	return out;
}

void
maildir_parse_name(struct maildir_name *out, struct str name)
{
	struct str flags = STR("");
	ptrdiff_t at = str_find(name, STR(":2,"));

	if (at >= 0) {
		flags = str_sub(name, (size_t)at + 3, name.len);
		name.len = (size_t)at;
	}
	*out = (struct maildir_name){ .base = name };
	out->size = find_size(name, STR(",W="));
	out->flags = archive_flags(flags);
	for (size_t i = 0; i < flags.len; i++)
		if (flags.p[i] >= 'a' && flags.p[i] <= 'z')
			out->letters |= 1U << (flags.p[i] - 'a');
	at = str_find(name, STR(",S="));
	if (at >= 0)
		out->base.len = (size_t)at;
}

void
maildir_read(struct buf *out, const struct maildir_name *name, struct str file,
    struct str *bytes)
{
	*bytes = file;
	if (name->size == file.len)
		return;
	buf_reset(out);
	archive_put_crlf(out, file);
	*bytes = buf_str(out);
}

void
maildir_write(struct buf *out, struct buf *name, struct str base,
    const struct archive_message *message, uint32_t letters)
{
	buf_reset(out);
	if (archive_is_crlf(message->bytes))
		archive_put_lf(out, message->bytes);
	else
		(void)buf_add_str(out, message->bytes);
	buf_reset(name);
	(void)buf_addf(name, "%" STR_F ",S=%zu,W=%zu:2,", STR_A(base), out->len,
	    message->bytes.len);
	archive_put_flags(name, message->flags);
	for (int i = 0; i < MAILDIR_LETTERS; i++)
		if (letters & 1U << i)
			(void)buf_addc(name, (char)('a' + i));
}

void
maildir_parse_keywords(struct str file, struct str *words)
{
	struct str line, number;
	uint64_t n;

	for (int i = 0; i < MAILDIR_LETTERS; i++)
		words[i] = (struct str){ NULL, 0 };
	while (str_split(&file, '\n', &line)) {
		line = str_trim(line);
		if (!str_split(&line, ' ', &number) ||
		    !num_parse(number, MAILDIR_LETTERS - 1, &n) ||
		    line.len == 0 || line.len > ARCHIVE_KEYWORD)
			continue;
		words[n] = line;
	}
}

#include "verb/mbox.h"

#include <time.h>

#include "base/num.h"
#include "store/format.h"

static const char own_field[] = "X-Chancery: ";

/* The next line with its LF, or what is left. */
static struct str
take_line(struct str *in)
{
	ptrdiff_t at = str_chr(*in, '\n');
	struct str line = *in;

	if (at >= 0)
		line.len = (size_t)at + 1;
	str_skip(in, line.len);
	return line;
}

/* ">>From " and the like: how many ">" before "From ", or -1. */
static ptrdiff_t
quotes(struct str line)
{
	size_t n = 0;

	while (n < line.len && line.p[n] == '>')
		n++;
	return str_starts(str_sub(line, n, line.len), STR("From ")) ?
	    (ptrdiff_t)n :
	    -1;
}

static void
put_quoted(struct buf *out, struct str bytes)
{
	while (bytes.len > 0) {
		struct str line = take_line(&bytes);

		if (quotes(line) >= 0)
			(void)buf_addc(out, '>');
		(void)buf_add_str(out, line);
	}
}

static void
put_separator(struct buf *out, int64_t internal)
{
	time_t when = internal == INT64_MIN ? 0 : (time_t)internal;
	char text[40] = "Thu Jan  1 00:00:00 1970";
	struct tm tm;

	if (gmtime_r(&when, &tm) != NULL)
		(void)strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &tm);
	(void)buf_addf(out, "From MAILER-DAEMON %s\n", text);
}

static void
put_fields(struct buf *out, const struct archive_message *message, bool is_crlf)
{
	uint16_t flags = message->flags;

	(void)buf_addf(out,
	    "%s1; size=%zu; eol=%s; date=%lld; flags=", own_field,
	    message->bytes.len, is_crlf ? "crlf" : "as-is",
	    (long long)message->internal);
	archive_put_flags(out, flags);
	(void)buf_addz(out, "; keywords=");
	for (unsigned i = 0; i < message->keywords; i++)
		(void)buf_addf(out, i == 0 ? "%" STR_F : " %" STR_F,
		    STR_A(message->keyword[i]));
	(void)buf_addf(out,
	    "\nStatus: %sO\nX-Status: ", flags & STORE_FLAG_SEEN ? "R" : "");
	if (flags & STORE_FLAG_ANSWERED)
		(void)buf_addc(out, 'A');
	if (flags & STORE_FLAG_FLAGGED)
		(void)buf_addc(out, 'F');
	if (flags & STORE_FLAG_DRAFT)
		(void)buf_addc(out, 'T');
	if (flags & STORE_FLAG_DELETED)
		(void)buf_addc(out, 'D');
	(void)buf_addc(out, '\n');
}

void
mbox_put(struct buf *out, const struct archive_message *message)
{
	bool is_crlf = archive_is_crlf(message->bytes);
	struct buf lines;

	put_separator(out, message->internal);
	put_fields(out, message, is_crlf);
	buf_init(&lines, 0);
	if (is_crlf) {
		archive_put_lf(&lines, message->bytes);
		put_quoted(out, buf_str(&lines));
	} else {
		put_quoted(out, message->bytes);
	}
	buf_clear(&lines);
	if (out->p[out->len - 1] != '\n')
		(void)buf_addc(out, '\n');
	(void)buf_addc(out, '\n');
}

/* "From somebody Sun Nov 22 10:00:00 2026": there is a time of day. */
static bool
is_separator(struct str line)
{
	enum { LINE = 500 };

	if (!str_starts(line, STR("From ")) || line.len > LINE)
		return false;
	for (size_t i = 5; i + 4 < line.len; i++)
		if (is_digit(line.p[i]) && is_digit(line.p[i + 1]) &&
		    line.p[i + 2] == ':' && is_digit(line.p[i + 3]) &&
		    is_digit(line.p[i + 4]))
			return true;
	return false;
}

static bool
is_empty_line(struct str line)
{
	return str_eq(line, STR("\n")) || str_eq(line, STR("\r\n"));
}

/* Does an empty line end right before at? */
static bool
is_behind_empty(struct str in, size_t at)
{
	if (at == 0)
		return true;
	if (at >= 2 && in.p[at - 2] == '\n')
		return true;
	if (at >= 3 && in.p[at - 2] == '\r' && in.p[at - 3] == '\n')
		return true;
	return at <= 2 && is_empty_line(str_sub(in, 0, at));
}

int
mbox_next(struct str in, bool is_end, size_t *scanned, size_t *len)
{
	struct str rest = in, line;
	size_t at;

	str_skip(&rest, *scanned);
	while (rest.len > 0) {
		at = in.len - rest.len;
		line = take_line(&rest);
		if (line.p[line.len - 1] != '\n' && !is_end)
			break; /* the line may go on */
		if (at > 0 && is_behind_empty(in, at) && is_separator(line)) {
			*scanned = 0;
			*len = at;
			return 1;
		}
		*scanned = at + line.len;
	}
	*len = in.len;
	return is_end && in.len > 0;
}

/* "name=value" up to ";" or the end; the value. */
static bool
take_item(struct str *in, struct str name, struct str *value)
{
	struct str part;

	if (!str_split(in, ';', &part))
		return false;
	part = str_trim(part);
	if (!str_take_str(&part, name) || !str_take(&part, '='))
		return false;
	*value = part;
	return true;
}

static void
take_keywords(struct archive_message *message, struct str words)
{
	struct str word;

	while (str_split(&words, ' ', &word))
		if (word.len > 0 && word.len <= ARCHIVE_KEYWORD &&
		    message->keywords < ARCHIVE_KEYWORDS)
			message->keyword[message->keywords++] = word;
}

static bool
parse_date(struct str text, int64_t *out)
{
	bool is_negative = str_take(&text, '-');
	uint64_t n;

	if (!num_parse(text, (uint64_t)INT64_MAX, &n))
		return false;
	*out = is_negative ? -(int64_t)n : (int64_t)n;
	return true;
}

/* Our own field. false: it is not as we write it. */
static bool
take_own(struct str line, struct archive_message *message, uint64_t *size,
    bool *is_crlf)
{
	struct str value, eol, version;

	if (!str_split(&line, ';', &version) ||
	    !str_eqz(str_trim(version), "1"))
		return false;
	if (!take_item(&line, STR("size"), &value) ||
	    !num_parse(value, ARCHIVE_MESSAGE, size) ||
	    !take_item(&line, STR("eol"), &eol) ||
	    !take_item(&line, STR("date"), &value))
		return false;
	if (!parse_date(value, &message->internal))
		message->internal = INT64_MIN;
	if (!take_item(&line, STR("flags"), &value))
		return false;
	message->flags = archive_flags(value);
	/* A keyword may hold ";": it is all that is left. */
	line = str_trim(line);
	if (!str_take_str(&line, STR("keywords=")))
		return false;
	take_keywords(message, line);
	*is_crlf = str_eqz(eol, "crlf");
	return true;
}

/* Flags that other programs keep in the header. */
static void
take_status(struct str raw, struct archive_message *message)
{
	while (raw.len > 0) {
		struct str line = take_line(&raw);

		if (is_empty_line(line))
			return;
		if (str_itake_str(&line, STR("Status:"))) {
			if (str_chr(line, 'R') >= 0)
				message->flags |= STORE_FLAG_SEEN;
		} else if (str_itake_str(&line, STR("X-Status:"))) {
			if (str_chr(line, 'A') >= 0)
				message->flags |= STORE_FLAG_ANSWERED;
			if (str_chr(line, 'F') >= 0)
				message->flags |= STORE_FLAG_FLAGGED;
			if (str_chr(line, 'T') >= 0)
				message->flags |= STORE_FLAG_DRAFT;
			if (str_chr(line, 'D') >= 0)
				message->flags |= STORE_FLAG_DELETED;
		} else if (str_itake_str(&line, STR("X-Keywords:"))) {
			take_keywords(message, str_trim(line));
		}
	}
}

/* "... Sun Nov 22 10:00:00 2026", in UTC for want of knowing better. */
static void
take_date(struct str line, struct archive_message *message)
{
	char text[30];
	struct str rest;
	struct tm tm;

	str_skip(&line, 5);
	while (line.len > 0) {
		ptrdiff_t at = str_chr(line, ' ');

		str_skip(&line, at < 0 ? line.len : (size_t)at + 1);
		rest = str_sub(line, 0, sizeof(text) - 1);
		memcpy(text, rest.p == NULL ? "" : rest.p, rest.len);
		text[rest.len] = '\0';
		tm = (struct tm){ 0 };
		if (strptime(text, "%a %b %d %H:%M:%S %Y", &tm) != NULL) {
			message->internal = (int64_t)timegm(&tm);
			return;
		}
	}
}

static void
put_unquoted(struct buf *out, struct str bytes, bool is_mboxo)
{
	while (bytes.len > 0) {
		struct str line = take_line(&bytes);
		ptrdiff_t n = quotes(line);

		if (n == 1 || (n > 1 && !is_mboxo))
			str_skip(&line, 1);
		(void)buf_add_str(out, line);
	}
}

/* The empty line before the next separator is none of the message. */
static struct str
without_last_line(struct str bytes)
{
	if (str_ends(bytes, STR("\n\r\n")))
		bytes.len -= 2;
	else if (str_ends(bytes, STR("\n\n")))
		bytes.len--;
	return bytes;
}

int
mbox_parse(struct buf *out, struct str raw, bool is_mboxo,
    struct archive_message *message, struct err *err)
{
	struct str separator = take_line(&raw), rest = raw, line;
	uint64_t size = UINT64_MAX;
	bool is_own, is_crlf = true;
	struct buf plain;

	*message = (struct archive_message){ .internal = INT64_MIN };
	if (!is_separator(separator))
		return err_set(err, ERR_SYNTAX, "no From line");
	line = take_line(&rest);
	is_own = str_take_str(&line, str_of(own_field)) &&
	    take_own(line, message, &size, &is_crlf);
	if (is_own) {
		raw = rest;
		line = take_line(&rest);
		if (str_starts(line, STR("Status: ")))
			raw = rest;
		line = take_line(&rest);
		if (str_starts(line, STR("X-Status: ")))
			raw = rest;
	} else {
		message->flags = 0;
		message->keywords = 0;
		take_date(separator, message);
		take_status(raw, message);
	}
	buf_init(&plain, 0);
	put_unquoted(&plain, without_last_line(raw), is_mboxo && !is_own);
	buf_reset(out);
	if (is_crlf)
		archive_put_crlf(out, buf_str(&plain));
	else
		(void)buf_add_str(out, buf_str(&plain));
	buf_clear(&plain);
	if (is_own && size < out->len)
		out->len = size;
	message->bytes = buf_str(out);
	return 0;
}

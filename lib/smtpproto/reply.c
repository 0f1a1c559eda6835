#include "smtpproto/reply.h"

#include "base/num.h"
#include "base/utf8.h"

enum {
	LINE_MAX_OUT = 510, /* RFC 5321 section 4.5.3.1.5, without CR LF */
};

bool
smtp_status_take(struct str *in, struct smtp_status *status)
{
	struct str rest = *in;
	uint64_t class, subject, detail;

	if (rest.len < 2 || rest.p[1] != '.' || !num_take(&rest, 9, &class) ||
	    (class != 2 && class != 4 && class != 5) || !str_take(&rest, '.') ||
	    !num_take(&rest, 999, &subject) || !str_take(&rest, '.') ||
	    !num_take(&rest, 999, &detail))
		return false;
	if (rest.len > 0 && rest.p[0] != ' ')
		return false;
	status->class = (uint8_t) class;
	status->subject = (uint16_t)subject;
	status->detail = (uint16_t)detail;
	*in = rest;
	return true;
}

/* The longest front of text that fits in room, cut between characters. */
static size_t
fitting(struct str text, size_t room)
{
	size_t len = room;

	if (text.len <= room)
		return text.len;
	while (len > room - 4 && ((unsigned char)text.p[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void
put_text(struct buf *out, struct str text, bool utf8)
{
	while (text.len > 0) {
		size_t len = utf8_char_len(text);
		bool control = text.p[0] < ' ' || text.p[0] == 127;

		if (len == 1 && !control) {
			(void)buf_addc(out, text.p[0]);
		} else if (len > 1 && utf8) {
			(void)buf_add(out, text.p, len);
		} else {
			(void)buf_addc(out, '?');
			len = 1;
		}
		str_skip(&text, len);
	}
}

int
smtp_reply_put(struct buf *out, int code, const char *status, struct str text,
    bool utf8)
{
	size_t room = LINE_MAX_OUT - 4;

	if (status != NULL)
		room -= strlen(status) + 1;
	do {
		ptrdiff_t lf = str_chr(text, '\n');
		size_t end = lf < 0 ? text.len : (size_t)lf;
		size_t len = fitting(str_sub(text, 0, end), room);
		struct str line = str_sub(text, 0, len);

		str_skip(&text, len);
		if (len == end && lf >= 0)
			str_skip(&text, 1);
		(void)buf_addf(out, "%03d%c", code, text.len > 0 ? '-' : ' ');
		if (status != NULL)
			(void)buf_addf(out, "%s ", status);
		put_text(out, line, utf8);
		(void)buf_addz(out, "\r\n");
	} while (text.len > 0);
	return out->full ? -1 : 0;
}

void
smtp_reply_init(struct smtp_reply *reply)
{
	*reply = (struct smtp_reply){ 0 };
	buf_init(&reply->text, SMTP_REPLY_TEXT);
	buf_init(&reply->partial, SMTP_REPLY_LINE);
}

void
smtp_reply_clear(struct smtp_reply *reply)
{
	buf_clear(&reply->text);
	buf_clear(&reply->partial);
}

static void
start(struct smtp_reply *reply)
{
	reply->code = 0;
	reply->status = (struct smtp_status){ 0 };
	reply->lines = 0;
	buf_reset(&reply->text);
}

/* Reply-code = %x32-35 %x30-35 %x30-39; false where none stands. */
static bool
take_code(struct str *line, int *code)
{
	const char *p = line->p;

	if (line->len < 3 || p[0] < '2' || p[0] > '5' || !is_digit(p[1]) ||
	    !is_digit(p[2]))
		return false;
	*code = (p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0');
	str_skip(line, 3);
	return true;
}

/* One line without its end: 1 if it was the last, 0 if more follow. */
static int
take_line(struct smtp_reply *reply, struct str line, struct err *err)
{
	struct smtp_status status;
	bool last = true;
	int code;

	if (!take_code(&line, &code))
		return err_set(err, ERR_SYNTAX, "not a reply");
	if (reply->lines > 0 && code != reply->code)
		return err_set(err, ERR_SYNTAX, "codes of a reply differ");
	if (reply->lines == SMTP_REPLY_LINES)
		return err_set(err, ERR_LIMIT, "too many lines in a reply");
	if (str_take(&line, '-'))
		last = false;
	else if (line.len > 0 && !str_take(&line, ' '))
		return err_set(err, ERR_SYNTAX, "not a reply");
	reply->code = code;
	/* A status of another class than the code's is only text. */
	if (smtp_status_take(&line, &status)) {
		(void)str_take(&line, ' ');
		if (reply->lines == 0 && status.class == code / 100)
			reply->status = status;
	}
	if (reply->lines++ > 0)
		(void)buf_addc(&reply->text, '\n');
	(void)buf_add_str(&reply->text, line);
	return last;
}

int
smtp_reply_feed(struct smtp_reply *reply, struct str *in, struct err *err)
{
	while (in->len > 0) {
		const char *lf = memchr(in->p, '\n', in->len);
		size_t len = lf != NULL ? (size_t)(lf - in->p) : in->len;
		struct str line;
		int ret;

		if (buf_add(&reply->partial, in->p, len) < 0)
			return err_set(err, ERR_LIMIT, "reply line too long");
		str_skip(in, len);
		if (lf == NULL)
			break;
		str_skip(in, 1);
		line = buf_str(&reply->partial);
		if (line.len > 0 && line.p[line.len - 1] == '\r')
			line.len--;
		if (reply->lines == 0)
			start(reply);
		ret = take_line(reply, line, err);
		buf_reset(&reply->partial);
		if (ret < 0)
			return -1;
		if (ret == 1) {
			reply->lines = 0;
			return 1;
		}
	}
	return 0;
}

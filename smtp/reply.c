#include "smtp/reply.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

void
answer_init(struct answer *answer)
{
	*answer = (struct answer){ 0 };
	buf_init(&answer->text, ANSWER_TEXT);
}

void
answer_clear(struct answer *answer)
{
	buf_clear(&answer->text);
}

int
answer_set(struct answer *answer, int code, const char *status, const char *fmt,
    ...)
{
	char text[ANSWER_TEXT];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	answer->code = code;
	(void)snprintf(answer->status, sizeof(answer->status), "%s", status);
	answer->is_site = false;
	answer->said = 0;
	answer->command = NULL;
	buf_reset(&answer->text);
	(void)buf_addz(&answer->text, text);
	return code / 100 == 2 ? 0 : -1;
}

/* Cut between characters, so that what is kept stays readable. */
static void
keep_text(struct answer *answer, struct str text)
{
	size_t len = text.len;

	if (len > ANSWER_TEXT) {
		len = ANSWER_TEXT;
		while (len > ANSWER_TEXT - 4 &&
		    ((unsigned char)text.p[len] & 0xc0) == 0x80)
			len--;
	}
	buf_reset(&answer->text);
	(void)buf_add(&answer->text, text.p, len);
}

int
answer_remote(struct answer *answer, const struct smtp_reply *reply,
    const char *command)
{
	const struct smtp_status *status = &reply->status;
	int class = smtp_reply_class(reply);

	answer->said = answer->code = reply->code;
	if (class == 3 || reply->code == 421)
		answer->code = 451;
	class = answer->code / 100;
	if (status->class == class)
		(void)snprintf(answer->status, sizeof(answer->status),
		    "%u.%u.%u", status->class, status->subject, status->detail);
	else
		(void)snprintf(answer->status, sizeof(answer->status), "%d.0.0",
		    class);
	answer->is_site = false;
	answer->command = command;
	keep_text(answer, buf_str(&reply->text));
	return class == 2 ? 0 : -1;
}

void
answer_soften(struct answer *answer)
{
	if (answer->code / 100 != 5)
		return;
	answer->code = answer->code - 100;
	answer->status[0] = '4';
}

void
answer_put(struct buf *out, const struct answer *answer, bool is_dsn, bool utf8)
{
	struct buf text;

	buf_init(&text, 0);
	if (answer->is_site)
		(void)buf_addz(&text, "[site] ");
	if (is_dsn)
		(void)buf_addz(&text, "[dsn] ");
	if (answer->relay[0] != '\0')
		(void)buf_addf(&text, "[relay=%s] ", answer->relay);
	if (answer->said != 0)
		(void)buf_addf(&text, "[said=%d:%s] ", answer->said,
		    answer->command);
	(void)buf_add_str(&text, buf_str(&answer->text));
	(void)smtp_reply_put(out, answer->code, answer->status, buf_str(&text),
	    utf8);
	buf_clear(&text);
}

#include "imapd/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "imap/token.h"
#include "imap/utf7.h"
#include "imapd/session.h"

void
reply_untagged(struct session *session, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof(text))
		panic("reply too long: %s", fmt);
	stream_putz(session->stream, "* ");
	reply_bytes(session, str_make(text, (size_t)len));
}

void
reply_tagged(struct session *session, struct str tag, const char *word,
    const char *text)
{
	stream_put(session->stream, tag);
	stream_putz(session->stream, " ");
	stream_putz(session->stream, word);
	stream_putz(session->stream, " ");
	reply_bytes(session, str_of(text));
}

void
reply_put_mailbox(const struct session *session, struct buf *out,
    struct str name)
{
	struct buf utf7;
	struct err err;

	if (enabled_is(session, ENABLED_UTF8_NAMES)) {
		(void)token_put_utf8(out, name);
		return;
	}
	buf_init(&utf7, 0);
	(void)utf7_encode(&utf7, name, &err);
	(void)token_put_astring(out, buf_str(&utf7));
	buf_clear(&utf7);
}

void
reply_bytes(struct session *session, struct str bytes)
{
	stream_put(session->stream, bytes);
	stream_putz(session->stream, "\r\n");
}

const char *
reply_trouble(struct session *session, const struct err *err)
{
	const char *text = NULL;

	switch (err->kind) {
	case ERR_NOENT:
		return "[NONEXISTENT] no such mailbox";
	case ERR_EXISTS:
		return "[ALREADYEXISTS] mailbox exists already";
	case ERR_DENIED:
		return "[NOPERM] not allowed";
	case ERR_SYNTAX:
		text = arena_printf(session->arena, "[CANNOT] %s", err->text);
		return text != NULL ? text : "[CANNOT] not possible";
	case ERR_LIMIT:
		if (err->cause == ERR_CAUSE_QUOTA)
			return "[OVERQUOTA] mailbox is full";
		text = arena_printf(session->arena, "[LIMIT] %s", err->text);
		return text != NULL ? text : "[LIMIT] too much";
	case ERR_CORRUPT:
		log_error("%s: %s", session->user, err->text);
		return "[CORRUPTION] damaged data, the operator has been told";
	default:
		log_warn("%s: %s", session->user, err->text);
		return "[UNAVAILABLE] mail store not available, try again";
	}
}

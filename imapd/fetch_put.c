#include "imapd/fetch.h"

#include "imap/bodystructure.h"
#include "imap/date.h"
#include "imap/envelope.h"
#include "imapd/fetch_body.h"
#include "imapd/objectid.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "imapd/sync.h"
#include "store/keys.h"

enum { DIRECT = 32 * 1024 /* runs this long are not copied */ };

void
fetch_hand_on(struct fetch *fetch, size_t above)
{
	if (fetch->out.len <= above)
		return;
	stream_put(fetch->session->stream, buf_str(&fetch->out));
	buf_reset(&fetch->out);
}

/*
 * Copy, or for long runs hand on what is there and then the bytes. A literal
 * cannot hold NUL (RFC 3501 section 9, CHAR8): 0x80 stands in for it.
 */
static void
put_piece(struct fetch *fetch, struct str bytes)
{
	struct buf *out = &fetch->out;
	char *at, *end;

	if (bytes.len >= DIRECT && str_chr(bytes, '\0') < 0) {
		fetch_hand_on(fetch, 0);
		fetch->cut = true;
		stream_put(fetch->session->stream, bytes);
		return;
	}
	if (bytes.len == 0)
		return;
	(void)buf_add_str(out, bytes);
	end = out->p + out->len;
	at = end - bytes.len;
	while ((at = memchr(at, '\0', (size_t)(end - at))) != NULL)
		*at = (char)0x80;
}

static int
put_section(struct fetch *fetch, struct fetch_source *source,
    const struct fetchatt *item, struct err *err)
{
	struct fetch_bytes bytes;

	if (fetch_body(source, item, &bytes, err) < 0)
		return -1;
	(void)fetchatt_put_name(&fetch->out, item);
	if (!bytes.exists) {
		(void)buf_addz(&fetch->out, " NIL");
		return 0;
	}
	(void)buf_addz(&fetch->out, " {");
	(void)buf_add_num(&fetch->out, bytes.piece[0].len + bytes.piece[1].len);
	(void)buf_addz(&fetch->out, "}\r\n");
	put_piece(fetch, bytes.piece[0]);
	put_piece(fetch, bytes.piece[1]);
	return 0;
}

/*
 * BINARY and BINARY.SIZE (RFC 3516 section 4.3): a literal8 only where there
 * is a NUL, so that its absence says something.
 */
static int
put_binary(struct fetch *fetch, struct fetch_source *source,
    const struct fetchatt *item, struct err *err)
{
	struct buf *out = &fetch->out;
	struct fetch_bytes bytes;
	size_t len;

	if (fetch_binary(source, item, &bytes, err) < 0) {
		fetch->unknown_cte = err->kind == ERR_SYNTAX;
		return -1;
	}
	len = bytes.piece[0].len + bytes.piece[1].len;
	(void)fetchatt_put_name(out, item);
	if (item->kind == FETCHATT_BINARY_SIZE) {
		(void)buf_addf(out, " %zu", len);
		return 0;
	}
	if (!bytes.exists) {
		(void)buf_addz(out, " NIL");
		return 0;
	}
	(void)buf_addf(out, " %s{%zu}\r\n",
	    str_chr(bytes.piece[0], '\0') >= 0 ||
		    str_chr(bytes.piece[1], '\0') >= 0 ?
		"~" :
		"",
	    len);
	(void)buf_add_str(out, bytes.piece[0]);
	(void)buf_add_str(out, bytes.piece[1]);
	return 0;
}

static void
put_date(struct buf *out, int64_t seconds)
{
	char *at = buf_reserve(out, IMAP_DATE_TIME_LEN);

	out->len += imap_date_time_format(at, seconds);
}

static uint32_t
uid_of(const struct fetch *fetch, size_t i)
{
	return fetch->selected->view.message[fetch->index[i]].uid;
}

static void
put_flags(struct fetch *fetch, size_t i)
{
	struct view *view = &fetch->selected->view;
	size_t at = fetch->index[i];

	sync_put_flags(&fetch->out, fetch->selected, at);
	/* What is told without its MODSEQ is told again, with it. */
	if (view_is(view, at, VIEW_DIRTY) &&
	    enabled_is(fetch->session, ENABLED_CONDSTORE))
		view_mark(view, at, VIEW_MOVED, true);
	view_mark(view, at, VIEW_DIRTY, false);
}

static void
put_modseq(struct fetch *fetch, size_t i)
{
	view_mark(&fetch->selected->view, fetch->index[i], VIEW_MOVED, false);
	(void)buf_addc(&fetch->out, '(');
	(void)buf_add_num(&fetch->out,
	    selected_row_modseq(fetch->selected, fetch->row[i].modseq));
	(void)buf_addc(&fetch->out, ')');
}

/* What stands in the message's row. */
static void
put_row_item(struct buf *out, const struct store_message *row,
    enum fetchatt_kind kind)
{
	char id[OBJECTID_SIZE];

	if (kind == FETCHATT_SIZE)
		(void)buf_add_num(out, row->size);
	else if (kind == FETCHATT_INTERNALDATE)
		put_date(out, row->internal);
	else if (kind == FETCHATT_SAVEDATE)
		put_date(out, row->saved);
	else if (kind == FETCHATT_EMAILID)
		(void)buf_addf(out, "(%s)",
		    objectid_text(id, OBJECTID_EMAIL, row->blob));
}

static void
put_threadid(struct fetch *fetch, size_t i)
{
	const struct store_digest *digest = &fetch->digest[i];
	char id[OBJECTID_SIZE];

	(void)buf_addf(&fetch->out, "(%s)",
	    objectid_text(id, OBJECTID_THREAD,
		store_thread_id(fetch->parts, digest->references,
		    digest->envelope.in_reply_to, digest->envelope.message_id,
		    fetch->row[i].blob)));
}

static int
put_item(struct fetch *fetch, size_t i, const struct fetchatt *item,
    struct fetch_source *source, struct err *err)
{
	struct buf *out = &fetch->out;

	switch (item->kind) {
	case FETCHATT_FLAGS:
		put_flags(fetch, i);
		return 0;
	case FETCHATT_SECTION:
		return put_section(fetch, source, item, err);
	case FETCHATT_BINARY:
	case FETCHATT_BINARY_SIZE:
		return put_binary(fetch, source, item, err);
	default:
		break;
	}
	(void)fetchatt_put_name(out, item);
	(void)buf_addc(out, ' ');
	if (item->kind == FETCHATT_UID)
		(void)buf_add_num(out, uid_of(fetch, i));
	else if (item->kind == FETCHATT_MODSEQ)
		put_modseq(fetch, i);
	else if (item->kind == FETCHATT_THREADID)
		put_threadid(fetch, i);
	else if (item->kind == FETCHATT_ENVELOPE)
		(void)envelope_put(out, &fetch->digest[i].envelope);
	else if (item->kind != FETCHATT_BODY &&
	    item->kind != FETCHATT_BODYSTRUCTURE)
		put_row_item(out, &fetch->row[i], item->kind);
	else
		(void)bodystructure_put(out, fetch->digest[i].root,
		    item->kind == FETCHATT_BODYSTRUCTURE);
	return 0;
}

/*
 * A response that sets \Seen tells the flags, and to those who want MODSEQ
 * that and the UID (RFC 7162 section 3.2.4).
 */
static void
put_seen(struct fetch *fetch, size_t i)
{
	struct buf *out = &fetch->out;

	if (!fetchatt_has(&fetch->items, FETCHATT_FLAGS)) {
		(void)buf_addc(out, ' ');
		put_flags(fetch, i);
	}
	/* RFC 9051 appendix E, 21, has the UID in all that is not asked for */
	if (enabled_is(fetch->session, ENABLED_CONDSTORE | ENABLED_REV2) &&
	    !fetchatt_has(&fetch->items, FETCHATT_UID))
		(void)buf_addf(out, " UID %u", uid_of(fetch, i));
	if (enabled_is(fetch->session, ENABLED_CONDSTORE) &&
	    !fetchatt_has(&fetch->items, FETCHATT_MODSEQ)) {
		(void)buf_addz(out, " MODSEQ ");
		put_modseq(fetch, i);
	}
}

int
fetch_put(struct fetch *fetch, size_t i, const struct store_body *body,
    struct err *err)
{
	struct fetch_source source = { .prefix = body->prefix,
		.body = body->body,
		.arena = fetch->parts };
	char before = '(';

	arena_reset(fetch->parts);
	fetch->begun = fetch->out.len;
	fetch->cut = false;
	(void)buf_addz(&fetch->out, "* ");
	(void)buf_add_num(&fetch->out, fetch->index[i] + 1);
	(void)buf_addz(&fetch->out, " FETCH ");
	for (size_t k = 0; k < fetch->items.len; k++) {
		(void)buf_addc(&fetch->out, before);
		if (put_item(fetch, i, &fetch->items.item[k], &source, err) < 0)
			return -1;
		before = ' ';
	}
	if (fetch->seen[i])
		put_seen(fetch, i);
	(void)buf_addz(&fetch->out, ")\r\n");
	return 0;
}

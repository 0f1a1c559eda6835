#include "smtpd/body.h"

#include <errno.h>
#include <unistd.h>

#include "base/fsutil.h"
#include "mime/header.h"
#include "smtpproto/dotstuff.h"

enum { WRITE_PIECE = 262144 /* written to a large file at once */ };

void
body_begin(struct body *body, const struct smtpd_conf *conf,
    const struct peers *peers, uint64_t size_hint)
{
	*body = (struct body){
		.conf = conf,
		.peers = peers,
		.size_hint = size_hint,
		.fd = -1,
	};
	buf_init(&body->bytes, 0);
	buf_init(&body->delivered, 0);
}

void
body_clear(struct body *body)
{
	buf_clear(&body->bytes);
	buf_clear(&body->delivered);
	if (body->fd >= 0)
		(void)close(body->fd);
	body->fd = -1;
}

/* From now on nothing is kept. */
static void
give_up(struct body *body, enum body_trouble trouble)
{
	body->trouble = trouble;
	body_clear(body);
}

static void
give_up_err(struct body *body)
{
	give_up(body,
	    body->err.kind == ERR_LIMIT ? BODY_NO_SPACE : BODY_NO_QUEUE);
}

static void
note_message_id(struct body *body, struct str value)
{
	value = str_trim(value);
	body->has_message_id = true;
	if (value.len >= sizeof(body->message_id))
		value.len = sizeof(body->message_id) - 1;
	memcpy(body->message_id, value.p, value.len);
	body->message_id[value.len] = '\0';
}

static void
note_delivered(struct body *body, struct str value)
{
	(void)buf_add_str(&body->delivered, str_trim(value));
	(void)buf_addc(&body->delivered, '\n');
}

/* RFC 3030 section 3 frees the body of lines, not the header. */
static bool
is_made_of_lines(struct str header)
{
	struct dot_reader reader;
	struct str run;

	if (str_chr(header, '\0') >= 0)
		return false;
	dot_reader_init_plain(&reader);
	while (dot_read(&reader, &header, &run) == DOT_RUN)
		;
	return reader.fault == DOT_FAULT_NONE;
}

/* A stranger's word about what a check of ours is to say. */
static bool
is_forged(const struct mime_field *field)
{
	return str_istarts(field->name, STR("X-Spam-"));
}

/* Leave the fields out, moving what stays down once. */
static void
drop_spam_fields(struct body *body)
{
	struct str rest = buf_str(&body->bytes);
	struct mime_field field;
	char *to = body->bytes.p;
	const char *end = to; /* of the fields */
	size_t gone;

	rest.len = body->header_len;
	while (mime_header_next(&rest, &field)) {
		end = field.raw.p + field.raw.len;
		if (is_forged(&field))
			continue;
		memmove(to, field.raw.p, field.raw.len);
		to += field.raw.len;
	}
	gone = (size_t)(end - to);
	if (gone == 0)
		return;
	memmove(to, end, body->bytes.len - (size_t)(end - body->bytes.p));
	body->bytes.len -= gone;
	body->header_len -= gone;
	body->len -= gone;
}

/* All of the header is in bytes (or it is too large). */
static void
look_at_header(struct body *body)
{
	struct str rest = buf_str(&body->bytes);
	struct mime_field field;
	int fields = 0, hops = 0;

	body->header_done = true;
	body->header_len = mime_header_size(rest);
	if (body->header_len > body->conf->header_limit) {
		give_up(body, BODY_BAD_HEADER);
		return;
	}
	rest.len = body->header_len;
	if (body->is_binary && !is_made_of_lines(rest)) {
		give_up(body, BODY_BAD_LINES);
		return;
	}
	while (mime_header_next(&rest, &field)) {
		if (++fields > body->conf->header_count_limit) {
			give_up(body, BODY_BAD_HEADER);
			return;
		}
		if (mime_field_is(&field, "Received"))
			hops++;
		else if (mime_field_is(&field, "Date"))
			body->has_date = true;
		else if (mime_field_is(&field, "Delivered-To"))
			note_delivered(body, field.value);
		else if (mime_field_is(&field, "Message-ID") &&
		    !body->has_message_id)
			note_message_id(body, field.value);
	}
	if (hops > body->conf->hop_limit)
		give_up(body, BODY_HOPS);
	else if (body->drop_spam_fields)
		drop_spam_fields(body);
}

static void
write_out(struct body *body)
{
	if (fs_write_all(body->fd, body->bytes.p, body->bytes.len, &body->err) <
	    0) {
		if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
			body->err.kind = ERR_LIMIT;
		give_up_err(body);
		return;
	}
	buf_reset(&body->bytes);
}

/* Over the inline limit: ask qmgr for a file. */
static void
grow_large(struct body *body)
{
	/* More than header_limit bytes are here: the whole header. */
	look_at_header(body);
	if (body->trouble != BODY_FINE)
		return;
	if (body->peers->ops->large(body->peers->ctx, body->size_hint,
		&body->fd, &body->limit, &body->err) < 0) {
		give_up_err(body);
		return;
	}
	write_out(body);
}

void
body_add(struct body *body, struct str bytes)
{
	body->len += bytes.len;
	if (body->trouble != BODY_FINE)
		return;
	if ((body->conf->message_limit > 0 &&
		body->len > body->conf->message_limit) ||
	    (body->fd >= 0 && body->limit > 0 && body->len > body->limit)) {
		give_up(body, BODY_TOO_LARGE);
		return;
	}
	(void)buf_add_str(&body->bytes, bytes);
	if (body->fd >= 0 && body->bytes.len >= WRITE_PIECE)
		write_out(body);
	else if (body->fd < 0 && body->len > body->conf->inline_limit &&
	    body->len > body->conf->header_limit)
		grow_large(body);
}

void
body_end(struct body *body)
{
	if (body->trouble == BODY_FINE && !body->header_done)
		look_at_header(body);
	if (body->fd < 0 || body->trouble != BODY_FINE)
		return;
	write_out(body);
	if (body->trouble == BODY_FINE && fdatasync(body->fd) < 0) {
		err_sys(&body->err, "sync of a large message");
		if (errno == ENOSPC || errno == EDQUOT)
			body->err.kind = ERR_LIMIT;
		give_up_err(body);
	}
}

#include "pop3d/content.h"

#include "mime/downgrade.h"
#include "mime/header.h"
#include "mime/surrogate.h"

enum {
	ARENA_MAX = 128 << 20, /* the structure of a message, headers anew */
	PREFIX_MAX = 1 << 20,
};

static void
as_it_is(struct content *content)
{
	content->whole[0] = content->body.prefix;
	content->whole[1] = content->body.body;
	content->piece = content->whole;
	content->count = 2;
	content->size = content->body.prefix.len + content->body.body.len;
	content->header =
	    content->body.prefix.len + mime_header_size(content->body.body);
}

static int
make_surrogate(struct content *content, struct err *err)
{
	struct mime_surrogate made;
	struct str *piece;

	content->arena = arena_new(ARENA_MAX);
	if (mime_downgrade_header(&content->prefix, content->arena,
		content->body.prefix, false, err) < 0 ||
	    mime_surrogate_make(&made, content->arena, content->body.body,
		err) < 0)
		return -1;
	piece = arena_calloc(content->arena, made.count + 1, sizeof(*piece));
	if (piece == NULL)
		return err_set(err, ERR_LIMIT, "surrogate: no room");
	piece[0] = buf_str(&content->prefix);
	for (size_t i = 0; i < made.count; i++)
		piece[i + 1] = made.piece[i];
	content->piece = piece;
	content->count = made.count + 1;
	content->size = piece[0].len + made.size;
	content->header = piece[0].len + made.header;
	return 0;
}

int
content_open(struct content *content, const struct maildrop *drop,
    struct maildrop_item *item, struct err *err)
{
	*content = (struct content){ 0 };
	buf_init(&content->prefix, PREFIX_MAX);
	if (drop->ops->body(drop->ctx, item->uid, &content->body, err) < 0)
		return -1;
	as_it_is(content);
	if (drop->utf8 || !item->wide)
		return 0;
	if (make_surrogate(content, err) == 0 && content->size <= UINT32_MAX) {
		item->size = (uint32_t)content->size;
		item->measured = true;
		return 0;
	}
	item->measured = item->refused = true;
	content_close(content);
	return err_set(err, ERR_LIMIT, "message has no form in ASCII");
}

void
content_close(struct content *content)
{
	store_body_close(&content->body);
	buf_clear(&content->prefix);
	if (content->arena != NULL)
		arena_free(content->arena);
}

static bool
is_unknown(const struct maildrop *drop, const struct maildrop_item *item)
{
	return !drop->utf8 && item->wide && !item->measured && !item->deleted;
}

void
content_measure(const struct maildrop *drop)
{
	struct content content;
	struct err err;

	for (size_t i = 0; i < drop->count; i++) {
		if (!is_unknown(drop, &drop->item[i]))
			continue;
		if (content_open(&content, drop, &drop->item[i], &err) == 0)
			content_close(&content);
		else if (err.kind == ERR_NOENT)
			drop->item[i].measured = true;
	}
}

bool
content_is_measured(const struct maildrop *drop)
{
	for (size_t i = 0; i < drop->count; i++)
		if (is_unknown(drop, &drop->item[i]))
			return false;
	return true;
}

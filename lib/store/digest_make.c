/*
 * The making of a digest: digest.c knows its bytes, this file a message.
 */
#include "mime/date.h"
#include "mime/msgid.h"
#include "mime/subject.h"
#include "store/digest.h"

enum {
	SUBJECT_MAX = 4000,   /* bytes looked at: a sort key needs no more */
	REFERENCES_MAX = 500, /* ids kept, the newest ones */
	ARENA_MAX = 64 << 20, /* for a structure under way */
};

/* What any message fits into, when those of the caller are too much. */
static const struct mime_limits small_limits = {
	.max_depth = 10,
	.max_parts = 50,
	.max_params = 10,
	.max_addresses = 1000,
};
static const struct mime_limits flat_limits = {
	.max_depth = 0,
	.max_parts = 1,
	.max_params = 20,
	.max_addresses = 1000,
};

static int
no_room(struct err *err)
{
	return err_set(err, ERR_LIMIT, "digest: arena is full");
}

static size_t
count_ids(struct str value)
{
	size_t count = 0;
	struct str id;

	while (mime_msgid_next(&value, &id))
		count++;
	return count;
}

/* The newest ids, in brackets and normal form. */
static int
take_references(struct store_digest *digest, struct arena *arena,
    struct str value, struct err *err)
{
	size_t count = count_ids(value), len = 0;
	struct str id;
	char *text;

	if (count == 0)
		return 0;
	/* "<", ">" and what follows were in value, save for a space each. */
	text = arena_alloc(arena, value.len + count);
	if (text == NULL)
		return no_room(err);
	for (; mime_msgid_next(&value, &id); count--) {
		if (count > REFERENCES_MAX)
			continue;
		id = mime_msgid_normal(arena, id);
		if (id.p == NULL)
			return no_room(err);
		if (len > 0)
			text[len++] = ' ';
		text[len++] = '<';
		memcpy(text + len, id.p, id.len);
		len += id.len;
		text[len++] = '>';
	}
	digest->references = str_make(text, len);
	return 0;
}

static int
take_subject(struct store_digest *digest, struct arena *arena, struct err *err)
{
	struct str subject = digest->envelope.subject, base;
	struct buf out;
	int ret = 0;

	if (subject.p == NULL)
		return 0;
	buf_init(&out, 0);
	(void)mime_subject_base(&out, str_sub(subject, 0, SUBJECT_MAX), &base,
	    &digest->is_reply);
	digest->subject = arena_str(arena, base);
	if (digest->subject.p == NULL)
		ret = no_room(err);
	buf_clear(&out);
	return ret;
}

int
store_digest_make(struct store_digest *digest, struct arena *arena,
    struct str message, const struct mime_limits *limits, struct err *err)
{
	struct mime_field references;
	struct mime_date date;
	struct err ignored;

	*digest = (struct store_digest){ .length = message.len };
	if (limits == NULL)
		limits = &mime_default_limits;
	if (mime_part_parse(&digest->root, &digest->envelope, arena, message,
		limits, err) < 0)
		return -1;
	digest->is_narrow = !mime_part_is_wide(digest->root);
	if (digest->envelope.date.p != NULL &&
	    mime_date_parse(digest->envelope.date, &date, &ignored) == 0) {
		digest->has_date = true;
		digest->date = date.seconds;
		digest->zone = (int16_t)date.zone;
	}
	if (mime_header_find(digest->root->header, "References", &references) &&
	    take_references(digest, arena, references.value, err) < 0)
		return -1;
	return take_subject(digest, arena, err);
}

/* 0, or -1 with *out as it was: the message is too much for these limits. */
static int
build(struct buf *out, struct str message, const struct mime_limits *limits)
{
	struct arena *arena = arena_new(ARENA_MAX);
	size_t before = out->len;
	struct store_digest digest, back;
	struct err err;
	int ret = -1;

	if (store_digest_make(&digest, arena, message, limits, &err) == 0 &&
	    store_digest_encode(out, &digest, message, &err) == 0 &&
	    store_digest_decode(&back, arena,
		str_sub(buf_str(out), before, out->len), message, &err) == 0)
		ret = 0;
	else
		buf_truncate(out, before);
	arena_free(arena);
	return ret;
}

void
store_digest_build(struct buf *out, struct str message,
    const struct mime_limits *limits)
{
	if (limits == NULL)
		limits = &mime_default_limits;
	if (build(out, message, limits) < 0 &&
	    build(out, message, &small_limits) < 0)
		(void)build(out, message, &flat_limits);
}

#include "store/digest.h"

#include "store/digest_format.h"
#include "store/wire.h"

static void
put_list(struct buf *out, const struct mime_address_list *list)
{
	const struct mime_address *at;
	uint64_t nodes = 0;

	for (at = list->first; at != NULL; at = at->next)
		nodes++;
	wire_put_var(out,
	    nodes << 1 | (list->truncated ? DIGEST_LIST_TRUNCATED : 0));
	for (at = list->first; at != NULL; at = at->next) {
		(void)buf_add_u8(out,
		    (uint8_t)(at->kind |
			(at->valid ? DIGEST_ADDRESS_VALID : 0)));
		wire_put_str(out, at->name);
		wire_put_str(out, at->route);
		wire_put_str(out, at->mailbox);
		wire_put_str(out, at->host);
	}
}

static void
put_envelope(struct buf *out, const struct mime_envelope *envelope)
{
	wire_put_str(out, envelope->date);
	wire_put_str(out, envelope->subject);
	wire_put_str(out, envelope->in_reply_to);
	wire_put_str(out, envelope->message_id);
	for (int i = 0; i < MIME_ENVELOPE_LISTS; i++)
		put_list(out, &envelope->list[i]);
}

static void
put_value(struct buf *out, const struct mime_value *value)
{
	const struct mime_param *at;
	uint64_t params = 0;

	wire_put_str(out, value->type);
	wire_put_str(out, value->subtype);
	for (at = value->params; at != NULL; at = at->next)
		params++;
	wire_put_var(out, params);
	for (at = value->params; at != NULL; at = at->next) {
		(void)buf_add_u8(out, at->extended);
		wire_put_str(out, at->name);
		wire_put_str(out, at->value);
	}
}

static void
put_span(struct buf *out, struct str span, struct str message)
{
	bool is_inside = span.p != NULL && span.p >= message.p &&
	    span.p <= message.p + message.len;

	wire_put_var(out, is_inside ? (uint64_t)(span.p - message.p) : 0);
	wire_put_var(out, is_inside ? span.len : 0);
}

static void
put_part_fields(struct buf *out, const struct mime_part *part,
    struct str message)
{
	const struct mime_tag *tag;
	uint64_t tags = 0;

	put_value(out, &part->type);
	(void)buf_add_u8(out, (uint8_t)part->encoding);
	wire_put_str(out, part->encoding_name);
	put_value(out, &part->disposition);
	for (tag = part->language; tag != NULL; tag = tag->next)
		tags++;
	wire_put_var(out, tags);
	for (tag = part->language; tag != NULL; tag = tag->next)
		wire_put_str(out, tag->text);
	wire_put_str(out, part->id);
	wire_put_str(out, part->description);
	wire_put_str(out, part->md5);
	wire_put_str(out, part->location);
	put_span(out, part->header, message);
	put_span(out, part->body, message);
	wire_put_var(out, part->lines);
	wire_put_var(out, part->header_lines);
}

static int
put_part(struct buf *out, const struct mime_part *part, struct str message,
    unsigned depth, struct err *err)
{
	const struct mime_part *child;
	uint64_t children = 0;

	if (depth == 0)
		return err_set(err, ERR_LIMIT, "message nests too deep");
	(void)buf_add_u8(out,
	    (uint8_t)(part->kind | (part->opaque ? DIGEST_PART_OPAQUE : 0) |
		(part->envelope != NULL ? DIGEST_PART_ENVELOPE : 0)));
	put_part_fields(out, part, message);
	if (part->envelope != NULL)
		put_envelope(out, part->envelope);
	for (child = part->child; child != NULL; child = child->next)
		children++;
	wire_put_var(out, children);
	for (child = part->child; child != NULL; child = child->next)
		if (put_part(out, child, message, depth - 1, err) < 0)
			return -1;
	return 0;
}

int
store_digest_encode(struct buf *out, const struct store_digest *digest,
    struct str message, struct err *err)
{
	size_t before = out->len;

	(void)buf_add_u8(out, DIGEST_VERSION);
	(void)buf_add_u8(out,
	    (uint8_t)((digest->has_date ? DIGEST_HAS_DATE : 0) |
		(digest->is_reply ? DIGEST_IS_REPLY : 0) | DIGEST_KNOWS_WIDE |
		(digest->is_narrow ? 0 : DIGEST_IS_WIDE)));
	wire_put_var(out, digest->length);
	wire_put_var(out, digest_zigzag(digest->date));
	wire_put_var(out, digest_zigzag(digest->zone));
	put_envelope(out, &digest->envelope);
	wire_put_str(out, digest->references);
	wire_put_str(out, digest->subject);
	wire_put_str(out, digest->preview);
	if (put_part(out, digest->root, message, STORE_DIGEST_DEPTH, err) < 0)
		return -1;
	if (out->full || out->len - before > STORE_DIGEST_MAX)
		return err_set(err, ERR_LIMIT, "digest is too long");
	return 0;
}

struct decoder {
	struct wire wire;
	struct arena *arena;
	struct str message; /* p NULL: none */
	uint64_t length;    /* of the message */
	uint64_t nodes;     /* how many more may be made */
	bool full;          /* the arena was at its limit */
};

/* How many nodes follow; more than are left is bad. */
static uint64_t
take_count(struct decoder *d)
{
	uint64_t count = wire_var_max(&d->wire, d->nodes);

	d->nodes -= count;
	return count;
}

/* A node of a list, zeroed; NULL makes the input bad. */
static void *
node(struct decoder *d, size_t size)
{
	void *made = d->wire.bad ? NULL : arena_calloc(d->arena, 1, size);

	if (made == NULL && !d->wire.bad)
		d->full = d->wire.bad = true;
	return made;
}

static void
take_list(struct decoder *d, struct mime_address_list *list)
{
	uint64_t head = wire_var(&d->wire), nodes = head >> 1;

	if (nodes > d->nodes)
		d->wire.bad = true;
	else
		d->nodes -= nodes;
	list->truncated = head & DIGEST_LIST_TRUNCATED;
	for (uint64_t i = 0; i < nodes && !d->wire.bad; i++) {
		struct mime_address *at = node(d, sizeof(*at));
		uint8_t kind = wire_u8(&d->wire);

		if (at == NULL)
			break;
		at->valid = kind & DIGEST_ADDRESS_VALID;
		at->kind = kind & ~DIGEST_ADDRESS_VALID;
		if (at->kind > MIME_ADDRESS_GROUP_END)
			d->wire.bad = true;
		at->name = wire_str(&d->wire);
		at->route = wire_str(&d->wire);
		at->mailbox = wire_str(&d->wire);
		at->host = wire_str(&d->wire);
		if (list->last == NULL)
			list->first = at;
		else
			list->last->next = at;
		list->last = at;
		list->count += at->kind != MIME_ADDRESS_GROUP_END;
	}
}

static void
take_envelope(struct decoder *d, struct mime_envelope *envelope)
{
	envelope->date = wire_str(&d->wire);
	envelope->subject = wire_str(&d->wire);
	envelope->in_reply_to = wire_str(&d->wire);
	envelope->message_id = wire_str(&d->wire);
	for (int i = 0; i < MIME_ENVELOPE_LISTS; i++)
		take_list(d, &envelope->list[i]);
}

static void
take_value(struct decoder *d, struct mime_value *value)
{
	struct mime_param **tail = &value->params;
	uint64_t params;

	value->type = wire_str(&d->wire);
	value->subtype = wire_str(&d->wire);
	params = take_count(d);
	for (uint64_t i = 0; i < params && !d->wire.bad; i++) {
		struct mime_param *at = node(d, sizeof(*at));

		if (at == NULL)
			break;
		at->extended = wire_u8(&d->wire) != 0;
		at->name = wire_str(&d->wire);
		at->value = wire_str(&d->wire);
		*tail = at;
		tail = &at->next;
	}
}

static struct str
take_span(struct decoder *d)
{
	uint64_t from = wire_var_max(&d->wire, d->length);
	uint64_t len = wire_var_max(&d->wire, d->length - from);

	if (d->message.p == NULL)
		return (struct str){ NULL, len };
	return str_make(d->message.p + from, len);
}

static void
take_part_fields(struct decoder *d, struct mime_part *part)
{
	struct mime_tag **tail = &part->language;
	uint64_t tags;

	take_value(d, &part->type);
	part->encoding = wire_u8(&d->wire);
	if (part->encoding > MIME_ENCODING_UNKNOWN)
		d->wire.bad = true;
	part->encoding_name = wire_str(&d->wire);
	take_value(d, &part->disposition);
	tags = take_count(d);
	for (uint64_t i = 0; i < tags && !d->wire.bad; i++) {
		struct mime_tag *tag = node(d, sizeof(*tag));

		if (tag == NULL)
			break;
		tag->text = wire_str(&d->wire);
		*tail = tag;
		tail = &tag->next;
	}
	part->id = wire_str(&d->wire);
	part->description = wire_str(&d->wire);
	part->md5 = wire_str(&d->wire);
	part->location = wire_str(&d->wire);
	part->header = take_span(d);
	part->body = take_span(d);
	part->lines = wire_var(&d->wire);
	part->header_lines = wire_var(&d->wire);
}

/* Multiparts and messages have children, leaves none. */
static bool
is_family(const struct mime_part *part, uint64_t children)
{
	switch (part->kind) {
	case MIME_PART_LEAF:
		return children == 0;
	case MIME_PART_MULTIPART:
		return children > 0;
	case MIME_PART_MESSAGE:
		return children == 1 && part->envelope != NULL;
	}
	return false;
}

static struct mime_part *
take_part(struct decoder *d, struct mime_part *parent, unsigned depth)
{
	struct mime_part *part = node(d, sizeof(*part)), **tail;
	uint8_t kind = wire_u8(&d->wire);
	uint64_t children;

	if (part == NULL || depth == 0) {
		d->wire.bad = true;
		return NULL;
	}
	part->parent = parent;
	part->opaque = kind & DIGEST_PART_OPAQUE;
	part->kind = kind & ~(DIGEST_PART_OPAQUE | DIGEST_PART_ENVELOPE);
	take_part_fields(d, part);
	if (kind & DIGEST_PART_ENVELOPE) {
		part->envelope = node(d, sizeof(*part->envelope));
		if (part->envelope != NULL)
			take_envelope(d, part->envelope);
	}
	children = take_count(d);
	if (!is_family(part, children))
		d->wire.bad = true;
	tail = &part->child;
	for (uint64_t i = 0; i < children && !d->wire.bad; i++) {
		*tail = take_part(d, part, depth - 1);
		if (*tail != NULL)
			tail = &(*tail)->next;
	}
	return part;
}

int
store_digest_decode(struct store_digest *digest, struct arena *arena,
    struct str bytes, struct str message, struct err *err)
{
	struct decoder d = { .wire = wire_of(bytes),
		.arena = arena,
		.message = message,
		.nodes = STORE_DIGEST_NODES };
	uint8_t flags;

	*digest = (struct store_digest){ 0 };
	if (wire_u8(&d.wire) != DIGEST_VERSION)
		d.wire.bad = true;
	flags = wire_u8(&d.wire);
	digest->has_date = flags & DIGEST_HAS_DATE;
	digest->is_reply = flags & DIGEST_IS_REPLY;
	digest->is_narrow =
	    (flags & (DIGEST_KNOWS_WIDE | DIGEST_IS_WIDE)) == DIGEST_KNOWS_WIDE;
	digest->length = d.length = wire_var(&d.wire);
	if (message.p != NULL && message.len != d.length)
		d.wire.bad = true;
	digest->date = digest_unzigzag(wire_var(&d.wire));
	digest->zone = (int16_t)digest_unzigzag(wire_var_max(&d.wire, 4000));
	take_envelope(&d, &digest->envelope);
	digest->references = wire_str(&d.wire);
	digest->subject = wire_str(&d.wire);
	digest->preview = wire_str(&d.wire);
	digest->root = take_part(&d, NULL, STORE_DIGEST_DEPTH);
	if (d.full)
		return err_set(err, ERR_LIMIT, "digest: arena is full");
	if (!wire_is_done(&d.wire))
		return err_set(err, ERR_CORRUPT, "digest is damaged");
	return 0;
}

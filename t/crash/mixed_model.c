#include "t/crash/mixed_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/log.h"
#include "store/format.h"

enum { RANGE_MAX = 9, DELIVER_MAX = 4 };

void
mixed_init(struct mixed *mixed, unsigned fill)
{
	*mixed = (struct mixed){ .fill = fill };
	mixed->box[0].exists = true;
	mixed->box[0].subscribed = true;
	for (size_t i = 0; i < MIXED_BOXES; i++)
		mixed->box[i].message =
		    xcalloc(MIXED_MESSAGES, sizeof(struct mixed_message));
}

void
mixed_clear(struct mixed *mixed)
{
	for (size_t i = 0; i < MIXED_BOXES; i++)
		free(mixed->box[i].message);
}

void
mixed_copy(struct mixed *to, const struct mixed *from)
{
	for (size_t i = 0; i < MIXED_BOXES; i++) {
		struct mixed_message *message = to->box[i].message;

		to->box[i] = from->box[i];
		to->box[i].message = message;
		memcpy(message, from->box[i].message,
		    from->box[i].uids * sizeof(*message));
	}
	to->numbers = from->numbers;
	to->fill = from->fill;
}

/* splitmix64: the i-th number drawn for operation n. */
static uint64_t
draw(const struct mixed *mixed, unsigned n, unsigned i)
{
	uint64_t x = ((uint64_t)mixed->fill << 40 | (uint64_t)n << 8 | i) *
	    0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* The next box behind start that exists or not; MIXED_BOXES: none does. */
static unsigned
find_box(const struct mixed *mixed, uint64_t start, bool exists, bool inbox)
{
	for (unsigned i = 0; i < MIXED_BOXES; i++) {
		unsigned box = (unsigned)((start + i) % MIXED_BOXES);

		if (mixed->box[box].exists == exists && (box != 0 || inbox))
			return box;
	}
	return MIXED_BOXES;
}

static void
choose_range(const struct mixed *mixed, unsigned n, struct mixed_op *op)
{
	const struct mixed_box *box = &mixed->box[op->box];
	uint32_t width = 1 + (uint32_t)(draw(mixed, n, 3) % RANGE_MAX);

	if (draw(mixed, n, 5) % 3 == 0)
		width = box->uids; /* all there is above */
	op->lo = 1 + (uint32_t)(draw(mixed, n, 4) % box->uids);
	if (op->kind == MIXED_EXPUNGE && width > RANGE_MAX && n % 4 != 0)
		width = RANGE_MAX; /* or nothing lives long */
	op->hi = box->uids - op->lo < width ? box->uids : op->lo + width - 1;
}

/* Of a hundred operations. */
static enum mixed_kind
kind_of(const struct mixed *mixed, unsigned n)
{
	static const struct {
		enum mixed_kind kind;
		unsigned share;
	} rows[] = {
		{ MIXED_DELIVER, 26 },
		{ MIXED_APPEND, 14 },
		{ MIXED_STORE, 16 },
		{ MIXED_EXPUNGE, 8 },
		{ MIXED_COPY, 5 },
		{ MIXED_MOVE, 8 },
		{ MIXED_CREATE, 6 },
		{ MIXED_DELETE, 3 },
		{ MIXED_RENAME, 4 },
		{ MIXED_SUBSCRIBE, 3 },
		{ MIXED_UNSUBSCRIBE, 2 },
		{ MIXED_SHARE, 3 },
		{ MIXED_UNSHARE, 2 },
	};
	unsigned drawn = (unsigned)(draw(mixed, n, 0) % 100);

	for (size_t i = 0; i < NELEMS(rows); i++) {
		if (drawn < rows[i].share)
			return rows[i].kind;
		drawn -= rows[i].share;
	}
	return MIXED_DELIVER;
}

/* Into INBOX, which is always there: what can be done in any state. */
static struct mixed_op
deliver(const struct mixed *mixed, unsigned n)
{
	return (struct mixed_op){ .kind = MIXED_DELIVER,
		.first = mixed->numbers + 1,
		.count = 1 + (unsigned)(draw(mixed, n, 1) % DELIVER_MAX) };
}

static bool
choose_two(const struct mixed *mixed, unsigned n, struct mixed_op *op)
{
	op->to =
	    find_box(mixed, draw(mixed, n, 2), op->kind != MIXED_RENAME, true);
	return op->to != MIXED_BOXES && op->to != op->box;
}

struct mixed_op
mixed_choose(const struct mixed *mixed, unsigned n)
{
	static const uint16_t flags[] = { STORE_FLAG_SEEN, STORE_FLAG_FLAGGED,
		STORE_FLAG_DELETED, STORE_FLAG_SEEN | STORE_FLAG_DRAFT };
	struct mixed_op op = { .kind = kind_of(mixed, n), .count = 1 };
	bool named = op.kind >= MIXED_CREATE; /* INBOX stays as it is */

	if (n == 0 && mixed->fill > 0)
		return (struct mixed_op){ .kind = MIXED_FILL,
			.first = 1,
			.count = mixed->fill };
	if (op.kind == MIXED_DELIVER)
		return deliver(mixed, n);
	op.box =
	    find_box(mixed, draw(mixed, n, 1), op.kind != MIXED_CREATE, !named);
	if (op.box == MIXED_BOXES)
		return deliver(mixed, n);
	op.flags = flags[draw(mixed, n, 6) % NELEMS(flags)];
	op.removes = draw(mixed, n, 7) % 4 == 0;
	if (op.kind == MIXED_APPEND) {
		op.first = mixed->numbers + 1;
		op.count = 1 + (unsigned)(draw(mixed, n, 8) % DELIVER_MAX);
	}
	if (op.kind >= MIXED_STORE && op.kind <= MIXED_MOVE) {
		if (mixed->box[op.box].uids == 0)
			return deliver(mixed, n);
		choose_range(mixed, n, &op);
	}
	if ((op.kind == MIXED_COPY || op.kind == MIXED_MOVE ||
		op.kind == MIXED_RENAME) &&
	    !choose_two(mixed, n, &op))
		return deliver(mixed, n);
	if (op.kind == MIXED_COPY && op.hi - op.lo > RANGE_MAX)
		op.hi = op.lo + RANGE_MAX;
	return op;
}

static void
add(struct mixed_box *box, uint32_t number, uint16_t flags)
{
	if (box->uids == MIXED_MESSAGES)
		panic("too many messages for the model");
	box->message[box->uids++] = (struct mixed_message){ number, flags };
}

static void
apply_to_message(struct mixed *mixed, const struct mixed_op *op,
    struct mixed_message *message)
{
	if (message->number == 0)
		return;
	if (op->kind == MIXED_STORE && op->removes)
		message->flags &= (uint16_t)~op->flags;
	else if (op->kind == MIXED_STORE)
		message->flags |= op->flags;
	if (op->kind == MIXED_COPY || op->kind == MIXED_MOVE)
		add(&mixed->box[op->to], message->number, message->flags);
	if (op->kind == MIXED_EXPUNGE || op->kind == MIXED_MOVE)
		message->number = 0;
}

static void
apply_to_box(struct mixed *mixed, const struct mixed_op *op)
{
	struct mixed_box *box = &mixed->box[op->box], *to, was;

	switch (op->kind) {
	case MIXED_CREATE:
		box->exists = true;
		box->shared = false;
		box->uids = 0;
		break;
	case MIXED_DELETE:
		box->exists = box->shared = false;
		break;
	case MIXED_RENAME:
		to = &mixed->box[op->to];
		was = *to;
		*to = *box;
		*box = was;
		/* A subscription is one to a name. */
		box->subscribed = to->subscribed;
		to->subscribed = was.subscribed;
		box->exists = box->shared = false;
		break;
	case MIXED_SUBSCRIBE:
	case MIXED_UNSUBSCRIBE:
		box->subscribed = op->kind == MIXED_SUBSCRIBE;
		break;
	case MIXED_SHARE:
	case MIXED_UNSHARE:
		box->shared = op->kind == MIXED_SHARE;
		break;
	default:
		break;
	}
}

void
mixed_apply(struct mixed *mixed, const struct mixed_op *op)
{
	struct mixed_box *box = &mixed->box[op->box];

	if (op->first != 0) {
		for (unsigned i = 0; i < op->count; i++)
			add(box, op->first + i,
			    op->kind == MIXED_APPEND ? op->flags : 0);
		mixed->numbers = op->first + op->count - 1;
	} else if (op->lo != 0) {
		for (uint32_t uid = op->lo; uid <= op->hi; uid++)
			apply_to_message(mixed, op, &box->message[uid - 1]);
	} else {
		apply_to_box(mixed, op);
	}
}

bool
mixed_is_by_message(const struct mixed_op *op)
{
	return op->kind == MIXED_STORE || op->kind == MIXED_EXPUNGE ||
	    op->kind == MIXED_MOVE || op->kind == MIXED_FILL ||
	    op->kind == MIXED_DELIVER;
}

const char *
mixed_name(unsigned box)
{
	static const char *const names[MIXED_BOXES] = { "INBOX", "work",
		"lists", "todo", "old", "2025", "may" };

	return names[box];
}

const char *
mixed_word(enum mixed_kind kind)
{
	static const char *const words[MIXED_KINDS] = { "FILL", "DELIVER",
		"APPEND", "STORE", "EXPUNGE", "COPY", "MOVE", "CREATE",
		"DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "SETACL",
		"DELETEACL" };

	return words[kind];
}

size_t
mixed_body(char out[MIXED_BODY_MAX], uint32_t number)
{
	size_t len = 30 + number * 2654435761u % 3000, at;

	if (number % 61 == 0)
		len += MIXED_LARGE;
	at = (size_t)snprintf(out, MIXED_BODY_MAX, "%u\r\n", number);
	for (; at < len; at++)
		out[at] = (char)(number * 31 + at);
	return len;
}

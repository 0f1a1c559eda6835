#include "imapd/view_pack.h"

#include "base/hash.h"
#include "base/num.h"

static int
take(struct str *in, uint64_t max, uint64_t *out, struct err *err)
{
	if (num_take_varint(in, max, out))
		return 0;
	return err_set(err, ERR_CORRUPT, "packed: no number, or too large");
}

/* How many from i on have the flags and keywords that it has. */
static size_t
flags_run(const struct view *view, size_t i)
{
	size_t end = i + 1;

	while (end < view->len &&
	    view_flags(view, end) == view_flags(view, i) &&
	    view_keywords(view, end) == view_keywords(view, i))
		end++;
	return end - i;
}

void
view_pack_flags(struct buf *out, const struct view *view)
{
	size_t len;

	for (size_t i = 0; i < view->len && !out->full; i += len) {
		len = flags_run(view, i);
		(void)buf_add_varint(out, len);
		(void)buf_add_varint(out, view_flags(view, i));
		(void)buf_add_varint(out, view_keywords(view, i));
	}
}

int
view_unpack_flags(struct view *view, struct str in, struct err *err)
{
	uint64_t len, flags, keywords;

	for (size_t i = 0; i < view->len;) {
		if (take(&in, view->len - i, &len, err) < 0 ||
		    take(&in, VIEW_FLAGS, &flags, err) < 0 ||
		    take(&in, UINT64_MAX, &keywords, err) < 0)
			return -1;
		if (len == 0)
			return err_set(err, ERR_CORRUPT, "packed: empty run");
		for (; len > 0; len--)
			(void)view_set(view, i++, (unsigned)flags, keywords);
	}
	return in.len == 0 ? 0 : err_set(err, ERR_CORRUPT, "packed: left over");
}

/* Runs by turns: not recent, recent, not recent, ... */
void
view_pack_recent(struct buf *out, const struct view *view)
{
	bool recent = false;

	for (size_t i = 0, end; i < view->len && !out->full; i = end) {
		for (end = i; end < view->len &&
		     view_is(view, end, VIEW_RECENT) == recent;
		     end++)
			;
		(void)buf_add_varint(out, end - i);
		recent = !recent;
	}
}

int
view_unpack_recent(struct view *view, struct str in, struct err *err)
{
	bool recent = false;
	uint64_t len;

	for (size_t i = 0; i < view->len; recent = !recent) {
		if (take(&in, view->len - i, &len, err) < 0)
			return -1;
		if (len == 0 && i > 0)
			return err_set(err, ERR_CORRUPT, "packed: empty run");
		for (; len > 0; len--)
			view_mark(view, i++, VIEW_RECENT, recent);
	}
	return in.len == 0 ? 0 : err_set(err, ERR_CORRUPT, "packed: left over");
}

/* Each by how far it is from the one before. */
void
view_pack_expunged(struct buf *out, const struct view *view)
{
	uint32_t last = 0;

	for (size_t i = 0; view->expunged > 0 && i < view->len && !out->full;
	     i++) {
		if (!view_is(view, i, VIEW_EXPUNGED))
			continue;
		(void)buf_add_varint(out, view->message[i].uid - last);
		last = view->message[i].uid;
	}
}

int
view_unpack_expunged(struct view *view, struct str in, struct err *err)
{
	uint32_t uid = 0;
	uint64_t step;

	while (in.len > 0) {
		if (take(&in, UINT32_MAX - uid, &step, err) < 0)
			return -1;
		uid += (uint32_t)step;
		if (step == 0 || view_find(view, uid) != VIEW_NONE)
			return err_set(err, ERR_CORRUPT,
			    "packed: message is there");
		view_mark(view, view_insert(view, uid, 0, 0, false),
		    VIEW_EXPUNGED, true);
	}
	return 0;
}

uint64_t
view_checksum(const struct view *view)
{
	uint64_t sum = view->len;

	for (size_t i = 0; i < view->len; i++)
		sum = hash_checksum(sum, &view->message[i].uid,
		    sizeof(view->message[i].uid));
	return sum;
}

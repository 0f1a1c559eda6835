#include "stored/settle.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/num.h"
#include "ipc/store_msg.h"

/* What was known of a queue when its list began, less what lives. */
struct settle {
	uint64_t queue;
	struct hash *known; /* queue ids; the value only is not NULL */
};

void
settle_free(struct settle *settle)
{
	if (settle == NULL)
		return;
	hash_free(settle->known);
	free(settle);
}

static int
find(struct change *change, uint64_t queue, struct str id,
    struct store_applied *row, struct err *err)
{
	struct kv_key key;
	struct str bytes;
	int ret;

	store_key_applied(&key, queue, id);
	ret = kv_get(change->txn, STORE_TAB_APPLIED, kv_key_get(&key), &bytes,
	    err);
	if (ret > 0 && store_applied_decode(row, bytes, err) < 0)
		return -1;
	return ret;
}

/* Where number stands among row's, or would. */
static uint32_t
place_of(const struct store_applied *row, uint32_t number)
{
	uint32_t lo = 0, hi = row->count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (num_get_u32(row->numbers + (size_t)mid * 4) < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool
is_at(const struct store_applied *row, uint32_t at, uint32_t number)
{
	return at < row->count &&
	    num_get_u32(row->numbers + (size_t)at * 4) == number;
}

int
settle_is_applied(struct change *change, uint64_t queue, struct str id,
    uint32_t number, struct err *err)
{
	struct store_applied row;
	int ret = find(change, queue, id, &row, err);

	if (ret <= 0)
		return ret;
	return is_at(&row, place_of(&row, number), number);
}

int
settle_apply(struct change *change, uint64_t queue, struct str id,
    uint32_t number, struct err *err)
{
	struct store_applied row = { 0 };
	unsigned char bytes[4];
	struct kv_key key;
	struct buf numbers;
	uint32_t at;
	int ret = find(change, queue, id, &row, err);

	if (ret < 0)
		return -1;
	at = place_of(&row, number);
	if (is_at(&row, at, number))
		return 0;
	num_put_u32(bytes, number);
	buf_init(&numbers, 0);
	(void)buf_add(&numbers, row.numbers, (size_t)at * 4);
	(void)buf_add(&numbers, bytes, 4);
	if (row.count > at)
		(void)buf_add(&numbers, row.numbers + (size_t)at * 4,
		    (size_t)(row.count - at) * 4);
	row.when = change->now;
	row.count++;
	row.numbers = numbers.p;
	store_key_applied(&key, queue, id);
	store_applied_encode(&change->row, &row);
	ret = change_put(change, STORE_TAB_APPLIED, &key, buf_str(&change->row),
	    err);
	buf_clear(&numbers);
	return ret;
}

/* Remember what is known of the queue now. */
static int
begin(struct change *change, const struct store_settle *in, struct err *err)
{
	struct settle *settle = xcalloc(1, sizeof(*settle));
	struct kv_range range;
	struct str key, row;
	struct kv_key prefix;
	int ret;

	settle_free(change->engine->settle);
	change->engine->settle = settle;
	settle->queue = in->queue;
	settle->known = hash_new();
	store_key_applied(&prefix, in->queue, STR(""));
	if (kv_range_open_prefix(&range, change->txn, STORE_TAB_APPLIED,
		kv_key_get(&prefix), err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &row, err)) > 0)
		(void)hash_put(settle->known, str_sub(key, 8, key.len), settle);
	kv_range_close(&range);
	return ret;
}

static int
forget(struct change *change, uint64_t queue, struct str id, struct err *err)
{
	struct kv_key key;

	store_key_applied(&key, queue, id);
	return change_del(change, STORE_TAB_APPLIED, &key, err);
}

/* A slice of what is left; the hash shrinks as it is done. */
static int
end(struct change *change, struct request *request, struct err *err)
{
	struct settle *settle = change->engine->settle;
	unsigned left = STORE_SLICE;
	struct str id;
	void *value;

	for (size_t it = 0; hash_next(settle->known, &it, &id, &value);) {
		if (left-- == 0) {
			request->is_unfinished = true;
			return 0;
		}
		if (forget(change, settle->queue, id, err) < 0)
			return -1;
		(void)hash_remove(settle->known, id);
	}
	settle_free(settle);
	change->engine->settle = NULL;
	return 0;
}

/*
 * Taking ids off the list before the commit is sound: should the batch fail,
 * a delivery is remembered a little longer than needed, never shorter.
 */
int
settle_run(struct change *change, struct request *request, struct err *err)
{
	const struct store_settle *in = request->in;
	const struct store_word *id = in->ids.items;
	struct settle *settle = change->engine->settle;
	int ret = 0;

	if (in->op > STORE_SETTLE_END)
		return request_refuse(request, ERR_SYNTAX, "settle: op %u",
		    in->op);
	if (in->op > STORE_SETTLE_BEGIN &&
	    (settle == NULL || settle->queue != in->queue))
		return request_refuse(request, ERR_SYNTAX,
		    "settle: no list was begun");
	if (in->op == STORE_SETTLE_BEGIN)
		ret = begin(change, in, err);
	for (size_t i = 0; ret == 0 && i < in->ids.count; i++) {
		if (in->op == STORE_SETTLE_FORGET)
			ret = forget(change, in->queue, id[i].word, err);
		else if (in->op != STORE_SETTLE_BEGIN)
			(void)hash_remove(settle->known, id[i].word);
	}
	if (ret == 0 && in->op == STORE_SETTLE_END)
		ret = end(change, request, err);
	if (ret == 0)
		(void)request_answer(request, &store_done_msg);
	return ret;
}

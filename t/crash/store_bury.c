#include "t/crash/store_bury.h"

#include <stdio.h>

#include "base/attr.h"
#include "kv/cursor.h"
#include "store/row.h"

enum { BURIED = 1, COMES = 2, BACK = 4 };

struct look {
	struct kv_txn *txn;
	uint32_t user;
	const struct bury_promised *promised;
	bury_is_fn *is;
	void *ctx;
};

bool
bury_mark(struct bury_promised *promised, const char *word, uint32_t mailbox,
    uint32_t number)
{
	static const struct {
		const char *word;
		uint8_t what;
	} words[] = { { "buried", BURIED }, { "comes", COMES },
		{ "back", BACK } };

	for (size_t i = 0; i < NELEMS(words); i++) {
		if (strcmp(word, words[i].word) != 0)
			continue;
		promised->what[mailbox] |= words[i].what;
		promised->number[mailbox] = number;
		return true;
	}
	return false;
}

static int
count_kept(struct look *look, uint32_t mailbox, unsigned *count,
    struct err *err)
{
	struct kv_range range;
	struct kv_key prefix;
	struct str key, row;
	struct store_hot hot;
	struct store_mod mod;
	int ret;

	store_key_mbox(&prefix, mailbox);
	if (kv_range_open_prefix(&range, look->txn, STORE_TAB_MOD,
		kv_key_get(&prefix), err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &row, err)) > 0) {
		if ((ret = store_mod_decode(&mod, row, err)) < 0)
			break;
		if (mod.message.len == 0)
			continue;
		if ((ret = store_hot_decode(&hot, mod.message, err)) < 0)
			break;
		*count += look->is(look->ctx, look->txn, &hot,
		    look->promised->number[mailbox]);
	}
	kv_range_close(&range);
	return ret;
}

static int
count_back(struct look *look, uint32_t mailbox, unsigned *count,
    struct err *err)
{
	struct store_name name;
	struct store_hot hot;
	char text[20];
	int ret;

	(void)snprintf(text, sizeof(text), "back %u", mailbox);
	ret = store_row_name(look->txn, look->user, str_of(text), &name, err);
	if (ret > 0)
		ret = store_row_hot(look->txn, name.mailbox, 1, &hot, err);
	if (ret > 0)
		*count += look->is(look->ctx, look->txn, &hot,
		    look->promised->number[mailbox]);
	return ret < 0 ? -1 : 0;
}

int
bury_check(struct kv_txn *txn, uint32_t user,
    const struct bury_promised *promised, bury_is_fn *is, void *ctx,
    unsigned *bad, struct err *err)
{
	struct look look = { txn, user, promised, is, ctx };

	for (uint32_t mailbox = 1; mailbox < BURY_MAX; mailbox++) {
		uint8_t what = promised->what[mailbox];
		unsigned kept = 0, back = 0;

		if (!(what & BURIED))
			continue;
		if (count_kept(&look, mailbox, &kept, err) < 0 ||
		    count_back(&look, mailbox, &back, err) < 0)
			return -1;
		*bad += kept + back != 1 || (what & BACK && back == 0) ||
		    (!(what & COMES) && kept == 0);
	}
	return 0;
}

#include "kv/hold.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "kv/internal.h"

struct kv_hold {
	struct kv *kv; /* borrowed */
	MDB_txn *txn;
};

int
kv_hold_begin(struct kv_hold **out, struct kv *kv, struct err *err)
{
	struct kv_hold *hold = xcalloc(1, sizeof(*hold));
	int rc;

	*out = NULL;
	hold->kv = kv;
	rc = mdb_txn_begin(kv->env, NULL, MDB_RDONLY, &hold->txn);
	if (rc != MDB_SUCCESS) {
		free(hold);
		return kv_set_err(kv, rc, err);
	}
	*out = hold;
	return 0;
}

int
kv_hold_view(struct kv_hold *hold, kv_fn *fn, void *arg, struct err *err)
{
	struct kv_txn txn = { .kv = hold->kv, .mdb = hold->txn };

	return fn(&txn, arg, err);
}

void
kv_hold_end(struct kv_hold *hold)
{
	if (hold == NULL)
		return;
	mdb_txn_abort(hold->txn);
	free(hold);
}

/*
 * settle - forgetting deliveries that their queue has durably retired.
 *
 * Deliveries are remembered in table applied until qmgr says that it will
 * never ask again. At its start qmgr lists all that lives; what we knew when
 * the list began and is not on it is forgotten when it ends.
 */
#ifndef STORED_SETTLE_H
#define STORED_SETTLE_H

#include "stored/change.h"

struct settle;

request_fn settle_run;                   /* store_settle */
void settle_free(struct settle *settle); /* NULL is fine */

/*
 * Was recipient number of this message delivered? 1 yes, 0 no, -1 error; and
 * note that it is, in the same batch as its rows.
 */
int settle_is_applied(struct change *change, uint64_t queue, struct str id,
    uint32_t number, struct err *err);
int settle_apply(struct change *change, uint64_t queue, struct str id,
    uint32_t number, struct err *err);

#endif

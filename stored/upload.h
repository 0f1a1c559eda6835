/*
 * upload - messages that no mailbox holds yet: each is durable when it is
 * answered, and a later request takes all it wants of them into a mailbox at
 * once. What nobody adopts goes after an hour, or when stored starts.
 */
#ifndef STORED_UPLOAD_H
#define STORED_UPLOAD_H

#include "stored/change.h"

request_fn adopt_run; /* store_adopt */

/* For append: keep body as an upload of the request's user. */
int upload_hold(struct change *change, struct request *request, struct str body,
    uint64_t *blob, struct err *err);

/* A request of nobody's: the uploads whose time is over go, or all. */
struct request *upload_prune_new(bool all);

#endif

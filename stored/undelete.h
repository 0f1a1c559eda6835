/*
 * undelete - what was expunged a while ago: listed, and had back.
 */
#ifndef STORED_UNDELETE_H
#define STORED_UNDELETE_H

#include "stored/stored.h"

request_fn undelete_run; /* store_undelete */

/* Answer a store_graves. */
void undelete_list(struct client *client, uint16_t tag,
    const struct store_graves *in);

#endif

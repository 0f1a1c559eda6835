/*
 * browse - a mailbox's messages for the operator, who takes them elsewhere.
 */
#ifndef STORED_BROWSE_H
#define STORED_BROWSE_H

#include "stored/stored.h"

/* Answer a store_browse. */
void browse_answer(struct client *client, uint16_t tag,
    const struct store_browse *in);

#endif

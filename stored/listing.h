/*
 * listing - what ctl shows: users, and the mailboxes of one.
 */
#ifndef STORED_LISTING_H
#define STORED_LISTING_H

#include "stored/stored.h"

void listing_answer(struct client *client, uint16_t tag,
    const struct store_list *in);

#endif

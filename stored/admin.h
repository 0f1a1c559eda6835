/*
 * admin - what an operator asks of the whole partition: verify, compact,
 * rebuild.
 */
#ifndef STORED_ADMIN_H
#define STORED_ADMIN_H

#include "stored/stored.h"

void admin_start(struct client *client, uint16_t tag,
    const struct store_admin *in);
/* The client is gone; what runs for it ends. */
void admin_forget(struct stored *stored, const struct client *client);

#endif

/*
 * orphan - mailboxes that were being deleted when stored ended: they have no
 * name any more, and what is left of them goes at the next start.
 */
#ifndef STORED_ORPHAN_H
#define STORED_ORPHAN_H

#include "stored/stored.h"

/* Find them and ask for the rest. */
int orphan_start(struct stored *stored, struct err *err);

#endif

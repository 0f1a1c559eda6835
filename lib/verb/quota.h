/*
 * quota - what users store and may store, for the verbs about users.
 */
#ifndef VERB_QUOTA_H
#define VERB_QUOTA_H

#include "verb/store_edge.h"

/*
 * Print "used" (bytes) and "messages" of a user as stored has them, zeros for
 * who never had mail; with limits also those (0: none). edge NULL: nothing at
 * all, for stored does not run.
 */
void quota_print(struct print *p, struct store_edge *edge, struct str owner,
    bool limits);

#endif

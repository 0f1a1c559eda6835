/*
 * store_edge - the operator's edge of stored, for one verb.
 */
#ifndef VERB_STORE_EDGE_H
#define VERB_STORE_EDGE_H

#include "base/arena.h"
#include "store/client.h"
#include "verb/verb.h"

enum { STORE_EDGE_TIMEOUT = 60000 /* ms */ };

struct store_edge {
	struct store_client *client;
	struct arena *arena;
};

int store_edge_open(struct store_edge *edge, struct verb_call *call,
    int timeout_ms, struct err *err);
void store_edge_close(struct store_edge *edge);

/*
 * Whose mailboxes an operator means: an address is a user's, a domain stands
 * for what is shared in it. In lower case, for names of users have no case.
 */
struct str store_edge_user(struct store_edge *edge, const char *text);

/*
 * Call fn for each mailbox of user, or the one of that name (NULL: all).
 * ERR_NOENT. fn's -1 ends it. What fn puts into edge->arena stays.
 */
typedef int store_edge_fn(struct store_edge *edge, struct str user,
    const struct store_listing *mailbox, void *ctx, struct err *err);
int store_edge_each(struct store_edge *edge, struct str user, const char *name,
    store_edge_fn *fn, void *ctx, struct err *err);

#endif

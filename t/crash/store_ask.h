/*
 * store_ask - requests to a store's engine that a test has opened, as stored
 * would hand them in, by two users. For programs that are linked with stored.
 * All exit the process on failure.
 */
#ifndef CRASH_STORE_ASK_H
#define CRASH_STORE_ASK_H

#include "stored/engine.h"

/* The first and the second user of a store that these tests made. */
extern const struct store_who store_anna, store_bob;

/* Put the request, in the user's name, behind those of batch, which owns it. */
struct request *store_ask(struct list *batch, const struct store_who *who,
    request_fn *fn, const struct ipc_msg *msg, const void *in);
/* Give an append the file that has its body. */
void store_ask_body(struct engine *engine, struct request *request,
    struct str body);
/* What an append says of its first target. */
const struct store_append_result *store_ask_result(
    const struct request *request);
/* End the requests of a list. */
void store_ask_clear(struct list *requests);

#endif

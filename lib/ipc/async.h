/*
 * async - the asking side of an edge in a daemon that must not block.
 *
 * Connects when first asked and again after the connection broke. Every call
 * ends in exactly one callback, from the loop and never from inside
 * ipc_async_call(): with the answer, or with an error (what the server said;
 * ERR_TEMP when the connection broke or time ran out).
 *
 * Bounds: of IPC_ASYNC_CALLS_MAX calls that are under way further ones are not
 * sent, and end with ERR_TEMP.
 */
#ifndef IPC_ASYNC_H
#define IPC_ASYNC_H

#include <event2/event.h>

#include "ipc/codec.h"

enum { IPC_ASYNC_CALLS_MAX = 32768 }; /* there are 65,536 tags */

struct ipc_async;

/*
 * answer is the decoded answer (strings live until the function returns, its
 * descriptors are the function's) or NULL, and then err says why.
 */
typedef void ipc_async_fn(void *ctx, const void *answer, const struct err *err);

/* path is borrowed, relative to the current folder. */
struct ipc_async *ipc_async_new(struct event_base *base, const char *path,
    int timeout_ms);
/* Before the first call: see struct ipc_peer_ops. */
void ipc_async_set_secret(struct ipc_async *async);
/* Open calls end with ERR_TEMP. */
void ipc_async_free(struct ipc_async *async);

/*
 * answer_msg is the only answer taken besides ipc_error. Returns a number
 * for ipc_async_cancel().
 */
uint64_t ipc_async_call(struct ipc_async *async, const struct ipc_msg *msg,
    const void *req, const struct ipc_msg *answer_msg, ipc_async_fn *fn,
    void *ctx);
/* The callback of this call will not come. Unknown numbers are ignored. */
void ipc_async_cancel(struct ipc_async *async, uint64_t call);
/* Send and expect no answer; lost when the connection is. */
void ipc_async_tell(struct ipc_async *async, const struct ipc_msg *msg,
    const void *in);
size_t ipc_async_open_calls(const struct ipc_async *async);

#endif

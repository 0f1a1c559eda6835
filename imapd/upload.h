/*
 * upload - the message of an APPEND on its way from the connection to stored:
 * in memory, or when large in a file of stored's.
 */
#ifndef IMAPD_UPLOAD_H
#define IMAPD_UPLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "ipc/store_msg.h"

struct session;

struct upload {
	uint64_t size, got;
	struct buf memory;
	struct store_large_open large; /* fd -1: in memory */
	void *map;                     /* of the file, once it is whole */
	bool nul;                      /* it holds what no literal may hold */
};

/*
 * Make room for size bytes. -1: stored has none (err says why). Closed by the
 * caller either way.
 */
int upload_open(struct upload *upload, struct session *session, uint64_t size,
    struct err *err);
void upload_close(struct upload *upload);

/*
 * Read the message off the connection, to its end even when the disk fails.
 * 0; -1 when the connection is over; else 1 with err set.
 */
int upload_read(struct upload *upload, struct session *session,
    struct err *err);

/* What FETCH and SEARCH need to know of it; empty where that fails. */
void upload_digest(struct upload *upload, struct buf *digest);

/* Say in req where the message is. */
void upload_name(const struct upload *upload, struct store_append *req);

#endif

/*
 * client_impl - what the files of store/client.h share; nobody else includes
 * it.
 */
#ifndef STORE_CLIENT_IMPL_H
#define STORE_CLIENT_IMPL_H

#include "ipc/conn.h"
#include "store/client.h"

enum { CLIENT_PACKS = 4 }; /* descriptors kept */

struct open_pack {
	uint32_t pack; /* 0: a blob's own file, or free when fd is -1 */
	uint64_t blob;
	int fd;
};

struct store_client {
	struct ipc_conn conn;
	struct arena *arena; /* of the last answer */
	struct open_pack pack[CLIENT_PACKS];
	unsigned next_pack; /* the one to be replaced next */
	struct store_notice *notice;
	size_t notices, notice_cap;
	unsigned pending; /* appends that were sent and not answered */
};

/* Send under a new tag (conn.tag). */
int client_send(struct store_client *client, const struct ipc_msg *msg,
    const void *req, struct err *err);
/* The next frame that is no notice. ERR_TEMP. */
int client_receive(struct store_client *client, struct frame *frame,
    struct err *err);
/*
 * An answer. 0 with *result of kind ERR_NONE: *resp is set, strings borrowed
 * until the next receive; another kind: the request was refused. -1: the
 * connection is broken.
 */
int client_decode(struct store_client *client, const struct frame *frame,
    struct arena *arena, const struct ipc_msg *msg, void *resp,
    struct err *result, struct err *err);
/* Send, wait, decode. */
int client_call(struct store_client *client, struct arena *arena,
    const struct ipc_msg *req_msg, const void *req,
    const struct ipc_msg *resp_msg, void *resp, struct err *err);
/* Close what can no longer be understood. Returns -1, ERR_TEMP. */
int client_broken(struct store_client *client, struct err *err);

#endif

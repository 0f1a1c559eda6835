/*
 * conn - one end of a frame connection, blocking with a time limit: for the
 * clients in session daemons and the operator's command.
 *
 * Trouble closes the connection (conn->fd is -1 then) and is ERR_TEMP: the
 * server restarts behind its listening socket, and the next call may connect
 * again. What a request did before the trouble is unknown to the caller.
 */
#ifndef IPC_CONN_H
#define IPC_CONN_H

#include "ipc/frame.h"

struct ipc_conn {
	int fd;       /* owned; -1 when closed */
	int timeout;  /* ms for a whole send or receive; -1 for ever */
	uint16_t tag; /* of the last request */
	struct buf out;
	struct buf in;
	size_t in_taken;
	struct ipc_fds fds; /* came, not taken yet */
};

/* Takes fd over (it may be -1: closed). */
void ipc_conn_init(struct ipc_conn *conn, int fd, int timeout_ms);
void ipc_conn_clear(struct ipc_conn *conn);
/*
 * Between questions: close it if the peer has closed. Whoever asks next then
 * connects to the one that was started in its place.
 */
void ipc_conn_notice_end(struct ipc_conn *conn);
/* Connect to a name if not connected. */
int ipc_conn_open(struct ipc_conn *conn, const char *path, struct err *err);

/* Send one message. Descriptors in it stay the caller's. */
int ipc_conn_send(struct ipc_conn *conn, const struct ipc_msg *msg,
    uint16_t tag, const void *in, struct err *err);

/*
 * The next frame, whatever it is; frame->payload lives until the next
 * receive, its descriptors are first in conn->fds. ERR_NOENT when the peer
 * closed between frames.
 */
int ipc_conn_recv(struct ipc_conn *conn, struct frame *frame, struct err *err);

/*
 * Ask and wait for the answer resp_msg, decoded into *resp (strings borrowed
 * until the next receive, lists in arena). An ipc_error from the server
 * comes back as its kind and text. Any other frame is ERR_CORRUPT.
 */
int ipc_conn_call(struct ipc_conn *conn, const struct ipc_msg *req_msg,
    const void *req, const struct ipc_msg *resp_msg, void *resp,
    struct arena *arena, struct err *err);

#endif

/*
 * server - frame connections on a libevent loop: the servers' side of our
 * edges, and the asking side in daemons that must not block.
 *
 * A peer is one connection. Its messages are decoded by the table the caller
 * gives and handed to the row's function one at a time. What is written to a
 * peer is buffered and goes out when the socket takes it; a peer that lets
 * more than IPC_PEER_OUT_MAX pile up is closed. A peer whose frames are
 * wrong is closed with one warning.
 */
#ifndef IPC_SERVER_H
#define IPC_SERVER_H

#include <event2/event.h>
#include <stdbool.h>

#include "ipc/frame.h"

enum { IPC_PEER_OUT_MAX = 64 << 20 };

struct ipc_peer;

struct ipc_handler {
	const struct ipc_msg *msg;
	/*
	 * in is the decoded message; strings and lists in it live until the
	 * function returns. Descriptors in it are the function's to close.
	 */
	void (*fn)(struct ipc_peer *peer, uint16_t tag, const void *in);
};

struct ipc_peer_ops {
	const struct ipc_handler *handlers; /* ends with msg NULL */
	/* A new connection; may set ipc_peer_set_data. May be NULL. */
	void (*opened)(struct ipc_peer *peer, void *ctx);
	/* It is gone: the last word about this peer. May be NULL. */
	void (*closed)(struct ipc_peer *peer);
	/* Messages may hold passwords: no copy stays in our buffers. */
	bool secret;
};

struct ipc_listener;

/*
 * Accept on fd (made non-blocking; stays the caller's) for as long as the
 * listener lives. role and ctx are borrowed; role names the edge's client.
 */
struct ipc_listener *ipc_listener_new(struct event_base *base, int fd,
    const char *role, const struct ipc_peer_ops *ops, void *ctx);
/* Closes its peers too (each with ops->closed). */
void ipc_listener_free(struct ipc_listener *listener);

/* A connection we made, or were handed: takes fd over. */
struct ipc_peer *ipc_peer_new(struct event_base *base, int fd, const char *role,
    const struct ipc_peer_ops *ops, void *ctx);
/* Close soon (from the loop, with ops->closed); safe inside handlers. */
void ipc_peer_close(struct ipc_peer *peer);

const char *ipc_peer_role(const struct ipc_peer *peer);
int ipc_peer_fd(const struct ipc_peer *peer); /* stays the peer's */
/* The table of the message being handled. */
const struct ipc_msg *ipc_peer_current(const struct ipc_peer *peer);
void *ipc_peer_ctx(const struct ipc_peer *peer);
void *ipc_peer_data(const struct ipc_peer *peer);
void ipc_peer_set_data(struct ipc_peer *peer, void *data);

/*
 * Queue a message. Descriptors in it are duplicated, the caller's stay the
 * caller's. What cannot be encoded is a panic: the table is our own.
 */
void ipc_peer_send(struct ipc_peer *peer, const struct ipc_msg *msg,
    uint16_t tag, const void *in);
void ipc_peer_error(struct ipc_peer *peer, uint16_t tag, const struct err *err);

/* Stop and start taking messages from this peer: back-pressure. */
void ipc_peer_hold(struct ipc_peer *peer, bool hold);

#endif

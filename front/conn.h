/*
 * conn - what the three files that see a client through to its session share:
 * conn (the descriptor and its end), arrive (PROXY, limits, TLS), dialog (the
 * protocol). Each function may free the conn unless it says otherwise.
 */
#ifndef FRONT_CONN_H
#define FRONT_CONN_H

#include "front/front.h"

/* conn.c */
/* None of these four frees. */
void conn_want(struct event *event, bool yes);
/* The client must say something, and be logged in, in time. */
void conn_arm_login(struct conn *conn);
enum tls_io conn_read(struct conn *conn, void *bytes, size_t size,
    size_t *done);
/* Send what is in out. 1: all of it; 0: the socket is full; -1: it is gone. */
int conn_flush(struct conn *conn);
/* fd becomes the client's, with its events. Does not free. */
void conn_set_up(struct conn *conn, int fd);

/* arrive.c */
void conn_read_proxy(struct conn *conn);
/* Its address is known: count it, then TLS or the first word. */
void conn_admit(struct conn *conn);
/* The last words in the clear go out, then the handshake begins. */
void conn_start_tls(struct conn *conn);
void conn_handshake(struct conn *conn);

/* dialog.c */
/* The client may hear our first word now. */
void conn_begin(struct conn *conn);
/* After STARTTLS: nothing said before counts. */
void conn_begin_again(struct conn *conn);
/* Run commands until there is nothing to do but wait. */
void conn_run(struct conn *conn);
/* What we said goes out, then the session's process gets the client. */
void conn_leave(struct conn *conn);

#endif

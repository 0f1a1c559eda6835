/*
 * pop3d - one POP3 session after login, per process (RFC 1939).
 *
 * front speaks what comes before login and hands the connection over; a warm
 * parent, one per service, has the store's index open and forks a process a
 * session. The session reads index and packs itself, asks stored to remove
 * what was deleted when the client says QUIT, and cannot write the store.
 */
#ifndef POP3D_POP3D_H
#define POP3D_POP3D_H

#include <stdbool.h>

struct daemon;
struct store_reader;

struct pop3d_conf {
	int timeout;        /* s without a command before we close */
	int park_after;     /* s of silence before front keeps the client */
	int max_errors;     /* wrong commands in a row before we close */
	int store_wait;     /* s to wait for stored */
	bool mark_seen;     /* what was retrieved gets \Seen at QUIT */
	int login_delay;    /* s, announced: authd keeps it */
	const char *expire; /* "NEVER", or days that mail stays at least */
};

struct pop3d {
	struct pop3d_conf conf;
	struct store_reader *reader; /* the index, opened before the jail */
	int lock_fd;                 /* see pop3d/lock.h */
};

/* Serve the client that comes over fd (ipc/handover_msg.h); fd stays. */
void pop3d_session(struct pop3d *pop3d, struct daemon *daemon, int fd);

#endif

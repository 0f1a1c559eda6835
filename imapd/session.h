/*
 * session - one client: its connection, its state, what it has selected.
 *
 * A session is straight-line code: read a command, run it, answer, again. All
 * of it is in this struct, so that a test may run two in one process.
 */
#ifndef IMAPD_SESSION_H
#define IMAPD_SESSION_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "imap/token.h"
#include "imapd/enabled.h"
#include "imapd/imapd.h"
#include "imapd/pipeline.h"
#include "imapd/selected.h"
#include "net/stream.h"

struct daemon;
struct ipc_conn;
struct store_client;

struct session {
	struct imapd *imapd;        /* borrowed */
	struct daemon *daemon;      /* borrowed; NULL in tests */
	struct stream *stream;      /* owned */
	struct store_client *store; /* owned */
	bool store_is_silent;       /* poll saw that it stands, just now */
	struct arena *arena;        /* of the command that runs */
	struct buf line;            /* that command, its literals inside */
	struct selected *selected;  /* owned; NULL: nothing is selected */
	struct selected *left[SELECTED_LEFT]; /* owned: those of before */
	char *user;                           /* owned: the canonical address */
	uint32_t user_id;                     /* the store's number for it */
	struct enabled enabled;
	struct buf ticket;      /* authd's word for it, for stored */
	char *id;               /* owned: of the session, as front names it */
	struct ipc_conn *front; /* borrowed: the handover's connection */
	int front_fd;           /* its descriptor; its end is ours */
	int64_t deadline;       /* of the silence we woke into; 0: none */
	bool resumes;           /* woken, and has not gone on yet */
	bool parked;            /* front has the client */
	bool compresses;        /* from the end of this command on */
	unsigned commands;      /* that came */
	unsigned errors;        /* of them, in a row, that made no sense */
	bool ending;            /* read no further command */
	const char *bye;        /* what we said when we left; or NULL */

	/* The message of an APPEND that the client announced behind line. */
	bool has_message;
	struct token_literal message;
	struct pipeline *pipeline; /* owned: others; NULL in tests */
};

/* Serve the connection that front hands over on fd; returns at its end. */
void imapd_session(struct imapd *imapd, struct daemon *daemon, int fd);

/*
 * Be connected to stored, anew if need be: without its connection nothing
 * keeps the pages of the index that we read. False after a BYE.
 */
bool session_is_connected(struct session *session) MUST_USE;

#define SESSION_AUTOLOGOUT "autologout, you were silent too long"

enum session_wake {
	SESSION_CLIENT, /* there is something to read */
	SESSION_NEWS,   /* stored gave a notice, or has gone away */
	SESSION_END,    /* over; BYE was said if it could be */
};

/*
 * Wait for the client, and for notices if IDLE runs. Ends the session at the
 * deadline (on the monotonic clock, us), when the service stops, when front
 * closes the handover's connection (the login is void), and when the session
 * is parked.
 */
enum session_wake session_wait(struct session *session, bool idle,
    int64_t deadline);
/*
 * When a client that is silent from now on is logged out; after a wake-up,
 * once, the time that was set before.
 */
int64_t session_deadline(struct session *session);

/* "* BYE text" (constant), and no further command is read. */
void session_bye(struct session *session, const char *text);

#endif

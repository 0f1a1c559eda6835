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
#include "imapd/imapd.h"
#include "net/stream.h"

struct daemon;
struct selected;
struct store_client;

struct session {
	struct imapd *imapd;        /* borrowed */
	struct daemon *daemon;      /* borrowed; NULL in tests */
	struct stream *stream;      /* owned */
	struct store_client *store; /* owned */
	struct arena *arena;        /* of the command that runs */
	struct buf line;            /* that command, its literals inside */
	struct selected *selected;  /* owned; NULL: nothing is selected */
	char *user;                 /* owned: the canonical address */
	uint32_t user_id;           /* the store's number for it */
	struct buf ticket;          /* authd's word for it, for stored */
	unsigned errors;            /* commands in a row that made no sense */
	bool ending;                /* said BYE: answer nothing more */

	/* The message of an APPEND that the client announced behind line. */
	bool has_message;
	struct token_literal message;
};

/* Serve the connection that front hands over on fd; returns at its end. */
void imapd_session(struct imapd *imapd, struct daemon *daemon, int fd);

/*
 * Be connected to stored, anew if need be: without its connection nothing
 * keeps the pages of the index that we read. False after a BYE.
 */
bool session_is_connected(struct session *session) MUST_USE;

/* "* BYE text", and no further command is read. */
void session_bye(struct session *session, const char *text);

#endif

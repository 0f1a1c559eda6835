/*
 * fetch - a FETCH under way: what is wanted, and the messages of a piece. The
 * command is in fetch.c, the writing of a response in fetch_put.c.
 */
#ifndef IMAPD_FETCH_H
#define IMAPD_FETCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "imap/fetchatt.h"
#include "imap/modifier.h"
#include "store/message.h"

struct command;
struct selected;
struct session;

enum { FETCH_PIECE = 256 /* messages served at a time */ };

struct fetch {
	struct command *cmd;
	struct session *session;
	struct selected *selected;
	struct fetchatt_list items;
	struct modifier_fetch modifier;
	struct store_uids changed; /* with CHANGEDSINCE: only these */
	bool needs_row, needs_digest, needs_body, sets_seen;
	struct buf out;      /* responses not handed to the stream yet */
	size_t begun;        /* where in out the last of them begins */
	bool cut;            /* its beginning has been handed on already */
	struct arena *arena; /* of a piece */
	struct arena *parts; /* of one message's sections */
	size_t missing;      /* messages that are gone */
	size_t damaged;      /* messages that could not be read */
	struct err damage;   /* of the first of them */
	bool unknown_cte;    /* a part nobody can decode was wanted */

	/* the piece: indices of the view, and what was read for them */
	size_t count, room; /* of room, at most FETCH_PIECE */
	size_t *index;
	bool *seen;                  /* \Seen was set by it: tell the flags */
	struct store_message *row;   /* if needed; uid 0: gone */
	struct store_digest *digest; /* if needed */
};

/* Hand responses on to the stream when they are more bytes than above. */
void fetch_hand_on(struct fetch *fetch, size_t above);

/*
 * "* n FETCH (...)" of the i-th message of the piece, its bytes at hand if
 * need be. On -1 what was written of it begins at fetch->begun.
 */
int fetch_put(struct fetch *fetch, size_t i, const struct store_body *body,
    struct err *err);

#endif

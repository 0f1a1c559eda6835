/*
 * rewritec - asks rewrite what an address is: the client of session daemons,
 * which wait for the answer.
 *
 * A connection that broke since the last question is made again and the
 * question asked once more: questions change nothing. Each call ends within
 * REWRITEC_TIMEOUT_MS (rewrite itself gives up on the directory before
 * that); trouble is ERR_TEMP, and the client may be used again.
 *
 * Answers are in the words of ipc/rewrite_msg.h; their strings and lists are
 * copied into the caller's arena.
 */
#ifndef REWRITEC_REWRITEC_H
#define REWRITEC_REWRITEC_H

#include "base/arena.h"
#include "ipc/conn.h"
#include "ipc/rewrite_msg.h"

enum { REWRITEC_TIMEOUT_MS = 20000 };

struct rewritec {
	struct ipc_conn conn;
	const char *path; /* borrowed; the edge's name, "rewrite" */
};

/* Connects with the first question. */
void rewritec_init(struct rewritec *client, const char *path);
void rewritec_clear(struct rewritec *client);

/*
 * Who gets what sender writes to address: classes, aliases, routes. Without
 * a sender (struct str with p NULL) it is the null sender.
 */
int rewritec_rcpt(struct rewritec *client, struct str address,
    struct str sender, struct rewrite_rcpt_answer *answer, struct arena *arena,
    struct err *err);

/* The record of the mailbox owner behind address. */
int rewritec_user(struct rewritec *client, struct str address,
    struct rewrite_user_answer *answer, struct arena *arena, struct err *err);

/* *allowed: may user (as authd named him) send as address? */
int rewritec_sender(struct rewritec *client, struct str user,
    struct str address, bool *allowed, struct arena *arena, struct err *err);

#endif

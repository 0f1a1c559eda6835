/*
 * mixed_model - what an IMAP and SMTP load on a store does, and what must be
 * there after it.
 *
 * An operation follows from its number, the state before it and how many
 * messages the first of all puts into INBOX (others, other operations), so that
 * whoever writes and whoever checks make the same of the same numbers. The
 * state knows one owner's mailboxes, in each its messages by UID: a message is
 * a number, from which its bytes follow, and flags.
 *
 * Some operations change many messages and may be cut by a crash between two
 * of them (STORE, EXPUNGE, MOVE; imap's promise is per message); all others
 * are whole or not at all.
 */
#ifndef CRASH_MIXED_MODEL_H
#define CRASH_MIXED_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MIXED_BOXES = 7,        /* the first is INBOX */
	MIXED_MESSAGES = 12000, /* in a mailbox, ever */
	MIXED_BODY_MAX = 24000,
	MIXED_LARGE = 12000, /* bodies over this have files of their own */
};

enum mixed_kind {
	MIXED_FILL,    /* many messages at once, so that slices are seen */
	MIXED_DELIVER, /* messages from the queue into INBOX */
	MIXED_APPEND,
	MIXED_STORE,
	MIXED_EXPUNGE,
	MIXED_COPY,
	MIXED_MOVE,
	MIXED_CREATE,
	MIXED_DELETE,
	MIXED_RENAME,
	MIXED_SUBSCRIBE,
	MIXED_UNSUBSCRIBE,
	MIXED_SHARE,   /* SETACL for bob */
	MIXED_UNSHARE, /* DELETEACL */
	MIXED_KINDS
};

struct mixed_op {
	enum mixed_kind kind;
	unsigned box, to; /* mailboxes */
	uint32_t lo, hi;  /* UIDs */
	uint16_t flags;   /* STORE and APPEND */
	bool removes;     /* STORE: -FLAGS */
	uint32_t first;   /* number of the first message made */
	unsigned count;   /* of them */
};

struct mixed_message {
	uint32_t number; /* 0: expunged */
	uint16_t flags;
};

struct mixed_box {
	bool exists, subscribed, shared;
	uint32_t uids;                 /* given so far */
	struct mixed_message *message; /* by UID - 1 */
};

struct mixed {
	struct mixed_box box[MIXED_BOXES];
	uint32_t numbers; /* of messages made so far */
	unsigned fill;    /* messages of the first operation */
};

void mixed_init(struct mixed *mixed, unsigned fill);
void mixed_clear(struct mixed *mixed);
/* from's state, too. */
void mixed_copy(struct mixed *to, const struct mixed *from);

/* What operation n does; it can be done in that state. */
struct mixed_op mixed_choose(const struct mixed *mixed, unsigned n);
void mixed_apply(struct mixed *mixed, const struct mixed_op *op);

/* May a crash leave it done for some messages and not for others? */
bool mixed_is_by_message(const struct mixed_op *op);

/* Its mailbox's name, a constant. */
const char *mixed_name(unsigned box);
const char *mixed_word(enum mixed_kind kind); /* "STORE" */

/* A message's bytes; the first are its number. Returns how many. */
size_t mixed_body(char out[MIXED_BODY_MAX], uint32_t number);

#endif

/*
 * keyed - the messages that SORT and THREAD found, and the reading of what
 * they are put in order by.
 */
#ifndef IMAPD_KEYED_H
#define IMAPD_KEYED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bulk.h"
#include "base/err.h"
#include "imap/searchkey.h"
#include "store/keys.h"

struct command;

enum { KEYED_ARRAYS = 16 };

/* What keyed_read adds is 0 before it, and of messages that are gone by now. */
struct keyed_message {
	uint32_t index;   /* in the view */
	uint32_t size;    /* by keyed_read */
	int64_t internal; /* by keyed_read: seconds since 1970 UTC */
	uint64_t blob;    /* by keyed_read */
	uint64_t sent;    /* by keyed_read: store/sent.h */
};

/* { 0 } is empty. */
struct keyed {
	struct keyed_message *message; /* in the order of the mailbox */
	size_t len;
	size_t rows;      /* of how many the rows were read */
	uint64_t modseq;  /* the highest one, if the program asks for MODSEQ */
	struct bulk bulk; /* owned: what is an array by message */
};

/*
 * Fill it with what the program finds, and no more than that. room: how many
 * bytes for each message found the caller will take from bulk, in at most
 * KEYED_ARRAYS arrays.
 */
int keyed_find(struct keyed *keyed, struct command *cmd,
    const struct searchkey_program *program, size_t room, struct err *err);
void keyed_clear(struct keyed *keyed);

/* The UIDs of what was found, rising; 4 bytes each of the bulk. */
uint32_t *keyed_uids(struct keyed *keyed, const struct command *cmd);

/*
 * Read what the index says of those found, and tell fn every message once, or
 * twice with the same, in any order: i is its place among those found. keys is
 * NULL with STORE_KEYS_NONE. A message that has no digest, or is gone by now,
 * is told the keys of what can be had.
 */
typedef void keyed_fn(void *ctx, size_t i, const struct keyed_message *message,
    const struct store_keys *keys);
int keyed_read(struct keyed *keyed, struct command *cmd,
    enum store_keys_upto upto, keyed_fn *fn, void *ctx, struct err *err);

/*
 * The same for the message at i alone. Gone by now: its blob is 0 behind that.
 */
int keyed_read_one(struct keyed *keyed, struct command *cmd,
    enum store_keys_upto upto, size_t i, keyed_fn *fn, void *ctx,
    struct err *err);

/*
 * The sent date (RFC 5256 section 2.2): of the Date field, else when it
 * arrived.
 */
int64_t keyed_date(const struct keyed_message *message,
    const struct store_keys *keys);

/* As the answer names it: UID or sequence number. */
uint32_t keyed_number(const struct keyed *keyed, size_t i,
    const struct command *cmd);

#endif

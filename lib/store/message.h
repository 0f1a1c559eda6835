/*
 * message - messages of a mailbox: their rows, digests and bytes.
 *
 * A message as a client sees it is prefix + body; sizes count both, digests
 * describe the body. A session asks with mailbox ids that it got from
 * store_mailbox_find().
 */
#ifndef STORE_MESSAGE_H
#define STORE_MESSAGE_H

#include "store/client.h"
#include "store/digest.h"
#include "store/read.h"
#include "store/uids.h"

struct store_message {
	uint64_t blob; /* EMAILID: the same message has it in every mailbox */
	uint64_t modseq;
	uint64_t keywords; /* bits of store_mbox.keywords */
	uint64_t sent;     /* the Date field: store/sent.h */
	int64_t internal;  /* seconds since 1970 UTC */
	uint32_t uid;
	uint32_t saved;
	uint32_t size;  /* prefix and body */
	uint16_t flags; /* STORE_FLAG_* */
	uint16_t prefix_len;
	bool wide_prefix; /* with bytes over 127 */
};

/* What a row of hot says, without the prefix. */
void store_message_fill(struct store_message *out, uint32_t uid,
    const struct store_hot *row);

/*
 * Messages with from <= uid <= to, rising, at most max. *count < max: there
 * are no more; else go on behind the last one. 512 at a time are a good
 * piece.
 */
int store_scan(struct store_reader *reader, uint32_t mailbox, uint32_t from,
    uint32_t to, struct store_message *out, size_t max, size_t *count,
    struct err *err);

/*
 * SELECT: the UIDs of all messages, the mailbox's row (strings in arena), and
 * the first unseen one (0: none), of one state. The caller clears *uids.
 */
int store_select(struct store_reader *reader, uint32_t mailbox,
    struct arena *arena, struct store_mbox *mbox, struct store_uids *uids,
    uint32_t *first_unseen, struct err *err);

/* ERR_NOENT: no such message (any more). */
int store_message_get(struct store_reader *reader, uint32_t mailbox,
    uint32_t uid, struct store_message *out, struct err *err);

/*
 * The digests of count blobs, decoded, all in arena. out[i].root is NULL
 * where there is none: then parse the message. Digests too long for the
 * index are read from their packs with client.
 */
int store_digests(struct store_reader *reader, struct store_client *client,
    const uint64_t *blob, size_t count, struct arena *arena,
    struct store_digest *out, struct err *err);

/*
 * A message's bytes. Small ones are read into memory, large ones mapped.
 * The content was checked against the guid: what is here is what came.
 */
struct store_body {
	struct str prefix, body;      /* borrowed from the struct */
	char *prefix_memory, *memory; /* owned */
	void *map;                    /* owned */
	size_t map_len;
};

/* ERR_NOENT: expunged. ERR_CORRUPT: the bytes are damaged. */
int store_body_open(struct store_reader *reader, struct store_client *client,
    uint32_t mailbox, uint32_t uid, struct store_body *out, struct err *err);
/*
 * The same by what store_browse said: for the operator, who has no reader.
 * ERR_NOENT: it has another place by now, or is gone.
 */
int store_body_browsed(struct store_client *client,
    const struct store_browsed_message *message, struct store_body *out,
    struct err *err);
void store_body_close(struct store_body *body); /* { 0 } is fine */

/*
 * len bytes from from of prefix + body, clipped to what there is, as at most
 * two pieces.
 */
void store_body_part(const struct store_body *body, uint64_t from, uint64_t len,
    struct str piece[2]);

#endif

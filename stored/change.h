/*
 * change - the batch at hand: rows changed in the index's transaction and in
 * the journal alike, rows of mailboxes and users held open, messages on
 * their way to the packs.
 *
 * All functions return 0 or -1, and -1 means that the batch cannot go on;
 * those that look for something return 1 found, 0 absent. Rows of mbox and
 * user are changed in memory and written once, at the end.
 */
#ifndef STORED_CHANGE_H
#define STORED_CHANGE_H

#include <sys/uio.h>

#include "base/hash.h"
#include "kv/cursor.h"
#include "store/pack.h"
#include "store/row.h"
#include "stored/engine.h"

struct open_mbox {
	uint32_t id;
	struct store_mbox row; /* strings in change->arena */
	uint32_t limit; /* uidnext goes no further, for now or for good */
	bool is_dirty, is_gone;
	struct open_mbox *next;
};

struct open_user {
	struct str name;
	struct store_user row;
	bool is_dirty;
	struct open_user *next;
};

/* A message of this batch; its place is known only when all are. */
struct new_blob {
	struct store_blob row;
	struct str body;   /* borrowed from its request */
	struct str digest; /* p NULL: in its row, or none */
	struct store_cold_place cold;
	bool is_own_file;
	/* where body and digest are among the records, where rows stand */
	size_t body_record, digest_record, row_at, cold_at;
	unsigned char head[32], digest_head[32];
	struct iovec iov[2], digest_iov[2];
};

/* A record that goes to a new place, if it is still wanted by then. */
struct moved_record {
	struct store_record record;
	uint32_t pack; /* where it was */
	uint64_t offset;
	struct str bytes; /* behind the head; borrowed from its request */
	struct store_blob row;
	struct store_cold_place cold;
	bool is_wanted;
	size_t number, row_at; /* among the records; of the row */
	unsigned char head[32];
	struct iovec iov[2];
};

struct change {
	struct engine *engine;
	struct kv_txn *txn;
	struct arena *arena;
	struct buf journal;
	struct buf row; /* scratch, for one row at a time */
	struct store_state state;
	uint32_t now; /* seconds since 1970 */
	struct hash *mboxes, *users;
	struct open_mbox *mbox_list;
	struct open_user *user_list;
	struct open_seen *seen_list; /* seen.h */
	uint64_t first_blob;         /* id of new_blob[0] */
	struct new_blob *new_blob;
	size_t new_blobs, new_blob_cap;
	struct moved_record *moved;
	size_t moves, moved_cap;
};

void change_init(struct change *change, struct engine *engine);
void change_begin(struct change *change, struct kv_txn *txn);
void change_clear(struct change *change);

/* Rows, in the index and the journal. */
int change_put(struct change *change, enum store_table table,
    const struct kv_key *key, struct str row, struct err *err);
int change_del(struct change *change, enum store_table table,
    const struct kv_key *key, struct err *err);
int change_put_hot(struct change *change, uint32_t mailbox, uint32_t uid,
    const struct store_hot *row, struct err *err);
int change_put_mod(struct change *change, uint32_t mailbox, uint64_t modseq,
    uint32_t uid, enum store_mod_kind kind, uint64_t blob, struct err *err);

/* Open a mailbox for this batch. 1, 0 there is none, -1. */
int change_mbox(struct change *change, uint32_t mailbox, struct open_mbox **out,
    struct err *err);
/* A new one, empty, dirty. */
struct open_mbox *change_mbox_new(struct change *change, uint32_t owner);

/* Open a user by name or by id. 1, 0 there is none, -1. */
int change_user(struct change *change, struct str name, struct open_user **out,
    struct err *err);
int change_user_id(struct change *change, uint32_t user, struct open_user **out,
    struct err *err);
/* Whose mailbox that is. ERR_CORRUPT: nobody's. */
int change_owner(struct change *change, const struct open_mbox *mbox,
    struct open_user **out, struct err *err);
/* Make it, with nothing yet. */
int change_user_new(struct change *change, struct str name,
    struct open_user **out, struct err *err);

/*
 * The next modseq of the mailbox's owner, above 1, given to the mailbox. Each
 * request takes one for all it changes there.
 */
int change_modseq(struct change *change, struct open_mbox *mbox,
    uint64_t *modseq, struct err *err);
/* Add to what the mailbox's owner uses. */
int change_use(struct change *change, struct open_mbox *mbox, int64_t bytes,
    int64_t messages, struct err *err);
/* Those who watch are told when the batch is committed. */
void change_notice(struct change *change, uint32_t user, uint32_t mailbox,
    uint64_t modseq);

/*
 * A message for the packs, without references yet. name (not NULL) is that
 * of a file in "large" which becomes the body's own file.
 */
int change_blob_new(struct change *change, struct str body, struct str digest,
    const char *name, uint64_t *blob, struct err *err);
/* Its row, also that of one of this batch. 1, 0 there is none, -1. */
int change_blob_row(struct change *change, uint64_t blob,
    struct store_blob *out, struct err *err);
/* One reference more or less; the last one takes rows and file along. */
int change_blob_ref(struct change *change, uint64_t blob, int by,
    struct err *err);

/*
 * Copy a record (STORE_RECORD_MESSAGE or _DIGEST) from its pack to the end of
 * the log, and have its row name the new place; not if the row names another
 * one when the batch is written.
 */
void change_move(struct change *change, const struct store_record *record,
    uint32_t pack, uint64_t offset, struct str bytes);

/*
 * The bit of a keyword in a mailbox, which is made when the mailbox has room
 * for it. 0: no room.
 */
uint64_t change_keyword(struct change *change, struct open_mbox *mbox,
    struct str keyword);
/*
 * to's bits for those of another mailbox. A keyword for which there is no
 * room is lost.
 */
uint64_t change_keywords(struct change *change, struct open_mbox *to,
    const struct store_keywords *names, uint64_t bits);
/* The bit, 0: it has none. */
uint64_t change_keyword_find(const struct open_mbox *mbox, struct str keyword);

/* At the end: rows that were held open go to index and journal. */
int change_flush(struct change *change, struct err *err);
bool change_is_empty(const struct change *change);

#endif

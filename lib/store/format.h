/*
 * format - the tables of the index: keys, rows, and what they may hold.
 *
 * A partition's index is one environment of lib/kv with these tables. Each
 * row opens with a version; one that we do not know is ERR_CORRUPT and left
 * alone. Decoders are total: any bytes give a row or ERR_CORRUPT. Strings in
 * decoded rows are borrowed from the bytes.
 *
 * table    key                          row
 * user     user name                    struct store_user
 *          NUL, user id                 user name
 * name     user id, mailbox name        struct store_name
 * sub      user id, mailbox name        (version only)
 * mbox     mailbox id                   struct store_mbox
 * hot      mailbox id, uid              struct store_hot
 * cold     blob id                      digest (store/digest.h)
 * blob     blob id                      struct store_blob
 * mod      mailbox id, modseq, uid      struct store_mod
 * place    blob id, mailbox id, uid     (empty), or see struct store_mod
 *          blob id, 0, user id          (empty): an upload
 * upload   user id, blob id             struct store_upload
 * seen     mailbox id, user id          set of UIDs, see store_seen_encode
 * share    identity, NUL, owner's id,   struct store_share
 *          mailbox id
 * applied  queue identity, queue id     struct store_applied
 * meta     name                         see STORE_META_*
 * thread: not filled yet
 *
 * Names are UTF-8; the hierarchy separator is '/'. INBOX is always written
 * "INBOX". User names are addresses in lower case.
 */
#ifndef STORE_FORMAT_H
#define STORE_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "kv/key.h"

enum store_table {
	STORE_TAB_USER,
	STORE_TAB_NAME,
	STORE_TAB_SUB,
	STORE_TAB_MBOX,
	STORE_TAB_HOT,
	STORE_TAB_COLD,
	STORE_TAB_BLOB,
	STORE_TAB_MOD,
	STORE_TAB_PLACE,
	STORE_TAB_THREAD,
	STORE_TAB_UPLOAD,
	STORE_TAB_SEEN,
	STORE_TAB_SHARE,
	STORE_TAB_APPLIED,
	STORE_TAB_META,
	STORE_TABLES
};

/* Their names, in that order, and NULL: for kv_open. */
extern const char *const store_tables[];

enum {
	STORE_USER_MAX = 320,    /* bytes of a user's name */
	STORE_NAME_MAX = 480,    /* bytes of a mailbox's whole name */
	STORE_DEPTH_MAX = 32,    /* levels of hierarchy */
	STORE_KEYWORDS_MAX = 64, /* different keywords in a mailbox */
	STORE_KEYWORD_MAX = 100, /* bytes of a keyword */
	STORE_PREFIX_MAX = 1400, /* bytes of a message's prefix */
	STORE_COLD_MAX = 1900,   /* longer digests stand in the pack */
	STORE_GUID_SIZE = 16,
	STORE_QUEUE_ID_MAX = 64,     /* bytes of a queue id, opaque to us */
	STORE_RECIPIENTS_MAX = 1000, /* of one append request */
	STORE_SLICE = 2000,          /* rows a big request changes a batch */
};

/* Flags of a message; the IMAP names are imapd's. */
enum {
	STORE_FLAG_SEEN = 1 << 0,
	STORE_FLAG_ANSWERED = 1 << 1,
	STORE_FLAG_FLAGGED = 1 << 2,
	STORE_FLAG_DELETED = 1 << 3,
	STORE_FLAG_DRAFT = 1 << 4,
	STORE_FLAGS_ALL = (1 << 5) - 1,
};

/* Special use of a mailbox (RFC 6154), kept as a number for good. */
enum store_use {
	STORE_USE_NONE,
	STORE_USE_DRAFTS,
	STORE_USE_SENT,
	STORE_USE_JUNK,
	STORE_USE_TRASH,
	STORE_USE_ARCHIVE,
	STORE_USE_LAST = STORE_USE_ARCHIVE
};

enum store_type {
	STORE_TYPE_MAIL,
	STORE_TYPE_CALENDAR,
	STORE_TYPE_ADDRESSBOOK,
	STORE_TYPE_NOTES,
	STORE_TYPE_TASKS,
	STORE_TYPE_JOURNAL,
	STORE_TYPE_LAST = STORE_TYPE_JOURNAL
};

struct store_user {
	uint32_t id;     /* of this user, never given to another */
	uint16_t state;  /* 0: in use */
	uint16_t warned; /* percent of the quota that mail went out about */
	uint64_t modseq; /* the last one given to any of the user's mailboxes */
	uint64_t bytes, messages;             /* of all mailboxes: quota use */
	uint64_t limit_bytes, limit_messages; /* 0: none */
};

struct store_name {
	uint32_t mailbox;
	uint8_t use;  /* enum store_use */
	uint8_t type; /* enum store_type */
};

struct store_keywords {
	unsigned count;
	/* keyword[i] has bit i of store_hot.keywords; borrowed */
	struct str keyword[STORE_KEYWORDS_MAX];
};

struct store_mbox {
	uint32_t owner; /* user id */
	uint32_t uidvalidity;
	uint32_t uidnext;  /* UINT32_MAX: no more UIDs */
	uint32_t recent;   /* UIDs from here on are recent for the next claim */
	uint64_t modseq;   /* HIGHESTMODSEQ */
	uint64_t expunged; /* tombstones at or below this modseq are gone */
	uint32_t exists, unseen, deleted; /* messages */
	uint64_t bytes;
	struct store_keywords keywords;
	struct str acl; /* store/acl.h; empty: the owner alone */
	/*
	 * A mailbox that was deleted has no name any more, and its messages
	 * are tombstones; its row is there as long as they can be had back.
	 */
	uint32_t gone; /* when, seconds since 1970; 0: it was not */
	struct {
		uint8_t type;    /* enum store_type */
		uint32_t exists; /* messages it had */
		uint64_t bytes;
		uint64_t modseq; /* later tombstones are of the deletion */
		struct str name; /* empty: it was had back */
	} was;
};

enum { STORE_HOT_SIZE = 56 };

struct store_hot {
	uint64_t blob;
	uint64_t modseq;
	uint64_t keywords; /* bits of store_mbox.keywords */
	uint64_t sent;     /* the Date field: store/sent.h */
	int64_t internal;  /* INTERNALDATE, seconds since 1970 UTC */
	uint32_t saved;    /* SAVEDATE, the same */
	uint32_t size;     /* RFC822.SIZE: prefix and body */
	uint16_t flags;    /* STORE_FLAG_* */
	struct str prefix; /* header fields of this recipient alone */
};

struct store_blob {
	uint32_t pack;       /* 0: a file of its own, named by the blob id */
	uint64_t offset;     /* of the record's first byte, see store/pack.h */
	uint32_t length;     /* of the body, without the record's header */
	uint32_t references; /* rows of place */
	unsigned char guid[STORE_GUID_SIZE];
};

/* Where a digest stands that was too long for its row. */
struct store_cold_place {
	uint32_t pack;
	uint64_t offset;
	uint32_t length;
	unsigned char guid[STORE_GUID_SIZE];
};

enum store_mod_kind {
	STORE_MOD_CHANGED = 1, /* new, or its flags; see hot */
	STORE_MOD_EXPUNGED,    /* a tombstone */
};

struct store_mod {
	uint8_t kind;  /* enum store_mod_kind */
	uint32_t when; /* seconds since 1970: tombstones age by it */
	uint64_t blob;
	/*
	 * EXPUNGED: its row of hot while the message can be had back. Then
	 * the blob is kept, and place has a row that holds the modseq (u64).
	 */
	struct str message;
};

/* A blob that no mailbox holds yet. */
struct store_upload {
	uint32_t expires; /* seconds since 1970 */
};

/* Which recipients of one queue file were delivered, ascending. */
struct store_applied {
	uint32_t when; /* of the last one, seconds since 1970 */
	uint32_t count;
	const char *numbers; /* count big-endian u32, borrowed */
};

/*
 * What a mailbox's list of rights says of one identity (store/who.h), and
 * the mailbox's name: whose mailboxes somebody may see is one range here for
 * each of their identities.
 */
struct store_share {
	uint16_t given, denied; /* as in the list */
	struct str name;
};

/*
 * A large operation under way in a user's mailboxes, one of each kind: its
 * row comes with its first slice and goes with its last, so that a start
 * finds what a crash left half done.
 */
enum store_task_kind {
	/*
	 * COPY into mailbox: rows first <= uid < end of modseq are there for
	 * nobody yet, for they lie above the mailbox's uidnext and modseq. The
	 * last slice raises these two over them; else the rows go again.
	 */
	STORE_TASK_COPY = 1,
	/* RENAME of INBOX: what is below end moves from there to mailbox. */
	STORE_TASK_RENAME,
	STORE_TASK_LAST = STORE_TASK_RENAME
};

struct store_task {
	uint32_t mailbox, from; /* where to; RENAME: INBOX, else 0 */
	uint32_t first, end;    /* UIDs, see above; RENAME: first is 0 */
	uint64_t modseq;        /* RENAME: 0 */
};

/* Keys of table meta and what they hold. */
#define STORE_META_FORMAT "format" /* struct store_meta, written at birth */
#define STORE_META_STATE  "state"  /* struct store_state, by every batch */
#define STORE_META_TASK   "task"   /* user id, kind: struct store_task */

enum { STORE_FORMAT_VERSION = 1 };

struct store_meta {
	uint32_t version;
	unsigned char identity[16];    /* random, of the partition */
	unsigned char incarnation[16]; /* random, of this index: a rebuild's
					  differs */
};

struct store_state {
	uint64_t lsn;  /* the last batch of the log whose rows are here */
	uint64_t blob; /* the last blob id given */
	uint32_t user, mailbox, uidvalidity; /* likewise */
};

/* Keys. Each starts the key anew. */
void store_key_user(struct kv_key *key, struct str name);
/* The way back: the row is the name. Begins with a NUL, as no name does. */
void store_key_user_id(struct kv_key *key, uint32_t user);
void store_key_name(struct kv_key *key, uint32_t user, struct str name);
void store_key_mbox(struct kv_key *key, uint32_t mailbox);
void store_key_hot(struct kv_key *key, uint32_t mailbox, uint32_t uid);
void store_key_blob(struct kv_key *key, uint64_t blob);
void store_key_mod(struct kv_key *key, uint32_t mailbox, uint64_t modseq,
    uint32_t uid);
void store_key_place(struct kv_key *key, uint64_t blob, uint32_t mailbox,
    uint32_t uid);
void store_key_seen(struct kv_key *key, uint32_t mailbox, uint32_t user);
void store_key_share(struct kv_key *key, struct str identity, uint32_t owner,
    uint32_t mailbox);
/* The beginning of those for an identity, of one owner or (0) of all. */
void store_key_shares(struct kv_key *key, struct str identity, uint32_t owner);
/* The ends of a key of share. false: it is none. */
bool store_share_key(struct str key, struct str *identity, uint32_t *owner,
    uint32_t *mailbox);
void store_key_upload(struct kv_key *key, uint32_t user, uint64_t blob);
void store_key_applied(struct kv_key *key, uint64_t queue, struct str id);
void store_key_meta(struct kv_key *key, const char *name);
void store_key_task(struct kv_key *key, uint32_t user,
    enum store_task_kind kind);
/* The ends of a key of a task. false: it is none. */
bool store_task_key(struct str key, uint32_t *user, uint32_t *kind);

/* Rows. Encoders replace what out held; decoders say ERR_CORRUPT. */
void store_user_encode(struct buf *out, const struct store_user *row);
int store_user_decode(struct store_user *row, struct str in, struct err *err);
void store_name_encode(struct buf *out, const struct store_name *row);
int store_name_decode(struct store_name *row, struct str in, struct err *err);
void store_mbox_encode(struct buf *out, const struct store_mbox *row);
int store_mbox_decode(struct store_mbox *row, struct str in, struct err *err);
void store_hot_encode(struct buf *out, const struct store_hot *row);
int store_hot_decode(struct store_hot *row, struct str in, struct err *err);
void store_blob_encode(struct buf *out, const struct store_blob *row);
int store_blob_decode(struct store_blob *row, struct str in, struct err *err);
void store_mod_encode(struct buf *out, const struct store_mod *row);
int store_mod_decode(struct store_mod *row, struct str in, struct err *err);
void store_share_encode(struct buf *out, const struct store_share *row);
int store_share_decode(struct store_share *row, struct str in, struct err *err);
void store_upload_encode(struct buf *out, const struct store_upload *row);
int store_upload_decode(struct store_upload *row, struct str in,
    struct err *err);
void store_applied_encode(struct buf *out, const struct store_applied *row);
int store_applied_decode(struct store_applied *row, struct str in,
    struct err *err);
void store_meta_encode(struct buf *out, const struct store_meta *row);
int store_meta_decode(struct store_meta *row, struct str in, struct err *err);
void store_state_encode(struct buf *out, const struct store_state *row);
int store_state_decode(struct store_state *row, struct str in, struct err *err);
void store_task_encode(struct buf *out, const struct store_task *row);
int store_task_decode(struct store_task *row, struct str in, struct err *err);

/*
 * A row of cold: the digest itself (*digest set, p not NULL), or where it
 * stands.
 */
void store_cold_encode(struct buf *out, struct str digest,
    const struct store_cold_place *place);
int store_cold_decode(struct str *digest, struct store_cold_place *place,
    struct str in, struct err *err);

/*
 * The row of seen: behind the version the runs of store/uids.h, which
 * store_uids_decode reads.
 */
struct store_uids;
void store_seen_encode(struct buf *out, const struct store_uids *seen);
int store_seen_decode(struct str *runs, struct str in, struct err *err);

/* The row of sub. */
void store_sub_encode(struct buf *out);

/*
 * May this be a mailbox's name? UTF-8 without control characters, 1 to
 * STORE_NAME_MAX bytes, no empty level, at most STORE_DEPTH_MAX levels.
 * ERR_SYNTAX or ERR_LIMIT says what is wrong.
 */
int store_name_check(struct str name, struct err *err);
/* "inbox" in any case is INBOX; others stay as they are. */
struct str store_name_canonical(struct str name);
bool store_name_is_inbox(struct str name);
/* 1 to STORE_USER_MAX bytes of UTF-8 without control characters. */
bool store_user_name_is_valid(struct str name);
/* 1 to STORE_KEYWORD_MAX printable ASCII bytes; IMAP's rules are imapd's. */
bool store_keyword_is_valid(struct str keyword);

#endif

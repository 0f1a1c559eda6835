/*
 * store_msg - lmtpd, imapd, pop3d, qmgr and ctl to stored: everything that
 * changes a store, and the little that a reader needs besides the index.
 *
 * lib/store/client.h is the way to send these. A connection is one session.
 * imapd and pop3d say store_hello with their user's ticket first; lmtpd may
 * append to anybody, qmgr may settle deliveries, ctl may do all that
 * carries a user's name. Every answer is also a promise: what it speaks of
 * is on disk. Errors are ipc_error; ERR_TEMP: nothing was done, try later;
 * after a broken connection it is unknown whether the request was done.
 *
 * Sets of UIDs travel as runs: first and last, u32 each, rising, apart.
 */
#ifndef IPC_STORE_MSG_H
#define IPC_STORE_MSG_H

#include "ipc/codec.h"

enum {
	STORE_MSG_INLINE_MAX = 1 << 20, /* longer bodies go by descriptor */
	STORE_MSG_DIGEST_MAX = 256 << 10,
	STORE_MSG_UIDS_MAX = 1 << 20, /* bytes of a set */
	STORE_MSG_IDS_MAX = 10000,    /* queue ids in one message */
	STORE_MSG_GROUPS_MAX = 64,    /* of one user */
	STORE_MSG_GRAVES_MAX = 500,
	STORE_MSG_BROWSE_MAX = 500,
	STORE_HELLO = 60,
	STORE_WELCOME,
	STORE_APPEND,
	STORE_APPENDED,
	STORE_FLAGS,
	STORE_FLAGGED,
	STORE_EXPUNGE,
	STORE_EXPUNGED,
	STORE_COPY,
	STORE_COPIED,
	STORE_MAILBOX,
	STORE_MAILBOX_DONE,
	STORE_RECENT,
	STORE_RECENT_DONE,
	STORE_WATCH,
	STORE_NOTICE,
	STORE_PACK,
	STORE_PACK_OPEN,
	STORE_LARGE,
	STORE_LARGE_OPEN,
	STORE_SETTLE,
	STORE_LIST,
	STORE_LISTED,
	STORE_ADMIN,
	STORE_ADMIN_DONE,
	STORE_DONE,
	STORE_ADOPT,
	STORE_ADOPTED,
	STORE_ACL,
	STORE_ACL_LIST,
	STORE_FOLLOW,
	STORE_GRAVES,
	STORE_GRAVES_ARE,
	STORE_UNDELETE,
	STORE_UNDELETED,
	STORE_QUOTA,
	STORE_QUOTA_STATE,
	STORE_FULL,
	STORE_FULL_LIST,
	STORE_BROWSE,
	STORE_BROWSED,
	STORE_APPEND_ALL,
	STORE_VOID,
};

/* A name, keyword or queue id in a list. */
struct store_word {
	struct str word;
};

/* imapd, pop3d: here I am, for this user. */
struct store_hello {
	struct str user;   /* canonical address */
	struct str ticket; /* authd's word for it */
	bool pin;          /* I am going to read the index */
};
extern const struct ipc_msg store_hello_msg;

struct store_welcome {
	uint32_t user; /* its id; the first hello makes its mailboxes */
	struct ipc_list groups; /* struct store_word: as the ticket says */
	struct str incarnation; /* of the index; what is mapped must be it */
	int epoch_fd, pin_fd;   /* for kv_pin_attach; -1 if not asked for */
};
extern const struct ipc_msg store_welcome_msg;

/* One recipient of a message. */
struct store_target {
	uint32_t number; /* of the recipient in its queue record */
	struct str user; /* lmtpd; "": the session's own */
	struct str name; /* mailbox; ERR_NOENT when absent, unless make */
	bool make;       /* make the mailbox, subscribed, if it is absent */
	uint16_t flags;  /* STORE_FLAG_* */
	struct ipc_list keywords; /* struct store_word */
	struct str prefix;        /* header fields of this recipient alone */
	bool post; /* a delivery to the mailbox: who may send there? */
	/*
	 * A delivery: bytes and messages the user may store; 0: all. quota
	 * UINT64_MAX: as before.
	 */
	uint64_t quota, quota_messages;
};

/*
 * One message into one mailbox or many: stored once. Without targets and with
 * hold it is an upload: kept for the session's user for an hour, until a
 * store_adopt names it.
 */
struct store_append {
	uint64_t queue;          /* identity of the queue; 0: no queue */
	struct str queue_id;     /* with the number: delivered exactly once */
	int64_t internal;        /* INTERNALDATE, seconds; INT64_MIN: now */
	struct ipc_list targets; /* struct store_target */
	struct str digest;       /* store_digest_encode()'s; may be "" */
	struct str body;         /* as received; "" when in the file */
	uint64_t large;          /* the token of store_large_open, else 0 */
	uint64_t large_len;
	bool hold;
	bool claims; /* what is not recent to others yet is to the session */
};
extern const struct ipc_msg store_append_msg;

struct store_append_result {
	uint8_t kind;    /* enum err_kind: ERR_NONE is success */
	uint8_t cause;   /* enum err_cause */
	struct str text; /* what went wrong */
	bool repeated;   /* had been delivered before; no uid then */
	uint32_t mailbox, uidvalidity, uid;
	uint32_t recent; /* from here to uid they are the session's; 0: none */
};

struct store_appended {
	struct ipc_list results; /* struct store_append_result, by target */
	uint64_t blob;           /* the upload */
};
extern const struct ipc_msg store_appended_msg;

/* One of several messages. */
struct store_appendee {
	int64_t internal; /* INTERNALDATE, seconds; INT64_MIN: now */
	uint16_t flags;
	struct ipc_list keywords; /* struct store_word */
	struct str digest;        /* as in store_append */
	struct str body;
};

/*
 * Messages into a mailbox of the session's: all of them, with UIDs that follow
 * each other, or none. They fit into one batch: digests and bodies together
 * are at most STORE_MSG_INLINE_MAX bytes. Answered by store_appended, whose one
 * result is that of the first.
 */
struct store_append_all {
	struct str name;
	struct ipc_list messages; /* struct store_appendee */
};
extern const struct ipc_msg store_append_all_msg;

/* An upload becomes a message. */
struct store_adoptee {
	uint64_t blob;
	int64_t internal; /* INTERNALDATE, seconds; INT64_MIN: now */
	uint16_t flags;
	struct ipc_list keywords; /* struct store_word */
};

/*
 * Uploads of the session's into a mailbox: all of them, with
 * UIDs that follow each other, or none. name "": forget them instead.
 */
struct store_adopt {
	struct str user; /* owner of the mailbox; "": the session's own */
	struct str name;
	struct ipc_list uploads; /* struct store_adoptee, STORE_SLICE at most */
};
extern const struct ipc_msg store_adopt_msg;

struct store_adopted {
	uint32_t mailbox, uidvalidity;
	uint32_t first, count; /* UIDs */
};
extern const struct ipc_msg store_adopted_msg;

enum store_flags_mode {
	STORE_FLAGS_ADD,
	STORE_FLAGS_REMOVE,
	STORE_FLAGS_REPLACE
};

struct store_flags {
	uint32_t mailbox;
	struct str uids; /* those that do not exist are passed over */
	uint8_t mode;    /* enum store_flags_mode */
	uint16_t flags;
	struct ipc_list keywords; /* struct store_word */
	/* Not those changed above this modseq; UINT64_MAX: no condition. */
	uint64_t unchanged_since;
};
extern const struct ipc_msg store_flags_msg;

struct store_flagged {
	uint64_t modseq;     /* the highest given; 0 when nothing changed */
	uint32_t changed;    /* messages */
	uint16_t flags;      /* those that the user may change at all */
	bool keywords;       /* and may they change keywords? */
	struct str rejected; /* UIDs refused by unchanged_since */
};
extern const struct ipc_msg store_flagged_msg;

struct store_expunge {
	uint32_t mailbox;
	struct str uids;   /* "" is all */
	bool deleted_only; /* only those flagged \Deleted */
};
extern const struct ipc_msg store_expunge_msg;

struct store_expunged {
	uint64_t modseq;
	uint32_t count;
};
extern const struct ipc_msg store_expunged_msg;

struct store_copy {
	uint32_t mailbox; /* from */
	struct str uids;
	struct str user; /* owner of the target; "": the session's own */
	struct str name; /* target; ERR_NOENT when absent */
	bool move;
};
extern const struct ipc_msg store_copy_msg;

struct store_copied {
	uint32_t mailbox, uidvalidity;
	uint32_t count; /* 0: none of the UIDs existed */
	/* Those that did: the i-th became the i-th. "": they are too many. */
	struct str uids, to;
};
extern const struct ipc_msg store_copied_msg;

enum store_mailbox_op {
	STORE_CREATE,
	STORE_DELETE,
	STORE_RENAME,
	STORE_SUBSCRIBE,
	STORE_UNSUBSCRIBE,
	STORE_PURGE, /* ctl: nothing stays of the mailboxes user has deleted */
};

struct store_mailbox {
	uint8_t op;      /* enum store_mailbox_op */
	struct str user; /* ctl; "": the session's own */
	struct str name;
	struct str name2;  /* RENAME: the new one */
	uint8_t use, type; /* CREATE: enum store_use, store_type */
	bool wholly;       /* DELETE, ctl: without keeping its messages */
};
extern const struct ipc_msg store_mailbox_msg;

struct store_mailbox_done {
	uint32_t mailbox, uidvalidity; /* CREATE, RENAME */
};
extern const struct ipc_msg store_mailbox_done_msg;

/*
 * A mailbox's list of rights (RFC 4314): an entry of it is changed, or it is
 * only asked for. Both need right a; both are answered by the list as it then
 * is. FORGET is the operator's: an identity leaves all lists.
 */
enum store_acl_op { STORE_ACL_SHOW, STORE_ACL_SET, STORE_ACL_FORGET };
enum store_acl_mode { STORE_ACL_REPLACE, STORE_ACL_ADD, STORE_ACL_REMOVE };

struct store_acl_change {
	uint8_t op;            /* enum store_acl_op */
	struct str user;       /* ctl: the owner; "": the session's names */
	struct str name;       /* of the mailbox */
	struct str identifier; /* as people write it; FORGET: the identity */
	uint8_t mode;          /* SET: enum store_acl_mode */
	uint32_t rights;       /* SET: STORE_RIGHT_* */
};
extern const struct ipc_msg store_acl_change_msg;

struct store_acl_item {
	struct str identifier;
	uint16_t given, denied;
};

struct store_acl_list {
	struct ipc_list items; /* struct store_acl_item */
};
extern const struct ipc_msg store_acl_list_msg;

/* ctl: what a user stores and may; or the directory has another limit now. */
struct store_quota {
	struct str user;
	bool set;
	uint64_t limit_bytes, limit_messages; /* set: 0 is none */
};
extern const struct ipc_msg store_quota_msg;

struct store_quota_state {
	uint64_t bytes, messages, limit_bytes, limit_messages;
};
extern const struct ipc_msg store_quota_state_msg;

/* rewrite: whose quota is used up? */
struct store_full {
	uint8_t unused;
};
extern const struct ipc_msg store_full_msg;

enum { STORE_MSG_FULL_MAX = 10000 };

struct store_full_list {
	struct ipc_list users; /* struct store_word; of more, only so many */
};
extern const struct ipc_msg store_full_list_msg;

enum { STORE_MSG_VOIDS_MAX = 100000 }; /* users remembered */

/*
 * authd: tickets of user issued before this second are void, and sessions
 * that showed one are over. From until on none of them would be good in any
 * case. Both are seconds since 1970, UTC. Not answered.
 */
struct store_void {
	struct str user;
	uint64_t not_before, until;
};
extern const struct ipc_msg store_void_msg;

/* The recent messages of a mailbox are mine (RFC 3501 section 2.3.2). */
struct store_recent {
	uint32_t mailbox;
};
extern const struct ipc_msg store_recent_msg;

struct store_recent_done {
	uint32_t first, next; /* first <= uid < next */
};
extern const struct ipc_msg store_recent_done_msg;

/* Tell me of changes in this mailbox, or (0) in all of my user's; or stop. */
struct store_watch {
	uint32_t mailbox;
	bool on;
};
extern const struct ipc_msg store_watch_msg;

/*
 * front: tell me of changes in this mailbox, of which I know those up to
 * modseq, for a session that is parked; or stop. Not answered but by notices,
 * the first at once if something happened already.
 */
struct store_follow {
	uint32_t mailbox;
	bool on;
	uint64_t modseq;
};
extern const struct ipc_msg store_follow_msg;

/* A hint, with tag 0, at any time: look at the mailbox again. */
struct store_notice {
	uint32_t user, mailbox;
	uint64_t modseq; /* 0: made, renamed, deleted or (un)subscribed */
};
extern const struct ipc_msg store_notice_msg;

/* Let me read this pack, or (0) the file of this blob. ERR_NOENT: gone. */
struct store_pack {
	uint32_t pack;
	uint64_t blob;
};
extern const struct ipc_msg store_pack_msg;

struct store_pack_open {
	int fd;
};
extern const struct ipc_msg store_pack_open_msg;

/* Room for a large body: write and sync it, then name the token. */
struct store_large {
	uint64_t size_hint; /* 0: unknown */
};
extern const struct ipc_msg store_large_msg;

struct store_large_open {
	uint64_t token; /* good once, on this connection */
	uint64_t limit; /* bytes */
	int fd;
};
extern const struct ipc_msg store_large_open_msg;

/*
 * qmgr: what is durably retired may be forgotten. At start: BEGIN, ALIVE as
 * often as needed with everything that lives, END: the rest of what was
 * known at BEGIN is forgotten. Answered by store_done.
 */
enum store_settle_op {
	STORE_SETTLE_FORGET,
	STORE_SETTLE_BEGIN,
	STORE_SETTLE_ALIVE,
	STORE_SETTLE_END
};

struct store_settle {
	uint8_t op; /* enum store_settle_op */
	uint64_t queue;
	struct ipc_list ids; /* struct store_word */
};
extern const struct ipc_msg store_settle_msg;

/* ctl: a user's mailboxes; user "": who there is. */
struct store_list {
	struct str user;
	struct str after; /* names above this one: an answer has at most 1000 */
	bool deleted;     /* a user's deleted mailboxes that are still kept, */
	uint32_t above;   /* with numbers above this one */
};
extern const struct ipc_msg store_list_msg;

struct store_listing {
	struct str name;
	uint32_t mailbox; /* or the user's id */
	uint8_t use, type;
	bool subscribed;
	uint32_t exists, unseen;
	uint64_t bytes;
	uint32_t when; /* it was deleted; exists and bytes are as they were */
};

struct store_listed {
	struct ipc_list mailboxes; /* struct store_listing */
	bool more;
};
extern const struct ipc_msg store_listed_msg;

/*
 * ctl: the messages of a mailbox that were expunged and can be had back, as
 * they were expunged. An answer has at most STORE_MSG_GRAVES_MAX.
 */
struct store_graves {
	struct str user, name;
	uint64_t modseq; /* behind this one */
	uint32_t uid;
	uint32_t deleted; /* the number of a deleted mailbox, instead of name */
};
extern const struct ipc_msg store_graves_msg;

struct store_grave {
	uint32_t uid;
	uint64_t modseq;
	int64_t when;     /* of the expunge, seconds since 1970 */
	int64_t internal; /* INTERNALDATE */
	uint32_t size;
	uint16_t flags;
	struct str digest; /* store/digest.h; "" where it is not at hand */
};

struct store_graves_are {
	struct ipc_list graves; /* struct store_grave */
	bool more;
};
extern const struct ipc_msg store_graves_are_msg;

/*
 * ctl: have them back, under new UIDs and without \Deleted, into the mailbox
 * of that name, which is made if it is not there. They come from the deleted
 * mailbox that is given, else from the mailbox of that name, else from the
 * one of that name that was deleted last. Of a deleted mailbox those come
 * back that it had then, unless uids says which.
 */
struct store_undelete {
	struct str user, name;
	int64_t since;    /* those expunged since; INT64_MIN: all */
	struct str uids;  /* those of these; "": all */
	uint32_t deleted; /* the number of a deleted mailbox; or 0 */
};
extern const struct ipc_msg store_undelete_msg;

struct store_undeleted {
	uint32_t count;
};
extern const struct ipc_msg store_undeleted_msg;

/* ctl: the messages of a mailbox by UID, and where their bytes are. */
struct store_browse {
	struct str user, name;
	uint32_t after; /* UIDs above this one */
};
extern const struct ipc_msg store_browse_msg;

struct store_browsed_message {
	uint32_t uid;
	uint16_t flags;
	uint64_t keywords; /* bit i is the i-th of the answer's */
	int64_t internal;
	struct str prefix;
	uint64_t blob; /* as store_pack wants it, and for lib/store/message.h */
	uint32_t pack, length;
	uint64_t offset;
	struct str guid;
};

struct store_browsed {
	struct ipc_list keywords; /* struct store_word */
	struct ipc_list messages; /* struct store_browsed_message */
	bool more;
};
extern const struct ipc_msg store_browsed_msg;

enum store_admin_op {
	STORE_ADMIN_VERIFY,  /* every invariant; the text lists what is wrong */
	STORE_ADMIN_REBUILD, /* at once stored starts anew and rebuilds */
	STORE_ADMIN_COMPACT, /* answered when unused space was taken back */
};

struct store_admin {
	uint8_t op; /* enum store_admin_op */
};
extern const struct ipc_msg store_admin_msg;

struct store_admin_done {
	uint64_t checked;  /* rows */
	uint64_t problems; /* VERIFY: how many; the first ones are in text */
	struct str text;   /* lines */
};
extern const struct ipc_msg store_admin_done_msg;

struct store_done {
	uint8_t unused;
};
extern const struct ipc_msg store_done_msg;

#endif

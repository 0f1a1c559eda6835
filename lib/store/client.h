/*
 * client - asks stored for what changes a store; blocking, one request at a
 * time on a connection.
 *
 * Every function waits for the answer. When it returns 0, what it speaks of
 * is on disk. ERR_TEMP: try later; after a connection that broke it is
 * unknown whether the request was done (an append with a queue id may simply
 * be sent again). Other kinds are the request's own: ERR_NOENT (no such
 * mailbox), ERR_EXISTS, ERR_DENIED, ERR_LIMIT (quota, names, keywords, a full
 * index), ERR_SYNTAX.
 *
 * Notices may come at any time: they are kept while an answer is awaited and
 * given by store_client_notices(), for which a session that idles polls
 * store_client_fd().
 */
#ifndef STORE_CLIENT_H
#define STORE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "ipc/store_msg.h"
#include "store/format.h"
#include "store/uids.h"

struct store_client;
struct store_reader;

/* Takes fd over, a connection to stored (connect_unix("stored", ...)). */
struct store_client *store_client_new(int fd, int timeout_ms);
void store_client_free(struct store_client *client); /* NULL is fine */
/* Poll it for reading between requests; -1 once the connection broke. */
int store_client_fd(const struct store_client *client);

/*
 * Say who the session is for. The first one of a user makes INBOX and the
 * mailboxes of special use. With a reader (opened before the jail, see
 * store/read.h) it is ready to read afterwards. *user is the user's id.
 * ERR_DENIED: the ticket is not good. ERR_CORRUPT: the index was rebuilt
 * since the reader was opened; end this process and its parent.
 */
int store_client_hello(struct store_client *client, struct store_reader *reader,
    struct str user_name, struct str ticket, uint32_t *user, struct err *err);

/*
 * Be connected: *client stays where its connection stands, else it is freed
 * and a new one to the socket at path has said hello. For sessions, which
 * outlive a restart of stored: where it ends before it answers, its next is
 * waited for, as long as for an answer. On -1 *client is NULL.
 */
int store_client_ensure(struct store_client **client,
    struct store_reader *reader, const char *path, int timeout_ms,
    struct str user_name, struct str ticket, uint32_t *user, struct err *err);

/*
 * Append a message to all of req->targets. 0 when the request was answered:
 * then each target has a result of its own in answer (texts in arena).
 * req->body may have any length: over STORE_MSG_INLINE_MAX it is sent by
 * descriptor, whatever req->large says.
 */
int store_client_append(struct store_client *client,
    const struct store_append *req, struct arena *arena,
    struct store_appended *answer, struct err *err);

/*
 * Many under way: begin sends one (req->body at most STORE_MSG_INLINE_MAX, or
 * req->large) and names it by *tag; end takes an answer, in any order. 1: the
 * append tag was answered, with answer when result->kind is ERR_NONE, else
 * refused; 0: none is there, or (wait) none is under way. -1: the connection
 * broke, no other will be answered. Strings and lists are in arena. Until
 * all are answered nothing else may be asked, and notices wait. The caller
 * bounds how many, at most 60,000.
 */
int store_client_append_begin(struct store_client *client,
    const struct store_append *req, uint16_t *tag, struct err *err);
/* Several messages as one such append; see store_append_all. */
int store_client_append_all_begin(struct store_client *client,
    const struct store_append_all *req, uint16_t *tag, struct err *err);
int store_client_append_end(struct store_client *client, bool wait,
    struct arena *arena, uint16_t *tag, struct store_appended *answer,
    struct err *result, struct err *err);
unsigned store_client_pending(const struct store_client *client);

/* What was appended with hold becomes messages, all or none. */
int store_client_adopt(struct store_client *client,
    const struct store_adopt *req, struct store_adopted *answer,
    struct err *err);

/* Room for a large body that is still to come; see store_large_open. */
int store_client_large(struct store_client *client, uint64_t size_hint,
    struct store_large_open *answer, struct err *err);

/*
 * mode as in enum store_flags_mode; keywords are new to the mailbox or not.
 * unchanged_since UINT64_MAX: no condition, rejected may then be NULL. The
 * caller clears *rejected.
 */
struct store_flags_change {
	uint32_t mailbox;
	const struct store_uids *uids;
	enum store_flags_mode mode;
	uint16_t flags;
	const struct str *keywords;
	size_t keyword_count;
	uint64_t unchanged_since;
	/* set by the answer: what the user's rights let them change */
	uint16_t allowed;
	bool keywords_allowed;
};
int store_client_flags(struct store_client *client,
    struct store_flags_change *change, uint64_t *modseq,
    struct store_uids *rejected, struct err *err);

/* uids NULL: the whole mailbox. modseq is 0 when nothing went. */
int store_client_expunge(struct store_client *client, uint32_t mailbox,
    const struct store_uids *uids, bool deleted_only, uint64_t *modseq,
    uint32_t *count, struct err *err);

/*
 * What COPYUID tells (RFC 4315): the i-th of from became the i-th of to. A
 * copy is whole or not at all, and its UIDs follow each other; a move goes in
 * slices, each whole. from and to are empty where count messages have more
 * runs of UIDs than an answer takes.
 */
struct store_copy_result {
	uint32_t mailbox, uidvalidity, count;
	struct store_uids from, to; /* the caller clears both */
};
int store_client_copy(struct store_client *client, uint32_t mailbox,
    const struct store_uids *uids, struct str target, bool move,
    struct store_copy_result *result, struct err *err);

/*
 * Parents are made where they are missing. ERR_EXISTS. user_name is "" in a
 * session; ctl names a user. mailbox and uidvalidity may be NULL.
 */
int store_client_create(struct store_client *client, struct str user_name,
    struct str name, enum store_use use, enum store_type type,
    uint32_t *mailbox, uint32_t *uidvalidity, struct err *err);
/*
 * Mailboxes below stay (RFC 3501 section 6.3.4). ERR_SYNTAX: INBOX, which
 * stays, too.
 */
int store_client_delete(struct store_client *client, struct str user_name,
    struct str name, struct err *err);
/* With all below. Of INBOX: its messages go, it stays (RFC 3501 6.3.5). */
int store_client_rename(struct store_client *client, struct str user_name,
    struct str from, struct str to, struct err *err);
int store_client_subscribe(struct store_client *client, struct str name,
    bool on, struct err *err);

/*
 * A mailbox's list of rights is changed or asked for; see ipc/store_msg.h.
 * items of answer live in arena.
 */
int store_client_acl(struct store_client *client,
    const struct store_acl_change *req, struct arena *arena,
    struct store_acl_list *answer, struct err *err);

/* ctl: a user's quota and use; see ipc/store_msg.h. ERR_NOENT: not seen yet. */
int store_client_quota(struct store_client *client,
    const struct store_quota *req, struct store_quota_state *answer,
    struct err *err);

/* From now on first <= uid < next are recent in this session only. */
int store_client_recent(struct store_client *client, uint32_t mailbox,
    uint32_t *first, uint32_t *next, struct err *err);

/* Notices for a mailbox (0: all of the user's), from now on or no more. */
int store_client_watch(struct store_client *client, uint32_t mailbox, bool on,
    struct err *err);
/*
 * Give fn (NULL: nobody) each notice that is there, without waiting. Returns
 * how many, -1 when the connection broke.
 */
typedef void store_notice_fn(void *ctx, const struct store_notice *notice);
int store_client_notices(struct store_client *client, store_notice_fn *fn,
    void *ctx, struct err *err);
/*
 * Have some come with or before an answer? Those are not in the socket any
 * more, so poll() does not see them.
 */
bool store_client_has_notices(const struct store_client *client);

/*
 * A read-only descriptor of a pack (0: of the blob's own file), the
 * client's: kept until store_client_drop_packs() or pushed out by others.
 * fresh: ask stored again though we have one.
 */
int store_client_pack(struct store_client *client, uint32_t pack, uint64_t blob,
    bool fresh, int *fd, struct err *err);
void store_client_drop_packs(struct store_client *client);

/* qmgr's and ctl's; see ipc/store_msg.h. Strings live until the next call. */
int store_client_settle(struct store_client *client,
    const struct store_settle *req, struct err *err);
int store_client_list(struct store_client *client, struct str user_name,
    struct str after, struct arena *arena, struct store_listed *answer,
    struct err *err);
/* Deleted ones that are kept, with numbers above. */
int store_client_list_deleted(struct store_client *client, struct str user_name,
    uint32_t above, struct arena *arena, struct store_listed *answer,
    struct err *err);
/* Nothing is kept of this mailbox; of any that the user has deleted. */
int store_client_delete_wholly(struct store_client *client,
    struct str user_name, struct str name, struct err *err);
int store_client_purge(struct store_client *client, struct str user_name,
    struct err *err);
int store_client_graves(struct store_client *client,
    const struct store_graves *req, struct arena *arena,
    struct store_graves_are *answer, struct err *err);
int store_client_undelete(struct store_client *client,
    const struct store_undelete *req, uint32_t *count, struct err *err);
/* Strings in the arena. */
int store_client_browse(struct store_client *client,
    const struct store_browse *req, struct arena *arena,
    struct store_browsed *answer, struct err *err);
int store_client_admin(struct store_client *client, enum store_admin_op op,
    struct arena *arena, struct store_admin_done *answer, struct err *err);

#endif

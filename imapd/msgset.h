/*
 * msgset - the messages a command names: sequence-set or UIDs against the
 * view of the selected mailbox.
 */
#ifndef IMAPD_MSGSET_H
#define IMAPD_MSGSET_H

#include "base/attr.h"
#include "imap/seqset.h"
#include "ipc/store_msg.h"
#include "store/uids.h"

struct command;
struct view;

/*
 * The messages that "$" stands for (RFC 5182) and that are there still, as a
 * set of UIDs or of sequence numbers in the command's arena. -1: that is
 * full.
 */
int msgset_saved(struct command *cmd, bool uid, struct seqset *set) MUST_USE;

/*
 * SP sequence-set, or "$". By number (not UID ...) all must be there: RFC 3501
 * section 9, seq-number, wants BAD otherwise. Not so for "1:*" in an empty
 * mailbox, which clients write before they know that it is one (Python's
 * imaplib programs do): it names nothing. -1 after command_syntax or
 * command_bad.
 */
int msgset_parse(struct command *cmd, struct seqset *set) MUST_USE;

/* Walk the indices of the view that set names, rising. */
struct msgset_walk {
	const struct view *view; /* borrowed, as set */
	const struct seqset *set;
	bool uid;
	size_t range, next, end;
};

void msgset_begin(struct msgset_walk *walk, const struct view *view,
    const struct seqset *set, bool uid);
/* The next index, or VIEW_NONE. */
size_t msgset_next(struct msgset_walk *walk);

/*
 * Their UIDs, for a request to stored. Where these are more runs than a
 * request takes, UIDs that are no more are among them: a set has few ranges,
 * and between two neighbours of the view there is nothing in the store. The
 * caller clears uids.
 */
enum { MSGSET_RUNS_MAX = STORE_MSG_UIDS_MAX / STORE_RUN_SIZE };
void msgset_uids(const struct view *view, const struct seqset *set, bool uid,
    struct store_uids *uids);

/* "1:3,5", as COPYUID and VANISHED want it. */
void msgset_put_uids(struct buf *out, const struct store_uids *uids);

#endif

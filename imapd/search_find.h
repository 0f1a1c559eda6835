/*
 * search_find - the messages of the selected mailbox that meet a SEARCH
 * program, in the order of the mailbox: what SEARCH, SORT and THREAD share.
 *
 * The view decides what it can; the messages it leaves undecided are read in
 * pieces, rows first, then keys of digests, then bytes, each only for those
 * that are undecided still.
 */
#ifndef IMAPD_SEARCH_FIND_H
#define IMAPD_SEARCH_FIND_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "imap/searchkey.h"
#include "store/message.h"

struct command;

/* What "*" and "$" mean now. The set of "$" lives in the command's arena. */
int search_view(struct command *cmd, struct searchkey_view *view,
    struct err *err);

/*
 * Before a program runs: its charset must be known; MODSEQ enables CONDSTORE,
 * and where it has sequence numbers they must stay. -1 after an answer.
 */
int search_begin(struct command *cmd,
    const struct searchkey_program *program) MUST_USE;

/*
 * Tell fn the indices of those that match. row is there when the program asks
 * for MODSEQ, else now and then. On -1 (also ERR_LIMIT for
 * a program too large) those told so far do match.
 */
typedef void search_found_fn(void *ctx, size_t index,
    const struct store_message *row);
int search_find(struct command *cmd, const struct searchkey_program *program,
    search_found_fn *fn, void *ctx, struct err *err);

#endif

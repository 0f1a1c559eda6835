/*
 * mbox - many messages in one file, apart by lines that begin "From ".
 *
 * Written in the form "mboxrd": a line of a message that would be taken for
 * such a one, after any number of ">", gets one more ">". Read are mboxrd and
 * the older "mboxo", which quotes only "From " itself. Of a separator it is
 * asked that an empty line, or nothing, stands before it, and that it has a
 * time of day.
 *
 * Ours begin with a field "X-Chancery:" (size, line ends, INTERNALDATE,
 * flags, keywords), then Status and X-Status for other programs; these three
 * are taken off again. Where they are missing flags come from Status,
 * X-Status and X-Keywords, which stay, and the date from the separator.
 *
 * All is total, linear, and without I/O.
 */
#ifndef VERB_MBOX_H
#define VERB_MBOX_H

#include "verb/archive.h"

void mbox_put(struct buf *out, const struct archive_message *message);

/*
 * Where the first message of in ends: *len bytes, with its separator. in
 * begins at a separator, or anywhere in front of the first one. 1 found; 0
 * more bytes are needed (never when is_end). *scanned, 0 at first and kept by
 * the caller while bytes are added, saves looking twice.
 */
int mbox_next(struct str in, bool is_end, size_t *scanned, size_t *len);

/*
 * A message as mbox_next gives it. bytes go to out (which is emptied),
 * keywords are borrowed from raw. ERR_SYNTAX: there is no separator.
 */
int mbox_parse(struct buf *out, struct str raw, bool is_mboxo,
    struct archive_message *message, struct err *err);

#endif

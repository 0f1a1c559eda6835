/*
 * sync - brings the view up to the store, and tells the client what is news:
 * EXISTS, RECENT, EXPUNGE, FETCH of flags, FLAGS (RFC 3501 sections 5.2, 5.5
 * and 7.4.1); with CONDSTORE also MODSEQ, and VANISHED instead of EXPUNGE with
 * QRESYNC (RFC 7162).
 *
 * The two are apart: looking may be done at any time, telling of expunges
 * only when no command that uses sequence numbers runs.
 */
#ifndef IMAPD_SYNC_H
#define IMAPD_SYNC_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct selected;
struct session;

/*
 * Take what happened since the last look into the view. A mailbox that was
 * deleted is no error: selected->gone says so. On an error the view is as good
 * as it was.
 */
int sync_look(struct session *session, struct err *err);
/* The same for what is not selected (any more, or yet). */
int sync_catch_up(struct session *session, struct selected *selected,
    struct err *err);

/*
 * Tell the client. Expunges wait unless expunge is set. When the mailbox is
 * gone it says BYE: there is no other way to leave the selected state (RFC
 * 2180 section 3.3).
 */
void sync_tell(struct session *session, bool expunge);

/* "FLAGS (\Seen $Junk)" of one message of the view. */
void sync_put_flags(struct buf *out, const struct selected *selected, size_t i);
/* "* FLAGS (...)" and "* OK [PERMANENTFLAGS (...)]". */
void sync_tell_keywords(struct session *session);

#endif

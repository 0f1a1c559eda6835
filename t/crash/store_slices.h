/*
 * store_slices - operations in slices, and what they promise: a COPY is whole
 * or not there, a RENAME of INBOX comes to its end.
 *
 * All act in mailboxes of their own, so that what is to be there is a number.
 */
#ifndef CRASH_STORE_SLICES_H
#define CRASH_STORE_SLICES_H

#include "stored/engine.h"

enum { SLICES_MAX = 200, SLICES_COPY = 20 /* messages a slice */ };

/* By nth: how many messages, and how sure that is. */
struct slices_promised {
	struct slices_promise {
		uint32_t count;
		bool begun, done;
	} copy[SLICES_MAX], rename[SLICES_MAX];
};

/* Copy all of the first user's INBOX, and tell marks. */
void slices_copy(struct engine *engine, int marks, unsigned nth);
/* Deliver some messages to the second user, rename that INBOX, tell marks. */
void slices_rename(struct engine *engine, int marks, unsigned nth);

/* A line of marks; false: it is none of ours. */
bool slices_mark(struct slices_promised *promised, const char *word,
    unsigned nth, unsigned count);
/* ended: slices_end() was called. Dies when a promise is broken. */
void slices_check(struct engine *engine, const struct slices_promised *promised,
    bool ended);
/* End what was cut off, as stored does at its start. */
void slices_end(struct engine *engine);

#endif

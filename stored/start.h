/*
 * start - what the engine does at start: open the index, bring it up to
 * the journal, tidy the large files.
 */
#ifndef STORED_START_H
#define STORED_START_H

#include "stored/engine.h"

/* Open the index; make a new one where it is missing or to be rebuilt. */
int start_index(struct engine *engine, struct err *err);
/* Where the index is new: begin it with the snapshot, if there is one. */
int start_snapshot(struct engine *engine, struct err *err);
/*
 * Open the packs and put into the index what their journals say since its
 * last batch. ERR_CORRUPT: the index is ahead of the packs, so they are not
 * of one store.
 */
int start_log(struct engine *engine, struct err *err);
/* Remove large files that no blob owns. */
int start_large(struct engine *engine, struct err *err);

#endif

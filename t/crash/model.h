/*
 * model - what a disk may hold after a power cut, given a journal of changes
 * (t/crash/journal.h).
 *
 * Fed record by record, the model keeps what is durable for certain and what
 * is pending. A crash state is the durable part plus a random legal part of
 * the pending one:
 *	- a write is there, is not, or is torn at 512-byte sectors, whatever
 *	  became of other unsynced writes to that file;
 *	- MODEL_STRICT: a change of a folder is durable when that folder was
 *	  synced, and until then each is there or not by itself (POSIX);
 *	- MODEL_EXT4: changes of folders become durable in their order, and
 *	  fsync of any file takes all before it along (one journal).
 */
#ifndef CRASH_MODEL_H
#define CRASH_MODEL_H

#include "base/err.h"
#include "base/str.h"
#include "t/crash/journal.h"

enum model_kind { MODEL_STRICT, MODEL_EXT4 };

struct model;

struct model *model_new(enum model_kind kind);
void model_free(struct model *model);

/* name and data are borrowed for ever: the journal stays mapped. */
void model_add(struct model *model, const struct journal_head *head,
    struct str name, struct str data);

/*
 * Make a tree at path (which must not exist) of one state after the records
 * added so far, drawn with seed. The model does not change.
 */
int model_write_state(const struct model *model, const char *path,
    uint64_t seed, struct err *err);

#endif

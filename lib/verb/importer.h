/*
 * importer - messages on their way from an archive to stored, many at a time,
 * each once.
 */
#ifndef VERB_IMPORTER_H
#define VERB_IMPORTER_H

#include "verb/archive.h"
#include "verb/verb.h"

struct importer;

int importer_open(struct importer **out, struct verb_call *call,
    const char *user, struct err *err);
/*
 * Wait for all answers, print what came of it, and (is_whole, and nothing was
 * refused) have stored forget the ids. -1 when something went wrong or was
 * refused.
 */
int importer_close(struct importer *importer, bool is_whole, struct err *err);

/* Another mailbox (borrowed until the next), of total units; 0: not known. */
void importer_begin(struct importer *importer, struct str mailbox,
    uint64_t total);
/*
 * One message, which may go when this returns; units for the progress. -1:
 * stored is gone or will take no more.
 */
int importer_add(struct importer *importer, struct str mailbox,
    const struct archive_message *message, uint64_t units, struct err *err);
/* Something was left out: say so, go on, and let the verb fail. */
void importer_refuse(struct importer *importer, struct str what,
    const struct err *why);

#endif

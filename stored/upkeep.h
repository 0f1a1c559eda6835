/*
 * upkeep - what stored does for its files in the background: expunged mail
 * whose time is over goes, the index is written into a snapshot, packs that
 * hold little are copied, packs that nobody needs are unlinked.
 *
 * A round does these in turn, a little at a time, at most
 * store_upkeep_rate bytes a second; one begins every store_upkeep_interval,
 * or when the operator asks, who gets an answer when two are done: what the
 * first one copied the second one unlinks.
 */
#ifndef STORED_UPKEEP_H
#define STORED_UPKEEP_H

#include "stored/stored.h"

struct upkeep;

int upkeep_start(struct stored *stored, struct err *err);
void upkeep_stop(struct stored *stored);

/* The operator asks. ERR_TEMP: somebody else has. */
int upkeep_force(struct stored *stored, struct client *client, uint16_t tag,
    struct err *err);
/* This client has gone away. */
void upkeep_forget(struct stored *stored, const struct client *client);
/* A request of upkeep's is done, or a slice of it. */
bool upkeep_owns(const struct stored *stored, const struct request *request);
void upkeep_answer(struct stored *stored, struct request *request);

#endif

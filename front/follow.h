/*
 * follow - which parked sessions wait for which mailbox.
 *
 * One subscription a mailbox at stored, whoever waits for it; stored says at
 * once when something happened since a session's last look, so that nothing is
 * missed between its look and our subscription, nor while stored restarts.
 * Notices are hints. A mailbox for which many wait wakes them a few at a
 * time.
 */
#ifndef FRONT_FOLLOW_H
#define FRONT_FOLLOW_H

#include <stdint.h>

#include "base/list.h"

struct conn;
struct follow;
struct follows;
struct front;

/* A session that waits, in its owner's storage. */
struct follower {
	struct list link;      /* in the mailbox's, or among those due */
	struct follow *follow; /* NULL: waits for none */
	struct conn *conn;
	uint64_t modseq; /* it knows the mailbox up to here */
};

/* Connects when somebody waits. */
struct follows *follows_new(struct front *front);
void follows_free(struct follows *follows); /* NULL is fine */

/* From now on conn is woken (park_wake) by a change above modseq. */
void follow_begin(struct follows *follows, struct follower *follower,
    struct conn *conn, uint32_t mailbox, uint64_t modseq);
/* Also of one that never began: { 0 }. */
void follow_end(struct follows *follows, struct follower *follower);
/* A session that we woke has its process, or is gone: the next may come. */
void follow_go_on(struct follows *follows);

#endif

/*
 * queue_edge - what the verbs of the queue share: the operator's edge of
 * qmgr, patterns, and a message's first lines.
 */
#ifndef VERB_QUEUE_EDGE_H
#define VERB_QUEUE_EDGE_H

#include "base/arena.h"
#include "ipc/conn.h"
#include "ipc/queue_admin_msg.h"
#include "verb/verb.h"

/* For one verb. */
struct queue_edge {
	struct ipc_conn conn;
	struct arena *arena; /* of the last answer */
};

int queue_edge_open(struct queue_edge *edge, struct verb_call *call,
    struct err *err);
void queue_edge_close(struct queue_edge *edge);

/*
 * --sender, --recipient, --site, --older-than. 1: one of them was given; 0;
 * -1: a value is wrong.
 */
int queue_pattern_take(struct verb_call *call, struct queue_pattern *pattern,
    struct err *err);

/* What a list and a single message have in common. */
void queue_print_head(struct print *p, const struct queue_listing *message);

int queue_list_verb(struct verb_call *call, struct err *err);

#endif

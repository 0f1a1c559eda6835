/*
 * dest - who is served next: transports, destinations, senders, jobs.
 *
 * A transport is a delivery agent's socket. Under it stand destinations (next
 * hops), taken in turn, each with at most destination_concurrency_limit
 * transactions at a time; in a destination stand lanes, one a sender, taken
 * in turn too, so that nobody's ten thousand messages keep another's one
 * waiting. A job is one transaction: one message, one next hop, some of its
 * recipients.
 *
 * A transport or destination that failed as a whole rests, doubling from a
 * fraction of a second to a minute, and its jobs wait in memory; when it has
 * failed for a while they are deferred one by one (result.h).
 */
#ifndef QMGR_DEST_H
#define QMGR_DEST_H

#include "qmgr/qmgr.h"

struct agent;
struct dest;

struct rest {          /* after failures */
	int64_t until; /* mono, us */
	unsigned failures;
};

struct transport {
	struct list link; /* of qmgr's transports */
	struct qmgr *q;
	char *name;
	struct list ready;  /* destinations with jobs */
	struct hash *dests; /* by next hop */
	struct list idle;   /* agents without a job */
	struct list busy;   /* and those with one */
	unsigned agents;    /* connections, idle or not */
	struct rest rest;
	struct event *kick;
};

struct dest {
	struct list link; /* of its transport's ready, or alone */
	struct transport *transport;
	char *nexthop;
	struct list lanes; /* with jobs */
	struct hash *by_sender;
	unsigned waiting, running;
	struct rest rest;
	struct job *filling; /* of the message that is being sorted */
};

enum verdict { VERDICT_NONE, VERDICT_SENT, VERDICT_DEFERRED, VERDICT_FAILED };

struct outcome {
	enum verdict verdict;
	char status[16]; /* "5.1.1" */
	char *text;      /* owned: the reply, for the log and the sender */
};

struct job {
	struct list link; /* of its lane */
	struct list mine; /* of its message's queued */
	struct message *message;
	struct dest *dest;
	uint32_t *rcpt; /* owned: recipient numbers */
	struct outcome *outcome;
	size_t count;
	unsigned lost;     /* how often the connection broke in the middle */
	int64_t begun;     /* us: taken from the lane */
	int64_t connected; /* us: the agent was ready for it */
};

/* Make jobs for all recipients of message that are to be delivered. */
void dest_activate(struct qmgr *q, struct message *message);

/* Take back those that were not started yet. */
void dest_cancel(struct message *message);

/* Start jobs as far as agents and limits allow, from the loop. */
void dest_kick(struct transport *transport);

/* The agent is done with the job; it may go back to the front of its lane. */
void dest_done(struct job *job);
void dest_requeue(struct job *job);
void dest_drop(struct job *job); /* at the end of the process */

/*
 * The transport, or this destination, failed as a whole (reason goes to the
 * log). False: it has failed too often, so the job should be deferred.
 */
bool dest_failed(struct qmgr *q, struct rest *rest, struct transport *transport,
    const char *reason);
void dest_works(struct rest *rest);

/* Is there an agent's socket of this name? */
bool dest_transport_exists(struct str name);

/* Forget rests: try everything now. */
void dest_flush(struct qmgr *q);
void dest_clear(struct qmgr *q);

#endif

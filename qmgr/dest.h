/*
 * dest - who is served next: transports, destinations, senders, jobs.
 *
 * A transport is a delivery agent's socket. Under it stand destinations (next
 * hops), taken in turn, each with as many transactions at a time as its
 * window (window.h) allows; in a destination stand lanes, one a sender, taken
 * in turn too, so that nobody's ten thousand messages keep another's one
 * waiting. A job is one transaction: one message, one next hop, some of its
 * recipients.
 *
 * What fails as a whole rests. A transport, or a destination whose agents are
 * here, rests for a fraction of a second and then longer, up to a minute; its
 * jobs wait in memory, and when it has failed for a while they are deferred.
 * A destination elsewhere (queue_remote_transports) that is dead rests for
 * minutes; its jobs are deferred at once, and a message that comes due
 * meanwhile is put off without a job (see job.c). When one is tried again, or
 * was slow, it is doubtful: all doubtful ones together get a quarter of the
 * transport's agents, so that they cost the others little.
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
	bool remote;
	bool is_error; /* nothing goes anywhere: error.h */
	struct window_conf window;
	size_t rcpt_limit;
	struct list ready;    /* destinations with jobs */
	struct list doubtful; /* the same, but doubtful ones */
	unsigned doubtful_running;
	bool doubtful_turn;
	struct hash *dests; /* by next hop */
	struct list idle;   /* agents without a job, the last used first */
	struct list busy;   /* and those with one */
	unsigned agents;    /* connections, idle or not */
	struct rest rest;
	struct event *kick;
};

struct dest {
	struct list link; /* of ready or doubtful, or alone */
	struct transport *transport;
	char *nexthop;
	struct list lanes; /* with jobs */
	struct hash *by_sender;
	unsigned waiting, running;
	struct window window;
	struct rest rest;
	char *reason;        /* owned: its last failure; NULL: none */
	int64_t used;        /* mono, us: when its last job ended */
	bool slow;           /* its last transaction was */
	bool recovered;      /* works again: what waits for it is due */
	struct job *filling; /* of the message that is being sorted */
};

enum verdict { VERDICT_NONE, VERDICT_SENT, VERDICT_DEFERRED, VERDICT_FAILED };

struct outcome {
	enum verdict verdict;
	bool remote;     /* another host was spoken to */
	bool dsn;        /* SENT: and it notifies from here on */
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
	bool doubtful;     /* counted among these */
	unsigned lost;     /* how often the connection broke in the middle */
	int64_t begun;     /* us: taken from the lane */
	int64_t connected; /* us: the agent was ready for it */
};

/* The destination of a recipient; made if it is not known. */
struct dest *dest_of(struct qmgr *q, const struct queue_recipient *rcpt);
/* Does it rest, being dead? */
bool dest_rests(const struct dest *dest, int64_t now);
/* Into the line of those with jobs, or out of it. */
void dest_place(struct dest *dest);
/*
 * A destination nobody has mail for is forgotten; one elsewhere after a
 * while, for the sake of its window.
 */
void dest_free_if_empty(struct dest *dest);

/* The agent is done with the job; it may go back to the front of its lane. */
void dest_done(struct job *job);
void dest_requeue(struct job *job);
void dest_drop(struct job *job); /* at the end of the process */

/* The agents' socket failed: as below. */
bool dest_transport_failed(struct transport *transport, const char *reason);
/*
 * The destination of this job failed as a whole (reason goes to the log and
 * to those who wait). False: the job should be deferred; true: it may go back
 * to its lane.
 */
bool dest_failed(struct job *job, const char *reason);
/* It works. */
void dest_transport_works(struct transport *transport);
void dest_works(struct dest *dest);
/* How long a transaction with it took: us. */
void dest_took(struct dest *dest, int64_t us);

/* Forget rests: try everything now, or what goes to these next hops. */
void dest_flush(struct qmgr *q, struct str site);
/* The limits of the configuration as it is now. */
void dest_reload(struct qmgr *q);
/* Once a second: what waits for a site that works again is due. */
void dest_tick(struct qmgr *q);
void dest_clear(struct qmgr *q);

#endif

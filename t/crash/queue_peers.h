/*
 * queue_peers - what stands around a qmgr under test: its process, an LMTP
 * server that remembers, a stored that settles, t/crash/rewrite_peer.h.
 *
 * The LMTP server speaks XCHANCERY and answers by the recipient's local part:
 * "temp..." 451, "fail..." 550, "late..." 451 the first time and 250 later;
 * everything else 250. A notification counts as "bounced/SHORT-ID". They all
 * run in threads; all they saw is in one table under one lock.
 */
#ifndef CRASH_QUEUE_PEERS_H
#define CRASH_QUEUE_PEERS_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/hash.h"

struct queue_peers {
	const char *dir;   /* qmgr's folder */
	char edge[2][200]; /* smtpd's and ctl's sockets, outside of it */
	int marks;         /* see queue_peers_init */
	pid_t qmgr;
	pthread_mutex_t lock;
	struct hash *delivered; /* "full-id/number" to how often */
	struct hash *forgotten; /* full ids that stored was told to forget */
	struct hash *alive;     /* named between BEGIN and END */
	bool never_late;        /* "late..." is taken at once */
	bool settled;           /* END has come */
	int bad;                /* deliveries of what was forgotten */
	int bounces;            /* deliveries from the null sender */
	int listeners[4];
};

/*
 * Nobody is there yet: what they are to know beforehand can be said now. marks
 * is where promises to us are noted, or -1.
 */
void queue_peers_init(struct queue_peers *peers, int marks);
/*
 * Start the servers in dir and the program qmgr with these settings ("name =
 * value" lines). Exits the process when that fails.
 */
void queue_peers_start(struct queue_peers *peers, const char *dir,
    const char *program, const char *settings);
/* End qmgr by SIGTERM, or by SIGKILL; returns its wait status. */
int queue_peers_stop(struct queue_peers *peers, int signal);

/* How often was "full-id/number" delivered to, "bounced/short-id" told? */
int queue_peers_count(struct queue_peers *peers, const char *key);

/*
 * How many messages qmgr has, by its edge for the operator. flush: tell it to
 * try them all now.
 */
int queue_peers_left(struct queue_peers *peers, bool flush);
/* The operator has it asked anew where everything goes. */
void queue_peers_requeue(struct queue_peers *peers);

#endif

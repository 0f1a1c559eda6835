/*
 * rewrite_peer - a rewrite for tests: everybody is at home. And the small
 * things that the peers of a daemon under test are made of.
 */
#ifndef CRASH_REWRITE_PEER_H
#define CRASH_REWRITE_PEER_H

#include <sys/types.h>

#include "queue/client.h"

/*
 * ms for what is sure to come, on whatever machine: two minutes, or as many
 * seconds as CRASH_PATIENCE says, where it is not sure at all.
 */
int peer_patience(void);

/* A listening UNIX socket at path; what was there goes. Exits on failure. */
int peer_listen(const char *path);
void peer_thread(void *(*fn)(void *), void *arg);

/*
 * Run program in folder as master would, with its configuration and its
 * edges: up to four "edge:NAME" and listening descriptors; NULL ends.
 */
pid_t peer_program(const char *program, const char *folder, const char *main_cf,
    const char *const *edges, const int *fds);

/*
 * Put the request's body into a file of qmgr's, as is done with one over
 * queue_inline_limit. Exits on failure.
 */
void peer_body_by_file(struct queue_client *client,
    struct queue_commit *request);

/*
 * Hand in the messages 0 to count - 1 on a socket of qmgr's, by four processes
 * at once. Exits on failure.
 */
typedef void peer_send_fn(struct queue_client *client, unsigned n, int marks);
void peer_clients(const char *edge, peer_send_fn *send_one, unsigned count,
    int marks);

/*
 * Answer rewrite_rcpt (one target, by lmtp, itself) and rewrite_user (a user
 * of that name) on a socket at path, in a thread.
 */
void rewrite_peer_start(const char *path);

#endif

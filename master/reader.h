/*
 * reader - ends a session that keeps old pages of a store's index.
 *
 * stored runs as a user of its own and may not kill another's process, so it
 * says "reader PID MS": this process, which connected to me so many
 * milliseconds ago. That is gossip like all that a child says. It is acted
 * on only when the child is a stored, and PID a worker (not the parent) of a
 * session service that may reach stored, and older than the connection: what
 * has its number since is somebody else. The worst that a false word does is
 * to end sessions.
 */
#ifndef MASTER_READER_H
#define MASTER_READER_H

#include "base/str.h"
#include "master/master.h"

/* words: "PID MS". Logs what was done; nonsense is passed over. */
void reader_end(struct master *m, const struct service *from, struct str words);

#endif

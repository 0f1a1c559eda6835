/*
 * agent - one connection to a delivery agent: the client side of LMTP
 * (RFC 2033), event-driven.
 *
 * The connection stays and serves one transaction after another: MAIL, the
 * RCPTs and DATA in one go where PIPELINING (RFC 2920) was offered, else one
 * by one; after the body one reply a recipient. Between our own programs
 * XCHANCERY names the message and numbers the recipients (see
 * doc/architecture.md), and words in brackets before a reply's text say more
 * of it (words.h).
 *
 * What was answered is an outcome; when the connection breaks, what was not
 * answered is put off, unless nothing at all had been answered: then the job
 * goes back to its lane.
 */
#ifndef QMGR_AGENT_H
#define QMGR_AGENT_H

#include "qmgr/dest.h"

struct agent *agent_new(struct transport *transport);
struct agent *agent_of(struct list *link); /* of a transport's lists */
/* Was its last transaction for this next hop? */
bool agent_was_at(const struct agent *agent, const char *nexthop);
/* Give it its next job: now, or as soon as it is connected. */
void agent_start(struct agent *agent, struct job *job);
/* At the end of the process: whatever it was doing. */
void agent_close(struct agent *agent);

#endif

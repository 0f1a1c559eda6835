/*
 * query - one question of a client, from its frame to the answer's.
 *
 * A query ends when libunbound answers or after dns_timeout, whichever is
 * first; its client is always answered, unless it is gone.
 */
#ifndef DNSD_QUERY_H
#define DNSD_QUERY_H

#include "dnsd/dnsd.h"
#include "ipc/dns_msg.h"

/* The handler of DNS_QUERY. */
void query_ask(struct ipc_peer *peer, uint16_t tag, const void *in);
/* This client is gone: its queries end. */
void query_forget_peer(struct dnsd *dnsd, struct ipc_peer *peer);

/* Around a change of the resolver: take all back, ask all again. */
void query_withdraw_all(struct dnsd *dnsd);
void query_repeat_all(struct dnsd *dnsd);
/* End, answering nobody. The resolver must be gone. */
void query_free_all(struct dnsd *dnsd);

#endif

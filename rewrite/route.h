/*
 * route - which agent takes mail for an address, and where that takes it.
 */
#ifndef REWRITE_ROUTE_H
#define REWRITE_ROUTE_H

#include "rewrite/class.h"

/* "default" unless the user, else the domain, names a partition. */
struct str route_partition(const struct class_found *found);

/* The user's quota, else the domain's; 0 for none. */
uint64_t route_quota(const struct class_found *found);

/* The same for the number of messages. */
uint64_t route_count(const struct class_found *found);

/*
 * Transport and next hop of an address that stays as it is: a mailbox here,
 * a domain handed on, or (found->status FOREIGN) the rest of the world, by
 * way of relayhost where there is one. What transport_maps says of it comes
 * first. Strings are the job's arena's, or live as long as the parameters.
 *
 * 0; 1: there is no way there; -1: err says why it cannot be told now.
 */
int route_target(struct job *job, const struct class_found *found,
    const struct address *address, struct rewrite_target *target,
    struct err *err);

#endif

/*
 * class - whose an address is: a mailbox or an alias here, a domain that is
 * handed on, or not ours.
 *
 * In this order: the domain must be in the directory; then the address as it
 * stands, the address without its detail, postmaster@ and abuse@ (which
 * reach the first administrator of the domain, else of the site), and the
 * catch-all of the domain, the entry that has "@domain".
 */
#ifndef REWRITE_CLASS_H
#define REWRITE_CLASS_H

#include "rewrite/address.h"
#include "rewrite/job.h"

struct class_found {
	enum rewrite_status status; /* OK, UNKNOWN, FOREIGN, DISABLED */
	/* with status OK exactly one of these three: */
	const struct record *record; /* a user or an alias */
	struct str administrator;    /* who is to be looked up instead */
	bool is_relay;               /* the domain goes elsewhere */

	const struct record *domain; /* NULL when foreign */
	bool keeps_detail;           /* found without it */
};

/* JOB_DONE with *found filled, or what to return. */
enum job_result class_find(struct job *job, const struct address *address,
    struct class_found *found, struct err *err);

#endif

/*
 * host - the addresses to try for a next hop, in their order: RFC 5321
 * section 5.1, RFC 7505 (null MX), and the loop guard of section 5.1 too:
 * where we stand ourselves in the list, what is not better than us is left
 * out, and if nothing is left the mail would come back to us.
 *
 * Within one preference the order is drawn by lot, hosts first and then the
 * addresses of each; smtp_address_preference then says which family comes
 * first within one preference.
 *
 * Bounds: HOST_NAMES names are looked up, smtp_mx_address_limit addresses
 * kept.
 */
#ifndef SMTP_HOST_H
#define SMTP_HOST_H

#include "dnsc/dnsc.h"
#include "smtp/nexthop.h"
#include "smtp/reply.h"
#include "smtp/smtp.h"

enum {
	HOST_NAMES = 20,
	HOST_ADDRESSES = 100,
	HOST_NAME = 256,
};

/* How names are looked up: dnsd, or a table in tests. */
struct resolver {
	void (*mx)(void *ctx, struct str domain, struct dnsc_mx *mx,
	    struct arena *arena);
	void (*addresses)(void *ctx, struct str host,
	    struct dnsc_addresses *addresses, struct arena *arena);
	void *ctx;
};

struct host {
	char name[HOST_NAME]; /* for the log and for certificates */
	struct addr addr;     /* with the port */
	uint32_t preference;
};

struct hosts {
	struct host host[HOST_ADDRESSES];
	size_t count; /* not 0 after success */
	bool secure;  /* DNSSEC proved all of it */
};

/* -1: answer says why. */
int hosts_find(struct hosts *hosts, const struct smtp *smtp,
    const struct nexthop *hop, struct answer *answer);

#endif

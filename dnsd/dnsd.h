/*
 * dnsd - the state of the daemon that asks the DNS for all the others.
 */
#ifndef DNSD_DNSD_H
#define DNSD_DNSD_H

#include "base/buf.h"
#include "base/list.h"
#include "dnsd/resolver.h"
#include "ipc/server.h"
#include "service/daemon.h"

enum {
	DNSD_LISTENERS = 8,
	DNSD_FILE_MAX = 1 << 20, /* of resolv.conf and the trust anchors */
};

/* By index into the table of statistics. */
enum {
	STAT_QUERIES,
	STAT_FOUND,
	STAT_NOT_FOUND,
	STAT_TEMP,
	STAT_BOGUS,
	STAT_TIMEOUTS,
	STAT_SECURE,
	STAT_REFUSED,
	STAT_TIME,
};

struct dnsd {
	const char *servers, *anchor_file;
	int timeout; /* seconds */
	int limit;
	size_t cache_size;

	struct daemon *daemon;
	struct buf resolv, anchors; /* read before the jail */
	struct resolver_conf resolver_conf;
	struct resolver *resolver;
	struct ipc_listener *listener[DNSD_LISTENERS];
	size_t listeners;
	struct list queries; /* under way */
	int count;
};

#endif

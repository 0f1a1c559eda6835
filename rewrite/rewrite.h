/*
 * rewrite - the state of the daemon that knows what an address is.
 */
#ifndef REWRITE_REWRITE_H
#define REWRITE_REWRITE_H

#include "base/list.h"
#include "dict/dict.h"
#include "ipc/server.h"
#include "rewrite/full.h"
#include "rewrite/source.h"
#include "service/daemon.h"
#include "smtpproto/srs.h"

enum {
	REWRITE_LISTENERS = 8,
	REWRITE_DEPTH_MAX = 20,   /* aliases of aliases */
	REWRITE_ITEMS_MAX = 4000, /* addresses looked at for one recipient */
	REWRITE_SRS_KEY = 32
};

/* By index into the table of statistics. */
enum { STAT_QUESTIONS, STAT_CACHED, STAT_SEARCHES, STAT_TROUBLE, STAT_TIME };

struct rewrite {
	struct source_conf source_conf;
	const char *delimiter, *mailbox_transport, *default_transport;
	const char *relayhost, *transport_maps;
	struct dict_list transports; /* of transport_maps */
	const char *srs_domain, *srs_key_file;
	int srs_max_age; /* seconds */
	char srs_key[REWRITE_SRS_KEY];
	struct srs srs; /* key empty: senders are not rewritten */

	struct daemon *daemon;
	struct source *source;
	struct full *full;
	struct ipc_listener *listener[REWRITE_LISTENERS];
	size_t listeners;
	struct list jobs; /* questions under way */
};

/* The one byte that divides local part and detail, 0 if none does. */
static inline char
rewrite_delimiter(const struct rewrite *rewrite)
{
	return rewrite->delimiter[0];
}

#endif

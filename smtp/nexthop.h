/*
 * nexthop - where a transaction goes, as qmgr names it (Postfix's smtp(8)):
 *
 *	example.com	the hosts that its MX records name
 *	[mail.example.com]	that host, without a look at MX
 *	[192.0.2.1] [IPv6:2001:db8::1]	that address
 *
 * each with ":port" behind. Parsed without I/O; names are compared and looked
 * up in lower case, and the whole text in lower case is the key under which
 * connections are kept and tables are asked.
 */
#ifndef SMTP_NEXTHOP_H
#define SMTP_NEXTHOP_H

#include "base/err.h"
#include "net/addr.h"

enum { NEXTHOP_SIZE = 300 };

struct nexthop {
	char key[NEXTHOP_SIZE];  /* as written, in lower case */
	char host[NEXTHOP_SIZE]; /* without brackets and port */
	bool is_host;            /* no MX: in brackets */
	struct addr addr;        /* family ADDR_NONE: a name */
	uint16_t port;
};

/* ERR_SYNTAX; ERR_LIMIT: longer than a name can be. */
int nexthop_parse(struct nexthop *hop, struct str text, uint16_t port,
    struct err *err);

#endif

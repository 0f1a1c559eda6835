/*
 * servers - whom dnsd asks, and what it trusts: read while files can still be
 * opened, so that a resolver can be made anew inside the jail.
 */
#ifndef DNSD_SERVERS_H
#define DNSD_SERVERS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
	SERVERS_MAX = 16,
	SERVERS_TEXT_MAX = 64, /* "ADDRESS@PORT" and a NUL */
};

struct servers {
	char text[SERVERS_MAX][SERVERS_TEXT_MAX]; /* libunbound's form */
	size_t count; /* 0: the servers of the root and below */
};

/*
 * The value of dns_servers: addresses with commas or blanks between, each
 * with @port if it is not 53, or "recursive" alone. ERR_SYNTAX, ERR_LIMIT.
 */
int servers_parse(struct servers *servers, struct str value, struct err *err);

/*
 * The "nameserver ADDRESS" lines of resolv.conf(5). Whatever else stands
 * there is passed over, addresses with a zone as well.
 */
void servers_parse_resolv(struct servers *servers, struct str text);

/*
 * Walk the records of a trust anchor file (DS or DNSKEY, one a line, ";"
 * begins a comment): false at the end of the text.
 */
bool servers_next_anchor(struct str *text, struct str *record);

#endif

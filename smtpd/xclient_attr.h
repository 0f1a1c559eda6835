/*
 * xclient_attr - the attributes of XCLIENT (Postfix's XCLIENT_README).
 *
 *	XCLIENT 1*( SP attribute-name "=" attribute-value )
 *
 * Values are xtext (RFC 3461 section 4); [UNAVAILABLE] and [TEMPUNAVAIL] say
 * that there is none, for good or for now. An IPv6 address is written
 * IPV6:2001:db8::1. An attribute may be there once.
 */
#ifndef SMTPD_XCLIENT_ATTR_H
#define SMTPD_XCLIENT_ATTR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "net/addr.h"

enum xclient_name {
	XCLIENT_NAME,
	XCLIENT_ADDR,
	XCLIENT_PORT,
	XCLIENT_PROTO,
	XCLIENT_HELO,
	XCLIENT_LOGIN,
	XCLIENT_DESTADDR,
	XCLIENT_DESTPORT,
	XCLIENT_REVERSE_NAME,
	XCLIENT_NAMES
};

/* The names as EHLO lists them. */
#define XCLIENT_EHLO                                                           \
	"XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT "           \
	"REVERSE_NAME"

enum xclient_state {
	XCLIENT_ABSENT, /* not mentioned */
	XCLIENT_VALUE,
	XCLIENT_UNAVAILABLE,
	XCLIENT_TEMPUNAVAIL
};

struct xclient_attr {
	enum xclient_state state;
	struct str value; /* decoded: printable, without blanks; the arena's */
	struct addr addr; /* ADDR, DESTADDR */
	uint16_t port;    /* PORT, DESTPORT */
	bool esmtp;       /* PROTO */
};

struct xclient {
	struct xclient_attr attr[XCLIENT_NAMES];
};

/*
 * All of args. ERR_SYNTAX, with a text for the reply; ERR_LIMIT when the arena
 * is at its limit.
 */
int xclient_parse(struct xclient *x, struct str args, struct arena *arena,
    struct err *err);

#endif

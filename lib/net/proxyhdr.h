/*
 * proxyhdr - what a proxy in front of us sends first, to name the real peer.
 *
 * HAProxy's "The PROXY protocol", both versions, told apart by their first
 * bytes, before TLS and before any greeting. Version 1 (section 2.1) is a line
 * of at most 107 bytes:
 *
 *	PROXY TCP4 192.0.2.1 198.51.100.7 51234 25 CRLF
 *
 * Version 2 (section 2.2) is binary: a signature of 12 bytes, version and
 * command, family and transport, the length of what follows, the addresses,
 * then TLVs, of which none is needed here: they are skipped, up to 65,535
 * bytes, without being kept.
 *
 * A header is believed only where it is expected, and then it must be there:
 * the caller asks for it on connections from the addresses it trusts and on no
 * others.
 */
#ifndef NET_PROXYHDR_H
#define NET_PROXYHDR_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "net/addr.h"

enum {
	PROXYHDR_LINE_MAX = 107, /* version 1 with its CRLF */
	/* Version 2 up to the TLVs, with the longest addresses: AF_UNIX's. */
	PROXYHDR_MAX = 16 + 216,
};

enum proxyhdr_result {
	PROXYHDR_OK,
	PROXYHDR_MORE, /* good so far, and not whole */
	PROXYHDR_BAD,  /* err says what was wrong; close the connection */
};

struct proxyhdr {
	/*
	 * False where the proxy speaks for itself (health checks: UNKNOWN,
	 * LOCAL) or for a client without an IP address: the socket's own
	 * addresses are the real ones.
	 */
	bool known;
	struct addr from; /* the client's end */
	struct addr to;   /* the address the client connected to */
	/* Bytes still to come that belong to it, for the caller to skip. */
	size_t rest;
};

/*
 * Take the header off the front of *in, which moves only on PROXYHDR_OK, past
 * all of the header that is there. With PROXYHDR_MAX bytes or more there the
 * answer is never PROXYHDR_MORE.
 */
enum proxyhdr_result proxyhdr_take(struct proxyhdr *hdr, struct str *in,
    struct err *err);

#endif

/*
 * proxyhdr - the line by which a proxy in front of us names the real peer.
 *
 * HAProxy's "The PROXY protocol", version 1, section 2.1: the first bytes of
 * the connection, before TLS and before any greeting:
 *
 *	PROXY TCP4 192.0.2.1 198.51.100.7 51234 25 CRLF
 *
 * It is believed only where it is expected, and then it must be there: the
 * caller asks for it on connections from the addresses it trusts and on no
 * others. 107 bytes at most, the CRLF among them. Version 2 is binary and
 * starts with bytes of its own, so it can be told apart here once it is read
 * (proxyhdr_take would look at the first byte).
 */
#ifndef NET_PROXYHDR_H
#define NET_PROXYHDR_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "net/addr.h"

enum { PROXYHDR_MAX = 107 }; /* bytes with the CRLF, section 2.1 */

enum proxyhdr_result {
	PROXYHDR_OK,
	PROXYHDR_MORE, /* good so far, and not whole */
	PROXYHDR_BAD,  /* err says what was wrong; close the connection */
};

struct proxyhdr {
	/*
	 * False for "PROXY UNKNOWN", which a proxy sends for connections of
	 * its own (health checks): the socket's addresses are the real ones.
	 */
	bool known;
	struct addr from; /* the client's end */
	struct addr to;   /* the address the client connected to */
};

/*
 * Take the header off the front of *in, which moves only on PROXYHDR_OK. No
 * more than PROXYHDR_MAX bytes are looked at; with that many or more there
 * the answer is never PROXYHDR_MORE.
 */
enum proxyhdr_result proxyhdr_take(struct proxyhdr *hdr, struct str *in,
    struct err *err);

#endif

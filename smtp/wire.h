/*
 * wire - bytes to and from another site: one TCP connection, plain or TLS,
 * blocking, every step within a time limit.
 *
 * wire_limit() says until when what comes next must be done: a host that
 * sends a byte now and then does not move that limit. Trouble is sticky and
 * has a kind, from which the words for the log are made.
 *
 * Ownership: the wire owns its descriptor and buffers.
 * Bounds: what was read and not taken WIRE_IN bytes; replies as
 * smtpproto/reply.h says.
 */
#ifndef SMTP_WIRE_H
#define SMTP_WIRE_H

#include "base/buf.h"
#include "net/addr.h"
#include "net/tls_client.h"
#include "smtpproto/reply.h"

enum { WIRE_IN = 16384 };

enum wire_state {
	WIRE_OK,
	WIRE_LOST,    /* closed, reset, or TLS broken */
	WIRE_TIMEOUT, /* the limit passed */
	WIRE_GARBAGE, /* what came is no SMTP reply */
};

struct wire {
	int fd; /* -1: none */
	struct tls tls;
	int64_t limit; /* mono, us */
	enum wire_state state;
	char why[200]; /* for the log */
	struct buf in, out;
};

void wire_init(struct wire *wire);
void wire_clear(struct wire *wire); /* closes without a word */

/* From now on everything must be done within so many seconds. */
void wire_limit(struct wire *wire, int seconds);
/* The same, but no later than until (mono, us; 0: no such bound). */
void wire_limit_until(struct wire *wire, int seconds, int64_t until);

/* Connect from bind (ADDR_NONE: any). ERR_TEMP, the text only the reason. */
int wire_connect(struct wire *wire, const struct addr *to,
    const struct addr *bind, struct err *err);
/*
 * Begin TLS. The wire must hold nothing unread. After -1 the connection is of
 * no use. name and key as in tls_connect().
 */
int wire_start_tls(struct wire *wire, struct tls_client *client,
    const char *name, const char *key, struct err *err);

/* Send what is in out. -1: state says why. */
int wire_flush(struct wire *wire);
/* Flush, then one whole reply. */
int wire_reply(struct wire *wire, struct smtp_reply *reply);
/* Something was said, or it was closed, while nothing was asked. */
bool wire_is_readable(struct wire *wire);

#endif

/*
 * limits - how many connections an address has, and how fast it makes them.
 *
 * Counted by class (SMTP, IMAP, POP3) and client address; for IPv6 by its
 * first 64 bits, as one customer has at least that many addresses. Exact
 * within this process; master steers an address to one process.
 *
 * Bounds: an entry a class and address with an open connection, or with one
 * made within the last rate unit.
 */
#ifndef FRONT_LIMITS_H
#define FRONT_LIMITS_H

#include <stdint.h>

#include "net/addr.h"

enum limits_class { LIMITS_SMTP, LIMITS_IMAP, LIMITS_POP3, LIMITS_CLASSES };

/* What else is counted, for all connections of an address together. */
enum limits_event {
	LIMITS_MESSAGE,
	LIMITS_RECIPIENT,
	LIMITS_AUTH,
	LIMITS_NEW_TLS,
	LIMITS_EVENTS
};

enum limits_verdict {
	LIMITS_OK,
	LIMITS_COUNT, /* too many at a time */
	LIMITS_RATE,  /* too many in a unit of time */
};

struct limits_conf {
	int count[LIMITS_CLASSES]; /* 0: no limit */
	int rate[LIMITS_CLASSES];  /* connections a unit; 0: no limit */
	int event[LIMITS_EVENTS];  /* of each a unit; 0: no limit */
	int rate_unit;             /* seconds */
};

struct limits;
struct limits_entry;

/* conf is borrowed and looked at anew each time. */
struct limits *limits_new(const struct limits_conf *conf);
void limits_free(struct limits *limits);

/*
 * Count a connection in. LIMITS_OK: *entry is what limits_leave() needs. The
 * verdicts are counted too (a client that is refused has still tried), but
 * hold nothing open.
 */
enum limits_verdict limits_enter(struct limits *limits, enum limits_class class,
    const struct addr *client, struct limits_entry **entry);
/* NULL is fine. */
void limits_leave(struct limits_entry *entry);

/* Count one more of these; false: there are too many. */
bool limits_count(struct limits *limits, enum limits_class class,
    const struct addr *client, enum limits_event event);

/* Forget what needs no remembering; call it every few seconds. */
void limits_sweep(struct limits *limits);
size_t limits_len(const struct limits *limits);

#endif

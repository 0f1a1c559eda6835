/*
 * imapd - one IMAP session after login, per process (RFC 3501).
 *
 * front speaks what comes before login and hands the connection over; a warm
 * parent, one per partition, has the store's index open and forks a process a
 * session. The session reads index and packs itself and asks stored for every
 * change. It cannot write the store.
 */
#ifndef IMAPD_IMAPD_H
#define IMAPD_IMAPD_H

#include <stddef.h>

struct store_reader;

struct imapd_conf {
	int timeout;         /* s without a command before we say BYE */
	int park_after;      /* s of silence before front keeps the client */
	size_t command_size; /* bytes of a command, literals included */
	size_t message_size; /* of an APPEND; 0: no limit */
	size_t memory;       /* bytes that one command may need at once */
	int store_wait;      /* s to wait for stored to come back */
};

/* What status shows. */
enum imapd_stat {
	IMAPD_SESSIONS,     /* begun */
	IMAPD_COMMANDS,     /* run */
	IMAPD_BAD_COMMANDS, /* answered BAD */
	IMAPD_COMMAND_TIME, /* from the command read to its answer, not IDLE */
};

struct imapd {
	struct imapd_conf conf;
	struct store_reader *reader; /* the index, opened before the jail */
};

#endif

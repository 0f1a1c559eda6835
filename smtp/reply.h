/*
 * reply - what qmgr is told: a reply of the remote host's, or words of our
 * own, as an LMTP reply (doc/architecture.md, "A message is delivered").
 *
 * A remote's code and status are kept as they are, but: 421 would end the
 * connection with qmgr and becomes 451, a success that is none of ours to give
 * (3xx) or a code where none fits becomes 451 too, and a status is made up
 * where none was given. Its text is passed on, cut at ANSWER_TEXT; control
 * bytes are replaced when it is written.
 *
 * Ownership: struct answer owns its text.
 */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include "base/attr.h"
#include "smtpproto/reply.h"

enum {
	ANSWER_TEXT = 2000,
	ANSWER_RELAY = 400, /* "host[address]:port" */
};

struct answer {
	int code;
	char status[16];
	bool is_site;        /* nobody there can be reached now */
	int said;            /* the remote's code; 0: the words are our own */
	const char *command; /* said to what; constant */
	char relay[ANSWER_RELAY]; /* "": nobody was spoken to */
	struct buf text;
};

void answer_init(struct answer *answer);
void answer_clear(struct answer *answer);

/* Our own words. The relay stays as it is. Returns -1 unless code is 2xx. */
int answer_set(struct answer *answer, int code, const char *status,
    const char *fmt, ...) PRINTFLIKE(4, 5);
/* The remote's reply to command; a reply that is no failure where one was
 * needed counts as a temporary one. Returns as answer_set. */
int answer_remote(struct answer *answer, const struct smtp_reply *reply,
    const char *command);
/* Make a permanent failure a temporary one: 5yz x to 4yz x. */
void answer_soften(struct answer *answer);

/*
 * Append it as a reply with its words in brackets. is_dsn: the remote took
 * the duty of DSN over; utf8: the client of this transaction knows UTF-8.
 */
void answer_put(struct buf *out, const struct answer *answer, bool is_dsn,
    bool utf8);

#endif

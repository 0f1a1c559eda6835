/*
 * words - what an agent says in brackets before the text of a reply: the
 * contract is in doc/architecture.md, "A message is delivered".
 *
 * At most one of each, in a fixed order, each with one blank behind it. What
 * stands behind the last is text, whatever it looks like: it may be a
 * stranger's. Everything is borrowed from the reply.
 */
#ifndef QMGR_WORDS_H
#define QMGR_WORDS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

struct words {
	bool site;          /* [site]: no other recipient would do better */
	bool dsn;           /* [dsn]: the next host notifies from here on */
	struct str relay;   /* "mx.example.org[192.0.2.1]:25", or empty */
	int said_code;      /* [said=550:RCPT]; 0: the agent's own words */
	struct str said_to; /* "RCPT" */
	struct str text;    /* the rest */
};

void words_take(struct words *words, struct str text);

/*
 * What is told of a reply, in Postfix's form: with a host's own words "host
 * mx.example.org[192.0.2.1] said: 550 5.1.1 no (in reply to RCPT TO
 * command)", else "550 5.1.1 no". status may be "". Control bytes are
 * escaped.
 */
void words_tell(struct buf *out, const struct words *words, int code,
    const char *status);

/*
 * The parts of what was told, as a notification needs them: the host's name
 * ("" if none was spoken to) and its words ("550 5.1.1 no"), which are all of
 * it where no host is named.
 */
void words_untell(struct str told, struct str *host, struct str *diagnostic);

#endif

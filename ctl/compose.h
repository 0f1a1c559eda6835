/*
 * compose - a message as programs pipe it into sendmail, made fit for SMTP.
 */
#ifndef CTL_COMPOSE_H
#define CTL_COMPOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { COMPOSE_RECIPIENTS_MAX = 1000 };

struct compose {
	/* in */
	bool dot_ends;      /* a line of one dot ends the message: no -i */
	bool from_header;   /* -t: recipients are in To, Cc and Bcc */
	struct str origin;  /* domain of addresses without one */
	struct str sender;  /* envelope's, whole */
	struct str name;    /* for From; empty: none */
	int64_t now;        /* seconds */
	const char *unique; /* left part of a Message-ID */
	/* out, in the arena */
	struct str recipients[COMPOSE_RECIPIENTS_MAX];
	size_t recipients_len;
	bool is_8bit;
};

/* Add address, with @origin if it has no domain. ERR_LIMIT: too many. */
int compose_recipient(struct compose *c, struct arena *arena,
    struct str address, struct err *err);

/*
 * Append the message to out: every line ends in CR LF, an mbox "From " line
 * in front is left out, and so is Bcc with from_header; From, Date and
 * Message-ID are put in front where they are missing (RFC 6409 section 8).
 */
int compose_message(struct compose *c, struct arena *arena, struct buf *out,
    struct str raw, struct err *err);

#endif

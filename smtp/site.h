/*
 * site - one connection to a host of another site, after its greeting and
 * EHLO: what it offers, and the one exchange everything is made of.
 *
 * Ownership: site_new() gives it to the caller, site_free() closes without a
 * word, site_quit() says QUIT first and does not wait for the answer.
 */
#ifndef SMTP_SITE_H
#define SMTP_SITE_H

#include "smtp/host.h"
#include "smtp/wire.h"
#include "smtpproto/ehlo.h"

struct site {
	struct list link; /* reuse.h's, while it is idle */
	const struct smtp *smtp;
	char key[NEXTHOP_SIZE]; /* the next hop it was made for */
	struct host host;
	char label[ANSWER_RELAY - 8]; /* "host[address]" */
	char relay[ANSWER_RELAY];     /* and ":port" */
	struct wire wire;
	struct smtp_reply reply;
	struct smtp_ehlo ehlo;
	bool has_tls;
	bool needs_rset;      /* a transaction was left open there */
	bool is_broken;       /* nothing more can be said */
	unsigned uses;        /* transactions begun */
	int64_t opened, last; /* mono, us */
};

struct site *site_new(const struct smtp *smtp, const struct nexthop *hop,
    const struct host *host);
void site_free(struct site *site);
void site_quit(struct site *site);

/* Put a command, which site_reply sends. Never a CR or LF in it. */
void site_put(struct site *site, const char *fmt, ...) PRINTFLIKE(2, 3);
/*
 * The next reply, within so many seconds. -1: the connection broke, answer
 * says how "while" doing what; also after a 421 (RFC 5321 section 3.8), of
 * which nothing has been said yet: site->reply has it, is_broken is set and
 * the result 0.
 */
int site_reply(struct site *site, int seconds, const char *doing,
    struct answer *answer);
/* What is wrong with the wire, as a temporary failure. Returns -1. */
int site_lost(struct site *site, const char *doing, struct answer *answer);

static inline bool
site_has(const struct site *site, enum smtp_ext ext)
{
	return (site->ehlo.ext & ext) != 0;
}

#endif

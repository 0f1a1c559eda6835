/*
 * srs - the Sender Rewriting Scheme: a sender of our own for what is
 * forwarded to another site, which would otherwise refuse it, as SPF does not
 * name us for the sender's domain; and the way back for what returns.
 *
 * The de-facto specification is Shevek's paper of 2004. The sender
 * ada@x.test becomes SRS0=HHHHHHHH=TT=x.test=ada@our.domain: a keyed hash, a
 * day, domain and local part. What is SRS0 already, of another forwarder,
 * becomes SRS1=HHHHHHHH=their.domain==...@our.domain, so that a chain does not
 * grow: returned mail goes by the first forwarder. Hash and day are in base32
 * (RFC 4648 section 6), so that hosts which change the case of letters do no
 * harm, and none of its digits is a recipient_delimiter.
 *
 * Ownership: a struct srs borrows its strings. Bounds: SMTP_PATH_MAX.
 */
#ifndef SMTPPROTO_SRS_H
#define SMTPPROTO_SRS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { SRS_KEY_MIN = 16 };

struct srs {
	struct str key;    /* secret, at least SRS_KEY_MIN bytes */
	struct str domain; /* ours: what stands behind the "@" */
	int max_age;       /* days a sender can be answered */
};

/* Does this address look like one of ours, right or not? */
bool srs_is_ours(const struct srs *srs, struct str address);

/*
 * Append the sender to use instead of this one, at a time (seconds since
 * 1970). ERR_SYNTAX: it is no address; ERR_LIMIT: that would be too long.
 */
int srs_forward(struct buf *out, const struct srs *srs, struct str sender,
    int64_t now, struct err *err);

/*
 * Append the address that one of ours stands for. ERR_SYNTAX: it is not of
 * this form; ERR_DENIED: the hash is wrong, or the time is over.
 */
int srs_reverse(struct buf *out, const struct srs *srs, struct str address,
    int64_t now, struct err *err);

#endif

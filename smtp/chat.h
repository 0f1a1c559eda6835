/*
 * chat - the beginning of an SMTP session as its client: greeting, EHLO or
 * HELO (RFC 5321 section 3.2), STARTTLS (RFC 3207), AUTH.
 */
#ifndef SMTP_CHAT_H
#define SMTP_CHAT_H

#include "smtp/policy.h"
#include "smtp/site.h"

enum chat_result {
	CHAT_OK,
	CHAT_FAILED,
	CHAT_NO_TLS, /* try again in the clear: TLS failed and is not needed */
};

/*
 * Connect site, whose host is set, and make it ready for a transaction.
 * Otherwise answer says why, and *greeted whether a server was met at all.
 * Until "until" (mono, us) it must be done.
 */
enum chat_result chat_open(struct site *site, const struct nexthop *hop,
    const struct tls_policy *policy, int64_t until, bool *greeted,
    struct answer *answer);
/* The same on a connection that is there. */
enum chat_result chat_talk(struct site *site, const struct nexthop *hop,
    const struct tls_policy *policy, int64_t until, bool *greeted,
    struct answer *answer);

#endif

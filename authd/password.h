/*
 * password - is this the password of this user? Asked of the directory by
 * binding as the user, on a few connections that do nothing else.
 *
 * A user who is not there, or may not log in, is bound too: as a name whose
 * password nobody knows, so that the answer takes as long.
 */
#ifndef AUTHD_PASSWORD_H
#define AUTHD_PASSWORD_H

#include <event2/event.h>

#include "authd/facts.h"
#include "base/err.h"
#include "base/str.h"
#include "dict/directory_conf.h"

enum { PASSWORD_CONNECTIONS_MAX = 32 };

struct password_conf {
	struct directory_conf directory;
	int connections;
};

struct password;

enum password_result { PASSWORD_RIGHT, PASSWORD_WRONG, PASSWORD_TEMP };

/* With PASSWORD_RIGHT; borrowed. */
struct password_owner {
	struct str name;  /* of the mailboxes' owner, in lower case */
	struct str stamp; /* changes with the entry */
	/* SCRAM's secret, RFC 5803; p NULL: none that is good */
	struct str scram;
	int64_t not_before; /* sessions from before it are void; s since 1970 */
	const struct facts *facts;
};

/* owner: NULL unless the password is right, or there is such a user. err: with
 * PASSWORD_TEMP. */
typedef void password_fn(void *ctx, enum password_result result,
    const struct password_owner *owner, const struct err *err);

struct password *password_new(struct event_base *base,
    const struct password_conf *conf); /* conf is borrowed */
/* Open questions end without their callback. */
void password_free(struct password *password);

/*
 * Exactly one callback, from the loop. The password is copied and wiped.
 * stamp: that of the entry when this very password was right before, then it
 * is right again if the entry has not changed; empty if it is not known.
 */
void password_check(struct password *password, struct str user,
    struct str secret, struct str stamp, password_fn *fn, void *ctx);
/*
 * Is there a user whose mailboxes are owner's, and may he log in? As
 * password_check, without a password.
 */
void password_look(struct password *password, struct str owner, password_fn *fn,
    void *ctx);
/* As password_look, by the name that somebody logs in with. */
void password_find(struct password *password, struct str user, password_fn *fn,
    void *ctx);
/*
 * The one user of a client's certificate, given as in auth_start: by its
 * fingerprint, or by the mail address in it. Whether the domain is active is
 * not looked at.
 */
void password_certificate(struct password *password, struct str certificate,
    password_fn *fn, void *ctx);

#endif

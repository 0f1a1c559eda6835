/*
 * mech - one SASL exchange (RFC 4422) by Cyrus SASL, which knows the
 * mechanisms; what a password is worth is not its affair.
 *
 * Cyrus asks its question about a password in a callback that must answer at
 * once. Ours notes name and password and says yes; the exchange then ends
 * with MECH_PASSWORD, which means "the client has shown this, go and check",
 * and never by itself lets anybody in.
 *
 * SCRAM proves a password without showing it, against a stored secret. Cyrus
 * asks for that in an auxprop plug-in, which must answer at once, too: ours
 * gives what mech_set_secret() was told before. It ends with MECH_PROVEN. So
 * does EXTERNAL, for the name that mech_set_external() was told.
 */
#ifndef AUTHD_MECH_H
#define AUTHD_MECH_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

enum mech_result {
	MECH_CONTINUE, /* send the challenge */
	MECH_PASSWORD, /* mech_user, mech_password */
	MECH_PROVEN,   /* mech_user; the challenge is the last word */
	MECH_FAIL,     /* refused: acting for somebody else, cancelled */
	MECH_BADMECH,  /* unknown, not offered, or not without TLS */
	MECH_BADPROTO, /* the mechanism's rules were broken */
	MECH_TEMP
};

struct mech;

/*
 * Loads the plug-ins, so before the jail, and once. list: names of the
 * mechanisms that are offered; borrowed for good.
 */
int mech_init(const char *list, struct err *err);
void mech_done(void);

/* secure false: no mechanism that shows a password. NULL with err set. */
struct mech *mech_new(const char *service, const char *hostname,
    const char *list, bool secure, struct err *err);
void mech_free(struct mech *mech); /* wipes; NULL is fine */

/* Before the start: what binds the exchange to the TLS connection (copied). */
void mech_set_binding(struct mech *mech, const char *name, struct str data);
/* Before SCRAM starts: RFC 5803's form (copied). */
void mech_set_secret(struct mech *mech, struct str secret);
/* Before EXTERNAL starts: who the client's certificate says it is (copied). */
void mech_set_external(struct mech *mech, const char *user);

/* initial.p NULL: the client sent none. The challenge is borrowed. */
enum mech_result mech_start(struct mech *mech, const char *name,
    struct str initial, struct str *challenge);
enum mech_result mech_next(struct mech *mech, struct str response,
    struct str *challenge);

/* As the client gave them; borrowed. */
struct str mech_user(const struct mech *mech);
struct str mech_password(const struct mech *mech);

#endif

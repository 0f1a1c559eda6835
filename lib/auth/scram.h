/*
 * scram - SCRAM-SHA-256 (RFC 5802, RFC 7677) around what Cyrus SASL does: the
 * secret that is kept of a password, and the head of the client's first
 * message, from which one must know whose secret to fetch.
 *
 * A secret is written as RFC 5803 has it,
 *	SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey
 * and in the directory a blank and a time follow: the password's pwdChangedTime
 * (as slapd gave it) when the secret was made. A password that was changed
 * without us has another, and the secret is no longer good.
 */
#ifndef AUTH_SCRAM_H
#define AUTH_SCRAM_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
	SCRAM_ITERATIONS = 10000,
	SCRAM_SALT = 16, /* bytes */
	SCRAM_SECRET_MAX = 256,
	SCRAM_NAME_MAX = 1024,
};

/*
 * Append the secret of password with a new salt. ERR_SYNTAX: SASLprep (RFC
 * 4013) allows no such password, and SCRAM knows none of them.
 */
int scram_secret(struct buf *out, struct str password, struct err *err);

/*
 * The same for somebody who has none: it looks like one, is the same each time
 * for a key and a name, and no password is known that fits.
 */
int scram_fake(struct buf *out, struct str key, struct str name,
    struct err *err);

/*
 * The secret in a directory's value, or none (p NULL) where it was not made
 * when the password was changed last.
 */
struct str scram_valid(struct str value, struct str changed);

struct scram_first {
	char flag;          /* of channel binding: 'n', 'y' or 'p' */
	struct str binding; /* with 'p': its name; borrowed */
	struct buf user;    /* decoded; the caller clears it */
};

/*
 * gs2-header, then [reserved-mext ","] username "," ...: the client's first
 * message up to the name. ERR_SYNTAX; out->user is cleared then.
 */
int scram_parse_first(struct scram_first *out, struct str in, struct err *err);

#endif

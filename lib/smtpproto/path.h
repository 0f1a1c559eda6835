/*
 * path - the addresses of MAIL and RCPT: RFC 5321 section 4.1.2 (Path,
 * Mailbox), with the UTF-8 of RFC 6531 section 3.3.
 *
 * A path is parsed into the local part as meant (quotes and backslashes
 * undone), the domain in lower-case A-labels or an address literal in one
 * spelling, and the canonical address made of both: quoted only where it must
 * be. Two spellings of one address give one canonical form, except for the
 * case of the local part, which is the owner's to fold. The local part is
 * never looked into: "a%b@c" and "b!a@c" are nobody but themselves.
 *
 * Source routes are accepted and ignored (RFC 5321 section 3.6.1 and appendix
 * C). "_" is accepted in domains: hosts named so send mail as root@my_host.
 * A local part may be longer than the 64 octets of section 4.5.3.1.1, as the
 * senders of bounce-address schemes (VERP, SRS) are.
 *
 * Ownership: every str of the result is in the arena given.
 * Bounds: domain 255 octets, the canonical address SMTP_PATH_MAX.
 */
#ifndef SMTPPROTO_PATH_H
#define SMTPPROTO_PATH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
	SMTP_DOMAIN_MAX = 255, /* RFC 5321 section 4.5.3.1.2 */
	SMTP_PATH_MAX = 320,   /* 64 + "@" + 255 */
};

enum smtp_path_flags {
	SMTP_PATH_NULL = 1,       /* "<>", the sender of bounces */
	SMTP_PATH_POSTMASTER = 2, /* "<postmaster>" without a domain */
	SMTP_PATH_BARE = 4,       /* the address without angle brackets */
};

struct smtp_path {
	struct str local;   /* as meant: no quotes, no backslashes */
	struct str domain;  /* empty for "<>" and "<postmaster>" */
	struct str address; /* canonical; empty for "<>" */
	bool utf8;          /* as written it needs SMTPUTF8 (RFC 6531) */
	bool literal;       /* domain is "[192.0.2.1]" or "[IPv6:...]" */
	bool routed;        /* a source route stood before it */
};

/*
 * Take a Path off the front of *in; flags say what else than a full path in
 * angle brackets may stand there. ERR_SYNTAX (in points at the byte that
 * could not be accepted) or ERR_LIMIT (too long).
 */
int smtp_path_parse(struct smtp_path *path, struct str *in, unsigned flags,
    struct arena *arena, struct err *err);

/* Take a Mailbox, the address without brackets; otherwise the same. */
int smtp_mailbox_parse(struct smtp_path *path, struct str *in,
    struct arena *arena, struct err *err);

/*
 * Take a Domain or address-literal, as HELO and EHLO have it; into the arena
 * in canonical form.
 */
int smtp_domain_parse(struct str *domain, struct str *in, struct arena *arena,
    struct err *err);

/* Append a local part, quoted where the grammar needs it. -1 when full. */
int smtp_local_put(struct buf *out, struct str local);

#endif

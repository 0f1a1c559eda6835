/*
 * ticket - authd's signed word that a session may act as a user.
 *
 * "ChTk", version, the first eight bytes of SHA-256 over the public key, the
 * fields as ipc/codec.h writes them, and an Ed25519 signature (RFC 8032) over
 * all of that behind a constant that no other use of the key has. Whoever
 * reads a ticket has only public keys: nobody but authd can write one.
 *
 * Keys travel as PEM: the private one is authd's file, the public ones (one
 * or several behind each other, so that a key can be replaced while tickets
 * of the old one live) are everybody's.
 *
 * Bounds: AUTH_TICKET_MAX bytes, TICKET_GROUPS_MAX groups.
 */
#ifndef AUTH_TICKET_H
#define AUTH_TICKET_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "ipc/auth_msg.h"
#include "ipc/codec.h"

enum {
	TICKET_GROUPS_MAX = 64,
	TICKET_NAME_MAX = 320,
	TICKET_KEYS_MAX = 8,
	TICKET_SKEW = 300, /* seconds that clocks may differ */
};

struct ticket_group {
	struct str name;
};

struct ticket {
	struct str session; /* id that front gave it */
	struct str user;    /* canonical name of the mailboxes' owner */
	struct str service; /* "imap", "pop", "smtp" */
	struct str mech;    /* "PLAIN" */
	int64_t issued;     /* seconds since 1970, UTC */
	int64_t expires;
	struct ipc_list groups; /* struct ticket_group */
	uint64_t quota;         /* bytes the user may store; 0: all */
	uint64_t quota_messages;
};

/* ---- authd's side ---- */

struct ticket_signer;

/* A new pair of keys, each as PEM; private is to be wiped by the caller. */
int ticket_make_keys(struct buf *private, struct buf *public, struct err *err);

/* From the private key's PEM. NULL with ERR_CORRUPT. */
struct ticket_signer *ticket_signer_new(struct str pem, struct err *err);
void ticket_signer_free(struct ticket_signer *signer); /* wipes; NULL is fine */
int ticket_sign(struct buf *out, const struct ticket_signer *signer,
    const struct ticket *ticket, struct err *err);

/* ---- everybody else's ---- */

struct ticket_verifier;

/* From one or more public keys' PEM. NULL with ERR_CORRUPT. */
struct ticket_verifier *ticket_verifier_new(struct str pem, struct err *err);
void ticket_verifier_free(struct ticket_verifier *verifier);

/*
 * Read and check: signature, and that now (seconds) is between issued and
 * expires, give or take TICKET_SKEW. Strings borrow from bytes, groups are in
 * arena. ERR_SYNTAX: no ticket; ERR_DENIED: not signed by a key we have, or
 * out of its time.
 */
int ticket_verify(struct ticket *ticket, const struct ticket_verifier *verifier,
    struct str bytes, int64_t now, struct arena *arena, struct err *err);

#endif

/*
 * setup - the steps of "chancery setup", a file each.
 *
 * Each takes the same struct, fills in what later steps need, and leaves
 * nothing behind that keeps a second try from working, etc/main.cf being
 * written last of all.
 */
#ifndef VERB_SETUP_H
#define VERB_SETUP_H

#include <sys/types.h>

#include "base/buf.h"
#include "verb/verb.h"

enum { SETUP_USERS = 12 };

struct setup_user {
	const char *role; /* "front": the system user is chancery-front */
	uid_t uid;
	gid_t gid;
};

struct setup {
	const struct verb_env *env;
	int dirfd; /* DIR */
	bool is_root;
	const char *domain, *hostname, *listen;
	const char *admin; /* an address, or "" */
	unsigned port_base;
	struct setup_user users[SETUP_USERS];
	gid_t operators; /* the group chancery; 0: none */
};

/* The system users and the operators' group: found, or made when root. */
int setup_users(struct setup *setup, struct err *err);
const struct setup_user *setup_user(const struct setup *setup,
    const char *role);

/* directory/: configuration, schema and first entries of the private slapd. */
int setup_directory(struct setup *setup, struct err *err);

/* tls/: a key (ECDSA P-256) and a certificate that it signs itself. */
int setup_certificate(struct setup *setup, struct err *err);

/* etc/ticket.key and etc/ticket.pub. */
int setup_ticket_keys(struct setup *setup, struct err *err);

/* etc/master.cf, then etc/main.cf. */
int setup_config(struct setup *setup, struct err *err);

/*
 * The template of this name in the share folder, with each @WORD@ replaced
 * by its value, appended to out. A line with a word that is empty and alone
 * behind ": " is left out. words ends with a NULL name. ERR_CORRUPT for a
 * word that is not listed.
 */
struct setup_word {
	const char *name, *value;
};
int setup_fill(const struct setup *setup, struct buf *out, const char *template,
    const struct setup_word *words, struct err *err);

/*
 * AppArmor keeps slapd to the distribution's own folders (as Ubuntu has it)
 * and nothing was added for this instance: it would not start.
 */
bool setup_is_confined(const struct setup *setup);

#endif

/*
 * ldap_client - the directory, asked from an event loop that never waits.
 *
 * One connection to a UNIX socket, several questions under way on it. It is
 * made when first needed and made again after it broke; a question that was
 * under way then is asked once more. Every question ends in exactly one
 * callback, from the loop and never from inside the call that asked, within
 * its time limits: with an answer, or with an error. A directory that is
 * down, stands still or answers nonsense is ERR_TEMP. While it stands still,
 * which a question that timed out has shown, one question at a time waits
 * for the whole limit, and the others for half a second: whoever asks is put
 * off rather than held up.
 *
 * Bounds: at most pipeline questions are with the server; further ones wait
 * here, at most LDAP_CLIENT_WAITING of them, and their time runs.
 */
#ifndef DICT_LDAP_CLIENT_H
#define DICT_LDAP_CLIENT_H

#include <event2/event.h>

#include "base/err.h"
#include "dict/ldap_entry.h"

enum { LDAP_CLIENT_WAITING = 10000, LDAP_CLIENT_ANSWER_MAX = 4 << 20 };

struct ldap_client_conf {
	const char *path; /* borrowed; relative to the current folder */
	int timeout_ms;   /* from question to answer */
	/*
	 * How long a question may wait until it is sent, as long as others
	 * are answered, and timeout_ms from there; 0: timeout_ms for all.
	 */
	int queue_ms;
	int pipeline; /* 1 for a connection that binds */
	/*
	 * Bind by SASL EXTERNAL when connected. Without it nobody is bound,
	 * and ldap_client_bind() is what the connection is for.
	 */
	bool external;
};

struct ldap_client;

/*
 * entries (count of them) live until the function returns. err is NULL, or
 * says why there is no answer; ERR_DENIED after a bind: wrong password.
 */
typedef void ldap_client_fn(void *ctx, const struct ldap_entry *entries,
    size_t count, const struct err *err);

/*
 * libldap's first use opens files and asks for the host's name: do it here,
 * before the jail.
 */
void ldap_client_prepare(void);

struct ldap_client *ldap_client_new(struct event_base *base,
    const struct ldap_client_conf *conf);
/* Open questions end without their callback. */
void ldap_client_free(struct ldap_client *client);

/* All of base's subtree; attrs (static, ends with NULL) borrowed. */
void ldap_client_search(struct ldap_client *client, const char *base,
    const char *filter, const char *const *attrs, ldap_client_fn *fn,
    void *ctx);

/*
 * A simple bind. The password is copied; the copy is wiped when the question
 * ends. An empty one would be no test at all (RFC 4513 section 5.1.2): the
 * answer is then ERR_DENIED without asking.
 */
void ldap_client_bind(struct ldap_client *client, const char *dn,
    struct str password, ldap_client_fn *fn, void *ctx);

/* Questions without an answer yet. */
size_t ldap_client_open(const struct ldap_client *client);

#endif

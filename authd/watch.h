/*
 * watch - notices in the directory that a user's sessions are void: password
 * changed, account disabled, mailNotBefore set, whoever did it.
 *
 * Every two seconds one search for users changed since the last one. What
 * changed is forgotten by the memory and told to those who asked (auth_watch)
 * and to stored. The first search looks back as far as tickets may be good.
 * A removed entry is in no search: chancery(8) says auth_kick, and new logins
 * find out by themselves.
 */
#ifndef AUTHD_WATCH_H
#define AUTHD_WATCH_H

#include "authd/authd.h"
#include "ipc/auth_msg.h"

struct watch *watch_new(struct authd *authd);
void watch_free(struct watch *watch); /* NULL is fine */

/* Handlers of auth_watch and auth_kick. */
void watch_subscribe(struct ipc_peer *peer, uint16_t tag, const void *in);
void watch_kick(struct ipc_peer *peer, uint16_t tag, const void *in);
void watch_forget_peer(struct authd *authd, struct ipc_peer *peer);

/* Seconds since 1970 of a generalizedTime "20261122054841[.n]Z"; 0: none. */
int64_t watch_parse_time(struct str text);

struct ldap_entry;

/* Sessions of this user that began before that second are void; 0: none. */
int64_t watch_not_before(const struct ldap_entry *user);

/*
 * What a changed entry makes void, at this second: sessions of a user that
 * began before *msg says. The name is written to name, as tickets have it, in
 * lower case. false: of nobody whom a session could be of.
 */
bool watch_void_of(const struct ldap_entry *entry, int64_t now,
    char name[TICKET_NAME_MAX], struct auth_void *msg);

#endif

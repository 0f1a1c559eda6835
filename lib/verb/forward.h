/*
 * forward - "user forward": where a user's mail goes besides, or instead of,
 * the own mailbox.
 */
#ifndef VERB_FORWARD_H
#define VERB_FORWARD_H

#include "verb/people.h"

/*
 * ADDRESS TARGET... [--keep], ADDRESS --none, or ADDRESS alone, which shows.
 * entry is the user's.
 */
int forward_set(struct people *people, struct verb_call *call,
    const struct ldap_entry *entry, struct err *err);
void forward_show(struct print *print, const struct ldap_entry *entry);

#endif

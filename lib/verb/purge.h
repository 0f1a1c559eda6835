/*
 * purge - what stays of a user when the directory's entry changes or goes:
 * sessions, and mailboxes.
 */
#ifndef VERB_PURGE_H
#define VERB_PURGE_H

#include "verb/verb.h"

/*
 * Tell authd that the user's sessions are void and what it remembers is old.
 * Without it authd notices a change by itself within seconds; open sessions
 * of somebody who was removed then stay.
 */
int purge_sessions(struct verb_call *call, struct str user, struct err *err);

/*
 * Every message of the user, and every mailbox but INBOX, which stays and is
 * empty. Nothing there is fine.
 */
int purge_mailboxes(struct verb_call *call, struct str user, struct err *err);

/*
 * Who is called that (store/who.h) has no rights in anybody's mailboxes any
 * more.
 */
int purge_rights(struct verb_call *call, struct str identity, struct err *err);

#endif

/*
 * families - the tables of verbs, a file of lib/verb each.
 *
 * Every table ends with a row whose who is VERB_END.
 */
#ifndef VERB_FAMILIES_H
#define VERB_FAMILIES_H

#include "verb/verb.h"

extern const struct verb setup_verbs[];      /* setup */
extern const struct verb service_verbs[];    /* start, stop, status, ... */
extern const struct verb config_verbs[];     /* config */
extern const struct verb check_verbs[];      /* check */
extern const struct verb tls_verbs[];        /* tls install */
extern const struct verb queue_verbs[];      /* queue list, show, ... */
extern const struct verb quarantine_verbs[]; /* quarantine list, ... */
extern const struct verb mailbox_verbs[];    /* mailbox list, verify, ... */
extern const struct verb undelete_verbs[];   /* mailbox expunged, undelete */
extern const struct verb share_verbs[];      /* mailbox create, acl, ... */
extern const struct verb group_verbs[];      /* group add, ... */
extern const struct verb quota_verbs[];      /* user quota, domain quota */
extern const struct verb export_verbs[];     /* mailbox export */
extern const struct verb import_verbs[];     /* mailbox import */
extern const struct verb domain_verbs[];     /* domain add, ... */
extern const struct verb user_verbs[];       /* user add, ... */
extern const struct verb alias_verbs[];      /* alias add, ... */

#endif

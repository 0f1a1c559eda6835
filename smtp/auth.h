/*
 * auth - AUTH towards a relay host (RFC 4954), where smtp_sasl_password_maps
 * has "user:password" for the next hop as qmgr names it, or for the host.
 *
 * Passwords are never logged, and cleared wherever they stood.
 */
#ifndef SMTP_AUTH_H
#define SMTP_AUTH_H

#include "smtp/site.h"

/*
 * Before the jail: open the tables. A file that others than its owner and
 * group can read, or others than its owner can write, is refused.
 */
int auth_open(struct smtp *smtp, struct err *err);

/*
 * After EHLO, and after STARTTLS if there is one. 0 also where there is no
 * password for this next hop, or the host offers no AUTH. -1: answer says why,
 * for now: a wrong password is the operator's to put right, not the sender's.
 */
int auth_run(struct site *site, const struct nexthop *hop, int64_t until,
    struct answer *answer);

#endif

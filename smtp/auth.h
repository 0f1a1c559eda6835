/*
 * auth - AUTH towards a relay host (RFC 4954), where smtp_sasl_password_maps
 * has a user and password for the next hop.
 */
#ifndef SMTP_AUTH_H
#define SMTP_AUTH_H

#include "smtp/site.h"

/*
 * After EHLO, and after STARTTLS if there is one. 0 also where there is no
 * password for this next hop, or the host offers no AUTH. -1: answer.
 */
int auth_run(struct site *site, const struct nexthop *hop, int64_t until,
    struct answer *answer);

#endif

/*
 * connect - a connection to a next hop: the first of its hosts that greets
 * us, says what it can, and is safe enough.
 */
#ifndef SMTP_CONNECT_H
#define SMTP_CONNECT_H

#include "smtp/site.h"

/*
 * The caller owns the site. NULL: answer says why, with is_site set where it
 * may be otherwise later.
 */
struct site *connect_site(const struct smtp *smtp, const struct nexthop *hop,
    struct answer *answer);

#endif

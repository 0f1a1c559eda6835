/*
 * client - the client's name: what the DNS has for its address.
 */
#ifndef SMTPD_CLIENT_H
#define SMTPD_CLIENT_H

#include "smtpd/session.h"

/*
 * Fill client_name, reverse_name and what is known of both, by PTR and then
 * A or AAAA back to the same address; "unknown" where that fails. Does
 * nothing where the name is known already.
 */
void client_look_up(struct session *s);

#endif

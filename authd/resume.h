/*
 * resume - a session that was parked goes on: is its login still good?
 *
 * The directory is asked as for a login, but for the password: the user is
 * there and active, so is the domain, and neither password change nor
 * mailNotBefore is later than the login. While the directory does not answer,
 * sessions that are there go on, as those do that were not parked; what made
 * logins void before that was told to front (authd/watch.h) when it happened.
 */
#ifndef AUTHD_RESUME_H
#define AUTHD_RESUME_H

#include "authd/authd.h"

/* Handler of auth_resume. */
void resume_start(struct ipc_peer *peer, uint16_t tag, const void *in);
/* The peer hung up. */
void resume_forget_peer(struct authd *authd, struct ipc_peer *peer);
void resume_free_all(struct authd *authd);

#endif

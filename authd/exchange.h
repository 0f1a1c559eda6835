/*
 * exchange - one client's login, from auth_start to the last auth_step.
 *
 * mech gets the credential out of the client; then, in this order: what was
 * right a moment ago is right (memory); who guesses waits (throttle); the
 * directory decides (password). Every failure is told exactly
 * auth_failure_delay after the credential came, or later: how long it took
 * says nothing about why.
 */
#ifndef AUTHD_EXCHANGE_H
#define AUTHD_EXCHANGE_H

#include "authd/authd.h"

void exchange_start(struct ipc_peer *peer, uint16_t tag, const void *in);
void exchange_next(struct ipc_peer *peer, uint16_t tag, const void *in);
/* auth_end: the session is over. */
void exchange_end_session(struct ipc_peer *peer, uint16_t tag, const void *in);

/* The peer hung up. */
void exchange_forget_peer(struct authd *authd, struct ipc_peer *peer);
/* End exchanges whose client has said nothing for exchange_time. */
void exchange_sweep(struct authd *authd);
void exchange_free_all(struct authd *authd);

#endif

/*
 * exchange - one SASL exchange with authd on behalf of a client, and what
 * came of it.
 */
#ifndef FRONT_EXCHANGE_H
#define FRONT_EXCHANGE_H

#include "front/front.h"

/* Ask authd what conn->login prepared (LOGIN_START, LOGIN_RESPOND). */
void exchange_start(struct conn *conn);
void exchange_respond(struct conn *conn);
/*
 * The client is gone or gave up: authd is told, now or once it has answered,
 * and that a session is over where one was granted. conn->exchange is NULL
 * afterwards (and may be before).
 */
void exchange_drop(struct conn *conn);

/* Is conn logged in as user since before that second (since 1970)? */
bool exchange_is_void(const struct conn *conn, struct str user,
    uint64_t not_before);

/* After LOGIN_DONE. Borrowed until the drop. */
struct str exchange_user(const struct conn *conn);
struct str exchange_ticket(const struct conn *conn);
/* A parked session's: what authd is asked, and the ticket it answers. */
void exchange_fill_resume(const struct conn *conn, struct auth_resume *out);
void exchange_set_ticket(struct conn *conn, struct str ticket);

#endif

/*
 * append - APPEND (RFC 3501 section 6.3.11), its message read straight from
 * the connection.
 */
#ifndef IMAPD_APPEND_H
#define IMAPD_APPEND_H

#include <stdbool.h>

#include "base/str.h"

struct session;

/*
 * Is the literal announced at the end of these lines the message of an
 * APPEND? Then it is not gathered with the command.
 */
bool append_has_message(struct session *session, struct str lines);

#endif

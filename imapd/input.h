/*
 * input - gathers one command from the connection: its lines, and between
 * them the literals it announces (RFC 3501 section 4.3, RFC 7888).
 *
 * The whole command lies in session->line afterwards, as lib/imap wants it.
 * Only the message of an APPEND stays in the connection (session->has_message)
 * for whoever runs the command to read or refuse.
 *
 * Bounds: imapd_command_size_limit for all of it; what is longer is read,
 * dropped and answered BAD, unless the client waits for leave to send a
 * literal, which it then does not get.
 */
#ifndef IMAPD_INPUT_H
#define IMAPD_INPUT_H

#include <stdint.h>

#include "base/str.h"

struct session;

enum input_result {
	INPUT_COMMAND, /* a whole command is in session->line */
	INPUT_REFUSED, /* answered already; read the next one */
	INPUT_END,     /* the connection is over, or is to be */
};

enum input_result input_read(struct session *session);

/*
 * One line that is no command: the DONE of IDLE, the end of an APPEND. 0 with
 * *line borrowed until the next read; -1 at the end of the connection, or
 * (stream state OK) when it is too long or ends wrongly.
 */
int input_line(struct session *session, struct str *line);

/*
 * Up to max bytes that are there, waiting for some: borrowed until the next
 * read, and taken. Empty at the end of the connection.
 */
struct str input_bytes(struct session *session, uint64_t max);

/*
 * The client announced a message and nobody read it: drop it if it comes
 * unasked (RFC 7888 section 4), and those behind it. -1 at the end of the
 * connection, or where a line is too long.
 */
int input_drop_message(struct session *session);

/* The tag to answer with: the command's, or "*" where there is none. */
struct str input_tag(const struct session *session);

#endif

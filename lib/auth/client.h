/*
 * client - runs one SASL exchange with authd, for daemons that wait (smtpd).
 * Event daemons send the same messages by ipc/async.h.
 *
 * One exchange at a time: auth_client_start, then auth_client_next as long
 * as the step says AUTH_CONTINUE. Only authd decides; a step's strings live
 * until the next call. authd holds its answer back from a guesser, so a call
 * may take AUTH_CLIENT_TIMEOUT_MS. Trouble is ERR_TEMP; the exchange is then
 * over and the client may be used for another.
 */
#ifndef AUTH_CLIENT_H
#define AUTH_CLIENT_H

#include "base/arena.h"
#include "ipc/auth_msg.h"
#include "ipc/conn.h"

enum { AUTH_CLIENT_TIMEOUT_MS = 60000 };

struct auth_client {
	struct ipc_conn conn;
	struct arena *arena;
	const char *path; /* borrowed; the edge's name, "authd" */
	uint64_t id;      /* of the exchange under way */
};

/* Connects with the first exchange. */
void auth_client_init(struct auth_client *client, const char *path);
void auth_client_clear(struct auth_client *client);

/* start->id is set here; the rest is the caller's. */
int auth_client_start(struct auth_client *client, struct auth_start *start,
    struct auth_step *step, struct err *err);
int auth_client_next(struct auth_client *client, struct str response,
    struct auth_step *step, struct err *err);
/* The client sent "*": RFC 4954 section 4. */
int auth_client_cancel(struct auth_client *client, struct auth_step *step,
    struct err *err);

/* The session of somebody who logged in is over. Best effort. */
void auth_client_end(struct auth_client *client, struct str session,
    struct str user);

#endif

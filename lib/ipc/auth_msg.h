/*
 * auth_msg - front and smtpd to authd: one SASL exchange (RFC 4422).
 *
 * auth_start opens the exchange, auth_next carries the client's further
 * responses, both are answered by auth_step with the same tag. A plain LOGIN
 * or USER/PASS is an exchange with mechanism PLAIN and its initial response.
 * authd delays the answer to a guesser; the asker only waits. After AUTH_OK
 * the asker says auth_end when the session is over (sessions are counted).
 * An exchange dies with its connection.
 */
#ifndef IPC_AUTH_MSG_H
#define IPC_AUTH_MSG_H

#include "ipc/codec.h"

enum {
	AUTH_RESPONSE_MAX = 12288, /* RFC 4954 section 4 */
	AUTH_TICKET_MAX = 4096,
	AUTH_START = 20,
	AUTH_NEXT = 21,
	AUTH_STEP = 22,
	AUTH_END = 23,
	AUTH_WATCH = 24,
	AUTH_VOID = 25,
	AUTH_KICK = 26,
	AUTH_RESUME = 27,
};

enum auth_status {
	AUTH_CONTINUE, /* send challenge to the client */
	AUTH_OK,       /* user, ticket */
	AUTH_FAIL,     /* wrong password, unknown user, disabled: all alike */
	AUTH_TEMP,     /* our trouble: 454, NO [UNAVAILABLE], -ERR [SYS/TEMP] */
	AUTH_BADMECH,  /* mechanism unknown or not allowed here */
	AUTH_BADPROTO, /* the exchange broke the mechanism's rules */
	AUTH_DELAY,    /* right, but POP3's user was here a moment ago */
};

struct auth_start {
	uint64_t id;        /* the asker's name for this exchange */
	struct str session; /* of the handover */
	struct str service; /* SASL service name: "imap", "pop", "smtp" */
	struct str mech;
	bool has_initial;
	struct str initial; /* decoded; "" and absent differ */
	struct str client_addr, local_addr;
	bool secure; /* TLS, or loopback where that counts as such */
	struct str tls_binding, tls_unique, tls_client; /* as in handover */
};
extern const struct ipc_msg auth_start_msg;

struct auth_next {
	uint64_t id;
	bool cancel; /* the client sent "*": answered by AUTH_FAIL */
	struct str response;
};
extern const struct ipc_msg auth_next_msg;

struct auth_step {
	uint64_t id;
	uint8_t status;       /* enum auth_status */
	struct str challenge; /* raw; also the server's last word with OK */
	struct str user;      /* canonical address of the mailbox's owner */
	struct str ticket;
};
extern const struct ipc_msg auth_step_msg;

struct auth_end {
	struct str session, user;
};
extern const struct ipc_msg auth_end_msg;

/*
 * Tell me of users whose sessions are void: authd answers now and then, with
 * tag 0, until the connection ends.
 */
struct auth_watch {
	uint8_t unused;
};
extern const struct ipc_msg auth_watch_msg;

/* Sessions of user whose ticket was issued before this second are over. */
struct auth_void {
	struct str user;
	uint64_t not_before; /* seconds since 1970, UTC */
};
extern const struct ipc_msg auth_void_msg;

/* ctl to authd: the user was changed or removed. Answered by auth_void. */
struct auth_kick {
	struct str user;
};
extern const struct ipc_msg auth_kick_msg;

/*
 * front: a session that was parked goes on. Is its login still good? Answered
 * by auth_step, status AUTH_OK with a new ticket (or none: nobody could be
 * asked, the old one must do), AUTH_FAIL or AUTH_TEMP. It is counted like a
 * session that begins, unless it is counted already.
 */
struct auth_resume {
	struct str session, user, service, mech;
	uint64_t since; /* seconds since 1970, UTC: when it logged in */
};
extern const struct ipc_msg auth_resume_msg;

#endif

/*
 * handover_msg - front to a session service, and back for STARTTLS.
 *
 * front connects to run/front/SERVICE for each client and sends one
 * handover. The connection stays open as long as the session lives: its end
 * tells front that the session is over (limits per address count on it), and
 * front closes it when the session is to end because the login is void: one
 * that holds the client's own descriptor must watch for that.
 *
 * STARTTLS inside SMTP: when nothing is left unread the session sends
 * handover_starttls with the client's descriptor; front writes the 220, makes
 * the handshake and answers handover_tls with one end of a socket pair that
 * carries the plaintext, or closes.
 *
 * Rates: before it does what is limited for an address in a unit of time,
 * smtpd sends handover_count and gets handover_counted, as the sessions of an
 * address are many processes and front is one.
 *
 * Parking: a session that has nothing to do sends handover_park with all
 * there is to know about it, and its end of the connection as it had it. It
 * must have read all that it was given, or a client that talks meanwhile
 * would be cut off: received is how many bytes that were, and front, which
 * sent them, compares. front answers by closing the connection (it has the
 * client now; the session's process ends) or by handover_stay (it does not:
 * go on). When the client speaks, or a mailbox changes, front connects anew
 * and sends a handover with the state in parked. In the clear the bytes that
 * made it do so are still in the socket.
 */
#ifndef IPC_HANDOVER_MSG_H
#define IPC_HANDOVER_MSG_H

#include "ipc/codec.h"

enum {
	HANDOVER_UNREAD_MAX = 65536,
	HANDOVER = 10,
	HANDOVER_STARTTLS = 11,
	HANDOVER_TLS = 12,
	HANDOVER_PARK = 13,
	HANDOVER_STAY = 14,
	HANDOVER_COUNT = 15,
	HANDOVER_COUNTED = 16,
	HANDOVER_PARKED_MAX = 4096, /* bytes of a session's state */
};

struct handover {
	struct str service; /* master.cf's name: "submission" */
	struct str
	    client_addr; /* text, after PROXY: "192.0.2.1", "2001:db8::1" */
	uint16_t client_port;
	struct str local_addr;
	uint16_t local_port;
	struct str session;     /* id of this session, for logs and tickets */
	struct str tls_version; /* "TLSv1.3"; empty: plaintext */
	struct str tls_cipher;
	struct str tls_binding; /* tls-exporter value, raw (RFC 9266) */
	struct str tls_unique;  /* tls-unique value, raw (RFC 5929) */
	/*
	 * The client's certificate: SHA-256 in small hexadecimal digits; then,
	 * if its chain is good, a blank and its mail address.
	 */
	struct str tls_client;
	struct str user;   /* who logged in; empty where login comes later */
	struct str mech;   /* how */
	struct str ticket; /* authd's word for it */
	struct str tag;    /* IMAP: of the LOGIN or AUTHENTICATE that is still
			      to be answered with OK or NO */
	bool utf8;         /* POP3: the client said UTF8 (RFC 6856) */
	struct str unread; /* came behind what front understood */
	struct str parked; /* the state it had; empty: a new session */
	int fd; /* the client's own, or a socket pair's end when TLS */
};
extern const struct ipc_msg handover_msg;

struct handover_starttls {
	int fd;
};
extern const struct ipc_msg handover_starttls_msg;

struct handover_tls {
	struct str tls_version, tls_cipher, tls_binding, tls_unique;
	struct str tls_client;
	int fd;
};
extern const struct ipc_msg handover_tls_msg;

struct handover_park {
	struct str state;
	struct str bye;    /* what the client is told at the deadline */
	uint64_t deadline; /* on the monotonic clock, us */
	uint64_t received; /* bytes read from the descriptor of the handover */
	uint32_t mailbox;  /* wake for its changes; 0: only for the client */
	uint64_t modseq;   /* which it has seen of the mailbox */
	uint32_t lock;     /* POP3: the user whose maildrop is locked; or 0 */
	int fd;            /* the same descriptor */
};
extern const struct ipc_msg handover_park_msg;

enum handover_event {
	HANDOVER_MESSAGE,
	HANDOVER_RECIPIENT,
	HANDOVER_AUTH,
	HANDOVER_NEW_TLS,
	HANDOVER_EVENTS
};

struct handover_count {
	uint8_t event;          /* enum handover_event */
	struct str client_addr; /* of XCLIENT; "": the connection's own */
};
extern const struct ipc_msg handover_count_msg;

struct handover_counted {
	bool allowed;
};
extern const struct ipc_msg handover_counted_msg;

struct handover_stay {
	uint8_t unused;
};
extern const struct ipc_msg handover_stay_msg;

/*
 * A session's state for parked, and back, by a table of its own: a version,
 * then the fields. ERR_LIMIT: it is too much; ERR_CORRUPT: another version.
 */
int handover_parked_encode(struct buf *out, uint8_t version,
    const struct ipc_msg *msg, const void *state, struct err *err);
int handover_parked_decode(void *state, uint8_t version,
    const struct ipc_msg *msg, struct str in, struct arena *arena,
    struct err *err);

#endif

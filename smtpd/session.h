/*
 * session - one SMTP session: its state, and what the commands share.
 *
 * RFC 5321; a command is a function in a file of its own, found by the table
 * in command.c. Nothing here outlives the session but the peers.
 *
 * Memory: arena is the session's (names and facts), t.arena the transaction's
 * (sender, recipients), line the command's.
 */
#ifndef SMTPD_SESSION_H
#define SMTPD_SESSION_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/hash.h"
#include "ipc/conn.h"
#include "net/addr.h"
#include "service/daemon.h"
#include "smtpd/access.h"
#include "smtpd/body.h"
#include "smtpd/peers.h"
#include "smtpd/smtpd.h"
#include "smtpproto/param.h"
#include "smtpproto/path.h"
#include "smtpproto/server.h"

enum {
	SESSION_IN_MAX = 131072, /* unread bytes: what front had, and a read */
	SESSION_COMMANDS_MAX = 24,
};

/* What front knows about the client. Strings are the session arena's. */
struct session_facts {
	struct str service;
	struct str client_addr, client_name;
	struct str reverse_name; /* the DNS's for the address, not proven */
	enum dns_status name_status, reverse_status;
	struct str local_addr;
	struct str session;
	struct str tls_version, tls_cipher, tls_binding;
	struct str tls_unique, tls_client; /* as in the handover */
	bool loopback;
	bool trusted; /* in mynetworks: may send to other sites */
};

enum bdat_state {
	BDAT_NONE, /* no chunk yet */
	BDAT_CHUNKS,
	BDAT_FAILED /* only RSET and friends get out of here */
};

struct transaction {
	bool open; /* MAIL was accepted */
	struct arena *arena;
	struct smtp_path sender;
	struct smtp_mail_params mail;
	struct queue_rcpt *rcpts; /* heap; strings in the arena */
	size_t rcpt_len, rcpt_cap;
	struct hash *seen; /* recipients in lower case; NULL below two */
	int accepted;      /* RCPT commands */
	int refused;
	int over; /* RCPT commands over the limit */
	struct str first_rcpt;
	char id[QUEUE_SHORT_SIZE]; /* "": none yet */
	enum bdat_state bdat;
	struct access_effects effects;
	struct body body; /* begun when body_open */
	bool body_open;
	struct dot_reader reader;
};

struct session {
	const struct smtpd_conf *conf;
	const struct peers *peers;
	struct daemon *daemon; /* to count by; NULL in tests */
	struct smtp_server server;
	struct ipc_conn *handover; /* NULL: no STARTTLS */
	struct arena *arena, *line;
	struct session_facts facts;

	struct str helo;       /* "": none yet */
	bool extended;         /* EHLO */
	struct str user, mech; /* "": nobody has logged in */
	bool is_user_told;     /* by XCLIENT, not by authd */
	bool may_xclient;      /* the real peer's right */
	struct transaction t;

	struct access_state access;

	int junk;
	bool denied; /* by smtpd_client_restrictions: only QUIT is left */
	bool ill_pipelining; /* sent what it had to wait with */
	const char *last;    /* name of the last command, for the log */
	struct {
		int all, ok;
	} count[SESSION_COMMANDS_MAX], unknown;
};

/*
 * Takes the stream over. facts are copied. The arenas are made; everything is
 * freed by session_clear.
 */
void session_init(struct session *s, const struct smtpd_conf *conf,
    const struct peers *peers, struct stream *stream,
    const struct session_facts *facts);
void session_clear(struct session *s);
/* Set the address of the client and what follows from it. */
void facts_set_client(struct session_facts *facts,
    const struct smtpd_conf *conf, struct str addr);
/* And its name, "unknown" with any status but DNS_FOUND. */
void facts_set_name(struct session_facts *facts, struct str name,
    enum dns_status status);
/* Nobody has logged in. */
void session_forget_user(struct session *s);
/* Say the 220. */
int session_greet(struct session *s);
/* Greeting to goodbye. */
void session_run(struct session *s);

/* Count n, or observe n microseconds. */
void session_count(struct session *s, enum smtpd_stat stat, int64_t n);
void session_observe(struct session *s, enum smtpd_stat stat, int64_t n);

/* (session, code, status, format, ...): smtp_server_reply(). */
#define session_reply(s, ...) smtp_server_reply(&(s)->server, __VA_ARGS__)
/* The same for a refused MAIL, RCPT or message: a log line goes with it. */
int session_reject(struct session *s, const char *what, struct str rcpt,
    int code, const char *status, const char *fmt, ...) PRINTFLIKE(6, 7);

/* Only the log line; kind is "reject" or "reject_warning". */
void session_log_reject(struct session *s, const char *kind, const char *what,
    struct str rcpt, int code, const char *status, const char *text);

/*
 * Wait for a command, or for the daemon's end, between two commands: then the
 * client is told to come back. As smtp_server_ops wants it.
 */
int session_wait(struct session *s);
/* smtpd_per_request_deadline: a command, or the bytes of a message, begin. */
void session_deadline(struct session *s, bool is_data);

/* Forget the transaction (RSET, EHLO, STARTTLS, end of DATA). */
void session_reset(struct session *s);

/* "unknown[192.0.2.1]" in the line arena. */
const char *session_client(struct session *s);
/* "ESMTPSA" and its kin: RFC 3848, RFC 6531 section 4.3. */
const char *session_protocol(const struct session *s);
/* May a password be taken on this connection? */
bool session_may_auth(const struct session *s);
bool session_offers_tls(const struct session *s);

#endif

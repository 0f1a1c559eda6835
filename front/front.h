/*
 * front - what every file of the program shares.
 *
 * One struct front a process, one struct conn a client. A connection goes
 * through its states forwards only, but for STARTTLS inside SMTP, which comes
 * back from CONN_SESSION to CONN_HANDSHAKE:
 *
 *	PROXY -> HANDSHAKE -> LOGIN <-> ASKED -> HANDOVER -> SESSION
 *
 * where SMTP has GREET or nothing in the place of LOGIN and ASKED, and round,
 * while the session has nothing to do (front/park.h)
 *
 *	SESSION -> PARKED -> WAKING -> HANDOVER -> SESSION
 *
 * and from anywhere to CLOSING (last words are sent, then the peer's end is
 * awaited for a moment) or straight to conn_free().
 *
 * Who owns what: conn owns its descriptor until handed over, its TLS state,
 * and login, exchange, handover, relay and parked where not NULL.
 */
#ifndef FRONT_FRONT_H
#define FRONT_FRONT_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/list.h"
#include "front/limits.h"
#include "front/login.h"
#include "front/service.h"
#include "ipc/async.h"
#include "net/addr.h"
#include "net/tls.h"
#include "service/daemon.h"

enum {
	FRONT_LISTENERS_MAX = 32,
	FRONT_NETS_MAX = 64,
	FRONT_SESSION_SIZE = 20, /* of a session's id, with the NUL */
	FRONT_SCRATCH = 65536,
};

struct front_conf {
	const char *hostname;
	const char *services;
	const char *cert_file, *key_file;
	const char *tls_ciphers;
	bool tls_only13;
	bool ask_client_cert;
	const char *client_ca_file;
	const char *proxy_networks;
	const char *exempt_networks; /* from the limits per address */
	const char *mechanisms;
	bool allow_plaintext;
	int max_connections;
	int max_logins; /* connections not logged in yet */
	int login_idle, login_time, handover_wait;
	const char *patient_networks; /* exempt from the pre-greeting test */
	int greet_wait, greet_ttl;
	int max_errors, max_failures;
	int pop3_login_delay;
	const char *pop3_expire;
	struct limits_conf limits;
};

struct listener {
	struct front *front;
	struct service service;
	int fd; /* borrowed from the skeleton */
	struct event event;
};

struct front {
	struct front_conf conf;
	struct daemon *daemon;
	struct event_base *base;
	struct listener listener[FRONT_LISTENERS_MAX];
	size_t listeners;
	struct event resume; /* accepting goes on, after EMFILE */
	struct event sweep;
	struct login_rules rules;
	struct addr_net proxy[FRONT_NETS_MAX], exempt[FRONT_NETS_MAX];
	struct addr_net patient[FRONT_NETS_MAX];
	size_t proxies, exempts, patients;
	struct tls_tickets *tickets;
	struct tls_server *tls; /* NULL: no certificate, no TLS */
	struct buf client_ca;   /* PEM, read at start */
	struct ipc_async *authd;
	struct kick *kick;
	struct follows *follows;
	size_t waking; /* parked sessions on their way to a process */
	int lock_fd;   /* of maildrops: front/park.h */
	struct limits *limits;
	struct greet *greet;
	struct list conns;
	size_t open, before_login;
	uint64_t exchanges; /* number of the last */
	/* Bytes on their way through; never across a return to the loop. */
	char scratch[FRONT_SCRATCH];
};

enum conn_state {
	CONN_PROXY,
	CONN_HANDSHAKE,
	CONN_GREET, /* an SMTP client waits for its greeting */
	CONN_LOGIN,
	CONN_ASKED, /* authd has the word */
	CONN_HANDOVER,
	CONN_SESSION,
	CONN_PARKED,
	CONN_WAKING, /* authd is asked whether the login is still good */
	CONN_CLOSING,
};

struct conn {
	struct list link; /* in front->conns */
	struct front *front;
	const struct service *service; /* borrowed: listeners stay */
	enum conn_state state;
	int fd; /* -1: given away */
	struct tls tls;
	struct addr client, local; /* after PROXY */
	bool proxy_read;           /* all but what is to be skipped */
	size_t proxy_rest;         /* of its header, bytes to be skipped */
	char session[FRONT_SESSION_SIZE];
	int64_t since; /* monotonic */
	bool counted;  /* in front->before_login */
	struct limits_entry *limit;
	struct event read, write, timer;
	struct buf in;  /* secret: may hold passwords */
	struct buf out; /* what login wrote and the socket did not take yet */
	struct login *login;
	struct exchange *exchange;
	struct handover_conn *handover;
	struct relay *relay;
	struct parked *parked; /* until the next process has the client */
	uint32_t lock;         /* of a maildrop, from the first parking on */
};

/* accept.c */
int front_listen(struct front *front, struct err *err);
void front_unlisten(struct front *front);

/* conn.c */
/* Takes fd over. client and local are the socket's own. */
void conn_new(struct front *front, const struct service *service, int fd,
    const struct addr *client, const struct addr *local);
void conn_free(struct conn *conn);
/* Say text in the protocol's manner, then close. */
void conn_bye(struct conn *conn, const char *text);
/* The handover is sent; the session has the client. */
void conn_in_session(struct conn *conn);
/* Nothing more is to be said: end TLS, wait a moment for the peer's end. */
void conn_finish(struct conn *conn);

/* dialog.c: go on after authd spoke, with what verdict() gave. */
void conn_go_on(struct conn *conn, enum login_next next);

/* arrive.c: smtpd gave the client back for STARTTLS. Takes fd over. */
void conn_starttls(struct conn *conn, int fd);

/* cert.c: front->tls anew from these, NULL where there is no certificate. */
int front_load_cert(struct front *front, int cert_fd, int key_fd,
    struct err *err);

/* Before the jail: who may sign clients' certificates. */
int front_load_client_ca(struct front *front, struct err *err);

/* A line for the log in the form mail administrators' tools know. */
void front_log_login(const struct conn *conn, const char *what);

/* Counters, by index into the daemon's table. */
enum {
	FRONT_CONNECTIONS,
	FRONT_OPEN,
	FRONT_REFUSED,
	FRONT_TALKERS, /* spoke before the greeting */
	FRONT_HANDSHAKES,
	FRONT_HANDSHAKE_FAILURES,
	FRONT_LOGINS,
	FRONT_LOGIN_FAILURES,
	FRONT_HANDOVERS,
	FRONT_HANDOVER_FAILURES,
	FRONT_LOGIN_TIME,
	FRONT_PARKED,
	FRONT_WAKES,
	FRONT_WAKE_TIME,
};

#endif

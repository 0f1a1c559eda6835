/*
 * authd - the state of the daemon that decides who somebody is.
 */
#ifndef AUTHD_AUTHD_H
#define AUTHD_AUTHD_H

#include "auth/ticket.h"
#include "authd/count.h"
#include "authd/delay.h"
#include "authd/memory.h"
#include "authd/password.h"
#include "authd/throttle.h"
#include "base/list.h"
#include "ipc/server.h"
#include "service/daemon.h"

enum {
	AUTHD_LISTENERS = 8,
	AUTHD_EXCHANGES_MAX = 10000, /* under way at once */
	AUTHD_KEY_MAX = 16384        /* bytes of the key's file */
};

/* By index into the table of statistics. */
enum {
	STAT_LOGINS,
	STAT_FAILURES,
	STAT_TROUBLE,
	STAT_REMEMBERED,
	STAT_EXCHANGES,
	STAT_SESSIONS,
	STAT_TIME
};

struct authd_conf {
	struct password_conf password;
	const char *hostname, *mechanisms, *realm, *key_file;
	int cache_time, trust_time, cache_size, throttle_size;
	int failure_delay, exchange_time, ticket_time;
	int session_limit; /* of one user; 0: none */
	int pop3_delay;    /* s between a user's logins; 0: none */
};

struct tell;
struct watch;

struct authd {
	struct authd_conf conf;
	struct daemon *daemon;
	struct ticket_signer *signer;
	unsigned char fake_key[32]; /* for SCRAM secrets of nobody */
	struct password *password;
	struct throttle *throttle;
	struct memory *memory;
	struct count *count;
	struct delay *delay; /* of POP3's users */
	size_t shown;        /* sessions, as the statistics have them */
	struct watch *watch;
	struct tell *tell; /* stored, of tickets that are void */
	struct list exchanges;
	size_t open;          /* exchanges */
	struct list resumes;  /* parked sessions that are looked at */
	struct list watchers; /* peers that want to hear of void sessions */
	struct event *sweep;
	struct ipc_listener *listener[AUTHD_LISTENERS];
	size_t listeners;
};

/* After sessions began or ended: let the statistics follow. */
static inline void
authd_show_sessions(struct authd *authd)
{
	size_t now = count_of_all(authd->count);

	daemon_count(authd->daemon, STAT_SESSIONS,
	    (int64_t)now - (int64_t)authd->shown);
	authd->shown = now;
}

#endif

/*
 * smtp - the daemon's parameters, which main.c fills from main.cf, what it
 * counts, and what a process keeps between transactions.
 */
#ifndef SMTP_SMTP_H
#define SMTP_SMTP_H

#include <stdint.h>

#include "base/list.h"
#include "conf/conf.h"
#include "dict/dict.h"
#include "net/addr.h"
#include "service/daemon.h"
#include "service/stats.h"

struct tls_client;
struct resolver;

enum smtp_preference { PREFER_ANY, PREFER_IPV4, PREFER_IPV6 };

enum smtp_tls_level { /* each asks for more than the one before */
	SMTP_TLS_NONE,
	SMTP_TLS_MAY,
	SMTP_TLS_ENCRYPT,
	SMTP_TLS_VERIFY,
	SMTP_TLS_SECURE,
};

struct smtp_conf {
	const char *hostname;
	const char *mail_name;
	const char *helo_name;
	const char *bind_address;
	const char *bind_address6;
	const char *proxy_interfaces;
	const char *ignored; /* EHLO keywords */
	int port;            /* of next hops that name none */
	int port_base;       /* we listen at 25 above it */
	int preference;      /* enum smtp_preference */
	int address_limit;
	int session_limit;
	int timeout_connect; /* seconds */
	int timeout_helo;
	int timeout_starttls;
	int timeout_mail;
	int timeout_rcpt;
	int timeout_data;
	int timeout_xfer;
	int timeout_done;
	int timeout_rset;
	int timeout_site; /* from the first connect to EHLO's answer */
	int timeout_qmgr;
	bool always_ehlo;
	bool never_ehlo;
	bool skip_5xx;
	int cache_time;
	int reuse_time;
	int reuse_count;
	int rcpt_limit;
	int error_limit;
	bool no_conversion; /* 8-bit goes out whatever the site offers */
	size_t message_limit;
	int tls_level; /* enum smtp_tls_level */
	int tls_loglevel;
	const char *tls_ca_file;
	const char *tls_policy_maps;
	const char *tls_verify_match;
	const char *tls_secure_match;
	bool sasl;
	const char *sasl_password_maps;
	const char *sasl_mechanisms;
	const char *sasl_options;
	const char *sasl_tls_options;
};

extern const struct conf_param smtp_params[]; /* fill an smtp_conf */

enum smtp_stat {
	SMTP_SESSIONS,     /* of qmgr's */
	SMTP_CONNECTIONS,  /* to other sites, made */
	SMTP_REUSED,       /* transactions over one that was there */
	SMTP_TLS,          /* connections under TLS */
	SMTP_RESUMED,      /* of these, by an earlier session */
	SMTP_MESSAGES,     /* transactions a site took */
	SMTP_DELIVERED,    /* recipients */
	SMTP_DEFERRED,     /* recipients answered 4xx */
	SMTP_REFUSED,      /* recipients answered 5xx */
	SMTP_BYTES,        /* of messages taken */
	SMTP_CONNECT_TIME, /* until EHLO was answered */
	SMTP_SEND_TIME,    /* from the first byte to the answer */
};

extern const struct stats_item smtp_stats[];

enum { SMTP_OWN_MAX = 64 };

/* Debian's ca-certificates; may be missing. */
#define SMTP_CA_FILE "/etc/ssl/certs/ca-certificates.crt"

/* One process. What stands before the jail is shared by all of them. */
struct smtp {
	struct smtp_conf conf;
	struct daemon *daemon; /* counts there; NULL in tests */
	/* Our own addresses: mail that would come back to us loops. */
	struct addr_net own[SMTP_OWN_MAX];
	size_t own_count;
	struct addr bind4, bind6; /* ADDR_NONE: the system's choice */
	struct tls_client *tls;   /* owned; NULL: no TLS at all */
	struct dict_list tls_policy;
	struct dict_list passwords;
	unsigned sasl_flags, sasl_tls_flags; /* what mechanisms must not be */
	const struct resolver *resolver;     /* borrowed */
	struct list idle;                    /* connections: reuse.h */
	size_t idle_count;
};

void smtp_count(const struct smtp *smtp, enum smtp_stat stat, int64_t n);

#endif

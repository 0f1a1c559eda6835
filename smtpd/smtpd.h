/*
 * smtpd - the daemon's parameters, which main.c fills from main.cf.
 */
#ifndef SMTPD_SMTPD_H
#define SMTPD_SMTPD_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"
#include "ipc/handover_msg.h"
#include "net/addr.h"
#include "service/stats.h"
#include "smtpd/access.h"

enum smtpd_tls {
	SMTPD_TLS_NONE,   /* STARTTLS is not offered */
	SMTPD_TLS_MAY,    /* offered */
	SMTPD_TLS_ENCRYPT /* offered, and nothing but it works before */
};

enum smtpd_fail {
	SMTPD_FAIL_TEMPFAIL, /* what cannot be checked is put off */
	SMTPD_FAIL_ACCEPT    /* ... is taken unchecked */
};

enum smtpd_virus { SMTPD_VIRUS_QUARANTINE, SMTPD_VIRUS_REJECT };

struct smtpd_nets {
	const struct addr_net *net; /* borrowed */
	size_t len;
};

/* The replies of restrictions, by Postfix's ..._code parameters. */
struct smtpd_codes {
	int reject, defer, relay_domains, plaintext;
	int access_map_reject, access_map_defer, maps_rbl;
	int invalid_hostname, non_fqdn, unknown_hostname;
	int unknown_client, unknown_address, unknown_local_recipient;
};

struct smtpd_conf {
	const char *hostname;
	const char *mail_name;
	const char *banner;
	const char *mechanisms; /* of AUTH, as EHLO lists them */
	const char *mynetworks, *xclient_hosts;
	struct smtpd_nets trusted, xclient; /* those, parsed */
	const char *delimiter;
	const char *null_key; /* of the null sender in access tables */
	const char *restrictions[ACCESS_LISTS];
	const char *classes;
	const struct access *access; /* those, compiled; NULL: none */
	struct smtpd_codes codes;
	size_t message_limit;
	size_t inline_limit;
	size_t header_limit;
	int header_count_limit;
	int line_limit;
	int rcpt_limit;
	bool quota_tempfail; /* over quota is 452, not 552 */
	int rcpt_overshoot;
	int min_data_rate; /* bytes a second, with request_deadline */
	int soft_error_limit, error_sleep;
	int hard_error_limit;
	int junk_limit;
	int hop_limit;
	int timeout; /* seconds */
	int ipc_timeout;
	bool sasl;
	bool submission;
	bool tls_auth_only;
	bool helo_required;
	bool forbid_pipelining;
	bool request_deadline;
	bool delay_reject;
	bool unlisted_sender;
	bool peername_lookup;
	int tls; /* enum smtpd_tls */

	int event_limit[HANDOVER_EVENTS]; /* 0: nobody is asked */

	const char *content_checks;
	int content_fail; /* enum smtpd_fail */
	const char *clamav_socket, *spamd_socket;
	size_t clamav_size_limit, spamd_size_limit;
	int clamav_timeout, spamd_timeout;
	int virus_action; /* enum smtpd_virus */
	bool virus_notify;
	const char *local_transport; /* to mailboxes of ours */
	int spam_reject_score;       /* 0: none is refused for it */
	bool spamd_check_authenticated;
};

/* What is counted, by index into smtpd_stats. */
enum smtpd_stat {
	SMTPD_SESSIONS,
	SMTPD_MESSAGES, /* 250 was said */
	SMTPD_MESSAGE_BYTES,
	SMTPD_REJECTS, /* recipients and messages refused for good */
	SMTPD_PUT_OFF, /* ... refused for now */
	SMTPD_LOGINS,
	SMTPD_LOGIN_FAILURES,
	SMTPD_INFECTED,
	SMTPD_QUARANTINED,
	SMTPD_SPAM,
	SMTPD_CHECK_FAILURES,
	SMTPD_CHECK_TIME,
	SMTPD_COMMIT_TIME,
	SMTPD_RCPT_TIME
};
extern const struct stats_item smtpd_stats[];

extern const struct conf_param smtpd_params[]; /* fill a smtpd_conf */

#endif

/*
 * lmtpd - the daemon's parameters, which main.c fills from main.cf, and what
 * it counts.
 */
#ifndef LMTPD_LMTPD_H
#define LMTPD_LMTPD_H

#include <stddef.h>

#include "conf/conf.h"
#include "mime/part.h"
#include "service/stats.h"

struct lmtpd_conf {
	const char *hostname;
	const char *mail_name;
	size_t message_limit; /* 0: none */
	int rcpt_limit;
	int error_limit;
	int timeout; /* seconds */
	int ipc_timeout;
	int nesting_limit;
	int part_limit;
	int address_limit;
	const char *spam_mailbox; /* "": spam goes where all goes */
	bool quota_tempfail;      /* over quota is 452, not 552 */
};

extern const struct conf_param lmtpd_params[]; /* fill an lmtpd_conf */

struct mime_limits lmtpd_mime_limits(const struct lmtpd_conf *conf);

enum lmtpd_stat {
	LMTPD_SESSIONS,
	LMTPD_MESSAGES,   /* taken in whole */
	LMTPD_DELIVERED,  /* recipients */
	LMTPD_REPEATED,   /* recipients that had it already */
	LMTPD_DEFERRED,   /* recipients answered 4xx after DATA */
	LMTPD_SPAM,       /* recipients whose copy went to spam_mailbox */
	LMTPD_REFUSED,    /* recipients answered 5xx after DATA */
	LMTPD_BYTES,      /* of messages taken in */
	LMTPD_STORE_TIME, /* from the final dot to the store's answer */
};

extern const struct stats_item lmtpd_stats[];

#endif

#include "lmtpd/lmtpd.h"

#include "store/digest.h"
#include "store/format.h"

#define P(kind, member, name, value, min, max)                                 \
	CONF(kind, lmtpd_conf, member, name, value, min, max)

/* clang-format off */
const struct conf_param lmtpd_params[] = {
	P(STR,  hostname, "myhostname", "localhost.localdomain", 1, 255),
	P(STR,  mail_name, "mail_name", "Chancery", 1, 64),
	P(SIZE, message_limit, "message_size_limit", "10240000", 0, 0),
	P(INT,  rcpt_limit, "lmtpd_recipient_limit", "1000", 1,
	    STORE_RECIPIENTS_MAX),
	P(INT,  error_limit, "lmtpd_hard_error_limit", "20", 1, 0),
	P(TIME, timeout, "lmtpd_timeout", "300s", 1, 86400),
	P(TIME, ipc_timeout, "lmtpd_ipc_timeout", "60s", 1, 3600),
	/* The leaf below the innermost multipart is a level too. */
	P(INT,  nesting_limit, "mime_nesting_limit", "50", 0,
	    STORE_DIGEST_DEPTH - 1),
	P(INT,  part_limit, "mime_part_limit", "1000", 1,
	    STORE_DIGEST_NODES / 4),
	P(INT,  address_limit, "header_address_limit", "10000", 1, 0),
	P(BOOL, quota_tempfail, "quota_full_tempfail", "no", 0, 0),
	P(STR,  spam_mailbox, "spam_mailbox", "Junk", 0, 480),
	{ 0 },
};

const struct stats_item lmtpd_stats[] = {
	[LMTPD_SESSIONS] = { STATS_COUNTER, "sessions" },
	[LMTPD_MESSAGES] = { STATS_COUNTER, "messages" },
	[LMTPD_DELIVERED] = { STATS_COUNTER, "delivered" },
	[LMTPD_REPEATED] = { STATS_COUNTER, "repeated" },
	[LMTPD_DEFERRED] = { STATS_COUNTER, "deferred" },
	[LMTPD_SPAM] = { STATS_COUNTER, "spam" },
	[LMTPD_REFUSED] = { STATS_COUNTER, "refused" },
	[LMTPD_BYTES] = { STATS_COUNTER, "bytes" },
	[LMTPD_STORE_TIME] = { STATS_HISTOGRAM, "store_time" },
	{ 0 },
};
/* clang-format on */

struct mime_limits
lmtpd_mime_limits(const struct lmtpd_conf *conf)
{
	return (struct mime_limits){
		.max_depth = (unsigned)conf->nesting_limit,
		.max_parts = (unsigned)conf->part_limit,
		.max_params = mime_default_limits.max_params,
		.max_addresses = (size_t)conf->address_limit,
	};
}

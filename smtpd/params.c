#include "smtpd/smtpd.h"

#define P(kind, member, name, value, min, max)                                 \
	CONF(kind, smtpd_conf, member, name, value, min, max)

static const char *const tls_levels[] = {
	[SMTPD_TLS_NONE] = "none",
	[SMTPD_TLS_MAY] = "may",
	[SMTPD_TLS_ENCRYPT] = "encrypt",
	NULL,
};

static const char *const content_fails[] = {
	[SMTPD_FAIL_TEMPFAIL] = "tempfail",
	[SMTPD_FAIL_ACCEPT] = "accept",
	NULL,
};

static const char *const virus_actions[] = {
	[SMTPD_VIRUS_QUARANTINE] = "quarantine",
	[SMTPD_VIRUS_REJECT] = "reject",
	NULL,
};

/* clang-format off */
const struct conf_param smtpd_params[] = {
	P(STR,  hostname, "myhostname", "localhost.localdomain", 1, 255),
	P(STR,  mail_name, "mail_name", "Chancery", 1, 64),
	P(STR,  mynetworks, "mynetworks", "127.0.0.0/8 [::1]/128", 0, 0),
	P(STR,  xclient_hosts, "smtpd_authorized_xclient_hosts", "", 0, 0),
	P(STR,  banner, "smtpd_banner", "$myhostname ESMTP $mail_name", 1,
	    400),
	P(SIZE, message_limit, "message_size_limit", "10240000", 0, 0),
	P(SIZE, inline_limit, "queue_inline_limit", "1M", 1024, 2 << 20),
	P(SIZE, header_limit, "smtpd_header_size_limit", "256K", 1024,
	    1 << 20),
	P(INT,  header_count_limit, "smtpd_header_count_limit", "2000", 1,
	    1000000),
	P(INT,  line_limit, "line_length_limit", "2048", 512, 65536),
	P(INT,  rcpt_limit, "smtpd_recipient_limit", "1000", 1, 50000),
	P(INT,  rcpt_overshoot, "smtpd_recipient_overshoot_limit", "1000", 0,
	    0),
	P(INT,  hard_error_limit, "smtpd_hard_error_limit", "20", 1, 0),
	P(INT,  junk_limit, "smtpd_junk_command_limit", "100", 1, 0),
	P(INT,  hop_limit, "hopcount_limit", "50", 1, 1000),
	P(TIME, timeout, "smtpd_timeout", "300s", 1, 86400),
	P(TIME, ipc_timeout, "smtpd_ipc_timeout", "20s", 1, 3600),
	P(BOOL, sasl, "smtpd_sasl_auth_enable", "no", 0, 0),
	P(STR,  mechanisms, "smtpd_sasl_mechanisms", "PLAIN LOGIN", 1, 200),
	P(BOOL, submission, "smtpd_submission", "no", 0, 0),
	CONF_CHOICE(smtpd_conf, tls, "smtpd_tls_security_level", "may",
	    tls_levels),
	P(BOOL, tls_auth_only, "smtpd_tls_auth_only", "yes", 0, 0),
	P(BOOL, helo_required, "smtpd_helo_required", "yes", 0, 0),
	P(BOOL, forbid_pipelining, "smtpd_forbid_unauth_pipelining", "no", 0,
	    0),
	P(STR,  content_checks, "smtpd_content_checks", "clamd spamd", 0, 200),
	CONF_CHOICE(smtpd_conf, content_fail, "content_fail", "tempfail",
	    content_fails),
	P(STR,  clamav_socket, "clamav_socket", "", 0, 200),
	P(TIME, clamav_timeout, "clamav_timeout", "60s", 1, 3600),
	P(SIZE, clamav_size_limit, "clamav_size_limit", "25M", 0, 0),
	CONF_CHOICE(smtpd_conf, virus_action, "virus_action", "quarantine",
	    virus_actions),
	P(BOOL, virus_notify, "virus_notify_recipient", "yes", 0, 0),
	P(STR,  local_transport, "virtual_transport", "lmtp", 1, 32),
	P(STR,  spamd_socket, "spamd_socket", "", 0, 200),
	P(TIME, spamd_timeout, "spamd_timeout", "60s", 1, 3600),
	P(SIZE, spamd_size_limit, "spamd_size_limit", "512K", 0, 0),
	P(INT,  spam_reject_score, "spam_reject_score", "15", 0, 100000),
	P(BOOL, spamd_check_authenticated, "spamd_check_authenticated", "no",
	    0, 0),
	{ 0 },
};
/* clang-format on */

const struct stats_item smtpd_stats[] = {
	[SMTPD_SESSIONS] = { STATS_COUNTER, "sessions" },
	[SMTPD_MESSAGES] = { STATS_COUNTER, "messages" },
	[SMTPD_MESSAGE_BYTES] = { STATS_COUNTER, "message_bytes" },
	[SMTPD_REJECTS] = { STATS_COUNTER, "rejects" },
	[SMTPD_PUT_OFF] = { STATS_COUNTER, "put_off" },
	[SMTPD_LOGINS] = { STATS_COUNTER, "logins" },
	[SMTPD_LOGIN_FAILURES] = { STATS_COUNTER, "login_failures" },
	[SMTPD_INFECTED] = { STATS_COUNTER, "infected" },
	[SMTPD_QUARANTINED] = { STATS_COUNTER, "quarantined" },
	[SMTPD_SPAM] = { STATS_COUNTER, "spam" },
	[SMTPD_CHECK_FAILURES] = { STATS_COUNTER, "check_failures" },
	[SMTPD_CHECK_TIME] = { STATS_HISTOGRAM, "check_time" },
	[SMTPD_COMMIT_TIME] = { STATS_HISTOGRAM, "commit_time" },
	[SMTPD_RCPT_TIME] = { STATS_HISTOGRAM, "rcpt_time" },
	{ 0 },
};

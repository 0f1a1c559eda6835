#include "smtp/smtp.h"

static const char *const preferences[] = { "any", "ipv4", "ipv6", NULL };
static const char *const levels[] = { "none", "may", "encrypt", "verify",
	"secure", NULL };

#define P(kind, member, name, value, min, max)                                 \
	CONF(kind, smtp_conf, member, name, value, min, max)
#define SECONDS(member, name, value) P(TIME, member, name, value, 1, 86400)

/* clang-format off */
const struct conf_param smtp_params[] = {
	P(STR,  hostname, "myhostname", "localhost.localdomain", 1, 255),
	P(STR,  mail_name, "mail_name", "Chancery", 1, 64),
	P(STR,  helo_name, "smtp_helo_name", "$myhostname", 1, 255),
	P(STR,  bind_address, "smtp_bind_address", "", 0, 64),
	P(STR,  bind_address6, "smtp_bind_address6", "", 0, 64),
	P(STR,  proxy_interfaces, "proxy_interfaces", "", 0, 1000),
	P(STR,  ignored, "smtp_discard_ehlo_keywords", "", 0, 1000),
	P(INT,  port, "smtp_tcp_port", "25", 1, 65535),
	P(INT,  port_base, "port_base", "0", 0, 64000),
	CONF_CHOICE(smtp_conf, preference, "smtp_address_preference", "any",
	    preferences),
	P(INT,  address_limit, "smtp_mx_address_limit", "5", 0, 100),
	P(INT,  session_limit, "smtp_mx_session_limit", "2", 0, 100),
	SECONDS(timeout_connect, "smtp_connect_timeout", "30s"),
	SECONDS(timeout_helo, "smtp_helo_timeout", "300s"),
	SECONDS(timeout_starttls, "smtp_starttls_timeout", "300s"),
	SECONDS(timeout_mail, "smtp_mail_timeout", "300s"),
	SECONDS(timeout_rcpt, "smtp_rcpt_timeout", "300s"),
	SECONDS(timeout_data, "smtp_data_init_timeout", "120s"),
	SECONDS(timeout_xfer, "smtp_data_xfer_timeout", "180s"),
	SECONDS(timeout_done, "smtp_data_done_timeout", "600s"),
	SECONDS(timeout_rset, "smtp_rset_timeout", "20s"),
	SECONDS(timeout_site, "smtp_site_time_limit", "300s"),
	SECONDS(timeout_qmgr, "smtp_lmtp_timeout", "300s"),
	P(BOOL, always_ehlo, "smtp_always_send_ehlo", "yes", 0, 0),
	P(BOOL, never_ehlo, "smtp_never_send_ehlo", "no", 0, 0),
	P(BOOL, skip_5xx, "smtp_skip_5xx_greeting", "yes", 0, 0),
	P(TIME, cache_time, "smtp_connection_cache_time_limit", "2s", 0,
	    3600),
	P(TIME, reuse_time, "smtp_connection_reuse_time_limit", "300s", 1,
	    86400),
	P(INT,  reuse_count, "smtp_connection_reuse_count_limit", "0", 0, 0),
	P(INT,  rcpt_limit, "smtp_recipient_limit", "1000", 1, 10000),
	P(INT,  error_limit, "smtp_hard_error_limit", "20", 1, 0),
	P(BOOL, no_conversion, "disable_mime_output_conversion", "no", 0, 0),
	P(SIZE, message_limit, "message_size_limit", "10240000", 0, 0),
	CONF_CHOICE(smtp_conf, tls_level, "smtp_tls_security_level", "may",
	    levels),
	P(INT,  tls_loglevel, "smtp_tls_loglevel", "1", 0, 4),
	P(STR,  tls_ca_file, "smtp_tls_CAfile", SMTP_CA_FILE, 0,
	    1000),
	P(STR,  tls_policy_maps, "smtp_tls_policy_maps", "", 0, 0),
	P(STR,  tls_verify_match, "smtp_tls_verify_cert_match", "hostname", 1,
	    500),
	P(STR,  tls_secure_match, "smtp_tls_secure_cert_match",
	    "nexthop, dot-nexthop", 1, 500),
	P(BOOL, sasl, "smtp_sasl_auth_enable", "no", 0, 0),
	P(STR,  sasl_password_maps, "smtp_sasl_password_maps", "", 0, 0),
	P(STR,  sasl_mechanisms, "smtp_sasl_mechanism_filter", "", 0, 500),
	P(STR,  sasl_options, "smtp_sasl_security_options",
	    "noplaintext, noanonymous", 0, 500),
	P(STR,  sasl_tls_options, "smtp_sasl_tls_security_options",
	    "noanonymous", 0, 500),
	{ 0 },
};

const struct stats_item smtp_stats[] = {
	[SMTP_SESSIONS] = { STATS_COUNTER, "sessions" },
	[SMTP_CONNECTIONS] = { STATS_COUNTER, "connections" },
	[SMTP_REUSED] = { STATS_COUNTER, "reused" },
	[SMTP_TLS] = { STATS_COUNTER, "tls" },
	[SMTP_RESUMED] = { STATS_COUNTER, "tls_resumed" },
	[SMTP_MESSAGES] = { STATS_COUNTER, "messages" },
	[SMTP_DELIVERED] = { STATS_COUNTER, "delivered" },
	[SMTP_DEFERRED] = { STATS_COUNTER, "deferred" },
	[SMTP_REFUSED] = { STATS_COUNTER, "refused" },
	[SMTP_BYTES] = { STATS_COUNTER, "bytes" },
	[SMTP_CONNECT_TIME] = { STATS_HISTOGRAM, "connect_time" },
	[SMTP_SEND_TIME] = { STATS_HISTOGRAM, "send_time" },
	{ 0 },
};
/* clang-format on */

void
smtp_count(const struct smtp *smtp, enum smtp_stat stat, int64_t n)
{
	if (smtp->daemon != NULL)
		daemon_count(smtp->daemon, stat, n);
}

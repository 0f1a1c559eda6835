#include "smtp/connect.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"
#include "smtp/chat.h"

struct attempt {
	const struct smtp *smtp;
	const struct nexthop *hop;
	const struct tls_policy *policy;
	struct answer *answer;
	int64_t until;
	int sessions; /* servers met */
};

static struct site *
try_once(struct attempt *attempt, const struct host *host,
    const struct tls_policy *policy, enum chat_result *result)
{
	struct site *site = site_new(attempt->smtp, attempt->hop, host);
	bool greeted;

	smtp_count(attempt->smtp, SMTP_CONNECTIONS, 1);
	*result = chat_open(site, attempt->hop, policy, attempt->until,
	    &greeted, attempt->answer);
	if (greeted)
		attempt->sessions++;
	if (*result == CHAT_OK) {
		if (attempt->smtp->daemon != NULL)
			daemon_observe(attempt->smtp->daemon, SMTP_CONNECT_TIME,
			    time_mono() - site->opened);
		return site;
	}
	site_quit(site);
	return NULL;
}

static struct site *
try_host(struct attempt *attempt, const struct host *host)
{
	static const struct tls_policy plain = { .level = SMTP_TLS_NONE };
	enum chat_result result;
	struct site *site = try_once(attempt, host, attempt->policy, &result);

	if (result == CHAT_NO_TLS) {
		attempt->sessions--;
		site = try_once(attempt, host, &plain, &result);
	}
	return site;
}

/* One after the other, until limits say that it is enough. */
static struct site *
try_hosts(struct attempt *attempt, const struct hosts *hosts)
{
	const struct smtp_conf *conf = &attempt->smtp->conf;
	char text[ANSWER_TEXT];

	for (size_t i = 0; i < hosts->count; i++) {
		struct site *site = try_host(attempt, &hosts->host[i]);

		if (site != NULL)
			return site;
		if (i + 1 == hosts->count || time_mono() >= attempt->until ||
		    (conf->session_limit > 0 &&
			attempt->sessions >= conf->session_limit))
			break;
		/* what the next one says will stand in the log in its place */
		log_info("%s%s%s", attempt->answer->relay,
		    attempt->answer->relay[0] == '\0' ? "" : ": ",
		    log_escape(text, sizeof(text),
			buf_str(&attempt->answer->text)));
	}
	return NULL;
}

struct site *
connect_site(const struct smtp *smtp, const struct nexthop *hop,
    struct answer *answer)
{
	struct hosts *hosts = xcalloc(1, sizeof(*hosts));
	struct tls_policy policy;
	struct attempt attempt = {
		.smtp = smtp,
		.hop = hop,
		.policy = &policy,
		.answer = answer,
		.until = time_mono() +
		    (int64_t)smtp->conf.timeout_site * TIME_SECOND,
	};
	struct site *site = NULL;

	answer->relay[0] = '\0';
	if (hosts_find(hosts, smtp, hop, answer) == 0 &&
	    policy_find(&policy, smtp, hop, answer) == 0)
		site = try_hosts(&attempt, hosts);
	if (site == NULL)
		answer->is_site = answer->code / 100 == 4;
	free(hosts);
	return site;
}

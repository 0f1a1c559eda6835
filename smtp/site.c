#include "smtp/site.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"
#include "smtpproto/client.h"

struct site *
site_new(const struct smtp *smtp, const struct nexthop *hop,
    const struct host *host)
{
	struct site *site = xcalloc(1, sizeof(*site));
	char ip[ADDR_IP_SIZE];

	list_init(&site->link);
	site->smtp = smtp;
	site->host = *host;
	(void)snprintf(site->key, sizeof(site->key), "%s", hop->key);
	(void)snprintf(site->label, sizeof(site->label), "%s[%s]", host->name,
	    addr_format_ip(ip, &host->addr));
	(void)snprintf(site->relay, sizeof(site->relay), "%s:%u", site->label,
	    host->addr.port);
	wire_init(&site->wire);
	smtp_reply_init(&site->reply);
	site->opened = site->last = time_mono();
	return site;
}

void
site_free(struct site *site)
{
	if (site == NULL)
		return;
	list_remove(&site->link);
	wire_clear(&site->wire);
	smtp_reply_clear(&site->reply);
	free(site);
}

void
site_quit(struct site *site)
{
	if (!site->is_broken && site->wire.state == WIRE_OK) {
		wire_limit(&site->wire, 0); /* only what the kernel takes */
		site_put(site, "QUIT");
		(void)wire_flush(&site->wire);
		if (site->wire.tls.ssl != NULL)
			(void)tls_shutdown(&site->wire.tls);
	}
	site_free(site);
}

void
site_put(struct site *site, const char *fmt, ...)
{
	char line[SMTP_COMMAND_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	(void)buf_addz(&site->wire.out, line);
	(void)buf_addz(&site->wire.out, "\r\n");
}

int
site_lost(struct site *site, const char *doing, struct answer *answer)
{
	const char *why = site->wire.why;
	char escaped[sizeof(site->wire.why)];

	site->is_broken = true;
	switch (site->wire.state) {
	case WIRE_TIMEOUT:
		return answer_set(answer, 451, "4.4.2",
		    "conversation with %s timed out while %s", site->label,
		    doing);
	case WIRE_GARBAGE:
		return answer_set(answer, 451, "4.5.0",
		    "host %s sent no SMTP reply (%s) while %s", site->label,
		    log_escape(escaped, sizeof(escaped), str_of(why)), doing);
	default:
		return answer_set(answer, 451, "4.4.2",
		    "lost connection with %s while %s (%s)", site->label, doing,
		    log_escape(escaped, sizeof(escaped), str_of(why)));
	}
}

int
site_reply(struct site *site, int seconds, const char *doing,
    struct answer *answer)
{
	wire_limit(&site->wire, seconds);
	if (wire_reply(&site->wire, &site->reply) < 0)
		return site_lost(site, doing, answer);
	site->last = time_mono();
	if (site->reply.code == 421)
		site->is_broken = true;
	return 0;
}

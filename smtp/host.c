#include "smtp/host.h"

#include <stdio.h>

#include "base/rand.h"

enum {
	LOOKUP_ARENA = 1 << 20,
	SMTP_PORT = 25,
};

static void
add(struct hosts *hosts, const char *name, const struct addr *addr,
    uint16_t port, uint32_t preference)
{
	struct host *host;

	if (hosts->count == HOST_ADDRESSES)
		return;
	host = &hosts->host[hosts->count++];
	(void)snprintf(host->name, sizeof(host->name), "%s", name);
	host->addr = *addr;
	host->addr.port = port;
	host->preference = preference;
}

static int
name_error(struct answer *answer, enum dns_status status, struct str name,
    const char *type, struct str reason)
{
	if (status == DNS_TEMP || status == DNS_BOGUS)
		return answer_set(answer, 451, "4.4.3",
		    "Host or domain name not found. Name service error for "
		    "name=%" STR_F " type=%s: %" STR_F,
		    STR_A(name), type, STR_A(reason));
	return answer_set(answer, 550, "5.4.4",
	    "Host or domain name not found. Name service error for name=%" STR_F
	    " type=%s: %s",
	    STR_A(name), type,
	    status == DNS_NO_NAME ? "Host not found" :
				    "Host found but no data record of "
				    "requested type");
}

/* The addresses of one name. answer is left with the worst that happened. */
static void
add_name(struct hosts *hosts, const struct smtp *smtp, struct str name,
    uint16_t port, uint32_t preference, struct arena *arena,
    struct answer *answer)
{
	struct dnsc_addresses found = { 0 };
	char text[HOST_NAME];
	size_t before = hosts->count;

	(void)snprintf(text, sizeof(text), "%" STR_F, STR_A(name));
	smtp->resolver->addresses(smtp->resolver->ctx, name, &found, arena);
	if (found.status != DNS_FOUND) {
		if (answer->code / 100 != 4)
			(void)name_error(answer, found.status, name, "AAAA",
			    found.reason);
		hosts->secure = false;
		return;
	}
	hosts->secure = hosts->secure && found.secure;
	for (size_t i = 0; i < found.count; i++)
		add(hosts, text, &found.addrs[i], port, preference);
	/* within a host by lot, too */
	for (size_t i = hosts->count; i > before + 1; i--) {
		size_t other = before + rand_below((uint32_t)(i - before));
		struct host host = hosts->host[i - 1];

		hosts->host[i - 1] = hosts->host[other];
		hosts->host[other] = host;
	}
}

static unsigned
rank(const struct smtp *smtp, const struct host *host)
{
	if (smtp->conf.preference == PREFER_IPV4)
		return host->addr.family == ADDR_IPV4 ? 0 : 1;
	if (smtp->conf.preference == PREFER_IPV6)
		return host->addr.family == ADDR_IPV6 ? 0 : 1;
	return 0;
}

static bool
is_before(const struct smtp *smtp, const struct host *a, const struct host *b)
{
	if (a->preference != b->preference)
		return a->preference < b->preference;
	return rank(smtp, a) < rank(smtp, b);
}

/* Stable, so that the lots stay drawn. */
static void
sort(struct hosts *hosts, const struct smtp *smtp)
{
	for (size_t i = 1; i < hosts->count; i++) {
		struct host host = hosts->host[i];
		size_t at = i;

		for (; at > 0 && is_before(smtp, &host, &hosts->host[at - 1]);
		     at--)
			hosts->host[at] = hosts->host[at - 1];
		hosts->host[at] = host;
	}
}

/* An address is ours only at the port where we take mail from others. */
static bool
is_ourselves(const struct smtp *smtp, const struct host *host)
{
	return str_ieqz(str_of(host->name), smtp->conf.hostname) ||
	    (host->addr.port == SMTP_PORT + smtp->conf.port_base &&
		addr_nets_have(smtp->own, smtp->own_count, &host->addr));
}

static int
cut_loop(struct hosts *hosts, const struct smtp *smtp,
    const struct nexthop *hop, struct answer *answer)
{
	uint32_t ours = UINT32_MAX;
	size_t kept = 0;

	if (hop->is_host)
		return 0;
	for (size_t i = 0; i < hosts->count; i++) {
		if (hosts->host[i].preference < ours &&
		    is_ourselves(smtp, &hosts->host[i]))
			ours = hosts->host[i].preference;
	}
	while (kept < hosts->count && hosts->host[kept].preference < ours)
		kept++;
	hosts->count = kept;
	if (kept == 0)
		return answer_set(answer, 554, "5.4.6",
		    "mail for %s loops back to myself", hop->host);
	return 0;
}

static int
find_by_mx(struct hosts *hosts, const struct smtp *smtp,
    const struct nexthop *hop, struct arena *arena, struct answer *answer)
{
	struct dnsc_mx mx = { 0 };

	smtp->resolver->mx(smtp->resolver->ctx, str_of(hop->host), &mx, arena);
	hosts->secure = mx.secure;
	if (mx.status != DNS_FOUND)
		return name_error(answer, mx.status, str_of(hop->host), "MX",
		    mx.reason);
	if (mx.is_null) /* RFC 7505 section 4.1 and 5 */
		return answer_set(answer, 556, "5.1.10",
		    "Domain %s does not accept mail (nullMX)", hop->host);
	for (size_t i = 0; i < mx.count && i < HOST_NAMES; i++)
		add_name(hosts, smtp, mx.hosts[i].name, hop->port,
		    mx.hosts[i].preference, arena, answer);
	return hosts->count > 0 ? 0 : -1;
}

int
hosts_find(struct hosts *hosts, const struct smtp *smtp,
    const struct nexthop *hop, struct answer *answer)
{
	char ip[ADDR_IP_SIZE];
	struct arena *arena;
	int ret = 0;

	hosts->count = 0;
	hosts->secure = false;
	answer->code = 0;
	if (hop->addr.family != ADDR_NONE) {
		add(hosts, addr_format_ip(ip, &hop->addr), &hop->addr,
		    hop->port, 0);
		return 0;
	}
	if (smtp->resolver == NULL)
		return answer_set(answer, 451, "4.4.3",
		    "no name service to look up %s", hop->host);
	arena = arena_new(LOOKUP_ARENA);
	if (hop->is_host) {
		hosts->secure = true;
		add_name(hosts, smtp, str_of(hop->host), hop->port, 0, arena,
		    answer);
		ret = hosts->count > 0 ? 0 : -1;
	} else {
		ret = find_by_mx(hosts, smtp, hop, arena, answer);
	}
	arena_free(arena);
	if (ret < 0)
		return -1;
	sort(hosts, smtp);
	if (cut_loop(hosts, smtp, hop, answer) < 0)
		return -1;
	if (smtp->conf.address_limit > 0 &&
	    hosts->count > (size_t)smtp->conf.address_limit)
		hosts->count = (size_t)smtp->conf.address_limit;
	return 0;
}

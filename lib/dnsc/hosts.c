/*
 * What a sender of mail asks: the hosts of a domain, the addresses of a host.
 */
#include "base/rand.h"
#include "dnsc/dnsc.h"

/* The same words for each answer that is made of another. */
static void
set_trouble(enum dns_status *status, struct str *reason, const char *why)
{
	*status = DNS_TEMP;
	*reason = str_of(why);
}

static void
only_host(struct dnsc_mx *mx, struct str name, struct arena *arena)
{
	mx->hosts = arena_calloc(arena, 1, sizeof(*mx->hosts));
	if (mx->hosts == NULL ||
	    (mx->hosts[0].name = arena_str(arena, name)).p == NULL) {
		set_trouble(&mx->status, &mx->reason, "answer too large");
		return;
	}
	mx->status = DNS_FOUND;
	mx->count = 1;
}

/* By preference; equal ones stay in the order they are in. */
static void
sort_hosts(struct dnsc_host *hosts, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct dnsc_host host = hosts[i];
		size_t at = i;

		for (; at > 0 && hosts[at - 1].preference > host.preference;
		     at--)
			hosts[at] = hosts[at - 1];
		hosts[at] = host;
	}
}

static void
shuffle_hosts(struct dnsc_host *hosts, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		size_t other = rand_below((uint32_t)i);
		struct dnsc_host host = hosts[i - 1];

		hosts[i - 1] = hosts[other];
		hosts[other] = host;
	}
}

static void
take_hosts(struct dnsc_mx *mx, const struct dns_answer *answer,
    struct arena *arena)
{
	const struct dns_record *record = answer->records.items;
	size_t count = answer->records.count;

	mx->hosts = arena_calloc(arena, count, sizeof(*mx->hosts));
	if (mx->hosts == NULL) {
		set_trouble(&mx->status, &mx->reason, "answer too large");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (record[i].data.len > 0)
			mx->hosts[mx->count++] =
			    (struct dnsc_host){ record[i].data,
				    record[i].preference };
	}
	mx->is_null = mx->count == 0;
	shuffle_hosts(mx->hosts, mx->count);
	sort_hosts(mx->hosts, mx->count);
}

void
dnsc_mx(struct dnsc *client, struct str domain, struct dnsc_mx *mx,
    struct arena *arena)
{
	struct dns_answer answer;
	struct addr addr;

	*mx = (struct dnsc_mx){ 0 };
	if (dnsc_literal(domain, &addr)) {
		only_host(mx, domain, arena);
		return;
	}
	if (domain.len > 2 && domain.p[0] == '[' &&
	    domain.p[domain.len - 1] == ']') {
		only_host(mx, str_sub(domain, 1, domain.len - 1), arena);
		return;
	}
	dnsc_query(client, domain, DNS_MX, &answer, arena);
	mx->status = answer.status;
	mx->secure = answer.secure;
	mx->ttl = answer.ttl;
	mx->reason = answer.reason;
	if (answer.status == DNS_NO_DATA) {
		mx->implicit = true;
		only_host(mx, domain, arena);
	} else if (answer.status == DNS_FOUND) {
		take_hosts(mx, &answer, arena);
	}
}

static void
literal_address(struct dnsc_addresses *out, struct str host,
    const struct addr *addr, struct arena *arena)
{
	out->name = host;
	out->addrs = arena_calloc(arena, 1, sizeof(*out->addrs));
	if (out->addrs == NULL) {
		set_trouble(&out->status, &out->reason, "answer too large");
		return;
	}
	out->addrs[0] = *addr;
	out->count = 1;
	out->status = DNS_FOUND;
}

static void
add_addresses(struct dnsc_addresses *out, const struct dns_answer *answer,
    enum addr_family family)
{
	const struct dns_record *record = answer->records.items;
	size_t len = family == ADDR_IPV4 ? 4 : 16;

	for (size_t i = 0; i < answer->records.count; i++) {
		struct addr *addr = &out->addrs[out->count];

		if (record[i].data.len != len)
			continue;
		addr->family = family;
		memcpy(addr->ip, record[i].data.p, len);
		out->count++;
	}
}

/* Neither has any: no data beats no name, and trouble beats both. */
static const struct dns_answer *
worse(const struct dns_answer *a, const struct dns_answer *b)
{
	return b->status > a->status ? b : a;
}

void
dnsc_addresses(struct dnsc *client, struct str host, struct dnsc_addresses *out,
    struct arena *arena)
{
	struct dns_answer aaaa, a;
	const struct dns_answer *bad;
	struct addr addr;

	*out = (struct dnsc_addresses){ 0 };
	if (dnsc_literal(host, &addr)) {
		literal_address(out, host, &addr, arena);
		return;
	}
	dnsc_query(client, host, DNS_AAAA, &aaaa, arena);
	dnsc_query(client, host, DNS_A, &a, arena);
	out->addrs = arena_calloc(arena,
	    a.records.count + aaaa.records.count + 1, sizeof(*out->addrs));
	bad = worse(&aaaa, &a);
	out->status = bad->status;
	out->reason = bad->reason;
	out->secure = a.secure && aaaa.secure;
	out->ttl = a.ttl < aaaa.ttl ? a.ttl : aaaa.ttl;
	out->name = a.status == DNS_FOUND ? a.name : aaaa.name;
	if (out->addrs == NULL) {
		set_trouble(&out->status, &out->reason, "answer too large");
		return;
	}
	add_addresses(out, &aaaa, ADDR_IPV6);
	add_addresses(out, &a, ADDR_IPV4);
	if (out->count > 0) {
		out->status = DNS_FOUND;
		out->reason = STR("");
	}
}

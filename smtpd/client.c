#include "smtpd/client.h"

#include <stdio.h>

#include "dnsc/dnsc.h"
#include "smtpd/check.h"

enum { NAMES_MAX = 5 }; /* of one address that are looked at */

static void
ask(struct session *s, struct str name, uint16_t type,
    struct dns_answer *answer)
{
	s->peers->ops->dns(s->peers->ctx, name, type, answer, s->line);
}

static void
ask_names(struct session *s, const struct addr *addr, struct dns_answer *answer)
{
	char reverse[DNSC_REVERSE_SIZE];
	const char *name =
	    arena_printf(s->line, "%s.%s", dnsc_reverse(reverse, addr),
		addr->family == ADDR_IPV4 ? "in-addr.arpa" : "ip6.arpa");

	*answer = (struct dns_answer){ .status = DNS_TEMP };
	if (name != NULL)
		ask(s, str_of(name), DNS_PTR, answer);
}

/* Does the name lead to the address? */
static enum dns_status
leads_back(struct session *s, struct str name, const struct addr *addr)
{
	struct dns_answer answer;
	struct dns_record *record;
	struct str key = addr_host_key(addr);

	ask(s, name, addr->family == ADDR_IPV4 ? DNS_A : DNS_AAAA, &answer);
	record = answer.records.items;
	for (size_t i = 0; i < answer.records.count; i++) {
		if (str_eq(record[i].data, key))
			return DNS_FOUND;
	}
	return answer.status == DNS_FOUND ? DNS_NO_DATA :
					    (enum dns_status)answer.status;
}

void
client_look_up(struct session *s)
{
	struct session_facts *facts = &s->facts;
	const struct dns_record *record;
	struct dns_answer answer;
	struct addr addr;
	struct err err;

	if (!s->conf->peername_lookup ||
	    !str_eqz(facts->client_name, "unknown") ||
	    addr_parse_ip(&addr, facts->client_addr, &err) < 0)
		return;
	ask_names(s, &addr, &answer);
	facts->reverse_status = facts->name_status =
	    (enum dns_status)answer.status;
	record = answer.records.items;
	for (size_t i = 0; i < answer.records.count && i < NAMES_MAX; i++) {
		if (!check_is_hostname(record[i].data)) {
			facts->name_status = DNS_NO_NAME;
			continue;
		}
		if (str_eqz(facts->reverse_name, "unknown"))
			facts->reverse_name =
			    arena_str(s->arena, record[i].data);
		facts->name_status = leads_back(s, record[i].data, &addr);
		if (facts->name_status != DNS_FOUND)
			continue;
		facts->client_name = arena_str(s->arena, record[i].data);
		return;
	}
}

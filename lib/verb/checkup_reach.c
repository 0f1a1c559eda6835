#include <string.h>

#include "dnsc/dnsc.h"
#include "verb/checkup.h"
#include "verb/control.h"
#include "verb/people.h"

/* Domains that the public DNS will never have (RFC 2606, RFC 6762). */
static bool
is_reserved(struct str domain)
{
	static const char *const endings[] = { "test", "example", "invalid",
		"localhost", "local", "localdomain" };
	ptrdiff_t dot = str_rchr(domain, '.');
	struct str last =
	    str_sub(domain, dot < 0 ? 0 : (size_t)dot + 1, domain.len);

	for (size_t i = 0; i < NELEMS(endings); i++) {
		if (str_eqz(last, endings[i]))
			return true;
	}
	return false;
}

struct names {
	struct checkup *checkup;
	struct dnsc dns;
	struct arena *arena;
	const char *host;
};

/* Mail programs and other servers find us by it; others look it up back. */
static void
check_host(struct names *n)
{
	struct dnsc_addresses found;
	struct dns_answer back;
	const struct dns_record *record;
	char text[ADDR_IP_SIZE];

	dnsc_addresses(&n->dns, str_of(n->host), &found, n->arena);
	if (found.status != DNS_FOUND)
		checkup_say(n->checkup, "warning", "DNS: %s: %s", n->host,
		    dns_status_name((uint8_t)found.status));
	for (size_t i = 0; i < found.count; i++) {
		bool names_us = false;

		(void)addr_format_ip(text, &found.addrs[i]);
		dnsc_ptr(&n->dns, &found.addrs[i], &back, n->arena);
		record = back.records.items;
		for (size_t k = 0; k < back.records.count; k++)
			names_us |= str_ieqz(record[k].data, n->host);
		if (!names_us)
			checkup_say(n->checkup, "warning",
			    "DNS: the PTR record of %s is not %s: others may "
			    "refuse our mail",
			    text, n->host);
	}
}

static void
check_domain(struct names *n, struct str domain)
{
	struct dnsc_mx mx;
	struct dns_answer txt;
	const struct dns_record *record;
	bool found = false;

	dnsc_mx(&n->dns, domain, &mx, n->arena);
	for (size_t i = 0; !mx.implicit && i < mx.count; i++)
		found |= str_ieqz(mx.hosts[i].name, n->host);
	if (!found)
		checkup_say(n->checkup, "warning",
		    "DNS: %" STR_F " has no MX record with %s", STR_A(domain),
		    n->host);
	found = false;
	dnsc_query(&n->dns, domain, DNS_TXT, &txt, n->arena);
	record = txt.records.items;
	for (size_t i = 0; i < txt.records.count; i++)
		found |= str_starts(record[i].data, STR("v=spf1"));
	if (!found)
		checkup_say(n->checkup, "warning",
		    "DNS: %" STR_F " has no SPF record (TXT v=spf1)",
		    STR_A(domain));
}

static void
check_names(struct checkup *c, const struct ldap_entry *entries, size_t count,
    struct arena *arena)
{
	struct names names = { .checkup = c, .arena = arena };
	struct err err;
	bool asked = false, all = verb_option(c->call, "--dns") != NULL;
	int fd;

	names.host = main_cf_get(c->cf, "myhostname", &err);
	fd = verb_connect(c->call, "dnsd", &err);
	if (names.host == NULL || fd < 0) {
		checkup_say(c, "warning", "DNS: not looked at: %s", err.text);
		return;
	}
	dnsc_init_fd(&names.dns, fd);
	for (size_t i = 0; i < count; i++) {
		struct str domain =
		    ldap_entry_value(&entries[i], "associatedDomain");

		if (domain.len == 0 || (is_reserved(domain) && !all))
			continue;
		if (!asked)
			check_host(&names);
		asked = true;
		check_domain(&names, domain);
	}
	dnsc_clear(&names.dns);
}

/* Is the directory there, and which domains does it name? */
static int
check_directory(struct people *people, struct verb_call *call, struct err *err)
{
	struct checkup *c = call->work;
	struct ldap_entry *entries;
	size_t count;

	if (people_list(people, str_of(NULL), "mailDomain", &entries, &count,
		err) < 0)
		return -1;
	check_names(c, entries, count, people->arena);
	return 0;
}

/*
 * Lines of "service NAME PROGRAM STATE ...": see verb/status.h. Is a directory
 * configured at all?
 */
static bool
check_services(struct checkup *c, struct str report)
{
	struct str line, kind, name, program, state;
	bool has_directory = main_cf_find(c->cf, "ldap_uri") != NULL;

	while (str_split(&report, '\n', &line)) {
		if (str_split(&line, '\t', &kind) && str_eqz(kind, "service") &&
		    str_split(&line, '\t', &name) &&
		    str_split(&line, '\t', &program) &&
		    str_split(&line, '\t', &state)) {
			if (!str_eqz(state, "up"))
				checkup_say(c, "error",
				    "service %" STR_F " is %" STR_F,
				    STR_A(name), STR_A(state));
			has_directory |= str_eqz(name, "directory");
		}
	}
	return has_directory;
}

void
checkup_reach(struct checkup *c)
{
	struct buf report;
	struct err err;

	buf_init(&report, CONTROL_ANSWER_MAX);
	if (control_ask(c->call->env, "status", &report, NULL, &err) == 0) {
		c->call->work = c;
		if (check_services(c, buf_str(&report)) &&
		    people_run(c->call, check_directory, &err) < 0)
			checkup_say(c, "error", "%s", err.text);
	}
	buf_clear(&report);
}

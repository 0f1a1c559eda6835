#include "master/listen.h"

#include <unistd.h>

#include "base/attr.h"
#include "base/num.h"
#include "net/addr.h"
#include "net/listen.h"

enum { ADDRESSES_MAX = 16 };

/* The names of IANA's registry that mail has; not asked of the system. */
static const struct {
	const char *name;
	unsigned port;
} names[] = {
	{ "smtp", 25 },
	{ "submission", 587 },
	{ "submissions", 465 },
	{ "smtps", 465 },
	{ "imap", 143 },
	{ "imaps", 993 },
	{ "pop3", 110 },
	{ "pop3s", 995 },
	{ "lmtp", 24 },
	{ "sieve", 4190 },
	{ "http", 80 },
	{ "https", 443 },
};

unsigned
listen_port(const struct master *m, struct str name)
{
	uint64_t port;

	for (size_t i = 0; i < NELEMS(names); i++) {
		if (str_eqz(name, names[i].name))
			return names[i].port + (unsigned)m->conf.port_base;
	}
	/* A number is meant as it stands. */
	return num_parse(name, 65535, &port) ? (unsigned)port : 0;
}

static int
add(struct master *m, const char *service, const struct addr *addr,
    struct err *err)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&sa, addr);
	int fd;

	if (m->listeners_len == LISTENERS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d TCP sockets",
		    LISTENERS_MAX);
	fd = listen_tcp((struct sockaddr *)&sa, len, false, err);
	if (fd < 0)
		return -1;
	m->listeners[m->listeners_len++] = (struct listener){ service, fd };
	return 0;
}

/* The addresses of inet_interfaces. */
static size_t
addresses(const struct master *m, struct addr *out, struct problems *problems)
{
	struct str rest = str_of(m->conf.inet_interfaces), word, part;
	struct err err;
	size_t len = 0;

	while (str_split(&rest, ',', &part)) {
		while (str_split(&part, ' ', &word)) {
			if (word.len == 0)
				continue;
			if (len + 2 > ADDRESSES_MAX) {
				problem_error(problems, "etc/main.cf", 0,
				    "inet_interfaces: too many addresses");
				return 0;
			}
			if (str_eqz(word, "all")) {
				(void)addr_parse_ip(&out[len++], STR("0.0.0.0"),
				    &err);
				(void)addr_parse_ip(&out[len++], STR("::"),
				    &err);
			} else if (str_eqz(word, "loopback-only")) {
				(void)addr_parse_ip(&out[len++],
				    STR("127.0.0.1"), &err);
				(void)addr_parse_ip(&out[len++], STR("::1"),
				    &err);
			} else if (addr_parse_ip(&out[len], word, &err) == 0) {
				len++;
			} else {
				problem_error(problems, "etc/main.cf", 0,
				    "inet_interfaces: %s", err.text);
			}
		}
	}
	return len;
}

/* A host without IPv6 is no mistake where only "all" asked for it. */
static bool
may_miss(const struct master *m, const struct addr *addr)
{
	return addr->family == ADDR_IPV6 &&
	    (str_find(str_of(m->conf.inet_interfaces), STR("all")) >= 0 ||
		str_find(str_of(m->conf.inet_interfaces),
		    STR("loopback-only")) >= 0);
}

static void
bind_service(struct master *m, const struct master_cf_entry *entry,
    const struct addr *list, size_t count, struct problems *problems)
{
	struct str name = str_of(entry->name);
	ptrdiff_t colon = str_rchr(name, ':');
	struct addr own;
	unsigned port;
	struct err err = { 0 };

	if (colon >= 0) { /* host:port */
		if (addr_parse_ip(&own, str_sub(name, 0, (size_t)colon), &err) <
		    0) {
			problem_error(problems, "etc/master.cf", entry->line,
			    "%s", err.text);
			return;
		}
		list = &own;
		count = 1;
		name = str_sub(name, (size_t)colon + 1, name.len);
	}
	port = listen_port(m, name);
	if (port == 0 || port > 65535) {
		problem_error(problems, "etc/master.cf", entry->line,
		    "%s: no service or port of this name", entry->name);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct addr addr = list[i];
		char text[ADDR_SIZE];

		addr.port = (uint16_t)port;
		if (add(m, entry->name, &addr, &err) < 0 &&
		    (err.kind == ERR_EXISTS || !may_miss(m, &addr)))
			problem_error(problems, NULL, 0, "%s at %s: %s",
			    entry->name, addr_format(text, &addr),
			    err.kind == ERR_EXISTS ?
				"another program has this port" :
				err.text);
	}
}

void
listen_all(struct master *m, struct problems *problems)
{
	struct addr list[ADDRESSES_MAX];
	size_t count = addresses(m, list, problems);
	int before = problems->errors;

	for (size_t i = 0; i < m->services_cf.len; i++) {
		if (m->services_cf.list[i].type == MASTER_CF_INET)
			bind_service(m, &m->services_cf.list[i], list, count,
			    problems);
	}
	if (problems->errors > before)
		listen_close(m);
}

void
listen_close(struct master *m)
{
	while (m->listeners_len > 0)
		(void)close(m->listeners[--m->listeners_len].fd);
}

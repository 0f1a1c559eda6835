#include "dnsc/dnsc.h"

#include <stdio.h>
#include <string.h>

void
dnsc_init(struct dnsc *client, const char *path)
{
	client->path = path;
	ipc_conn_init(&client->conn, -1, DNSC_TIMEOUT_MS);
}

void
dnsc_init_fd(struct dnsc *client, int fd)
{
	client->path = "";
	ipc_conn_init(&client->conn, fd, DNSC_TIMEOUT_MS);
}

void
dnsc_clear(struct dnsc *client)
{
	ipc_conn_clear(&client->conn);
}

static int
call(struct dnsc *client, const struct dns_query *query,
    struct dns_answer *answer, struct arena *arena, struct err *err)
{
	bool was_open = client->conn.fd >= 0;

	if (ipc_conn_open(&client->conn, client->path, err) < 0)
		return -1;
	if (ipc_conn_call(&client->conn, &dns_query_msg, query, &dns_answer_msg,
		answer, arena, err) == 0)
		return 0;
	/* Still connected: that was dnsd's own word. */
	if (client->conn.fd >= 0 || !was_open)
		return -1;
	if (ipc_conn_open(&client->conn, client->path, err) < 0)
		return -1;
	return ipc_conn_call(&client->conn, &dns_query_msg, query,
	    &dns_answer_msg, answer, arena, err);
}

/* The answer's strings die with the next question: keep them. */
static int
keep(struct arena *arena, struct str *s, struct err *err)
{
	if (s->len == 0) {
		*s = STR("");
		return 0;
	}
	*s = arena_str(arena, *s);
	if (s->p == NULL)
		return err_set(err, ERR_LIMIT, "answer too large");
	return 0;
}

static int
keep_all(struct dns_answer *answer, struct arena *arena, struct err *err)
{
	struct dns_record *record = answer->records.items;

	if (keep(arena, &answer->name, err) < 0 ||
	    keep(arena, &answer->reason, err) < 0)
		return -1;
	for (size_t i = 0; i < answer->records.count; i++) {
		if (keep(arena, &record[i].data, err) < 0)
			return -1;
	}
	return 0;
}

void
dnsc_query(struct dnsc *client, struct str name, uint16_t type,
    struct dns_answer *answer, struct arena *arena)
{
	struct dns_query query = { .name = name, .type = type };
	struct err err = { 0 };

	*answer = (struct dns_answer){ .status = DNS_NO_NAME, .name = name };
	if (name.len > DNS_NAME_MAX)
		return;
	if (call(client, &query, answer, arena, &err) == 0 &&
	    keep_all(answer, arena, &err) == 0)
		return;
	*answer = (struct dns_answer){
		.status = DNS_TEMP,
		.name = name,
		.reason = arena_str(arena, str_of(err.text)),
	};
}

const char *
dnsc_reverse(char out[DNSC_REVERSE_SIZE], const struct addr *addr)
{
	char *at = out;

	*out = '\0';
	if (addr->family == ADDR_IPV4)
		(void)snprintf(out, DNSC_REVERSE_SIZE, "%u.%u.%u.%u",
		    addr->ip[3], addr->ip[2], addr->ip[1], addr->ip[0]);
	for (int i = 15; addr->family == ADDR_IPV6 && i >= 0; i--)
		at += snprintf(at, (size_t)(out + DNSC_REVERSE_SIZE - at),
		    "%x.%x%s", addr->ip[i] & 15, addr->ip[i] >> 4,
		    i > 0 ? "." : "");
	return out;
}

void
dnsc_ptr(struct dnsc *client, const struct addr *addr,
    struct dns_answer *answer, struct arena *arena)
{
	char reverse[DNSC_REVERSE_SIZE], name[DNSC_REVERSE_SIZE + 16];
	bool is_ipv4 = addr->family == ADDR_IPV4;

	if (!is_ipv4 && addr->family != ADDR_IPV6) {
		*answer = (struct dns_answer){ .status = DNS_NO_NAME };
		return;
	}
	(void)snprintf(name, sizeof(name), "%s.%s", dnsc_reverse(reverse, addr),
	    is_ipv4 ? "in-addr.arpa" : "ip6.arpa");
	dnsc_query(client, str_of(name), DNS_PTR, answer, arena);
	/* Ours dies with this function. */
	if (answer->name.p == name)
		answer->name = arena_str(arena, answer->name);
}

bool
dnsc_literal(struct str text, struct addr *addr)
{
	struct err err;

	if (text.len > 2 && text.p[0] == '[' && text.p[text.len - 1] == ']') {
		text = str_sub(text, 1, text.len - 1);
		(void)str_itake_str(&text, STR("IPv6:"));
	}
	return addr_parse_ip(addr, text, &err) == 0;
}

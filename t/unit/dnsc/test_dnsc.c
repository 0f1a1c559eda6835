/* The client against a dnsd of our own, a process with a script of answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "dnsc/dnsc.h"

enum { RECORDS = 4 };

/* What dnsd says to one name and type. */
struct line {
	const char *name;
	uint16_t type;
	enum dns_status status;
	bool secure;
	uint32_t ttl;
	struct {
		const char *data;
		size_t len;
		uint16_t preference;
	} records[RECORDS];
};

static const struct line script[] = {
	{ "two.net", DNS_MX, DNS_FOUND, true, 9,
	    { { "late.net", 8, 20 }, { "b.net", 5, 10 }, { "c.net", 5, 10 } } },
	{ "null.net", DNS_MX, DNS_FOUND, false, 9, { { "", 0, 0 } } },
	{ "odd.net", DNS_MX, DNS_FOUND, false, 9,
	    { { "", 0, 0 }, { "b.net", 5, 10 } } },
	{ "host.net", DNS_MX, DNS_NO_DATA, true, 7, { { 0 } } },
	{ "gone.net", DNS_MX, DNS_NO_NAME, false, 7, { { 0 } } },
	{ "bad.net", DNS_MX, DNS_BOGUS, false, 0, { { 0 } } },
	{ "host.net", DNS_A, DNS_FOUND, true, 5,
	    { { "\300\0\2\1", 4, 0 }, { "\300\0\2\2", 4, 0 } } },
	{ "host.net", DNS_AAAA, DNS_FOUND, false, 4,
	    { { "0123456789abcdef", 16, 0 } } },
	{ "four.net", DNS_A, DNS_FOUND, true, 5, { { "\300\0\2\1", 4, 0 } } },
	{ "four.net", DNS_AAAA, DNS_TEMP, false, 0, { { 0 } } },
	{ "temp.net", DNS_A, DNS_NO_DATA, false, 5, { { 0 } } },
	{ "temp.net", DNS_AAAA, DNS_TEMP, false, 0, { { 0 } } },
	{ "1.2.0.192.in-addr.arpa", DNS_PTR, DNS_FOUND, false, 9,
	    { { "mail.net", 8, 0 } } },
};

static void
answer(struct ipc_conn *conn, uint16_t tag, const struct dns_query *query)
{
	struct dns_record records[RECORDS] = { 0 };
	struct dns_answer out = { .status = DNS_NO_NAME, .name = query->name };
	struct err err;

	for (size_t i = 0; i < NELEMS(script); i++) {
		const struct line *line = &script[i];

		if (!str_eqz(query->name, line->name) ||
		    query->type != line->type)
			continue;
		out.status = (uint8_t)line->status;
		out.secure = line->secure;
		out.ttl = line->ttl;
		if (line->status >= DNS_TEMP)
			out.reason = STR("because");
		out.records.items = records;
		for (size_t n = 0; n < RECORDS && line->records[n].data != NULL;
		     n++) {
			records[n].data = str_make(line->records[n].data,
			    line->records[n].len);
			records[n].preference = line->records[n].preference;
			out.records.count++;
		}
	}
	(void)ipc_conn_send(conn, &dns_answer_msg, tag, &out, &err);
}

/* "close.net" ends the connection without a word, as a restart does. */
static void
be_dnsd(int listen_fd)
{
	for (;;) {
		int fd = accept(listen_fd, NULL, NULL);
		struct dns_query query;
		struct ipc_conn conn;
		struct frame frame;
		struct err err;

		if (fd < 0)
			_exit(1);
		ipc_conn_init(&conn, fd, -1);
		while (ipc_conn_recv(&conn, &frame, &err) == 0) {
			if (ipc_decode(&query, &dns_query_msg, frame.payload,
				&conn.fds, NULL, &err) < 0)
				_exit(2);
			if (str_eqz(query.name, "close.net"))
				break;
			answer(&conn, frame.tag, &query);
		}
		ipc_conn_clear(&conn);
	}
}

struct fixture {
	char dir[64];
	pid_t pid;
	struct dnsc client;
	struct arena *arena;
};

static int
setup(void **state)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct fixture *f = calloc(1, sizeof(*f));
	int fd;

	strcpy(f->dir, "/tmp/dnsc-test-XXXXXX");
	if (mkdtemp(f->dir) == NULL || chdir(f->dir) < 0)
		return -1;
	strcpy(name.sun_path, "dnsd");
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0 ||
	    listen(fd, 5) < 0)
		return -1;
	f->pid = fork();
	if (f->pid == 0)
		be_dnsd(fd);
	(void)close(fd);
	dnsc_init(&f->client, "dnsd");
	f->arena = arena_new(1 << 20);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	dnsc_clear(&f->client);
	arena_free(f->arena);
	(void)kill(f->pid, SIGKILL);
	(void)waitpid(f->pid, NULL, 0);
	(void)unlink("dnsd");
	if (chdir("/") < 0)
		return -1;
	(void)rmdir(f->dir);
	free(f);
	return 0;
}

static void
hosts_come_in_order_of_preference(void **state)
{
	struct fixture *f = *state;
	int first_b = 0;
	struct dnsc_mx mx;

	for (int i = 0; i < 200; i++) {
		arena_reset(f->arena);
		dnsc_mx(&f->client, STR("two.net"), &mx, f->arena);
		assert_int_equal(mx.status, DNS_FOUND);
		assert_true(mx.secure);
		assert_int_equal(mx.count, 3);
		assert_true(str_eqz(mx.hosts[2].name, "late.net"));
		first_b += str_eqz(mx.hosts[0].name, "b.net");
	}
	/* By lot: outside of this once in a billion billion runs. */
	assert_in_range(first_b, 30, 170);
}

static void
a_domain_without_mail_exchangers(void **state)
{
	struct fixture *f = *state;
	struct dnsc_mx mx;

	dnsc_mx(&f->client, STR("null.net"), &mx, f->arena);
	assert_int_equal(mx.status, DNS_FOUND);
	assert_true(mx.is_null);
	assert_int_equal(mx.count, 0);
	dnsc_mx(&f->client, STR("odd.net"), &mx, f->arena);
	assert_false(mx.is_null);
	assert_int_equal(mx.count, 1);
	dnsc_mx(&f->client, STR("host.net"), &mx, f->arena);
	assert_int_equal(mx.status, DNS_FOUND);
	assert_true(mx.implicit);
	assert_true(mx.secure);
	assert_int_equal(mx.count, 1);
	assert_true(str_eqz(mx.hosts[0].name, "host.net"));
	dnsc_mx(&f->client, STR("gone.net"), &mx, f->arena);
	assert_int_equal(mx.status, DNS_NO_NAME);
	assert_int_equal(mx.count, 0);
	dnsc_mx(&f->client, STR("bad.net"), &mx, f->arena);
	assert_int_equal(mx.status, DNS_BOGUS);
	assert_true(str_eqz(mx.reason, "because"));
}

static void
addresses_of_both_families(void **state)
{
	struct fixture *f = *state;
	struct dnsc_addresses found;
	char text[ADDR_IP_SIZE];

	dnsc_addresses(&f->client, STR("host.net"), &found, f->arena);
	assert_int_equal(found.status, DNS_FOUND);
	assert_int_equal(found.count, 3);
	assert_int_equal(found.ttl, 4);
	assert_false(found.secure);
	assert_int_equal(found.addrs[0].family, ADDR_IPV6);
	assert_string_equal(addr_format_ip(text, &found.addrs[2]), "192.0.2.2");
	/* One is enough. */
	dnsc_addresses(&f->client, STR("four.net"), &found, f->arena);
	assert_int_equal(found.status, DNS_FOUND);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.reason.len, 0);
	/* None, and perhaps there is one: later. */
	dnsc_addresses(&f->client, STR("temp.net"), &found, f->arena);
	assert_int_equal(found.status, DNS_TEMP);
	assert_true(str_eqz(found.reason, "because"));
	dnsc_addresses(&f->client, STR("gone.net"), &found, f->arena);
	assert_int_equal(found.status, DNS_NO_NAME);
}

static void
literals_ask_nobody(void **state)
{
	static const struct {
		const char *in, *out; /* out NULL: a name */
	} cases[] = {
		{ "[192.0.2.1]", "192.0.2.1" },
		{ "192.0.2.1", "192.0.2.1" },
		{ "[IPv6:2001:db8::1]", "2001:db8::1" },
		{ "[ipv6:2001:db8::1]", "2001:db8::1" },
		{ "[2001:db8::1]", "2001:db8::1" },
		{ "[192.0.2.256]", NULL },
		{ "[]", NULL },
		{ "[IPv6:]", NULL },
		{ "[192.0.2.1", NULL },
		{ "", NULL },
	};
	struct fixture *f = *state;
	struct dnsc_addresses found;
	struct dnsc nobody;
	struct dnsc_mx mx;
	struct addr addr;
	char text[ADDR_IP_SIZE];

	dnsc_init(&nobody, "nobody-is-here");
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);

		assert_int_equal(dnsc_literal(in, &addr), cases[i].out != NULL);
		if (cases[i].out == NULL)
			continue;
		dnsc_mx(&nobody, in, &mx, f->arena);
		assert_int_equal(mx.status, DNS_FOUND);
		assert_int_equal(mx.count, 1);
		dnsc_addresses(&nobody, mx.hosts[0].name, &found, f->arena);
		assert_int_equal(found.status, DNS_FOUND);
		assert_string_equal(addr_format_ip(text, found.addrs),
		    cases[i].out);
	}
	dnsc_mx(&nobody, STR("[host.net]"), &mx, f->arena);
	assert_true(str_eqz(mx.hosts[0].name, "host.net"));
	dnsc_clear(&nobody);
}

static void
addresses_backwards(void **state)
{
	struct fixture *f = *state;
	char out[DNSC_REVERSE_SIZE];
	struct dns_answer found;
	struct addr addr;
	struct err err;

	assert_int_equal(addr_parse_ip(&addr, STR("192.0.2.1"), &err), 0);
	assert_string_equal(dnsc_reverse(out, &addr), "1.2.0.192");
	dnsc_ptr(&f->client, &addr, &found, f->arena);
	assert_int_equal(found.status, DNS_FOUND);
	assert_int_equal(addr_parse_ip(&addr, STR("2001:db8::1f"), &err), 0);
	assert_string_equal(dnsc_reverse(out, &addr),
	    "f.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2");
	addr = (struct addr){ .family = ADDR_UNIX };
	assert_string_equal(dnsc_reverse(out, &addr), "");
	dnsc_ptr(&f->client, &addr, &found, f->arena);
	assert_int_equal(found.status, DNS_NO_NAME);
}

static void
a_restart_is_not_noticed(void **state)
{
	struct fixture *f = *state;
	struct dns_answer found;

	dnsc_query(&f->client, STR("host.net"), DNS_A, &found, f->arena);
	assert_int_equal(found.status, DNS_FOUND);
	(void)shutdown(f->client.conn.fd, SHUT_RDWR);
	dnsc_query(&f->client, STR("host.net"), DNS_A, &found, f->arena);
	assert_int_equal(found.status, DNS_FOUND);
	/* One that dies of it twice is trouble. */
	dnsc_query(&f->client, STR("close.net"), DNS_A, &found, f->arena);
	assert_int_equal(found.status, DNS_TEMP);
	assert_true(found.reason.len > 0);
	dnsc_query(&f->client, STR("host.net"), DNS_A, &found, f->arena);
	assert_int_equal(found.status, DNS_FOUND);
}

static void
nobody_at_the_edge_is_temporary(void **state)
{
	struct fixture *f = *state;
	struct dns_answer found;
	struct dnsc nobody;
	struct dnsc_mx mx;

	dnsc_init(&nobody, "nobody-is-here");
	dnsc_query(&nobody, STR("host.net"), DNS_A, &found, f->arena);
	assert_int_equal(found.status, DNS_TEMP);
	dnsc_mx(&nobody, STR("host.net"), &mx, f->arena);
	assert_int_equal(mx.status, DNS_TEMP);
	assert_int_equal(mx.count, 0);
	dnsc_clear(&nobody);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_come_in_order_of_preference),
		cmocka_unit_test(a_domain_without_mail_exchangers),
		cmocka_unit_test(addresses_of_both_families),
		cmocka_unit_test(literals_ask_nobody),
		cmocka_unit_test(addresses_backwards),
		cmocka_unit_test(a_restart_is_not_noticed),
		cmocka_unit_test(nobody_at_the_edge_is_temporary),
	};

	return cmocka_run_group_tests_name("dnsc/dnsc", tests, setup, teardown);
}

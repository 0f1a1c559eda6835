/* The parts of master that decide something: pauses, ports, users, edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "master/config.h"
#include "master/listen.h"
#include "master/service.h"

static void
pauses_double_up_to_the_limit(void **state)
{
	static const struct {
		int failures, max, ms;
	} cases[] = {
		{ 1, 60, 100 },
		{ 2, 60, 200 },
		{ 5, 60, 1600 },
		{ 10, 60, 51200 },
		{ 11, 60, 60000 },
		{ 1000000, 60, 60000 },
		{ 5, 1, 1000 },
		{ 0, 60, 100 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++)
		assert_int_equal(service_pause(cases[i].failures, cases[i].max),
		    cases[i].ms);
}

static void
names_have_their_standard_ports(void **state)
{
	static const struct {
		const char *name;
		int base;
		unsigned port;
	} cases[] = {
		{ "smtp", 0, 25 },
		{ "smtp", 10000, 10025 },
		{ "submission", 10000, 10587 },
		{ "submissions", 10000, 10465 },
		{ "imap", 10000, 10143 },
		{ "imaps", 31000, 31993 },
		{ "pop3", 0, 110 },
		{ "pop3s", 0, 995 },
		{ "2525", 10000, 2525 },
		{ "0", 0, 0 },
		{ "65536", 0, 0 },
		{ "gopher", 0, 0 },
		{ "", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct master m = { .conf.port_base = cases[i].base };

		assert_int_equal(listen_port(&m, str_of(cases[i].name)),
		    cases[i].port);
	}
}

static void
users_are_numbers_and_never_root(void **state)
{
	static const struct {
		const char *list;
		int ret;
	} cases[] = {
		{ "smtp=5:6", 0 },
		{ "log=1:2 smtp=5:6", 0 },
		{ "smtpout=1:2 smtp=5:6", 0 },
		{ "", -1 },
		{ "smtpout=5:6", -1 },
		{ "smtp=0:6", -1 },
		{ "smtp=5:0", -1 },
		{ "smtp=5", -1 },
		{ "smtp=5:6:7", -1 },
		{ "smtp=mail:mail", -1 },
		{ "smtp=-1:6", -1 },
		{ "smtp=4294967295:6", -1 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct master m = { .is_root = true,
			.conf.system_users = cases[i].list };
		uid_t uid = 0;
		gid_t gid = 0;

		assert_int_equal(config_user(&m, "smtp", &uid, &gid),
		    cases[i].ret);
		if (cases[i].ret == 0) {
			assert_int_equal(uid, 5);
			assert_int_equal(gid, 6);
		}
	}
}

static void
edges_join_programs_that_exist(void **state)
{
	const struct edge_rule *rule;

	(void)state;
	for (size_t i = 0; (rule = edge_rule_at(i)) != NULL; i++) {
		assert_non_null(program_find(rule->server));
		assert_true(strcmp(rule->client, "ctl") == 0 ||
		    program_find(rule->client) != NULL);
		/* nobody reaches up to front, or to the log */
		assert_string_not_equal(rule->server, "front");
		assert_string_not_equal(rule->server, "logd");
	}
	assert_string_equal(edge_folder("qmgr"), "spool");
	assert_string_equal(edge_folder("smtpd"), "run/smtpd");
	assert_string_equal(edge_folder("ctl"), "run/master");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pauses_double_up_to_the_limit),
		cmocka_unit_test(names_have_their_standard_ports),
		cmocka_unit_test(users_are_numbers_and_never_root),
		cmocka_unit_test(edges_join_programs_that_exist),
	};

	return cmocka_run_group_tests_name("master/master", tests, NULL, NULL);
}

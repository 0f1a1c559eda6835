/*
 * service: a configuration that a daemon refuses leaves it as it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fsutil.h"
#include "base/log.h"
#include "service/impl.h"

struct settings {
	const char *name;
	int number;
};

static const struct conf_param params[] = {
	CONF(STR, settings, name, "test_name", "nobody", 1, 100),
	CONF(INT, settings, number, "test_number", "1", 0, 1000),
	{ 0 },
};

/* What no table of parameters can say. */
static void
check(struct main_cf *cf, void *ctx, struct problems *problems)
{
	const struct settings *settings = ctx;
	struct err err;

	if (strcmp(settings->name, "evil") != 0)
		return;
	(void)err_set(&err, ERR_SYNTAX, "not that one");
	conf_report(cf, "test_name", &err, problems);
}

static const struct daemon_ops ops = {
	.name = "test",
	.params = params,
	.check = check,
};

static int
file_with(const char *text)
{
	int fd = memfd_create("main.cf", MFD_CLOEXEC);
	struct err err;

	assert_true(fd >= 0);
	assert_int_equal(fs_write_all(fd, text, strlen(text), &err), 0);
	return fd;
}

static void
what_is_refused_changes_nothing(void **state)
{
	static const char *const refused[] = {
		"test_name = evil\ntest_number = 9\n",
		"test_name = ada\ntest_number = many\n",
		"test_name\n",
	};
	struct settings settings = { NULL, 0 };
	struct daemon d = { .ops = &ops, .ctx = &settings };
	struct err err;
	int fd;

	(void)state;
	fds_add(&d, "main.cf", file_with("test_name = bob\ntest_number = 5\n"));
	assert_int_equal(config_load(&d, &err), 0);
	for (size_t i = 0; i < NELEMS(refused); i++) {
		fd = file_with(refused[i]);
		assert_int_equal(config_reload(&d, fd, &err), -1);
		(void)close(fd);
		assert_string_equal(settings.name, "bob");
		assert_int_equal(settings.number, 5);
	}
	fd = file_with("test_number = 7\n");
	assert_int_equal(config_reload(&d, fd, &err), 0);
	(void)close(fd);
	assert_string_equal(settings.name, "nobody");
	assert_int_equal(settings.number, 7);
	fds_close(&d, "");
	config_free(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_refused_changes_nothing),
	};

	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("service/config", tests, NULL, NULL);
}

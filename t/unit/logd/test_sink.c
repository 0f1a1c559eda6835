#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/fsutil.h"
#include "logd/sink.h"

static char folder[] = "/tmp/chancery-sink-XXXXXX";

static const struct {
	const char *in, *out;
} lines[] = {
	{ "<info> chancery/smtpd[12]: connect from x", "connect from x" },
	{ "<warning> chancery/smtpd[12]: odd", "warning: odd" },
	{ "<error> chancery/smtpd[12]: bad", "error: bad" },
	{ "<debug> chancery/smtpd[12]: words", "debug: words" },
	/* whatever somebody sends who is not lib/base */
	{ "chancery/smtpd[12]: no level", "no level" },
	{ "<info> chancery/smtpd[12]: a\nNov 22 forged", "a?Nov 22 forged" },
	{ "<info> chancery/smtpd[12]: ", "" },
};

static void
a_file_has_postfixs_form(void **state)
{
	struct sink *sink;
	struct err err;
	struct buf text;
	struct str rest, line;

	(void)state;
	sink = sink_open_file("log", "host", &err);
	assert_non_null(sink);
	for (size_t i = 0; i < NELEMS(lines); i++)
		assert_int_equal(sink_write(sink, 0, str_of(lines[i].in), &err),
		    0);
	sink_close(sink);
	buf_init(&text, 10000);
	assert_int_equal(fs_read_file(AT_FDCWD, "log", &text, &err), 0);
	rest = buf_str(&text);
	for (size_t i = 0; i < NELEMS(lines); i++) {
		char want[200];

		(void)snprintf(want, sizeof(want),
		    "Jan  1 00:00:00 host chancery/smtpd[12]: %s",
		    lines[i].out);
		assert_true(str_split(&rest, '\n', &line));
		assert_true(str_eqz(line, want));
	}
	assert_int_equal(rest.len, 0);
	buf_clear(&text);
}

/* Not in the name in front either. */
static void
nobody_writes_two_lines_by_one(void **state)
{
	struct sink *sink;
	struct buf text;
	struct err err;

	(void)state;
	sink = sink_open_file("forged", "host", &err);
	assert_non_null(sink);
	assert_int_equal(
	    sink_write(sink, 0, STR("<info> a\nb\x1b[2J]: c"), &err), 0);
	sink_close(sink);
	buf_init(&text, 1000);
	assert_int_equal(fs_read_file(AT_FDCWD, "forged", &text, &err), 0);
	assert_string_equal(buf_cstr(&text),
	    "Jan  1 00:00:00 host a?b?[2J]: c\n");
	buf_clear(&text);
}

static void
a_renamed_file_is_let_go(void **state)
{
	struct sink *sink;
	struct err err;

	(void)state;
	sink = sink_open_file("rotated", "host", &err);
	assert_non_null(sink);
	assert_int_equal(rename("rotated", "rotated.1"), 0);
	assert_int_equal(access("rotated", F_OK), -1);
	assert_int_equal(sink_reopen(sink, &err), 0);
	assert_int_equal(access("rotated", F_OK), 0);
	sink_close(sink);
}

static void
syslog_gets_facility_and_level(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, "syslog" };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sink *sink;
	struct err err;
	char line[200] = "";

	(void)state;
	assert_null(sink_open_syslog("nobody", &err));
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	sink = sink_open_syslog("syslog", &err);
	assert_non_null(sink);
	assert_int_equal(sink_write(sink, 0, str_of(lines[1].in), &err), 0);
	assert_true(recv(fd, line, sizeof(line) - 1, 0) > 0);
	/* mail is 2, warning is 4: 2 * 8 + 4 */
	assert_string_equal(line,
	    "<20>Jan  1 00:00:00 chancery/smtpd[12]: warning: odd");
	(void)close(fd);
	assert_int_equal(sink_write(sink, 0, str_of(lines[1].in), &err), -1);
	sink_close(sink);
}

static int
enter(void **state)
{
	(void)state;
	(void)setenv("TZ", "UTC0", 1);
	tzset();
	return mkdtemp(folder) == NULL ? -1 : chdir(folder);
}

static int
leave(void **state)
{
	struct err err;

	(void)state;
	return fs_remove_tree(AT_FDCWD, folder, &err);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_has_postfixs_form),
		cmocka_unit_test(nobody_writes_two_lines_by_one),
		cmocka_unit_test(a_renamed_file_is_let_go),
		cmocka_unit_test(syslog_gets_facility_and_level),
	};

	return cmocka_run_group_tests_name("logd/sink", tests, enter, leave);
}

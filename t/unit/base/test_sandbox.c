/* What each promise allows and what it does not, tried in child processes. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/sandbox.h"
#include "base/syscalls.h"

enum { USER = 65534, NO_JAIL = 99 };

enum outcome {
	WORKS,
	REFUSED,
	KILLED, /* SIGSYS */
};

static char folder[] = "/tmp/chancery-sandbox-XXXXXX";

static int
open_inside(void)
{
	return open("file", O_RDONLY | O_CLOEXEC);
}

static int
open_outside(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static int
write_inside(void)
{
	return open("file", O_WRONLY | O_CLOEXEC);
}

static int
create_inside(void)
{
	return open("new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static int
append_inside(void)
{
	return open("file", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int
unlink_inside(void)
{
	return unlink("file");
}

static int
unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int
inet_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int
netlink_socket(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0);
}

static int
run_program(void)
{
	char *argv[] = { "/bin/true", NULL };

	return execv(argv[0], argv);
}

static int
become_root(void)
{
	return setuid(0);
}

static int
leave_root(void)
{
	return chroot(".");
}

static int
make_child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : waitpid(pid, NULL, 0);
}

static int
make_child_after_giving_it_up(void)
{
	struct err err;

	return syscalls_forbid_fork(&err) < 0 ? 0 : make_child();
}

static int
writable_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? -1 : 0;
}

static int
plain_memory(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? -1 : 0;
}

static int
dump(void)
{
	return prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L);
}

/* In a child: go in, try. Exit 0: it worked, 1: it failed. */
static int
try_in_jail(const char *promises, int (*fn)(void))
{
	struct sandbox box = {
		.folder = folder,
		.uid = USER,
		.gid = USER,
		.promises = promises,
	};
	enum sandbox_level level;
	const char *missing;
	struct err err;
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (sandbox_enter(&box, &level, &missing, &err) < 0) {
			(void)fprintf(stderr, "%s\n", err.text);
			_exit(NO_JAIL);
		}
		_exit(fn() < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGSYS);
		return KILLED;
	}
	assert_int_not_equal(WEXITSTATUS(status), NO_JAIL);
	return WEXITSTATUS(status) == 0 ? WORKS : REFUSED;
}

static void
promises_allow_what_they_say_and_no_more(void **state)
{
	static const struct {
		const char *promises;
		int (*fn)(void);
		enum outcome outcome;
	} cases[] = {
		{ "stdio", plain_memory, WORKS },
		{ "stdio", writable_code, REFUSED },
		{ "stdio", open_inside, REFUSED },
		{ "stdio", open_outside, REFUSED },
		{ "stdio", unix_socket, REFUSED },
		{ "stdio", inet_socket, REFUSED },
		{ "stdio", run_program, KILLED },
		{ "stdio", become_root, KILLED },
		{ "stdio", leave_root, KILLED },
		{ "stdio", unlink_inside, KILLED },
		{ "stdio", dump, KILLED },
		{ "stdio unix", unix_socket, WORKS },
		{ "stdio unix", inet_socket, REFUSED },
		{ "stdio unix", netlink_socket, REFUSED },
		{ "stdio inet", inet_socket, WORKS },
		{ "stdio inet", unix_socket, REFUSED },
		{ "stdio rpath", open_inside, WORKS },
		{ "stdio rpath", open_outside, REFUSED },
		{ "stdio rpath", write_inside, REFUSED },
		{ "stdio rpath", create_inside, REFUSED },
		{ "stdio rpath wpath", write_inside, WORKS },
		{ "stdio rpath wpath", create_inside, REFUSED },
		{ "stdio rpath wpath", unlink_inside, KILLED },
		{ "stdio rpath wpath cpath", create_inside, WORKS },
		{ "stdio rpath wpath cpath", unlink_inside, WORKS },
		{ "stdio append", append_inside, WORKS },
		{ "stdio append", open_inside, REFUSED },
		{ "stdio append", write_inside, REFUSED },
		{ "stdio append", unlink_inside, KILLED },
		{ "stdio fork", make_child, WORKS },
		{ "stdio fork", run_program, KILLED },
		{ "stdio fork", make_child_after_giving_it_up, KILLED },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		enum outcome got =
		    (enum outcome)try_in_jail(cases[i].promises, cases[i].fn);

#ifdef CHANCERY_SANITIZE
		/* The run time of the sanitizers needs more: say so here. */
		if (got != cases[i].outcome)
			continue;
#endif
		if (got != cases[i].outcome)
			print_error("case %zu: \"%s\"\n", i, cases[i].promises);
		assert_int_equal(got, cases[i].outcome);
	}
}

static void
a_directory_left_open_is_an_error(void **state)
{
	struct sandbox box = { folder, USER, USER, "stdio" };
	int fd = open("/", O_PATH | O_DIRECTORY);
	enum sandbox_level level;
	const char *missing;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(sandbox_enter(&box, &level, &missing, &err), -1);
	assert_int_equal(err.kind, ERR_DENIED);
	(void)close(fd);
}

static void
an_unknown_promise_is_an_error(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(syscalls_allow("stdio exec", &err), -1);
	assert_int_equal(err.kind, ERR_SYNTAX);
}

static void
promises_are_whole_words(void **state)
{
	(void)state;
	assert_true(syscalls_promised("stdio unix", "unix"));
	assert_true(syscalls_promised("unix", "unix"));
	assert_false(syscalls_promised("stdio unixes", "unix"));
	assert_false(syscalls_promised("", "unix"));
}

static int
make_folder(void **state)
{
	char path[64];
	int fd;

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/file", folder);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	/* As root the jailed user is another one. */
	return fd < 0 || chmod(path, 0666) < 0 || chmod(folder, 0777) < 0 ?
	    -1 :
	    close(fd);
}

static int
remove_folder(void **state)
{
	char command[64];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(promises_allow_what_they_say_and_no_more),
		cmocka_unit_test(a_directory_left_open_is_an_error),
		cmocka_unit_test(an_unknown_promise_is_an_error),
		cmocka_unit_test(promises_are_whole_words),
	};

	return cmocka_run_group_tests_name("base/sandbox", tests, make_folder,
	    remove_folder);
}

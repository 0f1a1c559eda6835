/*
 * Whom master ends on stored's word, and whom it does not: processes are
 * forked that look like a session service's parent and worker.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "master/program.h"
#include "master/reader.h"
#include "master/service.h"

/* A process that waits to be ended, in a group (0: of its own). */
static pid_t
start(pid_t group)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (;;)
			(void)pause();
	}
	assert_true(pid > 0);
	assert_int_equal(setpgid(pid, group), 0);
	return pid;
}

/* Was it killed? It is gone afterwards. */
static bool
was_ended(pid_t pid, bool expected)
{
	int status;

	if (!expected) {
		assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
		(void)kill(pid, SIGTERM);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

struct row {
	const char *who, *program;
	bool parent;  /* the word names the parent itself */
	bool foreign; /* it names a process of no service */
	const char *age;
	bool ends;
};

static void
try_row(const struct row *row)
{
	struct service said = { .name = (char *)(uintptr_t)row->who,
		.program = program_find(row->who) };
	struct service service = { .name = (char *)(uintptr_t)row->program,
		.program = program_find(row->program) };
	struct process process = { .service = &service };
	pid_t stranger = start(0), worker;
	struct master m = { .processes = { NULL, NULL } };
	char words[60];

	list_init(&m.processes);
	process.pid = start(0);
	worker = start(process.pid);
	list_init(&process.link);
	list_push(&m.processes, &process.link);
	(void)snprintf(words, sizeof(words), "%d %s",
	    (int)(row->parent    ? process.pid :
		    row->foreign ? stranger :
				   worker),
	    row->age);
	reader_end(&m, &said, str_of(words));
	assert_int_equal(was_ended(worker, row->ends), row->ends);
	assert_false(was_ended(process.pid, false));
	assert_false(was_ended(stranger, false));
}

static void
only_workers_that_read_a_store_are_ended(void **state)
{
	static const struct row rows[] = {
		{ "stored", "imapd", false, false, "0", true },
		{ "stored", "pop3d", false, false, "0", true },
		{ "stored", "imapd", true, false, "0", false },
		{ "stored", "imapd", false, true, "0", false },
		{ "stored", "smtpd", false, false, "0", false },
		{ "stored", "qmgr", false, false, "0", false },
		{ "qmgr", "imapd", false, false, "0", false },
		{ "imapd", "imapd", false, false, "0", false },
		/* It began after what it is said to have done. */
		{ "stored", "imapd", false, false, "2000000000", false },
		{ "stored", "imapd", false, false, "", false },
		{ "stored", "imapd", false, false, "-1", false },
		{ "stored", "imapd", false, false, "0 x", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		try_row(&rows[i]);
}

static void
nonsense_ends_nobody(void **state)
{
	static const char *const words[] = { "", " ", "1 0", "0 0", "-1 0",
		"99999999999 0", "x", "x y" };
	struct service said = { .name = (char *)(uintptr_t) "stored",
		.program = program_find("stored") };
	struct master m = { .processes = { NULL, NULL } };

	(void)state;
	list_init(&m.processes);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		reader_end(&m, &said, str_of(words[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_workers_that_read_a_store_are_ended),
		cmocka_unit_test(nonsense_ends_nobody),
	};

	return cmocka_run_group_tests_name("master/reader", tests, NULL, NULL);
}

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
#include "ipc/conn.h"
#include "lmtpd/peers_ipc.h"

/*
 * stored in a process of its own. Its script says what becomes of each
 * request: 'd' delivered, 'x' the connection is closed instead of an answer,
 * 'r' answered and closed, as if stored were started anew behind it.
 */
struct fixture {
	char dir[64];
	int listen;
	pid_t pid;
	struct peers_ipc ipc;
};

/* One connection; how many letters of the script are left. */
static const char *
serve_connection(int fd, const char *script)
{
	struct store_append_result result = { .uid = 5 };
	struct store_appended answer = { .results = { &result, 1 } };
	struct ipc_conn conn;
	struct frame frame;
	struct err err;
	char what = 'd';

	ipc_conn_init(&conn, fd, 10000);
	while (what == 'd' && *script != '\0' &&
	    ipc_conn_recv(&conn, &frame, &err) == 0) {
		if (frame.type != STORE_APPEND)
			_exit(1);
		what = *script++;
		result.uid++;
		if (what != 'x' &&
		    ipc_conn_send(&conn, &store_appended_msg, frame.tag,
			&answer, &err) < 0)
			_exit(2);
	}
	ipc_conn_clear(&conn);
	return script;
}

static void
be_stored(int listen_fd, const char *script)
{
	while (*script != '\0') {
		int fd = accept(listen_fd, NULL, NULL);

		if (fd < 0)
			_exit(3);
		script = serve_connection(fd, script);
	}
	_exit(0);
}

static int
setup(void **state)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/lmtpd-test-XXXXXX");
	if (mkdtemp(f->dir) == NULL || chdir(f->dir) < 0)
		return -1;
	strcpy(name.sun_path, "stored");
	f->listen = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(f->listen, (struct sockaddr *)&name, sizeof(name)) < 0 ||
	    listen(f->listen, 10) < 0)
		return -1;
	peers_ipc_init(&f->ipc, 10000);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	int status = 0, ret = 0;

	peers_ipc_clear(&f->ipc);
	(void)close(f->listen);
	if (f->pid > 0 && (waitpid(f->pid, &status, 0) < 0 || status != 0))
		ret = -1;
	(void)unlink("stored");
	if (chdir("/") < 0 || rmdir(f->dir) < 0)
		ret = -1;
	free(f);
	return ret;
}

static void
start_stored(struct fixture *f, const char *script)
{
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (f->pid == 0)
		be_stored(f->listen, script);
}

/* The UID, or 0 after ERR_TEMP. */
static uint32_t
append_one(struct fixture *f, uint64_t queue)
{
	struct store_target target = { .user = STR("a"), .name = STR("INBOX") };
	struct store_append req = {
		.queue = queue,
		.queue_id = queue == 0 ? STR("") : STR("1.2.3"),
		.targets = { &target, 1 },
		.digest = STR(""),
		.body = STR("A: b\r\n"),
	};
	struct arena *arena = arena_new(0);
	struct store_append_result *result;
	struct store_appended answer;
	struct err err;
	uint32_t uid = 0;

	if (peers_ipc_ops.append(&f->ipc, &req, arena, &answer, &err) == 0) {
		assert_int_equal(answer.results.count, 1);
		result = answer.results.items;
		uid = result->uid;
	} else {
		assert_int_equal(err.kind, ERR_TEMP);
	}
	arena_free(arena);
	return uid;
}

static void
keeps_its_connection(void **state)
{
	struct fixture *f = *state;

	start_stored(f, "ddd");
	assert_int_equal(append_one(f, 0), 6);
	assert_int_equal(append_one(f, 0), 7);
	assert_int_equal(append_one(f, 1), 8);
}

static void
asks_again_after_a_restart_what_has_a_queue_id(void **state)
{
	struct fixture *f = *state;

	start_stored(f, "rdxd");
	assert_int_equal(append_one(f, 1), 6);
	assert_int_equal(append_one(f, 1), 6); /* the first of a new one */
	assert_int_equal(append_one(f, 1), 6); /* lost, and asked again */
}

static void
never_asks_twice_without_one(void **state)
{
	struct fixture *f = *state;

	start_stored(f, "dxd");
	assert_int_equal(append_one(f, 0), 6);
	assert_int_equal(append_one(f, 0), 0);
	assert_int_equal(append_one(f, 0), 6);
}

static void
gives_up_where_a_new_connection_fails_too(void **state)
{
	struct fixture *f = *state;

	start_stored(f, "xd");
	assert_int_equal(append_one(f, 1), 0);
	assert_int_equal(append_one(f, 1), 6);
}

static void
says_temporary_where_nobody_listens(void **state)
{
	struct fixture *f = *state;
	struct rewrite_user_answer answer;
	struct err err;

	(void)unlink("stored");
	assert_int_equal(append_one(f, 1), 0);
	assert_int_equal(
	    peers_ipc_ops.user(&f->ipc, STR("a@b"), &answer, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(keeps_its_connection),
		T(asks_again_after_a_restart_what_has_a_queue_id),
		T(never_asks_twice_without_one),
		T(gives_up_where_a_new_connection_fails_too),
		T(says_temporary_where_nobody_listens),
	};

	return cmocka_run_group_tests_name("lmtpd/peers_ipc", tests, NULL,
	    NULL);
}

#include "t/crash/rewrite_peer.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fsutil.h"
#include "base/log.h"
#include "base/num.h"
#include "ipc/conn.h"
#include "ipc/rewrite_msg.h"

enum { CLIENTS = 4 };

int
peer_patience(void)
{
	const char *text = getenv("CRASH_PATIENCE");
	uint64_t seconds = 120;

	if (text != NULL && !num_parse(str_of(text), 1000, &seconds))
		fatal("bad CRASH_PATIENCE");
	return (int)seconds * 1000;
}

int
peer_listen(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	(void)unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(fd, 128) < 0)
		fatal("cannot listen at %s", path);
	return fd;
}

void
peer_thread(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, fn, arg) != 0)
		fatal("no thread");
	pthread_detach(thread);
}

pid_t
peer_program(const char *program, const char *folder, const char *main_cf,
    const char *const *edges, const int *fds)
{
	char names[300] = "";
	pid_t pid = fork();
	size_t len = 0;

	if (pid != 0)
		return pid;
	/* a test that fails leaves nothing running */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; edges[i] != NULL; i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len,
		    "edge:%s=%d ", edges[i], fcntl(fds[i], F_DUPFD, 20));
	setenv("CHANCERY_FDS", names, 1);
	if (chdir(folder) == 0)
		execl(program, program, "-C", main_cf, NULL);
	_exit(127);
}

void
peer_body_by_file(struct queue_client *client, struct queue_commit *request)
{
	struct str body = request->body;
	uint64_t limit;
	struct err err;
	int fd;

	if (queue_client_large(client, body.len, &fd, &limit, &err) < 0 ||
	    fs_write_all(fd, body.p, body.len, &err) < 0)
		fatal("large: %s", err.text);
	if (fsync(fd) < 0)
		fatal("large: fsync");
	close(fd);
	request->is_large = true;
	request->large_len = body.len;
	request->body = str_of("");
}

/* One request, decoded and answered. -1: the connection is of no use. */
static void
client_main(const char *edge, peer_send_fn *send_one, unsigned first,
    unsigned count, int marks)
{
	struct queue_client client;

	queue_client_init(&client, edge, peer_patience());
	for (unsigned n = first; n < count; n += CLIENTS)
		send_one(&client, n, marks);
	queue_client_clear(&client);
	_exit(0);
}

void
peer_clients(const char *edge, peer_send_fn *send_one, unsigned count,
    int marks)
{
	pid_t child[CLIENTS];

	for (unsigned i = 0; i < CLIENTS; i++) {
		child[i] = fork();
		if (child[i] == 0)
			client_main(edge, send_one, i, count, marks);
	}
	for (unsigned i = 0; i < CLIENTS; i++) {
		int status;

		if (waitpid(child[i], &status, 0) < 0 || status != 0)
			fatal("a client failed");
	}
}

static int
answer(struct ipc_conn *conn, const struct frame *frame, struct arena *arena)
{
	struct ipc_fds none = { .count = 0 };
	struct rewrite_target target = { .transport = STR("lmtp"),
		.nexthop = STR("default") };
	struct rewrite_rcpt_answer way = { .status = REWRITE_OK,
		.targets = { &target, 1 } };
	struct rewrite_user_answer user = { .status = REWRITE_OK,
		.partition = STR("default") };
	struct rewrite_rcpt rcpt;
	struct rewrite_user who;
	struct err err;

	if (frame->type == rewrite_rcpt_msg.type) {
		if (ipc_decode(&rcpt, &rewrite_rcpt_msg, frame->payload, &none,
			arena, &err) < 0)
			return -1;
		target.address = rcpt.address;
		return ipc_conn_send(conn, &rewrite_rcpt_answer_msg, frame->tag,
		    &way, &err);
	}
	if (ipc_decode(&who, &rewrite_user_msg, frame->payload, &none, arena,
		&err) < 0)
		return -1;
	user.user = who.address;
	return ipc_conn_send(conn, &rewrite_user_answer_msg, frame->tag, &user,
	    &err);
}

static void *
session(void *arg)
{
	struct arena *arena = arena_new(0);
	struct ipc_conn conn;
	struct frame frame;
	struct err err;

	ipc_conn_init(&conn, (int)(intptr_t)arg, -1);
	while (ipc_conn_recv(&conn, &frame, &err) == 0 &&
	    answer(&conn, &frame, arena) == 0)
		arena_reset(arena);
	ipc_conn_clear(&conn);
	arena_free(arena);
	return NULL;
}

static void *
server(void *arg)
{
	int listener = (int)(intptr_t)arg;

	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			return NULL;
		peer_thread(session, (void *)(intptr_t)fd);
	}
}

void
rewrite_peer_start(const char *path)
{
	peer_thread(server, (void *)(intptr_t)peer_listen(path));
}

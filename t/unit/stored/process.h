/*
 * process - stored as a process with its edges, clients of them, and tickets:
 * for tests of the daemon as a whole.
 */
#ifndef T_STORED_PROCESS_H
#define T_STORED_PROCESS_H

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/ticket.h"
#include "base/alloc.h"
#include "base/attr.h"
#include "base/fsutil.h"
#include "base/time.h"
#include "net/connect.h"
#include "store/changes.h"
#include "store/mailbox.h"

enum { EDGES = 5, TIMEOUT_MS = 120000 };

static const char *const edges[EDGES] = { "lmtpd", "imapd", "qmgr", "ctl",
	"authd" };

/* Where this test was started from: the daemon is built beside it. */
static char daemon_path[5000];

struct fixture {
	char dir[64];
	int listener[EDGES];
	pid_t pid;
	struct buf private_key;
	struct arena *arena;
};

UNUSED static void
edge_path(const struct fixture *f, const char *edge, char out[100])
{
	(void)snprintf(out, 100, "%s/%s.sock", f->dir, edge);
}

UNUSED static int
listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 128), 0);
	return fd;
}

UNUSED static void
run_daemon(const struct fixture *f)
{
	char fds[200] = "", config[100];
	size_t at = 0;

	for (int i = 0; i < EDGES; i++)
		at += (size_t)snprintf(fds + at, sizeof(fds) - at,
		    "edge:%s=%d ", edges[i], f->listener[i]);
	(void)setenv("CHANCERY_FDS", fds, 1);
	(void)snprintf(config, sizeof(config), "%s/main.cf", f->dir);
	if (chdir(f->dir) == 0)
		(void)execl(daemon_path, "stored", "-C", config, (char *)NULL);
	_exit(127);
}

UNUSED static void
start_daemon(struct fixture *f)
{
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (f->pid == 0)
		run_daemon(f);
}

UNUSED static void
end_daemon(struct fixture *f, int signal)
{
	int status;

	assert_int_equal(kill(f->pid, signal), 0);
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	if (signal == SIGTERM)
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

UNUSED static void
write_file(const struct fixture *f, const char *name, struct str bytes)
{
	char path[100];
	struct err err;

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	assert_int_equal(fs_write_file(AT_FDCWD, path, bytes, 0600, &err), 0);
}

UNUSED static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct buf public_key;
	char path[100];
	struct err err;

	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/chancery-stored-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->arena = arena_new(0);
	buf_init(&f->private_key, 0);
	buf_init(&public_key, 0);
	assert_int_equal(ticket_make_keys(&f->private_key, &public_key, &err),
	    0);
	(void)snprintf(path, sizeof(path), "%s/etc", f->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file(f, "etc/ticket.pub", buf_str(&public_key));
	write_file(f, "main.cf",
	    STR("store_index_size = 256M\nstore_pack_size = 8M\n"
		"store_large_size = 2M\n"));
	buf_clear(&public_key);
	for (int i = 0; i < EDGES; i++) {
		edge_path(f, edges[i], path);
		f->listener[i] = listen_at(path);
	}
	start_daemon(f);
	*state = f;
	return 0;
}

UNUSED static int
teardown(void **state)
{
	struct fixture *f = *state;
	struct err err;

	end_daemon(f, SIGTERM);
	for (int i = 0; i < EDGES; i++)
		(void)close(f->listener[i]);
	assert_int_equal(fs_remove_tree(AT_FDCWD, f->dir, &err), 0);
	buf_clear(&f->private_key);
	arena_free(f->arena);
	free(f);
	return 0;
}

UNUSED static struct store_client *
connect_as(const struct fixture *f, const char *edge)
{
	char path[100];
	struct err err;
	int fd;

	edge_path(f, edge, path);
	fd = connect_unix(path, &err);
	assert_true(fd >= 0);
	return store_client_new(fd, TIMEOUT_MS);
}

UNUSED static struct str
sign_at(struct fixture *f, const char *user, const char *service,
    int64_t issued, struct buf *out)
{
	struct ticket ticket = { .session = STR("s1"),
		.user = str_of(user),
		.service = str_of(service),
		.mech = STR("PLAIN"),
		.issued = issued,
		.expires = issued + 60 };
	struct ticket_signer *signer;
	struct err err;

	signer = ticket_signer_new(buf_str(&f->private_key), &err);
	assert_non_null(signer);
	buf_init(out, 0);
	assert_int_equal(ticket_sign(out, signer, &ticket, &err), 0);
	ticket_signer_free(signer);
	return buf_str(out);
}

UNUSED static struct str
sign_for(struct fixture *f, const char *user, const char *service,
    struct buf *out)
{
	return sign_at(f, user, service, time_real() / TIME_SECOND, out);
}

UNUSED static struct str
sign(struct fixture *f, const char *user, struct buf *out)
{
	return sign_for(f, user, "imap", out);
}

struct session {
	struct store_client *client;
	struct store_reader *reader;
	uint32_t user;
};

UNUSED static void
log_in(struct fixture *f, const char *user, struct session *s)
{
	struct err err = { 0 };
	struct buf ticket;

	assert_int_equal(
	    store_reader_open(&s->reader, f->dir, TIMEOUT_MS, &err), 0);
	s->client = connect_as(f, "imapd");
	if (store_client_hello(s->client, s->reader, str_of(user),
		sign(f, user, &ticket), &s->user, &err) < 0)
		fail_msg("%s", err.text);
	buf_clear(&ticket);
}

UNUSED static void
log_out(struct session *s)
{
	store_client_free(s->client);
	store_reader_close(s->reader);
}

UNUSED static uint32_t
find(struct session *s, const char *name)
{
	struct store_name row;
	struct err err;

	if (store_mailbox_find(s->reader, s->user, str_of(name), &row, &err) <
	    0)
		fail_msg("%s", err.text);
	return row.mailbox;
}

UNUSED static const char message[] =
    "From: a@a.test\r\nSubject: test\r\n\r\nHi.\r\n";

/* Deliver body to two users; true when it was new. */
UNUSED static bool
deliver(struct fixture *f, struct store_client *client, struct str body,
    const char *id)
{
	struct store_target target[2] = {
		{ .number = 0,
		    .user = STR("anna@a.test"),
		    .name = STR("INBOX"),
		    .prefix = STR("Return-Path: <x@a.test>\r\n") },
		{ .number = 1,
		    .user = STR("bob@a.test"),
		    .name = STR("new/box"),
		    .make = true,
		    .prefix = STR("") },
	};
	struct store_append req = { .queue = 5,
		.queue_id = str_of(id),
		.internal = 12345,
		.targets = { target, 2 },
		.body = body };
	struct store_digest digest;
	struct store_appended answer;
	struct store_append_result *result;
	struct buf bytes;
	struct err err = { 0 };

	buf_init(&bytes, 0);
	assert_int_equal(store_digest_make(&digest, f->arena, body, NULL, &err),
	    0);
	assert_int_equal(store_digest_encode(&bytes, &digest, body, &err), 0);
	req.digest = buf_str(&bytes);
	if (store_client_append(client, &req, f->arena, &answer, &err) < 0)
		fail_msg("%s", err.text);
	buf_clear(&bytes);
	assert_int_equal(answer.results.count, 2);
	result = answer.results.items;
	assert_int_equal(result[0].kind, ERR_NONE);
	assert_int_equal(result[1].kind, ERR_NONE);
	assert_int_equal(result[0].repeated, result[1].repeated);
	return !result[0].repeated;
}

UNUSED static void
check_body(struct session *s, uint32_t mailbox, uint32_t uid, struct str want)
{
	struct store_body body;
	struct err err;
	struct str piece[2];

	if (store_body_open(s->reader, s->client, mailbox, uid, &body, &err) <
	    0)
		fail_msg("%s", err.text);
	assert_true(str_eq(body.body, want));
	assert_true(str_eqz(body.prefix, "Return-Path: <x@a.test>\r\n"));
	store_body_part(&body, 20, 10, piece);
	assert_true(str_eqz(piece[0], "st>\r\n"));
	assert_true(str_eq(piece[1], str_sub(want, 0, 5)));
	store_body_close(&body);
}

UNUSED static void
verify(struct fixture *f)
{
	struct store_client *ctl = connect_as(f, "ctl");
	struct store_admin_done done;
	struct err err;

	if (store_client_admin(ctl, STORE_ADMIN_VERIFY, f->arena, &done, &err) <
	    0)
		fail_msg("%s", err.text);
	if (done.problems != 0)
		fail_msg("%.*s", STR_A(done.text));
	assert_true(done.checked > 0);
	store_client_free(ctl);
}

/* Where the daemon stands: beside BUILD/t/unit/stored/TEST. */
UNUSED static int
find_daemon(const char *argv0)
{
	char *slash, here[4096];

	if (realpath(argv0, here) == NULL)
		return -1;
	for (int i = 0; i < 4 && (slash = strrchr(here, '/')) != NULL; i++)
		*slash = '\0';
	(void)snprintf(daemon_path, sizeof(daemon_path), "%s/libexec/stored",
	    here);
	return 0;
}

#endif

/*
 * stored as a process: clients over its edges, tickets, bodies, notices, and
 * what is left after kill -9.
 */
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
#include "base/fsutil.h"
#include "base/time.h"
#include "net/connect.h"
#include "store/changes.h"
#include "store/mailbox.h"

enum { EDGES = 4, TIMEOUT_MS = 20000 };

static const char *const edges[EDGES] = { "lmtpd", "imapd", "qmgr", "ctl" };

/* Where this test was started from: the daemon is built beside it. */
static char daemon_path[5000];

struct fixture {
	char dir[64];
	int listener[EDGES];
	pid_t pid;
	struct buf private_key;
	struct arena *arena;
};

static void
edge_path(const struct fixture *f, const char *edge, char out[100])
{
	(void)snprintf(out, 100, "%s/%s.sock", f->dir, edge);
}

static int
listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 128), 0);
	return fd;
}

static void
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

static void
start_daemon(struct fixture *f)
{
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (f->pid == 0)
		run_daemon(f);
}

static void
end_daemon(struct fixture *f, int signal)
{
	int status;

	assert_int_equal(kill(f->pid, signal), 0);
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	if (signal == SIGTERM)
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
write_file(const struct fixture *f, const char *name, struct str bytes)
{
	char path[100];
	struct err err;

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	assert_int_equal(fs_write_file(AT_FDCWD, path, bytes, 0600, &err), 0);
}

static int
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

static int
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

static struct store_client *
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

static struct str
sign_for(struct fixture *f, const char *user, const char *service,
    struct buf *out)
{
	int64_t now = time_real() / TIME_SECOND;
	struct ticket ticket = { .session = STR("s1"),
		.user = str_of(user),
		.service = str_of(service),
		.mech = STR("PLAIN"),
		.issued = now,
		.expires = now + 60 };
	struct ticket_signer *signer;
	struct err err;

	signer = ticket_signer_new(buf_str(&f->private_key), &err);
	assert_non_null(signer);
	buf_init(out, 0);
	assert_int_equal(ticket_sign(out, signer, &ticket, &err), 0);
	ticket_signer_free(signer);
	return buf_str(out);
}

static struct str
sign(struct fixture *f, const char *user, struct buf *out)
{
	return sign_for(f, user, "imap", out);
}

struct session {
	struct store_client *client;
	struct store_reader *reader;
	uint32_t user;
};

static void
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

static void
log_out(struct session *s)
{
	store_client_free(s->client);
	store_reader_close(s->reader);
}

static uint32_t
find(struct session *s, const char *name)
{
	struct store_name row;
	struct err err;

	if (store_mailbox_find(s->reader, s->user, str_of(name), &row, &err) <
	    0)
		fail_msg("%s", err.text);
	return row.mailbox;
}

static const char message[] = "From: a@a.test\r\nSubject: test\r\n\r\nHi.\r\n";

/* Deliver body to two users; true when it was new. */
static bool
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

static void
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

static void
what_was_delivered_is_read(void **state)
{
	struct fixture *f = *state;
	struct store_client *lmtp = connect_as(f, "lmtpd");
	static const size_t sizes[] = { 300000, 1500000, 5000000 };
	struct store_message row[8];
	struct store_digest digest;
	struct session anna;
	char *large = xmalloc(5000000);
	struct err err;
	size_t count;

	memset(large, 'x', 5000000);
	assert_true(deliver(f, lmtp, str_of(message), "q1"));
	assert_false(deliver(f, lmtp, str_of(message), "q1"));
	for (size_t i = 0; i < NELEMS(sizes); i++) {
		char id[8];

		(void)snprintf(id, sizeof(id), "l%zu", i);
		assert_true(deliver(f, lmtp, str_make(large, sizes[i]), id));
	}
	log_in(f, "anna@a.test", &anna);
	assert_int_equal(store_scan(anna.reader, find(&anna, "inbox"), 1,
			     UINT32_MAX, row, NELEMS(row), &count, &err),
	    0);
	assert_int_equal(count, 4);
	assert_int_equal(row[0].internal, 12345);
	assert_int_equal(row[0].size, sizeof(message) - 1 + 25);
	check_body(&anna, find(&anna, "INBOX"), 1, str_of(message));
	for (size_t i = 0; i < NELEMS(sizes); i++)
		check_body(&anna, find(&anna, "INBOX"), (uint32_t)i + 2,
		    str_make(large, sizes[i]));
	assert_int_equal(store_digests(anna.reader, anna.client, &row[0].blob,
			     1, f->arena, &digest, &err),
	    0);
	assert_non_null(digest.root);
	assert_true(str_eqz(digest.envelope.subject, "test"));
	log_out(&anna);
	store_client_free(lmtp);
	free(large);
}

static void
a_ticket_opens_one_users_mailboxes(void **state)
{
	struct fixture *f = *state;
	struct store_client *client = connect_as(f, "imapd");
	struct store_client *lmtp = connect_as(f, "lmtpd");
	struct session anna;
	struct buf ticket;
	uint64_t modseq;
	uint32_t user, count;
	struct err err;

	(void)sign(f, "anna@a.test", &ticket);
	assert_int_equal(store_client_subscribe(client, STR("x"), true, &err),
	    -1);
	assert_int_equal(err.kind, ERR_DENIED);
	assert_int_equal(store_client_hello(client, NULL, STR("bob@a.test"),
			     buf_str(&ticket), &user, &err),
	    -1);
	assert_int_equal(err.kind, ERR_DENIED);
	ticket.p[ticket.len - 1] ^= 1;
	assert_int_equal(store_client_hello(client, NULL, STR("anna@a.test"),
			     buf_str(&ticket), &user, &err),
	    -1);
	assert_int_equal(err.kind, ERR_DENIED);
	buf_clear(&ticket);
	/* given to smtpd, or for the other kind of session */
	for (size_t i = 0; i < 2; i++) {
		(void)sign_for(f, "anna@a.test", i == 0 ? "smtp" : "pop",
		    &ticket);
		assert_int_equal(store_client_hello(client, NULL,
				     STR("anna@a.test"), buf_str(&ticket),
				     &user, &err),
		    -1);
		assert_int_equal(err.kind, ERR_DENIED);
		buf_clear(&ticket);
	}

	assert_true(deliver(f, lmtp, str_of(message), "q1"));
	log_in(f, "anna@a.test", &anna);
	/* bob's mailboxes come after anna's six. */
	assert_int_equal(store_client_expunge(anna.client, 7, NULL, false,
			     &modseq, &count, &err),
	    -1);
	assert_int_equal(err.kind, ERR_DENIED);
	assert_int_equal(store_mailbox_find(anna.reader, anna.user + 1,
			     STR("INBOX"), &(struct store_name){ 0 }, &err),
	    -1);
	assert_int_equal(err.kind, ERR_DENIED);
	log_out(&anna);
	store_client_free(lmtp);
	store_client_free(client);
}

static void
count_notice(void *ctx, const struct store_notice *notice)
{
	if (notice->modseq > 0)
		++*(unsigned *)ctx;
}

static void
who_watches_is_told(void **state)
{
	struct fixture *f = *state;
	struct store_client *lmtp = connect_as(f, "lmtpd");
	struct pollfd poller = { .events = POLLIN };
	struct store_change change[4];
	uint64_t since = 0;
	uint32_t after = 0;
	unsigned told = 0;
	struct session anna;
	struct err err;
	size_t count;

	log_in(f, "anna@a.test", &anna);
	assert_int_equal(
	    store_client_watch(anna.client, find(&anna, "INBOX"), true, &err),
	    0);
	assert_true(deliver(f, lmtp, str_of(message), "q1"));
	poller.fd = store_client_fd(anna.client);
	assert_int_equal(poll(&poller, 1, TIMEOUT_MS), 1);
	assert_int_equal(
	    store_client_notices(anna.client, count_notice, &told, &err), 1);
	assert_int_equal(told, 1);
	assert_int_equal(store_changes(anna.reader, find(&anna, "INBOX"),
			     &since, &after, change, 4, &count, &err),
	    0);
	assert_int_equal(count, 1);
	assert_int_equal(
	    store_client_watch(anna.client, find(&anna, "INBOX"), false, &err),
	    0);
	assert_true(deliver(f, lmtp, str_of(message), "q2"));
	assert_int_equal(
	    store_client_notices(anna.client, count_notice, &told, &err), 0);
	log_out(&anna);
	store_client_free(lmtp);
}

static void
sessions_change_their_mailboxes(void **state)
{
	struct fixture *f = *state;
	struct store_client *lmtp = connect_as(f, "lmtpd");
	struct str keyword = STR("$Forwarded");
	struct store_flags_change change = { .mode = STORE_FLAGS_ADD,
		.flags = STORE_FLAG_SEEN,
		.keywords = &keyword,
		.keyword_count = 1,
		.unchanged_since = UINT64_MAX };
	struct store_uids uids = { 0 }, rejected;
	struct store_copy_result copied;
	struct session anna;
	struct store_entry *entry;
	struct store_mbox mbox;
	uint64_t modseq;
	uint32_t inbox, first, next, count;
	size_t names;
	struct err err;

	for (int i = 0; i < 5; i++)
		assert_true(deliver(f, lmtp, str_of(message),
		    (const char[]){ 'a', (char)('0' + i), '\0' }));
	log_in(f, "anna@a.test", &anna);
	inbox = find(&anna, "INBOX");
	assert_int_equal(
	    store_client_recent(anna.client, inbox, &first, &next, &err), 0);
	assert_true(first == 1 && next == 6);

	store_uids_append(&uids, 2, 3);
	change.mailbox = inbox;
	change.uids = &uids;
	assert_int_equal(
	    store_client_flags(anna.client, &change, &modseq, &rejected, &err),
	    0);
	assert_true(modseq > 0 && rejected.len == 0);
	change.unchanged_since = modseq - 1;
	change.flags = STORE_FLAG_DELETED;
	assert_int_equal(
	    store_client_flags(anna.client, &change, &modseq, &rejected, &err),
	    0);
	assert_true(modseq == 0 && store_uids_count(&rejected) == 2);
	store_uids_clear(&rejected);

	assert_int_equal(store_client_create(anna.client, STR(""), STR("a/b/c"),
			     STORE_USE_NONE, STORE_TYPE_MAIL, NULL, NULL, &err),
	    0);
	assert_int_equal(store_client_copy(anna.client, inbox, &uids,
			     STR("a/b/c"), true, &copied, &err),
	    0);
	assert_true(copied.count == 2 && store_uids_at(&copied.to, 1) == 1 &&
	    store_uids_has(&copied.from, 3));
	store_uids_clear(&copied.from);
	store_uids_clear(&copied.to);
	assert_int_equal(store_client_copy(anna.client, inbox, &uids,
			     STR("none"), false, &copied, &err),
	    -1);
	assert_int_equal(err.kind, ERR_NOENT);
	assert_int_equal(
	    store_client_rename(anna.client, STR(""), STR("a"), STR("z"), &err),
	    0);
	assert_int_equal(store_mailbox_get(anna.reader, find(&anna, "z/b/c"),
			     f->arena, &mbox, &err),
	    0);
	assert_true(
	    mbox.exists == 2 && mbox.unseen == 0 && mbox.keywords.count == 1);
	assert_int_equal(store_client_expunge(anna.client, inbox, NULL, false,
			     &modseq, &count, &err),
	    0);
	assert_int_equal(count, 3);
	assert_int_equal(
	    store_client_delete(anna.client, STR(""), STR("z/b/c"), &err), 0);
	assert_int_equal(
	    store_client_subscribe(anna.client, STR("gone"), true, &err), 0);
	assert_int_equal(store_mailbox_list(anna.reader, anna.user, f->arena,
			     &entry, &names, &err),
	    0);
	assert_int_equal(names, 9); /* six, z, z/b and gone */
	store_uids_clear(&uids);
	log_out(&anna);
	store_client_free(lmtp);
}

static void
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

static void
what_was_answered_survives_kill_9(void **state)
{
	struct fixture *f = *state;
	struct store_listing *row;
	struct store_listed listed;
	struct store_client *client;
	struct err err;
	char id[8];

	for (int round = 0; round < 3; round++) {
		client = connect_as(f, "lmtpd");
		for (int i = 0; i < 50; i++) {
			(void)snprintf(id, sizeof(id), "%d.%d", round, i);
			assert_true(deliver(f, client, str_of(message), id));
		}
		end_daemon(f, SIGKILL);
		store_client_free(client);
		start_daemon(f);
		client = connect_as(f, "lmtpd");
		assert_false(deliver(f, client, str_of(message), id));
		store_client_free(client);
		verify(f);
	}
	client = connect_as(f, "ctl");
	assert_int_equal(store_client_list(client, STR("bob@a.test"), STR(""),
			     f->arena, &listed, &err),
	    0);
	assert_int_equal(listed.mailboxes.count, 8);
	row = listed.mailboxes.items;
	assert_true(str_eqz(row[7].name, "new/box"));
	assert_int_equal(row[7].exists, 150);
	store_client_free(client);
}

static void
rebuild_makes_the_same_store(void **state)
{
	struct fixture *f = *state;
	struct store_client *client = connect_as(f, "lmtpd");
	struct store_admin_done done;
	struct session anna;
	struct err err;
	int status;

	assert_true(deliver(f, client, str_of(message), "q1"));
	store_client_free(client);
	log_in(f, "anna@a.test", &anna);
	assert_false(store_reader_is_stale(anna.reader));
	client = connect_as(f, "ctl");
	assert_int_equal(store_client_admin(client, STORE_ADMIN_REBUILD,
			     f->arena, &done, &err),
	    0);
	store_client_free(client);
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	start_daemon(f);
	verify(f);
	assert_true(store_reader_is_stale(anna.reader));
	log_out(&anna);
	log_in(f, "anna@a.test", &anna);
	check_body(&anna, find(&anna, "INBOX"), 1, str_of(message));
	log_out(&anna);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_delivered_is_read,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_ticket_opens_one_users_mailboxes, setup, teardown),
		cmocka_unit_test_setup_teardown(who_watches_is_told, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(sessions_change_their_mailboxes,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    what_was_answered_survives_kill_9, setup, teardown),
		cmocka_unit_test_setup_teardown(rebuild_makes_the_same_store,
		    setup, teardown),
	};
	char *slash, here[4096];

	(void)argc;
	if (realpath(argv[0], here) == NULL)
		return 1;
	for (int i = 0; i < 4 && (slash = strrchr(here, '/')) != NULL; i++)
		*slash = '\0'; /* BUILD/t/unit/stored/test_daemon */
	(void)snprintf(daemon_path, sizeof(daemon_path), "%s/libexec/stored",
	    here);
	return cmocka_run_group_tests_name("stored/daemon", tests, NULL, NULL);
}

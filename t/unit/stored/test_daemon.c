/*
 * stored as a process: bodies, tickets, and what is left after kill -9 and a
 * rebuild.
 */
#include "ipc/frame.h"
#include "ipc/store_msg.h"
#include "t/unit/stored/process.h"

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

/*
 * Say so as edge; it was taken when the answer to the question behind it has
 * come, which is a refusal for both.
 */
static void
make_void(const struct fixture *f, const char *edge, const char *user,
    int64_t not_before)
{
	struct store_void msg = { str_of(user), (uint64_t)not_before,
		(uint64_t)not_before + 1000 };
	struct store_recent question = { 1 };
	struct ipc_fds fds = { .count = 0 };
	char path[100], byte;
	struct buf out;
	struct err err;
	int fd;

	edge_path(f, edge, path);
	fd = connect_unix(path, &err);
	assert_true(fd >= 0);
	buf_init(&out, 0);
	(void)frame_write(&out, &fds, &store_void_msg, 1, &msg, &err);
	(void)frame_write(&out, &fds, &store_recent_msg, 2, &question, &err);
	assert_int_equal(write(fd, out.p, out.len), out.len);
	assert_int_equal(recv(fd, &byte, 1, 0), 1);
	(void)close(fd);
	buf_clear(&out);
}

/* Does a ticket issued then open the mailboxes? */
static bool
opens(struct fixture *f, const char *user, int64_t issued)
{
	struct store_client *client = connect_as(f, "imapd");
	struct buf ticket;
	uint32_t id;
	struct err err;
	int ret = store_client_hello(client, NULL, str_of(user),
	    sign_at(f, user, "imap", issued, &ticket), &id, &err);

	buf_clear(&ticket);
	store_client_free(client);
	if (ret < 0)
		assert_int_equal(err.kind, ERR_DENIED);
	return ret == 0;
}

static void
a_void_ticket_opens_nothing(void **state)
{
	int64_t now = time_real() / TIME_SECOND;
	struct fixture *f = *state;
	struct session anna, bob;
	struct err err;

	log_in(f, "anna@a.test", &anna);
	log_in(f, "bob@a.test", &bob);
	make_void(f, "imapd", "anna@a.test", now + 100); /* not its to say */
	assert_true(opens(f, "anna@a.test", now));
	make_void(f, "authd", "Anna@a.test", now + 100);
	assert_false(opens(f, "anna@a.test", now));
	assert_false(opens(f, "anna@a.test", now + 99));
	assert_true(opens(f, "anna@a.test", now + 100));
	assert_true(opens(f, "bob@a.test", now));
	/* and who had shown one is cut off */
	assert_int_equal(
	    store_client_subscribe(anna.client, STR("x"), true, &err), -1);
	assert_int_equal(
	    store_client_subscribe(bob.client, STR("x"), true, &err), 0);
	log_out(&anna);
	log_out(&bob);
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
		cmocka_unit_test_setup_teardown(a_void_ticket_opens_nothing,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    what_was_answered_survives_kill_9, setup, teardown),
		cmocka_unit_test_setup_teardown(rebuild_makes_the_same_store,
		    setup, teardown),
	};

	if (argc != 1 || find_daemon(argv[0]) < 0)
		return 1;
	return cmocka_run_group_tests_name("stored/daemon", tests, NULL, NULL);
}

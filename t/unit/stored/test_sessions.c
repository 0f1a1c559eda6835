/*
 * stored as a process: what sessions are told, and what they change.
 */
#include "t/unit/stored/process.h"

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

/* On a condition that holds, then on one that does not. */
static void
change_flags(struct session *anna, uint32_t inbox, struct store_uids *uids)
{
	struct str keyword = STR("$Forwarded");
	struct store_flags_change change = { .mode = STORE_FLAGS_ADD,
		.flags = STORE_FLAG_SEEN,
		.keywords = &keyword,
		.keyword_count = 1,
		.unchanged_since = UINT64_MAX };
	struct store_uids rejected;
	uint64_t modseq;
	struct err err;

	change.mailbox = inbox;
	change.uids = uids;
	assert_int_equal(
	    store_client_flags(anna->client, &change, &modseq, &rejected, &err),
	    0);
	assert_true(modseq > 0 && rejected.len == 0);
	change.unchanged_since = modseq - 1;
	change.flags = STORE_FLAG_DELETED;
	assert_int_equal(
	    store_client_flags(anna->client, &change, &modseq, &rejected, &err),
	    0);
	assert_true(modseq == 0 && store_uids_count(&rejected) == 2);
	store_uids_clear(&rejected);
}

static void
change_mailboxes(struct fixture *f, struct session *anna, uint32_t inbox,
    struct store_uids *uids)
{
	struct store_copy_result copied;
	struct store_entry *entry;
	struct store_mbox mbox;
	uint64_t modseq;
	uint32_t count;
	size_t names;
	struct err err;

	assert_int_equal(store_client_create(anna->client, STR(""),
			     STR("a/b/c"), STORE_USE_NONE, STORE_TYPE_MAIL,
			     NULL, NULL, &err),
	    0);
	assert_int_equal(store_client_copy(anna->client, inbox, uids,
			     STR("a/b/c"), true, &copied, &err),
	    0);
	assert_true(copied.count == 2 && store_uids_at(&copied.to, 1) == 1 &&
	    store_uids_has(&copied.from, 3));
	store_uids_clear(&copied.from);
	store_uids_clear(&copied.to);
	assert_int_equal(store_client_copy(anna->client, inbox, uids,
			     STR("none"), false, &copied, &err),
	    -1);
	assert_int_equal(err.kind, ERR_NOENT);
	assert_int_equal(store_client_rename(anna->client, STR(""), STR("a"),
			     STR("z"), &err),
	    0);
	assert_int_equal(store_mailbox_get(anna->reader, find(anna, "z/b/c"),
			     f->arena, &mbox, &err),
	    0);
	assert_true(
	    mbox.exists == 2 && mbox.unseen == 0 && mbox.keywords.count == 1);
	assert_int_equal(store_client_expunge(anna->client, inbox, NULL, false,
			     &modseq, &count, &err),
	    0);
	assert_int_equal(count, 3);
	assert_int_equal(
	    store_client_delete(anna->client, STR(""), STR("z/b/c"), &err), 0);
	assert_int_equal(
	    store_client_subscribe(anna->client, STR("gone"), true, &err), 0);
	assert_int_equal(store_mailbox_list(anna->reader, anna->user, f->arena,
			     &entry, &names, &err),
	    0);
	assert_int_equal(names, 9); /* six, z, z/b and gone */
}

/* What is appended with a claim is recent in that session, once. */
static void
who_appends_may_claim_what_is_recent(void **state)
{
	static const struct {
		bool claims;
		uint32_t recent, after; /* in the answer, in the row */
	} steps[] = {
		{ false, 0, 2 }, /* behind one that was delivered */
		{ true, 2, 5 },
		{ true, 5, 6 },
		{ false, 0, 6 },
	};
	struct fixture *f = *state;
	struct store_client *lmtp = connect_as(f, "lmtpd");
	struct store_target target = { .name = STR("INBOX") };
	struct store_append req = { .internal = INT64_MIN,
		.targets = { &target, 1 },
		.body = str_of(message) };
	const struct store_append_result *result;
	struct store_appended answer;
	struct store_glance glance;
	struct session anna;
	uint32_t inbox, first, next;
	struct err err;

	assert_true(deliver(f, lmtp, str_of(message), "a0"));
	log_in(f, "anna@a.test", &anna);
	inbox = find(&anna, "INBOX");
	assert_int_equal(
	    store_client_recent(anna.client, inbox, &first, &next, &err), 0);
	assert_true(deliver(f, lmtp, str_of(message), "a1"));
	for (size_t i = 0; i < NELEMS(steps); i++) {
		req.claims = steps[i].claims;
		assert_int_equal(store_client_append(anna.client, &req,
				     f->arena, &answer, &err),
		    0);
		result = answer.results.items;
		assert_int_equal(result->kind, ERR_NONE);
		assert_int_equal(result->uid, i + 3);
		assert_int_equal(result->recent, steps[i].recent);
		assert_int_equal(
		    store_mailbox_glance(anna.reader, inbox, &glance, &err), 0);
		assert_int_equal(glance.recent, steps[i].after);
	}
	assert_int_equal(
	    store_client_recent(anna.client, inbox, &first, &next, &err), 0);
	assert_true(first == 6 && next == 7);
	log_out(&anna);
	store_client_free(lmtp);
}

static void
sessions_change_their_mailboxes(void **state)
{
	struct fixture *f = *state;
	struct store_client *lmtp = connect_as(f, "lmtpd");
	struct store_uids uids = { 0 };
	struct session anna;
	uint32_t inbox, first, next;
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
	change_flags(&anna, inbox, &uids);
	change_mailboxes(f, &anna, inbox, &uids);
	store_uids_clear(&uids);
	log_out(&anna);
	store_client_free(lmtp);
}

/* In its place comes one that ends before it answers anybody, then another. */
static void
start_behind_one_that_ends(struct fixture *f)
{
	int imapd = 1, fd;

	assert_string_equal(edges[imapd], "imapd");
	end_daemon(f, SIGKILL);
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (f->pid > 0)
		return;
	fd = accept(f->listener[imapd], NULL, NULL);
	if (fd < 0)
		_exit(127);
	(void)close(fd);
	run_daemon(f);
}

static void
who_was_let_in_by_one_that_ends_waits_for_the_next(void **state)
{
	struct fixture *f = *state;
	struct store_client *client = NULL;
	struct buf ticket;
	struct err err = { 0 };
	char path[100];
	uint32_t user;

	start_behind_one_that_ends(f);
	edge_path(f, "imapd", path);
	if (store_client_ensure(&client, NULL, path, TIMEOUT_MS,
		STR("anna@a.test"), sign(f, "anna@a.test", &ticket), &user,
		&err) < 0)
		fail_msg("%s", err.text);
	assert_true(user > 0);
	buf_clear(&ticket);
	store_client_free(client);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_watches_is_told, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    who_appends_may_claim_what_is_recent, setup, teardown),
		cmocka_unit_test_setup_teardown(sessions_change_their_mailboxes,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    who_was_let_in_by_one_that_ends_waits_for_the_next, setup,
		    teardown),
	};

	if (argc != 1 || find_daemon(argv[0]) < 0)
		return 1;
	return cmocka_run_group_tests_name("stored/sessions", tests, NULL,
	    NULL);
}

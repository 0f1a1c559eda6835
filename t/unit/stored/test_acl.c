/*
 * Rights as stored keeps them: who may change what in whose mailboxes, by
 * names and by numbers, and what readers are then shown.
 */
#include "kv/kv.h"
#include "store/message.h"
#include "store/rights.h"
#include "store/verify.h"
#include "stored/acl.h"
#include "stored/append.h"
#include "stored/check.h"
#include "stored/copy.h"
#include "stored/expunge.h"
#include "stored/flags.h"
#include "t/unit/stored/fixture.h"

enum { ANNA, BOB, CARL }; /* carl is of another domain */

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	fixture_open(f, "acl");
	for (unsigned user = 0; user < USERS; user++)
		hello(f, user);
	*state = f;
	return 0;
}

static void
problem(void *ctx, const char *text)
{
	(void)ctx;
	fail_msg("%s", text);
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	struct store_verify_ops ops = { problem, check_body, f->engine };
	struct err err;

	assert_int_equal(store_verify_all(f->engine->kv, &ops, &err), 0);
	fixture_close(f);
	free(f);
	return 0;
}

/* Ask as a session of user would. */
static struct request *
ask_as(struct fixture *f, unsigned user, request_fn *fn,
    const struct ipc_msg *msg, const void *in, enum err_kind kind)
{
	struct request *request = ask(f, fn, msg, in, user);

	request->is_trusted = false;
	run_one(f, request, kind);
	return request;
}

static void
set_acl(struct fixture *f, unsigned user, const char *name, const char *whom,
    const char *rights, enum err_kind kind)
{
	struct store_acl_change in = { .op = STORE_ACL_SET,
		.name = str_of(name),
		.identifier = str_of(whom) };
	struct err err;

	assert_int_equal(store_rights_parse(&in.rights, str_of(rights), &err),
	    0);
	request_free(
	    ask_as(f, user, acl_run, &store_acl_change_msg, &in, kind));
}

static uint32_t
append(struct fixture *f, unsigned user, const char *name, uint16_t flags,
    enum err_kind kind)
{
	struct store_target target = { .name = str_of(name), .flags = flags };
	struct store_append in = { .internal = INT64_MIN,
		.targets = { &target, 1 },
		.body = STR("a: b\r\n\r\nc\r\n") };
	struct request *request =
	    ask_as(f, user, append_run, &store_append_msg, &in, ERR_NONE);
	struct store_appended *answer = request->answer;
	struct store_append_result *result = answer->results.items;
	uint32_t uid = result->uid;

	if (result->kind != kind)
		fail_msg("append to %s: %d", name, result->kind);
	request_free(request);
	return uid;
}

static uint32_t
mailbox_id(struct fixture *f, unsigned user, const char *name)
{
	struct store_name found;
	struct look look;
	struct err err;
	int ret;

	begin_look(&look, f, user);
	ret = store_mailbox_find(look.reader, user + 1, str_of(name), &found,
	    &err);
	end_look(&look);
	if (ret < 0)
		assert_int_equal(err.kind, ERR_NOENT);
	return ret < 0 ? 0 : found.mailbox;
}

static void
set_flags(struct fixture *f, unsigned user, uint32_t mailbox, uint16_t flags,
    enum store_flags_mode mode, enum err_kind kind)
{
	static const char all[] = { 0, 0, 0, 1, 0, 0, 0, 9 };
	struct store_flags in = { .mailbox = mailbox,
		.uids = str_make(all, sizeof(all)),
		.mode = (uint8_t)mode,
		.flags = flags,
		.unchanged_since = UINT64_MAX };

	request_free(ask_as(f, user, flags_run, &store_flags_msg, &in, kind));
}

static uint16_t
flags_of(struct fixture *f, unsigned user, uint32_t mailbox, uint32_t uid)
{
	struct store_message message;
	struct look look;
	struct err err;

	begin_look(&look, f, user);
	if (store_message_get(look.reader, mailbox, uid, &message, &err) < 0)
		fail_msg("%s", err.text);
	end_look(&look);
	return message.flags;
}

static void
do_mailbox(struct fixture *f, unsigned user, enum store_mailbox_op op,
    const char *name, const char *name2, enum err_kind kind)
{
	struct store_mailbox in = { .op = (uint8_t)op,
		.name = str_of(name),
		.name2 = str_of(name2) };

	request_free(
	    ask_as(f, user, mailbox_run, &store_mailbox_msg, &in, kind));
}

#define ANNAS "Other Users/anna@a.test/"

static void
only_who_has_a_right_finds_a_mailbox(void **state)
{
	struct fixture *f = *state;
	uint32_t own = mailbox_id(f, ANNA, "Sent");

	assert_int_equal(mailbox_id(f, BOB, ANNAS "Sent"), 0);
	set_acl(f, BOB, ANNAS "Sent", "bob", "lr", ERR_NOENT);
	set_acl(f, ANNA, "Sent", "bob", "lr", ERR_NONE);
	assert_int_equal(mailbox_id(f, BOB, ANNAS "Sent"), own);
	assert_int_equal(mailbox_id(f, BOB, "Other Users/ANNA@A.test/Sent"),
	    own);
	assert_int_equal(mailbox_id(f, ANNA, ANNAS "Sent"), own);
	assert_int_equal(mailbox_id(f, BOB, ANNAS "Drafts"), 0);
	assert_int_equal(mailbox_id(f, CARL, ANNAS "Sent"), 0);
	set_acl(f, BOB, ANNAS "Sent", "bob", "lra", ERR_DENIED);
	set_acl(f, ANNA, "Sent", "-bob", "lr", ERR_NONE);
	assert_int_equal(mailbox_id(f, BOB, ANNAS "Sent"), 0);
	set_acl(f, ANNA, "Sent", "-bob", "", ERR_NONE);
	set_acl(f, ANNA, "Sent", "bob", "", ERR_NONE);
	assert_int_equal(mailbox_id(f, BOB, ANNAS "Sent"), 0);
	set_acl(f, ANNA, "Sent", "anyone", "p", ERR_NONE);
	assert_int_equal(mailbox_id(f, BOB, ANNAS "Sent"), 0);
	set_acl(f, ANNA, "Sent", "anyone", "l", ERR_NONE);
	assert_int_equal(mailbox_id(f, BOB, ANNAS "Sent"), own);
	assert_int_equal(mailbox_id(f, CARL, ANNAS "Sent"), 0);
	set_acl(f, ANNA, "Sent", "@b.test", "l", ERR_NONE);
	assert_int_equal(mailbox_id(f, CARL, ANNAS "Sent"), own);
}

/*
 * For a mailbox that is hidden the same rows are read as for one that is not
 * there, whether its owner is there or not.
 */
static void
hidden_is_as_much_work_as_absent(void **state)
{
	static const char *const names[] = { ANNAS "Secret", ANNAS "Nothing",
		ANNAS "Sent/x", ANNAS "Denied", "Other Users/no@a.test/Secret",
		"Shared/Secret" };
	struct fixture *f = *state;
	uint64_t work[NELEMS(names)];
	struct store_name found;
	struct look look;
	struct err err;

	do_mailbox(f, ANNA, STORE_CREATE, "Secret", "", ERR_NONE);
	do_mailbox(f, ANNA, STORE_CREATE, "Denied", "", ERR_NONE);
	set_acl(f, ANNA, "Denied", "bob", "wp", ERR_NONE);
	begin_look(&look, f, BOB);
	for (size_t i = 0; i < NELEMS(names); i++) {
		uint64_t before = store_reader_work(look.reader);

		assert_int_equal(store_mailbox_find(look.reader, BOB + 1,
				     str_of(names[i]), &found, &err),
		    -1);
		assert_int_equal(err.kind, ERR_NOENT);
		assert_string_equal(err.text, "no such mailbox");
		work[i] = store_reader_work(look.reader) - before;
	}
	end_look(&look);
	/* Of one owner: what there is of them makes no difference. */
	assert_int_equal(work[0], work[1]);
	assert_int_equal(work[0], work[2]);
	assert_int_equal(work[0], work[3]);
}

static void
seen_is_everybodys_own(void **state)
{
	struct fixture *f = *state;
	uint32_t mailbox = mailbox_id(f, ANNA, "Sent"), uid;

	set_acl(f, ANNA, "Sent", "bob", "lrswi", ERR_NONE);
	uid = append(f, ANNA, "Sent", 0, ERR_NONE);
	set_flags(f, BOB, mailbox, STORE_FLAG_SEEN | STORE_FLAG_FLAGGED,
	    STORE_FLAGS_ADD, ERR_NONE);
	assert_int_equal(flags_of(f, ANNA, mailbox, uid), STORE_FLAG_FLAGGED);
	assert_int_equal(flags_of(f, BOB, mailbox, uid),
	    STORE_FLAG_FLAGGED | STORE_FLAG_SEEN);
	set_flags(f, ANNA, mailbox, STORE_FLAG_SEEN, STORE_FLAGS_ADD, ERR_NONE);
	set_flags(f, BOB, mailbox, STORE_FLAG_SEEN, STORE_FLAGS_REMOVE,
	    ERR_NONE);
	assert_int_equal(flags_of(f, ANNA, mailbox, uid),
	    STORE_FLAG_FLAGGED | STORE_FLAG_SEEN);
	assert_int_equal(flags_of(f, BOB, mailbox, uid), STORE_FLAG_FLAGGED);
	uid = append(f, BOB, ANNAS "Sent", STORE_FLAG_SEEN | STORE_FLAG_DELETED,
	    ERR_NONE);
	assert_int_equal(flags_of(f, ANNA, mailbox, uid), 0);
	assert_int_equal(flags_of(f, BOB, mailbox, uid), STORE_FLAG_SEEN);
	reopen(f, true);
	assert_int_equal(flags_of(f, BOB, mailbox, uid), STORE_FLAG_SEEN);
}

static void
each_right_allows_its_own(void **state)
{
	struct fixture *f = *state;
	uint32_t mailbox = mailbox_id(f, ANNA, "Sent");
	struct store_expunge all = { .mailbox = mailbox, .deleted_only = true };

	(void)append(f, ANNA, "Sent", 0, ERR_NONE);
	set_acl(f, ANNA, "Sent", "bob", "lr", ERR_NONE);
	set_flags(f, BOB, mailbox, STORE_FLAG_SEEN, STORE_FLAGS_ADD,
	    ERR_DENIED);
	(void)append(f, BOB, ANNAS "Sent", 0, ERR_DENIED);
	set_acl(f, ANNA, "Sent", "bob", "lrt", ERR_NONE);
	set_flags(f, BOB, mailbox, STORE_FLAG_DELETED | STORE_FLAG_DRAFT,
	    STORE_FLAGS_REPLACE, ERR_NONE);
	assert_int_equal(flags_of(f, BOB, mailbox, 1), STORE_FLAG_DELETED);
	request_free(
	    ask_as(f, BOB, expunge_run, &store_expunge_msg, &all, ERR_DENIED));
	set_acl(f, ANNA, "Sent", "bob", "lre", ERR_NONE);
	request_free(
	    ask_as(f, BOB, expunge_run, &store_expunge_msg, &all, ERR_NONE));
	do_mailbox(f, BOB, STORE_CREATE, ANNAS "Sent/x", "", ERR_DENIED);
	do_mailbox(f, BOB, STORE_DELETE, ANNAS "Sent", "", ERR_DENIED);
	do_mailbox(f, BOB, STORE_DELETE, ANNAS "Drafts", "", ERR_NOENT);
	do_mailbox(f, BOB, STORE_CREATE, ANNAS "Top", "", ERR_DENIED);
	do_mailbox(f, BOB, STORE_CREATE, "Other Users/x", "", ERR_DENIED);
	do_mailbox(f, BOB, STORE_CREATE, "Shared", "", ERR_DENIED);
	do_mailbox(f, BOB, STORE_CREATE, "Shared/x", "", ERR_DENIED);
	set_acl(f, ANNA, "Sent", "bob", "lrkx", ERR_NONE);
	do_mailbox(f, BOB, STORE_CREATE, ANNAS "Sent/x", "", ERR_NONE);
	assert_int_not_equal(mailbox_id(f, BOB, ANNAS "Sent/x"), 0);
	do_mailbox(f, BOB, STORE_RENAME, ANNAS "Sent/x", ANNAS "Sent/y",
	    ERR_NONE);
	assert_int_not_equal(mailbox_id(f, BOB, ANNAS "Sent/y"), 0);
	do_mailbox(f, BOB, STORE_RENAME, ANNAS "Sent/y", "mine", ERR_SYNTAX);
	do_mailbox(f, BOB, STORE_DELETE, ANNAS "Sent/y", "", ERR_NONE);
	assert_int_equal(mailbox_id(f, BOB, ANNAS "Sent/y"), 0);
}

static void
an_owner_keeps_l_and_a(void **state)
{
	struct fixture *f = *state;

	set_acl(f, ANNA, "Sent", "anna", "", ERR_NONE);
	(void)append(f, ANNA, "Sent", 0, ERR_DENIED);
	set_flags(f, ANNA, mailbox_id(f, ANNA, "Sent"), STORE_FLAG_SEEN,
	    STORE_FLAGS_ADD, ERR_DENIED);
	set_acl(f, ANNA, "Sent", "anna", "lrswipkxtea", ERR_NONE);
	(void)append(f, ANNA, "Sent", 0, ERR_NONE);
}

static void
rights_follow_a_mailbox(void **state)
{
	struct fixture *f = *state;
	uint32_t mailbox = mailbox_id(f, ANNA, "Sent");

	set_acl(f, ANNA, "Sent", "bob", "lrs", ERR_NONE);
	(void)append(f, ANNA, "Sent", 0, ERR_NONE);
	set_flags(f, BOB, mailbox, STORE_FLAG_SEEN, STORE_FLAGS_ADD, ERR_NONE);
	do_mailbox(f, ANNA, STORE_CREATE, "Sent/below", "", ERR_NONE);
	assert_int_not_equal(mailbox_id(f, BOB, ANNAS "Sent/below"), 0);
	do_mailbox(f, ANNA, STORE_RENAME, "Sent", "Gone/out", ERR_NONE);
	assert_int_equal(mailbox_id(f, BOB, ANNAS "Sent"), 0);
	assert_int_equal(mailbox_id(f, BOB, ANNAS "Gone"), 0);
	assert_int_equal(mailbox_id(f, BOB, ANNAS "Gone/out"), mailbox);
	assert_int_not_equal(mailbox_id(f, BOB, ANNAS "Gone/out/below"), 0);
	do_mailbox(f, ANNA, STORE_DELETE, "Gone/out", "", ERR_NONE);
	assert_int_equal(mailbox_id(f, BOB, ANNAS "Gone/out"), 0);
	reopen(f, true);
	assert_int_not_equal(mailbox_id(f, BOB, ANNAS "Gone/out/below"), 0);
}

static void
who_is_gone_leaves_all_lists(void **state)
{
	struct store_acl_change in = { .op = STORE_ACL_FORGET,
		.identifier = user_name(BOB) };
	struct fixture *f = *state;
	struct request *request;

	set_acl(f, ANNA, "Sent", "bob", "lr", ERR_NONE);
	set_acl(f, ANNA, "Drafts", "bob", "lr", ERR_NONE);
	request_free(
	    ask_as(f, BOB, acl_run, &store_acl_change_msg, &in, ERR_DENIED));
	request = ask(f, acl_run, &store_acl_change_msg, &in, ANNA);
	run_one(f, request, ERR_NONE);
	request_free(request);
	assert_int_equal(mailbox_id(f, BOB, ANNAS "Sent"), 0);
	assert_int_equal(mailbox_id(f, BOB, ANNAS "Drafts"), 0);
	assert_int_not_equal(mailbox_id(f, ANNA, "Drafts"), 0);
}

/* By the operator: a mailbox of the domain, and mail for its address. */
static void
a_domain_shares_mailboxes(void **state)
{
	struct fixture *f = *state;
	struct store_mailbox make = { .op = STORE_CREATE,
		.user = STR("shared:@a.test"),
		.name = STR("Sales") };
	struct store_acl_change in = { .op = STORE_ACL_SET,
		.user = make.user,
		.name = make.name,
		.identifier = STR("anyone") };
	struct store_target target = { .user = make.user,
		.name = make.name,
		.post = true };
	struct store_append mail = { .internal = INT64_MIN,
		.targets = { &target, 1 },
		.body = STR("a: b\r\n\r\nc\r\n") };
	static const struct store_who nobody = { .user = 0 };
	static const struct {
		uint32_t rights;
		enum err_kind kind;
	} cases[] = {
		{ STORE_RIGHT_LOOKUP | STORE_RIGHT_READ, ERR_DENIED },
		{ STORE_RIGHT_LOOKUP | STORE_RIGHT_POST, ERR_NONE },
	};
	struct request *request;

	request = ask(f, mailbox_run, &store_mailbox_msg, &make, 0);
	request->who = nobody;
	run_one(f, request, ERR_NONE);
	request_free(request);
	assert_int_equal(mailbox_id(f, BOB, "Shared/Sales"), 0);
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct store_appended *answer;

		in.rights = cases[i].rights;
		request = ask(f, acl_run, &store_acl_change_msg, &in, 0);
		request->who = nobody;
		run_one(f, request, ERR_NONE);
		request_free(request);
		request = ask(f, append_run, &store_append_msg, &mail, 0);
		request->who = nobody;
		run_one(f, request, ERR_NONE);
		answer = request->answer;
		assert_int_equal(
		    ((struct store_append_result *)answer->results.items)->kind,
		    cases[i].kind);
		request_free(request);
	}
	assert_int_not_equal(mailbox_id(f, BOB, "Shared/Sales"), 0);
	assert_int_equal(mailbox_id(f, CARL, "Shared/Sales"), 0);
	assert_int_equal(
	    mailbox_id(f, CARL, "Other Users/shared:@a.test/Sales"), 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(only_who_has_a_right_finds_a_mailbox),
		T(hidden_is_as_much_work_as_absent),
		T(seen_is_everybodys_own),
		T(each_right_allows_its_own),
		T(an_owner_keeps_l_and_a),
		T(rights_follow_a_mailbox),
		T(who_is_gone_leaves_all_lists),
		T(a_domain_shares_mailboxes),
	};

	return cmocka_run_group_tests_name("stored/acl", tests, NULL, NULL);
}

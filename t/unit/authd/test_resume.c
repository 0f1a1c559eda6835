#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "authd/resume.h"
#include "base/time.h"
#include "t/lib/directory.h"
#include "t/lib/frames.h"

static const struct directory_entry entries[] = {
	{ "a", NULL,
	    (const char *const[]){ "objectClass", "mailDomain",
		"associatedDomain", "a.test", NULL } },
	{ "ada", NULL,
	    (const char *const[]){ "objectClass", "mailUser", "mail",
		"ada@a.test", NULL } },
	{ "eve", NULL,
	    (const char *const[]){ "objectClass", "mailUser", "mail",
		"eve@a.test", "accountStatus", "disabled", NULL } },
	{ NULL, NULL, NULL },
};

static const struct ipc_handler handlers[] = {
	{ &auth_resume_msg, resume_start },
	{ NULL, NULL },
};

static void
closed(struct ipc_peer *peer)
{
	resume_forget_peer(ipc_peer_ctx(peer), peer);
	count_end_all(((struct authd *)ipc_peer_ctx(peer))->count, peer);
}

/* The status; with AUTH_OK *same says whether ticket and answer are ada's. */
static int
ask(struct authd *authd, const struct ticket_verifier *verifier,
    const char *user, bool *same)
{
	static const struct ipc_peer_ops ops = { .handlers = handlers,
		.closed = closed };
	struct auth_resume question = { STR("s1"), str_of(user), STR("imap"),
		STR("PLAIN"), 1 };
	struct arena *arena = arena_new(1 << 20);
	struct ipc_fds fds = { .count = 0 };
	struct auth_step step;
	struct ticket ticket;
	struct ipc_peer *peer;
	struct frame frame;
	struct buf in, out;
	struct str rest;
	struct err err;
	int fd = frames_connect("front", &ops, authd, &peer);

	buf_init(&in, 0);
	buf_init(&out, 0);
	(void)frame_write(&in, &fds, &auth_resume_msg, 1, &question, &err);
	assert_true(frames_say(fd, buf_str(&in), &out));
	rest = buf_str(&out);
	assert_int_equal(frame_take(&rest, &frame, &err), 1);
	assert_int_equal(
	    ipc_decode(&step, &auth_step_msg, frame.payload, &fds, arena, &err),
	    0);
	*same = step.status == AUTH_OK &&
	    ticket_verify(&ticket, verifier, step.ticket,
		time_real() / TIME_SECOND, arena, &err) == 0 &&
	    str_eqz(step.user, "ada@a.test") &&
	    str_eqz(ticket.user, "ada@a.test");
	ipc_peer_close(peer);
	(void)close(fd);
	frames_run();
	buf_clear(&in);
	buf_clear(&out);
	arena_free(arena);
	return step.status;
}

/* front writes the name as it likes; stored would take another for another. */
static void
gives_a_ticket_of_the_name_that_the_directory_has(void **state)
{
	struct authd authd = {
		.conf = { .password = { { "ldapi", "o=test", 10 }, 1 },
		    .ticket_time = 1000 },
		.daemon = frames_daemon(),
		.count = count_new()
	};
	struct ticket_verifier *verifier;
	struct buf private, public;
	struct err err;
	bool same;

	(void)state;
	directory.entry = entries;
	buf_init(&private, 0);
	buf_init(&public, 0);
	assert_int_equal(ticket_make_keys(&private, &public, &err), 0);
	authd.signer = ticket_signer_new(buf_str(&private), &err);
	verifier = ticket_verifier_new(buf_str(&public), &err);
	list_init(&authd.resumes);
	authd.password = password_new(authd.daemon->base, &authd.conf.password);
	assert_int_equal(ask(&authd, verifier, "ada@a.test", &same), AUTH_OK);
	assert_true(same);
	assert_int_equal(ask(&authd, verifier, "ADA@A.test", &same), AUTH_OK);
	assert_true(same);
	assert_int_equal(ask(&authd, verifier, "eve@a.test", &same), AUTH_FAIL);
	assert_int_equal(ask(&authd, verifier, "no@a.test", &same), AUTH_FAIL);
	directory.is_away = true;
	assert_int_equal(ask(&authd, verifier, "ada@a.test", &same), AUTH_OK);
	assert_false(same); /* no ticket: the old one is to do */
	password_free(authd.password);
	count_free(authd.count);
	ticket_signer_free(authd.signer);
	ticket_verifier_free(verifier);
	buf_clear(&private);
	buf_clear(&public);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    gives_a_ticket_of_the_name_that_the_directory_has),
	};

	return cmocka_run_group_tests_name("authd/resume", tests, NULL, NULL);
}

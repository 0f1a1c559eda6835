/*
 * Whatever front, smtpd and ctl may say to authd: frames, as they come over an
 * edge, to its handlers and a directory in this process. The first byte says
 * who speaks, whether the directory is away or goes away, and whether the
 * peer hangs up. Nobody is let in but who showed a password or a certificate
 * that this directory has, with a ticket that says the same.
 */
#include <stdint.h>

#include "auth/ticket.h"
#include "authd/exchange.h"
#include "authd/mech.h"
#include "authd/resume.h"
#include "authd/watch.h"
#include "base/time.h"
#include "t/lib/directory.h"
#include "t/lib/frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_MAX = 16384,
	ANSWERS_MAX = 64 << 20,
	AWAY = 1,     /* from the beginning */
	LOST = 2,     /* behind the first half of the input */
	HANGS_UP = 4, /* before the second half is answered */
	LIMITED = 8,  /* one session a user, one POP3 login a minute */
	SPEAKER = 4   /* bits to shift the speaker by */
};

static const char *const speakers[] = { "front", "smtpd", "ctl" };

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* bob's SCRAM secret is of no password that anybody knows. */
static const struct directory_entry entries[] = {
	{ "a", NULL,
	    (const char *const[]){ "objectClass", "mailDomain",
		"associatedDomain", "a.test", "mailQuotaSize", "1000", NULL } },
	{ "off", NULL,
	    (const char *const[]){ "objectClass", "mailDomain",
		"associatedDomain", "off.test", "accountStatus", "disabled",
		NULL } },
	{ "ada", "secret",
	    (const char *const[]){ "objectClass", "mailUser", "mail",
		"ada@a.test", "mailAlternateAddress", "a@a.test", "entryCSN",
		"20260101000000.000000Z#000000#000#000000", "memberOf",
		"cn=sales,o=test", "memberOf", "cn=all\\2c of us,o=test",
		"mailCertificate", "0123456789abcdef", NULL } },
	{ "bob", "b",
	    (const char *const[]){ "objectClass", "mailUser", "mail",
		"bob@a.test", "mailboxOwner", "Robert@a.test", "entryCSN",
		"20260101000001.000000Z#000000#000#000000", "pwdChangedTime",
		"20260101000000Z", "mailScramSecret",
		"SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"
		"BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		NULL } },
	{ "eve", "secret",
	    (const char *const[]){ "objectClass", "mailUser", "mail",
		"eve@a.test", "accountStatus", "disabled", "mailCertificate",
		"eeee", NULL } },
	{ "off-user", "secret",
	    (const char *const[]){ "objectClass", "mailUser", "mail",
		"ada@off.test", NULL } },
	{ "one", "secret",
	    (const char *const[]){ "objectClass", "mailUser", "mail",
		"two@a.test", NULL } },
	{ "other", "secret",
	    (const char *const[]){ "objectClass", "mailUser", "mail",
		"two@a.test", NULL } },
	{ "nameless", "secret",
	    (const char *const[]){ "objectClass", "mailUser",
		"mailAlternateAddress", "nameless@a.test", NULL } },
	/* a name that no answer has room for */
	{ "long", "secret",
	    (const char *const[]){ "objectClass", "mailUser", "mail",
		"long@a.test", "mailboxOwner", A63 A63 A63 A63 A63 "@a.test",
		NULL } },
	{ NULL, NULL, NULL },
};

static const char *const allowed[] = { "ada@a.test", "robert@a.test",
	"Robert@a.test", "bob@a.test" };

static const struct ipc_handler handlers[] = {
	{ &auth_start_msg, exchange_start },
	{ &auth_next_msg, exchange_next },
	{ &auth_end_msg, exchange_end_session },
	{ &auth_watch_msg, watch_subscribe },
	{ &auth_kick_msg, watch_kick },
	{ &auth_resume_msg, resume_start },
	{ NULL, NULL },
};

static void
closed(struct ipc_peer *peer)
{
	struct authd *authd = ipc_peer_ctx(peer);

	exchange_forget_peer(authd, peer);
	resume_forget_peer(authd, peer);
	watch_forget_peer(authd, peer);
	count_end_all(authd->count, peer);
	authd_show_sessions(authd);
}

/* What one process has all its life. */
struct world {
	struct ticket_signer *signer;
	struct ticket_verifier *verifier;
};

static const char mechanisms[] =
    "EXTERNAL SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN";

static const struct world *
get_world(void)
{
	static struct world world;
	struct buf private, public;
	struct err err = { 0 };

	if (world.signer != NULL)
		return &world;
	buf_init(&private, 0);
	buf_init(&public, 0);
	if (ticket_make_keys(&private, &public, &err) < 0 ||
	    mech_init(mechanisms, &err) < 0)
		panic("%s", err.text);
	world.signer = ticket_signer_new(buf_str(&private), &err);
	world.verifier = ticket_verifier_new(buf_str(&public), &err);
	if (world.signer == NULL || world.verifier == NULL)
		panic("%s", err.text);
	buf_clear(&private);
	buf_clear(&public);
	return &world;
}

static void
open_authd(struct authd *authd, int how)
{
	*authd = (struct authd){
		.conf = { .password = { { "ldapi", "o=test", 10 }, 2 },
		    .hostname = "mail.a.test",
		    .mechanisms = mechanisms,
		    .realm = "a.test",
		    .cache_time = 3600,
		    .trust_time = 5,
		    .cache_size = 100,
		    .throttle_size = 100,
		    .exchange_time = 300,
		    .ticket_time = 86400,
		    .session_limit = how & LIMITED ? 1 : 0,
		    .pop3_delay = how & LIMITED ? 60 : 0 },
		.daemon = frames_daemon(),
		.signer = get_world()->signer,
		.throttle = throttle_new(100),
		.memory = memory_new(100),
		.count = count_new(),
		.delay = delay_new(),
	};
	list_init(&authd->exchanges);
	list_init(&authd->resumes);
	list_init(&authd->watchers);
	authd->password =
	    password_new(frames_daemon()->base, &authd->conf.password);
	authd->watch = watch_new(authd);
}

static void
close_authd(struct authd *authd)
{
	exchange_sweep(authd);
	watch_free(authd->watch);
	password_free(authd->password);
	exchange_free_all(authd);
	resume_free_all(authd);
	if (authd->open != 0 || !list_is_empty(&authd->watchers))
		panic("what is left behind");
	throttle_free(authd->throttle);
	memory_free(authd->memory);
	count_free(authd->count);
	delay_free(authd->delay);
}

static bool
is_allowed(struct str user)
{
	for (size_t i = 0; i < NELEMS(allowed); i++)
		if (str_eqz(user, allowed[i]))
			return true;
	return false;
}

/*
 * A new login is of somebody who may; a session that goes on without a new
 * ticket, as nobody could be asked, is who it was.
 */
static void
check_step(const struct auth_step *step, struct arena *arena)
{
	struct ticket ticket;
	struct err err;

	if (step->status > AUTH_DELAY)
		panic("status %d", step->status);
	if (step->status != AUTH_OK) {
		if (step->ticket.len > 0)
			panic("status %d, and a ticket", step->status);
		return;
	}
	if (step->ticket.len == 0)
		return;
	if (ticket_verify(&ticket, get_world()->verifier, step->ticket,
		time_real() / TIME_SECOND, arena, &err) < 0)
		panic("ticket: %s", err.text);
	if (!is_allowed(step->user) || !str_eq(ticket.user, step->user))
		panic("%" STR_F " is let in", STR_A(step->user));
}

static void
check_answers(struct str in)
{
	struct arena *arena = arena_new(1 << 20);
	struct ipc_fds fds = { .count = 0 };
	struct frame frame;
	struct err err;
	union {
		struct auth_step step;
		struct auth_void gone;
		struct ipc_error error;
	} out;

	while (frame_take(&in, &frame, &err) > 0) {
		const struct ipc_msg *msg = frame.type == AUTH_STEP ?
		    &auth_step_msg :
		    frame.type == AUTH_VOID ? &auth_void_msg :
					      &ipc_error_msg;

		if (ipc_decode(&out, msg, frame.payload, &fds, arena, &err) < 0)
			panic("answer: %s", err.text);
		if (msg == &auth_step_msg)
			check_step(&out.step, arena);
		arena_reset(arena);
	}
	if (in.len > 0)
		panic("half an answer");
	arena_free(arena);
}

static void
talk(struct authd *authd, int how, struct str in)
{
	static const struct ipc_peer_ops ops = {
		.handlers = handlers,
		.closed = closed,
		.secret = true,
	};
	size_t half = in.len / 2;
	struct ipc_peer *peer;
	struct buf out;
	int fd = frames_connect(speakers[(how >> SPEAKER) % NELEMS(speakers)],
	    &ops, authd, &peer);
	bool is_open;

	buf_init(&out, ANSWERS_MAX);
	is_open = frames_say(fd, str_sub(in, 0, half), &out);
	directory.is_away = directory.is_away || how & LOST;
	if (is_open && how & HANGS_UP) {
		(void)!write(fd, in.p + half, in.len - half);
		(void)shutdown(fd, SHUT_RDWR);
	} else if (is_open) {
		is_open = frames_say(fd, str_sub(in, half, in.len), &out);
		if (is_open)
			ipc_peer_close(peer);
	}
	(void)close(fd);
	frames_run();
	check_answers(buf_str(&out));
	buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct authd authd;

	if (size == 0 || size > INPUT_MAX)
		return 0;
	directory = (struct directory){ .entry = entries,
		.is_away = (data[0] & AWAY) != 0 };
	open_authd(&authd, data[0]);
	talk(&authd, data[0], str_make(data + 1, size - 1));
	close_authd(&authd);
	return 0;
}

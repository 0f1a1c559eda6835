#include "authd/exchange_impl.h"

#include <stdlib.h>
#include <string.h>

#include "authd/tell.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"

static void
wake_at(struct exchange *x, int64_t at)
{
	int64_t wait = at - time_mono();
	struct timeval tv = { 0, 0 };

	if (wait > 0) {
		tv.tv_sec = wait / TIME_SECOND;
		tv.tv_usec = wait % TIME_SECOND;
	}
	(void)evtimer_add(x->timer, &tv);
}

/* Another exchange from the same client for the same user, in this state. */
static bool
is_rival(const struct exchange *x, const struct exchange *other,
    enum exchange_state state)
{
	return x != other && other->state == state &&
	    strcmp(x->client, other->client) == 0 &&
	    strcmp(x->user, other->user) == 0;
}

/* Is an attempt on this user by this client being looked at? */
static bool
has_one_before(const struct exchange *x)
{
	LIST_FOREACH(link, &x->authd->exchanges)
	{
		struct exchange *y = LIST_ITEM(link, struct exchange, link);

		if (is_rival(x, y, WAITS_FOR_TURN) ||
		    is_rival(x, y, IS_CHECKED))
			return true;
	}
	return false;
}

/* The next of those who wait behind x may go. */
static void
wake_next(struct exchange *x)
{
	LIST_FOREACH(link, &x->authd->exchanges)
	{
		struct exchange *y = LIST_ITEM(link, struct exchange, link);

		if (is_rival(x, y, WAITS_IN_ROW)) {
			y->is_called = true;
			wake_at(y, 0);
			return;
		}
	}
}

/*
 * x is no longer in front of the others, or will not hear that it was called:
 * somebody else must, or all who wait wait for ever.
 */
static void
leave_row(struct exchange *x)
{
	if (x->state == WAITS_FOR_TURN || x->state == IS_CHECKED ||
	    (x->state == WAITS_IN_ROW && x->is_called))
		wake_next(x);
}

void
exchange_drop(struct exchange *x)
{
	leave_row(x);
	x->authd->open--;
	daemon_count(x->authd->daemon, STAT_EXCHANGES, -1);
	list_remove(&x->link);
	mech_free(x->mech);
	event_free(x->timer);
	free(x->session);
	free(x->service);
	free(x->mech_name);
	free(x->client);
	free(x->user);
	proof_free(x->proof);
	free(x);
}

static void
reply(struct ipc_peer *peer, uint16_t tag, const struct auth_step *step)
{
	if (peer != NULL)
		ipc_peer_send(peer, &auth_step_msg, tag, step);
}

static void
reply_status(struct ipc_peer *peer, uint16_t tag, uint64_t id,
    enum auth_status status)
{
	struct auth_step step = { .id = id, .status = (uint8_t)status };

	reply(peer, tag, &step);
}

/* The last word, without a ticket. */
void
exchange_end(struct exchange *x, enum auth_status status)
{
	reply_status(x->peer, x->tag, x->id, status);
	exchange_drop(x);
}

static void
log_result(const struct exchange *x, const char *what)
{
	char user[400], client[64];

	log_info("%s: user=<%s> service=%s mech=%s client=%s session=%s", what,
	    log_escape(user, sizeof(user), str_of(x->user)), x->service,
	    x->mech_name, log_escape(client, sizeof(client), str_of(x->client)),
	    x->session);
}

void
exchange_refuse(struct exchange *x)
{
	struct authd *authd = x->authd;
	int64_t now = time_mono();

	daemon_count(authd->daemon, STAT_FAILURES, 1);
	log_result(x, "login failed");
	throttle_failed(authd->throttle, str_of(x->client), str_of(x->user),
	    now);
	mech_free(x->mech); /* the password is of no more use */
	x->mech = NULL;
	if (x->peer == NULL) {
		exchange_drop(x);
		return;
	}
	leave_row(x);
	x->state = WAITS_TO_REFUSE;
	wake_at(x, x->refused);
}

static int
make_ticket(const struct exchange *x, struct str owner,
    const struct facts *facts, struct buf *out, struct err *err)
{
	struct authd *authd = x->authd;
	struct ticket ticket = {
		.session = str_of(x->session),
		.user = owner,
		.issued = tell_not_before(authd->tell, owner),
		.service = str_of(x->service),
		.mech = str_of(x->mech_name),
	};

	return facts_sign(facts, &ticket, authd->conf.ticket_time,
	    authd->signer, out, err);
}

void
exchange_trouble(struct exchange *x, const char *why)
{
	daemon_count(x->authd->daemon, STAT_TROUBLE, 1);
	log_warn("login not decided: %s", why);
	exchange_end(x, AUTH_TEMP);
}

/* POP3's LOGIN-DELAY. */
static bool
is_too_soon(const struct exchange *x, struct str owner)
{
	struct authd *authd = x->authd;

	return authd->conf.pop3_delay > 0 && strcmp(x->service, "pop") == 0 &&
	    !delay_admit(authd->delay, owner, time_mono(),
		(int64_t)authd->conf.pop3_delay * TIME_SECOND);
}

void
exchange_accept(struct exchange *x, struct str owner, const struct facts *facts,
    struct str last)
{
	struct authd *authd = x->authd;
	struct auth_step step = { .id = x->id,
		.status = AUTH_OK,
		.challenge = last,
		.user = owner };
	int limit = authd->conf.session_limit;
	struct buf ticket;
	struct err err;

	if (limit > 0 && count_of_user(authd->count, owner) >= (size_t)limit) {
		log_result(x, "login refused, too many sessions");
		exchange_end(x, AUTH_TEMP);
		return;
	}
	if (is_too_soon(x, owner)) {
		log_result(x, "login refused, too soon");
		exchange_end(x, AUTH_DELAY);
		return;
	}
	buf_init(&ticket, AUTH_TICKET_MAX);
	if (make_ticket(x, owner, facts, &ticket, &err) < 0) {
		buf_clear(&ticket);
		exchange_trouble(x, err.text);
		return;
	}
	step.ticket = buf_str(&ticket);
	throttle_passed(authd->throttle, str_of(x->client), str_of(x->user));
	daemon_count(authd->daemon, STAT_LOGINS, 1);
	daemon_observe(authd->daemon, STAT_TIME, time_mono() - x->began);
	log_result(x, "login");
	if (x->peer != NULL)
		count_begin(authd->count, x->peer, str_of(x->session), owner);
	authd_show_sessions(authd);
	reply(x->peer, x->tag, &step);
	buf_clear(&ticket);
	exchange_drop(x);
}

static void
remember(struct exchange *x, const struct password_owner *owner)
{
	const struct authd_conf *conf = &x->authd->conf;
	const struct memory_hit hit = { owner->name, owner->stamp, true,
		owner->facts };
	int64_t now = time_mono();

	memory_add(x->authd->memory, str_of(x->user), mech_password(x->mech),
	    &hit, now + (int64_t)conf->trust_time * TIME_SECOND,
	    now + (int64_t)conf->cache_time * TIME_SECOND);
}

static void
on_checked(void *ctx, enum password_result result,
    const struct password_owner *owner, const struct err *err)
{
	struct exchange *x = ctx;

	switch (result) {
	case PASSWORD_TEMP:
		exchange_trouble(x, err->text);
		return;
	case PASSWORD_WRONG:
		exchange_refuse(x);
		return;
	case PASSWORD_RIGHT:
		remember(x, owner);
		exchange_accept(x, owner->name, owner->facts, STR(""));
		return;
	}
}

/* stamp: see password_check(). */
static void
check(struct exchange *x, struct str stamp)
{
	x->state = IS_CHECKED;
	password_check(x->authd->password, str_of(x->user),
	    mech_password(x->mech), stamp, on_checked, x);
}

static void
attempt(struct exchange *x)
{
	if (x->proof != NULL)
		proof_attempt(x);
	else
		check(x, STR(""));
}

/* In lower case, with the default realm behind a name without one. */
void
exchange_set_user(struct exchange *x, struct str name)
{
	const char *realm = x->authd->conf.realm;
	struct buf user;

	buf_init(&user, 0);
	(void)buf_add_str(&user, name);
	if (str_chr(name, '@') < 0 && realm[0] != '\0')
		(void)buf_addf(&user, "@%s", realm);
	for (size_t i = 0; i < user.len; i++)
		user.p[i] = lower(user.p[i]);
	free(x->user);
	x->user = xstrdup(buf_cstr(&user));
	buf_clear(&user);
}

/*
 * The client has shown a name and a password, and its turn has come: attempts
 * of one client on one user go one after another, or many at once would all
 * be looked at before the first failure counts.
 */
void
exchange_decide(struct exchange *x)
{
	struct authd *authd = x->authd;
	struct memory_hit hit;
	int64_t now = time_mono(), wait;

	if (x->proof == NULL &&
	    memory_find(authd->memory, str_of(x->user), mech_password(x->mech),
		now, &hit)) {
		daemon_count(authd->daemon, STAT_REMEMBERED, 1);
		x->state = IS_CHECKED; /* so that the next in the row goes */
		if (hit.is_fresh)
			exchange_accept(x, hit.owner, hit.facts, STR(""));
		else
			check(x, hit.stamp);
		return;
	}
	if (has_one_before(x)) {
		x->state = WAITS_IN_ROW;
		return;
	}
	wait = throttle_wait(authd->throttle, str_of(x->client),
	    str_of(x->user), now);
	if (wait < 0 || (x->proof == NULL && mech_password(x->mech).len == 0)) {
		x->state = WAITS_FOR_TURN; /* and gives it up at once */
		exchange_refuse(x);
		return;
	}
	if (wait == 0) {
		attempt(x);
		return;
	}
	x->state = WAITS_FOR_TURN;
	x->refused += wait;
	wake_at(x, now + wait);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct exchange *x = arg;

	(void)fd;
	(void)what;
	if (x->state == WAITS_IN_ROW) {
		x->is_called = false;
		exchange_decide(x);
	} else if (x->state == WAITS_FOR_TURN)
		attempt(x);
	else if (x->state == WAITS_TO_REFUSE)
		exchange_end(x, AUTH_FAIL);
}

/* The time that everything the client hears of this word counts from. */
static void
start_clock(struct exchange *x)
{
	x->began = time_mono();
	x->refused =
	    x->began + (int64_t)x->authd->conf.failure_delay * TIME_SECOND;
}

void
exchange_challenge(struct exchange *x, struct str challenge)
{
	struct auth_step step = {
		.id = x->id,
		.status = AUTH_CONTINUE,
		.challenge = challenge,
	};

	x->state = WAITS_FOR_CLIENT;
	reply(x->peer, x->tag, &step);
}

/* What mech made of the client's last words. */
static void
advance(struct exchange *x, enum mech_result result, struct str challenge)
{
	switch (result) {
	case MECH_CONTINUE:
		exchange_challenge(x, challenge);
		return;
	case MECH_PASSWORD:
		exchange_set_user(x, mech_user(x->mech));
		exchange_decide(x);
		return;
	case MECH_PROVEN: /* of proof.c's mechanisms only */
	case MECH_FAIL:
		exchange_set_user(x, mech_user(x->mech));
		exchange_refuse(x);
		return;
	case MECH_BADMECH:
		exchange_end(x, AUTH_BADMECH);
		return;
	case MECH_BADPROTO:
		exchange_end(x, AUTH_BADPROTO);
		return;
	case MECH_TEMP:
		exchange_trouble(x, "sasl: no memory");
		return;
	}
}

static struct exchange *
find(struct authd *authd, const struct ipc_peer *peer, uint64_t id)
{
	LIST_FOREACH(link, &authd->exchanges)
	{
		struct exchange *x = LIST_ITEM(link, struct exchange, link);

		if (x->peer == peer && x->id == id)
			return x;
	}
	return NULL;
}

static char *
keep(struct str s)
{
	return xstrndup(s.p, s.len);
}

static struct exchange *
exchange_new(struct authd *authd, struct ipc_peer *peer, uint16_t tag,
    const struct auth_start *start)
{
	struct exchange *x = xcalloc(1, sizeof(*x));

	x->authd = authd;
	x->peer = peer;
	x->tag = tag;
	x->id = start->id;
	x->session = keep(start->session);
	x->service = keep(start->service);
	x->mech_name = keep(start->mech);
	x->client = keep(start->client_addr);
	x->user = xstrdup("");
	x->timer = evtimer_new(daemon_base(authd->daemon), on_timer, x);
	if (x->timer == NULL)
		panic("evtimer_new");
	list_push(&authd->exchanges, &x->link);
	authd->open++;
	daemon_count(authd->daemon, STAT_EXCHANGES, 1);
	return x;
}

/* What was typed is not left in the buffer it came in. */
static void
wipe(struct str secret)
{
	if (secret.len > 0)
		explicit_bzero((char *)(uintptr_t)secret.p, secret.len);
}

void
exchange_start(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	const struct auth_start *start = in;
	struct authd *authd = ipc_peer_ctx(peer);
	struct str challenge = { NULL, 0 }, initial = { NULL, 0 };
	enum mech_result result;
	struct exchange *x;
	struct err err;

	if (authd->open >= AUTHD_EXCHANGES_MAX ||
	    find(authd, peer, start->id) != NULL) {
		wipe(start->initial);
		reply_status(peer, tag, start->id, AUTH_TEMP);
		return;
	}
	x = exchange_new(authd, peer, tag, start);
	x->mech = mech_new(x->service, authd->conf.hostname,
	    authd->conf.mechanisms, start->secure, &err);
	if (x->mech == NULL) {
		wipe(start->initial);
		exchange_trouble(x, err.text);
		return;
	}
	start_clock(x);
	if (start->has_initial)
		initial = start->initial.len > 0 ? start->initial : STR("");
	if (proof_is_for(x->mech_name)) {
		proof_begin(x, start);
		proof_message(x, initial);
		wipe(start->initial);
		return;
	}
	result = mech_start(x->mech, x->mech_name, initial, &challenge);
	wipe(start->initial);
	advance(x, result, challenge);
}

void
exchange_next(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	const struct auth_next *next = in;
	struct exchange *x = find(ipc_peer_ctx(peer), peer, next->id);
	struct str challenge = { NULL, 0 };
	enum mech_result result;

	if (x == NULL || x->state != WAITS_FOR_CLIENT) {
		wipe(next->response);
		reply_status(peer, tag, next->id, AUTH_BADPROTO);
		return;
	}
	x->tag = tag;
	if (next->cancel) { /* nothing was tried, so nothing is counted */
		exchange_end(x, AUTH_FAIL);
		return;
	}
	start_clock(x);
	if (x->proof != NULL) {
		proof_message(x,
		    next->response.len > 0 ? next->response : STR(""));
		wipe(next->response);
		return;
	}
	result = mech_next(x->mech, next->response, &challenge);
	wipe(next->response);
	advance(x, result, challenge);
}

void
exchange_end_session(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	const struct auth_end *msg = in;
	struct authd *authd = ipc_peer_ctx(peer);

	(void)tag;
	count_end(authd->count, msg->session, msg->user);
	authd_show_sessions(authd);
}

void
exchange_forget_peer(struct authd *authd, struct ipc_peer *peer)
{
	LIST_FOREACH(link, &authd->exchanges)
	{
		struct exchange *x = LIST_ITEM(link, struct exchange, link);

		if (x->peer != peer)
			continue;
		x->peer = NULL;
		/* A guess counts, whether or not the guesser waits for it. */
		if (x->state != IS_CHECKED && x->state != IS_LOOKED_UP)
			exchange_drop(x);
	}
}

void
exchange_sweep(struct authd *authd)
{
	int64_t pause = (int64_t)authd->conf.pop3_delay * TIME_SECOND;
	int64_t old =
	    time_mono() - (int64_t)authd->conf.exchange_time * TIME_SECOND;

	delay_sweep(authd->delay, time_mono(), pause);
	LIST_FOREACH(link, &authd->exchanges)
	{
		struct exchange *x = LIST_ITEM(link, struct exchange, link);

		if (x->state == WAITS_FOR_CLIENT && x->began < old)
			exchange_drop(x);
	}
}

void
exchange_free_all(struct authd *authd)
{
	while (!list_is_empty(&authd->exchanges))
		exchange_drop(
		    LIST_ITEM(authd->exchanges.next, struct exchange, link));
}

#include "dict/ldap_client.h"

#include <stdlib.h>
#include <sys/time.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/list.h"
#include "base/log.h"
#include "base/time.h"
#include "dict/ldap_internal.h"

enum {
	RETRY_MS = 100, /* between attempts to connect */
	TRIES = 2,      /* how often a question is sent */
	SHORT_MS = 500, /* a question's time while the directory stands still */
};

static const int64_t WARN_EVERY = 60LL * TIME_SECOND;

enum state { DOWN, BINDING, READY };

/* A question, in the list of those waiting or of those sent. */
struct question {
	struct list link;
	struct ldap_client *client;
	ldap_client_fn *fn;
	void *ctx;
	int64_t asked, sent; /* time_mono() */
	bool is_short;       /* its time is */
	int tries;
	int msgid; /* of libldap, when sent */
	char *base;
	char *filter; /* NULL: a bind as base */
	const char *const *attrs;
	char *password; /* a bind's, owned, wiped */
	size_t password_len;
	enum err_kind refused; /* ended without asking, for this reason */
};

struct ldap_client {
	struct event_base *base;
	struct ldap_client_conf conf;
	enum state state;
	LDAP *ld;               /* NULL when DOWN */
	int bind_id;            /* of our EXTERNAL */
	struct event *readable; /* NULL when DOWN */
	struct event *timer;    /* deadlines, attempts, deferred work */
	int64_t next_try;       /* not before this connect again */
	bool trouble;           /* and no answer since */
	int64_t warned;         /* when it was logged last */
	int64_t answered;       /* time_mono() of the last answer */
	bool stands;            /* a question timed out, no answer since */
	struct question *probe; /* has its whole time all the same */
	struct list waiting, sent;
	size_t count_waiting, count_sent;
};

static void pump(struct ldap_client *client);

void
ldap_client_prepare(void)
{
	LDAP *ld = NULL;

	if (ldap_initialize(&ld, "ldapi:///") == LDAP_SUCCESS)
		(void)ldap_unbind_ext(ld, NULL, NULL);
}

static void
question_free(struct question *q)
{
	list_remove(&q->link);
	if (q->client->probe == q)
		q->client->probe = NULL;
	free(q->base);
	free(q->filter);
	free_secret(q->password, q->password_len);
	free(q);
}

/* Take q off its list and tell who asked. */
static void
finish(struct question *q, const struct ldap_entry *entries, size_t count,
    const struct err *err)
{
	ldap_client_fn *fn = q->fn;
	void *ctx = q->ctx;

	if (q->msgid != 0)
		q->client->count_sent--;
	else
		q->client->count_waiting--;
	question_free(q);
	fn(ctx, entries, count, err);
}

static void
wake_in(struct ldap_client *client, int64_t microseconds)
{
	struct timeval tv = { 0, 0 };

	if (microseconds > 0) {
		tv.tv_sec = microseconds / TIME_SECOND;
		tv.tv_usec = microseconds % TIME_SECOND;
	}
	(void)evtimer_add(client->timer, &tv);
}

/* Trouble is logged when it begins, and once a minute. */
static void
warn(struct ldap_client *client, const struct err *why)
{
	int64_t now = time_mono();

	if (client->trouble && now < client->warned + WARN_EVERY)
		return;
	log_warn("%s", why->text);
	client->trouble = true;
	client->warned = now;
}

/*
 * The connection is of no use any more. What was under way waits again, or
 * fails if it had its tries.
 */
static void
disconnect(struct ldap_client *client, const struct err *why)
{
	struct list failed;

	list_init(&failed);
	warn(client, why);
	if (client->readable != NULL)
		event_free(client->readable);
	client->readable = NULL;
	if (client->ld != NULL)
		(void)ldap_unbind_ext(client->ld, NULL, NULL);
	client->ld = NULL;
	client->state = DOWN;
	client->next_try = time_mono() + RETRY_MS * 1000;
	while (!list_is_empty(&client->sent)) {
		struct list *link = list_pop(&client->sent);
		struct question *q = LIST_ITEM(link, struct question, link);

		client->count_sent--;
		client->count_waiting++;
		q->msgid = 0;
		if (q->tries < TRIES)
			list_push_front(&client->waiting, link);
		else
			list_push(&failed, link);
	}
	while (!list_is_empty(&failed))
		finish(LIST_ITEM(failed.next, struct question, link), NULL, 0,
		    why);
	wake_in(client, RETRY_MS * 1000);
}

static struct question *
find_sent(struct ldap_client *client, int msgid)
{
	LIST_FOREACH(link, &client->sent)
	{
		struct question *q = LIST_ITEM(link, struct question, link);

		if (q->msgid == msgid)
			return q;
	}
	return NULL;
}

/* The result code in a finished chain, as an error or as none. */
static int
result_of(struct ldap_client *client, LDAPMessage *chain, const char *what,
    struct err *err)
{
	int code = LDAP_OTHER;
	char *text = NULL;
	int ret = 0;

	(void)ldap_parse_result(client->ld, chain, &code, NULL, &text, NULL,
	    NULL, 0);
	if (code != LDAP_SUCCESS && code != LDAP_NO_SUCH_OBJECT)
		ret = ldap_internal_error(code, what, text, err);
	else if (code == LDAP_NO_SUCH_OBJECT && str_eqz(str_of(what), "bind"))
		ret = err_set(err, ERR_DENIED, "directory: no such name");
	ldap_memfree(text);
	return ret;
}

static void
note_answer(struct ldap_client *client)
{
	client->answered = time_mono();
	client->stands = false;
}

static void
answer(struct ldap_client *client, struct question *q, LDAPMessage *chain)
{
	struct ldap_entry *entries = NULL;
	struct arena *arena = NULL;
	struct err err = { 0 };
	size_t count = 0;
	int rc;

	if (client->trouble)
		log_info("directory: answers again");
	client->trouble = false;
	note_answer(client);
	rc = result_of(client, chain, q->filter != NULL ? "search" : "bind",
	    &err);
	if (rc == 0 && q->filter != NULL) {
		arena = arena_new(LDAP_CLIENT_ANSWER_MAX);
		rc = ldap_internal_entries(client->ld, chain, arena, &entries,
		    &count, &err);
	}
	ldap_msgfree(chain);
	finish(q, entries, count, rc < 0 ? &err : NULL);
	if (arena != NULL)
		arena_free(arena);
}

static void
external_done(struct ldap_client *client, LDAPMessage *chain)
{
	struct err err;
	int rc = result_of(client, chain, "bind", &err);

	ldap_msgfree(chain);
	client->bind_id = 0;
	if (rc < 0) {
		err.kind = ERR_TEMP;
		disconnect(client, &err);
		return;
	}
	note_answer(client);
	client->state = READY;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct ldap_client *client = arg;
	struct timeval now = { 0, 0 };
	LDAPMessage *chain = NULL;
	struct question *q;
	int rc = 0;

	(void)fd;
	(void)what;
	while (client->state != DOWN) {
		rc = ldap_result(client->ld, LDAP_RES_ANY, LDAP_MSG_ALL, &now,
		    &chain);
		if (rc <= 0)
			break;
		q = find_sent(client, ldap_msgid(chain));
		if (client->state == BINDING &&
		    ldap_msgid(chain) == client->bind_id)
			external_done(client, chain);
		else if (q != NULL)
			answer(client, q, chain);
		else
			ldap_msgfree(chain); /* nobody waits any more */
	}
	if (client->state != DOWN && rc < 0) {
		struct err err;

		(void)err_set(&err, ERR_TEMP, "directory: connection lost");
		disconnect(client, &err);
	}
	pump(client);
}

static int
send_external(struct ldap_client *client, struct err *err)
{
	char empty[] = "";
	struct berval none = { 0, empty }; /* present, but empty */
	int rc;

	rc = ldap_sasl_bind(client->ld, NULL, "EXTERNAL", &none, NULL, NULL,
	    &client->bind_id);
	if (rc != LDAP_SUCCESS)
		return ldap_internal_error(rc, "bind", NULL, err);
	client->state = BINDING;
	return 0;
}

static void
open_connection(struct ldap_client *client)
{
	struct err err;
	int fd = -1;

	client->ld = ldap_internal_connect(client->conf.path, false,
	    client->conf.timeout_ms, &err);
	if (client->ld == NULL) {
		disconnect(client, &err);
		return;
	}
	(void)ldap_get_option(client->ld, LDAP_OPT_DESC, &fd);
	client->readable = event_new(client->base, fd, EV_READ | EV_PERSIST,
	    on_readable, client);
	if (client->readable == NULL || event_add(client->readable, NULL) < 0)
		panic("event_add");
	client->state = READY;
	if (client->conf.external && send_external(client, &err) < 0)
		disconnect(client, &err);
}

/* Hand q to libldap. -1 when the connection does not take it. */
static int
send_question(struct ldap_client *client, struct question *q, struct err *err)
{
	int rc, msgid = 0;

	if (q->filter != NULL) {
		rc = ldap_search_ext(client->ld, q->base, LDAP_SCOPE_SUBTREE,
		    q->filter, (char **)(uintptr_t)q->attrs, 0, NULL, NULL,
		    NULL, 0, &msgid);
	} else {
		struct berval cred = { q->password_len, q->password };

		rc = ldap_sasl_bind(client->ld, q->base, LDAP_SASL_SIMPLE,
		    &cred, NULL, NULL, &msgid);
	}
	if (rc != LDAP_SUCCESS)
		return ldap_internal_error(rc, "send", NULL, err);
	q->msgid = msgid;
	q->sent = time_mono();
	q->tries++;
	list_remove(&q->link);
	list_push(&client->sent, &q->link);
	client->count_waiting--;
	client->count_sent++;
	return 0;
}

/* From question to answer. */
static int
time_of(const struct question *q)
{
	int whole = q->client->conf.timeout_ms;

	return q->is_short && whole > SHORT_MS ? SHORT_MS : whole;
}

/* While others are answered a question may wait for its turn. */
static int64_t
deadline_of(const struct question *q, int64_t now)
{
	const struct ldap_client *client = q->client;
	int64_t whole = client->conf.timeout_ms * 1000LL;
	int64_t from = q->asked, us = time_of(q) * 1000LL;

	if (client->conf.queue_ms > 0 && q->msgid != 0)
		from = q->sent;
	else if (client->conf.queue_ms > 0 && !q->is_short &&
	    now < client->answered + whole)
		us = client->conf.queue_ms * 1000LL;
	return from + us;
}

/*
 * Where one had its whole time and nothing was answered since it was asked, the
 * directory stands still. *whole, unless NULL: one had it. Returns when to look
 * again.
 */
static int64_t
expire(struct list *list, int64_t now, struct list *late, bool *whole)
{
	int64_t next = INT64_MAX;

	LIST_FOREACH(link, list)
	{
		struct question *q = LIST_ITEM(link, struct question, link);
		int64_t deadline = deadline_of(q, now);

		if (deadline <= now || q->refused != ERR_NONE) {
			list_remove(link);
			list_push(late, link);
			if (q->refused == ERR_NONE && !q->is_short) {
				if (whole != NULL)
					*whole = true;
				q->client->stands |=
				    q->client->answered < q->asked;
			}
		} else if (deadline < next) {
			next = deadline;
		}
	}
	return next;
}

/*
 * End what is over its time, and set the clock for the next. A server that
 * let a question time out is not believed any more: the connection goes too.
 */
static void
check_deadlines(struct ldap_client *client)
{
	int64_t now = time_mono(), next, other;
	bool stalled = false;
	struct list late;
	struct err err;

	list_init(&late);
	other = expire(&client->sent, now, &late, &stalled);
	next = expire(&client->waiting, now, &late, NULL);
	if (other < next)
		next = other;
	while (!list_is_empty(&late)) {
		struct question *q =
		    LIST_ITEM(late.next, struct question, link);

		(void)err_set(&err,
		    q->refused == ERR_NONE ? ERR_TEMP : q->refused,
		    "directory: no answer in %d ms", time_of(q));
		finish(q, NULL, 0, &err);
	}
	(void)err_set(&err, ERR_TEMP, "directory: no answer in %d ms",
	    client->conf.timeout_ms);
	if (stalled && client->state != DOWN)
		disconnect(client, &err);
	if (next > now + client->conf.timeout_ms * 1000LL && next != INT64_MAX)
		next = now + client->conf.timeout_ms * 1000LL;
	if (next != INT64_MAX && !evtimer_pending(client->timer, NULL))
		wake_in(client, next - now);
}

/* Connect if there is a reason to, send what may be sent. */
static void
pump(struct ldap_client *client)
{
	struct err err;

	check_deadlines(client);
	if (client->state == DOWN && client->count_waiting > 0 &&
	    time_mono() >= client->next_try)
		open_connection(client);
	while (client->state == READY && client->count_waiting > 0 &&
	    client->count_sent < (size_t)client->conf.pipeline) {
		struct question *q =
		    LIST_ITEM(client->waiting.next, struct question, link);

		if (send_question(client, q, &err) < 0) {
			disconnect(client, &err);
			break;
		}
	}
	if (client->state == DOWN && client->count_waiting > 0)
		wake_in(client, client->next_try - time_mono());
}

/* An answer that came while we got no processor is in time: it goes first. */
static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	on_readable(fd, what, arg);
}

struct ldap_client *
ldap_client_new(struct event_base *base, const struct ldap_client_conf *conf)
{
	struct ldap_client *client = xcalloc(1, sizeof(*client));

	client->base = base;
	client->conf = *conf;
	client->timer = evtimer_new(base, on_timer, client);
	if (client->timer == NULL)
		panic("evtimer_new");
	list_init(&client->waiting);
	list_init(&client->sent);
	return client;
}

void
ldap_client_free(struct ldap_client *client)
{
	if (client == NULL)
		return;
	while (!list_is_empty(&client->waiting))
		question_free(
		    LIST_ITEM(client->waiting.next, struct question, link));
	while (!list_is_empty(&client->sent))
		question_free(
		    LIST_ITEM(client->sent.next, struct question, link));
	if (client->readable != NULL)
		event_free(client->readable);
	if (client->ld != NULL)
		(void)ldap_unbind_ext(client->ld, NULL, NULL);
	event_free(client->timer);
	free(client);
}

static struct question *
ask(struct ldap_client *client, const char *base, ldap_client_fn *fn, void *ctx)
{
	struct question *q = xcalloc(1, sizeof(*q));

	q->client = client;
	q->fn = fn;
	q->ctx = ctx;
	q->base = xstrdup(base);
	q->is_short = client->stands && client->probe != NULL;
	if (client->stands && client->probe == NULL)
		client->probe = q;
	q->asked = time_mono();
	if (client->count_waiting >= LDAP_CLIENT_WAITING)
		q->refused = ERR_TEMP;
	list_push(&client->waiting, &q->link);
	client->count_waiting++;
	wake_in(client, 0);
	return q;
}

void
ldap_client_search(struct ldap_client *client, const char *base,
    const char *filter, const char *const *attrs, ldap_client_fn *fn, void *ctx)
{
	struct question *q = ask(client, base, fn, ctx);

	q->filter = xstrdup(filter);
	q->attrs = attrs;
}

void
ldap_client_bind(struct ldap_client *client, const char *dn,
    struct str password, ldap_client_fn *fn, void *ctx)
{
	struct question *q = ask(client, dn, fn, ctx);

	q->password = xstrndup(password.p, password.len);
	q->password_len = password.len;
	if (password.len == 0)
		q->refused = ERR_DENIED;
}

size_t
ldap_client_open(const struct ldap_client *client)
{
	return client->count_waiting + client->count_sent;
}

#include "authd/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "authd/tell.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/num.h"
#include "base/time.h"
#include "dict/ldap_client.h"

enum { EVERY_SECONDS = 2, CSN_MAX = 64, STAMP_SIZE = 32, FILTER_MAX = 512 };

struct watch {
	struct authd *authd;
	struct ldap_client *client;
	struct event *timer;
	char csn[CSN_MAX]; /* of the last change we know */
	bool looks_back;   /* what became void before we were started? */
};

/* A peer that wants to be told. */
struct watcher {
	struct list link;
	struct ipc_peer *peer;
};

static const char *const attrs[] = { "mail", "mailboxOwner", "accountStatus",
	"pwdChangedTime", "mailNotBefore", "entryCSN", NULL };

int64_t
watch_parse_time(struct str text)
{
	struct tm tm = { 0 };
	char digits[16] = "";

	if (text.len < 15)
		return 0;
	for (size_t i = 0; i < 14; i++) {
		if (!is_digit(text.p[i]))
			return 0;
		digits[i] = text.p[i];
	}
	if (sscanf(digits, "%4d%2d%2d%2d%2d%2d", &tm.tm_year, &tm.tm_mon,
		&tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return (int64_t)timegm(&tm);
}

int64_t
watch_not_before(const struct ldap_entry *user)
{
	int64_t changed =
	    watch_parse_time(ldap_entry_value(user, "pwdChangedTime"));
	int64_t not_before =
	    watch_parse_time(ldap_entry_value(user, "mailNotBefore"));

	return changed > not_before ? changed : not_before;
}

static void
publish(struct authd *authd, struct str user, int64_t not_before)
{
	struct auth_void msg = { .user = user,
		.not_before = (uint64_t)not_before };

	memory_forget(authd->memory, user);
	tell_void(authd->tell, user, not_before);
	LIST_FOREACH(link, &authd->watchers)
	{
		struct watcher *watcher = LIST_ITEM(link, struct watcher, link);

		ipc_peer_send(watcher->peer, &auth_void_msg, 0, &msg);
	}
}

/* As tickets have it; of TICKET_NAME_MAX bytes at most. */
static struct str
lowered(char name[TICKET_NAME_MAX], struct str user)
{
	for (size_t i = 0; i < user.len; i++)
		name[i] = lower(user.p[i]);
	return str_make(name, user.len);
}

bool
watch_void_of(const struct ldap_entry *entry, int64_t now,
    char name[TICKET_NAME_MAX], struct auth_void *msg)
{
	struct str status = ldap_entry_value(entry, "accountStatus");
	struct str user = ldap_entry_value(entry, "mailboxOwner");

	if (user.len == 0)
		user = ldap_entry_value(entry, "mail");
	if (user.len == 0 || user.len > TICKET_NAME_MAX)
		return false;
	msg->user = lowered(name, user);
	msg->not_before = (uint64_t)watch_not_before(entry);
	if (status.len > 0 && !str_ieqz(status, "active"))
		msg->not_before = (uint64_t)now + 1;
	return true;
}

static void
take_entry(struct watch *watch, const struct ldap_entry *entry)
{
	char name[TICKET_NAME_MAX];
	struct auth_void msg;

	if (watch_void_of(entry, time_real() / TIME_SECOND, name, &msg))
		publish(watch->authd, msg.user, (int64_t)msg.not_before);
}

static void
sleep_on(struct watch *watch)
{
	const struct timeval pause = { EVERY_SECONDS, 0 };

	(void)evtimer_add(watch->timer, &pause);
}

/* "20261122054841", so many seconds ago. */
static void
make_stamp(char out[STAMP_SIZE], int64_t ago)
{
	time_t then = (time_t)(time_real() / TIME_SECOND - ago);
	struct tm tm;

	(void)gmtime_r(&then, &tm);
	(void)strftime(out, STAMP_SIZE, "%Y%m%d%H%M%S", &tm);
}

/* From a little before now: changes of the last seconds come once more. */
static void
set_begin(struct watch *watch)
{
	char stamp[STAMP_SIZE];

	make_stamp(stamp, 5);
	(void)snprintf(watch->csn, sizeof(watch->csn),
	    "%s.000000Z#000000#000#000000", stamp);
}

/*
 * Between two looks more was changed than an answer holds, as when everybody
 * gets another quota. The next look is for what makes tickets void alone, and
 * anybody's password may be another; when that is too much as well, it is left
 * at that.
 */
static void
take_too_many(struct watch *watch, const struct err *err)
{
	if (watch->looks_back) {
		log_warn("too many users were changed lately: tickets of "
			 "before are good: %s",
		    err->text);
		watch->looks_back = false;
		return;
	}
	set_begin(watch);
	memory_forget(watch->authd->memory, (struct str){ NULL, 0 });
	watch->looks_back = true;
}

static void
on_answer(void *ctx, const struct ldap_entry *entries, size_t count,
    const struct err *err)
{
	struct watch *watch = ctx;
	struct str newest = str_of(watch->csn);

	for (size_t i = 0; err == NULL && i < count; i++) {
		struct str csn = ldap_entry_value(&entries[i], "entryCSN");

		/* The search says "from", so the last one comes again. */
		if (!watch->looks_back && str_cmp(csn, str_of(watch->csn)) <= 0)
			continue;
		take_entry(watch, &entries[i]);
		if (str_cmp(csn, newest) > 0 && csn.len < CSN_MAX)
			newest = csn;
	}
	if (newest.p != watch->csn) {
		char copy[CSN_MAX];

		(void)snprintf(copy, sizeof(copy), "%" STR_F, STR_A(newest));
		memcpy(watch->csn, copy, sizeof(copy));
	}
	if (err != NULL && err->kind == ERR_LIMIT)
		take_too_many(watch, err);
	else if (err == NULL)
		watch->looks_back = false;
	sleep_on(watch);
}

/* Of what changed while tickets last that are good now: what makes some void.
 */
static void
make_filter_back(const struct watch *watch, char *out, size_t size)
{
	char stamp[STAMP_SIZE];

	make_stamp(stamp, watch->authd->conf.ticket_time + TICKET_SKEW);
	(void)snprintf(out, size,
	    "(&(objectClass=mailUser)(entryCSN>=%s.000000Z#000000#000#000000)"
	    "(|(pwdChangedTime>=%sZ)(mailNotBefore>=%sZ)"
	    "(&(accountStatus=*)(!(accountStatus=active)))))",
	    stamp, stamp, stamp);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct watch *watch = arg;
	char filter[FILTER_MAX];

	(void)fd;
	(void)what;
	if (watch->looks_back)
		make_filter_back(watch, filter, sizeof(filter));
	else
		(void)snprintf(filter, sizeof(filter),
		    "(&(objectClass=mailUser)(entryCSN>=%s))", watch->csn);
	ldap_client_search(watch->client,
	    watch->authd->conf.password.directory.suffix, filter, attrs,
	    on_answer, watch);
}

struct watch *
watch_new(struct authd *authd)
{
	struct ldap_client_conf conf = {
		.path = authd->conf.password.directory.socket,
		.timeout_ms = authd->conf.password.directory.timeout * 1000,
		.pipeline = 1,
		.external = true,
	};
	struct event_base *base = daemon_base(authd->daemon);
	struct watch *watch = xcalloc(1, sizeof(*watch));

	watch->authd = authd;
	watch->client = ldap_client_new(base, &conf);
	watch->timer = evtimer_new(base, on_timer, watch);
	if (watch->timer == NULL)
		panic("evtimer_new");
	set_begin(watch);
	watch->looks_back = true;
	sleep_on(watch);
	return watch;
}

void
watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	ldap_client_free(watch->client);
	event_free(watch->timer);
	free(watch);
}

void
watch_subscribe(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct authd *authd = ipc_peer_ctx(peer);
	struct watcher *watcher = xcalloc(1, sizeof(*watcher));

	(void)tag;
	(void)in;
	watcher->peer = peer;
	list_push(&authd->watchers, &watcher->link);
}

void
watch_kick(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	const struct auth_kick *kick = in;
	struct auth_void answer = { .user = kick->user };
	char name[TICKET_NAME_MAX];
	struct err err;

	if (!str_eqz(str_of(ipc_peer_role(peer)), "ctl")) {
		(void)err_set(&err, ERR_DENIED, "only the operator may");
		ipc_peer_error(peer, tag, &err);
		return;
	}
	answer.not_before = (uint64_t)(time_real() / TIME_SECOND + 1);
	publish(ipc_peer_ctx(peer), lowered(name, kick->user),
	    (int64_t)answer.not_before);
	ipc_peer_send(peer, &auth_void_msg, tag, &answer);
}

void
watch_forget_peer(struct authd *authd, struct ipc_peer *peer)
{
	LIST_FOREACH(link, &authd->watchers)
	{
		struct watcher *watcher = LIST_ITEM(link, struct watcher, link);

		if (watcher->peer != peer)
			continue;
		list_remove(link);
		free(watcher);
	}
}

#include "authd/throttle.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/time.h"
#include "net/addr.h"

enum { KEY_MAX = 512, FAILURES_MAX = 1000 };

struct entry {
	struct list link; /* by use, the latest last */
	struct str key;   /* owned */
	int failures;
	int64_t halved; /* when failures was halved last */
	int64_t next;   /* the next attempt is looked at then */
};

struct throttle {
	struct hash *table;
	struct list used;
	size_t max;
};

struct throttle *
throttle_new(size_t max)
{
	struct throttle *throttle = xcalloc(1, sizeof(*throttle));

	throttle->table = hash_new();
	throttle->max = max;
	list_init(&throttle->used);
	return throttle;
}

static void
drop(struct throttle *throttle, struct entry *entry)
{
	(void)hash_remove(throttle->table, entry->key);
	list_remove(&entry->link);
	free((char *)(uintptr_t)entry->key.p);
	free(entry);
}

void
throttle_free(struct throttle *throttle)
{
	if (throttle == NULL)
		return;
	while (!list_is_empty(&throttle->used))
		drop(throttle,
		    LIST_ITEM(throttle->used.next, struct entry, link));
	hash_free(throttle->table);
	free(throttle);
}

/* The network that one customer has, then the user if there is one. */
static struct str
make_key(char out[KEY_MAX], struct str text, struct str user)
{
	struct addr addr;
	struct err err;
	struct str host = text;
	size_t len;

	if (addr_parse_ip(&addr, text, &err) == 0) {
		host = addr_host_key(&addr);
		if (addr.family == ADDR_IPV6)
			host.len = 8; /* RFC 6177: a site has at least a /64 */
	}
	len = host.len < KEY_MAX / 2 ? host.len : KEY_MAX / 2;
	memcpy(out, host.p, len);
	out[len++] = 0;
	if (user.len > KEY_MAX - len)
		user.len = KEY_MAX - len;
	for (size_t i = 0; i < user.len; i++)
		out[len + i] = lower(user.p[i]);
	return str_make(out, len + user.len);
}

static void
decay(struct entry *entry, int64_t now)
{
	int64_t step = (int64_t)THROTTLE_HALF_LIFE * TIME_SECOND;

	while (entry->failures > 0 && entry->halved + step <= now) {
		entry->failures /= 2;
		entry->halved += step;
	}
	if (entry->failures == 0)
		entry->halved = now; /* what comes next is new */
}

static struct entry *
find(struct throttle *throttle, struct str addr, struct str user, int64_t now)
{
	char key[KEY_MAX];
	struct entry *entry =
	    hash_get(throttle->table, make_key(key, addr, user));

	if (entry == NULL)
		return NULL;
	list_remove(&entry->link);
	list_push(&throttle->used, &entry->link);
	decay(entry, now);
	return entry;
}

static struct entry *
find_or_add(struct throttle *throttle, struct str addr, struct str user,
    int64_t now)
{
	struct entry *entry = find(throttle, addr, user, now);
	char key[KEY_MAX];
	struct str k;

	if (entry != NULL)
		return entry;
	if (hash_len(throttle->table) >= throttle->max)
		drop(throttle,
		    LIST_ITEM(throttle->used.next, struct entry, link));
	k = make_key(key, addr, user);
	entry = xcalloc(1, sizeof(*entry));
	entry->key = str_make(xmemdup(k.p, k.len), k.len);
	entry->halved = now;
	(void)hash_put(throttle->table, entry->key, entry);
	list_push(&throttle->used, &entry->link);
	return entry;
}

/* Half a second, doubled for each failure beyond the free ones. */
static int64_t
pause_of(const struct entry *entry, int free_failures, int longest)
{
	int64_t pause = TIME_SECOND / 2, most = (int64_t)longest * TIME_SECOND;

	if (entry->failures < free_failures)
		return 0;
	for (int i = free_failures; i < entry->failures && pause < most; i++)
		pause *= 2;
	return pause < most ? pause : most;
}

int64_t
throttle_wait(struct throttle *throttle, struct str addr, struct str user,
    int64_t now)
{
	struct entry *one = find(throttle, addr, STR(""), now);
	struct entry *pair = find(throttle, addr, user, now);
	int64_t at = now;

	if (one != NULL && one->next > at)
		at = one->next;
	if (pair != NULL && pair->next > at)
		at = pair->next;
	if (at - now > (int64_t)THROTTLE_WAIT_MAX * TIME_SECOND)
		return -1;
	if (one != NULL)
		one->next =
		    at + pause_of(one, THROTTLE_FREE_ADDR, THROTTLE_PAUSE_ADDR);
	if (pair != NULL)
		pair->next = at +
		    pause_of(pair, THROTTLE_FREE_PAIR, THROTTLE_PAUSE_PAIR);
	return at - now;
}

static void
add_failure(struct entry *entry, int free_failures, int longest, int64_t now)
{
	int64_t next;

	if (entry->failures < FAILURES_MAX)
		entry->failures++;
	next = now + pause_of(entry, free_failures, longest);
	if (entry->next < next)
		entry->next = next;
}

void
throttle_failed(struct throttle *throttle, struct str addr, struct str user,
    int64_t now)
{
	add_failure(find_or_add(throttle, addr, STR(""), now),
	    THROTTLE_FREE_ADDR, THROTTLE_PAUSE_ADDR, now);
	add_failure(find_or_add(throttle, addr, user, now), THROTTLE_FREE_PAIR,
	    THROTTLE_PAUSE_PAIR, now);
}

void
throttle_passed(struct throttle *throttle, struct str addr, struct str user)
{
	struct entry *pair = find(throttle, addr, user, 0);

	if (pair != NULL)
		drop(throttle, pair);
}

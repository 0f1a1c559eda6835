#include "front/limits.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/time.h"

struct limits_entry {
	int open;
	int made; /* since the unit began */
	int events[LIMITS_EVENTS];
	int64_t since; /* monotonic: when it began */
};

struct limits {
	const struct limits_conf *conf;
	struct hash *table;
};

enum { KEY_MAX = 1 + ADDR_PATH_SIZE, PREFIX6 = 8 };

struct limits *
limits_new(const struct limits_conf *conf)
{
	struct limits *limits = xcalloc(1, sizeof(*limits));

	limits->conf = conf;
	limits->table = hash_new();
	return limits;
}

void
limits_free(struct limits *limits)
{
	struct str key;
	void *entry;

	if (limits == NULL)
		return;
	for (size_t it = 0; hash_next(limits->table, &it, &key, &entry);)
		free(entry);
	hash_free(limits->table);
	free(limits);
}

/* The class, then what names the client. */
static struct str
make_key(char out[KEY_MAX], enum limits_class class, const struct addr *client)
{
	struct str host = addr_host_key(client);

	if (client->family == ADDR_IPV6)
		host.len = PREFIX6;
	out[0] = (char)class;
	if (host.len > 0)
		memcpy(out + 1, host.p, host.len);
	return str_make(out, 1 + host.len);
}

static int64_t
unit(const struct limits *limits)
{
	return (int64_t)limits->conf->rate_unit * TIME_SECOND;
}

/* The client's entry, made if need be, in the unit that now is. */
static struct limits_entry *
find(struct limits *limits, enum limits_class class, const struct addr *client)
{
	int64_t now = time_mono();
	struct limits_entry *entry;
	char bytes[KEY_MAX];
	struct str key = make_key(bytes, class, client);

	entry = hash_get(limits->table, key);
	if (entry == NULL) {
		entry = xcalloc(1, sizeof(*entry));
		entry->since = now;
		(void)hash_put(limits->table, key, entry);
	}
	if (now - entry->since >= unit(limits)) {
		entry->since = now;
		entry->made = 0;
		memset(entry->events, 0, sizeof(entry->events));
	}
	return entry;
}

enum limits_verdict
limits_enter(struct limits *limits, enum limits_class class,
    const struct addr *client, struct limits_entry **out)
{
	const struct limits_conf *conf = limits->conf;
	struct limits_entry *entry = find(limits, class, client);

	*out = NULL;
	if (entry->made < INT32_MAX)
		entry->made++;
	if (conf->rate[class] > 0 && entry->made > conf->rate[class])
		return LIMITS_RATE;
	if (conf->count[class] > 0 && entry->open >= conf->count[class])
		return LIMITS_COUNT;
	entry->open++;
	*out = entry;
	return LIMITS_OK;
}

bool
limits_count(struct limits *limits, enum limits_class class,
    const struct addr *client, enum limits_event event)
{
	struct limits_entry *entry;
	int most = limits->conf->event[event];

	if (most == 0)
		return true;
	entry = find(limits, class, client);
	if (entry->events[event] < INT32_MAX)
		entry->events[event]++;
	return entry->events[event] <= most;
}

void
limits_leave(struct limits_entry *entry)
{
	if (entry != NULL)
		entry->open--;
}

void
limits_sweep(struct limits *limits)
{
	int64_t now = time_mono();
	struct str key;
	void *value;

	for (size_t it = 0; hash_next(limits->table, &it, &key, &value);) {
		struct limits_entry *entry = value;

		if (entry->open > 0 || now - entry->since < unit(limits))
			continue;
		(void)hash_remove(limits->table, key);
		free(entry);
	}
}

size_t
limits_len(const struct limits *limits)
{
	return hash_len(limits->table);
}

#include "authd/delay.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"

struct delay {
	struct hash *users; /* int64_t, the time of the last login */
};

struct delay *
delay_new(void)
{
	struct delay *delay = xcalloc(1, sizeof(*delay));

	delay->users = hash_new();
	return delay;
}

void
delay_free(struct delay *delay)
{
	if (delay == NULL)
		return;
	delay_sweep(delay, INT64_MAX, 0);
	hash_free(delay->users);
	free(delay);
}

bool
delay_admit(struct delay *delay, struct str user, int64_t now, int64_t pause)
{
	int64_t *last = hash_get(delay->users, user);

	if (last != NULL && now - *last < pause)
		return false;
	if (last == NULL) {
		last = xmalloc(sizeof(*last));
		(void)hash_put(delay->users, user, last);
	}
	*last = now;
	return true;
}

void
delay_sweep(struct delay *delay, int64_t now, int64_t pause)
{
	struct str user;
	void *value;

	for (size_t it = 0; hash_next(delay->users, &it, &user, &value);) {
		int64_t *last = value;

		if (now - *last < pause)
			continue;
		(void)hash_remove(delay->users, user);
		free(last);
	}
}

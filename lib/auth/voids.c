#include "auth/voids.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/list.h"

struct one {
	struct list link;
	char *user; /* in lower case */
	int64_t not_before, until;
};

struct voids {
	size_t max;
	struct hash *users;
	struct list all; /* in the order in which they were noted */
};

struct voids *
voids_new(size_t max)
{
	struct voids *voids = xcalloc(1, sizeof(*voids));

	voids->max = max;
	voids->users = hash_new();
	list_init(&voids->all);
	return voids;
}

static void
drop(struct voids *voids, struct one *one)
{
	(void)hash_remove(voids->users, str_of(one->user));
	list_remove(&one->link);
	free(one->user);
	free(one);
}

void
voids_free(struct voids *voids)
{
	if (voids == NULL)
		return;
	while (!list_is_empty(&voids->all))
		drop(voids, LIST_ITEM(voids->all.next, struct one, link));
	hash_free(voids->users);
	free(voids);
}

/* Caller frees it. */
static char *
lowered(struct str user)
{
	char *name = xstrndup(user.p, user.len);

	for (size_t i = 0; i < user.len; i++)
		name[i] = lower(name[i]);
	return name;
}

static struct one *
first(const struct voids *voids)
{
	return list_is_empty(&voids->all) ?
	    NULL :
	    LIST_ITEM(voids->all.next, struct one, link);
}

void
voids_add(struct voids *voids, struct str user, int64_t not_before,
    int64_t until, int64_t now)
{
	char *name = lowered(user);
	struct one *one;

	while (first(voids) != NULL && first(voids)->until <= now)
		drop(voids, first(voids));
	one = hash_get(voids->users, str_of(name));
	if (one != NULL) {
		free(name);
		list_remove(&one->link);
	} else {
		if (hash_len(voids->users) >= voids->max)
			drop(voids, first(voids));
		one = xcalloc(1, sizeof(*one));
		one->user = name;
		(void)hash_put(voids->users, str_of(name), one);
	}
	list_push(&voids->all, &one->link);
	if (not_before > one->not_before)
		one->not_before = not_before;
	if (until > one->until)
		one->until = until;
}

int64_t
voids_not_before(const struct voids *voids, struct str user)
{
	char *name = lowered(user);
	const struct one *one = hash_get(voids->users, str_of(name));

	free(name);
	return one == NULL ? 0 : one->not_before;
}

size_t
voids_count(const struct voids *voids)
{
	return hash_len(voids->users);
}

void
voids_each(const struct voids *voids, voids_fn *fn, void *ctx)
{
	LIST_FOREACH(link, &voids->all)
	{
		const struct one *one = LIST_ITEM(link, struct one, link);

		fn(ctx, str_of(one->user), one->not_before, one->until);
	}
}

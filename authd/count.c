#include "authd/count.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/list.h"

struct user {
	size_t sessions;
	char *name;
};

struct session {
	struct list link;
	const void *owner;
	struct str key; /* owned: session id, NUL, user */
	struct user *user;
};

struct count {
	struct hash *sessions, *users;
	struct list all;
};

struct count *
count_new(void)
{
	struct count *count = xcalloc(1, sizeof(*count));

	count->sessions = hash_new();
	count->users = hash_new();
	list_init(&count->all);
	return count;
}

static void
drop(struct count *count, struct session *session)
{
	struct user *user = session->user;

	(void)hash_remove(count->sessions, session->key);
	list_remove(&session->link);
	free((char *)(uintptr_t)session->key.p);
	free(session);
	if (--user->sessions > 0)
		return;
	(void)hash_remove(count->users, str_of(user->name));
	free(user->name);
	free(user);
}

void
count_free(struct count *count)
{
	if (count == NULL)
		return;
	while (!list_is_empty(&count->all))
		drop(count, LIST_ITEM(count->all.next, struct session, link));
	hash_free(count->sessions);
	hash_free(count->users);
	free(count);
}

/* Caller frees p. */
static struct str
make_key(struct str session, struct str user)
{
	char *p = xmalloc(session.len + 1 + user.len);

	if (session.len > 0)
		memcpy(p, session.p, session.len);
	p[session.len] = 0;
	if (user.len > 0)
		memcpy(p + session.len + 1, user.p, user.len);
	return str_make(p, session.len + 1 + user.len);
}

void
count_begin(struct count *count, const void *owner, struct str id,
    struct str name)
{
	struct user *user = hash_get(count->users, name);
	struct str key = make_key(id, name);
	struct session *session = hash_get(count->sessions, key);

	if (session != NULL) {
		free((char *)(uintptr_t)key.p);
		return;
	}
	if (user == NULL) {
		user = xcalloc(1, sizeof(*user));
		user->name = xstrndup(name.p, name.len);
		(void)hash_put(count->users, name, user);
	}
	user->sessions++;
	session = xcalloc(1, sizeof(*session));
	session->owner = owner;
	session->key = key;
	session->user = user;
	(void)hash_put(count->sessions, key, session);
	list_push(&count->all, &session->link);
}

void
count_end(struct count *count, struct str id, struct str name)
{
	struct str key = make_key(id, name);
	struct session *session = hash_get(count->sessions, key);

	free((char *)(uintptr_t)key.p);
	if (session != NULL)
		drop(count, session);
}

void
count_end_all(struct count *count, const void *owner)
{
	LIST_FOREACH(link, &count->all)
	{
		struct session *session = LIST_ITEM(link, struct session, link);

		if (session->owner == owner)
			drop(count, session);
	}
}

size_t
count_of_user(const struct count *count, struct str name)
{
	const struct user *user = hash_get(count->users, name);

	return user == NULL ? 0 : user->sessions;
}

size_t
count_of_all(const struct count *count)
{
	return hash_len(count->sessions);
}

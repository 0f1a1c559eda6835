#include "store/who.h"

struct str
store_who_domain(struct str name)
{
	ptrdiff_t at = str_rchr(name, '@');

	return at < 0 ? name : str_sub(name, (size_t)at, name.len);
}

bool
store_who_is_shared(struct str name)
{
	return str_starts(name, STR(STORE_SHARED_OWNER));
}

static int
no_room(struct err *err)
{
	return err_set(err, ERR_LIMIT, "no room for who asks");
}

int
store_who_make(struct store_who *who, struct arena *arena, uint32_t user,
    struct str name, const struct str *group, size_t groups, struct err *err)
{
	struct str *identity;

	if (groups > STORE_GROUPS_MAX)
		groups = STORE_GROUPS_MAX;
	who->user = user;
	who->name = arena_str(arena, name);
	identity = arena_calloc(arena, groups + 2, sizeof(*identity));
	who->identity = identity;
	who->identities = 2;
	if (who->name.p == NULL || identity == NULL)
		return no_room(err);
	identity[0] = who->name;
	identity[1] = store_who_domain(who->name);
	for (size_t i = 0; i < groups; i++) {
		const char *text =
		    arena_printf(arena, "group:%" STR_F, STR_A(group[i]));

		if (text == NULL)
			return no_room(err);
		identity[who->identities++] = str_of(text);
	}
	return 0;
}

int
store_who_anyone(struct store_who *who, struct arena *arena, struct str owner,
    struct err *err)
{
	if (store_who_make(who, arena, 0, owner, NULL, 0, err) < 0)
		return -1;
	who->identity++; /* the owner is not who sends */
	who->identities = 1;
	return 0;
}

int
store_who_copy(struct store_who *to, struct arena *arena,
    const struct store_who *from, struct err *err)
{
	struct str *identity =
	    arena_calloc(arena, from->identities + 1, sizeof(*identity));

	*to = *from;
	to->name = arena_str(arena, from->name);
	to->identity = identity;
	if (to->name.p == NULL || identity == NULL)
		return no_room(err);
	for (size_t i = 0; i < from->identities; i++) {
		identity[i] = arena_str(arena, from->identity[i]);
		if (identity[i].p == NULL)
			return no_room(err);
	}
	return 0;
}

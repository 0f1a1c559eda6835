#include "verb/store_edge.h"

#include <string.h>

#include "store/who.h"

int
store_edge_open(struct store_edge *edge, struct verb_call *call, int timeout_ms,
    struct err *err)
{
	int fd = verb_connect(call, "stored", err);

	if (fd < 0)
		return -1;
	edge->client = store_client_new(fd, timeout_ms);
	edge->arena = arena_new(0);
	return 0;
}

void
store_edge_close(struct store_edge *edge)
{
	store_client_free(edge->client);
	arena_free(edge->arena);
}

struct str
store_edge_user(struct store_edge *edge, const char *text)
{
	bool shared = strchr(text, '@') == NULL;
	char *name = arena_printf(edge->arena, "%s%s",
	    shared ? STORE_SHARED_OWNER "@" : "", text);

	for (char *p = name; *p != '\0'; p++)
		*p = lower(*p);
	return str_of(name);
}

int
store_edge_each(struct store_edge *edge, struct str user, const char *name,
    store_edge_fn *fn, void *ctx, struct err *err)
{
	struct store_listed listed = { .more = true };
	struct str after = STR("");
	bool found = false;
	int ret = 0;

	while (ret == 0 && listed.more) {
		const struct store_listing *row;

		ret = store_client_list(edge->client, user, after, edge->arena,
		    &listed, err);
		if (ret < 0 || listed.mailboxes.count == 0)
			break;
		row = listed.mailboxes.items;
		for (size_t i = 0; ret == 0 && i < listed.mailboxes.count;
		     i++) {
			if (name != NULL && !str_eqz(row[i].name, name))
				continue;
			found = true;
			ret = fn(edge, user, &row[i], ctx, err);
		}
		after = row[listed.mailboxes.count - 1].name;
	}
	if (ret == 0 && name != NULL && !found)
		return err_set(err, ERR_NOENT, "no mailbox %s", name);
	return ret;
}

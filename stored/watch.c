#include "stored/watch.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "store/rights.h"
#include "store/row.h"

/* All who watch one thing. */
struct watch_list {
	struct list watches;
};

struct watch {
	struct list link;        /* in the list of the thing */
	struct list client_link; /* in the client's */
	struct client *client;
	uint64_t thing;
};

/* Users and mailboxes share a table: 32 bits of kind, 32 of id. */
static uint64_t
user_thing(uint32_t user)
{
	return (uint64_t)1 << 32 | user;
}

static uint64_t
mailbox_thing(uint32_t mailbox)
{
	return (uint64_t)2 << 32 | mailbox;
}

static void
remove_watch(struct stored *stored, struct watch *watch)
{
	struct str key = str_make(&watch->thing, sizeof(watch->thing));
	struct watch_list *all = hash_get(stored->watched, key);

	list_remove(&watch->link);
	list_remove(&watch->client_link);
	if (all != NULL && list_is_empty(&all->watches)) {
		(void)hash_remove(stored->watched, key);
		free(all);
	}
	free(watch);
}

static void
add_watch(struct client *client, uint64_t thing)
{
	struct hash *watched = client->stored->watched;
	struct str key = str_make(&thing, sizeof(thing));
	struct watch_list *all = hash_get(watched, key);
	struct watch *watch = xcalloc(1, sizeof(*watch));

	if (all == NULL) {
		all = xcalloc(1, sizeof(*all));
		list_init(&all->watches);
		(void)hash_put(watched, key, all);
	}
	watch->client = client;
	watch->thing = thing;
	list_push(&all->watches, &watch->link);
	list_push(&client->watches, &watch->client_link);
}

struct question {
	const struct store_who *who;
	uint32_t mailbox;
};

static int
check_right(struct kv_txn *txn, void *arg, struct err *err)
{
	const struct question *question = arg;
	struct store_mbox mbox;
	int ret = store_row_mbox(txn, question->mailbox, &mbox, err);

	if (ret < 0)
		return -1;
	if (ret == 0 || mbox.gone != 0)
		return err_set(err, ERR_NOENT, "no such mailbox");
	if (!(store_rights(&mbox, question->who) & STORE_RIGHT_READ))
		return err_set(err, ERR_DENIED, "another user's mailbox");
	return 0;
}

int
watch_set(struct client *client, const struct store_watch *in, struct err *err)
{
	struct question question = { &client->who, in->mailbox };
	uint64_t thing = in->mailbox == 0 ? user_thing(client->who.user) :
					    mailbox_thing(in->mailbox);
	unsigned count = 0;

	LIST_FOREACH(link, &client->watches)
	{
		struct watch *watch =
		    LIST_ITEM(link, struct watch, client_link);

		count++;
		if (watch->thing != thing)
			continue;
		if (!in->on)
			remove_watch(client->stored, watch);
		return 0;
	}
	if (!in->on)
		return 0;
	if (count >= WATCHES_MAX)
		return err_set(err, ERR_LIMIT, "too many watches");
	if (in->mailbox != 0 &&
	    kv_view(client->stored->engine->kv, check_right, &question, err) <
		0)
		return -1;
	add_watch(client, thing);
	return 0;
}

/* The client's watch of a thing; NULL: it has none. */
static struct watch *
find_watch(struct client *client, uint64_t thing)
{
	struct watch_list *all =
	    hash_get(client->stored->watched, str_make(&thing, sizeof(thing)));

	if (all == NULL)
		return NULL;
	LIST_FOREACH(link, &all->watches)
	{
		struct watch *watch = LIST_ITEM(link, struct watch, link);

		if (watch->client == client)
			return watch;
	}
	return NULL;
}

/* What a mailbox has come to, against what a follower knows of it. */
struct outlook {
	uint32_t mailbox;
	uint64_t known, now;
	bool is_news;
};

/* modseq 0, in a notice, says that the mailbox is gone. */
static int
look(struct kv_txn *txn, void *arg, struct err *err)
{
	struct outlook *outlook = arg;
	struct store_mbox mbox;
	int ret = store_row_mbox(txn, outlook->mailbox, &mbox, err);

	if (ret > 0 && mbox.gone != 0)
		ret = 0;
	outlook->now = ret > 0 ? mbox.modseq : 0;
	outlook->is_news = ret <= 0 || mbox.modseq > outlook->known;
	return ret < 0 ? -1 : 0;
}

void
watch_follow(struct client *client, const struct store_follow *in)
{
	struct watch *watch = find_watch(client, mailbox_thing(in->mailbox));
	struct outlook outlook = { .mailbox = in->mailbox,
		.known = in->modseq };
	struct store_notice notice = { .mailbox = in->mailbox };
	struct err err;

	if (!in->on) {
		if (watch != NULL)
			remove_watch(client->stored, watch);
		return;
	}
	if (watch == NULL)
		add_watch(client, mailbox_thing(in->mailbox));
	/* A hint too many does no harm, one too few does. */
	if (kv_view(client->stored->engine->kv, look, &outlook, &err) == 0 &&
	    !outlook.is_news)
		return;
	notice.modseq = outlook.now;
	ipc_peer_send(client->peer, &store_notice_msg, 0, &notice);
}

void
watch_clear(struct client *client)
{
	while (!list_is_empty(&client->watches))
		remove_watch(client->stored,
		    LIST_ITEM(client->watches.next, struct watch, client_link));
}

static void
tell(struct stored *stored, uint64_t thing, const struct store_notice *notice)
{
	struct watch_list *all =
	    hash_get(stored->watched, str_make(&thing, sizeof(thing)));

	if (all == NULL)
		return;
	LIST_FOREACH(link, &all->watches)
	{
		struct watch *watch = LIST_ITEM(link, struct watch, link);

		ipc_peer_send(watch->client->peer, &store_notice_msg, 0,
		    notice);
		daemon_count(stored->daemon, STAT_NOTICES, 1);
	}
}

void
watch_tell(struct stored *stored)
{
	LIST_FOREACH(link, &stored->engine->changed)
	{
		struct notice *changed = LIST_ITEM(link, struct notice, link);
		struct store_notice notice = { changed->user, changed->mailbox,
			changed->modseq };

		tell(stored, user_thing(changed->user), &notice);
		tell(stored, mailbox_thing(changed->mailbox), &notice);
	}
	engine_clear_changed(stored->engine);
}

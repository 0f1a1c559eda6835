#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"
#include "stored/acl.h"
#include "stored/admin.h"
#include "stored/append.h"
#include "stored/append_all.h"
#include "stored/browse.h"
#include "stored/copy.h"
#include "stored/expunge.h"
#include "stored/flags.h"
#include "stored/listing.h"
#include "stored/mailbox.h"
#include "stored/quota.h"
#include "stored/settle.h"
#include "stored/stored.h"
#include "stored/undelete.h"
#include "stored/upload.h"
#include "stored/watch.h"

enum {
	REQUEST_MAX = 64 << 20, /* memory of one, a large body included */
	ARENA = 1 << 20,
};

static unsigned
roles_of(const char *role)
{
	static const struct {
		const char *name;
		unsigned roles;
	} table[] = {
		{ "lmtpd", ROLE_DELIVER },
		{ "qmgr", ROLE_QUEUE },
		{ "imapd", ROLE_SESSION },
		{ "pop3d", ROLE_SESSION },
		{ "rewrite", ROLE_QUOTA },
		{ "ctl", ROLE_ADMIN },
		{ "front", ROLE_FRONT },
		{ "authd", ROLE_VOID },
	};

	for (size_t i = 0; i < NELEMS(table); i++)
		if (strcmp(table[i].name, role) == 0)
			return table[i].roles;
	return 0;
}

static void
opened(struct ipc_peer *peer, void *ctx)
{
	struct client *client = xcalloc(1, sizeof(*client));
	struct ucred who = { .pid = 0 };
	socklen_t len = sizeof(who);

	client->stored = ctx;
	client->peer = peer;
	client->roles = roles_of(ipc_peer_role(peer));
	client->arena = arena_new(0);
	client->connected = time_mono();
	list_init(&client->watches);
	list_push(&client->stored->clients, &client->link);
	if (getsockopt(ipc_peer_fd(peer), SOL_SOCKET, SO_PEERCRED, &who,
		&len) == 0)
		client->pid = who.pid;
	ipc_peer_set_data(peer, client);
	daemon_count(client->stored->daemon, STAT_CLIENTS, 1);
}

/* Its requests are done all the same; nobody waits for them. */
static void
closed(struct ipc_peer *peer)
{
	struct client *client = ipc_peer_data(peer);
	struct stored *stored = client->stored;

	for (int lane = 0; lane < LANES; lane++) {
		LIST_FOREACH(link, &stored->lane[lane])
		{
			struct request *request =
			    LIST_ITEM(link, struct request, link);

			if (request->owner == client)
				request->owner = NULL;
		}
	}
	admin_forget(stored, client);
	watch_clear(client);
	client_large_clear(client);
	if (client->pin != NULL)
		kv_pins_remove(client->pin);
	list_remove(&client->link);
	arena_free(client->arena);
	free(client);
	daemon_count(stored->daemon, STAT_CLIENTS, -1);
}

static void
refuse(struct ipc_peer *peer, uint16_t tag, enum err_kind kind,
    const char *text)
{
	struct err err;

	(void)err_set(&err, kind, "%s", text);
	ipc_peer_error(peer, tag, &err);
}

/* What goes through the batch: by message, who may, and what it does. */
static const struct row {
	const struct ipc_msg *msg;
	request_fn *fn;
	unsigned roles;
} rows[] = {
	{ &store_append_msg, append_run,
	    ROLE_DELIVER | ROLE_SESSION | ROLE_ADMIN },
	{ &store_flags_msg, flags_run, ROLE_SESSION },
	{ &store_expunge_msg, expunge_run, ROLE_SESSION },
	{ &store_copy_msg, copy_run, ROLE_SESSION },
	{ &store_append_all_msg, append_all_run, ROLE_SESSION },
	{ &store_adopt_msg, adopt_run, ROLE_SESSION },
	{ &store_undelete_msg, undelete_run, ROLE_ADMIN },
	{ &store_mailbox_msg, mailbox_run, ROLE_SESSION | ROLE_ADMIN },
	{ &store_recent_msg, recent_run, ROLE_SESSION },
	{ &store_acl_change_msg, acl_run, ROLE_SESSION | ROLE_ADMIN },
	{ &store_quota_msg, quota_run, ROLE_ADMIN },
	{ &store_settle_msg, settle_run, ROLE_QUEUE | ROLE_ADMIN },
};

static bool
may(const struct client *client, unsigned roles)
{
	if (!(client->roles & roles))
		return false;
	return !(client->roles & ROLE_SESSION) || client->who.user != 0;
}

/*
 * Into a lane. A client whose open requests are over its credit is not read
 * from until some are answered.
 */
static void
submit(struct client *client, struct request *request, uint16_t tag)
{
	bool is_trusted = client->roles & (ROLE_DELIVER | ROLE_ADMIN);
	struct err err;

	if (store_who_copy(&request->who, request->arena, &client->who, &err) <
	    0) {
		ipc_peer_error(client->peer, tag, &err);
		request_free(request);
		return;
	}
	request->owner = client;
	request->tag = tag;
	request->is_trusted = is_trusted;
	client->open_cost += request->cost;
	if (client->open_cost > STORED_CREDIT) {
		client->is_held = true;
		ipc_peer_hold(client->peer, true);
	}
	serve_add(client->stored, request,
	    client->roles & (ROLE_SESSION | ROLE_ADMIN) ? LANE_SESSION :
							  LANE_BULK);
}

static void
on_request(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct client *client = ipc_peer_data(peer);
	const struct ipc_msg *msg = ipc_peer_current(peer);
	const struct row *row = rows;
	struct request *request;
	struct err err;

	while (row->msg != msg)
		row++;
	if (!may(client, row->roles)) {
		refuse(peer, tag, ERR_DENIED, "not for you");
		return;
	}
	request = request_new(row->fn, msg, in, REQUEST_MAX, &err);
	if (request == NULL) {
		ipc_peer_error(peer, tag, &err);
		return;
	}
	if (msg == &store_append_msg) {
		const struct store_append *append = in;

		if (append->large != 0 &&
		    !client_large_take(client, append->large, request)) {
			refuse(peer, tag, ERR_SYNTAX, "no such large body");
			request_free(request);
			return;
		}
		request->cost += append->large_len;
	}
	submit(client, request, tag);
}

/* The service whose tickets open mailboxes over this client's edge. */
static const char *
service_of(const struct client *client)
{
	return strcmp(ipc_peer_role(client->peer), "pop3d") == 0 ? "pop" :
								   "imap";
}

/* From now on the client acts for this user, who is in these groups. */
static int
set_who(struct client *client, struct str name, const struct ipc_list *groups,
    struct err *err)
{
	const struct ticket_group *group = groups->items;
	struct str names[TICKET_GROUPS_MAX];

	for (size_t i = 0; i < groups->count; i++)
		names[i] = group[i].name;
	arena_reset(client->arena);
	return store_who_make(&client->who, client->arena, 0, name, names,
	    groups->count, err);
}

/* The ticket must be authd's, of this user and service, and in its time. */
static int
check_ticket(struct client *client, const struct store_hello *in,
    struct request *request, struct err *err)
{
	struct ticket ticket = { .user = in->user };
	struct arena *arena;
	int ret;

	if (client->roles & ROLE_ADMIN)
		return set_who(client, in->user, &ticket.groups, err);
	if (client->stored->verifier == NULL)
		return err_set(err, ERR_TEMP, "there is no ticket key");
	arena = arena_new(ARENA);
	ret = ticket_verify(&ticket, client->stored->verifier, in->ticket,
	    time_real() / TIME_SECOND, arena, err);
	if (ret == 0 && !str_eqz(ticket.service, service_of(client)))
		ret = err_set(err, ERR_DENIED, "ticket is another service's");
	if (ret == 0 && !str_eq(ticket.user, in->user))
		ret = err_set(err, ERR_DENIED, "ticket is another user's");
	if (ret == 0 &&
	    ticket.issued < voids_not_before(client->stored->voids, in->user))
		ret = err_set(err, ERR_DENIED, "ticket is void");
	client->issued = ticket.issued;
	if (ret == 0)
		ret = set_who(client, in->user, &ticket.groups, err);
	request->has_quota = true;
	request->quota = ticket.quota;
	request->quota_messages = ticket.quota_messages;
	arena_free(arena);
	return ret;
}

static void
on_hello(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct client *client = ipc_peer_data(peer);
	const struct store_hello *hello = in;
	struct request *request;
	struct err err = { 0 };

	if (!(client->roles & (ROLE_SESSION | ROLE_ADMIN)) ||
	    client->is_greeted) {
		refuse(peer, tag, ERR_DENIED, "not for you");
		return;
	}
	request =
	    request_new(hello_run, &store_hello_msg, in, REQUEST_MAX, &err);
	if (request == NULL) {
		ipc_peer_error(peer, tag, &err);
		return;
	}
	if (check_ticket(client, hello, request, &err) < 0) {
		if (err.kind == ERR_SYNTAX)
			err.kind = ERR_DENIED;
		ipc_peer_error(peer, tag, &err);
		request_free(request);
		return;
	}
	client->is_greeted = true;
	client->wants_pin = hello->pin;
	submit(client, request, tag);
}

/* What the ticket says, for the reader that only has stored's word for it. */
static struct ipc_list
list_groups(struct request *request)
{
	const struct store_who *who = &request->who;
	struct ipc_list list = { NULL, 0 };
	struct store_word *word =
	    arena_calloc(request->arena, who->identities, sizeof(*word));

	if (word == NULL)
		return list;
	list.items = word;
	for (size_t i = 0; i < who->identities; i++) {
		struct str name = who->identity[i];

		if (str_take_str(&name, STR("group:")))
			word[list.count++].word = name;
	}
	return list;
}

/* The hello is through: the session's pin goes with the answer. */
static void
answer_hello(struct client *client, struct request *request)
{
	struct store_welcome *out = request->answer;
	int fd = -1;
	struct err err;

	if (request->err.kind != ERR_NONE) {
		client->is_greeted = false;
		client->who = (struct store_who){ 0 };
		ipc_peer_error(client->peer, request->tag, &request->err);
		return;
	}
	client->who.user = out->user;
	out->groups = list_groups(request);
	if (client->wants_pin) {
		if (kv_pins_add(client->stored->pins, client, &client->pin, &fd,
			&err) < 0) {
			ipc_peer_error(client->peer, request->tag, &err);
			return;
		}
		out->pin_fd = fd;
		out->epoch_fd = kv_pins_epoch_fd(client->stored->pins);
	}
	ipc_peer_send(client->peer, &store_welcome_msg, request->tag, out);
	if (fd >= 0)
		(void)close(fd);
}

static void
count_messages(struct stored *stored, const struct request *request)
{
	const struct store_append_all *all = request->in;

	if (request->fn == append_run)
		daemon_count(stored->daemon, STAT_MESSAGES, 1);
	else if (request->fn == append_all_run)
		daemon_count(stored->daemon, STAT_MESSAGES,
		    (int64_t)all->messages.count);
}

void
client_answer(struct stored *stored, struct request *request)
{
	struct client *client = request->owner;

	daemon_count(stored->daemon, STAT_REQUESTS, 1);
	if (client != NULL) {
		client->open_cost -= request->cost;
		if (request->fn == hello_run)
			answer_hello(client, request);
		else if (request->err.kind != ERR_NONE)
			ipc_peer_error(client->peer, request->tag,
			    &request->err);
		else
			ipc_peer_send(client->peer, request->answer_msg,
			    request->tag, request->answer);
		if (client->is_held && client->open_cost <= STORED_CREDIT / 2) {
			client->is_held = false;
			ipc_peer_hold(client->peer, false);
		}
	}
	if (request->large_name[0] != '\0')
		engine_drop_large(stored->engine, request->large_name);
	if (request->err.kind == ERR_NONE)
		count_messages(stored, request);
	request_free(request);
}

static void
on_pack(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct client *client = ipc_peer_data(peer);
	const struct store_pack *pack = in;
	struct store_pack_open out;
	struct err err;

	if (!may(client, ROLE_SESSION | ROLE_ADMIN)) {
		refuse(peer, tag, ERR_DENIED, "not for you");
		return;
	}
	out.fd = engine_open_pack(client->stored->engine, pack->pack,
	    pack->blob, &err);
	if (out.fd < 0) {
		ipc_peer_error(peer, tag, &err);
		return;
	}
	ipc_peer_send(peer, &store_pack_open_msg, tag, &out);
	(void)close(out.fd);
}

static void
on_large(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct client *client = ipc_peer_data(peer);

	if (may(client, ROLE_DELIVER | ROLE_SESSION | ROLE_ADMIN))
		client_large_open(client, tag, in);
	else
		refuse(peer, tag, ERR_DENIED, "not for you");
}

static void
on_watch(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct client *client = ipc_peer_data(peer);
	struct store_done done = { 0 };
	struct err err;

	if (!may(client, ROLE_SESSION))
		refuse(peer, tag, ERR_DENIED, "not for you");
	else if (watch_set(client, in, &err) < 0)
		ipc_peer_error(peer, tag, &err);
	else
		ipc_peer_send(peer, &store_done_msg, tag, &done);
}

static void
on_follow(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct client *client = ipc_peer_data(peer);

	if (may(client, ROLE_FRONT))
		watch_follow(client, in);
	else
		refuse(peer, tag, ERR_DENIED, "not for you");
}

static void
on_list(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct client *client = ipc_peer_data(peer);

	if (may(client, ROLE_ADMIN))
		listing_answer(client, tag, in);
	else
		refuse(peer, tag, ERR_DENIED, "not for you");
}

static void
on_graves(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct client *client = ipc_peer_data(peer);

	if (may(client, ROLE_ADMIN))
		undelete_list(client, tag, in);
	else
		refuse(peer, tag, ERR_DENIED, "not for you");
}

static void
on_browse(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct client *client = ipc_peer_data(peer);

	if (may(client, ROLE_ADMIN))
		browse_answer(client, tag, in);
	else
		refuse(peer, tag, ERR_DENIED, "not for you");
}

static void
on_admin(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct client *client = ipc_peer_data(peer);

	if (may(client, ROLE_ADMIN))
		admin_start(client, tag, in);
	else
		refuse(peer, tag, ERR_DENIED, "not for you");
}

static void
on_full(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct client *client = ipc_peer_data(peer);
	struct hash *full = client->stored->engine->full;
	struct store_full_list out = { { NULL, 0 } };
	struct store_word *word;
	struct str name;
	void *value;

	(void)in;
	if (!may(client, ROLE_QUOTA)) {
		refuse(peer, tag, ERR_DENIED, "not for you");
		return;
	}
	word = xcalloc(hash_len(full) + 1, sizeof(*word));
	out.users.items = word;
	for (size_t it = 0; out.users.count < STORE_MSG_FULL_MAX &&
	     hash_next(full, &it, &name, &value);)
		word[out.users.count++].word = name;
	ipc_peer_send(peer, &store_full_list_msg, tag, &out);
	free(word);
}

/* From now on, and for whoever showed such a ticket before. */
static void
on_void(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct client *authd = ipc_peer_data(peer);
	struct stored *stored = authd->stored;
	const struct store_void *msg = in;

	if (!may(authd, ROLE_VOID)) {
		refuse(peer, tag, ERR_DENIED, "not for you");
		return;
	}
	voids_add(stored->voids, msg->user, (int64_t)msg->not_before,
	    (int64_t)msg->until, time_real() / TIME_SECOND);
	LIST_FOREACH(link, &stored->clients)
	{
		struct client *client = LIST_ITEM(link, struct client, link);

		if (client->roles & ROLE_SESSION && client->is_greeted &&
		    str_ieq(client->who.name, msg->user) &&
		    client->issued < (int64_t)msg->not_before)
			ipc_peer_close(client->peer);
	}
}

static const struct ipc_handler handlers[] = {
	{ &store_append_msg, on_request },
	{ &store_flags_msg, on_request },
	{ &store_expunge_msg, on_request },
	{ &store_copy_msg, on_request },
	{ &store_append_all_msg, on_request },
	{ &store_adopt_msg, on_request },
	{ &store_undelete_msg, on_request },
	{ &store_graves_msg, on_graves },
	{ &store_browse_msg, on_browse },
	{ &store_mailbox_msg, on_request },
	{ &store_recent_msg, on_request },
	{ &store_acl_change_msg, on_request },
	{ &store_quota_msg, on_request },
	{ &store_full_msg, on_full },
	{ &store_settle_msg, on_request },
	{ &store_hello_msg, on_hello },
	{ &store_pack_msg, on_pack },
	{ &store_large_msg, on_large },
	{ &store_watch_msg, on_watch },
	{ &store_follow_msg, on_follow },
	{ &store_list_msg, on_list },
	{ &store_admin_msg, on_admin },
	{ &store_void_msg, on_void },
	{ NULL, NULL },
};

const struct ipc_peer_ops client_ops = {
	.handlers = handlers,
	.opened = opened,
	.closed = closed,
};

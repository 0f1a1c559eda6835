#include "store/client.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"
#include "net/connect.h"
#include "store/client_impl.h"
#include "store/read.h"

enum { NOTICES_MAX = 4096 }; /* kept while nobody asks; then one for all */

enum {
	ANSWER_MAX = 16 << 20,
	AGAIN_MS = 50, /* before it is tried again to connect */
};

struct store_client *
store_client_new(int fd, int timeout_ms)
{
	struct store_client *client = xcalloc(1, sizeof(*client));

	ipc_conn_init(&client->conn, fd, timeout_ms);
	client->arena = arena_new(ANSWER_MAX);
	for (int i = 0; i < CLIENT_PACKS; i++)
		client->pack[i].fd = -1;
	return client;
}

void
store_client_free(struct store_client *client)
{
	if (client == NULL)
		return;
	store_client_drop_packs(client);
	ipc_conn_clear(&client->conn);
	arena_free(client->arena);
	free(client->notice);
	free(client);
}

int
store_client_fd(const struct store_client *client)
{
	return client->conn.fd;
}

/* Keep a notice, a newer one of the same mailbox in place of the older. */
static int
keep_notice(struct store_client *client, const struct frame *frame,
    struct err *err)
{
	struct store_notice notice;

	if (ipc_decode(&notice, &store_notice_msg, frame->payload,
		&client->conn.fds, client->arena, err) < 0)
		return -1;
	for (size_t i = 0; i < client->notices; i++) {
		if (client->notice[i].mailbox == notice.mailbox &&
		    client->notice[i].user == notice.user) {
			client->notice[i] = notice;
			return 0;
		}
	}
	if (client->notices == NOTICES_MAX)
		return 0; /* hints only: the others wake the session, too */
	if (client->notices == client->notice_cap) {
		client->notice_cap = client->notice_cap * 2 + 4;
		client->notice = xreallocarray(client->notice,
		    client->notice_cap, sizeof(*client->notice));
	}
	client->notice[client->notices++] = notice;
	return 0;
}

int
client_broken(struct store_client *client, struct err *err)
{
	ipc_conn_clear(&client->conn);
	ipc_conn_init(&client->conn, -1, client->conn.timeout);
	client->pending = 0;
	return err_set(err, ERR_TEMP, "stored: answer out of order");
}

int
client_send(struct store_client *client, const struct ipc_msg *msg,
    const void *req, struct err *err)
{
	if (++client->conn.tag == 0)
		client->conn.tag = 1;
	return ipc_conn_send(&client->conn, msg, client->conn.tag, req, err);
}

/* What comes with tag 0 meanwhile is a notice. */
int
client_receive(struct store_client *client, struct frame *frame,
    struct err *err)
{
	for (;;) {
		if (ipc_conn_recv(&client->conn, frame, err) < 0) {
			err->kind = ERR_TEMP;
			return -1;
		}
		if (frame->tag != 0 || frame->type != STORE_NOTICE)
			return 0;
		if (keep_notice(client, frame, err) < 0)
			return client_broken(client, err);
	}
}

int
client_decode(struct store_client *client, const struct frame *frame,
    struct arena *arena, const struct ipc_msg *msg, void *resp,
    struct err *result, struct err *err)
{
	struct ipc_error error;

	*result = (struct err){ 0 };
	if (frame->type == IPC_ERROR) {
		if (ipc_decode(&error, &ipc_error_msg, frame->payload,
			&client->conn.fds, arena, err) < 0)
			return client_broken(client, err);
		(void)ipc_error_to_err(&error, result);
		return 0;
	}
	if (frame->type != msg->type ||
	    ipc_decode(resp, msg, frame->payload, &client->conn.fds, arena,
		err) < 0)
		return client_broken(client, err);
	return 0;
}

int
client_call(struct store_client *client, struct arena *arena,
    const struct ipc_msg *req_msg, const void *req,
    const struct ipc_msg *resp_msg, void *resp, struct err *err)
{
	struct err result;
	struct frame frame;

	if (client->pending > 0)
		panic("%s asked for while appends are under way",
		    req_msg->name);
	if (client_send(client, req_msg, req, err) < 0 ||
	    client_receive(client, &frame, err) < 0)
		return -1;
	if (frame.tag != client->conn.tag)
		return client_broken(client, err);
	if (client_decode(client, &frame, arena, resp_msg, resp, &result, err) <
	    0)
		return -1;
	if (result.kind == ERR_NONE)
		return 0;
	*err = result;
	return -1;
}

static int
call(struct store_client *client, const struct ipc_msg *req_msg,
    const void *req, const struct ipc_msg *resp_msg, void *resp,
    struct err *err)
{
	arena_reset(client->arena);
	return client_call(client, client->arena, req_msg, req, resp_msg, resp,
	    err);
}

/* The reader reads for the same one as stored writes for. */
static int
attach(struct store_client *client, struct store_reader *reader,
    struct str user_name, const struct store_welcome *answer, struct err *err)
{
	const struct store_word *word = answer->groups.items;
	struct str group[STORE_MSG_GROUPS_MAX];
	struct store_who who;

	for (size_t i = 0; i < answer->groups.count; i++)
		group[i] = word[i].word;
	if (store_who_make(&who, client->arena, answer->user, user_name, group,
		answer->groups.count, err) < 0)
		return -1;
	return store_reader_attach(reader, &who, answer->incarnation,
	    answer->epoch_fd, answer->pin_fd, err);
}

int
store_client_hello(struct store_client *client, struct store_reader *reader,
    struct str user_name, struct str ticket, uint32_t *user, struct err *err)
{
	struct store_hello req = { user_name, ticket, reader != NULL };
	struct store_welcome answer;

	if (call(client, &store_hello_msg, &req, &store_welcome_msg, &answer,
		err) < 0)
		return -1;
	*user = answer.user;
	if (reader != NULL)
		return attach(client, reader, user_name, &answer, err);
	if (answer.epoch_fd >= 0)
		(void)close(answer.epoch_fd);
	if (answer.pin_fd >= 0)
		(void)close(answer.pin_fd);
	return 0;
}

/* Is the connection there, not only as far as we have heard? */
static bool
is_connected(struct store_client *client)
{
	struct err err;

	return client != NULL && store_client_fd(client) >= 0 &&
	    store_client_notices(client, NULL, NULL, &err) >= 0;
}

int
store_client_ensure(struct store_client **client, struct store_reader *reader,
    const char *path, int timeout_ms, struct str user_name, struct str ticket,
    uint32_t *user, struct err *err)
{
	int64_t end = time_mono() + (int64_t)timeout_ms * 1000;
	bool is_lost = true;
	int fd;

	if (is_connected(*client))
		return 0;
	while (is_lost) {
		store_client_free(*client);
		*client = NULL;
		if ((fd = connect_unix(path, err)) < 0)
			return -1;
		*client = store_client_new(fd, timeout_ms);
		if (store_client_hello(*client, reader, user_name, ticket, user,
			err) == 0)
			return 0;
		/* One that was about to end took us in: its next does not. */
		is_lost = store_client_fd(*client) < 0 && time_mono() < end;
		if (is_lost)
			(void)poll(NULL, 0, AGAIN_MS);
	}
	store_client_free(*client);
	*client = NULL;
	return -1;
}

int
store_client_large(struct store_client *client, uint64_t size_hint,
    struct store_large_open *answer, struct err *err)
{
	struct store_large req = { size_hint };

	return call(client, &store_large_msg, &req, &store_large_open_msg,
	    answer, err);
}

/* The wire form in buf, which the caller clears. */
static struct str
uids_bytes(struct buf *buf, const struct store_uids *uids)
{
	buf_init(buf, 0);
	if (uids != NULL)
		(void)store_uids_encode(buf, uids);
	return buf_str(buf);
}

int
store_client_flags(struct store_client *client,
    struct store_flags_change *change, uint64_t *modseq,
    struct store_uids *rejected, struct err *err)
{
	struct store_word *word =
	    xcalloc(change->keyword_count, sizeof(struct store_word));
	struct store_flagged answer;
	struct buf uids;
	struct store_flags req = { .mailbox = change->mailbox,
		.uids = uids_bytes(&uids, change->uids),
		.mode = (uint8_t)change->mode,
		.flags = change->flags,
		.keywords = { word, change->keyword_count },
		.unchanged_since = change->unchanged_since };
	int ret;

	for (size_t i = 0; i < change->keyword_count; i++)
		word[i].word = change->keywords[i];
	if (rejected != NULL)
		*rejected = (struct store_uids){ 0 };
	ret = call(client, &store_flags_msg, &req, &store_flagged_msg, &answer,
	    err);
	buf_clear(&uids);
	free(word);
	if (ret < 0)
		return -1;
	*modseq = answer.modseq;
	change->allowed = answer.flags;
	change->keywords_allowed = answer.keywords;
	return rejected == NULL ?
	    0 :
	    store_uids_decode(rejected, answer.rejected, err);
}

int
store_client_expunge(struct store_client *client, uint32_t mailbox,
    const struct store_uids *uids, bool deleted_only, uint64_t *modseq,
    uint32_t *count, struct err *err)
{
	struct buf bytes;
	struct store_expunge req = { mailbox, uids_bytes(&bytes, uids),
		deleted_only };
	struct store_expunged answer = { 0 };
	int ret = 0;

	/* On the wire no UIDs mean all of them. */
	if (uids == NULL || uids->len > 0)
		ret = call(client, &store_expunge_msg, &req,
		    &store_expunged_msg, &answer, err);
	buf_clear(&bytes);
	*modseq = answer.modseq;
	*count = answer.count;
	return ret;
}

int
store_client_copy(struct store_client *client, uint32_t mailbox,
    const struct store_uids *uids, struct str target, bool move,
    struct store_copy_result *result, struct err *err)
{
	struct buf bytes;
	struct store_copy req = { mailbox, uids_bytes(&bytes, uids), STR(""),
		target, move };
	struct store_copied answer;
	int ret;

	*result = (struct store_copy_result){ 0 };
	ret = call(client, &store_copy_msg, &req, &store_copied_msg, &answer,
	    err);
	buf_clear(&bytes);
	if (ret < 0)
		return -1;
	result->mailbox = answer.mailbox;
	result->uidvalidity = answer.uidvalidity;
	result->count = answer.count;
	if (store_uids_decode(&result->from, answer.uids, err) < 0 ||
	    store_uids_decode(&result->to, answer.to, err) < 0)
		return -1;
	return 0;
}

static int
mailbox_call(struct store_client *client, const struct store_mailbox *req,
    struct store_mailbox_done *answer, struct err *err)
{
	return call(client, &store_mailbox_msg, req, &store_mailbox_done_msg,
	    answer, err);
}

int
store_client_create(struct store_client *client, struct str user_name,
    struct str name, enum store_use use, enum store_type type,
    uint32_t *mailbox, uint32_t *uidvalidity, struct err *err)
{
	struct store_mailbox req = { .op = STORE_CREATE,
		.user = user_name,
		.name = name,
		.use = (uint8_t)use,
		.type = (uint8_t)type };
	struct store_mailbox_done answer;

	if (mailbox_call(client, &req, &answer, err) < 0)
		return -1;
	if (mailbox != NULL)
		*mailbox = answer.mailbox;
	if (uidvalidity != NULL)
		*uidvalidity = answer.uidvalidity;
	return 0;
}

int
store_client_delete(struct store_client *client, struct str user_name,
    struct str name, struct err *err)
{
	struct store_mailbox req = { .op = STORE_DELETE,
		.user = user_name,
		.name = name };
	struct store_mailbox_done answer;

	return mailbox_call(client, &req, &answer, err);
}

int
store_client_rename(struct store_client *client, struct str user_name,
    struct str from, struct str to, struct err *err)
{
	struct store_mailbox req = { .op = STORE_RENAME,
		.user = user_name,
		.name = from,
		.name2 = to };
	struct store_mailbox_done answer;

	return mailbox_call(client, &req, &answer, err);
}

int
store_client_subscribe(struct store_client *client, struct str name, bool on,
    struct err *err)
{
	struct store_mailbox req = {
		.op = on ? STORE_SUBSCRIBE : STORE_UNSUBSCRIBE,
		.name = name,
	};
	struct store_mailbox_done answer;

	return mailbox_call(client, &req, &answer, err);
}

int
store_client_acl(struct store_client *client,
    const struct store_acl_change *req, struct arena *arena,
    struct store_acl_list *answer, struct err *err)
{
	struct store_acl_item *item;

	if (client_call(client, arena, &store_acl_change_msg, req,
		&store_acl_list_msg, answer, err) < 0)
		return -1;
	item = answer->items.items;
	for (size_t i = 0; i < answer->items.count; i++)
		item[i].identifier = arena_str(arena, item[i].identifier);
	return 0;
}

int
store_client_quota(struct store_client *client, const struct store_quota *req,
    struct store_quota_state *answer, struct err *err)
{
	return call(client, &store_quota_msg, req, &store_quota_state_msg,
	    answer, err);
}

int
store_client_recent(struct store_client *client, uint32_t mailbox,
    uint32_t *first, uint32_t *next, struct err *err)
{
	struct store_recent req = { mailbox };
	struct store_recent_done answer;

	if (call(client, &store_recent_msg, &req, &store_recent_done_msg,
		&answer, err) < 0)
		return -1;
	*first = answer.first;
	*next = answer.next;
	return 0;
}

int
store_client_watch(struct store_client *client, uint32_t mailbox, bool on,
    struct err *err)
{
	struct store_watch req = { mailbox, on };
	struct store_done answer;

	return call(client, &store_watch_msg, &req, &store_done_msg, &answer,
	    err);
}

int
store_client_notices(struct store_client *client, store_notice_fn *fn,
    void *ctx, struct err *err)
{
	struct frame frame;
	size_t count;

	/* While appends are under way, what comes is for those who end them. */
	while (client->pending == 0) {
		struct str in = str_sub(buf_str(&client->conn.in),
		    client->conn.in_taken, client->conn.in.len);
		struct pollfd poller = { client->conn.fd, POLLIN, 0 };

		if (client->conn.fd < 0)
			return err_set(err, ERR_TEMP,
			    "stored is not connected");
		if (in.len == 0 && poll(&poller, 1, 0) <= 0)
			break;
		if (ipc_conn_recv(&client->conn, &frame, err) < 0)
			return -1;
		arena_reset(client->arena);
		if (frame.tag != 0 || frame.type != STORE_NOTICE ||
		    keep_notice(client, &frame, err) < 0)
			return client_broken(client, err);
	}
	count = client->notices;
	client->notices = 0;
	for (size_t i = 0; i < count && fn != NULL; i++)
		fn(ctx, &client->notice[i]);
	return (int)count;
}

bool
store_client_has_notices(const struct store_client *client)
{
	return client->notices > 0 ||
	    client->conn.in.len > client->conn.in_taken;
}

int
store_client_pack(struct store_client *client, uint32_t pack, uint64_t blob,
    bool fresh, int *fd, struct err *err)
{
	struct store_pack req = { pack, blob };
	struct store_pack_open answer;
	struct open_pack *slot = NULL;

	for (unsigned i = 0; i < CLIENT_PACKS; i++) {
		struct open_pack *at = &client->pack[i];

		if (at->fd >= 0 && at->pack == pack &&
		    (pack != 0 || at->blob == blob))
			slot = at;
	}
	if (slot != NULL && !fresh) {
		*fd = slot->fd;
		return 0;
	}
	if (call(client, &store_pack_msg, &req, &store_pack_open_msg, &answer,
		err) < 0)
		return -1;
	if (answer.fd < 0)
		return client_broken(client, err);
	if (slot == NULL)
		slot = &client->pack[client->next_pack++ % CLIENT_PACKS];
	if (slot->fd >= 0)
		(void)close(slot->fd);
	*slot = (struct open_pack){ pack, blob, answer.fd };
	*fd = answer.fd;
	return 0;
}

void
store_client_drop_packs(struct store_client *client)
{
	for (int i = 0; i < CLIENT_PACKS; i++) {
		if (client->pack[i].fd >= 0)
			(void)close(client->pack[i].fd);
		client->pack[i].fd = -1;
	}
}

int
store_client_settle(struct store_client *client, const struct store_settle *req,
    struct err *err)
{
	struct store_done answer;

	return call(client, &store_settle_msg, req, &store_done_msg, &answer,
	    err);
}

int
store_client_admin(struct store_client *client, enum store_admin_op op,
    struct arena *arena, struct store_admin_done *answer, struct err *err)
{
	struct store_admin req = { (uint8_t)op };

	if (client_call(client, arena, &store_admin_msg, &req,
		&store_admin_done_msg, answer, err) < 0)
		return -1;
	answer->text = arena_str(arena, answer->text);
	return 0;
}

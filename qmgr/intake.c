#include "qmgr/intake.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "base/time.h"
#include "ipc/queue_msg.h"
#include "qmgr/batch.h"
#include "qmgr/spool.h"

enum { GIVEN = 4 }; /* a session needs one, and one ahead */

/* A connection of smtpd. */
struct client {
	struct qmgr *q;
	struct ipc_peer *peer;
	struct list asks;
	struct queue_id given[GIVEN]; /* ids not used yet, oldest first */
	size_t given_len;
	struct queue_id large; /* its file is not committed yet */
	bool has_large;
};

/* A commit that waits for the disk. */
struct ask {
	struct list link;
	struct client *client;
	struct waiting *waiting;
	uint16_t tag;
};

/* ERR_LIMIT when the disk has less than queue_minfree left. */
static int
check_room(struct qmgr *q, struct err *err)
{
	int64_t now = time_mono();
	struct statvfs fs;

	if (now - q->free_checked > TIME_SECOND || q->free_checked == 0) {
		if (statvfs(".", &fs) < 0)
			return err_sys(err, "queue");
		q->free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
		q->free_checked = now;
	}
	if (q->free_bytes >= q->conf.minfree)
		return 0;
	daemon_count(q->daemon, QMGR_REFUSED_FULL, 1);
	return err_set(err, ERR_LIMIT, "the queue's disk is nearly full");
}

/*
 * The name of a transport is the name of a socket in our folder: letters,
 * digits, "-" and "_", beginning with a letter.
 */
static bool
is_transport(struct str name)
{
	if (name.len == 0 || name.len > 32 || !is_alpha(name.p[0]))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		if (!is_alpha(name.p[i]) && !is_digit(name.p[i]) &&
		    name.p[i] != '-' && name.p[i] != '_')
			return false;
	}
	return true;
}

static void
opened(struct ipc_peer *peer, void *ctx)
{
	struct client *client = xcalloc(1, sizeof(*client));

	client->q = ctx;
	client->peer = peer;
	list_init(&client->asks);
	ipc_peer_set_data(peer, client);
}

static void
drop_large(struct client *client)
{
	char path[MESSAGE_LARGE_SIZE];

	if (!client->has_large)
		return;
	client->has_large = false;
	message_large_path(path, &client->large);
	(void)unlink(path);
}

static void
closed(struct ipc_peer *peer)
{
	struct client *client = ipc_peer_data(peer);
	struct list *link;

	/* nobody would hear the answer, and the client will come again */
	while ((link = list_pop(&client->asks)) != NULL) {
		struct ask *ask = LIST_ITEM(link, struct ask, link);

		batch_cancel(client->q, ask->waiting);
		free(ask);
	}
	drop_large(client);
	free(client);
}

/* An id for this client, in the form it travels. */
static struct str
give_id(struct client *client, char out[QUEUE_ID_SIZE])
{
	if (client->given_len == GIVEN)
		memmove(client->given, client->given + 1,
		    --client->given_len * sizeof(client->given[0]));
	client->given[client->given_len] = qmgr_new_id(client->q);
	return str_of(
	    queue_id_format(out, &client->given[client->given_len++]));
}

/* The id must be one we gave this client. use: not again. */
static int
take_id(struct client *client, struct str text, bool use, struct queue_id *id,
    struct err *err)
{
	if (!queue_id_parse(id, text))
		return err_set(err, ERR_SYNTAX, "not a queue id");
	for (size_t i = 0; i < client->given_len; i++) {
		if (!queue_id_eq(id, &client->given[i]))
			continue;
		if (use)
			client->given[i] = client->given[--client->given_len];
		return 0;
	}
	return err_set(err, ERR_TEMP, "this queue id is not valid");
}

static void
on_begin(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct client *client = ipc_peer_data(peer);
	char text[QUEUE_ID_SIZE];
	struct err err;

	(void)in;
	if (check_room(client->q, &err) < 0) {
		ipc_peer_error(peer, tag, &err);
		return;
	}
	ipc_peer_send(peer, &queue_begun_msg, tag,
	    &(struct queue_begun){ give_id(client, text) });
}

/*
 * The file's name is durable before smtpd has the descriptor; its bytes are
 * synced by smtpd, and looked at and synced again at the commit.
 */
static int
open_large(struct client *client, struct str text, struct err *err)
{
	char path[MESSAGE_LARGE_SIZE];
	struct queue_id id;
	int fd;

	if (take_id(client, text, false, &id, err) < 0 ||
	    check_room(client->q, err) < 0)
		return -1;
	if (client->has_large && !queue_id_eq(&id, &client->large))
		drop_large(client);
	message_large_path(path, &id);
	(void)unlink(path); /* asked again: a new, empty one */
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, "create %s", path);
	client->large = id;
	client->has_large = true;
	if (fs_sync_dir(AT_FDCWD, "large", err) < 0) {
		(void)close(fd);
		drop_large(client);
		return -1;
	}
	return fd;
}

static void
on_large(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct client *client = ipc_peer_data(peer);
	const struct queue_large *large = in;
	struct queue_large_open answer = {
		.limit = client->q->conf.message_limit,
	};
	struct err err;

	answer.fd = open_large(client, large->id, &err);
	if (answer.fd < 0) {
		ipc_peer_error(peer, tag, &err);
		return;
	}
	ipc_peer_send(peer, &queue_large_open_msg, tag, &answer);
	(void)close(answer.fd);
}

/* Is the file as long as smtpd says? Sync it: our promise, not smtpd's. */
static int
check_large(struct client *client, const struct queue_id *id, uint64_t len,
    struct err *err)
{
	char path[MESSAGE_LARGE_SIZE];
	struct stat st;
	int fd, ret = 0;

	if (!client->has_large || !queue_id_eq(id, &client->large))
		return err_set(err, ERR_TEMP, "no file was asked for");
	message_large_path(path, id);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open %s", path);
	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size != len)
		ret =
		    err_set(err, ERR_TEMP, "%s: not of the length named", path);
	else if (fdatasync(fd) < 0)
		ret = err_sys(err, "sync %s", path);
	(void)close(fd);
	return ret;
}

static int
check_commit(struct client *client, const struct queue_commit *commit,
    struct queue_id *id, struct err *err)
{
	const struct queue_rcpt *rcpt = commit->rcpts.items;
	uint64_t len = commit->is_large ? commit->large_len : commit->body.len;

	if (take_id(client, commit->id, true, id, err) < 0 ||
	    check_room(client->q, err) < 0)
		return -1;
	if (commit->rcpts.count == 0 || commit->header_len > len ||
	    len > client->q->conf.message_limit ||
	    (commit->is_large && commit->body.len > 0))
		return err_set(err, ERR_SYNTAX, "not a message");
	for (size_t i = 0; i < commit->rcpts.count; i++) {
		if (!is_transport(rcpt[i].transport) ||
		    rcpt[i].address.len == 0)
			return err_set(err, ERR_SYNTAX,
			    "recipient without address or transport");
	}
	if (commit->is_large)
		return check_large(client, id, len, err);
	return 0;
}

/* The record's bytes of what smtpd sent. */
static int
encode(const struct queue_commit *commit, const struct queue_id *id,
    struct buf *out, struct err *err)
{
	const struct queue_rcpt *from = commit->rcpts.items;
	struct queue_recipient *to = xcalloc(commit->rcpts.count, sizeof(*to));
	struct queue_record record = {
		.queue = id->queue,
		.epoch = id->epoch,
		.counter = id->counter,
		.arrival = time_real(),
		.sender = commit->sender,
		.body_type = commit->body_type,
		.smtputf8 = commit->smtputf8,
		.ret = commit->ret,
		.envid = commit->envid,
		.client_addr = commit->client_addr,
		.client_name = commit->client_name,
		.helo = commit->helo,
		.protocol = commit->protocol,
		.sasl_user = commit->sasl_user,
		.held = commit->hold.len > 0,
		.hold = commit->hold,
		.is_large = commit->is_large,
		.header_len = commit->header_len,
		.body_len =
		    commit->is_large ? commit->large_len : commit->body.len,
		.rcpts = { to, commit->rcpts.count },
		.prefix = commit->prefix,
	};
	int ret;

	for (size_t i = 0; i < commit->rcpts.count; i++)
		to[i] = (struct queue_recipient){
			.address = from[i].address,
			.orcpt = from[i].orcpt,
			.original = from[i].original,
			.notify = from[i].notify,
			.transport = from[i].transport,
			.nexthop = from[i].nexthop,
			.sender = from[i].sender,
			.forwarder = from[i].forwarder,
		};
	ret = queue_record_encode(out, &record, err);
	free(to);
	if (ret < 0)
		return -1;
	(void)buf_add_str(out, commit->prefix);
	(void)buf_add_str(out, commit->body);
	return 0;
}

static void
on_written(void *ctx, struct message *message, const struct err *err)
{
	struct ask *ask = ctx;
	struct client *client = ask->client;
	char text[QUEUE_ID_SIZE];

	list_remove(&ask->link);
	if (message == NULL) {
		ipc_peer_error(client->peer, ask->tag, err);
	} else {
		ipc_peer_send(client->peer, &queue_done_msg, ask->tag,
		    &(struct queue_done){ give_id(client, text) });
	}
	free(ask);
}

static int
commit(struct client *client, uint16_t tag, const struct queue_commit *in,
    struct err *err)
{
	struct message *message;
	struct queue_id id;
	struct buf bytes;
	struct ask *ask;

	if (check_commit(client, in, &id, err) < 0)
		return -1;
	buf_init(&bytes, 0);
	if (encode(in, &id, &bytes, err) < 0)
		goto fail;
	if (bytes.len > seglog_record_max(client->q->ring.log)) {
		err_set(err, ERR_LIMIT, "message too long for the queue");
		goto fail;
	}
	message = message_new(buf_str(&bytes), err);
	if (message == NULL)
		goto fail;
	client->has_large = false; /* the file is the message's now */
	ask = xcalloc(1, sizeof(*ask));
	ask->client = client;
	ask->tag = tag;
	list_push(&client->asks, &ask->link);
	ask->waiting =
	    batch_add(client->q, message, &bytes, false, on_written, ask);
	return 0;
fail:
	buf_clear(&bytes);
	return -1;
}

static void
on_commit(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct client *client = ipc_peer_data(peer);
	struct err err;

	spool_relieve(client->q); /* back-pressure: see there */
	if (commit(client, tag, in, &err) < 0) {
		log_warn("message from %s refused: %s", ipc_peer_role(peer),
		    err.text);
		ipc_peer_error(peer, tag, &err);
	}
}

static const struct ipc_handler handlers[] = {
	{ &queue_begin_msg, on_begin },
	{ &queue_large_msg, on_large },
	{ &queue_commit_msg, on_commit },
	{ NULL, NULL },
};

static const struct ipc_peer_ops ops = {
	.handlers = handlers,
	.opened = opened,
	.closed = closed,
};

void
intake_start(struct qmgr *q)
{
	int fd = daemon_fd(q->daemon, "edge:smtpd");

	if (fd >= 0)
		q->from_smtpd = ipc_listener_new(q->base, fd, "smtpd", &ops, q);
}

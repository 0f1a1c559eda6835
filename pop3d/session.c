/*
 * session - a client that front hands over, and its INBOX in the store.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/num.h"
#include "base/time.h"
#include "ipc/conn.h"
#include "ipc/handover_msg.h"
#include "pop3d/command.h"
#include "pop3d/content.h"
#include "pop3d/lock.h"
#include "pop3d/park_state.h"
#include "service/daemon.h"
#include "store/client.h"
#include "store/keys.h"
#include "store/mailbox.h"
#include "store/message.h"

enum {
	HANDOVER_WAIT = 10000,  /* ms for front to say whom it hands over */
	ARENA_MAX = 256 << 10,  /* a handover, a mailbox's row */
	INPUT_MAX = 4096,       /* unread bytes we hold at most */
	SCAN = 512,             /* messages a read transaction */
	DIGESTS_MAX = 64 << 20, /* long ones among theirs */
};

struct session {
	struct pop3d *pop3d;
	struct arena *arena;
	struct handover handover; /* strings in arena, but for unread */
	struct stream *stream;
	struct store_client *store; /* NULL: not connected */
	uint32_t user, mailbox;
	struct ipc_conn *conn; /* borrowed: the handover's */
	struct command_session *commands;
};

/* Connected to stored, also when it was started anew since the last time. */
static int
connect_store(struct session *session, struct err *err)
{
	return store_client_ensure(&session->store, session->pop3d->reader,
	    "stored", session->pop3d->conf.store_wait * 1000,
	    session->handover.user, session->handover.ticket, &session->user,
	    err);
}

static int
read_body(void *ctx, uint32_t uid, struct store_body *out, struct err *err)
{
	struct session *session = ctx;

	if (connect_store(session, err) < 0)
		return -1;
	return store_body_open(session->pop3d->reader, session->store,
	    session->mailbox, uid, out, err);
}

static int
remove_messages(void *ctx, const struct store_uids *uids, struct err *err)
{
	struct session *session = ctx;
	uint64_t modseq;
	uint32_t count;

	if (connect_store(session, err) < 0)
		return -1;
	return store_client_expunge(session->store, session->mailbox, uids,
	    false, &modseq, &count, err);
}

static int
mark_seen(void *ctx, const struct store_uids *uids, struct err *err)
{
	struct session *session = ctx;
	struct store_flags_change change = {
		.mailbox = session->mailbox,
		.uids = uids,
		.mode = STORE_FLAGS_ADD,
		.flags = STORE_FLAG_SEEN,
		.unchanged_since = UINT64_MAX,
	};
	uint64_t modseq;

	if (connect_store(session, err) < 0)
		return -1;
	return store_client_flags(session->store, &change, &modseq, NULL, err);
}

static const struct maildrop_ops store_ops = {
	.body = read_body,
	.remove = remove_messages,
	.mark_seen = mark_seen,
};

/*
 * Messages that came before this may go once they were read (pop3_expire, in
 * days); INT64_MIN: none.
 */
static int64_t
expiry(const struct pop3d_conf *conf)
{
	uint64_t days;

	if (!num_parse(str_of(conf->expire), 9999, &days))
		return INT64_MIN;
	return time_real() / TIME_SECOND - (int64_t)days * 86400;
}

static void
note_narrow(void *ctx, size_t i, const struct store_keys *keys)
{
	bool *narrow = ctx;

	narrow[i] = keys != NULL && keys->is_narrow;
}

/*
 * Which of the last count messages may have a header beyond ASCII. Where the
 * digests do not tell, all may: they are looked at when they are sent.
 */
static int
find_wide(struct session *session, struct maildrop *drop,
    const struct store_message *message, size_t count, struct err *err)
{
	struct maildrop_item *item = drop->item + drop->count - count;
	struct arena *arena = arena_new(DIGESTS_MAX);
	bool narrow[SCAN] = { false };
	uint64_t blob[SCAN];
	int ret;

	for (size_t i = 0; i < count; i++)
		blob[i] = message[i].blob;
	ret = store_keys_read(session->pop3d->reader, session->store, blob,
	    count, STORE_KEYS_DATE, arena, note_narrow, narrow, err);
	for (size_t i = 0; i < count; i++)
		item[i].wide = !narrow[i] || message[i].wide_prefix;
	arena_free(arena);
	return ret < 0 && err->kind != ERR_LIMIT ? -1 : 0;
}

/* All messages of the mailbox, in pieces that pin their state shortly. */
static int
scan(struct session *session, struct maildrop *drop, struct err *err)
{
	struct store_message *message = xcalloc(SCAN, sizeof(*message));
	int64_t before = expiry(&session->pop3d->conf);
	uint32_t from = 1;
	size_t count;
	int ret;

	do {
		ret = store_scan(session->pop3d->reader, session->mailbox, from,
		    UINT32_MAX, message, SCAN, &count, err);
		for (size_t i = 0; ret == 0 && i < count; i++) {
			maildrop_add(drop, message[i].uid, message[i].size,
			    message[i].flags & STORE_FLAG_SEEN);
			drop->item[drop->count - 1].old =
			    (int64_t)message[i].saved <= before;
		}
		if (ret == 0 && count > 0 && !drop->utf8)
			ret = find_wide(session, drop, message, count, err);
		if (count > 0)
			from = message[count - 1].uid + 1;
	} while (ret == 0 && count == SCAN && from != 0);
	free(message);
	return ret;
}

static int
open_drop(struct session *session, struct maildrop *drop, struct err *err)
{
	struct store_reader *reader = session->pop3d->reader;
	struct store_name name;
	struct store_mbox mbox;

	if (connect_store(session, err) < 0 ||
	    lock_take(session->pop3d->lock_fd, session->user, err) < 0 ||
	    store_mailbox_find(reader, session->user, STR("INBOX"), &name,
		err) < 0)
		return -1;
	session->mailbox = name.mailbox;
	if (store_mailbox_get(reader, name.mailbox, session->arena, &mbox,
		err) < 0)
		return -1;
	drop->uidvalidity = mbox.uidvalidity;
	drop->utf8 = session->handover.utf8;
	return scan(session, drop, err);
}

/* The maildrop as it was when the session was parked. */
static int
reopen_drop(struct session *session, struct maildrop *drop, struct err *err)
{
	struct command_session *commands = session->commands;
	struct park_state state;

	if (park_state_decode(&state, session->handover.parked, session->arena,
		err) < 0 ||
	    connect_store(session, err) < 0 ||
	    lock_take_again(session->pop3d->lock_fd, session->user,
		session->pop3d->conf.store_wait * 1000, err) < 0)
		return -1;
	if (state.user != session->user)
		return err_set(err, ERR_CORRUPT, "parked: another user");
	session->mailbox = state.mailbox;
	drop->uidvalidity = state.uidvalidity;
	drop->utf8 = state.utf8;
	commands->deadline = (int64_t)state.deadline;
	commands->errors = (int)state.errors;
	commands->retrieved = state.retrieved;
	commands->deleted = state.deleted;
	commands->octets = state.octets;
	return park_state_unpack(drop, state.count, state.items, err);
}

static int
encode_state(const struct session *session, int64_t deadline, struct buf *out,
    struct err *err)
{
	const struct command_session *commands = session->commands;
	struct park_state state = {
		.deadline = (uint64_t)deadline,
		.user = session->user,
		.mailbox = session->mailbox,
		.uidvalidity = commands->drop->uidvalidity,
		.utf8 = commands->drop->utf8,
		.errors = (uint32_t)commands->errors,
		.retrieved = (uint32_t)commands->retrieved,
		.deleted = (uint32_t)commands->deleted,
		.octets = commands->octets,
		.count = (uint32_t)commands->drop->count,
	};
	struct buf items;
	int ret;

	buf_init(&items, HANDOVER_PARKED_MAX);
	park_state_pack(&items, commands->drop);
	state.items = buf_str(&items);
	ret = items.full ? err_set(err, ERR_LIMIT, "too much to park") :
			   park_state_encode(out, &state, err);
	buf_clear(&items);
	return ret;
}

/*
 * command_front: front keeps the client, or says that it has more for us,
 * however long it takes to say.
 */
static bool
park(void *ctx, int64_t deadline)
{
	struct session *session = ctx;
	struct handover_park msg = {
		.bye = STR(COMMAND_AUTOLOGOUT),
		.deadline = (uint64_t)deadline,
		.received = stream_received(session->stream),
		.lock = session->user,
		.fd = stream_fd(session->stream),
	};
	struct frame frame;
	struct buf state;
	struct err err;
	bool parked;

	buf_init(&state, 2 * HANDOVER_PARKED_MAX);
	if (encode_state(session, deadline, &state, &err) < 0) {
		buf_clear(&state);
		return false;
	}
	msg.state = buf_str(&state);
	session->conn->timeout = -1;
	parked = ipc_conn_send(session->conn, &handover_park_msg, 0, &msg,
		     &err) < 0 ||
	    ipc_conn_recv(session->conn, &frame, &err) < 0;
	if (parked && err.kind != ERR_NOENT)
		log_warn("park: %s", err.text);
	buf_clear(&state);
	return parked;
}

/*
 * command_front: nobody has the maildrop any more. The end of the handover's
 * connection says so to front, which has not let this client in again before
 * it has seen that.
 */
static void
leave(void *ctx)
{
	struct session *session = ctx;

	lock_give(session->pop3d->lock_fd, session->user);
	ipc_conn_clear(session->conn);
}

/* The answer to PASS or AUTH. RFC 2449 section 8: what kind of no it is. */
static void
answer_no(struct session *session, const struct err *err)
{
	if (err->kind == ERR_EXISTS) {
		stream_putz(session->stream,
		    "-ERR [IN-USE] Another session has this maildrop\r\n");
		return;
	}
	log_error("open maildrop of %" STR_F ": %s",
	    STR_A(session->handover.user), err->text);
	stream_putz(session->stream,
	    "-ERR [SYS/TEMP] Mail store not available\r\n");
}

static void
log_end(const struct session *session, const struct command_session *commands)
{
	char user[400];

	log_info("Logged out: user=<%s>, session=<%" STR_F
		 ">, retr=%zu/%llu, del=%zu/%zu",
	    log_escape(user, sizeof(user), session->handover.user),
	    STR_A(session->handover.session), commands->retrieved,
	    (unsigned long long)commands->octets, commands->deleted,
	    commands->drop->count);
}

/* Open the maildrop, or say why not. */
static bool
begin(struct session *session, struct maildrop *drop)
{
	uint64_t octets;
	struct err err;
	size_t count;

	if (session->handover.parked.len > 0) {
		if (reopen_drop(session, drop, &err) == 0)
			return true;
		answer_no(session, &err);
		/* What it said that nobody reads would make that a reset. */
		if (stream_flush(session->stream) == 0 &&
		    stream_is_readable(session->stream))
			(void)stream_fill(session->stream);
		return false;
	}
	if (open_drop(session, drop, &err) < 0) {
		answer_no(session, &err);
		return false;
	}
	count = maildrop_stat(drop, &octets);
	if (content_is_measured(drop))
		stream_putf(session->stream,
		    "+OK Maildrop has %zu messages (%llu octets)\r\n", count,
		    (unsigned long long)octets);
	else
		stream_putf(session->stream,
		    "+OK Maildrop has %zu messages\r\n", count);
	return true;
}

static void
serve(struct session *session, int stop_fd)
{
	struct maildrop drop = { .ops = &store_ops, .ctx = session };
	const struct command_front front = {
		.fd = session->conn->fd,
		.park = park,
		.leave = leave,
		.ctx = session,
	};
	struct command_session commands = {
		.conf = &session->pop3d->conf,
		.stream = session->stream,
		.drop = &drop,
		.front = &front,
	};

	session->commands = &commands;
	if (begin(session, &drop)) {
		command_loop(&commands, stop_fd);
		if (!commands.parked)
			log_end(session, &commands);
	}
	maildrop_clear(&drop);
}

/* What is wanted for longer than its frame lives. */
static void
keep_handover(struct session *session)
{
	struct handover *handover = &session->handover;

	handover->user = arena_str(session->arena, handover->user);
	handover->ticket = arena_str(session->arena, handover->ticket);
	handover->session = arena_str(session->arena, handover->session);
	handover->parked = arena_str(session->arena, handover->parked);
}

/* Who comes over fd. conn stays open: its end tells front of ours. */
static int
take_handover(struct session *session, struct ipc_conn *conn, struct err *err)
{
	struct frame frame;

	if (ipc_conn_recv(conn, &frame, err) < 0)
		return -1;
	if (frame.type != HANDOVER)
		return err_set(err, ERR_CORRUPT, "handover expected");
	if (ipc_decode(&session->handover, &handover_msg, frame.payload,
		&conn->fds, session->arena, err) < 0)
		return -1;
	if (session->handover.fd < 0)
		return err_set(err, ERR_CORRUPT, "handover without descriptor");
	session->stream = stream_new(session->handover.fd,
	    INPUT_MAX + session->handover.unread.len);
	stream_set_timeout(session->stream,
	    session->pop3d->conf.timeout * 1000);
	stream_unread(session->stream, session->handover.unread);
	keep_handover(session);
	return 0;
}

void
pop3d_session(struct pop3d *pop3d, struct daemon *daemon, int fd)
{
	struct ipc_conn conn;
	struct session session = { .pop3d = pop3d, .conn = &conn };
	struct err err;

	session.arena = arena_new(ARENA_MAX);
	ipc_conn_init(&conn, fd, HANDOVER_WAIT);
	if (take_handover(&session, &conn, &err) == 0)
		serve(&session, daemon_stop_fd(daemon));
	else if (err.kind != ERR_NOENT) /* front went away meanwhile */
		log_warn("handover: %s", err.text);
	leave(&session);
	store_client_free(session.store);
	stream_free(session.stream);
	arena_free_secret(session.arena);
}

/*
 * whole_work - qmgr, lmtpd and stored together under simulated power cuts.
 *
 *	whole_work write LIBEXEC DIR MARKS COUNT
 *		hand COUNT messages to qmgr while lmtpd and stored deliver
 *		them; in MARKS "offered N" before qmgr has it and "accepted N"
 *		after its answer
 *	whole_work check LIBEXEC DIR MARKS
 *		start all three on what is in DIR, let the queue run empty:
 *		every accepted message is in its mailboxes exactly once, byte
 *		for byte; one
 *		that was offered only is there once or not at all, and for all
 *		its recipients alike; the store's verify has no complaint
 *
 * Each recipient of each message is a user of its own, so that how many
 * messages a mailbox has says how often it was delivered. Some bodies go into
 * the queue by a file, and some of those are a file of their own in the store.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "base/num.h"
#include "base/time.h"
#include "ipc/queue_admin_msg.h"
#include "ipc/store_msg.h"
#include "kv/cursor.h"
#include "queue/client.h"
#include "store/row.h"
#include "stored/check.h"
#include "t/crash/marks.h"
#include "t/crash/rewrite_peer.h"
#include "t/crash/store_verify.h"

enum {
	MESSAGES_MAX = 10000,
	SMALL_MAX = 6000,
	LARGE = 20000,           /* over queue_inline_limit */
	HUGE = (1 << 20) + 5000, /* over store_large_size too */
	TEXT = 14,               /* of the header */
};

static const char settings[] = "queue_segment_size = 1M\n"
			       "queue_inline_limit = 16K\n"
			       "queue_ring_size = 2M\n"
			       "queue_spool_after = 1s\n"
			       "minimal_backoff_time = 1s\n"
			       "queue_minfree = 0\n"
			       "store_pack_size = 4M\n"
			       "store_large_size = 1M\n"
			       "store_index_size = 64M\n"
			       "store_upkeep_interval = 1s\n"
			       "store_upkeep_rate = 1G\n"
			       "store_compact_below = 95\n"
			       "myhostname = whole.test\n";

struct whole {
	char dir[200], main_cf[220];
	char smtpd[220], ctl[2][220]; /* edges: outside of dir */
	pid_t pid[3];
};

static void
path_in(const struct whole *whole, char out[300], const char *name)
{
	(void)snprintf(out, 300, "%s/%s", whole->dir, name);
}

static void
start_one(struct whole *whole, int i, const char *libexec, const char *name,
    const char *folder, const char *const *edges, const int *fds)
{
	char program[300], path[300];

	(void)snprintf(program, sizeof(program), "%s/%s", libexec, name);
	path_in(whole, path, folder);
	whole->pid[i] = peer_program(program, path, whole->main_cf, edges, fds);
}

static int
listen_in(const struct whole *whole, const char *name)
{
	char path[300];

	path_in(whole, path, name);
	return peer_listen(path);
}

static void
start(struct whole *whole, const char *libexec, const char *dir)
{
	static const char *const store_edges[] = { "qmgr", "lmtpd", "ctl",
		NULL };
	static const char *const lmtp_edges[] = { "qmgr", NULL };
	static const char *const queue_edges[] = { "smtpd", "ctl", NULL };
	static const char *const folders[] = { "q", "l", "s" };
	char path[300];
	int fds[4];
	struct err err;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)snprintf(whole->dir, sizeof(whole->dir), "%s", dir);
	(void)snprintf(whole->main_cf, sizeof(whole->main_cf), "%s.cf", dir);
	(void)snprintf(whole->smtpd, sizeof(whole->smtpd), "%s.smtpd", dir);
	for (int i = 0; i < 2; i++)
		(void)snprintf(whole->ctl[i], sizeof(whole->ctl[i]), "%s.ctl%d",
		    dir, i);
	if (fs_write_file(AT_FDCWD, whole->main_cf, str_of(settings), 0600,
		&err) < 0)
		fatal("%s", err.text);
	for (size_t i = 0; i < NELEMS(folders); i++) {
		path_in(whole, path, folders[i]);
		if (fs_mkdir(AT_FDCWD, path, 0700, &err) < 0)
			fatal("%s", err.text);
	}
	/* like an instance's, their folders are there for good */
	if (fs_sync_dir(AT_FDCWD, dir, &err) < 0)
		fatal("%s", err.text);
	path_in(whole, path, "q/rewrite");
	rewrite_peer_start(path);
	path_in(whole, path, "l/rewrite");
	rewrite_peer_start(path);
	fds[0] = listen_in(whole, "q/stored");
	fds[1] = listen_in(whole, "l/stored");
	fds[2] = peer_listen(whole->ctl[1]);
	start_one(whole, 0, libexec, "stored", "s", store_edges, fds);
	fds[0] = listen_in(whole, "q/lmtp");
	start_one(whole, 1, libexec, "lmtpd", "l", lmtp_edges, fds);
	fds[0] = peer_listen(whole->smtpd);
	fds[1] = peer_listen(whole->ctl[0]);
	start_one(whole, 2, libexec, "qmgr", "q", queue_edges, fds);
}

/*
 * In order: the queue first. Each must end well; or by the signal itself, if
 * that came before it was ready to hear.
 */
static void
stop(struct whole *whole)
{
	for (int i = 2; i >= 0; i--) {
		int status = 0;

		(void)kill(whole->pid[i], SIGTERM);
		if (waitpid(whole->pid[i], &status, 0) < 0 ||
		    (status != 0 && status != SIGTERM))
			fatal("daemon %d ended with %x", i, status);
	}
}

/* One question on an edge for the operator; the answer's lists in arena. */
static void
ask(const char *edge, const struct ipc_msg *msg, const void *request,
    const struct ipc_msg *answer_msg, void *answer, struct arena *arena)
{
	struct ipc_conn conn;
	struct err err;

	ipc_conn_init(&conn, -1, peer_patience());
	if (ipc_conn_open(&conn, edge, &err) < 0 ||
	    ipc_conn_call(&conn, msg, request, answer_msg, answer, arena,
		&err) < 0)
		fatal("%s: %s", edge, err.text);
	ipc_conn_clear(&conn);
}

static void
wait_empty(struct whole *whole)
{
	struct queue_act flush = { .op = QUEUE_ACT_FLUSH, .id = STR("") };
	struct arena *arena = arena_new(0);
	struct queue_listed listed;
	struct queue_acted acted;
	struct queue_list list = { .after = STR("") };
	int64_t end = time_mono() + peer_patience() * (int64_t)1000;

	while (time_mono() < end) {
		arena_reset(arena);
		ask(whole->ctl[0], &queue_act_msg, &flush, &queue_acted_msg,
		    &acted, arena);
		ask(whole->ctl[0], &queue_list_msg, &list, &queue_listed_msg,
		    &listed, arena);
		if (listed.total == 0) {
			arena_free(arena);
			return;
		}
		usleep(10000);
	}
	fatal("messages stay in the queue");
}

static unsigned
rcpts_of(unsigned n)
{
	return 1 + n % 2;
}

/* The i-th recipient of message n. */
static void
name_user(char out[40], unsigned n, unsigned i)
{
	(void)snprintf(out, 40, "m%u-%u@x.test", n, i);
}

static size_t
size_of(unsigned n)
{
	if (n % 25 == 7)
		return HUGE;
	return n % 10 == 3 ? LARGE : 20 + n * 2654435761u % (SMALL_MAX - 20);
}

/* The message's bytes follow from its number. */
static void
make_body(char body[HUGE], unsigned n)
{
	memcpy(body, "Subject: x\r\n\r\n", TEXT);
	for (size_t i = TEXT; i < size_of(n); i++)
		body[i] = (char)('a' + (n * 7 + i * (1 + n % 5)) % 26);
	memcpy(body + size_of(n) - 2, "\r\n", 2);
}

static void
send_one(struct queue_client *client, unsigned n, int marks)
{
	static char body[HUGE];
	char name[2][40];
	struct queue_rcpt rcpt[2] = { 0 };
	struct queue_commit request = {
		.sender = STR("sender@x.test"),
		.header_len = TEXT,
		.prefix = STR("Received: from test\r\n"),
		.body = str_make(body, size_of(n)),
		.rcpts = { rcpt, rcpts_of(n) },
	};
	struct err err;

	make_body(body, n);
	for (unsigned i = 0; i < rcpts_of(n); i++) {
		name_user(name[i], n, i);
		rcpt[i] = (struct queue_rcpt){ .address = str_of(name[i]),
			.transport = STR("lmtp"),
			.nexthop = STR("default") };
	}
	if (queue_client_begin(client, &err) < 0)
		fatal("begin: %s", err.text);
	if (size_of(n) >= LARGE)
		peer_body_by_file(client, &request);
	marks_put(marks, "offered %u", n);
	if (queue_client_commit(client, &request, &err) < 0)
		fatal("commit: %s", err.text);
	marks_put(marks, "accepted %u", n);
}

static int
write_whole(struct whole *whole, int marks, unsigned count)
{
	peer_clients(whole->smtpd, send_one, count, marks);
	wait_empty(whole);
	stop(whole);
	return 0;
}

/*
 * Messages that the user has, of least bytes or more each; 0 when there is no
 * such user.
 */
static unsigned
count_mail(const struct whole *whole, const char *user, size_t least)
{
	struct store_list list = { .user = str_of(user), .after = STR("") };
	struct arena *arena = arena_new(0);
	const struct store_listing *mailbox;
	struct store_listed listed;
	struct ipc_conn conn;
	unsigned exists = 0;
	struct err err;

	ipc_conn_init(&conn, -1, peer_patience());
	if (ipc_conn_open(&conn, whole->ctl[1], &err) < 0)
		fatal("stored: %s", err.text);
	if (ipc_conn_call(&conn, &store_list_msg, &list, &store_listed_msg,
		&listed, arena, &err) == 0) {
		mailbox = listed.mailboxes.items;
		for (size_t i = 0; i < listed.mailboxes.count; i++) {
			if (mailbox[i].bytes < least * mailbox[i].exists)
				fatal("%s: a message is cut short", user);
			exists += mailbox[i].exists;
		}
	} else if (err.kind != ERR_NOENT) {
		fatal("stored: %s", err.text);
	}
	ipc_conn_clear(&conn);
	arena_free(arena);
	return exists;
}

enum { OFFERED = 1, ACCEPTED = 2 };

static void
read_marks(const char *path, uint8_t what[MESSAGES_MAX])
{
	struct str rest, line;
	struct buf marks;
	uint64_t n;

	marks_read(&marks, path);
	rest = buf_str(&marks);
	while (str_split(&rest, '\n', &line)) {
		uint8_t bit =
		    str_take_str(&line, STR("accepted ")) ? ACCEPTED : OFFERED;

		(void)str_take_str(&line, STR("offered "));
		if (line.len == 0)
			continue; /* behind the last line */
		if (!num_parse(line, MESSAGES_MAX - 1, &n))
			fatal("marks: %" STR_F, STR_A(line));
		what[n] |= bit;
	}
	buf_clear(&marks);
}

/* How many recipients of n have it otherwise than was promised? */
static unsigned
count_broken(const struct whole *whole, unsigned n, bool is_accepted)
{
	unsigned broken = 0, first = 1;

	for (unsigned i = 0; i < rcpts_of(n); i++) {
		char user[40];
		unsigned exists;

		name_user(user, n, i);
		exists = count_mail(whole, user, size_of(n));
		if (i == 0 && !is_accepted && exists == 0)
			first = 0;
		if (exists == first)
			continue;
		log_error("%s: %u of %s message %u", user, exists,
		    is_accepted ? "accepted" : "offered", n);
		broken++;
	}
	return broken;
}

/* What the daemons have left, opened once more. */
struct bytes {
	struct engine *engine;
	unsigned n, i, broken;
};

/* Does this row's message end with what was handed in? */
static int
compare_one(struct bytes *bytes, struct kv_txn *txn, struct str row,
    struct err *err)
{
	static char body[HUGE];
	struct store_blob blob;
	struct store_hot hot;
	struct str found;
	char *memory;

	if (store_hot_decode(&hot, row, err) < 0 ||
	    store_row_blob(txn, hot.blob, &blob, err) <= 0 ||
	    check_read(bytes->engine, hot.blob, &blob, &memory, &found, err) <
		0)
		return -1;
	make_body(body, bytes->n);
	if (!str_ends(found, str_make(body, size_of(bytes->n)))) {
		log_error("message %u has other bytes", bytes->n);
		bytes->broken++;
	}
	free(memory);
	return 0;
}

static int
compare(struct kv_txn *txn, void *arg, struct err *err)
{
	struct bytes *bytes = arg;
	struct store_user user;
	struct store_name inbox;
	struct kv_key prefix;
	struct kv_range range;
	struct str key, row;
	char name[40];
	int ret;

	name_user(name, bytes->n, bytes->i);
	ret = store_row_user(txn, str_of(name), &user, err);
	if (ret > 0)
		ret = store_row_name(txn, user.id, STR("INBOX"), &inbox, err);
	if (ret <= 0)
		return ret;
	store_key_mbox(&prefix, inbox.mailbox);
	if (kv_range_open_prefix(&range, txn, STORE_TAB_HOT,
		kv_key_get(&prefix), err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &row, err)) > 0)
		if ((ret = compare_one(bytes, txn, row, err)) < 0)
			break;
	kv_range_close(&range);
	return ret < 0 ? -1 : 0;
}

/* Every invariant, and every byte of every message. */
static void
verify_store(const struct whole *whole, const uint8_t what[MESSAGES_MAX])
{
	char path[300];
	struct engine_conf conf = { .path = path,
		.index_size = 64 << 20,
		.segment_size = 4 << 20,
		.large_size = 1 << 20 };
	struct bytes bytes = { 0 };
	struct err err;

	path_in(whole, path, "s");
	if (engine_open(&bytes.engine, &conf, &err) < 0)
		fatal("%s", err.text);
	store_verify_engine(bytes.engine);
	for (bytes.n = 0; bytes.n < MESSAGES_MAX; bytes.n++)
		for (bytes.i = 0;
		     what[bytes.n] != 0 && bytes.i < rcpts_of(bytes.n);
		     bytes.i++)
			if (kv_view(bytes.engine->kv, compare, &bytes, &err) <
			    0)
				fatal("message %u: %s", bytes.n, err.text);
	if (bytes.broken > 0)
		fatal("%u messages have other bytes", bytes.broken);
	engine_close(bytes.engine);
}

static int
check_whole(struct whole *whole, const char *marks_path)
{
	static uint8_t what[MESSAGES_MAX];
	unsigned broken = 0;

	read_marks(marks_path, what);
	wait_empty(whole);
	for (unsigned n = 0; n < MESSAGES_MAX; n++)
		if (what[n] != 0)
			broken +=
			    count_broken(whole, n, (what[n] & ACCEPTED) != 0);
	stop(whole);
	verify_store(whole, what);
	if (broken > 0)
		fatal("%u recipients have it not once", broken);
	return 0;
}

int
main(int argc, char **argv)
{
	struct whole whole;
	uint64_t count;

	log_init("whole_work", LOG_LEVEL_INFO);
	if (argc == 6 && strcmp(argv[1], "write") == 0 &&
	    num_parse(str_of(argv[5]), MESSAGES_MAX, &count)) {
		start(&whole, argv[2], argv[3]);
		return write_whole(&whole, marks_open(argv[4]),
		    (unsigned)count);
	}
	if (argc == 5 && strcmp(argv[1], "check") == 0) {
		start(&whole, argv[2], argv[3]);
		return check_whole(&whole, argv[4]);
	}
	fatal("usage: whole_work write|check LIBEXEC DIR MARKS [COUNT]");
}

#include "t/crash/queue_peers.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "base/num.h"
#include "ipc/conn.h"
#include "ipc/queue_admin_msg.h"
#include "ipc/store_msg.h"
#include "t/crash/rewrite_peer.h"

/* One more in a table of counters. Returns the new count. */
static int
count_up(struct hash *table, const char *key)
{
	intptr_t n = (intptr_t)hash_get(table, str_of(key)) + 1;

	(void)hash_put(table, str_of(key), (void *)n);
	return (int)n;
}

/* An LMTP session: see RFC 2033. */
struct session {
	struct queue_peers *peers;
	FILE *in, *out;
	char id[80];
	char bounced[40]; /* the message that a notification speaks of */
	bool from_null;
	int rcpts, number[1000], code[1000];
};

static const char *
after(const char *line, const char *what)
{
	const char *at = strstr(line, what);

	return at == NULL ? "" : at + strlen(what);
}

static void
take_rcpt(struct session *s, const char *line)
{
	const char *address = after(line, "TO:<");
	int number = atoi(after(line, "XCHANCERY=")), code = 250;
	char key[120];

	(void)snprintf(key, sizeof(key), "late %s/%d", s->id, number);
	pthread_mutex_lock(&s->peers->lock);
	if (strncmp(address, "temp", 4) == 0)
		code = 451;
	if (strncmp(address, "fail", 4) == 0)
		code = 550;
	if (strncmp(address, "late", 4) == 0 && !s->peers->never_late &&
	    count_up(s->peers->delivered, key) == 1)
		code = 451;
	pthread_mutex_unlock(&s->peers->lock);
	if (s->rcpts == 1000)
		fatal("too many recipients");
	s->number[s->rcpts] = number;
	s->code[s->rcpts++] = code;
	fprintf(s->out, "250 2.1.5 ok\r\n");
}

/* Count it, and note it in the marks before anybody is told. */
static void
note(struct queue_peers *peers, const char *key)
{
	char line[140];
	struct err err;
	int len;

	(void)count_up(peers->delivered, key);
	if (peers->marks < 0)
		return;
	len = snprintf(line, sizeof(line), "delivered %s\n", key);
	if (fs_write_all(peers->marks, line, (size_t)len, &err) < 0)
		fatal("%s", err.text);
}

static void
deliver(struct session *s, int i)
{
	struct queue_peers *peers = s->peers;
	char key[120];

	(void)snprintf(key, sizeof(key), "%s/%d", s->id, s->number[i]);
	pthread_mutex_lock(&peers->lock);
	if (s->code[i] == 250) {
		if (hash_get(peers->forgotten, str_of(s->id)) != NULL)
			peers->bad++;
		note(peers, key);
		if (s->from_null) {
			peers->bounces++;
			(void)snprintf(key, sizeof(key), "bounced/%s",
			    s->bounced);
			note(peers, key);
		}
	}
	pthread_mutex_unlock(&peers->lock);
	fprintf(s->out, "%d %d.1.1 recipient %d\r\n", s->code[i],
	    s->code[i] / 100, s->number[i]);
}

static void
take_data(struct session *s)
{
	char line[4096];

	fprintf(s->out, "354 go\r\n");
	fflush(s->out);
	while (fgets(line, sizeof(line), s->in) != NULL &&
	    strcmp(line, ".\r\n") != 0)
		(void)sscanf(line, "X-Chancery-Queue-ID: %39[0-9A-F]",
		    s->bounced);
	for (int i = 0; i < s->rcpts; i++)
		deliver(s, i);
	s->rcpts = 0;
}

static void *
lmtp_session(void *arg)
{
	struct session *s = arg;
	char line[4096];

	fprintf(s->out, "220 test LMTP\r\n");
	fflush(s->out);
	while (fgets(line, sizeof(line), s->in) != NULL) {
		if (strncmp(line, "LHLO", 4) == 0) {
			fprintf(s->out,
			    "250-test\r\n250-PIPELINING\r\n"
			    "250-8BITMIME\r\n250 XCHANCERY\r\n");
		} else if (strncmp(line, "MAIL", 4) == 0) {
			(void)snprintf(s->id, sizeof(s->id), "%.*s",
			    (int)strcspn(after(line, "XCHANCERY="), ", \r\n"),
			    after(line, "XCHANCERY="));
			s->from_null = strstr(line, "<>") != NULL;
			s->rcpts = 0;
			fprintf(s->out, "250 2.1.0 ok\r\n");
		} else if (strncmp(line, "RCPT", 4) == 0) {
			take_rcpt(s, line);
		} else if (strncmp(line, "DATA", 4) == 0) {
			take_data(s);
		} else {
			fprintf(s->out, "250 2.0.0 ok\r\n");
		}
		fflush(s->out);
	}
	fclose(s->in);
	fclose(s->out);
	free(s);
	return NULL;
}

static void *
lmtp_server(void *arg)
{
	struct queue_peers *peers = arg;

	for (;;) {
		int fd = accept4(peers->listeners[0], NULL, NULL, SOCK_CLOEXEC);
		struct session *s;

		if (fd < 0)
			return NULL;
		s = xcalloc(1, sizeof(*s));
		s->peers = peers;
		s->in = fdopen(fd, "r");
		s->out = fdopen(fcntl(fd, F_DUPFD_CLOEXEC, 0), "w");
		peer_thread(lmtp_session, s);
	}
}

static void
settle(struct queue_peers *peers, const struct store_settle *msg)
{
	const struct store_word *word = msg->ids.items;
	struct str key;
	void *value;
	size_t it = 0;

	pthread_mutex_lock(&peers->lock);
	for (size_t i = 0; i < msg->ids.count; i++) {
		struct hash *table = msg->op == STORE_SETTLE_FORGET ?
		    peers->forgotten :
		    peers->alive;

		(void)hash_put(table, word[i].word, peers);
	}
	if (msg->op == STORE_SETTLE_END) {
		/* what was delivered and does not live is forgotten */
		while (hash_next(peers->delivered, &it, &key, &value)) {
			struct str id = { NULL, 0 };

			(void)str_split(&key, '/', &id);
			if (!str_starts(id, str_of("late ")) &&
			    hash_get(peers->alive, id) == NULL)
				(void)hash_put(peers->forgotten, id, peers);
		}
		peers->settled = true;
	}
	pthread_mutex_unlock(&peers->lock);
}

static void *
stored_server(void *arg)
{
	static const struct store_done done = { 0 };
	struct queue_peers *peers = arg;
	struct arena *arena = arena_new(0);
	struct ipc_fds none = { .count = 0 };
	struct store_settle msg;
	struct ipc_conn conn;
	struct frame frame;
	struct err err;

	for (;;) {
		int fd = accept4(peers->listeners[1], NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			break;
		ipc_conn_init(&conn, fd, -1);
		while (ipc_conn_recv(&conn, &frame, &err) == 0 &&
		    ipc_decode(&msg, &store_settle_msg, frame.payload, &none,
			arena, &err) == 0) {
			settle(peers, &msg);
			arena_reset(arena);
			if (ipc_conn_send(&conn, &store_done_msg, frame.tag,
				&done, &err) < 0)
				break;
		}
		ipc_conn_clear(&conn);
	}
	arena_free(arena);
	return NULL;
}

void
queue_peers_init(struct queue_peers *peers, int marks)
{
	*peers = (struct queue_peers){ .marks = marks };
	pthread_mutex_init(&peers->lock, NULL);
	peers->delivered = hash_new();
	peers->forgotten = hash_new();
	peers->alive = hash_new();
}

void
queue_peers_start(struct queue_peers *peers, const char *dir,
    const char *program, const char *settings)
{
	static const char *const edges[] = { "smtpd", "ctl", NULL };
	char path[300], main_cf[300];
	struct err err;

	peers->dir = dir;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)snprintf(path, sizeof(path), "%s/lmtp", dir);
	peers->listeners[0] = peer_listen(path);
	(void)snprintf(path, sizeof(path), "%s/stored", dir);
	peers->listeners[1] = peer_listen(path);
	(void)snprintf(path, sizeof(path), "%s/rewrite", dir);
	rewrite_peer_start(path);
	for (int i = 0; i < 2; i++) {
		(void)snprintf(peers->edge[i], sizeof(peers->edge[i]), "%s.%s",
		    dir, i == 0 ? "smtpd" : "ctl");
		peers->listeners[2 + i] = peer_listen(peers->edge[i]);
	}
	(void)snprintf(main_cf, sizeof(main_cf), "%s.cf", dir);
	if (fs_write_file(AT_FDCWD, main_cf, str_of(settings), 0600, &err) < 0)
		fatal("%s", err.text);
	peers->qmgr =
	    peer_program(program, dir, main_cf, edges, peers->listeners + 2);
	peer_thread(lmtp_server, peers);
	peer_thread(stored_server, peers);
}

int
queue_peers_stop(struct queue_peers *peers, int signal)
{
	int status = 0;

	(void)kill(peers->qmgr, signal);
	(void)waitpid(peers->qmgr, &status, 0);
	return status;
}

int
queue_peers_count(struct queue_peers *peers, const char *key)
{
	int n;

	pthread_mutex_lock(&peers->lock);
	n = (int)(intptr_t)hash_get(peers->delivered, str_of(key));
	pthread_mutex_unlock(&peers->lock);
	return n;
}

int
queue_peers_left(struct queue_peers *peers, bool flush)
{
	struct arena *arena = arena_new(0);
	struct queue_list list = { .after = STR("") };
	struct queue_act act = { .op = QUEUE_ACT_FLUSH, .id = STR("") };
	struct queue_listed listed;
	struct queue_acted acted;
	struct ipc_conn conn;
	struct err err;
	int left;

	ipc_conn_init(&conn, -1, peer_patience());
	if (ipc_conn_open(&conn, peers->edge[1], &err) < 0 ||
	    (flush &&
		ipc_conn_call(&conn, &queue_act_msg, &act, &queue_acted_msg,
		    &acted, arena, &err) < 0) ||
	    ipc_conn_call(&conn, &queue_list_msg, &list, &queue_listed_msg,
		&listed, arena, &err) < 0)
		fatal("qmgr does not answer: %s", err.text);
	left = (int)listed.total;
	ipc_conn_clear(&conn);
	arena_free(arena);
	return left;
}

void
queue_peers_requeue(struct queue_peers *peers)
{
	struct arena *arena = arena_new(0);
	struct queue_act act = { .op = QUEUE_ACT_REQUEUE };
	struct queue_acted acted;
	struct ipc_conn conn;
	struct err err;

	ipc_conn_init(&conn, -1, peer_patience());
	if (ipc_conn_open(&conn, peers->edge[1], &err) < 0 ||
	    ipc_conn_call(&conn, &queue_act_msg, &act, &queue_acted_msg, &acted,
		arena, &err) < 0)
		fatal("qmgr does not answer: %s", err.text);
	ipc_conn_clear(&conn);
	arena_free(arena);
}

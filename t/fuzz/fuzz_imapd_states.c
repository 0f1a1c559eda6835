/*
 * A whole IMAP session over a real stored: the first byte chooses how far the
 * client has come (logged in, a mailbox selected, extensions enabled, inside
 * IDLE, inside a literal), the rest is what it says there. Whatever that is,
 * the session ends when the client does, and stored lives on.
 *
 * Each input has a user of its own. The store is made anew now and then, and
 * goes away with the process that holds the other end of a pipe.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/ticket.h"
#include "base/attr.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "base/time.h"
#include "imapd/session.h"
#include "ipc/conn.h"
#include "ipc/handover_msg.h"
#include "mime/charset.h"
#include "store/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_MAX = 4096, /* what a socket takes without a reader */
	LIVES = 5000,     /* inputs until the store is made anew */
	WAIT = 120000,    /* ms */
};

#define MESSAGES                                                               \
	"a APPEND INBOX (\\Seen $x) {59+}\r\nFrom: a@b.c\r\nSubject: s\r\n"    \
	"Content-Type: text/plain\r\n\r\ntext\r\n\r\n"                         \
	"a APPEND INBOX {144+}\r\n"                                            \
	"Subject: =?utf-8?q?m=C3=A4h?=\r\n"                                    \
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n"                    \
	"--b\r\n\r\none\r\n"                                                   \
	"--b\r\nContent-Type: message/rfc822\r\n\r\nTo: x\r\n\r\ny\r\n--b--"   \
	"\r\n\r\n"
#define SELECTED MESSAGES "a SELECT INBOX\r\n"

static const char *const states[] = {
	"",
	"a SELECT INBOX\r\n",
	SELECTED,
	MESSAGES "a EXAMINE INBOX\r\n",
	SELECTED "a ENABLE CONDSTORE QRESYNC IMAP4rev2 UTF8=ACCEPT\r\n",
	SELECTED "a STORE 1 +FLAGS.SILENT (\\Deleted)\r\n"
		 "a SEARCH RETURN (SAVE) ALL\r\n",
	SELECTED "a IDLE\r\n",
	"a APPEND INBOX {30}\r\n",
	"a APPEND INBOX ~{9+}\r\n",
	SELECTED "a SEARCH CHARSET UTF-8 TEXT {9}\r\n",
	"a CREATE one/two\r\na SUBSCRIBE one\r\na SETACL one anyone lr\r\n",
	"a COMPRESS DEFLATE\r\n",
};

struct world {
	char dir[200];
	struct buf key;
	struct imapd imapd;
	int keeper_fd; /* its end is the end of the store */
	pid_t keeper;
	unsigned inputs;
};

static int
listen_in_dir(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", name);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(fd, 16) < 0)
		panic("listen at %s", name);
	return fd;
}

/* Beside a replay's folder, else where this was started. */
static void
find_stored(char out[5000])
{
	char self[4000];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[len < 0 ? 0 : len] = '\0';
	*strrchr(self, '/') = '\0';
	(void)snprintf(out, 5000, "%s/../../libexec/stored", self);
	if (access(out, X_OK) < 0 &&
	    realpath("build/libexec/stored", out) == NULL)
		panic("no stored: make all");
}

/* A process that runs stored until the pipe ends, then tidies up. */
static void
keep_store(const char *program, const char *dir, int fd)
{
	struct pollfd end = { fd, 0, 0 };
	pid_t pid;
	struct err err;
	bool lives = true;

	(void)signal(SIGINT, SIG_IGN);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)execl(program, "stored", "-C", "main.cf", (char *)NULL);
		_exit(127);
	}
	while (lives && poll(&end, 1, 200) == 0)
		lives = waitpid(pid, NULL, WNOHANG) == 0;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	(void)!chdir("/");
	(void)fs_remove_tree(AT_FDCWD, dir, &err);
	_exit(lives ? 0 : 1);
}

static void
start_store(struct world *world)
{
	const char *tmp = getenv("TMPDIR");
	int pipes[2], listener;
	char program[5000], text[60];
	struct buf public;
	struct err err;

	find_stored(program);
	(void)snprintf(world->dir, sizeof(world->dir),
	    "%s/chancery-fuzz-XXXXXX", tmp == NULL ? "/tmp" : tmp);
	buf_init(&world->key, 0);
	buf_init(&public, 0);
	if (mkdtemp(world->dir) == NULL || chdir(world->dir) < 0 ||
	    ticket_make_keys(&world->key, &public, &err) < 0 ||
	    fs_mkdir(AT_FDCWD, "etc", 0700, &err) < 0 ||
	    fs_write_file(AT_FDCWD, "etc/ticket.pub", buf_str(&public), 0600,
		&err) < 0 ||
	    fs_write_file(AT_FDCWD, "main.cf",
		STR("store_index_size = 1G\nstore_pack_size = 4M\n"
		    "store_large_size = 1M\n"),
		0600, &err) < 0 ||
	    pipe2(pipes, O_CLOEXEC) < 0)
		panic("%s", world->dir);
	buf_clear(&public);
	listener = listen_in_dir("stored");
	(void)snprintf(text, sizeof(text), "edge:imapd=%d", listener);
	(void)setenv("CHANCERY_FDS", text, 1);
	world->keeper = fork();
	if (world->keeper == 0) {
		(void)close(pipes[1]);
		keep_store(program, world->dir, pipes[0]);
	}
	(void)close(pipes[0]);
	(void)close(listener);
	world->keeper_fd = pipes[1];
	world->inputs = 0;
	if (store_reader_open(&world->imapd.reader, ".", WAIT, &err) < 0)
		panic("store: %s", err.text);
}

static void
stop_store(struct world *world)
{
	store_reader_close(world->imapd.reader);
	buf_clear(&world->key);
	(void)close(world->keeper_fd);
	(void)waitpid(world->keeper, NULL, 0);
}

static void
sign(struct world *world, struct str user, struct buf *out)
{
	int64_t now = time_real() / TIME_SECOND;
	struct ticket ticket = { .session = STR("s1"),
		.user = user,
		.service = STR("imap"),
		.mech = STR("PLAIN"),
		.issued = now,
		.expires = now + 60 };
	struct ticket_signer *signer;
	struct err err;

	signer = ticket_signer_new(buf_str(&world->key), &err);
	if (signer == NULL || ticket_sign(out, signer, &ticket, &err) < 0)
		panic("ticket");
	ticket_signer_free(signer);
}

/* To the session's end, as a client that reads all. */
static void *
drain(void *arg)
{
	char bytes[65536];
	int fd = *(int *)arg;

	while (read(fd, bytes, sizeof(bytes)) > 0)
		continue;
	return NULL;
}

static void
hand_over(struct world *world, int front, int client)
{
	char user[40];
	struct handover handover = { .service = STR("imap"),
		.client_addr = STR("192.0.2.1"),
		.local_addr = STR("192.0.2.2"),
		.session = STR("s1"),
		.tag = STR("t"),
		.fd = client };
	struct ipc_conn conn;
	struct buf ticket;
	struct err err;

	(void)snprintf(user, sizeof(user), "u%u@x.test", world->inputs++);
	buf_init(&ticket, 0);
	sign(world, str_of(user), &ticket);
	handover.user = str_of(user);
	handover.ticket = buf_str(&ticket);
	ipc_conn_init(&conn, dup(front), WAIT);
	if (ipc_conn_send(&conn, &handover_msg, 1, &handover, &err) < 0)
		panic("handover: %s", err.text);
	ipc_conn_clear(&conn);
	buf_clear(&ticket);
}

static void
talk(struct world *world, const char *before, struct str said)
{
	int front[2], client[2];
	pthread_t drainer;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, front) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, client) < 0 ||
	    write(client[0], before, strlen(before)) < 0 ||
	    write(client[0], said.p, said.len) < 0 ||
	    shutdown(client[0], SHUT_WR) < 0 ||
	    pthread_create(&drainer, NULL, drain, &client[0]) != 0)
		panic("socket pair");
	hand_over(world, front[0], client[1]);
	(void)close(client[1]); /* the session has its own */
	imapd_session(&world->imapd, NULL, front[1]);
	(void)pthread_join(drainer, NULL);
	(void)close(front[0]);
	(void)close(client[0]);
	if (waitpid(world->keeper, NULL, WNOHANG) != 0)
		panic("stored is gone");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world world = {
		.imapd.conf = { .timeout = 2,
		    .park_after = 1000,
		    .command_size = 8192,
		    .memory = 8 << 20,
		    .message_size = 100000,
		    .store_wait = 20 },
	};
	struct err err;
	int here;

	if (size == 0 || size > INPUT_MAX)
		return 0;
	log_init("fuzz", LOG_LEVEL_ERROR);
	here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (world.keeper != 0 && world.inputs >= LIVES) {
		stop_store(&world);
		world.keeper = 0;
	}
	if (world.keeper == 0) {
		(void)signal(SIGPIPE, SIG_IGN);
		if (mime_charset_warm(&err) < 0)
			panic("%s", err.text);
		start_store(&world);
	}
	/* The session finds stored's socket there. */
	if (chdir(world.dir) < 0)
		panic("%s", world.dir);
	talk(&world, states[data[0] % NELEMS(states)],
	    str_make(data + 1, size - 1));
	if (fchdir(here) < 0)
		panic("way back");
	(void)close(here);
	return 0;
}

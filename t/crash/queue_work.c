/*
 * queue_work - qmgr under simulated power cuts.
 *
 *	queue_work write QMGR DIR MARKS COUNT
 *		hand COUNT messages to qmgr from several clients, small and
 *		large, while it delivers them; MARKS gets what was promised:
 *		"accepted ID N" after qmgr's answer, "delivered
 *		ID/NUMBER" before the LMTP server's 250
 *	queue_work check QMGR DIR MARKS
 *		every accepted recipient was or is now delivered to, the rest
 *		was told to the sender or still waits; nothing that stored was
 *		told to forget comes again
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/num.h"
#include "base/time.h"
#include "queue/client.h"
#include "queue/record.h"
#include "t/crash/marks.h"
#include "t/crash/queue_peers.h"
#include "t/crash/rewrite_peer.h"

enum { RCPTS_MAX = 3, SMALL_MAX = 9000, LARGE = 20000 };

/* Small everything, so that a short run has many turns of the ring. */
static const char settings[] = "queue_segment_size = 1M\n"
			       "queue_inline_limit = 16K\n"
			       "queue_ring_size = 2M\n"
			       "queue_spool_after = 1s\n"
			       "minimal_backoff_time = 1s\n"
			       "maximal_backoff_time = 2s\n"
			       "queue_minfree = 0\n"
			       "myhostname = queue.test\n";

static const char *const names[] = { "ada@x.test", "bob@x.test", "late1@x.test",
	"fail@x.test", "late2@x.test" };

/* Message number n has so many recipients, and the i-th is this one. */
static unsigned
rcpts_of(unsigned n)
{
	return 1 + n % RCPTS_MAX;
}

static const char *
name_of(unsigned n, unsigned i)
{
	return names[(n + i) % NELEMS(names)];
}

/* Of this one the sender wants to hear, whatever becomes of it. */
static bool
is_told(unsigned n)
{
	return n % 4 == 1;
}

static void
send_one(struct queue_client *client, unsigned n, int marks)
{
	static char body[LARGE + 1];
	struct queue_rcpt rcpt[RCPTS_MAX] = { 0 };
	struct queue_commit request = {
		.sender = str_of("sender@x.test"),
		.header_len = 14,
		.prefix = str_of("Received: from test\r\n"),
	};
	char id[QUEUE_ID_MAX + 1];
	unsigned count = rcpts_of(n);
	struct err err;

	memset(body, 'x', LARGE);
	memcpy(body, "Subject: x\r\n\r\n", 14);
	request.body = str_make(body, 20 + n * 2654435761u % SMALL_MAX);
	for (unsigned i = 0; i < count; i++)
		rcpt[i] = (struct queue_rcpt){
			.address = str_of(name_of(n, i)),
			.transport = str_of("lmtp"),
			.nexthop = str_of(i == 0 ? "default" : "other"),
			.notify = is_told(n) ?
			    QUEUE_NOTIFY_SUCCESS | QUEUE_NOTIFY_FAILURE :
			    0,
		};
	request.rcpts = (struct ipc_list){ rcpt, count };
	if (queue_client_begin(client, &err) < 0)
		fatal("begin: %s", err.text);
	memcpy(id, client->id, sizeof(id));
	if (n % 10 == 3) {
		request.body = str_make(body, LARGE);
		peer_body_by_file(client, &request);
	}
	if (queue_client_commit(client, &request, &err) < 0)
		fatal("commit: %s", err.text);
	marks_put(marks, "accepted %s %u", id, n);
}

/* Wait until the queue is empty; deferred mail comes within two seconds. */
static void
wait_empty(struct queue_peers *peers, bool flush)
{
	int64_t end = time_mono() + peer_patience() * (int64_t)1000;

	for (int i = 0; queue_peers_left(peers, flush) > 0; i++) {
		if (!flush && i % 20 == 10)
			queue_peers_requeue(peers);
		if (time_mono() > end)
			fatal("messages stay in the queue");
		usleep(10000);
	}
}

static int
write_queue(const char *qmgr, const char *dir, int marks, unsigned count)
{
	static struct queue_peers peers; /* its threads outlive us */

	queue_peers_init(&peers, marks);
	queue_peers_start(&peers, dir, qmgr, settings);
	peer_clients(peers.edge[0], send_one, count, marks);
	wait_empty(&peers, false);
	if (queue_peers_stop(&peers, SIGTERM) != 0)
		fatal("qmgr did not end well");
	return 0;
}

/* What the marks say was delivered before the cut. */
static void
take_delivered(struct queue_peers *peers, struct str marks)
{
	struct str line;

	while (str_split(&marks, '\n', &line)) {
		if (!str_take_str(&line, str_of("delivered ")))
			continue;
		(void)hash_put(peers->delivered, line, (void *)1);
	}
}

/* Recipients of accepted messages that nobody delivered to, or spoke of. */
static int
count_lost(struct queue_peers *peers, struct str marks)
{
	struct str line, id;
	uint64_t n;
	int lost = 0;

	while (str_split(&marks, '\n', &line)) {
		char key[QUEUE_ID_MAX + 40], brief[QUEUE_SHORT_SIZE];

		if (!str_take_str(&line, str_of("accepted ")) ||
		    !str_split(&line, ' ', &id) ||
		    !num_parse(line, UINT32_MAX, &n))
			continue;
		for (unsigned i = 0; i < rcpts_of((unsigned)n); i++) {
			(void)snprintf(key, sizeof(key), "%" STR_F "/%u",
			    STR_A(id), i);
			bool fails =
			    strncmp(name_of((unsigned)n, i), "fail", 4) == 0;

			if (!fails)
				lost += queue_peers_count(peers, key) == 0;
			if (!fails && !is_told((unsigned)n))
				continue;
			(void)snprintf(key, sizeof(key), "bounced/%s",
			    queue_id_shorten(brief, id));
			lost += queue_peers_count(peers, key) == 0;
		}
	}
	return lost;
}

static int
check_queue(const char *qmgr, const char *dir, const char *marks_path)
{
	static struct queue_peers peers; /* its threads outlive us */
	struct buf marks;
	int lost;

	marks_read(&marks, marks_path);
	queue_peers_init(&peers, -1);
	peers.never_late = true;
	take_delivered(&peers, buf_str(&marks));
	queue_peers_start(&peers, dir, qmgr, settings);
	wait_empty(&peers, true);
	if (queue_peers_stop(&peers, SIGTERM) != 0)
		fatal("qmgr did not end well");
	lost = count_lost(&peers, buf_str(&marks));
	buf_clear(&marks);
	if (lost > 0)
		fatal("%d recipients of accepted mail are lost", lost);
	if (peers.bad > 0)
		fatal("%d deliveries of what was retired", peers.bad);
	return 0;
}

int
main(int argc, char **argv)
{
	uint64_t count;

	log_init("queue_work", LOG_LEVEL_INFO);
	if (argc == 6 && strcmp(argv[1], "write") == 0 &&
	    num_parse(str_of(argv[5]), 1 << 20, &count))
		return write_queue(argv[2], argv[3], marks_open(argv[4]),
		    (unsigned)count);
	if (argc == 5 && strcmp(argv[1], "check") == 0)
		return check_queue(argv[2], argv[3], argv[4]);
	fatal("usage: queue_work write|check QMGR DIR MARKS [COUNT]");
}

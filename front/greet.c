#include "front/greet.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/time.h"
#include "front/conn.h"
#include "front/handover.h"

enum {
	SHOWN = 100, /* bytes of what a talker said, for the log */
	PREFIX6 = 8,
};

struct greet {
	struct hash *table; /* host to struct entry */
};

struct entry {
	int64_t until; /* monotonic */
};

struct greet *
greet_new(void)
{
	struct greet *greet = xcalloc(1, sizeof(*greet));

	greet->table = hash_new();
	return greet;
}

void
greet_free(struct greet *greet)
{
	struct str key;
	void *entry;

	if (greet == NULL)
		return;
	for (size_t it = 0; hash_next(greet->table, &it, &key, &entry);)
		free(entry);
	hash_free(greet->table);
	free(greet);
}

static struct str
key_of(const struct addr *client)
{
	struct str key = addr_host_key(client);

	if (client->family == ADDR_IPV6)
		key.len = PREFIX6;
	return key;
}

bool
greet_knows(const struct greet *greet, const struct addr *client)
{
	const struct entry *entry = hash_get(greet->table, key_of(client));

	return entry != NULL && time_mono() < entry->until;
}

void
greet_remember(struct greet *greet, const struct addr *client, int ttl)
{
	struct str key = key_of(client);
	struct entry *entry = hash_get(greet->table, key);

	if (entry == NULL && hash_len(greet->table) >= GREET_REMEMBERED)
		return;
	if (entry == NULL) {
		entry = xcalloc(1, sizeof(*entry));
		(void)hash_put(greet->table, key, entry);
	}
	entry->until = time_mono() + (int64_t)ttl * TIME_SECOND;
}

void
greet_sweep(struct greet *greet)
{
	int64_t now = time_mono();
	struct str key;
	void *value;

	for (size_t it = 0; hash_next(greet->table, &it, &key, &value);) {
		struct entry *entry = value;

		if (now < entry->until)
			continue;
		(void)hash_remove(greet->table, key);
		free(entry);
	}
}

void
greet_start(struct conn *conn)
{
	const struct front *front = conn->front;
	const struct timeval wait = { front->conf.greet_wait, 0 };

	if (front->conf.greet_wait == 0 || !conn->service->is_mx ||
	    addr_nets_have(front->patient, front->patients, &conn->client) ||
	    greet_knows(front->greet, &conn->client)) {
		handover_start(conn);
		return;
	}
	conn->state = CONN_GREET;
	(void)event_add(&conn->timer, &wait);
	conn_want(&conn->read, true);
}

/* In postscreen's form, so that what reads its log reads ours. */
static void
log_talker(const struct conn *conn, struct str said)
{
	char from[ADDR_SIZE];
	double after = (double)(time_mono() - conn->since) / TIME_SECOND;

	log_info("PREGREET %zu after %.2f from %s: %" STR_F, said.len, after,
	    addr_format(from, &conn->client), STR_A(said));
}

void
greet_read(struct conn *conn)
{
	char said[SHOWN];
	ssize_t n = recv(conn->fd, said, sizeof(said), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) { /* went away: that is no offence */
		conn_free(conn);
		return;
	}
	log_talker(conn, str_make(said, (size_t)n));
	daemon_count(conn->front->daemon, FRONT_TALKERS, 1);
	(void)buf_addz(&conn->out, "521 5.5.1 Protocol error\r\n");
	conn_finish(conn);
}

void
greet_passed(struct conn *conn)
{
	struct front *front = conn->front;

	greet_remember(front->greet, &conn->client, front->conf.greet_ttl);
	handover_start(conn);
}

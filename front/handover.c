#include "front/handover.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"
#include "front/exchange.h"
#include "front/park.h"
#include "front/relay.h"
#include "ipc/frame.h"
#include "ipc/handover_msg.h"
#include "net/connect.h"
#include "net/fdpass.h"

enum {
	RETRY_FIRST = 50000,
	RETRY_MAX = 400000, /* us */
	/* bytes of what a session says: its state, and some words */
	WORD_MAX = HANDOVER_PARKED_MAX + 512,
};

struct handover_conn {
	struct conn *conn;
	int fd; /* -1: not connected yet */
	int64_t since;
	struct event read, write;
	struct buf out; /* rest of a frame; its descriptor went first */
	struct buf in;
	struct ipc_fds fds; /* came, not taken yet */
	uint16_t tag;       /* of the STARTTLS to be answered */
	int pause;          /* us, before the next try to connect */
};

void
handover_free(struct handover_conn *handover)
{
	if (handover == NULL)
		return;
	if (handover->fd >= 0) {
		(void)event_del(&handover->read);
		(void)event_del(&handover->write);
		(void)close(handover->fd);
	}
	ipc_fds_close(&handover->fds);
	buf_clear(&handover->out);
	buf_clear(&handover->in);
	free(handover);
}

/*
 * Send the frame in out with its descriptor, which travels with the first
 * byte: what the socket does not take at once follows alone.
 */
static int
send_frame(struct handover_conn *handover, const struct ipc_fds *fds,
    struct err *err)
{
	struct buf *out = &handover->out;
	ssize_t n;

	do
		n = fdpass_send(handover->fd, out->p, out->len, fds->fd,
		    fds->count);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(err, "handover");
	buf_consume(out, (size_t)n);
	if (out->len > 0)
		(void)event_add(&handover->write, NULL);
	else
		buf_clear(out);
	return 0;
}

/* The session took the client out of its hands: what to do with it. */
static int
on_starttls(struct handover_conn *handover, const void *in, struct err *err)
{
	const struct handover_starttls *starttls = in;

	if (starttls->fd < 0)
		return err_set(err, ERR_CORRUPT, "no client came along");
	conn_starttls(handover->conn, starttls->fd);
	return 0;
}

static int
on_park(struct handover_conn *handover, const void *in, struct err *err)
{
	const struct handover_stay stay = { 0 };
	struct ipc_fds fds = { .count = 0 };

	if (park_take(handover->conn, in))
		return 0;
	if (frame_write(&handover->out, &fds, &handover_stay_msg, 0, &stay,
		err) < 0)
		panic("handover: %s", err->text);
	return send_frame(handover, &fds, err);
}

/* One more of what is limited for an address. */
static bool
count(const struct conn *conn, const struct handover_count *in)
{
	struct front *front = conn->front;
	struct addr client = conn->client;
	struct err err;

	if (in->client_addr.len > 0 &&
	    addr_parse_ip(&client, in->client_addr, &err) < 0)
		return true; /* "unknown": whom should it count for? */
	if (in->event >= LIMITS_EVENTS ||
	    addr_nets_have(front->exempt, front->exempts, &client))
		return true;
	return limits_count(front->limits, conn->service->class, &client,
	    (enum limits_event)in->event);
}

static int
on_count(struct handover_conn *handover, const void *in, struct err *err)
{
	struct handover_counted counted = { count(handover->conn, in) };
	struct ipc_fds fds = { .count = 0 };

	if (!counted.allowed)
		daemon_count(handover->conn->front->daemon, FRONT_REFUSED, 1);
	if (frame_write(&handover->out, &fds, &handover_counted_msg,
		handover->tag, &counted, err) < 0)
		panic("handover: %s", err->text);
	return send_frame(handover, &fds, err);
}

/* What a session may say on this edge. The functions may free the conn. */
static const struct {
	const struct ipc_msg *msg;
	int (*fn)(struct handover_conn *handover, const void *in,
	    struct err *err);
} words[] = {
	{ &handover_starttls_msg, on_starttls },
	{ &handover_park_msg, on_park },
	{ &handover_count_msg, on_count },
};

static int
take_word(struct handover_conn *handover, size_t which,
    const struct frame *frame, struct err *err)
{
	struct arena *arena = arena_new(WORD_MAX);
	struct ipc_fds fds = handover->fds;
	union {
		struct handover_starttls starttls;
		struct handover_park park;
		struct handover_count count;
	} in;
	struct buf bytes;
	int got;

	handover->fds.count = 0;
	handover->tag = frame->tag;
	bytes = handover->in; /* what in borrows, whatever becomes of us */
	buf_init(&handover->in, WORD_MAX);
	got =
	    ipc_decode(&in, words[which].msg, frame->payload, &fds, arena, err);
	ipc_fds_close(&fds);
	if (got == 0)
		got = words[which].fn(handover, &in, err);
	buf_clear(&bytes);
	arena_free(arena);
	return got;
}

/*
 * A frame of the session's. 0: it was handled, or is not whole yet; the conn
 * may be gone. -1 with err set: the session has lost its mind.
 */
static int
take_frame(struct handover_conn *handover, struct err *err)
{
	struct str in = buf_str(&handover->in);
	struct frame frame;
	int got = frame_take(&in, &frame, err);

	if (got <= 0)
		return got;
	for (size_t i = 0; i < NELEMS(words); i++)
		if (words[i].msg->type == frame.type)
			return take_word(handover, i, &frame, err);
	return err_set(err, ERR_CORRUPT, "unexpected message %u", frame.type);
}

static void
keep_fds(struct handover_conn *handover, const int *fds, int count)
{
	for (int i = 0; i < count; i++) {
		if (handover->fds.count < IPC_FDS_MAX)
			handover->fds.fd[handover->fds.count++] = fds[i];
		else
			(void)close(fds[i]);
	}
}

/*
 * The session closed its end: it is over, up to what the relay still has. Its
 * last word may be in there, behind which the client comes again.
 */
static void
session_over(struct handover_conn *handover)
{
	struct conn *conn = handover->conn;

	if (conn->relay == NULL) {
		conn_free(conn);
		return;
	}
	park_unlock(conn);
	conn->handover = NULL;
	handover_free(handover);
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	struct handover_conn *handover = arg;
	struct conn *conn = handover->conn;
	char bytes[WORD_MAX];
	int fds[FDPASS_MAX], count;
	struct err err;
	ssize_t n;

	(void)what;
	n = fdpass_recv(fd, bytes, sizeof(bytes), fds, &count);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		session_over(handover);
		return;
	}
	keep_fds(handover, fds, count);
	(void)buf_add(&handover->in, bytes, (size_t)n);
	if (take_frame(handover, &err) < 0) {
		log_warn("%s: handover: %s", conn->service->name, err.text);
		conn_free(conn);
	}
}

static void
on_write(evutil_socket_t fd, short what, void *arg)
{
	struct handover_conn *handover = arg;
	struct buf *out = &handover->out;
	ssize_t n;

	(void)what;
	n = send(fd, out->p, out->len, MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		session_over(handover);
		return;
	}
	buf_consume(out, (size_t)n);
	if (out->len > 0)
		return;
	buf_clear(out);
	(void)event_del(&handover->write);
}

/*
 * The end to give: the client's own when plaintext; else one end of a pair,
 * *kept the other. Give it to the session, close it here.
 */
static int
make_end(struct conn *conn, int *kept, struct err *err)
{
	int pair[2];

	*kept = -1;
	if (conn->tls.ssl == NULL)
		return conn->fd;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		pair) < 0)
		return err_sys(err, "socketpair");
	*kept = pair[0];
	return pair[1];
}

/* The session has the other end: close ours, or begin to relay. */
static void
given(struct conn *conn, int end, int kept)
{
	(void)event_del(&conn->read);
	(void)event_del(&conn->write);
	(void)close(end);
	if (kept < 0)
		conn->fd = -1;
	conn_in_session(conn);
	if (kept >= 0)
		relay_start(conn, kept);
}

static int
give(struct handover_conn *handover, struct ipc_fds *fds, int end, int kept,
    struct err *err)
{
	struct conn *conn = handover->conn;
	int ret = send_frame(handover, fds, err);

	if (ret < 0 && kept >= 0) {
		(void)close(end);
		(void)close(kept);
	}
	if (ret == 0)
		given(conn, end, kept);
	return ret;
}

static void
fill_facts(struct handover *msg, struct conn *conn,
    const struct tls_facts *facts)
{
	msg->service = str_of(conn->service->name);
	msg->client_port = conn->client.port;
	msg->local_port = conn->local.port;
	msg->session = str_of(conn->session);
	msg->tls_version = str_of(facts->version);
	msg->tls_cipher = str_of(facts->cipher);
	if (facts->has_exporter)
		msg->tls_binding =
		    str_make(facts->exporter, sizeof(facts->exporter));
	msg->tls_unique = str_make(facts->unique, facts->unique_len);
	msg->tls_client = str_of(facts->client);
	msg->user = exchange_user(conn);
	msg->ticket = exchange_ticket(conn);
	if (conn->login != NULL) {
		msg->mech = buf_str(&conn->login->mech);
		msg->tag = buf_str(&conn->login->tag);
		msg->utf8 = conn->login->utf8;
	}
	msg->unread = buf_str(&conn->in);
	msg->parked = park_state(conn);
}

/* On success conn is in session, or gone. */
static int
hand_over(struct handover_conn *handover, struct err *err)
{
	struct conn *conn = handover->conn;
	char client[ADDR_IP_SIZE], local[ADDR_IP_SIZE];
	struct handover msg = { 0 };
	struct ipc_fds fds = { .count = 0 };
	struct tls_facts facts = { 0 };
	int kept;

	if (conn->tls.ssl != NULL)
		tls_get_facts(&facts, &conn->tls);
	fill_facts(&msg, conn, &facts);
	msg.client_addr = str_of(addr_format_ip(client, &conn->client));
	msg.local_addr = str_of(addr_format_ip(local, &conn->local));
	msg.fd = make_end(conn, &kept, err);
	if (msg.fd < 0)
		return -1;
	if (frame_write(&handover->out, &fds, &handover_msg, 0, &msg, err) < 0)
		panic("handover: %s", err->text);
	return give(handover, &fds, msg.fd, kept, err);
}

int
handover_send_tls(struct conn *conn)
{
	struct handover_conn *handover = conn->handover;
	struct handover_tls msg = { 0 };
	struct ipc_fds fds = { .count = 0 };
	struct tls_facts facts;
	struct err err;
	int kept;

	tls_get_facts(&facts, &conn->tls);
	msg.tls_version = str_of(facts.version);
	msg.tls_cipher = str_of(facts.cipher);
	if (facts.has_exporter)
		msg.tls_binding =
		    str_make(facts.exporter, sizeof(facts.exporter));
	msg.tls_unique = str_make(facts.unique, facts.unique_len);
	msg.tls_client = str_of(facts.client);
	msg.fd = make_end(conn, &kept, &err);
	if (msg.fd < 0)
		return -1;
	if (frame_write(&handover->out, &fds, &handover_tls_msg, handover->tag,
		&msg, &err) < 0)
		panic("handover: %s", err.text);
	return give(handover, &fds, msg.fd, kept, &err);
}

/* Nobody takes the client. It asked by a command, or hears it in a greeting. */
static void
give_up(struct conn *conn, const struct err *err)
{
	log_error("%s: %s", conn->service->name, err->text);
	daemon_count(conn->front->daemon, FRONT_HANDOVER_FAILURES, 1);
	handover_free(conn->handover);
	conn->handover = NULL;
	exchange_drop(conn); /* the login came to nothing */
	if (conn->login != NULL)
		conn_go_on(conn,
		    conn->service->login->verdict(conn->login, AUTH_TEMP,
			(struct str){ 0 }));
	else
		conn_bye(conn, "Service temporarily unavailable");
}

static void
connected(struct handover_conn *handover, int fd)
{
	struct conn *conn = handover->conn;
	struct err err;

	handover->fd = fd;
	(void)event_assign(&handover->read, conn->front->base, fd,
	    EV_READ | EV_PERSIST, on_read, handover);
	(void)event_assign(&handover->write, conn->front->base, fd,
	    EV_WRITE | EV_PERSIST, on_write, handover);
	(void)event_add(&handover->read, NULL);
	if (hand_over(handover, &err) < 0)
		give_up(conn, &err);
	else
		daemon_count(conn->front->daemon, FRONT_HANDOVERS, 1);
}

void
handover_retry(struct conn *conn)
{
	struct handover_conn *handover = conn->handover;
	struct timeval pause = { 0, handover->pause };
	int64_t waited = time_mono() - handover->since;
	struct err err;
	int fd = connect_unix_nonblock(conn->service->name, &err);

	if (fd >= 0) {
		connected(handover, fd);
		return;
	}
	if (waited > (int64_t)conn->front->conf.handover_wait * TIME_SECOND) {
		give_up(conn, &err);
		return;
	}
	(void)event_add(&conn->timer, &pause);
	if (handover->pause < RETRY_MAX)
		handover->pause *= 2;
}

void
handover_start(struct conn *conn)
{
	struct handover_conn *handover = xcalloc(1, sizeof(*handover));

	handover->conn = conn;
	handover->fd = -1;
	handover->since = time_mono();
	handover->pause = RETRY_FIRST;
	buf_init_secret(&handover->out, 0); /* tickets, what is unread */
	buf_init(&handover->in, WORD_MAX);
	conn->handover = handover;
	conn->state = CONN_HANDOVER;
	(void)event_del(&conn->read);
	(void)event_del(&conn->timer);
	handover_retry(conn);
}

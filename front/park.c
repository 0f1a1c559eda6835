#include "front/park.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"
#include "front/conn.h"
#include "front/exchange.h"
#include "front/follow.h"
#include "front/handover.h"
#include "front/relay.h"

enum { RETRY_US = 200000 }; /* while authd does not answer */

/* Where the locks of parked sessions begin: see pop3d/lock.h. */
static const off_t LOCK_BASE = (off_t)1 << 32;

struct parked {
	struct conn *conn;
	struct follower follower;
	int64_t deadline;
	int64_t woken; /* 0: it sleeps */
	uint64_t call; /* of authd; 0: none under way */
	size_t state_len;
	const char *bye; /* behind the state */
	char state[];
};

void
park_free(struct parked *parked)
{
	struct front *front;

	if (parked == NULL)
		return;
	front = parked->conn->front;
	follow_end(front->follows, &parked->follower);
	if (parked->call != 0)
		ipc_async_cancel(front->authd, parked->call);
	if (parked->woken != 0) {
		front->waking--;
		daemon_observe(front->daemon, FRONT_WAKE_TIME,
		    time_mono() - parked->woken);
		follow_go_on(front->follows);
	}
	daemon_count(front->daemon, FRONT_PARKED, -1);
	free_secret(parked, sizeof(*parked) + parked->state_len);
}

struct str
park_state(const struct conn *conn)
{
	if (conn->parked == NULL)
		return (struct str){ 0 };
	return str_make(conn->parked->state, conn->parked->state_len);
}

int
park_open(struct front *front, struct err *err)
{
	front->lock_fd = open("run/pop3d.lock",
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (front->lock_fd < 0 && errno != ENOENT)
		return err_sys(err, "open run/pop3d.lock");
	return 0; /* outside an instance no maildrop is parked */
}

static int
set_lock(const struct front *front, uint32_t user, short type)
{
	struct flock lock = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = LOCK_BASE + (off_t)user,
		.l_len = 1,
	};

	return fcntl(front->lock_fd, F_SETLK, &lock);
}

void
park_unlock(struct conn *conn)
{
	if (conn->lock != 0)
		(void)set_lock(conn->front, conn->lock, F_UNLCK);
	conn->lock = 0;
}

static bool
take_lock(struct conn *conn, uint32_t user)
{
	if (user == 0 || conn->lock == user)
		return true;
	if (conn->lock != 0 || set_lock(conn->front, user, F_WRLCK) < 0)
		return false;
	conn->lock = user;
	return true;
}

static void
sleep_until(struct conn *conn, int64_t at)
{
	int64_t left = at - time_mono();
	struct timeval tv = { 0, 0 };

	if (left > 0) {
		tv.tv_sec = left / TIME_SECOND;
		tv.tv_usec = left % TIME_SECOND;
	}
	(void)event_add(&conn->timer, &tv);
}

static struct parked *
parked_new(struct conn *conn, const struct handover_park *msg)
{
	struct parked *parked =
	    xcalloc(1, sizeof(*parked) + msg->state.len + msg->bye.len + 1);
	char *bye = parked->state + msg->state.len;

	parked->conn = conn;
	parked->deadline = (int64_t)msg->deadline;
	parked->state_len = msg->state.len;
	parked->bye = bye;
	if (msg->state.len > 0)
		memcpy(parked->state, msg->state.p, msg->state.len);
	if (msg->bye.len > 0)
		memcpy(bye, msg->bye.p, msg->bye.len);
	daemon_count(conn->front->daemon, FRONT_PARKED, 1);
	return parked;
}

/* The client's descriptor is ours alone again. 1; 0: it is not; -1: gone. */
static int
take_client(struct conn *conn, const struct handover_park *msg)
{
	int ret;

	if (conn->relay == NULL) {
		if (!take_lock(conn, msg->lock))
			return 0;
		(void)evutil_make_socket_nonblocking(msg->fd);
		conn_set_up(conn, msg->fd);
		return 1;
	}
	ret = relay_is_quiet(conn->relay, msg->received);
	if (ret <= 0 || !take_lock(conn, msg->lock))
		return ret < 0 ? -1 : 0;
	relay_free(conn->relay);
	conn->relay = NULL;
	(void)event_del(&conn->read);
	(void)event_del(&conn->write);
	(void)close(msg->fd);
	return 1;
}

bool
park_take(struct conn *conn, const struct handover_park *msg)
{
	int ret = 0;

	/* Only a session that began with a login has what a wake-up needs. */
	if (msg->fd < 0 || conn->state != CONN_SESSION ||
	    exchange_user(conn).len == 0 ||
	    (ret = take_client(conn, msg)) == 0) {
		if (msg->fd >= 0)
			(void)close(msg->fd);
		return false;
	}
	if (ret < 0) {
		(void)close(msg->fd);
		conn_free(conn);
		return true;
	}
	conn->parked = parked_new(conn, msg);
	conn->state = CONN_PARKED;
	handover_free(conn->handover);
	conn->handover = NULL;
	sleep_until(conn, conn->parked->deadline);
	conn_want(&conn->read, true);
	if (conn->tls.ssl != NULL) /* it may hold what poll does not see */
		event_active(&conn->read, EV_READ, 0);
	if (msg->mailbox != 0)
		follow_begin(conn->front->follows, &conn->parked->follower,
		    conn, msg->mailbox, msg->modseq);
	return true;
}

static void
log_end(const struct conn *conn, const char *why)
{
	char user[400];

	log_info("Disconnected: %s, parked: user=<%s>, session=<%s>", why,
	    log_escape(user, sizeof(user), exchange_user(conn)), conn->session);
}

/* The last words, in the protocol's manner. */
static void
end(struct conn *conn, const char *text)
{
	char bye[256]; /* text may be of what conn_bye() frees */

	log_end(conn, text);
	(void)snprintf(bye, sizeof(bye), "%s", text);
	conn_bye(conn, bye);
}

void
park_timed_out(struct conn *conn)
{
	end(conn, conn->parked->bye);
}

static void
on_answer(void *ctx, const void *answer, const struct err *err)
{
	struct conn *conn = ctx;
	struct parked *parked = conn->parked;
	const struct auth_step *step = answer;
	int64_t patience = (int64_t)conn->front->conf.handover_wait;

	parked->call = 0;
	if (step != NULL && step->status == AUTH_OK) {
		if (step->ticket.len > 0)
			exchange_set_ticket(conn, step->ticket);
		handover_start(conn);
	} else if (step != NULL && step->status == AUTH_FAIL) {
		end(conn, "login is no longer good");
	} else if (time_mono() - parked->woken < patience * TIME_SECOND) {
		sleep_until(conn, time_mono() + RETRY_US);
	} else {
		log_error("wake a parked session: %s",
		    step == NULL ? err->text : "authd cannot say");
		end(conn, "[UNAVAILABLE] try again later");
	}
}

void
park_retry(struct conn *conn)
{
	struct auth_resume msg;

	exchange_fill_resume(conn, &msg);
	conn->parked->call = ipc_async_call(conn->front->authd,
	    &auth_resume_msg, &msg, &auth_step_msg, on_answer, conn);
}

void
park_wake(struct conn *conn)
{
	struct parked *parked = conn->parked;

	follow_end(conn->front->follows, &parked->follower);
	(void)event_del(&conn->timer);
	conn_want(&conn->read, false);
	conn_want(&conn->write, false);
	conn->state = CONN_WAKING;
	conn->front->waking++;
	parked->woken = time_mono();
	daemon_count(conn->front->daemon, FRONT_WAKES, 1);
	park_retry(conn);
}

/* In the clear the bytes stay in the socket, for the session to read. */
static enum tls_io
look(struct conn *conn)
{
	char *scratch = conn->front->scratch;
	struct err err;
	size_t done;
	enum tls_io io;
	ssize_t n;

	if (conn->tls.ssl != NULL) {
		io = tls_read(&conn->tls, scratch, conn->in.max, &done, &err);
		(void)buf_add(&conn->in, scratch, done);
		explicit_bzero(scratch, done);
		return io;
	}
	n = recv(conn->fd, scratch, 1, MSG_PEEK);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return TLS_WANT_READ;
	return n > 0 ? TLS_OK : n == 0 ? TLS_EOF : TLS_FAIL;
}

void
park_readable(struct conn *conn)
{
	enum tls_io io = look(conn);

	switch (io) {
	case TLS_OK:
		park_wake(conn);
		return;
	case TLS_WANT_READ:
	case TLS_WANT_WRITE:
		conn_want(&conn->write, io == TLS_WANT_WRITE);
		return;
	case TLS_EOF:
	case TLS_FAIL:
		log_end(conn, "connection closed");
		conn_free(conn);
		return;
	}
}

#include "imapd/session.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"
#include "imapd/command.h"
#include "imapd/input.h"
#include "imapd/reply.h"
#include "imapd/selected.h"
#include "ipc/conn.h"
#include "ipc/handover_msg.h"
#include "service/daemon.h"
#include "store/client.h"

enum {
	HANDOVER_WAIT = 10000, /* ms for front to say whom it hands over */
	INPUT_SPARE = 4096,    /* room in the stream beside a whole command */
};

void
session_bye(struct session *session, const char *text)
{
	if (session->ending)
		return;
	reply_untagged(session, "BYE %s", text);
	session->bye = text;
	session->ending = true;
}

/* ERR_CORRUPT: the index was rebuilt since the parent opened it. */
static int
connect_store(struct session *session, struct err *err)
{
	return store_client_ensure(&session->store, session->imapd->reader,
	    "stored", session->imapd->conf.store_wait * 1000,
	    str_of(session->user), buf_str(&session->ticket), &session->user_id,
	    err);
}

/* What this process has mapped is of the past; the next one's is not. */
static const char *
connect_trouble(struct session *session, const struct err *err)
{
	if (err->kind == ERR_CORRUPT)
		return "[UNAVAILABLE] mail store was rebuilt, log in again";
	return reply_trouble(session, err);
}

bool
session_is_connected(struct session *session)
{
	struct err err;

	if (connect_store(session, &err) == 0)
		return true;
	session_bye(session, connect_trouble(session, &err));
	return false;
}

int64_t
session_deadline(const struct session *session)
{
	return time_mono() +
	    (int64_t)session->imapd->conf.timeout * TIME_SECOND;
}

static int
time_left(int64_t deadline)
{
	int64_t left = (deadline - time_mono()) / 1000;

	return left < 0 ? 0 : (int)left;
}

static enum session_wake
say_bye(struct session *session, const char *text)
{
	pipeline_drain(session);
	session_bye(session, text);
	return SESSION_END;
}

enum session_wake
session_wait(struct session *session, bool news, int64_t deadline)
{
	struct daemon *daemon = session->daemon;
	struct pollfd fds[] = {
		{ stream_fd(session->stream), POLLIN, 0 },
		{ news ? store_client_fd(session->store) : -1, POLLIN, 0 },
		{ daemon == NULL ? -1 : daemon_stop_fd(daemon), POLLIN, 0 },
		{ session->front_fd, POLLIN, 0 },
	};
	bool buffered = stream_peek(session->stream).len > 0;
	int ready;

	if (!buffered) {
		pipeline_before_read(session);
		if (stream_flush(session->stream) < 0)
			return SESSION_END;
	}
	ready = poll(fds, NELEMS(fds), buffered ? 0 : time_left(deadline));
	if (ready < 0)
		return errno == EINTR ? SESSION_NEWS : SESSION_END;
	if (fds[2].revents != 0)
		return say_bye(session, "[UNAVAILABLE] server is going down");
	if (fds[3].revents != 0)
		return say_bye(session, "login is no longer good");
	if (buffered || fds[0].revents != 0)
		return SESSION_CLIENT;
	if (ready > 0)
		return SESSION_NEWS;
	return say_bye(session, "autologout, you were silent too long");
}

/* False: do not read on. */
static bool
wait_for_command(struct session *session)
{
	int64_t deadline = session_deadline(session);
	enum session_wake wake;

	do {
		wake = session_wait(session, false, deadline);
	} while (wake == SESSION_NEWS);
	return wake == SESSION_CLIENT;
}

static void
serve(struct session *session)
{
	while (!session->ending && wait_for_command(session)) {
		switch (input_read(session)) {
		case INPUT_END:
			return;
		case INPUT_REFUSED:
			continue;
		case INPUT_COMMAND:
			break;
		}
		/* Only a further APPEND need not wait for those before it. */
		if (!session->has_message)
			pipeline_drain(session);
		/* stored may have been started anew since the last command. */
		if (!session_is_connected(session))
			return;
		session->commands++;
		command_run(session);
		if (input_drop_message(session) < 0)
			return;
	}
}

/* The answer that the client's LOGIN or AUTHENTICATE still waits for. */
static int
answer_login(struct session *session, struct str tag)
{
	struct err err;
	int ret = connect_store(session, &err);
	char *text;

	if (ret == 0) {
		text = arena_printf(session->arena, "[CAPABILITY %s] logged in",
		    command_capabilities);
		reply_tagged(session, tag, "OK", text);
		return 0;
	}
	reply_tagged(session, tag, "NO", connect_trouble(session, &err));
	session_bye(session, "mail store not available");
	return -1;
}

static void
session_clear(struct session *session)
{
	selected_close(session->selected);
	pipeline_free(session->pipeline);
	store_client_free(session->store);
	stream_free(session->stream);
	arena_free(session->arena);
	buf_clear(&session->line);
	buf_clear_secret(&session->ticket);
	free(session->user);
	free(session->id);
}

static void
log_end(const struct session *session)
{
	const char *why = "logged out";
	char user[400];

	if (stream_state(session->stream) != STREAM_OK)
		why = stream_error(session->stream);
	else if (session->bye != NULL)
		why = session->bye;
	log_info("Disconnected: %s: user=<%s>, session=<%s>, commands=%u", why,
	    log_escape(user, sizeof(user), str_of(session->user)), session->id,
	    session->commands);
}

/* Take over what front says of the client. conn stays open meanwhile. */
static int
take_handover(struct session *session, struct ipc_conn *conn, struct buf *tag,
    struct err *err)
{
	const struct imapd_conf *conf = &session->imapd->conf;
	struct handover handover;
	struct frame frame;

	if (ipc_conn_recv(conn, &frame, err) < 0)
		return -1;
	if (frame.type != HANDOVER)
		return err_set(err, ERR_CORRUPT, "handover expected");
	if (ipc_decode(&handover, &handover_msg, frame.payload, &conn->fds,
		session->arena, err) < 0)
		return -1;
	if (handover.fd < 0)
		return err_set(err, ERR_CORRUPT, "handover without descriptor");
	session->stream =
	    stream_new(handover.fd, conf->command_size + INPUT_SPARE);
	stream_set_timeout(session->stream, conf->timeout * 1000);
	stream_unread(session->stream, handover.unread);
	session->user = xstrndup(handover.user.p, handover.user.len);
	(void)buf_add_str(&session->ticket, handover.ticket);
	(void)buf_add_str(tag, handover.tag);
	session->id = xstrndup(handover.session.p, handover.session.len);
	return 0;
}

void
imapd_session(struct imapd *imapd, struct daemon *daemon, int fd)
{
	struct session session = { .imapd = imapd, .daemon = daemon };
	struct ipc_conn conn;
	struct buf tag;
	struct err err;

	session.arena = arena_new(imapd->conf.memory);
	session.pipeline = pipeline_new();
	buf_init(&session.line, imapd->conf.command_size);
	buf_init(&session.ticket, 0);
	buf_init(&tag, 0);
	ipc_conn_init(&conn, fd, HANDOVER_WAIT);
	session.front_fd = fd;
	if (take_handover(&session, &conn, &tag, &err) < 0) {
		if (err.kind != ERR_NOENT) /* front went away meanwhile */
			log_warn("handover: %s", err.text);
	} else if (answer_login(&session, buf_str(&tag)) == 0) {
		serve(&session);
		log_end(&session);
	}
	buf_clear(&tag);
	session_clear(&session);
	ipc_conn_clear(&conn);
}

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
#include "imapd/park.h"
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

static int
store_fd(const struct session *session)
{
	return session->store == NULL ? -1 : store_client_fd(session->store);
}

bool
session_is_connected(struct session *session)
{
	struct err err;

	if (session->store_is_silent && store_fd(session) >= 0)
		return true;
	if (connect_store(session, &err) == 0)
		return true;
	session_bye(session, connect_trouble(session, &err));
	return false;
}

int64_t
session_deadline(struct session *session)
{
	int64_t deadline = session->deadline;

	session->deadline = 0;
	if (deadline != 0)
		return deadline;
	return time_mono() +
	    (int64_t)session->imapd->conf.timeout * TIME_SECOND;
}

static enum session_wake
say_bye(struct session *session, const char *text)
{
	pipeline_drain(session);
	session_bye(session, text);
	return SESSION_END;
}

static void
ignore_notice(void *ctx, const struct store_notice *notice)
{
	(void)ctx;
	(void)notice;
}

/* Late ones, or the end of stored, of which the next command makes the best. */
static void
drop_notices(struct session *session)
{
	struct err err;

	(void)store_client_notices(session->store, ignore_notice, NULL, &err);
}

/*
 * Until something happens or it is time. 1: *wake says what; 0: it is time;
 * -1: trouble.
 */
static int
wait_until(struct session *session, bool idle, int64_t time,
    enum session_wake *wake)
{
	struct daemon *daemon = session->daemon;
	struct pollfd fds[] = {
		{ stream_fd(session->stream), POLLIN, 0 },
		{ store_fd(session), POLLIN, 0 },
		{ daemon == NULL ? -1 : daemon_stop_fd(daemon), POLLIN, 0 },
		{ session->front_fd, POLLIN, 0 },
	};
	bool buffered = stream_peek(session->stream).len > 0;
	/* What stored said while we asked it something. */
	bool heard = idle && session->store != NULL &&
	    store_client_has_notices(session->store);
	int ready;

	session->store_is_silent = false;
	if (!buffered) {
		pipeline_before_read(session);
		if (stream_flush(session->stream) < 0)
			return -1;
	}
	ready =
	    poll(fds, NELEMS(fds), buffered || heard ? 0 : time_left_ms(time));
	*wake = SESSION_NEWS;
	if (ready < 0)
		return errno == EINTR ? 1 : -1;
	if (fds[2].revents != 0)
		*wake = say_bye(session, "[UNAVAILABLE] server is going down");
	else if (fds[3].revents != 0)
		*wake = say_bye(session, "login is no longer good");
	else if (buffered || fds[0].revents != 0)
		*wake = SESSION_CLIENT;
	session->store_is_silent =
	    !idle && fds[1].revents == 0 && fds[1].fd >= 0;
	if (*wake == SESSION_NEWS && !idle && fds[1].revents != 0)
		drop_notices(session);
	return ready > 0 || buffered || heard;
}

/* A session that is silent and cannot be parked holds what it must. */
static void
forget(struct session *session)
{
	/* Packs that compaction removed take space until then. */
	if (session->store != NULL)
		store_client_drop_packs(session->store);
	if (session->selected != NULL)
		recall_clear(&session->selected->recall);
	selected_forget(session);
}

enum session_wake
session_wait(struct session *session, bool idle, int64_t deadline)
{
	int64_t park = time_mono() +
	    (int64_t)session->imapd->conf.park_after * TIME_SECOND;
	enum session_wake wake = SESSION_END;
	int ready = 0;

	if (park < deadline && session->front != NULL) {
		ready = wait_until(session, idle, park, &wake);
		if (ready == 0 && park_session(session, idle, deadline)) {
			session->parked = session->ending = true;
			return SESSION_END;
		}
		if (ready == 0)
			forget(session);
	}
	if (ready == 0)
		ready = wait_until(session, idle, deadline, &wake);
	if (ready < 0)
		return SESSION_END;
	return ready > 0 ? wake : say_bye(session, SESSION_AUTOLOGOUT);
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

/* What it said that nobody reads would make our BYE a reset. */
static int
give_up(struct session *session, const char *text)
{
	session_bye(session, text);
	if (stream_flush(session->stream) == 0 &&
	    stream_is_readable(session->stream))
		(void)stream_fill(session->stream);
	return -1;
}

/* Go on where another process was: inside IDLE, or between commands. */
static int
resume(struct session *session, struct str state)
{
	struct err err;

	if (connect_store(session, &err) < 0)
		return give_up(session, connect_trouble(session, &err));
	if (park_resume(session, state, &err) < 0) {
		log_warn("%s: %s", session->user, err.text);
		return give_up(session, "[UNAVAILABLE] log in again");
	}
	if (session->line.len > 0)
		command_run(session);
	session->resumes = false;
	return 0;
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
		    command_capabilities(session));
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
	selected_forget(session);
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

	if (session->parked)
		return;
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
    struct buf *parked, struct err *err)
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
	(void)buf_add_str(parked, handover.parked);
	session->id = xstrndup(handover.session.p, handover.session.len);
	return 0;
}

void
imapd_session(struct imapd *imapd, struct daemon *daemon, int fd)
{
	struct session session = { .imapd = imapd, .daemon = daemon };
	struct buf tag, parked;
	struct ipc_conn conn;
	struct err err;
	int begun;

	session.arena = arena_new(imapd->conf.memory);
	session.pipeline = pipeline_new();
	buf_init(&session.line, imapd->conf.command_size);
	buf_init(&session.ticket, 0);
	buf_init(&tag, 0);
	buf_init(&parked, 0);
	ipc_conn_init(&conn, fd, HANDOVER_WAIT);
	session.front = &conn;
	session.front_fd = fd;
	if (take_handover(&session, &conn, &tag, &parked, &err) < 0) {
		if (err.kind != ERR_NOENT) /* front went away meanwhile */
			log_warn("handover: %s", err.text);
	} else {
		begun = parked.len > 0 ? resume(&session, buf_str(&parked)) :
					 answer_login(&session, buf_str(&tag));
		if (begun == 0) {
			serve(&session);
			log_end(&session);
		}
	}
	buf_clear(&tag);
	buf_clear(&parked);
	session_clear(&session);
	ipc_conn_clear(&conn);
}

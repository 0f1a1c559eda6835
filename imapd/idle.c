/*
 * idle - IDLE (RFC 2177): news of the selected mailbox as it happens, until
 * the client says DONE.
 */
#include <errno.h>
#include <malloc.h>
#include <poll.h>

#include "base/log.h"
#include "base/time.h"
#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/input.h"
#include "imapd/reply.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "imapd/sync.h"
#include "service/daemon.h"
#include "store/client.h"

enum wake { WAKE_CLIENT, WAKE_NOTICE, WAKE_STOP, WAKE_TIMEOUT, WAKE_END };

static void
ignore_notice(void *ctx, const struct store_notice *notice)
{
	(void)ctx;
	(void)notice;
}

/* Wait for the client, a notice, the end of the service or of patience. */
static enum wake
wait_for_news(struct session *session, int64_t deadline)
{
	struct pollfd fds[] = {
		{ stream_fd(session->stream), POLLIN, 0 },
		{ store_client_fd(session->store), POLLIN, 0 },
		{ session->daemon == NULL ? -1 :
					    daemon_stop_fd(session->daemon),
		    POLLIN, 0 },
	};
	int64_t left = (deadline - time_mono()) / 1000;
	int ready;

	if (stream_peek(session->stream).len > 0)
		return WAKE_CLIENT;
	if (stream_flush(session->stream) < 0)
		return WAKE_END;
	ready =
	    poll(fds, sizeof(fds) / sizeof(fds[0]), left < 0 ? 0 : (int)left);
	if (ready < 0)
		return errno == EINTR ? WAKE_NOTICE : WAKE_END;
	if (ready == 0)
		return WAKE_TIMEOUT;
	if (fds[0].revents != 0)
		return WAKE_CLIENT;
	return fds[2].revents != 0 ? WAKE_STOP : WAKE_NOTICE;
}

static void
watch(struct session *session, bool on)
{
	struct err err;

	/* Without notices the client still gets its news when it ends. */
	if (session->selected != NULL && !session->selected->gone &&
	    store_client_fd(session->store) >= 0 &&
	    store_client_watch(session->store, session->selected->mailbox, on,
		&err) < 0 &&
	    err.kind != ERR_NOENT)
		log_warn("%s: watch: %s", session->user, err.text);
}

/* stored went away, and nothing tells us of changes any more. */
static bool
come_back(struct session *session)
{
	if (!session_is_connected(session))
		return false;
	watch(session, true);
	return true;
}

/* Tell what is news. False: the session ends. */
static bool
tell(struct session *session)
{
	struct err err;

	if (store_client_notices(session->store, ignore_notice, NULL, &err) <
		0 &&
	    !come_back(session))
		return false;
	if (session->selected == NULL)
		return true;
	if (sync_look(session, &err) < 0)
		(void)reply_trouble(session, &err);
	else
		sync_tell(session, true);
	return !session->ending;
}

/* Until the client wrote something. False: the session ends. */
static bool
idle(struct session *session)
{
	int64_t deadline =
	    time_mono() + (int64_t)session->imapd->conf.timeout * TIME_SECOND;

	for (;;) {
		if (!tell(session))
			return false;
		switch (wait_for_news(session, deadline)) {
		case WAKE_CLIENT:
			return true;
		case WAKE_NOTICE:
			break;
		case WAKE_STOP:
			session_bye(session,
			    "[UNAVAILABLE] server is going down");
			return false;
		case WAKE_TIMEOUT:
			session_bye(session,
			    "autologout, you were silent too long");
			return false;
		case WAKE_END:
			session->ending = true;
			return false;
		}
	}
}

void
idle_run(struct command *cmd)
{
	struct session *session = cmd->session;
	struct str line;

	if (command_end(cmd) < 0)
		return;
	stream_putz(session->stream, "+ idling\r\n");
	/* Most sessions do nothing but this: give back what commands took. */
	(void)malloc_trim(0);
	watch(session, true);
	if (!idle(session)) {
		command_no(cmd, "session ends");
		return;
	}
	watch(session, false);
	if (input_line(session, &line) < 0) {
		session->ending = true;
		command_bad(cmd, "DONE expected");
	} else if (str_ieq(line, STR("DONE"))) {
		command_ok(cmd, "idled");
	} else {
		command_bad(cmd, "DONE expected");
	}
}

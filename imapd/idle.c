/*
 * idle - IDLE (RFC 2177): news of the selected mailbox as it happens, until
 * the client says DONE.
 */
#include <malloc.h>

#include "base/log.h"
#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/input.h"
#include "imapd/reply.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "imapd/sync.h"
#include "store/client.h"

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

	if (store_client_notices(session->store, NULL, NULL, &err) < 0 &&
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
	int64_t deadline = session_deadline(session);
	enum session_wake wake;

	do {
		if (!tell(session))
			return false;
		wake = session_wait(session, true, deadline);
	} while (wake == SESSION_NEWS);
	return wake == SESSION_CLIENT;
}

void
idle_run(struct command *cmd)
{
	struct session *session = cmd->session;
	struct str line;

	if (command_end(cmd) < 0)
		return;
	cmd->waits = true;
	if (!session->resumes)
		stream_putz(session->stream, "+ idling\r\n");
	session->resumes = false;
	/* Most sessions do nothing but this: give back what commands took. */
	if (stream_flush(session->stream) == 0)
		stream_shrink(session->stream);
	(void)malloc_trim(0);
	watch(session, true);
	if (!idle(session)) {
		cmd->word = NULL; /* BYE was all there is to say */
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

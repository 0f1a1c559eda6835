/*
 * select - SELECT, EXAMINE, CLOSE, UNSELECT (RFC 3501 sections 6.3.1, 6.3.2
 * and 6.4.2, RFC 3691), with the parameters of RFC 7162 sections 3.1.8 and
 * 3.2.5.
 */
#include <inttypes.h>

#include "imap/modifier.h"
#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/objectid.h"
#include "imapd/qresync.h"
#include "imapd/reply.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "imapd/sync.h"
#include "store/client.h"
#include "store/mailbox.h"

/* The sequence number of the first message that is not seen; 0: none. */
static size_t
first_unseen(const struct view *view)
{
	for (size_t i = 0; i < view->len; i++)
		if ((view_flags(view, i) & STORE_FLAG_SEEN) == 0)
			return i + 1;
	return 0;
}

/* RFC 9051 section 6.3.2: the LIST response of what is selected */
static void
tell_list(struct session *session, struct str name)
{
	struct buf out;

	buf_init(&out, 0);
	(void)buf_addz(&out, "* LIST () \"/\" ");
	reply_put_mailbox(session, &out, name);
	(void)buf_addz(&out, "\r\n");
	stream_put(session->stream, buf_str(&out));
	buf_clear(&out);
}

/* IMAP4rev2 has no RECENT and no UNSEEN here (RFC 9051 appendix E). */
static void
tell_mailbox(struct session *session, struct str name)
{
	struct selected *selected = session->selected;
	size_t unseen = first_unseen(&selected->view);
	bool rev2 = enabled_is(session, ENABLED_REV2);
	char id[OBJECTID_SIZE];

	sync_tell_keywords(session);
	selected->told_exists = selected->view.len;
	selected->told_recent = selected->view.recent;
	reply_untagged(session, "%zu EXISTS", selected->told_exists);
	if (rev2)
		tell_list(session, name);
	else
		reply_untagged(session, "%zu RECENT", selected->told_recent);
	if (unseen > 0 && !rev2)
		reply_untagged(session, "OK [UNSEEN %zu] first unseen", unseen);
	reply_untagged(session, "OK [UIDVALIDITY %u] UIDs are valid",
	    selected->uidvalidity);
	reply_untagged(session, "OK [UIDNEXT %u] predicted next UID",
	    selected->uidnext);
	reply_untagged(session, "OK [MAILBOXID (%s)] its id",
	    objectid_text(id, OBJECTID_MAILBOX, selected->mailbox));
	reply_untagged(session, "OK [HIGHESTMODSEQ %" PRIu64 "] highest",
	    selected_modseq(selected));
}

static int
open_named(struct session *session, struct str name, bool read_only,
    struct selected **out, struct err *err)
{
	struct store_name found;

	if (store_mailbox_find(session->imapd->reader, session->user_id, name,
		&found, err) < 0)
		return -1;
	if (found.type != STORE_TYPE_MAIL)
		return err_set(err, ERR_NOENT, "no mailbox for mail");
	return selected_open(session, found.mailbox, read_only, out, err);
}

/* The parameters, of which QRESYNC must have been enabled. */
static int
parse_parameters(struct command *cmd, struct modifier_select *out)
{
	struct err err;

	if (modifier_parse_select(cmd->arena, &cmd->in, out, &err) < 0) {
		command_syntax(cmd, &err);
		return -1;
	}
	if (out->qresync && !enabled_is(cmd->session, ENABLED_QRESYNC)) {
		command_bad(cmd, "QRESYNC is not enabled");
		return -1;
	}
	return command_end(cmd);
}

/*
 * RFC 3501 section 6.3.1: a SELECT that fails leaves nothing selected; so the
 * old mailbox goes first, whatever becomes of the new one.
 */
static void
select_mailbox(struct command *cmd, bool read_only)
{
	struct session *session = cmd->session;
	struct modifier_select parameters;
	struct selected *selected;
	struct str name;
	struct err err;

	if (command_mailbox(cmd, &name) < 0 ||
	    parse_parameters(cmd, &parameters) < 0)
		return;
	if (session->selected != NULL) {
		selected_leave(session);
		/* RFC 7162 section 3.2.11; harmless to those who do not know */
		reply_untagged(session, "OK [CLOSED] previous mailbox closed");
	}
	if (open_named(session, name, read_only, &selected, &err) < 0) {
		command_trouble(cmd, &err);
		return;
	}
	if (parameters.condstore)
		enabled_add(session, ENABLED_CONDSTORE);
	session->selected = selected;
	tell_mailbox(session, name);
	if (parameters.qresync &&
	    qresync_select(session, &parameters.resync, &err) < 0) {
		selected_leave(session);
		command_trouble(cmd, &err);
		return;
	}
	command_ok(cmd,
	    selected_is_changeable(selected) ? "[READ-WRITE] selected" :
					       "[READ-ONLY] selected");
}

void
select_select(struct command *cmd)
{
	select_mailbox(cmd, false);
}

void
select_examine(struct command *cmd)
{
	select_mailbox(cmd, true);
}

void
select_unselect(struct command *cmd)
{
	if (command_end(cmd) < 0)
		return;
	selected_leave(cmd->session);
	command_ok(cmd, "no mailbox is selected");
}

/* CLOSE expunges, without a word about it, what it may. */
void
select_close(struct command *cmd)
{
	struct session *session = cmd->session;
	struct selected *selected = session->selected;
	uint64_t modseq;
	uint32_t count;
	struct err err;

	if (command_end(cmd) < 0)
		return;
	if (!selected->read_only && !selected->gone &&
	    store_client_expunge(session->store, selected->mailbox, NULL, true,
		&modseq, &count, &err) < 0 &&
	    err.kind != ERR_NOENT &&
	    err.kind != ERR_DENIED) { /* RFC 4314 section 4: no matter */
		command_trouble(cmd, &err);
		return;
	}
	selected_leave(session);
	command_ok(cmd, "closed");
}

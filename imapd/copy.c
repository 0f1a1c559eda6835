/*
 * copy - COPY (RFC 3501 section 6.4.7) and MOVE (RFC 6851), with the COPYUID
 * of RFC 4315 section 3.
 */
#include <inttypes.h>

#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/msgset.h"
#include "imapd/reply.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "imapd/sync.h"
#include "store/client.h"

/*
 * "COPYUID uidvalidity from to", as sets that are in step: the i-th UID of the
 * one became the i-th of the other. NULL where that is too long.
 */
static const char *
copyuid(struct command *cmd, const struct store_copy_result *result)
{
	const char *text;
	struct buf out;

	if (result->from.len == 0)
		return NULL;
	buf_init(&out, 0);
	(void)buf_addf(&out, "COPYUID %u ", result->uidvalidity);
	msgset_put_uids(&out, &result->from);
	(void)buf_addc(&out, ' ');
	msgset_put_uids(&out, &result->to);
	text = arena_cstr(cmd->arena, buf_str(&out));
	buf_clear(&out);
	return text;
}

/*
 * RFC 6851 section 4.4: with QRESYNC the end of a MOVE tells the modseq. That
 * of the view is told, as all below it is before the command ends.
 */
static void
end_move(struct command *cmd)
{
	struct session *session = cmd->session;
	struct err err;

	if (enabled_is(session, ENABLED_QRESYNC) &&
	    sync_look(session, &err) == 0)
		command_ok(cmd, "[HIGHESTMODSEQ %" PRIu64 "] moved",
		    selected_modseq(session->selected));
	else
		command_ok(cmd, "moved");
}

/*
 * RFC 6851 section 4.3: for a MOVE the code comes in an untagged OK, before
 * the expunges. A code that would be too long is left out; it is a SHOULD.
 */
static void
answer(struct command *cmd, const struct store_copy_result *result, bool move)
{
	const char *code;

	if (result->count == 0) {
		command_ok(cmd, "nothing to do");
		return;
	}
	code = copyuid(cmd, result);
	if (move) {
		if (code != NULL)
			stream_putf(cmd->session->stream, "* OK [%s] moved\r\n",
			    code);
		end_move(cmd);
		return;
	}
	cmd->word = "OK";
	cmd->text =
	    code == NULL ? NULL : arena_printf(cmd->arena, "[%s] copied", code);
	if (cmd->text == NULL)
		cmd->text = "copied";
}

static void
refuse(struct command *cmd, const struct err *err)
{
	/* RFC 3501 section 6.4.7: it could be made by CREATE */
	if (err->kind == ERR_NOENT)
		command_no(cmd, "[TRYCREATE] no such mailbox");
	else
		command_trouble(cmd, err);
}

static void
copy(struct command *cmd, bool move)
{
	struct session *session = cmd->session;
	struct store_copy_result result = { 0 };
	struct store_uids uids;
	struct seqset set;
	struct str name;
	struct err err;

	if (msgset_parse(cmd, &set) < 0 || command_mailbox(cmd, &name) < 0 ||
	    command_end(cmd) < 0)
		return;
	if (move && session->selected->read_only) {
		command_no(cmd, "[READ-ONLY] mailbox is selected read-only");
		return;
	}
	msgset_uids(&session->selected->view, &set, cmd->uid, &uids);
	if (uids.len == 0)
		command_ok(cmd, "no such messages");
	else if (store_client_copy(session->store, session->selected->mailbox,
		     &uids, name, move, &result, &err) < 0)
		refuse(cmd, &err);
	else
		answer(cmd, &result, move);
	store_uids_clear(&result.from);
	store_uids_clear(&result.to);
	store_uids_clear(&uids);
}

void
copy_run(struct command *cmd)
{
	copy(cmd, false);
}

void
copy_move(struct command *cmd)
{
	copy(cmd, true);
}

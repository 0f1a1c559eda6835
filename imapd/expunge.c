/*
 * expunge - EXPUNGE (RFC 3501 section 6.4.3) and UID EXPUNGE (RFC 4315
 * section 2.1). The EXPUNGE responses are the news at the command's end.
 */
#include <inttypes.h>

#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/msgset.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "store/client.h"

static void
expunge(struct command *cmd, const struct store_uids *uids)
{
	struct session *session = cmd->session;
	uint64_t modseq;
	uint32_t count;
	struct err err;

	if (session->selected->read_only)
		command_no(cmd, "[READ-ONLY] mailbox is selected read-only");
	else if (store_client_expunge(session->store,
		     session->selected->mailbox, uids, true, &modseq, &count,
		     &err) < 0)
		command_trouble(cmd, &err);
	else if (count > 0 && enabled_is(session, ENABLED_QRESYNC))
		/* RFC 7162 section 3.2.7 */
		command_ok(cmd, "[HIGHESTMODSEQ %" PRIu64 "] expunged", modseq);
	else
		command_ok(cmd, "expunged");
}

void
expunge_run(struct command *cmd)
{
	if (command_end(cmd) == 0)
		expunge(cmd, NULL);
}

void
expunge_uids(struct command *cmd)
{
	struct store_uids uids;
	struct seqset set;

	if (msgset_parse(cmd, &set) < 0 || command_end(cmd) < 0)
		return;
	msgset_uids(&cmd->session->selected->view, &set, true, &uids);
	if (uids.len > 0)
		expunge(cmd, &uids);
	else
		command_ok(cmd, "no such messages");
	store_uids_clear(&uids);
}

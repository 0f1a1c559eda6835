/*
 * quota - GETQUOTA, GETQUOTAROOT and SETQUOTA (RFC 9208).
 *
 * A user's mailboxes have one quota root, called by the user's name; the
 * limits are the directory's, so nobody changes them here.
 */
#include <inttypes.h>

#include "imap/token.h"
#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/reply.h"
#include "imapd/session.h"
#include "store/mailbox.h"
#include "store/rights.h"
#include "store/share.h"

enum { UNIT = 1024 /* bytes in one of STORAGE (section 5.1) */ };

static uint64_t
units(uint64_t bytes)
{
	return bytes / UNIT + (bytes % UNIT != 0);
}

/* Resources that are not limited are not in the list (section 4.2.1). */
static void
put_quota(struct buf *out, struct str root, const struct store_user *user)
{
	const char *before = "";

	(void)buf_addz(out, "* QUOTA ");
	(void)token_put_astring(out, root);
	(void)buf_addz(out, " (");
	if (user->limit_bytes != 0) {
		(void)buf_addf(out, "STORAGE %" PRIu64 " %" PRIu64,
		    units(user->bytes), units(user->limit_bytes));
		before = " ";
	}
	if (user->limit_messages != 0)
		(void)buf_addf(out, "%sMESSAGE %" PRIu64 " %" PRIu64, before,
		    user->messages, user->limit_messages);
	(void)buf_addz(out, ")\r\n");
}

static void
answer(struct command *cmd, struct buf *out)
{
	stream_put(cmd->session->stream, buf_str(out));
	buf_clear(out);
	command_ok(cmd, "done");
}

void
quota_get(struct command *cmd)
{
	struct session *session = cmd->session;
	struct store_user user;
	struct str root;
	struct buf out;
	struct err err;

	if (token_sp(&cmd->in, &err) < 0 ||
	    token_astring(cmd->arena, &cmd->in, &root, &err) < 0) {
		command_syntax(cmd, &err);
		return;
	}
	if (command_end(cmd) < 0)
		return;
	/* Others' use shows with their mailboxes, to those who read them. */
	if (!str_eqz(root, session->user)) {
		command_no(cmd, "[NONEXISTENT] no such quota root");
		return;
	}
	if (store_user_get(session->imapd->reader, root, &user, &err) < 0) {
		command_trouble(cmd, &err);
		return;
	}
	buf_init(&out, 0);
	put_quota(&out, root, &user);
	answer(cmd, &out);
}

/*
 * Section 6: what is in others' mailboxes shows with right r only. Names of
 * one's own need not exist.
 */
static int
find_owner(struct command *cmd, struct str name, struct store_path *path,
    struct err *err)
{
	struct session *session = cmd->session;
	struct store_name found;
	uint32_t rights;

	store_path_parse(path, name, store_reader_who(session->imapd->reader));
	if (path->kind == STORE_PATH_OWN)
		return 0;
	if (store_mailbox_find(session->imapd->reader, session->user_id, name,
		&found, err) < 0 ||
	    store_mailbox_rights(session->imapd->reader, found.mailbox, &rights,
		err) < 0)
		return -1;
	if (!(rights & STORE_RIGHT_READ))
		return err_set(err, ERR_DENIED, "no right to read this");
	return 0;
}

void
quota_get_root(struct command *cmd)
{
	struct session *session = cmd->session;
	struct store_path path;
	struct store_user user;
	struct str name, root;
	struct buf out;
	struct err err;

	if (command_mailbox(cmd, &name) < 0 || command_end(cmd) < 0)
		return;
	if (find_owner(cmd, name, &path, &err) < 0) {
		command_trouble(cmd, &err);
		return;
	}
	root = str_of(path.kind == STORE_PATH_OWN ? session->user : path.owner);
	if (store_user_get(session->imapd->reader, root, &user, &err) < 0) {
		command_trouble(cmd, &err);
		return;
	}
	buf_init(&out, 0);
	(void)buf_addz(&out, "* QUOTAROOT ");
	reply_put_mailbox(session, &out, name);
	(void)buf_addc(&out, ' ');
	(void)token_put_astring(&out, root);
	(void)buf_addz(&out, "\r\n");
	put_quota(&out, root, &user);
	answer(cmd, &out);
}

/* setquota_list = "(" [setquota_resource *(SP setquota_resource)] ")" */
static int
parse_limits(struct command *cmd, struct err *err)
{
	struct str word;

	if (token_char(&cmd->in, '(', err) < 0)
		return -1;
	if (str_take(&cmd->in, ')'))
		return 0;
	do {
		if (token_atom(&cmd->in, &word, err) < 0 ||
		    token_sp(&cmd->in, err) < 0 ||
		    token_atom(&cmd->in, &word, err) < 0)
			return -1;
	} while (str_take(&cmd->in, ' '));
	return token_char(&cmd->in, ')', err);
}

void
quota_set(struct command *cmd)
{
	struct str root;
	struct err err;

	if (token_sp(&cmd->in, &err) < 0 ||
	    token_astring(cmd->arena, &cmd->in, &root, &err) < 0 ||
	    token_sp(&cmd->in, &err) < 0 || parse_limits(cmd, &err) < 0) {
		command_syntax(cmd, &err);
		return;
	}
	if (command_end(cmd) < 0)
		return;
	command_no(cmd, "[NOPERM] quotas are set by the administrator");
}

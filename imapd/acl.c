/*
 * acl - SETACL, DELETEACL, GETACL, LISTRIGHTS and MYRIGHTS (RFC 4314 section
 * 3).
 *
 * What a user may not know of does not exist for these commands, as for all
 * others: the answers are the same, and so is the work (store/share.h).
 */
#include "imap/token.h"
#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/reply.h"
#include "imapd/session.h"
#include "store/client.h"
#include "store/mailbox.h"
#include "store/rights.h"

/* SP astring */
static int
parse_word(struct command *cmd, struct str *word)
{
	struct err err;

	if (token_sp(&cmd->in, &err) == 0 &&
	    token_astring(cmd->arena, &cmd->in, word, &err) == 0)
		return 0;
	command_syntax(cmd, &err);
	return -1;
}

/* SP identifier; one that nobody can have is BAD (RFC 4314 section 3). */
static int
parse_identifier(struct command *cmd, struct str *identifier, bool *denied)
{
	struct str identity;
	struct err err;

	if (parse_word(cmd, identifier) < 0)
		return -1;
	if (store_identity_parse(&identity, denied, *identifier,
		str_of(cmd->session->user), cmd->arena, &err) == 0)
		return 0;
	command_bad(cmd, "%s", err.text);
	return -1;
}

/* mod-rights: [+ / -] *right; one that there is not is BAD. */
static int
parse_rights(struct command *cmd, uint8_t *mode, uint32_t *rights)
{
	struct str word;
	struct err err;

	if (parse_word(cmd, &word) < 0)
		return -1;
	*mode = STORE_ACL_REPLACE;
	if (str_take(&word, '+'))
		*mode = STORE_ACL_ADD;
	else if (str_take(&word, '-'))
		*mode = STORE_ACL_REMOVE;
	if (store_rights_parse(rights, word, &err) == 0)
		return 0;
	command_bad(cmd, "%s", err.text);
	return -1;
}

static void
change(struct command *cmd, const struct store_acl_change *req)
{
	struct store_acl_list answer;
	struct err err;

	if (store_client_acl(cmd->session->store, req, cmd->arena, &answer,
		&err) < 0)
		command_trouble(cmd, &err);
	else
		command_ok(cmd, "done");
}

void
acl_set(struct command *cmd)
{
	struct store_acl_change req = { .op = STORE_ACL_SET };
	bool denied;

	if (command_mailbox(cmd, &req.name) < 0 ||
	    parse_identifier(cmd, &req.identifier, &denied) < 0 ||
	    parse_rights(cmd, &req.mode, &req.rights) < 0 ||
	    command_end(cmd) < 0)
		return;
	change(cmd, &req);
}

void
acl_delete(struct command *cmd)
{
	struct store_acl_change req = { .op = STORE_ACL_SET };
	bool denied;

	if (command_mailbox(cmd, &req.name) < 0 ||
	    parse_identifier(cmd, &req.identifier, &denied) < 0 ||
	    command_end(cmd) < 0)
		return;
	change(cmd, &req);
}

static int
find(struct command *cmd, struct str name, uint32_t *mailbox)
{
	struct session *session = cmd->session;
	struct store_name found;
	struct err err;

	if (store_mailbox_find(session->imapd->reader, session->user_id, name,
		&found, &err) == 0) {
		*mailbox = found.mailbox;
		return 0;
	}
	command_trouble(cmd, &err);
	return -1;
}

/* "* WORD mailbox" */
static void
begin(struct command *cmd, struct buf *out, const char *word, struct str name)
{
	buf_init(out, 0);
	(void)buf_addf(out, "* %s ", word);
	reply_put_mailbox(cmd->session, out, name);
}

static void
end(struct command *cmd, struct buf *out)
{
	(void)buf_addz(out, "\r\n");
	stream_put(cmd->session->stream, buf_str(out));
	buf_clear(out);
	command_ok(cmd, "done");
}

/* SP rights, which are "" when there are none. */
static void
put_rights(struct buf *out, uint32_t rights)
{
	(void)buf_addz(out, rights == 0 ? " \"\"" : " ");
	store_rights_put(out, rights);
}

static void
put_entry(struct command *cmd, struct buf *out, const char *dash,
    struct str identifier, uint32_t rights)
{
	const char *text =
	    arena_printf(cmd->arena, "%s%" STR_F, dash, STR_A(identifier));

	if (rights == 0 || text == NULL)
		return;
	(void)buf_addc(out, ' ');
	(void)token_put_astring(out, str_of(text));
	put_rights(out, rights);
}

void
acl_get(struct command *cmd)
{
	struct store_acl *acl = arena_alloc(cmd->arena, sizeof(*acl));
	struct str name, owner;
	uint32_t mailbox;
	struct buf out;
	struct err err;

	if (command_mailbox(cmd, &name) < 0 || command_end(cmd) < 0 ||
	    find(cmd, name, &mailbox) < 0)
		return;
	if (acl == NULL) {
		command_no(cmd, "[LIMIT] command too large");
		return;
	}
	if (store_mailbox_acl(cmd->session->imapd->reader, mailbox, cmd->arena,
		acl, &owner, &err) < 0) {
		command_trouble(cmd, &err);
		return;
	}
	begin(cmd, &out, "ACL", name);
	for (size_t i = 0; i < acl->count; i++) {
		struct str shown =
		    store_identity_shown(acl->entry[i].identity, owner);

		put_entry(cmd, &out, "", shown, acl->entry[i].given);
		put_entry(cmd, &out, "-", shown, acl->entry[i].denied);
	}
	end(cmd, &out);
}

/* An owner always has some; all the others go one by one. */
static void
put_possible(struct buf *out, uint32_t always)
{
	static const char letters[] = "lrswipkxtecda";

	if (always == 0)
		(void)buf_addz(out, " \"\"");
	else
		put_rights(out, always);
	for (const char *at = letters; *at != '\0'; at++) {
		uint32_t right;
		struct err err;

		if (store_rights_parse(&right, str_make(at, 1), &err) == 0 &&
		    !(right & always))
			(void)buf_addf(out, " %c", *at);
	}
}

void
acl_list_rights(struct command *cmd)
{
	struct store_acl *acl = arena_alloc(cmd->arena, sizeof(*acl));
	struct str name, identifier, identity, owner;
	bool denied;
	uint32_t mailbox;
	struct buf out;
	struct err err;

	if (command_mailbox(cmd, &name) < 0 ||
	    parse_identifier(cmd, &identifier, &denied) < 0 ||
	    command_end(cmd) < 0 || find(cmd, name, &mailbox) < 0)
		return;
	if (acl == NULL) {
		command_no(cmd, "[LIMIT] command too large");
		return;
	}
	if (store_mailbox_acl(cmd->session->imapd->reader, mailbox, cmd->arena,
		acl, &owner, &err) < 0 ||
	    store_identity_parse(&identity, &denied, identifier, owner,
		cmd->arena, &err) < 0) {
		command_trouble(cmd, &err);
		return;
	}
	begin(cmd, &out, "LISTRIGHTS", name);
	(void)buf_addc(&out, ' ');
	(void)token_put_astring(&out, identifier);
	put_possible(&out,
	    !denied && str_eq(identity, owner) ? STORE_RIGHTS_OWNER : 0);
	end(cmd, &out);
}

void
acl_my_rights(struct command *cmd)
{
	uint32_t mailbox, rights;
	struct str name;
	struct buf out;
	struct err err;

	if (command_mailbox(cmd, &name) < 0 || command_end(cmd) < 0 ||
	    find(cmd, name, &mailbox) < 0)
		return;
	if (store_mailbox_rights(cmd->session->imapd->reader, mailbox, &rights,
		&err) < 0) {
		command_trouble(cmd, &err);
		return;
	}
	begin(cmd, &out, "MYRIGHTS", name);
	put_rights(&out, rights);
	end(cmd, &out);
}

/*
 * create - CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 3501 sections
 * 6.3.3 to 6.3.7), and CREATE with a special use (RFC 6154 section 3).
 */
#include "imap/token.h"
#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/objectid.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "imapd/special.h"
#include "store/client.h"
#include "store/mailbox.h"

/* use-attr, for those the store can keep. ERR_NOENT for others. */
static int
parse_use(struct command *cmd, enum store_use *use, struct err *err)
{
	struct str word;

	if (token_char(&cmd->in, '\\', err) < 0 ||
	    token_atom(&cmd->in, &word, err) < 0)
		return -1;
	if (*use != STORE_USE_NONE)
		return err_set(err, ERR_NOENT, "one use a mailbox");
	*use = special_use(word);
	if (*use == STORE_USE_NONE)
		return err_set(err, ERR_NOENT, "no such special use");
	return 0;
}

/* [SP "(" "USE" SP "(" [use-attr *(SP use-attr)] ")" ")"] */
static int
parse_create_param(struct command *cmd, enum store_use *use, struct err *err)
{
	*use = STORE_USE_NONE;
	if (cmd->in.len == 0)
		return 0;
	if (token_sp(&cmd->in, err) < 0 || token_char(&cmd->in, '(', err) < 0)
		return -1;
	if (!str_itake_str(&cmd->in, STR("USE (")))
		return err_set(err, ERR_SYNTAX, "USE expected");
	if (!str_take(&cmd->in, ')')) {
		do {
			if (parse_use(cmd, use, err) < 0)
				return -1;
		} while (str_take(&cmd->in, ' '));
		if (token_char(&cmd->in, ')', err) < 0)
			return -1;
	}
	if (token_char(&cmd->in, ')', err) < 0)
		return -1;
	return token_end(&cmd->in, err);
}

/* RFC 6154 section 3: only one mailbox may have a use here. */
static int
check_use(struct session *session, enum store_use use, struct err *err)
{
	struct store_entry *entry;
	size_t count;

	if (use == STORE_USE_NONE)
		return 0;
	if (store_mailbox_list(session->imapd->reader, session->user_id,
		session->arena, &entry, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (entry[i].mailbox != 0 && entry[i].use == use)
			return err_set(err, ERR_NOENT,
			    "another mailbox has that use");
	return 0;
}

void
create_create(struct command *cmd)
{
	struct session *session = cmd->session;
	char id[OBJECTID_SIZE];
	enum store_use use;
	uint32_t mailbox;
	struct str name;
	struct err err;

	if (command_mailbox(cmd, &name) < 0)
		return;
	if (parse_create_param(cmd, &use, &err) < 0 ||
	    check_use(session, use, &err) < 0) {
		if (err.kind == ERR_NOENT)
			command_no(cmd, "[USEATTR] %s", err.text);
		else if (err.kind == ERR_SYNTAX)
			command_syntax(cmd, &err);
		else
			command_trouble(cmd, &err);
		return;
	}
	/* RFC 3501 section 6.3.3: "a/" says that there will be names below */
	if (str_ends(name, STR("/")))
		name.len--;
	if (store_name_check(name, &err) < 0)
		command_no(cmd, "[CANNOT] %s", err.text);
	else if (store_client_create(session->store, STR(""), name, use,
		     STORE_TYPE_MAIL, &mailbox, NULL, &err) < 0)
		command_trouble(cmd, &err);
	else
		command_ok(cmd, "[MAILBOXID (%s)] created",
		    objectid_text(id, OBJECTID_MAILBOX, mailbox));
}

/* Is it the mailbox that this session has selected? */
static bool
is_selected(struct session *session, struct str name)
{
	struct store_name found;
	struct err err;

	return session->selected != NULL &&
	    store_mailbox_find(session->imapd->reader, session->user_id, name,
		&found, &err) == 0 &&
	    found.mailbox == session->selected->mailbox;
}

void
create_delete(struct command *cmd)
{
	struct session *session = cmd->session;
	struct str name;
	struct err err;
	bool selected;

	if (command_mailbox(cmd, &name) < 0 || command_end(cmd) < 0)
		return;
	selected = is_selected(session, name);
	if (store_client_delete(session->store, STR(""), name, &err) < 0) {
		command_trouble(cmd, &err);
		return;
	}
	if (selected) {
		selected_close(session->selected);
		session->selected = NULL;
	}
	command_ok(cmd, "deleted");
}

void
create_rename(struct command *cmd)
{
	struct str from, to;
	struct err err;

	if (command_mailbox(cmd, &from) < 0 || command_mailbox(cmd, &to) < 0 ||
	    command_end(cmd) < 0)
		return;
	if (store_name_check(to, &err) < 0)
		command_no(cmd, "[CANNOT] %s", err.text);
	else if (store_client_rename(cmd->session->store, STR(""), from, to,
		     &err) < 0)
		command_trouble(cmd, &err);
	else
		command_ok(cmd, "renamed");
}

static void
subscribe(struct command *cmd, bool on)
{
	struct str name;
	struct err err;

	if (command_mailbox(cmd, &name) < 0 || command_end(cmd) < 0)
		return;
	if (store_client_subscribe(cmd->session->store, name, on, &err) < 0)
		command_trouble(cmd, &err);
	else
		command_ok(cmd, "done");
}

void
create_subscribe(struct command *cmd)
{
	subscribe(cmd, true);
}

void
create_unsubscribe(struct command *cmd)
{
	subscribe(cmd, false);
}

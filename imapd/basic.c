/*
 * basic - the commands that need no mailbox: CAPABILITY, NOOP, CHECK, LOGOUT
 * (RFC 3501 section 6.1), ID (RFC 2971), ENABLE (RFC 5161), NAMESPACE (RFC
 * 2342), and what is over once a client is logged in.
 */
#include "imap/token.h"
#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/reply.h"
#include "imapd/session.h"
#include "store/share.h"

static const char capabilities[] =
    "IMAP4rev1 COMPRESS=DEFLATE IMAP4rev2 UTF8=ACCEPT ACL RIGHTS=kxte QUOTA "
    "QUOTA=RES-STORAGE QUOTA=RES-MESSAGE "
    "LITERAL+ SASL-IR ENABLE ID IDLE NAMESPACE UIDPLUS UNSELECT "
    "MOVE CHILDREN LIST-EXTENDED SPECIAL-USE CREATE-SPECIAL-USE CONDSTORE "
    "QRESYNC MULTIAPPEND ESEARCH SEARCHRES WITHIN SORT SORT=DISPLAY "
    "THREAD=ORDEREDSUBJECT THREAD=REFERENCES I18NLEVEL=1 "
    "LIST-STATUS STATUS=SIZE OBJECTID SAVEDATE BINARY";

enum { ID_PAIRS_MAX = 30, ID_FIELD_MAX = 30, ID_VALUE_MAX = 1024 };

const char *
command_capabilities(struct session *session)
{
	size_t limit = session->imapd->conf.message_size;
	const char *text = NULL;

	/* RFC 7889 section 2: without a number it is asked by STATUS */
	if (limit > 0)
		text = arena_printf(session->arena, "%s APPENDLIMIT=%zu",
		    capabilities, limit);
	return text != NULL ? text : capabilities;
}

void
basic_capability(struct command *cmd)
{
	if (command_end(cmd) < 0)
		return;
	reply_untagged(cmd->session, "CAPABILITY %s",
	    command_capabilities(cmd->session));
	command_ok(cmd, "that is all");
}

/* COMPRESS DEFLATE (RFC 4978): from the end of our answer on. */
void
basic_compress(struct command *cmd)
{
	struct session *session = cmd->session;
	struct str name;
	struct err err;

	if (token_sp(&cmd->in, &err) < 0 ||
	    token_atom(&cmd->in, &name, &err) < 0) {
		command_syntax(cmd, &err);
		return;
	}
	if (command_end(cmd) < 0)
		return;
	if (!str_ieqz(name, "DEFLATE")) {
		command_bad(cmd, "no such compression");
	} else if (stream_is_compressed(session->stream)) {
		command_no(cmd, "[COMPRESSIONACTIVE] DEFLATE is active");
	} else {
		session->compresses = true;
		command_ok(cmd, "DEFLATE from here on");
	}
}

void
basic_noop(struct command *cmd)
{
	if (command_end(cmd) == 0)
		command_ok(cmd, "done");
}

void
basic_logout(struct command *cmd)
{
	if (command_end(cmd) < 0)
		return;
	session_bye(cmd->session, "good bye");
	command_ok(cmd, "logged out");
}

void
basic_logged_in(struct command *cmd)
{
	command_bad(cmd, "already logged in");
}

/* id-params-list = "(" string SP nstring *(SP string SP nstring) ")" / nil */
static int
parse_id(struct command *cmd, struct err *err)
{
	struct str field, value;
	unsigned pairs = 0;

	if (token_sp(&cmd->in, err) < 0)
		return -1;
	if (str_itake_str(&cmd->in, STR("NIL")))
		return 0;
	if (token_char(&cmd->in, '(', err) < 0)
		return -1;
	if (str_take(&cmd->in, ')'))
		return 0;
	do {
		if (token_string(cmd->arena, &cmd->in, &field, err) < 0 ||
		    token_sp(&cmd->in, err) < 0 ||
		    token_nstring(cmd->arena, &cmd->in, &value, err) < 0)
			return -1;
		if (++pairs > ID_PAIRS_MAX || field.len > ID_FIELD_MAX ||
		    value.len > ID_VALUE_MAX)
			return err_set(err, ERR_SYNTAX, "ID too long");
	} while (str_take(&cmd->in, ' '));
	return token_char(&cmd->in, ')', err);
}

void
basic_id(struct command *cmd)
{
	struct err err;

	if (parse_id(cmd, &err) < 0) {
		command_syntax(cmd, &err);
		return;
	}
	if (command_end(cmd) < 0)
		return;
	reply_untagged(cmd->session, "ID (\"name\" \"Chancery\")");
	command_ok(cmd, "pleased to meet you");
}

/* RFC 5161: names we cannot enable are not in the answer. */
void
basic_enable(struct command *cmd)
{
	struct session *session = cmd->session;
	uint32_t bits = 0;
	struct buf words;
	struct str name;
	struct err err;

	buf_init(&words, 0);

	do {
		if (token_sp(&cmd->in, &err) < 0 ||
		    token_atom(&cmd->in, &name, &err) < 0) {
			command_syntax(cmd, &err);
			buf_clear(&words);
			return;
		}
		if (enabled_word(name) == 0)
			continue;
		bits |= enabled_word(name);
		(void)buf_addf(&words, " %" STR_F, STR_A(name));
	} while (cmd->in.len > 0);
	stream_putz(session->stream, "* ENABLED");
	reply_bytes(session, buf_str(&words));
	buf_clear(&words);
	enabled_add(session, bits);
	command_ok(cmd, "done");
}

/* See store/share.h for what stands in the other two. */
void
basic_namespace(struct command *cmd)
{
	if (command_end(cmd) < 0)
		return;
	reply_untagged(cmd->session,
	    "NAMESPACE ((\"\" \"/\")) ((\"" STORE_OTHERS "/\" \"/\")) "
	    "((\"" STORE_SHARED "/\" \"/\"))");
	command_ok(cmd, "done");
}

#include "imapd/command.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/time.h"
#include "base/utf8.h"
#include "imap/token.h"
#include "imap/utf7.h"
#include "imapd/commands.h"
#include "imapd/reply.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "imapd/sync.h"
#include "service/daemon.h"
#include "store/format.h"

enum {
	ERRORS_MAX = 20, /* commands in a row that make no sense */
	TEXT_MAX = 400,
};

/* clang-format off */
static const struct command_entry commands[] = {
	/* name, needs a mailbox, UID: may come with, must come with; news */
	{ "APPEND", 0, 0, 0, NEWS_ALL, append_run },
	{ "AUTHENTICATE", 0, 0, 0, NEWS_ALL, basic_logged_in },
	{ "CAPABILITY", 0, 0, 0, NEWS_ALL, basic_capability },
	{ "CHECK", 1, 0, 0, NEWS_ALL, basic_noop },
	{ "CLOSE", 1, 0, 0, NEWS_NONE, select_close },
	{ "COMPRESS", 0, 0, 0, NEWS_ALL, basic_compress },
	{ "COPY", 1, 1, 0, NEWS_ALL, copy_run },
	{ "CREATE", 0, 0, 0, NEWS_ALL, create_create },
	{ "DELETE", 0, 0, 0, NEWS_ALL, create_delete },
	{ "DELETEACL", 0, 0, 0, NEWS_ALL, acl_delete },
	{ "ENABLE", 0, 0, 0, NEWS_ALL, basic_enable },
	{ "EXAMINE", 0, 0, 0, NEWS_NONE, select_examine },
	{ "EXPUNGE", 1, 0, 0, NEWS_ALL, expunge_run },
	{ "EXPUNGE", 1, 1, 1, NEWS_ALL, expunge_uids },
	{ "FETCH", 1, 1, 0, NEWS_NO_EXPUNGE, fetch_run },
	{ "GETACL", 0, 0, 0, NEWS_ALL, acl_get },
	{ "GETQUOTA", 0, 0, 0, NEWS_ALL, quota_get },
	{ "GETQUOTAROOT", 0, 0, 0, NEWS_ALL, quota_get_root },
	{ "ID", 0, 0, 0, NEWS_ALL, basic_id },
	{ "IDLE", 0, 0, 0, NEWS_ALL, idle_run },
	{ "LIST", 0, 0, 0, NEWS_ALL, list_list },
	{ "LISTRIGHTS", 0, 0, 0, NEWS_ALL, acl_list_rights },
	{ "LOGIN", 0, 0, 0, NEWS_ALL, basic_logged_in },
	{ "LOGOUT", 0, 0, 0, NEWS_NONE, basic_logout },
	{ "LSUB", 0, 0, 0, NEWS_ALL, list_lsub },
	{ "MOVE", 1, 1, 0, NEWS_ALL, copy_move },
	{ "MYRIGHTS", 0, 0, 0, NEWS_ALL, acl_my_rights },
	{ "NAMESPACE", 0, 0, 0, NEWS_ALL, basic_namespace },
	{ "NOOP", 0, 0, 0, NEWS_ALL, basic_noop },
	{ "RENAME", 0, 0, 0, NEWS_ALL, create_rename },
	{ "SEARCH", 1, 1, 0, NEWS_NO_EXPUNGE, search_run },
	{ "SELECT", 0, 0, 0, NEWS_NONE, select_select },
	{ "SETACL", 0, 0, 0, NEWS_ALL, acl_set },
	{ "SETQUOTA", 0, 0, 0, NEWS_ALL, quota_set },
	{ "SORT", 1, 1, 0, NEWS_NO_EXPUNGE, sort_run },
	{ "STARTTLS", 0, 0, 0, NEWS_ALL, basic_logged_in },
	{ "STATUS", 0, 0, 0, NEWS_ALL, status_run },
	{ "STORE", 1, 1, 0, NEWS_NO_EXPUNGE, store_command },
	{ "SUBSCRIBE", 0, 0, 0, NEWS_ALL, create_subscribe },
	{ "THREAD", 1, 1, 0, NEWS_NO_EXPUNGE, thread_run },
	{ "UNSELECT", 1, 0, 0, NEWS_NONE, select_unselect },
	{ "UNSUBSCRIBE", 0, 0, 0, NEWS_ALL, create_unsubscribe },
};
/* clang-format on */

static void set_result(struct command *cmd, const char *word, const char *fmt,
    va_list ap) PRINTFLIKE(3, 0);

static void
set_result(struct command *cmd, const char *word, const char *fmt, va_list ap)
{
	char text[TEXT_MAX];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	cmd->word = word;
	cmd->text = arena_cstr(cmd->arena, str_of(text));
	if (cmd->text == NULL) /* the command has used all of its arena */
		cmd->text = "done";
}

void
command_ok(struct command *cmd, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_result(cmd, "OK", fmt, ap);
	va_end(ap);
}

void
command_no(struct command *cmd, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_result(cmd, "NO", fmt, ap);
	va_end(ap);
}

void
command_bad(struct command *cmd, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_result(cmd, "BAD", fmt, ap);
	va_end(ap);
}

void
command_syntax(struct command *cmd, const struct err *err)
{
	if (err->kind == ERR_LIMIT)
		command_no(cmd, "[LIMIT] %s", err->text);
	else
		command_bad(cmd, "%s", err->text);
}

void
command_trouble(struct command *cmd, const struct err *err)
{
	cmd->word = "NO";
	cmd->text = reply_trouble(cmd->session, err);
}

int
command_end(struct command *cmd)
{
	struct err err;

	if (token_end(&cmd->in, &err) == 0)
		return 0;
	command_syntax(cmd, &err);
	return -1;
}

int
command_utf8(const struct session *session, struct buf *out, struct str wire,
    struct err *err)
{
	if (!enabled_is(session, ENABLED_UTF8_NAMES))
		return utf7_decode(out, wire, err);
	if (!utf8_is_valid(wire))
		return err_set(err, ERR_SYNTAX, "name is not UTF-8");
	(void)buf_add_str(out, wire);
	return 0;
}

int
command_mailbox(struct command *cmd, struct str *name)
{
	struct str wire;
	struct buf utf8;
	struct err err;
	int ret = -1;

	if (token_sp(&cmd->in, &err) < 0 ||
	    token_astring(cmd->arena, &cmd->in, &wire, &err) < 0) {
		command_syntax(cmd, &err);
		return -1;
	}
	buf_init(&utf8, 4 * STORE_NAME_MAX);
	if (command_utf8(cmd->session, &utf8, wire, &err) < 0) {
		command_no(cmd, "[CANNOT] %s", err.text);
	} else {
		*name =
		    arena_str(cmd->arena, store_name_canonical(buf_str(&utf8)));
		ret = 0;
		if (name->p == NULL) {
			command_no(cmd, "[LIMIT] command too large");
			ret = -1;
		}
	}
	buf_clear(&utf8);
	return ret;
}

/* The row for a name, behind UID or not. */
static const struct command_entry *
find(struct str name, bool uid)
{
	for (size_t i = 0; i < NELEMS(commands); i++) {
		const struct command_entry *entry = &commands[i];

		if (str_ieqz(name, entry->name) &&
		    (uid ? entry->uid : !entry->only_uid))
			return entry;
	}
	return NULL;
}

void
command_tell_news(struct session *session, enum command_news news)
{
	struct err err;

	if (session->selected == NULL || session->ending || news == NEWS_NONE)
		return;
	if (sync_look(session, &err) < 0) {
		/* What the client asked for may still be done. */
		(void)reply_trouble(session, &err);
		return;
	}
	sync_tell(session, news == NEWS_ALL);
}

static void
run_entry(struct command *cmd, const struct command_entry *entry)
{
	struct session *session = cmd->session;

	if (entry->selected && session->selected == NULL) {
		command_bad(cmd, "no mailbox is selected");
		return;
	}
	/*
	 * RFC 3501 section 7.4.1: UID FETCH, UID STORE and UID SEARCH are not
	 * FETCH, STORE and SEARCH: there expunges may be told.
	 */
	cmd->news =
	    cmd->uid && entry->news == NEWS_NO_EXPUNGE ? NEWS_ALL : entry->news;
	if (entry->selected && entry->news != NEWS_NONE) {
		command_tell_news(session, NEWS_NO_EXPUNGE);
		if (session->ending)
			return;
	}
	entry->run(cmd);
	if (cmd->word == NULL)
		return;
	if (strcmp(cmd->word, "BAD") != 0)
		session->errors = 0;
	if (cmd->is_later)
		return;
	/* An APPEND that is refused is answered behind those before it. */
	pipeline_drain(session);
	command_tell_news(session, cmd->news);
}

/* command = tag SP (command-any / command-auth / ...) */
static void
parse_and_run(struct command *cmd)
{
	const struct command_entry *entry;
	struct err err;
	struct str name;

	if (token_tag(&cmd->in, &cmd->tag, &err) < 0) {
		cmd->tag = STR("*");
		command_syntax(cmd, &err);
		return;
	}
	if (token_sp(&cmd->in, &err) < 0 ||
	    token_atom(&cmd->in, &name, &err) < 0) {
		command_bad(cmd, "command missing");
		return;
	}
	if (str_ieq(name, STR("UID"))) {
		cmd->uid = true;
		if (token_sp(&cmd->in, &err) < 0 ||
		    token_atom(&cmd->in, &name, &err) < 0) {
			command_syntax(cmd, &err);
			return;
		}
	}
	if ((entry = find(name, cmd->uid)) == NULL)
		command_bad(cmd, "no such command");
	else
		run_entry(cmd, entry);
}

static void
count(struct session *session, const struct command *cmd, int64_t took)
{
	if (session->daemon == NULL)
		return;
	daemon_count(session->daemon, IMAPD_COMMANDS, 1);
	if (cmd->word != NULL && strcmp(cmd->word, "BAD") == 0)
		daemon_count(session->daemon, IMAPD_BAD_COMMANDS, 1);
	if (!cmd->waits)
		daemon_observe(session->daemon, IMAPD_COMMAND_TIME, took);
}

void
command_run(struct session *session)
{
	struct command cmd = {
		.session = session,
		.arena = session->arena,
		.in = buf_str(&session->line),
		.word = "BAD",
		.text = "not understood",
	};

	int64_t began = time_mono();

	arena_reset(session->arena);
	session->errors++;
	parse_and_run(&cmd);
	count(session, &cmd, time_mono() - began);
	if (cmd.is_later)
		return;
	pipeline_drain(session);
	if (cmd.word == NULL) /* not even an answer can be given */
		session->ending = true;
	else
		reply_tagged(session, cmd.tag, cmd.word, cmd.text);
	if (session->compresses) {
		session->compresses = false;
		if (stream_compress(session->stream) < 0)
			session->ending = true; /* the client counts on it */
	}
	if (session->errors > ERRORS_MAX)
		session_bye(session, "too many commands that make no sense");
}

#include "imapd/append.h"

#include "imap/date.h"
#include "imap/token.h"
#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/input.h"
#include "imapd/reply.h"
#include "imapd/session.h"
#include "imapd/several.h"
#include "store/client.h"
#include "store/digest.h"
#include "store/mailbox.h"

enum { PARTS_MAX = 1000 /* messages of one command */ };

/*
 * [SP flag-list] [SP date-time] SP ["UTF8 ("], up to the literal; the latter
 * (RFC 6855 section 4) from clients that enabled it.
 */
static int
parse_options(struct command *cmd, struct part *part, struct err *err)
{
	*part = (struct part){ .internal = INT64_MIN };
	if (token_sp(&cmd->in, err) < 0)
		return -1;
	if (cmd->in.len > 0 && cmd->in.p[0] == '(') {
		if (imap_flags_parse_list(cmd->arena, &cmd->in, &part->flags,
			err) < 0 ||
		    token_sp(&cmd->in, err) < 0)
			return -1;
	}
	if (cmd->in.len > 0 && cmd->in.p[0] == '"') {
		if (imap_date_time_parse(&cmd->in, &part->internal, err) < 0 ||
		    token_sp(&cmd->in, err) < 0)
			return -1;
	}
	if (enabled_is(cmd->session, ENABLED_UTF8) &&
	    str_itake_str(&cmd->in, STR("UTF8 ("))) {
		part->in_utf8 = true;
		if (str_starts(cmd->in, STR("~{")))
			return 0;
	} else if (str_starts(cmd->in, STR("{")) ||
	    str_starts(cmd->in, STR("~{"))) {
		return 0;
	}
	return err_set(err, ERR_SYNTAX, "literal expected");
}

/* The last "{" of lines announces the literal; all before it is parsed. */
bool
append_has_message(struct session *session, struct str lines)
{
	struct command cmd = { .session = session,
		.arena = session->arena,
		.in = lines };
	struct part part;
	struct err err;
	struct str word;

	arena_reset(session->arena);
	if (token_tag(&cmd.in, &word, &err) < 0 ||
	    token_sp(&cmd.in, &err) < 0 ||
	    token_atom(&cmd.in, &word, &err) < 0 ||
	    !str_ieq(word, STR("APPEND")) || token_sp(&cmd.in, &err) < 0 ||
	    token_astring(cmd.arena, &cmd.in, &word, &err) < 0)
		return false;
	return parse_options(&cmd, &part, &err) == 0 &&
	    str_chr(cmd.in, '\r') < 0;
}

void
append_fail(struct append *append, const struct err *err)
{
	if (append->failed)
		return;
	append->failed = true;
	if (err->kind == ERR_NOENT)
		command_no(append->cmd, "[TRYCREATE] no such mailbox");
	else
		command_trouble(append->cmd, err);
}

static void
store_large(struct append *append, const struct store_append *req)
{
	struct command *cmd = append->cmd;
	struct store_append_result *result;
	struct store_appended answer;
	struct err err;

	if (store_client_append(cmd->session->store, req, cmd->arena, &answer,
		&err) < 0) {
		append_fail(append, &err);
	} else if ((result = answer.results.items)->kind != ERR_NONE) {
		err_set_cause(&err, (enum err_kind)result->kind,
		    (enum err_cause)result->cause, "%" STR_F,
		    STR_A(result->text));
		append_fail(append, &err);
	} else {
		command_ok(cmd, "[APPENDUID %u %u] appended",
		    result->uidvalidity, result->uid);
	}
}

/*
 * A message for the selected mailbox is told of when it is answered, and is
 * recent then: that needs no request of its own. Where several are under way
 * one request for all of them does.
 */
static bool
claims(const struct append *append)
{
	const struct session *session = append->cmd->session;
	const struct selected *selected = session->selected;

	return selected != NULL && selected->mailbox == append->mailbox &&
	    selected_is_changeable(selected) &&
	    store_client_pending(session->store) == 0;
}

/* The only message: one request, and the next command need not wait for it. */
static void
store_one(struct append *append, struct upload *upload)
{
	struct part *part = &append->part[0];
	struct store_target target = {
		.name = append->name,
		.flags = (uint16_t)part->flags.bits,
		.keywords = { part->flags.keyword, part->flags.keywords },
	};
	struct store_append req = {
		.internal = part->internal,
		.targets = { &target, 1 },
	};
	struct buf digest;
	struct err err;

	req.claims = claims(append);
	buf_init(&digest, STORE_DIGEST_MAX);
	upload_digest(upload, &digest);
	req.digest = buf_str(&digest);
	upload_name(upload, &req);
	if (req.large != 0)
		store_large(append, &req);
	else if (pipeline_append(append->cmd, &req, &err) < 0)
		append_fail(append, &err);
	buf_clear(&digest);
}

/* Refuse before the client sends the message, where that can be known. */
static void
check(struct append *append)
{
	struct session *session = append->cmd->session;
	size_t max = session->imapd->conf.message_size;
	struct store_name found;
	struct err err;

	if (session->message.size == 0) {
		command_no(append->cmd, "[CANNOT] message is empty");
		append->failed = true;
	} else if (max > 0 && session->message.size > max) {
		command_no(append->cmd, "[TOOBIG] message too large");
		append->failed = true;
	} else if (append->count == PARTS_MAX) {
		command_no(append->cmd, "[LIMIT] too many messages");
		append->failed = true;
	} else if (append->count == 0) {
		if (store_mailbox_find(session->imapd->reader, session->user_id,
			append->name, &found, &err) < 0)
			append_fail(append, &err);
		else
			append->mailbox = found.mailbox;
	}
}

static void
add_part(struct append *append, const struct part *part)
{
	struct part *more;

	if (append->count == append->cap) {
		append->cap = append->cap * 2 + 1;
		more = arena_calloc(append->cmd->arena, append->cap,
		    sizeof(*more));
		if (more == NULL) {
			command_no(append->cmd, "[LIMIT] too many messages");
			append->failed = true;
			return;
		}
		if (append->count > 0)
			memcpy(more, append->part,
			    append->count * sizeof(*more));
		append->part = more;
	}
	append->part[append->count++] = *part;
}

/*
 * What stands behind a message: nothing, or the options of the next one, whose
 * literal is then session->message. 1 there is another, 0, -1 wrong.
 */
static int
next_part(struct append *append, struct part *part)
{
	struct command *cmd = append->cmd;
	struct session *session = cmd->session;
	struct str line;
	struct err err;
	bool closed;
	int literal;

	if (input_line(session, &line) < 0) {
		session->ending = true;
		append->failed = true;
		return -1;
	}
	closed = !part->in_utf8 || str_take(&line, ')');
	literal = token_line_literal(line, &session->message, &err);
	session->has_message = literal > 0;
	if (literal < 0)
		session_bye(session, "literal too large");
	if (!closed) {
		(void)err_set(&err, ERR_SYNTAX, "\")\" expected");
		goto wrong;
	}
	if (line.len == 0)
		return 0;
	line = arena_str(cmd->arena, line);
	cmd->in = line;
	if (parse_options(cmd, part, &err) == 0 && session->has_message &&
	    cmd->in.p == line.p + session->message.at)
		return 1;
	(void)err_set(&err, ERR_SYNTAX, "end of command expected");
wrong:
	if (!append->failed)
		command_bad(cmd, "%s", err.text);
	append->failed = true;
	return -1;
}

/*
 * Take the message that is announced, and see what follows. *more: there is
 * another. Once something failed a message that comes is left to
 * input_drop_message().
 */
static void
take_part(struct append *append, struct part *part, bool *more)
{
	struct session *session = append->cmd->session;
	bool binary = session->message.binary;
	struct upload upload = { 0 };
	struct err err;
	int ret;

	*more = false;
	check(append);
	if (!append->failed)
		add_part(append, part);
	if (append->failed)
		return;
	if (session->message.size > STORE_MSG_INLINE_MAX)
		several_before_large(append);
	if (upload_open(&upload, session, session->message.size, &err) < 0) {
		append_fail(append, &err);
		goto out;
	}
	if (session->message.sync)
		stream_putz(session->stream, "+ OK\r\n");
	session->has_message = false;
	ret = upload_read(&upload, session, &err);
	if (ret < 0) {
		session->ending = true;
		append->failed = true;
		goto out;
	}
	if (ret > 0) {
		append_fail(append, &err);
	} else if (upload.nul) {
		/* RFC 3516 section 4.4: none of our mailboxes can hold it */
		command_no(append->cmd,
		    binary ? "[UNKNOWN-CTE] message holds a NUL" :
			     "[CANNOT] message holds a NUL");
		append->failed = true;
	}
	*more = next_part(append, part) > 0;
	if (append->failed)
		goto out;
	if (append->count == 1 && !*more)
		store_one(append, &upload);
	else
		several_add(append, &upload);
out:
	upload_close(&upload);
}

void
append_run(struct command *cmd)
{
	struct append append = { .cmd = cmd };
	struct part part = { 0 };
	struct err err;
	bool more;

	if (command_mailbox(cmd, &append.name) < 0)
		return;
	if (parse_options(cmd, &part, &err) < 0) {
		command_syntax(cmd, &err);
		return;
	}
	if (!cmd->session->has_message) {
		command_bad(cmd, "literal expected");
		return;
	}
	do {
		take_part(&append, &part, &more);
	} while (more && !append.failed);
	several_end(&append);
}

#include "imapd/append.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fsutil.h"
#include "imap/date.h"
#include "imap/flags.h"
#include "imap/token.h"
#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/input.h"
#include "imapd/reply.h"
#include "imapd/session.h"
#include "store/client.h"
#include "store/digest.h"
#include "store/mailbox.h"

/* The message on its way: in memory, or when large in a file of stored's. */
struct upload {
	uint64_t size, got;
	struct buf memory;
	struct store_large_open large; /* fd -1: in memory */
	void *map;                     /* of the file, once it is whole */
	bool nul;                      /* it holds what no literal may hold */
};

/* [SP flag-list] [SP date-time] SP, up to the literal */
static int
parse_options(struct command *cmd, struct imap_flags *flags, int64_t *internal,
    struct err *err)
{
	*flags = (struct imap_flags){ 0 };
	*internal = INT64_MIN;
	if (token_sp(&cmd->in, err) < 0)
		return -1;
	if (cmd->in.len > 0 && cmd->in.p[0] == '(') {
		if (imap_flags_parse_list(cmd->arena, &cmd->in, flags, err) <
			0 ||
		    token_sp(&cmd->in, err) < 0)
			return -1;
	}
	if (cmd->in.len > 0 && cmd->in.p[0] == '"') {
		if (imap_date_time_parse(&cmd->in, internal, err) < 0 ||
		    token_sp(&cmd->in, err) < 0)
			return -1;
	}
	if (cmd->in.len == 0 || cmd->in.p[0] != '{')
		return err_set(err, ERR_SYNTAX, "literal expected");
	return 0;
}

/* The last "{" of lines announces the literal; all before it is parsed. */
bool
append_has_message(struct session *session, struct str lines)
{
	struct command cmd = { .arena = session->arena, .in = lines };
	struct imap_flags flags;
	struct err err;
	struct str word;
	int64_t internal;

	arena_reset(session->arena);
	if (token_tag(&cmd.in, &word, &err) < 0 ||
	    token_sp(&cmd.in, &err) < 0 ||
	    token_atom(&cmd.in, &word, &err) < 0 ||
	    !str_ieq(word, STR("APPEND")) || token_sp(&cmd.in, &err) < 0 ||
	    token_astring(cmd.arena, &cmd.in, &word, &err) < 0)
		return false;
	return parse_options(&cmd, &flags, &internal, &err) == 0 &&
	    str_chr(cmd.in, '\r') < 0;
}

static int
upload_open(struct session *session, struct upload *upload, struct err *err)
{
	upload->large.fd = -1;
	buf_init(&upload->memory, 0);
	if (upload->size <= STORE_MSG_INLINE_MAX)
		return 0;
	if (store_client_large(session->store, upload->size, &upload->large,
		err) < 0)
		return -1;
	if (upload->size > upload->large.limit)
		return err_set(err, ERR_LIMIT, "message too large");
	return 0;
}

static void
upload_close(struct upload *upload)
{
	buf_clear(&upload->memory);
	if (upload->map != NULL)
		(void)munmap(upload->map, upload->size);
	if (upload->large.fd >= 0)
		(void)close(upload->large.fd);
}

/*
 * Read the message off the connection, to its end even when the disk fails.
 * 0; -1 when the connection is over; else 1 with err set.
 */
static int
upload_read(struct session *session, struct upload *upload, struct err *err)
{
	int ret = 0;

	while (upload->got < upload->size) {
		struct str bytes =
		    input_bytes(session, upload->size - upload->got);

		if (bytes.len == 0)
			return -1;
		upload->got += bytes.len;
		if (str_chr(bytes, '\0') >= 0)
			upload->nul = true;
		if (upload->large.fd < 0)
			(void)buf_add_str(&upload->memory, bytes);
		else if (ret == 0 &&
		    fs_write_all(upload->large.fd, bytes.p, bytes.len, err) < 0)
			ret = 1;
	}
	if (ret == 0 && upload->large.fd >= 0 &&
	    fdatasync(upload->large.fd) < 0) {
		err_sys(err, "sync a large message");
		ret = 1;
	}
	return ret;
}

/* The message's bytes, for its digest. */
static struct str
upload_bytes(struct upload *upload)
{
	if (upload->large.fd < 0)
		return buf_str(&upload->memory);
	upload->map = mmap(NULL, upload->size, PROT_READ, MAP_SHARED,
	    upload->large.fd, 0);
	if (upload->map == MAP_FAILED) {
		upload->map = NULL;
		return (struct str){ NULL, 0 };
	}
	return str_make(upload->map, upload->size);
}

/* What FETCH and SEARCH need to know of it; empty where that fails. */
static void
make_digest(struct upload *upload, struct buf *digest)
{
	struct arena *arena = arena_new(0);
	struct str message = upload_bytes(upload);
	struct store_digest parsed;
	struct err err;

	if (message.p != NULL &&
	    store_digest_make(&parsed, arena, message, NULL, &err) == 0 &&
	    store_digest_encode(digest, &parsed, message, &err) < 0)
		buf_reset(digest);
	arena_free(arena);
}

struct order {
	struct str name;
	struct imap_flags flags;
	int64_t internal;
};

static void
refuse(struct command *cmd, const struct err *err)
{
	if (err->kind == ERR_NOENT)
		command_no(cmd, "[TRYCREATE] no such mailbox");
	else
		command_trouble(cmd, err);
}

static void
store_message(struct command *cmd, const struct order *order,
    struct upload *upload)
{
	struct store_target target = {
		.name = order->name,
		.flags = (uint16_t)order->flags.bits,
		.keywords = { order->flags.keyword, order->flags.keywords },
	};
	struct store_append req = {
		.internal = order->internal,
		.targets = { &target, 1 },
		.body = buf_str(&upload->memory),
	};
	struct store_append_result *result;
	struct store_appended answer;
	struct buf digest;
	struct err err;

	buf_init(&digest, STORE_DIGEST_MAX);
	make_digest(upload, &digest);
	req.digest = buf_str(&digest);
	if (upload->large.fd >= 0) {
		req.large = upload->large.token;
		req.large_len = upload->size;
	}
	if (store_client_append(cmd->session->store, &req, cmd->arena, &answer,
		&err) < 0) {
		refuse(cmd, &err);
	} else if ((result = answer.results.items)->kind != ERR_NONE) {
		err_set_cause(&err, (enum err_kind)result->kind,
		    (enum err_cause)result->cause, "%" STR_F,
		    STR_A(result->text));
		refuse(cmd, &err);
	} else {
		command_ok(cmd, "[APPENDUID %u %u] appended",
		    result->uidvalidity, result->uid);
	}
	buf_clear(&digest);
}

/* The rest of the command's line: nothing, for one message a command. */
static bool
take_end(struct command *cmd)
{
	struct str line;

	if (input_line(cmd->session, &line) < 0) {
		cmd->session->ending = true;
		return false;
	}
	if (line.len > 0)
		command_bad(cmd, "end of command expected");
	return line.len == 0;
}

static void
take_message(struct command *cmd, const struct order *order)
{
	struct session *session = cmd->session;
	struct upload upload = { .size = session->message.size };
	struct err err;
	int ret;

	if (upload_open(session, &upload, &err) < 0) {
		refuse(cmd, &err);
		upload_close(&upload);
		return;
	}
	if (session->message.sync)
		stream_putz(session->stream, "+ OK\r\n");
	session->has_message = false;
	ret = upload_read(session, &upload, &err);
	if (ret < 0)
		session->ending = true;
	else if (take_end(cmd)) {
		if (ret > 0)
			command_trouble(cmd, &err);
		else if (upload.nul)
			command_no(cmd, "[CANNOT] message holds a NUL");
		else
			store_message(cmd, order, &upload);
	}
	upload_close(&upload);
}

/* Refuse before the client sends the message, where that can be known. */
static int
check(struct command *cmd, const struct order *order)
{
	struct session *session = cmd->session;
	size_t max = session->imapd->conf.message_size;
	struct store_name found;
	struct err err;

	if (max > 0 && session->message.size > max) {
		command_no(cmd, "[TOOBIG] message too large");
		return -1;
	}
	if (store_mailbox_find(session->imapd->reader, session->user_id,
		order->name, &found, &err) < 0) {
		refuse(cmd, &err);
		return -1;
	}
	return 0;
}

void
append_run(struct command *cmd)
{
	struct order order;
	struct err err;

	if (command_mailbox(cmd, &order.name) < 0)
		return;
	if (parse_options(cmd, &order.flags, &order.internal, &err) < 0) {
		command_syntax(cmd, &err);
		return;
	}
	if (!cmd->session->has_message)
		command_bad(cmd, "literal expected");
	else if (cmd->session->message.size == 0)
		command_no(cmd, "[CANNOT] message is empty");
	else if (check(cmd, &order) == 0)
		take_message(cmd, &order);
}

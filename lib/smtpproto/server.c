#include "smtpproto/server.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "net/line.h"
#include "smtpproto/bdat.h"
#include "smtpproto/reply.h"

enum { REPLY_TEXT = 1200 /* two addresses and words */ };

int
smtp_server_reply(struct smtp_server *server, int code, const char *status,
    const char *fmt, ...)
{
	char text[REPLY_TEXT];
	struct buf out;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_init(&out, 0);
	(void)smtp_reply_put(&out, code, status, str_of(text), *server->utf8);
	stream_put(server->stream, buf_str(&out));
	buf_clear(&out);
	server->code = code;
	return code >= 400 ? -1 : 0;
}

int
smtp_server_wait(struct smtp_server *server, int stop_fd, int ms)
{
	int ready = stream_wait(server->stream, stop_fd, ms);

	if (ready <= 0 || !(ready & 2))
		return ready > 0;
	server->closing = true;
	return smtp_server_reply(server, 421, "4.3.2",
	    "%s Service is being stopped", server->hostname);
}

int
smtp_server_read_line(struct smtp_server *server, size_t max, struct str *line)
{
	static const char *const troubles[] = {
		[LINE_BARE_CR] = "bare <CR> received",
		[LINE_BARE_LF] = "bare <LF> received",
		[LINE_LONG] = "line too long",
	};
	enum line_result result = line_read(server->stream, max, line);

	if (result == LINE_OK)
		return 0;
	if (result != LINE_MORE) {
		(void)smtp_server_reply(server, 500, "5.5.2", "Error: %s",
		    troubles[result]);
		(void)line_drop(server->stream);
	}
	return -1;
}

int
smtp_server_rset(struct smtp_server *server, struct str args)
{
	if (args.len > 0)
		return smtp_server_reply(server, 501, "5.5.4", "Syntax: RSET");
	server->ops->reset(server->session);
	return smtp_server_reply(server, 250, "2.0.0", "Ok");
}

int
smtp_server_noop(struct smtp_server *server, struct str args)
{
	(void)args;
	return smtp_server_reply(server, 250, "2.0.0", "Ok");
}

/* Says nothing about who exists (RFC 5321 section 7.3). */
int
smtp_server_vrfy(struct smtp_server *server, struct str args)
{
	if (args.len == 0)
		return smtp_server_reply(server, 501, "5.5.4",
		    "Syntax: VRFY address");
	return smtp_server_reply(server, 252, "2.0.0",
	    "Cannot VRFY user, but will take mail for those who exist");
}

int
smtp_server_quit(struct smtp_server *server, struct str args)
{
	if (args.len > 0)
		return smtp_server_reply(server, 501, "5.5.4", "Syntax: QUIT");
	server->closing = true;
	return smtp_server_reply(server, 221, "2.0.0", "Bye");
}

/* RFC 2033 section 4.1 */
int
smtp_server_helo(struct smtp_server *server, struct str args)
{
	(void)args;
	return smtp_server_reply(server, 500, "5.5.1",
	    "Error: this is LMTP, say LHLO");
}

/*
 * RFC 2033 section 4.1, with what section 5 demands: PIPELINING (RFC 2920)
 * and ENHANCEDSTATUSCODES (RFC 2034).
 */
int
smtp_server_lhlo(struct smtp_server *server, struct str args, size_t size,
    const char *more)
{
	if (args.len == 0)
		return smtp_server_reply(server, 501, "5.5.4",
		    "Syntax: LHLO hostname");
	server->ops->reset(server->session);
	server->greeted = true;
	return smtp_server_reply(server, 250, NULL,
	    "%s\nPIPELINING\nSIZE %zu\nENHANCEDSTATUSCODES\n8BITMIME\n"
	    "SMTPUTF8\nCHUNKING\nBINARYMIME%s",
	    server->hostname, size, more);
}

static const struct smtp_command *
find(const struct smtp_server_ops *ops, struct str name)
{
	for (size_t i = 0; i < ops->count; i++) {
		if (str_ieqz(name, ops->commands[i].name))
			return &ops->commands[i];
	}
	return NULL;
}

static int
call(struct smtp_server *server, const struct smtp_command *command,
    struct str args)
{
	const struct smtp_server_ops *ops = server->ops;

	if (ops->before != NULL && ops->before(server->session, command) < 0)
		return -1;
	if (command == NULL)
		return smtp_server_reply(server, 500, "5.5.2",
		    "Error: command not recognized");
	if (command->needs_lhlo && !server->greeted)
		return smtp_server_reply(server, 503, "5.5.1",
		    "Error: send LHLO first");
	return command->run != NULL ? command->run(server->session, args) :
				      command->common(server, args);
}

static void
judge(struct smtp_server *server, const struct smtp_command *command, int ret)
{
	const struct smtp_server_ops *ops = server->ops;

	if (ret < 0 &&
	    (ops->counts_refusals || server->code == 500 ||
		server->code == 501))
		server->errors++;
	if (ops->after != NULL)
		ops->after(server->session, command, ret);
}

int
smtp_server_line(struct smtp_server *server, struct str line)
{
	const struct smtp_command *command;
	struct str args = line, name = STR("");
	int ret;

	server->code = 0;
	(void)str_split(&args, ' ', &name);
	args = str_trim(args);
	command = find(server->ops, name);
	ret = call(server, command, args);
	judge(server, command, ret);
	return ret;
}

static void
serve_line(struct smtp_server *server)
{
	const struct smtp_server_ops *ops = server->ops;
	struct str line;

	if (ops->wait(server->session) < 0)
		return;
	server->code = 0;
	if (smtp_server_read_line(server, server->line_max, &line) == 0)
		(void)smtp_server_line(server, line);
	else if (server->code != 0)
		judge(server, NULL, -1);
	if (server->errors < server->error_max || server->closing ||
	    stream_state(server->stream) != STREAM_OK)
		return;
	if (ops->give_up != NULL)
		ops->give_up(server->session);
	server->closing = true;
	(void)smtp_server_reply(server, 421, "4.7.0",
	    "%s Error: too many errors", server->hostname);
}

void
smtp_server_run(struct smtp_server *server)
{
	while (!server->closing && stream_state(server->stream) == STREAM_OK)
		serve_line(server);
	(void)stream_flush(server->stream);
}

int
smtp_server_data(struct smtp_server *server, struct dot_reader *reader,
    smtp_server_sink *sink)
{
	for (;;) {
		struct str in = stream_peek(server->stream), run;
		size_t len = in.len;
		enum dot_result result;

		while ((result = dot_read(reader, &in, &run)) == DOT_RUN)
			sink(server->session, run);
		stream_skip(server->stream, len - in.len);
		if (result == DOT_END)
			return 0;
		if (stream_fill(server->stream) < 0)
			return -1;
	}
}

int
smtp_server_bdat(struct smtp_server *server, struct str args,
    struct smtp_chunk *chunk)
{
	if (smtp_bdat_parse(args, &chunk->size, &chunk->last))
		return 0;
	server->closing = true;
	return smtp_server_reply(server, 501, "5.5.4",
	    "Syntax: BDAT count [LAST]");
}

/* sink NULL: nowhere. */
static int
read_chunk(struct smtp_server *server, uint64_t left, struct dot_reader *reader,
    smtp_server_sink *sink)
{
	while (left > 0) {
		struct str in = stream_peek(server->stream), run;
		size_t len = left < in.len ? (size_t)left : in.len;

		if (len == 0) {
			if (stream_fill(server->stream) < 0)
				return -1;
			continue;
		}
		in.len = len;
		while (sink != NULL && dot_read(reader, &in, &run) == DOT_RUN)
			sink(server->session, run);
		stream_skip(server->stream, len);
		left -= len;
	}
	return 0;
}

int
smtp_server_skip(struct smtp_server *server, const struct smtp_chunk *chunk)
{
	return read_chunk(server, chunk->size, NULL, NULL);
}

int
smtp_server_chunk(struct smtp_server *server, const struct smtp_chunk *chunk,
    struct dot_reader *reader, smtp_server_sink *sink)
{
	if (read_chunk(server, chunk->size, reader, sink) < 0)
		return -1;
	if (!chunk->last)
		return smtp_server_reply(server, 250, "2.0.0",
		    "Ok: %" PRIu64 " bytes", chunk->size);
	if (!dot_reader_finish_plain(reader) && reader->fault == DOT_FAULT_NONE)
		sink(server->session, STR("\r\n"));
	return 1;
}

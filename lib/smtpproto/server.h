/*
 * server - the server half of an SMTP or LMTP session (RFC 5321, RFC 2033):
 * reads a line, finds its command in a table, runs it, and so on until QUIT,
 * too many errors or the end of the stream.
 *
 * A program has a struct session of its own with a struct smtp_server in it,
 * and says in a struct smtp_server_ops what is its own. Done here: RSET, NOOP,
 * VRFY, QUIT, LHLO; replies; a message's bytes, by DATA or in chunks
 * (RFC 3030). Replies wait in the stream until it waits for the client, so
 * those to pipelined commands (RFC 2920) leave in one write.
 *
 * Ownership: the stream is the server's, all else borrowed.
 * Bounds: line_max octets a line, error_max errors.
 */
#ifndef SMTPPROTO_SERVER_H
#define SMTPPROTO_SERVER_H

#include "base/attr.h"
#include "net/stream.h"
#include "smtpproto/dotstuff.h"

struct session; /* the program's; nothing here looks into it */
struct smtp_server;

/*
 * A command answers. 0, or -1 if the answer was 4xx or 5xx or there was
 * nobody left to be answered. args: what stands behind the name, without
 * blanks around; it lives until the next read.
 */
struct smtp_command {
	const char *name;
	int (*run)(struct session *s, struct str args); /* or NULL, and: */
	int (*common)(struct smtp_server *server, struct str args);
	unsigned flags; /* the program's */
	bool needs_lhlo;
};

struct smtp_server_ops {
	const struct smtp_command *commands;
	size_t count;
	/* Before a line is read. -1: none will come (see smtp_server_wait). */
	int (*wait)(struct session *s);
	/* It is about to run (NULL: no such command). -1: refused. Or NULL. */
	int (*before)(struct session *s, const struct smtp_command *command);
	/* It has run, or (NULL) what came was no command. Or NULL. */
	void (*after)(struct session *s, const struct smtp_command *command,
	    int ret);
	/* errors are too many; the client is about to be told. Or NULL. */
	void (*give_up)(struct session *s);
	void (*reset)(struct session *s); /* forget the transaction */
	/* What is an error: all that is refused, or only nonsense (50[01])? */
	bool counts_refusals;
};

struct smtp_server {
	const struct smtp_server_ops *ops;
	struct session *session;
	struct stream *stream;
	const char *hostname;
	const bool *utf8; /* may replies be more than ASCII (SMTPUTF8)? */
	size_t line_max;
	int error_max;

	int errors;   /* the program takes back what it forgives */
	int code;     /* of the last reply to this line; 0: none */
	bool greeted; /* LHLO */
	bool closing; /* after the reply just written */
};

/* Lines until the end, what was answered flushed. The greeting was said. */
void smtp_server_run(struct smtp_server *server);
/* One line; -1 as a command. */
int smtp_server_line(struct smtp_server *server, struct str line);

/*
 * Write a reply: the text is formatted, LF in it begins another line; status
 * may be NULL. 0 for 2xx and 3xx, -1 for the rest, as a command returns.
 */
int smtp_server_reply(struct smtp_server *server, int code, const char *status,
    const char *fmt, ...) PRINTFLIKE(4, 5);

/*
 * Wait for the client, at most ms, or for stop_fd (-1: none), which closes the
 * session with a 421 and returns -1. 1: the client; 0: the time is over, or
 * the stream.
 */
int smtp_server_wait(struct smtp_server *server, int stop_fd, int ms);
/* 0, or -1: what came is no line, and was answered; or the stream ended. */
int smtp_server_read_line(struct smtp_server *server, size_t max,
    struct str *line);

/* Commands that are alike everywhere: for a table's common. */
int smtp_server_rset(struct smtp_server *server, struct str args);
int smtp_server_noop(struct smtp_server *server, struct str args);
int smtp_server_vrfy(struct smtp_server *server, struct str args);
int smtp_server_quit(struct smtp_server *server, struct str args);
/* HELO and EHLO, which an LMTP server must not take. */
int smtp_server_helo(struct smtp_server *server, struct str args);
/* LHLO itself; size 0: no limit; more: other extensions, LF before each. */
int smtp_server_lhlo(struct smtp_server *server, struct str args, size_t size,
    const char *more);

/* Gets the bytes of a message, in runs. */
typedef void smtp_server_sink(struct session *s, struct str run);

/* All behind DATA, to its true end. -1: the stream ended before. */
int smtp_server_data(struct smtp_server *server, struct dot_reader *reader,
    smtp_server_sink *sink);

/* BDAT. Its bytes follow whatever we answer, so they are taken first. */
struct smtp_chunk {
	uint64_t size;
	bool last;
};

/*
 * -1: the arguments are none; where the next command begins nobody can know,
 * so that was answered and the session ends.
 */
int smtp_server_bdat(struct smtp_server *server, struct str args,
    struct smtp_chunk *chunk);
/* Throw the chunk away, to refuse it then. -1: the stream ended. */
int smtp_server_skip(struct smtp_server *server,
    const struct smtp_chunk *chunk);
/*
 * Take the chunk. 1: it was the last (a last line without CR LF was given
 * one; reader->fault says what is wrong); 0: another will come, this one was
 * answered; -1: the stream ended.
 */
int smtp_server_chunk(struct smtp_server *server,
    const struct smtp_chunk *chunk, struct dot_reader *reader,
    smtp_server_sink *sink);

#endif

/*
 * session - one LMTP session (RFC 2033) with qmgr, and the transaction that
 * is cut through to another site: RCPT is answered by the answer of the
 * remote host, the message goes on while it comes in.
 *
 * MAIL, RCPTs and DATA that came in one go are sent on in one go where the
 * remote host has PIPELINING. So MAIL and RCPT are only taken down
 * (command.c) and answered when there is nothing more to read, or when DATA
 * or another command comes: envelope_sync().
 *
 * Memory: t.arena is the transaction's (sender, recipients), line the
 * command's.
 */
#ifndef SMTP_SESSION_H
#define SMTP_SESSION_H

#include "base/arena.h"
#include "queue/id.h"
#include "smtp/nexthop.h"
#include "smtp/reply.h"
#include "smtp/site.h"
#include "smtp/smtp.h"
#include "smtpproto/param.h"
#include "smtpproto/path.h"
#include "smtpproto/server.h"

struct pass;

/* Room above message_size_limit for header fields that the queue adds. */
enum { SMTP_SIZE_SLACK = 65536 };

/* All strings are the transaction arena's. */
struct recipient {
	struct str address; /* as in RCPT TO, canonical */
	bool utf8;          /* it needs SMTPUTF8 */
	struct smtp_rcpt_params params;
	bool accepted;
};

struct transaction {
	bool open;      /* there is a MAIL */
	bool mail_told; /* and it was answered */
	bool mail_ok;   /* by 2xx */
	bool lost;      /* the site broke afterwards; answer says how */
	bool data_sent; /* DATA went out and go_ahead tells the result */
	bool go_ahead;  /* 354 */
	struct arena *arena;
	struct smtp_path sender;
	struct smtp_mail_params mail;
	struct nexthop hop;
	char id[QUEUE_SHORT_SIZE]; /* for the log */
	struct recipient *rcpts;   /* heap */
	size_t rcpt_len, rcpt_cap;
	size_t told;          /* recipients whose RCPT was answered */
	size_t accepted;      /* of these */
	struct site *site;    /* owned; NULL: none */
	struct answer answer; /* to what was asked last */
	struct pass *pass;    /* body.h's: the message on its way; or NULL */
};

struct session {
	struct smtp *smtp;
	struct smtp_server server;
	struct arena *line;
	struct transaction t;
};

/* Takes the stream over; everything is freed by session_clear. */
void session_init(struct session *s, struct smtp *smtp, struct stream *stream);
void session_clear(struct session *s);
/* Greeting to goodbye. */
void session_run(struct session *s);

/* (session, code, status, format, ...): our own reply to a command. */
#define session_reply(s, ...) smtp_server_reply(&(s)->server, __VA_ARGS__)
/* What t.answer says; is_dsn as in answer_put(). Returns the same. */
int session_answer(struct session *s, bool is_dsn);

/*
 * For a command; connections that nobody uses grow old meanwhile, and
 * what was taken down is answered where nothing follows it.
 */
int session_wait(struct session *s);
/* Forget the transaction; the connection it used waits for the next. */
void session_reset(struct session *s);

/*
 * Answer the MAIL and RCPTs taken down so far, by asking the site. with_data:
 * DATA follows; if the site takes commands in one go it gets that as well and
 * t.data_sent is set.
 */
void envelope_sync(struct session *s, bool with_data);
/* Has something been taken down that is not answered? */
bool envelope_is_waiting(const struct session *s);

#endif

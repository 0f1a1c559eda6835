/*
 * session - one LMTP session (RFC 2033): its state, and what the commands
 * share.
 *
 * The client is qmgr, or any mail system that is let at the socket. A command
 * is a function, found by the table in command.c.
 *
 * Memory: t.arena is the transaction's (sender, recipients), line the
 * command's; body keeps the message, its room reused from one to the next.
 */
#ifndef LMTPD_SESSION_H
#define LMTPD_SESSION_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "lmtpd/lmtpd.h"
#include "lmtpd/peers.h"
#include "service/daemon.h"
#include "smtpproto/param.h"
#include "smtpproto/path.h"
#include "smtpproto/server.h"

/* Room above message_size_limit for header fields that the queue adds. */
enum { LMTPD_SIZE_SLACK = 65536 };

/* What a recipient is told after DATA; code 0: not decided yet. */
struct outcome {
	int code;
	const char *status; /* constant */
	struct str text;    /* the transaction arena's */
};

/* All strings are the transaction arena's. */
struct recipient {
	struct str address; /* as in RCPT TO, canonical */
	struct str user;    /* the mailbox owner's name */
	struct str mailbox; /* the address's own, the plus-detail, or INBOX */
	bool post;          /* it has an address of its own */
	uint64_t quota;     /* bytes the owner may use; 0: all */
	uint64_t quota_messages;
	uint32_t number; /* within the queue's record */
	struct outcome outcome;
};

struct transaction {
	bool open; /* MAIL was accepted */
	struct arena *arena;
	struct smtp_path sender;
	struct smtp_mail_params mail;
	uint64_t queue;      /* its identity; 0: not from a queue of ours */
	struct str queue_id; /* in full; empty likewise */
	bool chunks;         /* BDAT has begun */
	struct dot_reader reader; /* of chunks, unless they are BINARYMIME */
	struct recipient *rcpts;  /* heap */
	size_t rcpt_len, rcpt_cap;
};

struct session {
	const struct lmtpd_conf *conf;
	const struct peers *peers;
	struct daemon *daemon; /* counts there; NULL in tests */
	bool is_trusted;       /* offers XCHANCERY */
	struct smtp_server server;
	struct arena *line;
	struct transaction t;
	struct buf body;
};

/* Takes the stream over; everything is freed by session_clear. */
void session_init(struct session *s, const struct lmtpd_conf *conf,
    const struct peers *peers, struct stream *stream, bool is_trusted);
void session_clear(struct session *s);
/* Greeting to goodbye. */
void session_run(struct session *s);

/* (session, code, status, format, ...): smtp_server_reply(). */
#define session_reply(s, ...) smtp_server_reply(&(s)->server, __VA_ARGS__)

/* For a command or the daemon's end; as smtp_server_ops wants it. */
int session_wait(struct session *s);
/* Forget the transaction (RSET, LHLO, end of DATA). */
void session_reset(struct session *s);

void session_count(struct session *s, enum lmtpd_stat stat, int64_t n);

#endif

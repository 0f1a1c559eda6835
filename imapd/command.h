/*
 * command - the table of commands: what each is called, in which state it is
 * allowed, what it may do to sequence numbers, and who runs it.
 *
 * A handler parses the arguments off cmd->in, does its work, writes untagged
 * responses and says how it ended by one of the command_ functions. Then the
 * news of the mailbox goes out as far as RFC 3501 section 7.4.1 allows, and
 * after it the tagged response.
 */
#ifndef IMAPD_COMMAND_H
#define IMAPD_COMMAND_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct session;

/* What a command may tell of the selected mailbox when it ends. */
enum command_news {
	NEWS_NONE,       /* nothing: the mailbox changes with the command */
	NEWS_NO_EXPUNGE, /* FETCH, STORE, SEARCH: numbers must stay */
	NEWS_ALL,
};

struct command {
	struct session *session;
	struct arena *arena; /* the session's, fresh for this command */
	struct str tag, in;  /* in: what is left to parse */
	bool uid;            /* came as UID ... */
	bool waits;          /* for the client: how long says nothing */
	bool is_later;       /* answered by pipeline.h, once it is on disk */
	enum command_news news;

	/*
	 * How it ended: "OK", "NO" or "BAD". NULL: the connection is to end
	 * without a word, for one would be taken as part of what was cut off.
	 */
	const char *word;
	const char *text; /* constant or in the arena */
};

struct command_entry {
	const char *name;
	bool selected; /* needs a selected mailbox */
	bool uid;      /* may come behind UID, */
	bool only_uid; /* and not without it in this form */
	enum command_news news;
	void (*run)(struct command *cmd);
};

/* Run what is in session->line and answer it. */
void command_run(struct session *session);
/* Look for news of the selected mailbox and tell them. */
void command_tell_news(struct session *session, enum command_news news);

void command_ok(struct command *cmd, const char *fmt, ...) PRINTFLIKE(2, 3);
void command_no(struct command *cmd, const char *fmt, ...) PRINTFLIKE(2, 3);
void command_bad(struct command *cmd, const char *fmt, ...) PRINTFLIKE(2, 3);
/* A parser refused: BAD with its text, or NO [LIMIT]. */
void command_syntax(struct command *cmd, const struct err *err);
/* The store refused or is not there: NO with the code of RFC 5530. */
void command_trouble(struct command *cmd, const struct err *err);

/* Nothing may follow. -1 after command_syntax. */
int command_end(struct command *cmd) MUST_USE;
/*
 * Append a mailbox's name, or a pattern, as UTF-8: from modified UTF-7, or as
 * it is where UTF-8 was enabled. ERR_SYNTAX: it is neither.
 */
int command_utf8(const struct session *session, struct buf *out,
    struct str wire, struct err *err);
/*
 * SP mailbox, as UTF-8 (RFC 3501 section 5.1.3), INBOX in capitals; it may be
 * a name that no mailbox can have. -1 after command_syntax or command_no.
 */
int command_mailbox(struct command *cmd, struct str *name) MUST_USE;

/*
 * What CAPABILITY says, and the OK after login. Constant or in the session's
 * arena.
 */
const char *command_capabilities(struct session *session);

#endif

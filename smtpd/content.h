/*
 * content - what is looked for in a message between its last byte and the
 * commit to the queue.
 *
 * A check is a row of the table in content.c and a file of its own
 * (check_clamd.c, check_spamd.c). The checks run in order until one refuses the
 * message or has it held; each may add header fields on top. A check that
 * cannot be made (the service is down, slow or speaks nonsense) is trouble of
 * ours: by content_fail the message is put off, or taken unchecked.
 *
 * Memory: a check reads the message in pieces of CONTENT_PIECE, whatever its
 * size.
 */
#ifndef SMTPD_CONTENT_H
#define SMTPD_CONTENT_H

#include "smtpd/outside.h"
#include "smtpd/session.h"

enum {
	CONTENT_PIECE = 65536,
	CONTENT_FIELDS_MAX = 16384, /* header fields of all checks */
};

enum content_action {
	CONTENT_PASS,
	CONTENT_REFUSE,    /* code, status and text say how */
	CONTENT_QUARANTINE /* hold says why */
};

struct content {
	struct session *s;
	struct str prefix; /* our fields on top of the message: Received, ... */
	struct buf fields; /* what the checks add above that */
	enum content_action action;
	int code;
	const char *status;
	char text[200];            /* of the reply */
	char hold[QUEUE_HOLD_MAX]; /* "quarantine: ..." */
	char found[100];           /* the virus's name, for people */
};

struct content_check {
	const char *name; /* in smtpd_content_checks, and master's table */
	/* Is it configured, and meant for this session's mail? */
	bool (
	    *is_wanted)(const struct smtpd_conf *conf, const struct session *s);
	/* Messages over this are not checked; 0: no limit. */
	uint64_t (*size_limit)(const struct smtpd_conf *conf);
	/* Set the action. -1: it could not be made, err says why. */
	int (*run)(struct content *c, struct err *err);
};

extern const struct content_check check_clamd, check_spamd;

/* ERR_SYNTAX: a word of smtpd_content_checks is the name of no check. */
int content_check_list(const char *list, struct err *err);

void content_init(struct content *c, struct session *s, struct str prefix);
void content_clear(struct content *c);

/* Run the checks. 0, or -1: refused or put off, and that was said. */
int content_run(struct content *c);

/*
 * Which X-Spam-* fields are ours to write in this session's mail: then those
 * that came with it go.
 */
bool content_owns_spam_fields(const struct session *s);

/* For checks: */

/* prefix and message. */
uint64_t content_len(const struct content *c);
/*
 * The next piece: prefix, then the message, from byte *at on, which moves.
 * *out is borrowed from piece or the message; its len is 0 at the end.
 */
int content_read(const struct content *c, uint64_t *at,
    char piece[CONTENT_PIECE], struct str *out, struct err *err);

/*
 * Mail for the recipients in our store that a message to them is in
 * quarantine (notice.c). -1: it could not be queued.
 */
int notice_send(struct content *c, struct err *err);

#endif

/*
 * access - who may do what: Postfix's restriction lists.
 *
 * A list is words of one table (access.c), each a check; they are asked from
 * left to right until one permits or rejects. What a list permits the next
 * may still reject. With smtpd_delay_reject (the default) all of them are
 * asked at RCPT, so that the log knows sender and recipient, in the order
 * client, helo, sender, relay, recipient; without it each at its own command.
 *
 * The table drives the names that are known, what runs, what the manual says
 * and which tests there must be. A check is a function in one of the check_*
 * files, by the rules of check.h.
 */
#ifndef SMTPD_ACCESS_H
#define SMTPD_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "ipc/rewrite_msg.h"
#include "smtpproto/path.h"

struct session;

enum access_list {
	ACCESS_CLIENT,
	ACCESS_HELO,
	ACCESS_SENDER,
	ACCESS_RELAY,
	ACCESS_RECIPIENT,
	ACCESS_LISTS
};

enum {
	ACCESS_TEXT_MAX = 600,
	ACCESS_BCC_MAX = 10,
	ACCESS_PREPEND_MAX = 20,
	ACCESS_CLASSES_MAX = 64,
	ACCESS_DEPTH_MAX = 10, /* classes in classes, lists in tables */
};

/* code 0: none. */
struct access_reply {
	int code;
	char status[16];
	char text[ACCESS_TEXT_MAX];
};

/*
 * What tables want done with a message that is taken. Strings are of the
 * arena of whoever has it: the transaction, or the session for what came
 * before.
 */
struct access_effects {
	struct str hold;     /* why it waits; "": it does not */
	struct str redirect; /* the only recipient; "": none */
	struct str bcc[ACCESS_BCC_MAX];
	size_t bcc_len;
	struct str prepend[ACCESS_PREPEND_MAX]; /* header fields */
	size_t prepend_len;
	bool discard;
};

/* A session's part: what checks have asked for that shows only later. */
struct access_state {
	struct access_reply if_permit[ACCESS_LISTS]; /* DEFER_IF_PERMIT */
	struct access_reply if_reject;               /* DEFER_IF_REJECT */
	struct access_effects effects; /* from before the transaction */
};

/* What rewrite says of a recipient, asked when first needed. */
struct access_rcpt {
	struct smtp_path path;
	bool asked;
	int ret; /* of the question */
	struct rewrite_rcpt_answer answer;
	struct err err;
};

/* The lists, compiled: shared by all sessions, never changed by them. */
struct access;

struct access *access_new(void);
void access_free(struct access *access);
/*
 * Name a list of checks (smtpd_restriction_classes), for those that follow.
 * Tables are opened here, so before the jail. The error says what is wrong.
 */
int access_class(struct access *access, struct str name, const char *text,
    struct err *err);
int access_set(struct access *access, enum access_list list, const char *text,
    struct err *err);
/* ERR_SYNTAX when nothing in relay and recipient list stops a stranger. */
int access_check_relay(const struct access *access, struct err *err);

/*
 * At each command: 0, or -1 when it was refused and answered. With
 * smtpd_delay_reject all but the last do nothing.
 */
int access_connect(struct session *s);
int access_helo(struct session *s);
int access_mail(struct session *s);
int access_rcpt(struct session *s, struct access_rcpt *rcpt);

/* Ask rewrite, once. 0, or -1 with rcpt->err. */
int access_rcpt_ask(struct session *s, struct access_rcpt *rcpt);

/* The i-th row of the table: a name, its argument, the manual's words. */
struct access_row {
	const char *name, *argument, *says;
};
bool access_row_at(size_t i, struct access_row *row);

#endif

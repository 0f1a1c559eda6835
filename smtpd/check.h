/*
 * check - what a check of the restriction lists is, and has at hand.
 *
 * A check looks at one thing (its subject) and returns a verdict:
 * ACCESS_DUNNO lets the list go on. One whose subject is not known yet says
 * ACCESS_DUNNO. Memory is the command's (session's line arena).
 */
#ifndef SMTPD_CHECK_H
#define SMTPD_CHECK_H

#include "base/attr.h"
#include "dict/dict.h"
#include "ipc/dns_msg.h"
#include "smtpd/access.h"
#include "smtpd/session.h"

enum access_verdict { ACCESS_DUNNO, ACCESS_OK, ACCESS_REJECT };

enum access_subject {
	SUBJECT_NONE,
	SUBJECT_CLIENT,
	SUBJECT_REVERSE, /* the client's name without proof */
	SUBJECT_HELO,
	SUBJECT_SENDER,
	SUBJECT_RCPT,
	SUBJECT_USER /* who has logged in */
};

struct access_steps;
struct access_rule;

/* One word of a list, with its argument. */
struct access_step {
	const struct access_rule *rule;
	const struct access_steps *class; /* borrowed; a class's name */
	char *argument;                   /* a domain; NULL: none */
	struct dict *table;               /* NULL: none */
	bool warn;                        /* behind warn_if_reject */
};

/* A list being asked. */
struct access_run {
	struct session *s;
	enum access_list list;
	struct access_rcpt *rcpt; /* NULL before RCPT */
	struct access_reply *reply;
	const struct access_step *step;
	int depth;
};

typedef enum access_verdict access_fn(struct access_run *run,
    const struct access_step *step);

enum access_argument { ARGUMENT_NONE, ARGUMENT_TABLE, ARGUMENT_DOMAIN };

struct access_rule {
	const char *name;
	enum access_argument argument;
	access_fn *fn;
	enum access_subject subject;
	int detail;       /* the function's own */
	const char *says; /* for the manual, in mdoc */
};

/* The rule of that name; NULL: none. */
const struct access_rule *access_rule_find(struct str name);
/*
 * Ask the words of text, as a table's value may be; tables in it are refused.
 * ERR_SYNTAX in *err: it is no list.
 */
int access_run_text(struct access_run *run, struct str text,
    enum access_verdict *verdict, struct err *err);

/* What a check looks at; false: not known yet. */
bool access_value(const struct access_run *run, enum access_subject subject,
    struct str *value);
/* The domain in it: of an address, or the name itself; "" for none. */
struct str access_domain(const struct access_run *run,
    enum access_subject subject);

/*
 * Refuse: "<what>: Helo command rejected: text" in *run->reply. The first
 * digit of status follows the code. Returns ACCESS_REJECT.
 */
enum access_verdict access_reject(struct access_run *run,
    enum access_subject subject, int code, const char *status, const char *fmt,
    ...) PRINTFLIKE(5, 6);
/* The same with all of the text given. */
enum access_verdict access_reject_plain(struct access_run *run, int code,
    const char *status, const char *fmt, ...) PRINTFLIKE(4, 5);
/* As access_reject, but only if nothing else refuses. Returns ACCESS_DUNNO. */
enum access_verdict access_defer_if_permit(struct access_run *run,
    enum access_subject subject, int code, const char *status, const char *fmt,
    ...) PRINTFLIKE(5, 6);
/* The same where something refuses: for now only. */
enum access_verdict access_defer_if_reject(struct access_run *run,
    enum access_subject subject, int code, const char *status, const char *fmt,
    ...) PRINTFLIKE(5, 6);
/* We cannot say: 451. */
enum access_verdict access_trouble(struct access_run *run,
    enum access_subject subject, const struct err *err);

/* Which subject a list is about. */
enum access_subject access_list_subject(enum access_list list);

/* Where effects of tables go: the transaction's, or the session's. */
struct access_effects *access_effects_of(struct session *s,
    struct arena **arena);
/* What a table's value means (access(5)). */
enum access_verdict action_run(struct access_run *run,
    const struct access_step *step, enum access_subject subject,
    struct str value);

/* Ask the DNS; the answer lives in the line arena. */
void check_dns(struct access_run *run, struct str name, uint16_t type,
    struct dns_answer *answer);
/*
 * Look a name up in a table: as it is, then its parent domains. 1 found
 * (value appended to out), 0 not, -1 trouble.
 */
int check_table_domain(struct dict *table, struct str name, struct buf *out,
    struct err *err);
int check_table_address(struct dict *table, struct str address, struct buf *out,
    struct err *err);

/* Is name one that a host can have, and has it a dot? */
bool check_is_hostname(struct str name);

/* The checks, a file a family. */
access_fn check_permit, check_reject, check_defer, check_defer_if_permit,
    check_mynetworks, check_sasl, check_auth_destination,
    check_unauth_destination, check_pipelining, check_plaintext;
access_fn check_helo_invalid, check_fqdn_helo, check_fqdn_address,
    check_client_name, check_reverse_name;
access_fn check_helo_unknown, check_domain_unknown;
access_fn check_unlisted, check_login_mismatch;
access_fn check_rbl_client, check_rhsbl, check_dnswl;
access_fn check_table, check_server;

enum { /* details of check_login_mismatch */
	MISMATCH_AUTHENTICATED = 1,
	MISMATCH_UNAUTHENTICATED = 2,
	MISMATCH_KNOWN = 4 /* only where the address is somebody's */
};

#endif

/*
 * param - the ESMTP parameters behind the paths of MAIL and RCPT.
 *
 * Grammar: esmtp-param of RFC 5321 section 4.1.2. Keywords known here: SIZE
 * (RFC 1870), BODY (RFC 6152, 3030), SMTPUTF8 (RFC 6531), AUTH (RFC 4954
 * section 5), and RET, ENVID, NOTIFY, ORCPT (RFC 3461 section 4). The caller
 * says which of them it has offered; others are refused as unknown.
 *
 * Ownership: every str of a result is borrowed from the line parsed.
 * Bounds: the line's; ENVID 100 and ORCPT 500 octets as RFC 3461 says.
 */
#ifndef SMTPPROTO_PARAM_H
#define SMTPPROTO_PARAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* What a server has offered; and, in .given, what a client has used. */
enum smtp_param_bits {
	SMTP_PARAM_SIZE = 1,
	SMTP_PARAM_BODY = 2,
	SMTP_PARAM_BINARY = 4, /* BODY=BINARYMIME too */
	SMTP_PARAM_UTF8 = 8,
	SMTP_PARAM_AUTH = 16,
	SMTP_PARAM_DSN = 32, /* RET and ENVID, NOTIFY and ORCPT */
};

enum smtp_body {
	SMTP_BODY_7BIT, /* also when nothing was said */
	SMTP_BODY_8BIT,
	SMTP_BODY_BINARY
};

enum smtp_ret {
	SMTP_RET_NONE, /* nothing said */
	SMTP_RET_FULL,
	SMTP_RET_HDRS
};

enum smtp_notify { /* bits; 0: nothing said */
	SMTP_NOTIFY_NEVER = 1,
	SMTP_NOTIFY_SUCCESS = 2,
	SMTP_NOTIFY_FAILURE = 4,
	SMTP_NOTIFY_DELAY = 8,
};

struct smtp_mail_params {
	uint64_t size; /* octets the client means to send; 0: not said */
	enum smtp_body body;
	bool smtputf8;
	struct str auth; /* xtext or "<>" as written; p NULL if not given */
	enum smtp_ret ret;
	struct str envid; /* xtext as written; p NULL if not given */
};

struct smtp_rcpt_params {
	unsigned notify;       /* enum smtp_notify */
	struct str orcpt_type; /* "rfc822"; p NULL if not given */
	struct str orcpt;      /* xtext as written */
};

/*
 * Take all of *in, which begins behind the path: *( SP esmtp-param ), and
 * spaces at the end. ERR_SYNTAX: a bad or repeated parameter; ERR_NOENT: one
 * that was not offered (reply 555, RFC 5321 section 4.1.1.11); ERR_LIMIT: a
 * value over its size.
 */
int smtp_mail_params_parse(struct smtp_mail_params *params, struct str *in,
    unsigned offered, struct err *err);
int smtp_rcpt_params_parse(struct smtp_rcpt_params *params, struct str *in,
    unsigned offered, struct err *err);

/*
 * Take the parameter that begins with name ("XCHANCERY=") out of those behind
 * a path, before they are parsed: *value is what follows, empty where there
 * is none; *params becomes a copy in the arena without it. -1: no room.
 */
int smtp_param_take(struct str *params, struct str name, struct arena *arena,
    struct str *value);

/*
 * xtext of RFC 3461 section 4: printable ASCII with "+", "=" and everything
 * else as "+" and two upper-case hexadecimal digits. Adds to out;
 * ERR_SYNTAX or, where out is full, ERR_LIMIT.
 */
int smtp_xtext_decode(struct buf *out, struct str in, struct err *err);

/*
 * ORCPT as it was given, "rfc822;a+2Bb@x.test" or "utf-8;\x{E4}@x.test"
 * (RFC 6533 section 3), without its encoding. ERR_SYNTAX: it is not so
 * encoded, or what comes out would break a line; ERR_LIMIT: out is full.
 */
int smtp_orcpt_decode(struct buf *out, struct str orcpt, struct err *err);
/* For a host that takes ASCII only: other characters become \x{...}. */
int smtp_orcpt_put_ascii(struct buf *out, struct str orcpt);

#endif

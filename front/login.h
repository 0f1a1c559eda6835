/*
 * login - what a client may say before it is logged in, without its I/O.
 *
 * A protocol (imap_login, pop3_login) is a table of functions that take bytes
 * off the input, write replies to login->out, and tell the caller by an enum
 * what to do next. They block nowhere and know no socket, so tests and
 * fuzzers drive them as front does.
 *
 * Whatever a client typed that may be a password is held in secret buffers
 * only, and cleared when it has been handed to authd.
 *
 * Bounds: input LOGIN_INPUT_MAX, replies LOGIN_OUTPUT_MAX, user names and
 * passwords LOGIN_WORD_MAX, wrong commands and refused logins by the rules.
 */
#ifndef FRONT_LOGIN_H
#define FRONT_LOGIN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "ipc/auth_msg.h"

enum {
	/* AUTH_RESPONSE_MAX in base64, a tag, "AUTHENTICATE SCRAM-SHA-256" */
	LOGIN_INPUT_MAX = AUTH_RESPONSE_MAX / 3 * 4 + 512,
	LOGIN_OUTPUT_MAX = 65536,
	LOGIN_OUTPUT_PAUSE = 4096, /* waiting to be sent: take no commands */
	LOGIN_WORD_MAX = 1024,
	LOGIN_MECHS_MAX = 8,
};

enum login_next {
	LOGIN_WAIT,    /* more bytes are needed */
	LOGIN_AGAIN,   /* something was taken: call again */
	LOGIN_TLS,     /* the go-ahead is in out: send it, then handshake */
	LOGIN_START,   /* ask authd: mech, has_initial, response */
	LOGIN_RESPOND, /* authd's exchange goes on with response */
	LOGIN_CANCEL,  /* the client gave the exchange up; it is answered */
	LOGIN_DONE,    /* logged in: hand over, with what is unread */
	LOGIN_CLOSE,   /* the last word is in out: send it and close */
};

/* The same for every client of a service. Strings are borrowed. */
struct login_rules {
	const char *hostname;
	struct str mech[LOGIN_MECHS_MAX]; /* upper case */
	size_t mechs;
	int login_delay;   /* POP3: s between a user's logins; 0: none */
	struct str expire; /* POP3: "NEVER", or days that mail stays at least */
	int max_errors;    /* wrong commands before we close */
	int max_failures;  /* refused logins before we close */
};

enum login_state {
	LOGIN_COMMAND,  /* between commands */
	LOGIN_ASKED,    /* authd has the word */
	LOGIN_EXCHANGE, /* the client's response is awaited */
	LOGIN_LAST,     /* authd said yes; the client's empty word is missing */
};

struct login {
	const struct login_rules *rules;
	enum login_state state;
	bool tls;          /* this connection is encrypted by us */
	bool can_starttls; /* it could be, and is not */
	bool secure;       /* a password may travel here */
	bool bound;        /* there is what SCRAM can be bound to */
	bool certified;    /* the client has shown a certificate */
	bool utf8;         /* POP3: UTF8 was said */
	int errors, failures;
	struct buf *out;     /* borrowed; replies are added */
	size_t asked;        /* IMAP: end of the last literal we said "+" to */
	struct buf tag;      /* IMAP: of the command being answered */
	struct buf user;     /* as typed, for the log; POP3: USER's argument */
	struct buf mech;     /* of the exchange */
	struct buf response; /* secret; decoded, for authd */
	bool has_initial;    /* response came with the command */
	bool noted; /* user was taken from the exchange, or is not in it */
};

struct login_proto {
	const char *name; /* "imap", "pop3": the log's word */
	const char *sasl; /* "imap", "pop": the SASL service's name */
	void (*greet)(struct login *login);
	/* One step. *in moves past what was taken. */
	enum login_next (*step)(struct login *login, struct str *in);
	/*
	 * What authd said. LOGIN_AGAIN: refused and answered, or the client's
	 * next response is awaited. challenge is raw.
	 */
	enum login_next (*verdict)(struct login *login, enum auth_status status,
	    struct str challenge);
	/* Last words of ours, when something else than the client ends it. */
	void (*bye)(struct login *login, const char *text);
};

extern const struct login_proto imap_login;
extern const struct login_proto pop3_login;

void login_init(struct login *login, const struct login_rules *rules,
    struct buf *out);
void login_clear(struct login *login);

/* The connection is encrypted now: nothing said before it counts. */
void login_forget(struct login *login);

/*
 * The mechanism of that name (without case), or NULL: -PLUS and EXTERNAL are
 * there only where TLS has what they need. PLAIN and LOGIN are found, but not
 * offered, where a password may not travel.
 */
const struct str *login_find_mech(const struct login *login, struct str name);
bool login_offers(const struct login *login, const struct str *mech);

/* A new exchange with this mechanism, nothing said yet. */
void login_begin(struct login *login, struct str mech);
/* Prepare LOGIN_START: mechanism PLAIN (RFC 4616) with these. */
void login_use_password(struct login *login, struct str user,
    struct str password);
/*
 * Prepare LOGIN_START or LOGIN_RESPOND: base64 as the client wrote it, "="
 * (RFC 4959 section 3) for an empty initial response. ERR_SYNTAX.
 */
int login_use_base64(struct login *login, struct str text, bool initial,
    struct err *err);
/*
 * The client's line inside an exchange, in any state but LOGIN_COMMAND:
 * base64, or "*" to give up. LOGIN_DONE, LOGIN_RESPOND, or LOGIN_CANCEL with
 * *trouble to be answered.
 */
enum login_next login_take_response(struct login *login, struct str line,
    const char **trouble);
/*
 * When authd says go on or yes: true, and *next is what verdict() gives. When
 * it says no: false, and the protocol has to say so.
 */
bool login_take_verdict(struct login *login, enum auth_status status,
    struct str challenge, enum login_next *next);

/* Count a wrong command. true: that was one too many. */
bool login_count_error(struct login *login);
bool login_count_failure(struct login *login);

#endif

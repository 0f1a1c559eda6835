/*
 * imap_login - IMAP in the not authenticated state (RFC 3501 sections 3.1,
 * 6.1 and 6.2; RFC 9051), with ID (RFC 2971), LITERAL+ (RFC 7888), SASL-IR
 * (RFC 4959) and the response codes of RFC 5530.
 *
 * A command is gathered whole, its literals included, before it is parsed.
 * Every other command of IMAP is answered BAD here: there is no state in
 * which front could run it.
 */
#include <string.h>

#include "front/login.h"
#include "imap/token.h"
#include "net/line.h"

enum {
	LITERAL_MAX = LOGIN_WORD_MAX, /* LOGIN's arguments need no more */
	LITERALS_MAX = 4,
	ARENA_MAX = 8192,   /* quoted strings that lose backslashes */
	ID_FIELDS_MAX = 30, /* RFC 2971 section 3.3 */
};

/* "tag text", or "* text" where no tag is known. */
static void
reply_word(struct login *login, const char *word, const char *text)
{
	if (login->tag.len == 0)
		(void)buf_addc(login->out, '*');
	else
		(void)buf_add_str(login->out, buf_str(&login->tag));
	(void)buf_addf(login->out, " %s%s\r\n", word, text);
}

static void
reply(struct login *login, const char *text)
{
	reply_word(login, "", text);
}

static void
bye(struct login *login, const char *text)
{
	(void)buf_addf(login->out, "* BYE %s\r\n", text);
}

/* A wrong command, answered by text. */
static enum login_next
wrong(struct login *login, const char *text)
{
	reply(login, text);
	if (!login_count_error(login))
		return LOGIN_AGAIN;
	bye(login, "Too many wrong commands");
	return LOGIN_CLOSE;
}

static void
put_capabilities(struct login *login)
{
	(void)buf_addz(login->out,
	    "CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE");
	if (login->can_starttls)
		(void)buf_addz(login->out, " STARTTLS");
	if (!login->secure)
		(void)buf_addz(login->out, " LOGINDISABLED");
	for (size_t i = 0; i < login->rules->mechs; i++)
		if (login_offers(login, &login->rules->mech[i]))
			(void)buf_addf(login->out, " AUTH=%" STR_F,
			    STR_A(login->rules->mech[i]));
}

static void
greet(struct login *login)
{
	(void)buf_addz(login->out, "* OK [");
	put_capabilities(login);
	(void)buf_addf(login->out, "] %s Chancery ready\r\n",
	    login->rules->hostname);
}

/* What each command gets: the bytes behind its name. */
typedef enum login_next command_fn(struct login *login, struct str *args);

static enum login_next
do_capability(struct login *login, struct str *args)
{
	struct err err;

	if (token_end(args, &err) < 0)
		return wrong(login, "BAD CAPABILITY takes no argument");
	(void)buf_addz(login->out, "* ");
	put_capabilities(login);
	(void)buf_addz(login->out, "\r\n");
	reply(login, "OK Capability completed");
	return LOGIN_AGAIN;
}

static enum login_next
do_noop(struct login *login, struct str *args)
{
	struct err err;

	if (token_end(args, &err) < 0)
		return wrong(login, "BAD NOOP takes no argument");
	reply(login, "OK NOOP completed");
	return LOGIN_AGAIN;
}

static enum login_next
do_logout(struct login *login, struct str *args)
{
	struct err err;

	if (token_end(args, &err) < 0)
		return wrong(login, "BAD LOGOUT takes no argument");
	bye(login, "Logging out");
	reply(login, "OK Logout completed");
	return LOGIN_CLOSE;
}

/* id_params_list ::= "(" #(string SPACE nstring) ")" / nil */
static int
parse_id(struct arena *arena, struct str *in, struct err *err)
{
	struct str word;

	if (token_sp(in, err) < 0)
		return -1;
	if (str_itake_str(in, STR("NIL")))
		return token_end(in, err);
	if (token_char(in, '(', err) < 0)
		return -1;
	for (int i = 0; !str_take(in, ')'); i++) {
		if (i == ID_FIELDS_MAX)
			return err_set(err, ERR_LIMIT, "too many fields");
		if ((i > 0 && token_sp(in, err) < 0) ||
		    token_string(arena, in, &word, err) < 0 ||
		    token_sp(in, err) < 0 ||
		    token_nstring(arena, in, &word, err) < 0)
			return -1;
	}
	return token_end(in, err);
}

static enum login_next
do_id(struct login *login, struct str *args)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct err err;
	int ret = parse_id(arena, args, &err);

	arena_free(arena);
	if (ret < 0)
		return wrong(login, "BAD ID takes a list of strings or NIL");
	(void)buf_addz(login->out, "* ID (\"name\" \"Chancery\")\r\n");
	reply(login, "OK ID completed");
	return LOGIN_AGAIN;
}

static enum login_next
do_starttls(struct login *login, struct str *args)
{
	struct err err;

	if (token_end(args, &err) < 0)
		return wrong(login, "BAD STARTTLS takes no argument");
	if (!login->can_starttls)
		return wrong(login,
		    login->tls ? "BAD TLS is active already" :
				 "NO [UNAVAILABLE] TLS is not available");
	reply(login, "OK Begin TLS negotiation now");
	return LOGIN_TLS;
}

/* RFC 5530: PRIVACYREQUIRED. The password may be on the wire already. */
static enum login_next
refuse_plaintext(struct login *login)
{
	return wrong(login,
	    "NO [PRIVACYREQUIRED] Use TLS before sending a password");
}

/* login = "LOGIN" SP userid SP password, both astring */
static enum login_next
do_login(struct login *login, struct str *args)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct str user, password;
	enum login_next next;
	struct err err;

	if (token_sp(args, &err) < 0 ||
	    token_astring(arena, args, &user, &err) < 0 ||
	    token_sp(args, &err) < 0 ||
	    token_astring(arena, args, &password, &err) < 0 ||
	    token_end(args, &err) < 0) {
		next = wrong(login, "BAD LOGIN takes a user and a password");
	} else if (!login->secure) {
		next = refuse_plaintext(login);
	} else if (user.len > LOGIN_WORD_MAX || password.len > LOGIN_WORD_MAX) {
		next = wrong(login, "BAD [TOOBIG] Argument too long");
	} else {
		login_use_password(login, user, password);
		next = LOGIN_START;
	}
	arena_free_secret(arena);
	return next;
}

/* authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")] */
static enum login_next
do_authenticate(struct login *login, struct str *args)
{
	const struct str *mech;
	struct str name;
	struct err err;
	bool initial;

	if (token_sp(args, &err) < 0 || token_atom(args, &name, &err) < 0)
		return wrong(login, "BAD AUTHENTICATE takes a mechanism");
	mech = login_find_mech(login, name);
	if (mech == NULL)
		return wrong(login, "NO [CANNOT] Mechanism not supported");
	if (!login_offers(login, mech))
		return refuse_plaintext(login);
	initial = str_take(args, ' ');
	if (!initial && args->len > 0)
		return wrong(login, "BAD AUTHENTICATE takes a mechanism");
	login_begin(login, *mech);
	if (initial && login_use_base64(login, *args, true, &err) < 0)
		return wrong(login, "BAD Initial response is not base64");
	return LOGIN_START;
}

static const struct {
	const char *name;
	command_fn *fn;
	bool literals; /* its arguments may be literals */
} commands[] = {
	{ "CAPABILITY", do_capability, false },
	{ "NOOP", do_noop, false },
	{ "LOGOUT", do_logout, false },
	{ "ID", do_id, true },
	{ "STARTTLS", do_starttls, false },
	{ "LOGIN", do_login, true },
	{ "AUTHENTICATE", do_authenticate, false },
};

enum { NO_COMMAND = sizeof(commands) / sizeof(commands[0]) };

/* The row of commands[] for this word. */
static size_t
find_command(struct str name)
{
	for (size_t i = 0; i < NO_COMMAND; i++)
		if (str_ieqz(name, commands[i].name))
			return i;
	return NO_COMMAND;
}

/*
 * Take tag SP command-name off *in; the tag is noted for replies. -1: there
 * is no command that could be answered with a tag of its own.
 */
static int
take_head(struct login *login, struct str *in, size_t *command)
{
	struct str tag, name;
	struct err err;

	buf_reset(&login->tag);
	*command = NO_COMMAND;
	if (token_tag(in, &tag, &err) < 0 || token_sp(in, &err) < 0 ||
	    buf_add_str(&login->tag, tag) < 0) {
		buf_reset(&login->tag);
		return -1;
	}
	if (token_atom(in, &name, &err) < 0)
		return -1;
	*command = find_command(name);
	return 0;
}

static enum login_next
run(struct login *login, struct str command)
{
	size_t which;

	if (take_head(login, &command, &which) < 0)
		return wrong(login, "BAD A tag and a command are expected");
	if (which == NO_COMMAND)
		return wrong(login, "BAD Unknown here: log in first");
	return commands[which].fn(login, &command);
}

/*
 * What stops a literal before its bytes are asked for; NULL: nothing. at is
 * where the literal would begin, and count how many came before it.
 */
static const char *
literal_refusal(struct login *login, struct str command, size_t at, int count,
    const struct token_literal *literal)
{
	size_t which;

	if (take_head(login, &command, &which) < 0)
		return "BAD A tag and a command are expected";
	if (which == NO_COMMAND || !commands[which].literals)
		return "BAD No literal is expected here";
	if (commands[which].fn == do_login && !login->secure)
		return "NO [PRIVACYREQUIRED] Use TLS before sending a password";
	if (count == LITERALS_MAX || literal->size > LITERAL_MAX ||
	    at + literal->size > LOGIN_INPUT_MAX - 4)
		return "BAD [TOOBIG] Literal too large";
	return NULL;
}

/*
 * A literal we will not have. A client that waits for "+" hears no and goes
 * on; one that does not wait has sent the bytes, and we cannot tell them from
 * commands without reading them: close.
 */
static enum login_next
refuse_literal(struct login *login, const struct token_literal *literal,
    const char *text)
{
	enum login_next next = wrong(login, text);

	login->asked = 0;
	if (literal->sync || next == LOGIN_CLOSE)
		return next;
	bye(login, "Literal refused");
	return LOGIN_CLOSE;
}

/*
 * A line that does not end as it should. On the first line of a command we
 * can go on behind its LF; behind a literal nobody knows what is text.
 */
static enum login_next
bad_line(struct login *login, struct str *in, bool first, enum line_result why)
{
	const char *text = why == LINE_LONG ? "BAD [TOOBIG] Line too long" :
					      "BAD Lines end with CRLF";

	buf_reset(&login->tag);
	login->asked = 0;
	if (first && why != LINE_LONG && line_skip(in))
		return wrong(login, text);
	reply(login, text);
	bye(login, "Cannot go on");
	return LOGIN_CLOSE;
}

/*
 * Gather one command with its literals, then run it. Nothing is remembered
 * between calls but how far "+" was said: what has come is walked again.
 */
static enum login_next
step_command(struct login *login, struct str *in)
{
	struct str rest = *in, line;
	struct token_literal literal;
	struct err err;
	size_t at = 0;

	for (int i = 0;; i++) {
		enum line_result result =
		    line_take(&rest, LOGIN_INPUT_MAX - 2 - at, &line);
		const char *refusal;
		struct str head;

		if (result == LINE_MORE)
			return LOGIN_WAIT;
		if (result != LINE_OK)
			return bad_line(login, in, at == 0, result);
		at = in->len - rest.len; /* behind the CRLF */
		head = str_sub(*in, 0, at - 2);
		switch (token_line_literal(line, &literal, &err)) {
		case 0:
			*in = rest;
			login->asked = 0;
			return run(login, head);
		case -1: /* more than 32 bits, and who knows if it waits */
			literal = (struct token_literal){ .size = UINT32_MAX };
			break;
		}
		refusal = literal_refusal(login, head, at, i, &literal);
		if (refusal != NULL) {
			*in = rest;
			return refuse_literal(login, &literal, refusal);
		}
		if (literal.sync && login->asked < at) {
			(void)buf_addz(login->out, "+ Go on\r\n");
			login->asked = at;
		}
		if (rest.len < literal.size)
			return LOGIN_WAIT;
		str_skip(&rest, literal.size);
		at += literal.size;
	}
}

static enum login_next
step_exchange(struct login *login, struct str *in)
{
	enum login_next next;
	const char *trouble;
	struct str line;

	switch (line_take(in, LOGIN_INPUT_MAX - 2, &line)) {
	case LINE_OK:
		break;
	case LINE_MORE:
		return LOGIN_WAIT;
	default:
		login->state = LOGIN_COMMAND;
		reply(login, "BAD Not a response");
		bye(login, "Not a response");
		return LOGIN_CLOSE;
	}
	next = login_take_response(login, line, &trouble);
	if (next == LOGIN_CANCEL) {
		reply_word(login, "BAD ", trouble);
		(void)login_count_error(login);
	}
	return next;
}

/*
 * What came in the clear behind STARTTLS may be an attacker's: it must never
 * be taken for something said under TLS.
 */
static enum login_next
refuse_injection(struct login *login, size_t before)
{
	buf_truncate(login->out, before);
	reply(login, "BAD [CLIENTBUG] Nothing may follow STARTTLS");
	bye(login, "Nothing may follow STARTTLS");
	return LOGIN_CLOSE;
}

static enum login_next
step(struct login *login, struct str *in)
{
	size_t before = login->out->len;
	enum login_next next;

	if (login->state == LOGIN_ASKED)
		return LOGIN_WAIT;
	if (login->state != LOGIN_COMMAND)
		return step_exchange(login, in);
	next = step_command(login, in);
	if (next == LOGIN_START)
		login->state = LOGIN_ASKED;
	if (next == LOGIN_TLS && in->len > 0)
		return refuse_injection(login, before);
	return next;
}

static enum login_next
refused(struct login *login, const char *text)
{
	reply(login, text);
	if (!login_count_failure(login))
		return LOGIN_AGAIN;
	bye(login, "Too many failed logins");
	return LOGIN_CLOSE;
}

static enum login_next
verdict(struct login *login, enum auth_status status, struct str challenge)
{
	enum login_next next;

	if (login_take_verdict(login, status, challenge, &next))
		return next;
	switch (status) {
	case AUTH_FAIL:
		return refused(login,
		    "NO [AUTHENTICATIONFAILED] Authentication failed");
	case AUTH_BADMECH:
		return refused(login, "NO [CANNOT] Mechanism not supported");
	case AUTH_BADPROTO:
		return wrong(login, "BAD Response breaks the mechanism");
	default:
		return refused(login,
		    "NO [UNAVAILABLE] Temporary authentication failure");
	}
}

const struct login_proto imap_login = {
	.name = "imap",
	.sasl = "imap",
	.greet = greet,
	.step = step,
	.verdict = verdict,
	.bye = bye,
};

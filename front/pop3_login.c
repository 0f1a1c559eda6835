/*
 * pop3_login - POP3 in the AUTHORIZATION state (RFC 1939 section 4), with
 * CAPA (RFC 2449), STLS (RFC 2595 section 4), AUTH (RFC 5034) and the
 * response codes of RFC 2449 and RFC 3206, UTF8 and LANG (RFC 6856). No APOP:
 * it would need passwords that can be read, so the greeting has no timestamp.
 */
#include "base/attr.h"
#include "base/utf8.h"
#include "front/login.h"
#include "net/line.h"
#include "net/pop_lang.h"

static void
ok(struct login *login, const char *text)
{
	(void)buf_addf(login->out, "+OK %s\r\n", text);
}

static void
bye(struct login *login, const char *text)
{
	(void)buf_addf(login->out, "-ERR %s\r\n", text);
}

static enum login_next
wrong(struct login *login, const char *text)
{
	bool last = login_count_error(login);

	(void)buf_addf(login->out, "-ERR %s%s\r\n", text,
	    last ? "; too many wrong commands" : "");
	return last ? LOGIN_CLOSE : LOGIN_AGAIN;
}

static void
greet(struct login *login)
{
	(void)buf_addf(login->out, "+OK %s Chancery ready\r\n",
	    login->rules->hostname);
}

typedef enum login_next command_fn(struct login *login, struct str args);

/* RFC 2449 section 5; what differs after login pop3d says itself. */
static enum login_next
do_capa(struct login *login, struct str args)
{
	bool any = false;

	(void)args;
	ok(login, "Capabilities follow");
	(void)buf_addz(login->out,
	    "TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\n");
	if (login->secure)
		(void)buf_addz(login->out, "USER\r\n");
	for (size_t i = 0; i < login->rules->mechs; i++) {
		if (!login_offers(login, &login->rules->mech[i]))
			continue;
		(void)buf_addf(login->out, "%s %" STR_F, any ? "" : "SASL",
		    STR_A(login->rules->mech[i]));
		any = true;
	}
	if (any)
		(void)buf_addz(login->out, "\r\n");
	if (login->can_starttls)
		(void)buf_addz(login->out, "STLS\r\n");
	if (login->rules->login_delay > 0)
		(void)buf_addf(login->out, "LOGIN-DELAY %d\r\n",
		    login->rules->login_delay);
	if (login->rules->expire.len > 0)
		(void)buf_addf(login->out, "EXPIRE %" STR_F "\r\n",
		    STR_A(login->rules->expire));
	(void)buf_addz(login->out,
	    "UTF8\r\nLANG\r\nIMPLEMENTATION Chancery\r\n.\r\n");
	return LOGIN_AGAIN;
}

static enum login_next
do_lang(struct login *login, struct str args)
{
	if (pop_lang_answer(login->out, args) || !login_count_error(login))
		return LOGIN_AGAIN;
	bye(login, "Too many wrong commands");
	return LOGIN_CLOSE;
}

static enum login_next
do_quit(struct login *login, struct str args)
{
	(void)args;
	ok(login, "Bye");
	return LOGIN_CLOSE;
}

static enum login_next
do_stls(struct login *login, struct str args)
{
	(void)args;
	if (login->tls)
		return wrong(login, "TLS is active already");
	if (!login->can_starttls)
		return wrong(login, "[SYS/TEMP] TLS is not available");
	if (login->utf8) /* RFC 6856 section 2.1 */
		return wrong(login, "STLS comes before UTF8");
	ok(login, "Begin TLS negotiation now");
	return LOGIN_TLS;
}

/* RFC 6856 section 2.1: what it changes, changes in the session. */
static enum login_next
do_utf8(struct login *login, struct str args)
{
	(void)args;
	login->utf8 = true;
	ok(login, "UTF-8 from now on");
	return LOGIN_AGAIN;
}

static enum login_next
refuse_plaintext(struct login *login)
{
	return wrong(login, "Use STLS before sending a password");
}

/* Names with blanks are the directory's to refuse: the rest of the line. */
static enum login_next
do_user(struct login *login, struct str args)
{
	if (!login->secure)
		return refuse_plaintext(login);
	buf_reset(&login->user);
	if (args.len == 0 || memchr(args.p, '\0', args.len) != NULL ||
	    !utf8_is_valid(args) || /* RFC 6856 section 2.2 */
	    buf_add_str(&login->user, args) < 0) {
		buf_reset(&login->user);
		return wrong(login, "USER takes a name");
	}
	ok(login, "Send the password");
	return LOGIN_AGAIN;
}

/* "The server may treat spaces in the argument as part of the password." */
static enum login_next
do_pass(struct login *login, struct str args)
{
	if (!login->secure)
		return refuse_plaintext(login);
	if (login->user.len == 0)
		return wrong(login, "USER comes first");
	if (args.len > LOGIN_WORD_MAX ||
	    memchr(args.p, '\0', args.len) != NULL || !utf8_is_valid(args))
		return wrong(login, "Not a password");
	login_use_password(login, buf_str(&login->user), args);
	return LOGIN_START;
}

/* AUTH mechanism [initial-response]; alone it lists, as old clients ask. */
static enum login_next
do_auth(struct login *login, struct str args)
{
	const struct str *mech;
	struct str name;
	struct err err;

	if (args.len == 0) {
		ok(login, "Mechanisms follow");
		for (size_t i = 0; i < login->rules->mechs; i++)
			if (login_offers(login, &login->rules->mech[i]))
				(void)buf_addf(login->out, "%" STR_F "\r\n",
				    STR_A(login->rules->mech[i]));
		(void)buf_addz(login->out, ".\r\n");
		return LOGIN_AGAIN;
	}
	(void)str_split(&args, ' ', &name);
	mech = login_find_mech(login, name);
	if (mech == NULL)
		return wrong(login, "Mechanism not supported");
	if (!login_offers(login, mech))
		return refuse_plaintext(login);
	login_begin(login, *mech);
	if (args.p != NULL && login_use_base64(login, args, true, &err) < 0)
		return wrong(login, "Initial response is not base64");
	return LOGIN_START;
}

static const struct {
	const char *name;
	command_fn *fn;
	bool has_args;
} commands[] = {
	{ "CAPA", do_capa, false },
	{ "USER", do_user, true },
	{ "PASS", do_pass, true },
	{ "AUTH", do_auth, true },
	{ "LANG", do_lang, true },
	{ "STLS", do_stls, false },
	{ "UTF8", do_utf8, false },
	{ "QUIT", do_quit, false },
};

/* RFC 1939 section 3: a keyword, then at one SP its arguments. */
static enum login_next
run(struct login *login, struct str line)
{
	struct str name = { 0 };

	(void)str_split(&line, ' ', &name);
	if (line.p == NULL)
		line = STR("");
	for (size_t i = 0; i < NELEMS(commands); i++) {
		if (!str_ieqz(name, commands[i].name))
			continue;
		if (line.len > 0 && !commands[i].has_args)
			return wrong(login, "No argument is expected");
		return commands[i].fn(login, line);
	}
	return wrong(login, "Unknown here: log in first");
}

static enum login_next
exchange(struct login *login, struct str line)
{
	const char *trouble;
	enum login_next next = login_take_response(login, line, &trouble);

	if (next == LOGIN_CANCEL)
		(void)wrong(login, trouble);
	return next;
}

static enum login_next
step(struct login *login, struct str *in)
{
	size_t before = login->out->len;
	enum line_result result;
	enum login_next next;
	struct str line;

	if (login->state == LOGIN_ASKED)
		return LOGIN_WAIT;
	result = line_take(in, LOGIN_INPUT_MAX - 2, &line);
	if (result == LINE_MORE)
		return LOGIN_WAIT;
	if (result == LINE_LONG) {
		bye(login, "Line too long");
		return LOGIN_CLOSE;
	}
	if (result != LINE_OK) {
		/* Inside an exchange there is nothing to go on with. */
		if (login->state != LOGIN_COMMAND || !line_skip(in)) {
			bye(login, "Lines end with CRLF");
			return LOGIN_CLOSE;
		}
		return wrong(login, "Lines end with CRLF");
	}
	if (login->state != LOGIN_COMMAND)
		return exchange(login, line);
	next = run(login, line);
	if (next == LOGIN_START)
		login->state = LOGIN_ASKED;
	if (next == LOGIN_TLS && in->len > 0) {
		/* Said in the clear: never to be taken as said under TLS. */
		buf_truncate(login->out, before);
		bye(login, "Nothing may follow STLS");
		return LOGIN_CLOSE;
	}
	return next;
}

static enum login_next
refused(struct login *login, const char *text)
{
	bool last = login_count_failure(login);

	(void)buf_addf(login->out, "-ERR %s%s\r\n", text,
	    last ? "; too many failed logins" : "");
	buf_reset(&login->user); /* PASS alone must not try again */
	return last ? LOGIN_CLOSE : LOGIN_AGAIN;
}

static enum login_next
verdict(struct login *login, enum auth_status status, struct str challenge)
{
	enum login_next next;

	if (login_take_verdict(login, status, challenge, &next))
		return next;
	switch (status) {
	case AUTH_FAIL:
		return refused(login, "[AUTH] Authentication failed");
	case AUTH_DELAY: /* RFC 2449 section 8.1.1 */
		return refused(login,
		    "[LOGIN-DELAY] You logged in a short while ago");
	case AUTH_BADMECH:
		return refused(login, "Mechanism not supported");
	case AUTH_BADPROTO:
		return wrong(login, "Response breaks the mechanism");
	default:
		return refused(login,
		    "[SYS/TEMP] Temporary authentication failure");
	}
}

const struct login_proto pop3_login = {
	.name = "pop3",
	.sasl = "pop",
	.greet = greet,
	.step = step,
	.verdict = verdict,
	.bye = bye,
};

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/attr.h"
#include "front/login.h"

/* Everything said before login, and what stands behind the last answer. */
struct dialogue {
	const char *in, *out;
	const char *left; /* unread at the end; NULL: nothing */
};

enum flags { PLAIN_TEXT = 0, TLS = 1, STARTTLS = 2, LOCAL = 4 };

static const struct login_rules rules = {
	.hostname = "mail.example.org",
	.mech = { { "PLAIN", 5 }, { "LOGIN", 5 }, { "SCRAM-SHA-256", 13 } },
	.mechs = 3,
	.max_errors = 3,
	.max_failures = 2,
};

/* An authd that knows ada's password, and SCRAM up to its last word. */
static enum login_next
answer(const struct login_proto *proto, struct login *login)
{
	struct str response = buf_str(&login->response), mech;
	enum auth_status status = AUTH_FAIL;
	struct str challenge = { 0 };

	mech = buf_str(&login->mech);
	if (str_eqz(mech, "PLAIN") && !login->has_initial && response.len == 0)
		status = AUTH_CONTINUE;
	else if (str_eq(response, str_make("\0ada\0secret", 11)))
		status = AUTH_OK;
	else if (str_eq(response, str_make("\0ada\0later", 10)))
		status = AUTH_TEMP;
	else if (str_eqz(mech, "LOGIN") && response.len == 0) {
		status = AUTH_CONTINUE;
		challenge = STR("Username:");
	} else if (str_eqz(mech, "LOGIN") && str_eqz(response, "ada")) {
		status = AUTH_CONTINUE;
		challenge = STR("Password:");
	} else if (str_eqz(mech, "LOGIN") && str_eqz(response, "secret")) {
		status = AUTH_OK;
	} else if (str_eqz(mech, "SCRAM-SHA-256")) {
		status = AUTH_OK;
		challenge = STR("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=");
	}
	buf_reset(&login->response);
	return proto->verdict(login, status, challenge);
}

/*
 * Feed in, at most chunk bytes at a time, to a login of that kind, and check
 * what it wrote and left. "<TLS>", "<DONE>" and so on tell what was asked of
 * the caller.
 */
static void
talk(const struct login_proto *proto, int flags, const struct dialogue *d,
    size_t chunk)
{
	struct login login;
	struct buf out, in;
	struct str rest = str_of(d->in);
	enum login_next next = LOGIN_WAIT;
	bool over = false;

	buf_init(&out, LOGIN_OUTPUT_MAX);
	buf_init_secret(&in, LOGIN_INPUT_MAX);
	login_init(&login, &rules, &out);
	login.tls = flags & TLS;
	login.can_starttls = flags & STARTTLS;
	login.secure = flags & (TLS | LOCAL);
	while (!over) {
		struct str step = buf_str(&in);

		next = proto->step(&login, &step);
		buf_consume(&in, in.len - step.len);
		if (next == LOGIN_START || next == LOGIN_RESPOND)
			next = answer(proto, &login);
		switch (next) {
		case LOGIN_WAIT:
			over = rest.len == 0;
			step = str_sub(rest, 0, chunk);
			assert_int_equal(buf_add_str(&in, step), 0);
			str_skip(&rest, step.len);
			break;
		case LOGIN_TLS:
			(void)buf_addz(&out, "<TLS>");
			login_forget(&login);
			login.tls = login.secure = true;
			login.can_starttls = false;
			break;
		case LOGIN_CANCEL:
			(void)buf_addz(&out, "<CANCEL>");
			break;
		case LOGIN_DONE:
			(void)buf_addf(&out, "<DONE %" STR_F " %" STR_F ">",
			    STR_A(buf_str(&login.tag)),
			    STR_A(buf_str(&login.user)));
			over = true;
			break;
		case LOGIN_CLOSE:
			(void)buf_addz(&out, "<CLOSE>");
			over = true;
			break;
		default:
			break;
		}
	}
	assert_string_equal(buf_cstr(&out), d->out);
	if (chunk == SIZE_MAX)
		assert_string_equal(buf_cstr(&in),
		    d->left == NULL ? "" : d->left);
	buf_clear(&in);
	buf_clear(&out);
	login_clear(&login);
}

static void
talk_all(const struct login_proto *proto, int flags, const struct dialogue *d,
    size_t count)
{
	for (size_t i = 0; i < count; i++)
		talk(proto, flags, &d[i], SIZE_MAX);
}

#define BYE_ERRORS "* BYE Too many wrong commands\r\n<CLOSE>"

static void
imap_answers_each_command(void **state)
{
	static const struct dialogue cases[] = {
		{ "a CAPABILITY\r\n",
		    "* CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE "
		    "AUTH=PLAIN AUTH=LOGIN AUTH=SCRAM-SHA-256\r\n"
		    "a OK Capability completed\r\n",
		    NULL },
		{ "a noop\r\nb NOOP\r\n",
		    "a OK NOOP completed\r\nb OK NOOP completed\r\n", NULL },
		{ "a LOGOUT\r\n",
		    "* BYE Logging out\r\na OK Logout completed\r\n<CLOSE>",
		    NULL },
		{ "a ID NIL\r\n",
		    "* ID (\"name\" \"Chancery\")\r\na OK ID completed\r\n",
		    NULL },
		{ "a ID (\"name\" \"x\" \"os\" NIL)\r\n",
		    "* ID (\"name\" \"Chancery\")\r\na OK ID completed\r\n",
		    NULL },
		{ "a ID (\"name\" {3}\r\nabc)\r\n",
		    "+ Go on\r\n* ID (\"name\" \"Chancery\")\r\n"
		    "a OK ID completed\r\n",
		    NULL },
		{ "a ID ()\r\n",
		    "* ID (\"name\" \"Chancery\")\r\na OK ID completed\r\n",
		    NULL },
		{ "a ID (\"name\")\r\n",
		    "a BAD ID takes a list of strings or NIL\r\n", NULL },
		{ "a STARTTLS\r\n", "a BAD TLS is active already\r\n", NULL },
		{ "a SELECT INBOX\r\n", "a BAD Unknown here: log in first\r\n",
		    NULL },
		{ "a NOOP \r\n", "a BAD NOOP takes no argument\r\n", NULL },
		{ "\r\n", "* BAD A tag and a command are expected\r\n", NULL },
		{ "a\r\n", "* BAD A tag and a command are expected\r\n", NULL },
		{ "+ NOOP\r\n", "* BAD A tag and a command are expected\r\n",
		    NULL },
		{ "a \r\n", "a BAD A tag and a command are expected\r\n",
		    NULL },
		{ "GET / HTTP/1.1\r\nHost: x\r\n\r\nmore\r\n",
		    "GET BAD Unknown here: log in first\r\n"
		    "Host: BAD Unknown here: log in first\r\n"
		    "* BAD A tag and a command are expected\r\n" BYE_ERRORS,
		    "more\r\n" },
	};

	(void)state;
	talk_all(&imap_login, TLS, cases, NELEMS(cases));
}

static void
imap_logs_in(void **state)
{
	static const struct dialogue cases[] = {
		{ "a LOGIN ada secret\r\nb SELECT INBOX\r\n", "<DONE a ada>",
		    "b SELECT INBOX\r\n" },
		{ "a LOGIN \"ada\" \"secret\"\r\n", "<DONE a ada>", NULL },
		{ "a LOGIN \"ada\" \"sec\\ret\"\r\n",
		    "a BAD LOGIN takes a user and a password\r\n", NULL },
		{ "a LOGIN {3}\r\nada {6}\r\nsecret\r\n",
		    "+ Go on\r\n+ Go on\r\n<DONE a ada>", NULL },
		{ "a LOGIN {3+}\r\nada {6+}\r\nsecret\r\nx", "<DONE a ada>",
		    "x" },
		{ "a LOGIN ada {6}\r\nsecret\r\n", "+ Go on\r\n<DONE a ada>",
		    NULL },
		{ "a LOGIN ada later\r\n",
		    "a NO [UNAVAILABLE] Temporary authentication failure\r\n",
		    NULL },
		{ "a LOGIN ada wrong\r\nb LOGIN ada wrong\r\nc NOOP\r\n",
		    "a NO [AUTHENTICATIONFAILED] Authentication failed\r\n"
		    "b NO [AUTHENTICATIONFAILED] Authentication failed\r\n"
		    "* BYE Too many failed logins\r\n<CLOSE>",
		    "c NOOP\r\n" },
		{ "a LOGIN ada\r\n",
		    "a BAD LOGIN takes a user and a password\r\n", NULL },
		{ "a LOGIN ada secret x\r\n",
		    "a BAD LOGIN takes a user and a password\r\n", NULL },
		{ "a LOGIN ada {1025}\r\n",
		    "a BAD [TOOBIG] Literal too large\r\n", NULL },
		{ "a LOGIN ada {1025+}\r\n",
		    "a BAD [TOOBIG] Literal too large\r\n"
		    "* BYE Literal refused\r\n<CLOSE>",
		    NULL },
		{ "a LOGIN ada {4294967296}\r\n",
		    "a BAD [TOOBIG] Literal too large\r\n"
		    "* BYE Literal refused\r\n<CLOSE>",
		    NULL },
		{ "a LOGIN {1}\r\na {1}\r\na {1}\r\na {1}\r\na {1}\r\n",
		    "+ Go on\r\n+ Go on\r\n+ Go on\r\n+ Go on\r\n"
		    "a BAD [TOOBIG] Literal too large\r\n",
		    NULL },
		{ "a NOOP {1}\r\n", "a BAD No literal is expected here\r\n",
		    NULL },
		{ "a APPEND x {9+}\r\n",
		    "a BAD No literal is expected here\r\n"
		    "* BYE Literal refused\r\n<CLOSE>",
		    NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		talk(&imap_login, TLS, &cases[i], SIZE_MAX);
		if (cases[i].left == NULL)
			talk(&imap_login, TLS, &cases[i], 1);
	}
}

static void
imap_authenticates(void **state)
{
	static const struct dialogue cases[] = {
		{ "a AUTHENTICATE PLAIN AGFkYQBzZWNyZXQ=\r\nrest",
		    "<DONE a ada>", "rest" },
		{ "a AUTHENTICATE plain\r\nAGFkYQBzZWNyZXQ=\r\n",
		    "+ \r\n<DONE a ada>", NULL },
		{ "a AUTHENTICATE PLAIN =\r\n",
		    "a NO [AUTHENTICATIONFAILED] Authentication failed\r\n",
		    NULL },
		{ "a AUTHENTICATE PLAIN AGFkYQBzZWNyZXQ\r\n",
		    "a BAD Initial response is not base64\r\n", NULL },
		{ "a AUTHENTICATE PLAIN\r\n*\r\nb NOOP\r\n",
		    "+ \r\na BAD Authentication cancelled\r\n<CANCEL>"
		    "b OK NOOP completed\r\n",
		    NULL },
		{ "a AUTHENTICATE PLAIN\r\n!!\r\nb NOOP\r\n",
		    "+ \r\na BAD Response is not base64\r\n<CANCEL>"
		    "b OK NOOP completed\r\n",
		    NULL },
		{ "a AUTHENTICATE PLAIN\r\nAGFkYQB\n",
		    "+ \r\na BAD Not a response\r\n"
		    "* BYE Not a response\r\n<CLOSE>",
		    "AGFkYQB\n" },
		{ "a AUTHENTICATE LOGIN\r\nYWRh\r\nc2VjcmV0\r\n",
		    "+ VXNlcm5hbWU6\r\n+ UGFzc3dvcmQ6\r\n<DONE a ada>", NULL },
		{ "a AUTHENTICATE LOGIN YWRh\r\nc2VjcmV0\r\n",
		    "+ UGFzc3dvcmQ6\r\n<DONE a ada>", NULL },
		{ "a AUTHENTICATE SCRAM-SHA-256 eA==\r\n\r\n",
		    "+ dj1ybUY5cHFWOFM3c3VBb1pXamE0ZEpSa0ZzS1E9\r\n<DONE a >",
		    NULL },
		{ "a AUTHENTICATE SCRAM-SHA-256 eA==\r\neA==\r\n",
		    "+ dj1ybUY5cHFWOFM3c3VBb1pXamE0ZEpSa0ZzS1E9\r\n"
		    "a BAD Response is not base64\r\n<CANCEL>",
		    NULL },
		{ "a AUTHENTICATE GSSAPI\r\n",
		    "a NO [CANNOT] Mechanism not supported\r\n", NULL },
		{ "a AUTHENTICATE\r\n",
		    "a BAD AUTHENTICATE takes a mechanism\r\n", NULL },
		{ "a AUTHENTICATE PLAIN(\r\n",
		    "a BAD AUTHENTICATE takes a mechanism\r\n", NULL },
	};

	(void)state;
	talk_all(&imap_login, TLS, cases, NELEMS(cases));
}

static void
imap_takes_no_password_in_the_clear(void **state)
{
	static const struct dialogue cases[] = {
		{ "a CAPABILITY\r\n",
		    "* CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE "
		    "STARTTLS LOGINDISABLED AUTH=SCRAM-SHA-256\r\n"
		    "a OK Capability completed\r\n",
		    NULL },
		{ "a LOGIN ada secret\r\n",
		    "a NO [PRIVACYREQUIRED] Use TLS before sending a "
		    "password\r\n",
		    NULL },
		/* No "+": the password need not come at all. */
		{ "a LOGIN ada {6}\r\n",
		    "a NO [PRIVACYREQUIRED] Use TLS before sending a "
		    "password\r\n",
		    NULL },
		{ "a AUTHENTICATE PLAIN AGFkYQBzZWNyZXQ=\r\n",
		    "a NO [PRIVACYREQUIRED] Use TLS before sending a "
		    "password\r\n",
		    NULL },
		{ "a STARTTLS\r\n", "a OK Begin TLS negotiation now\r\n<TLS>",
		    NULL },
		{ "a STARTTLS x\r\n", "a BAD STARTTLS takes no argument\r\n",
		    NULL },
	};
	static const struct dialogue none = { "a STARTTLS\r\n",
		"a NO [UNAVAILABLE] TLS is not available\r\n", NULL };
	static const struct dialogue local = { "a LOGIN ada secret\r\n",
		"<DONE a ada>", NULL };

	(void)state;
	talk_all(&imap_login, STARTTLS, cases, NELEMS(cases));
	talk(&imap_login, PLAIN_TEXT, &none, SIZE_MAX);
	talk(&imap_login, LOCAL, &local, SIZE_MAX);
}

static void
nothing_may_follow_starttls(void **state)
{
	static const struct dialogue imap = {
		"a STARTTLS\r\nb LOGIN ada secret\r\n",
		"a BAD [CLIENTBUG] Nothing may follow STARTTLS\r\n"
		"* BYE Nothing may follow STARTTLS\r\n<CLOSE>",
		"b LOGIN ada secret\r\n",
	};
	static const struct dialogue pop3 = { "STLS\r\nUSER ada\r\n",
		"-ERR Nothing may follow STLS\r\n<CLOSE>", "USER ada\r\n" };

	(void)state;
	talk(&imap_login, STARTTLS, &imap, SIZE_MAX);
	talk(&pop3_login, STARTTLS, &pop3, SIZE_MAX);
}

static void
only_crlf_ends_a_line(void **state)
{
	static const struct dialogue imap[] = {
		{ "a NOOP\nb NOOP\r\n",
		    "* BAD Lines end with CRLF\r\nb OK NOOP completed\r\n",
		    NULL },
		{ "a NOOP\rb NOOP\r\nc NOOP\r\n",
		    "* BAD Lines end with CRLF\r\nc OK NOOP completed\r\n",
		    NULL },
		{ "a LOGIN {3}\r\nada secret\nb NOOP\r\n",
		    "+ Go on\r\n* BAD Lines end with CRLF\r\n"
		    "* BYE Cannot go on\r\n<CLOSE>",
		    "a LOGIN {3}\r\nada secret\nb NOOP\r\n" },
	};
	static const struct dialogue pop3[] = {
		{ "CAPA\nQUIT\r\n",
		    "-ERR Lines end with CRLF\r\n+OK Bye\r\n<CLOSE>", NULL },
	};

	(void)state;
	talk_all(&imap_login, TLS, imap, NELEMS(imap));
	talk_all(&pop3_login, TLS, pop3, NELEMS(pop3));
}

/* A line one byte longer than may be, and one that is just short enough. */
static void
lines_have_a_limit(void **state)
{
	static char text[LOGIN_INPUT_MAX + 1];
	struct dialogue d = { text,
		"* BAD [TOOBIG] Line too long\r\n* BYE Cannot go on\r\n"
		"<CLOSE>",
		text };

	(void)state;
	memset(text, 'x', LOGIN_INPUT_MAX);
	memcpy(text, "a NOOP ", 7);
	talk(&imap_login, TLS, &d, SIZE_MAX);
	d.out = "-ERR Line too long\r\n<CLOSE>";
	talk(&pop3_login, TLS, &d, SIZE_MAX);
	memcpy(text + LOGIN_INPUT_MAX - 2, "\r\n", 2);
	d.out = "a BAD NOOP takes no argument\r\n";
	d.left = NULL;
	talk(&imap_login, TLS, &d, SIZE_MAX);
	d.out = "-ERR Unknown here: log in first\r\n";
	talk(&pop3_login, TLS, &d, SIZE_MAX);
}

static void
pop3_answers_each_command(void **state)
{
	static const struct dialogue cases[] = {
		{ "capa\r\n",
		    "+OK Capabilities follow\r\nTOP\r\nUIDL\r\nRESP-CODES\r\n"
		    "AUTH-RESP-CODE\r\nPIPELINING\r\nUSER\r\n"
		    "SASL PLAIN LOGIN SCRAM-SHA-256\r\n"
		    "UTF8\r\nLANG\r\nIMPLEMENTATION Chancery\r\n.\r\n",
		    NULL },
		{ "USER ada\r\nPASS secret\r\nSTAT\r\n",
		    "+OK Send the password\r\n<DONE  ada>", "STAT\r\n" },
		{ "USER ada\r\nPASS wrong one\r\nPASS secret\r\n",
		    "+OK Send the password\r\n"
		    "-ERR [AUTH] Authentication failed\r\n"
		    "-ERR USER comes first\r\n",
		    NULL },
		{ "USER ada\r\nPASS later\r\n",
		    "+OK Send the password\r\n-ERR [SYS/TEMP] Temporary "
		    "authentication failure\r\n",
		    NULL },
		{ "UTF8\r\nutf8\r\nUTF8 x\r\nUSER ada\r\nPASS secret\r\n",
		    "+OK UTF-8 from now on\r\n+OK UTF-8 from now on\r\n"
		    "-ERR No argument is expected\r\n"
		    "+OK Send the password\r\n<DONE  ada>",
		    NULL },
		{ "USER \374\r\nUSER ada\r\nPASS \374\r\n",
		    "-ERR USER takes a name\r\n+OK Send the password\r\n"
		    "-ERR Not a password\r\n",
		    NULL },
		{ "USER\r\nUSER \r\nPASS\r\n",
		    "-ERR USER takes a name\r\n-ERR USER takes a name\r\n"
		    "-ERR USER comes first; too many wrong commands\r\n"
		    "<CLOSE>",
		    NULL },
		{ "AUTH\r\n",
		    "+OK Mechanisms follow\r\nPLAIN\r\nLOGIN\r\n"
		    "SCRAM-SHA-256\r\n.\r\n",
		    NULL },
		{ "AUTH PLAIN AGFkYQBzZWNyZXQ=\r\nSTAT\r\n", "<DONE  ada>",
		    "STAT\r\n" },
		{ "AUTH PLAIN\r\nAGFkYQBzZWNyZXQ=\r\n", "+ \r\n<DONE  ada>",
		    NULL },
		{ "AUTH PLAIN\r\n*\r\nQUIT\r\n",
		    "+ \r\n-ERR Authentication cancelled\r\n<CANCEL>"
		    "+OK Bye\r\n<CLOSE>",
		    NULL },
		{ "AUTH PLAIN x\r\n", "-ERR Initial response is not base64\r\n",
		    NULL },
		{ "AUTH LOGIN\r\nYWRh\r\nc2VjcmV0\r\n",
		    "+ VXNlcm5hbWU6\r\n+ UGFzc3dvcmQ6\r\n<DONE  ada>", NULL },
		{ "AUTH SCRAM-SHA-256 eA==\r\n\r\n",
		    "+ dj1ybUY5cHFWOFM3c3VBb1pXamE0ZEpSa0ZzS1E9\r\n<DONE  >",
		    NULL },
		{ "AUTH CRAM-MD5\r\n", "-ERR Mechanism not supported\r\n",
		    NULL },
		{ "STLS\r\n", "-ERR TLS is active already\r\n", NULL },
		{ "STAT\r\n", "-ERR Unknown here: log in first\r\n", NULL },
		{ "APOP x y\r\n", "-ERR Unknown here: log in first\r\n", NULL },
		{ "\r\n", "-ERR Unknown here: log in first\r\n", NULL },
		{ "QUIT now\r\n", "-ERR No argument is expected\r\n", NULL },
		{ "QUIT\r\n", "+OK Bye\r\n<CLOSE>", NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		talk(&pop3_login, TLS, &cases[i], SIZE_MAX);
		if (cases[i].left == NULL)
			talk(&pop3_login, TLS, &cases[i], 1);
	}
}

static void
pop3_takes_no_password_in_the_clear(void **state)
{
	static const struct dialogue cases[] = {
		{ "CAPA\r\n",
		    "+OK Capabilities follow\r\nTOP\r\nUIDL\r\nRESP-CODES\r\n"
		    "AUTH-RESP-CODE\r\nPIPELINING\r\nSASL SCRAM-SHA-256\r\n"
		    "STLS\r\nUTF8\r\nLANG\r\nIMPLEMENTATION Chancery\r\n.\r\n",
		    NULL },
		{ "UTF8\r\nSTLS\r\n",
		    "+OK UTF-8 from now on\r\n-ERR STLS comes before UTF8\r\n",
		    NULL },
		{ "USER ada\r\nPASS secret\r\n",
		    "-ERR Use STLS before sending a password\r\n"
		    "-ERR Use STLS before sending a password\r\n",
		    NULL },
		{ "AUTH PLAIN AGFkYQBzZWNyZXQ=\r\n",
		    "-ERR Use STLS before sending a password\r\n", NULL },
		{ "STLS\r\n", "+OK Begin TLS negotiation now\r\n<TLS>", NULL },
	};

	(void)state;
	talk_all(&pop3_login, STARTTLS, cases, NELEMS(cases));
}

/* With LOGIN the second response is the password, never the log's name. */
static void
a_password_is_not_taken_for_a_name(void **state)
{
	struct login login;
	struct buf out;
	struct err err;

	(void)state;
	buf_init(&out, 0);
	login_init(&login, &rules, &out);
	login_begin(&login, STR("LOGIN"));
	assert_int_equal(login_use_base64(&login, STR(""), false, &err), 0);
	assert_int_equal(login_use_base64(&login, STR("c2VjcmV0"), false, &err),
	    0);
	assert_int_equal(login.user.len, 0);
	login_begin(&login, STR("PLAIN"));
	assert_int_equal(login_use_base64(&login, STR("c2VjcmV0"), true, &err),
	    0);
	assert_int_equal(login.user.len, 0);
	login_clear(&login);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(imap_answers_each_command),
		cmocka_unit_test(imap_logs_in),
		cmocka_unit_test(imap_authenticates),
		cmocka_unit_test(imap_takes_no_password_in_the_clear),
		cmocka_unit_test(nothing_may_follow_starttls),
		cmocka_unit_test(only_crlf_ends_a_line),
		cmocka_unit_test(lines_have_a_limit),
		cmocka_unit_test(pop3_answers_each_command),
		cmocka_unit_test(pop3_takes_no_password_in_the_clear),
		cmocka_unit_test(a_password_is_not_taken_for_a_name),
	};

	return cmocka_run_group_tests_name("front/login", tests, NULL, NULL);
}

#include "front/login.h"

#include "base/base64.h"

enum { TAG_MAX = 128, MECH_MAX = 20 }; /* RFC 4422: mechanisms have 20 */

void
login_init(struct login *login, const struct login_rules *rules,
    struct buf *out)
{
	*login = (struct login){ .rules = rules, .out = out };
	buf_init(&login->tag, TAG_MAX);
	buf_init(&login->user, LOGIN_WORD_MAX);
	buf_init(&login->mech, MECH_MAX);
	buf_init_secret(&login->response, AUTH_RESPONSE_MAX);
}

void
login_clear(struct login *login)
{
	buf_clear(&login->tag);
	buf_clear(&login->user);
	buf_clear(&login->mech);
	buf_clear(&login->response);
}

void
login_forget(struct login *login)
{
	login->state = LOGIN_COMMAND;
	login->asked = 0;
	login->utf8 = false;
	login->has_initial = false;
	buf_reset(&login->tag);
	buf_reset(&login->user);
	buf_reset(&login->mech);
	buf_reset(&login->response);
}

/* Is it one that sends the password as it is? */
static bool
mech_is_plain(struct str mech)
{
	return str_ieqz(mech, "PLAIN") || str_ieqz(mech, "LOGIN");
}

bool
login_offers(const struct login *login, const struct str *mech)
{
	if (str_iends(*mech, STR("-PLUS")))
		return login->bound;
	if (str_ieqz(*mech, "EXTERNAL"))
		return login->certified;
	return login->secure || !mech_is_plain(*mech);
}

const struct str *
login_find_mech(const struct login *login, struct str name)
{
	for (size_t i = 0; i < login->rules->mechs; i++)
		if (str_ieq(login->rules->mech[i], name) &&
		    (mech_is_plain(name) ||
			login_offers(login, &login->rules->mech[i])))
			return &login->rules->mech[i];
	return NULL;
}

void
login_begin(struct login *login, struct str mech)
{
	buf_reset(&login->user);
	buf_reset(&login->mech);
	buf_reset(&login->response);
	(void)buf_add_str(&login->mech, mech);
	login->has_initial = false;
	login->noted = false;
}

/* message = [authzid] UTF8NUL authcid UTF8NUL passwd */
void
login_use_password(struct login *login, struct str user, struct str password)
{
	struct buf name;

	/* user may be our own buffer, which login_begin empties */
	buf_init(&name, LOGIN_WORD_MAX);
	(void)buf_add_str(&name, user);
	login_begin(login, STR("PLAIN"));
	(void)buf_add_str(&login->user, buf_str(&name));
	buf_clear(&name);
	(void)buf_addc(&login->response, '\0');
	(void)buf_add_str(&login->response, buf_str(&login->user));
	(void)buf_addc(&login->response, '\0');
	(void)buf_add_str(&login->response, password);
	login->has_initial = true;
	login->noted = true;
}

/*
 * For the log: whose password it was, as far as we can see it. With LOGIN the
 * first response is the name and the second the password, so only the first
 * is ever looked at, even an empty one.
 */
static void
note_user(struct login *login)
{
	struct str rest = buf_str(&login->response), part = rest;

	login->noted = true;
	if (str_eqz(buf_str(&login->mech), "PLAIN")) {
		if (!str_split(&rest, '\0', &part) ||
		    !str_split(&rest, '\0', &part) || rest.p == NULL)
			return;
	} else if (!str_eqz(buf_str(&login->mech), "LOGIN")) {
		return;
	}
	(void)buf_add_str(&login->user, str_sub(part, 0, LOGIN_WORD_MAX));
}

int
login_use_base64(struct login *login, struct str text, bool initial,
    struct err *err)
{
	buf_reset(&login->response);
	login->has_initial = initial;
	if (initial && str_eqz(text, "="))
		return 0;
	if (base64_decode(&login->response, text, err) < 0)
		return -1;
	if (!login->noted)
		note_user(login);
	return 0;
}

enum login_next
login_take_response(struct login *login, struct str line, const char **trouble)
{
	bool last = login->state == LOGIN_LAST;
	struct err err;

	login->state = LOGIN_COMMAND;
	if (last && line.len == 0)
		return LOGIN_DONE;
	*trouble = "Authentication cancelled";
	if (str_eqz(line, "*"))
		return LOGIN_CANCEL;
	*trouble = "Response is not base64";
	if (last || login_use_base64(login, line, false, &err) < 0)
		return LOGIN_CANCEL;
	login->state = LOGIN_ASKED;
	return LOGIN_RESPOND;
}

/* "+ " and the challenge in base64. */
static enum login_next
challenge_client(struct login *login, struct str challenge,
    enum login_state state)
{
	(void)buf_addz(login->out, "+ ");
	(void)base64_encode(login->out, challenge);
	(void)buf_addz(login->out, "\r\n");
	login->state = state;
	return LOGIN_AGAIN;
}

bool
login_take_verdict(struct login *login, enum auth_status status,
    struct str challenge, enum login_next *next)
{
	login->state = LOGIN_COMMAND;
	if (status == AUTH_CONTINUE)
		*next = challenge_client(login, challenge, LOGIN_EXCHANGE);
	else if (status == AUTH_OK && challenge.len > 0)
		*next = challenge_client(login, challenge, LOGIN_LAST);
	else if (status == AUTH_OK)
		*next = LOGIN_DONE;
	else
		return false;
	return true;
}

bool
login_count_error(struct login *login)
{
	return ++login->errors >= login->rules->max_errors;
}

bool
login_count_failure(struct login *login)
{
	return ++login->failures >= login->rules->max_failures;
}

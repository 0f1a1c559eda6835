/*
 * AUTH: RFC 4954. The exchange itself is authd's; here it is carried in
 * base64 lines. What may be a password is wiped where it passes.
 */
#include "base/base64.h"
#include "base/log.h"
#include "smtpd/command.h"
#include "smtpd/rate.h"

/* A response of the client: decoded into out. -1: answered. */
static int
decode(struct session *s, struct str text, struct buf *out)
{
	struct err err;

	if (base64_decode(out, text, &err) < 0)
		return session_reply(s, 501, "5.5.2",
		    "Error: malformed authentication response");
	return 0;
}

/* 334 and the client's next response. -1: it gave up, or the stream ended. */
static int
challenge(struct session *s, struct str bytes, struct buf *response)
{
	struct auth_step step;
	struct str line;
	struct buf text;
	struct err err;

	buf_init(&text, 0);
	(void)base64_encode(&text, bytes);
	(void)session_reply(s, 334, NULL, "%s", buf_cstr(&text));
	buf_clear(&text);
	buf_reset(response);
	if (smtp_server_read_line(&s->server, AUTH_RESPONSE_MAX, &line) < 0) {
		; /* refused and answered, or gone */
	} else if (str_eqz(line, "*")) {
		(void)session_reply(s, 501, "5.7.0", "Authentication aborted");
	} else if (decode(s, line, response) == 0) {
		return 0;
	}
	(void)s->peers->ops->auth_cancel(s->peers->ctx, &step, &err);
	return -1;
}

static int
refuse(struct session *s, const struct auth_step *step)
{
	static const struct {
		int code;
		const char *status, *text, *log;
	} replies[] = {
		[AUTH_FAIL] = { 535, "5.7.8",
		    "Error: authentication failed: authentication failure",
		    "authentication failure" },
		[AUTH_TEMP] = { 454, "4.7.0",
		    "Temporary authentication failure", "temporary failure" },
		[AUTH_BADMECH] = { 504, "5.5.4",
		    "Error: unrecognized authentication type",
		    "no mechanism available" },
		[AUTH_BADPROTO] = { 501, "5.5.2",
		    "Error: malformed authentication response",
		    "bad protocol / cancel" },
	};
	size_t status = step->status;

	if (status < AUTH_FAIL || status >= NELEMS(replies))
		status = AUTH_TEMP;
	session_count(s, SMTPD_LOGIN_FAILURES, 1);
	log_warn("warning: %s: SASL %" STR_F " authentication failed: %s",
	    session_client(s), STR_A(s->mech), replies[status].log);
	return session_reply(s, replies[status].code, replies[status].status,
	    "%s", replies[status].text);
}

static int
accept_user(struct session *s, const struct auth_step *step)
{
	struct buf nothing;
	int ret = 0;

	/* authd's answer dies with the next question. */
	s->user = arena_str(s->arena, step->user);
	/* The server's last word goes as a challenge (section 4, end). */
	if (step->challenge.len > 0) {
		buf_init(&nothing, 0);
		ret = challenge(s, step->challenge, &nothing);
		buf_clear_secret(&nothing);
	}
	if (ret < 0 || s->user.len == 0) {
		session_forget_user(s); /* authd counts it already */
		return -1;
	}
	session_count(s, SMTPD_LOGINS, 1);
	return session_reply(s, 235, "2.7.0", "Authentication successful");
}

/* From the client's first response, if it sent one, to the end. */
static int
exchange(struct session *s, bool has_initial, struct buf *response)
{
	struct auth_start start = {
		.session = s->facts.session,
		.service = STR("smtp"),
		.mech = s->mech,
		.has_initial = has_initial,
		.initial = buf_str(response),
		.client_addr = s->facts.client_addr,
		.local_addr = s->facts.local_addr,
		.secure = s->facts.tls_version.len > 0 || s->facts.loopback ||
		    !s->conf->tls_auth_only,
		.tls_binding = s->facts.tls_binding,
		.tls_unique = s->facts.tls_unique,
		.tls_client = s->facts.tls_client,
	};
	struct auth_step step = { 0 };
	struct err err;
	int ret;

	ret = s->peers->ops->auth_start(s->peers->ctx, &start, &step, &err);
	while (ret == 0 && step.status == AUTH_CONTINUE) {
		if (challenge(s, step.challenge, response) < 0)
			return -1;
		ret = s->peers->ops->auth_next(s->peers->ctx, buf_str(response),
		    &step, &err);
	}
	if (ret < 0) {
		log_warn("authd: %s", err.text);
		step.status = AUTH_TEMP;
	}
	if (step.status == AUTH_OK)
		return accept_user(s, &step);
	return refuse(s, &step);
}

static int
check_order(struct session *s)
{
	if (!s->conf->sasl || !s->extended)
		return session_reply(s, 503, "5.5.1",
		    "Error: authentication not enabled");
	if (!session_may_auth(s))
		return session_reply(s, 538, "5.7.11",
		    "Encryption required for requested authentication "
		    "mechanism");
	if (s->t.open)
		return session_reply(s, 503, "5.5.1",
		    "Error: MAIL transaction in progress");
	if (s->user.len > 0)
		return session_reply(s, 503, "5.5.1",
		    "Error: already authenticated");
	return 0;
}

/* Has the connection what the mechanism needs? */
static bool
is_usable(const struct session *s, struct str mech)
{
	if (str_iends(mech, STR("-PLUS")))
		return s->facts.tls_binding.len > 0 ||
		    s->facts.tls_unique.len > 0;
	if (str_ieqz(mech, "EXTERNAL"))
		return s->facts.tls_client.len > 0;
	return true;
}

/* Is mech one of those EHLO lists? */
static bool
is_offered(const struct session *s, struct str mech)
{
	struct str rest = str_of(s->conf->mechanisms), word;

	while (str_take_word(&rest, &word))
		if (str_ieq(word, mech))
			return is_usable(s, word);
	return false;
}

void
auth_list(const struct session *s, struct buf *out)
{
	struct str rest = str_of(s->conf->mechanisms), word;

	if (!session_may_auth(s))
		return;
	(void)buf_addz(out, "AUTH");
	while (str_take_word(&rest, &word))
		if (is_usable(s, word))
			(void)buf_addf(out, " %" STR_F, STR_A(word));
	(void)buf_addc(out, '\n');
}

int
auth_command(struct session *s, struct str args)
{
	struct str mech = STR("");
	struct buf response;
	bool initial;
	int ret = 0;

	if (check_order(s) < 0)
		return -1;
	if (!rate_allows(s, HANDOVER_AUTH))
		return session_reply(s, 450, "4.7.1",
		    "Error: too many AUTH commands from %" STR_F,
		    STR_A(s->facts.client_addr));
	initial = str_chr(args, ' ') >= 0;
	(void)str_split(&args, ' ', &mech);
	if (mech.len == 0)
		return session_reply(s, 501, "5.5.4", "Syntax: AUTH mechanism");
	if (!is_offered(s, mech))
		return session_reply(s, 504, "5.5.4",
		    "Error: unrecognized authentication type");
	buf_init(&response, AUTH_RESPONSE_MAX);
	s->mech = arena_str(s->arena, mech);
	/* "=" is an initial response of no bytes. */
	if (initial && !str_eqz(str_trim(args), "="))
		ret = decode(s, str_trim(args), &response);
	if (ret == 0)
		ret = exchange(s, initial, &response);
	buf_clear_secret(&response);
	return ret;
}

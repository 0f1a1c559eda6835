/*
 * What comes before login, in IMAP ("i" first) and POP3 (anything else). The
 * second byte says under which conditions and how authd answers. Whatever is
 * said, the input is taken or refused within its bound, every round does
 * something, and nothing is taken while authd is asked.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "front/login.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct login_rules rules = {
	.hostname = "mail.example.org",
	.mech = { { "PLAIN", 5 }, { "LOGIN", 5 }, { "SCRAM-SHA-256", 13 } },
	.mechs = 3,
	.max_errors = 20,
	.max_failures = 5,
};

/* One round; false when the conversation is over. */
static bool
turn(const struct login_proto *proto, struct login *login, struct str *in,
    uint8_t *mood)
{
	struct str before = *in;
	enum login_next next = proto->step(login, in);

	if (in->len > before.len || in->p + in->len != before.p + before.len)
		abort();
	if (login->out->len > 0 && login->out->p[login->out->len - 1] != '\n')
		abort();
	*mood = (uint8_t)(*mood * 5 + 1);
	switch (next) {
	case LOGIN_START:
	case LOGIN_RESPOND:
		before = *in;
		if (proto->step(login, in) != LOGIN_WAIT || in->p != before.p)
			abort();
		next = proto->verdict(login, *mood % (AUTH_BADPROTO + 1),
		    *mood & 32 ? STR("challenge") : STR(""));
		return next == LOGIN_AGAIN;
	case LOGIN_TLS:
		if (in->len > 0)
			abort();
		return false;
	case LOGIN_AGAIN:
	case LOGIN_CANCEL:
		return in->len < before.len;
	case LOGIN_WAIT:
		if (in->len >= LOGIN_INPUT_MAX)
			abort();
		return false;
	default:
		return false;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct login_proto *proto;
	struct login login;
	struct buf out;
	struct str in;
	uint8_t mood;

	if (size < 2)
		return 0;
	proto = data[0] == 'i' ? &imap_login : &pop3_login;
	mood = data[1];
	in = str_make(data + 2, size - 2);
	buf_init(&out, 0);
	login_init(&login, &rules, &out);
	login.tls = mood & 64;
	login.can_starttls = !login.tls;
	login.secure = login.tls || mood & 128;
	/* front's buffer holds no more, so no step sees more */
	in.len = in.len > LOGIN_INPUT_MAX ? LOGIN_INPUT_MAX : in.len;
	proto->greet(&login);
	while (turn(proto, &login, &in, &mood))
		continue;
	proto->bye(&login, "bye");
	login_clear(&login);
	buf_clear(&out);
	return 0;
}

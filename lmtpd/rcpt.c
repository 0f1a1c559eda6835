/*
 * RCPT TO: RFC 5321 section 4.1.1.3. Who has no mailbox is refused here and
 * now, with rewrite's word for it.
 */
#include "base/alloc.h"
#include "base/attr.h"
#include "base/log.h"
#include "base/num.h"
#include "lmtpd/command.h"
#include "store/format.h"

static int
refuse(struct session *s, uint8_t status, struct str address)
{
	static const struct {
		int code;
		const char *status, *text;
	} replies[] = {
		[REWRITE_UNKNOWN] = { 550, "5.1.1", "User unknown" },
		[REWRITE_FOREIGN] = { 550, "5.1.2", "Not one of our domains" },
		[REWRITE_DISABLED] = { 550, "5.2.1",
		    "The mailbox takes no mail" },
		[REWRITE_LOOP] = { 550, "5.4.6", "Aliases run in a circle" },
	};

	if (status >= NELEMS(replies) || replies[status].code == 0)
		return session_reply(s, 451, "4.3.0",
		    "[site] rewrite gave a strange answer");
	return session_reply(s, replies[status].code, replies[status].status,
	    "<%" STR_F ">: %s", STR_A(address), replies[status].text);
}

/* A detail that cannot name a mailbox is none: INBOX. */
static struct str
mailbox_for(struct session *s, struct str detail)
{
	struct err err;

	if (detail.len == 0 || store_name_check(detail, &err) < 0)
		return STR("INBOX");
	return arena_str(s->t.arena, store_name_canonical(detail));
}

static void
add(struct session *s, const struct recipient *rcpt)
{
	struct transaction *t = &s->t;

	if (t->rcpt_len == t->rcpt_cap) {
		t->rcpt_cap = t->rcpt_cap * 2 + 4;
		t->rcpts =
		    xreallocarray(t->rcpts, t->rcpt_cap, sizeof(*t->rcpts));
	}
	t->rcpts[t->rcpt_len++] = *rcpt;
}

/* Ask rewrite who that is; kept if somebody. */
static int
look_up(struct session *s, struct recipient *rcpt)
{
	struct rewrite_user_answer answer;
	struct err err;

	if (s->peers->ops->user(s->peers->ctx, rcpt->address, &answer, s->line,
		&err) < 0) {
		log_warn("warning: lookup of a recipient: %s", err.text);
		/* others may be known well: RFC 3463 section 3.5 has 4.4.3 */
		if (err.cause == ERR_CAUSE_DIRECTORY)
			return session_reply(s, 451, "4.4.3",
			    "<%" STR_F ">: Temporary lookup failure",
			    STR_A(rcpt->address));
		return session_reply(s, 451, "4.3.0",
		    "[site] Temporary lookup failure");
	}
	if (answer.status != REWRITE_OK)
		return refuse(s, answer.status, rcpt->address);
	rcpt->user = arena_str(s->t.arena, answer.user);
	rcpt->quota = answer.quota;
	rcpt->quota_messages = answer.quota_messages;
	rcpt->post = answer.mailbox.len > 0;
	rcpt->mailbox =
	    mailbox_for(s, rcpt->post ? answer.mailbox : answer.detail);
	add(s, rcpt);
	return session_reply(s, 250, "2.1.5", "Ok");
}

/* XCHANCERY=number and nothing else: qmgr speaks of no DSN here. */
static int
take_params(struct session *s, struct str params, uint32_t *number)
{
	struct str xchancery;
	uint64_t n = s->t.rcpt_len;

	(void)smtp_param_take(&params, STR("XCHANCERY="), s->line, &xchancery);
	if (params.len > 0)
		return session_reply(s, 555, "5.5.4", "Unsupported option");
	if (xchancery.len > 0 &&
	    (!s->is_trusted || !num_parse(xchancery, UINT32_MAX, &n)))
		return session_reply(s, 501, "5.5.4", "Bad option: XCHANCERY");
	if (xchancery.len == 0 && s->t.queue != 0)
		return session_reply(s, 501, "5.5.4",
		    "XCHANCERY=number is missing");
	*number = (uint32_t)n;
	return 0;
}

int
rcpt_command(struct session *s, struct str args)
{
	struct recipient rcpt = { 0 };
	struct smtp_path path;
	struct err err;

	if (!s->t.open)
		return session_reply(s, 503, "5.5.1",
		    "Error: need MAIL command");
	if (!str_itake_str(&args, STR("TO:")))
		return session_reply(s, 501, "5.5.4",
		    "Syntax: RCPT TO:<address>");
	if (s->t.rcpt_len >= (size_t)s->conf->rcpt_limit)
		return session_reply(s, 452, "4.5.3",
		    "Error: too many recipients");
	if (smtp_path_parse(&path, &args, SMTP_PATH_POSTMASTER, s->t.arena,
		&err) < 0)
		return session_reply(s, 501, "5.1.3",
		    "Bad recipient address syntax");
	if (path.utf8 && !s->t.mail.smtputf8)
		return session_reply(s, 553, "5.6.7", "SMTPUTF8 is required");
	if (take_params(s, args, &rcpt.number) < 0)
		return -1;
	rcpt.address = path.address;
	return look_up(s, &rcpt);
}

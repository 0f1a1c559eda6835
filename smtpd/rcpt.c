/*
 * RCPT TO: RFC 5321 section 4.1.1.3. rewrite says who an address is, and who
 * will get the message; equal final recipients are merged.
 *
 * Who may send where is the restriction lists' to say (access.h). Whatever a
 * local part looks like ("a%b", "b!a", a source route), it is looked up as it
 * is and never taken for another address.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"
#include "queue/record.h"
#include "smtpd/command.h"
#include "smtpd/rate.h"

static int
parse(struct session *s, struct str args, struct smtp_path *rcpt,
    struct smtp_rcpt_params *params)
{
	struct err err;

	if (!str_itake_str(&args, STR("TO:")))
		return session_reply(s, 501, "5.5.4",
		    "Syntax: RCPT TO:<address>");
	while (str_take(&args, ' '))
		;
	if (smtp_path_parse(rcpt, &args, SMTP_PATH_POSTMASTER | SMTP_PATH_BARE,
		s->line, &err) < 0)
		return session_reply(s, 501, "5.1.3",
		    "Bad recipient address syntax");
	if (smtp_rcpt_params_parse(params, &args, SMTP_PARAM_DSN, &err) < 0)
		return err.kind == ERR_NOENT ?
		    session_reply(s, 555, "5.5.4", "Unsupported option") :
		    session_reply(s, 501, "5.5.4", "Bad option: %s", err.text);
	return 0;
}

/* What is not to be taken. */
static int
refuse(struct session *s, struct str address, int status)
{
	static const struct {
		int code;
		const char *status, *text;
	} refusals[] = {
		[REWRITE_UNKNOWN] = { 550, "5.1.1",
		    "Recipient address rejected: User unknown" },
		[REWRITE_FOREIGN] = { 550, "5.1.2",
		    "Recipient address rejected: no route to this domain" },
		[REWRITE_DISABLED] = { 550, "5.2.1",
		    "Recipient address rejected: mailbox disabled" },
		[REWRITE_LOOP] = { 550, "5.4.6",
		    "Recipient address rejected: alias loop" },
	};

	if (status <= REWRITE_OK || (size_t)status >= NELEMS(refusals))
		return session_reject(s, "RCPT", address, 451, "4.3.0",
		    "<%" STR_F ">: Temporary lookup failure", STR_A(address));
	return session_reject(s, "RCPT", address, refusals[status].code,
	    refusals[status].status, "<%" STR_F ">: %s", STR_A(address),
	    refusals[status].text);
}

/* Over quota; what comes is refused later anyway, as lmtpd would say it. */
static int
refuse_full(struct session *s, struct str address)
{
	bool later = s->conf->quota_tempfail;

	return session_reject(s, "RCPT", address, later ? 452 : 552,
	    later ? "4.2.2" : "5.2.2",
	    "<%" STR_F ">: Recipient address rejected: mailbox is full",
	    STR_A(address));
}

/* Addresses compare without case; key has REWRITE_ADDRESS_MAX bytes. */
static struct str
fold(char *key, struct str address)
{
	for (size_t i = 0; i < address.len; i++)
		key[i] = lower(address.p[i]);
	return str_make(key, address.len);
}

static void
remember(struct transaction *t, struct str address)
{
	char key[REWRITE_ADDRESS_MAX];

	(void)hash_put(t->seen, fold(key, address), t);
}

/* Was this final recipient there already? */
static bool
is_repeated(struct transaction *t, struct str address)
{
	char key[REWRITE_ADDRESS_MAX];

	if (address.len > sizeof(key))
		return false;
	if (t->rcpt_len < 2) /* most messages */
		return t->rcpt_len == 1 &&
		    str_ieq(address, t->rcpts[0].address);
	if (t->seen == NULL) {
		t->seen = hash_new();
		remember(t, t->rcpts[0].address);
		remember(t, t->rcpts[1].address);
	}
	return hash_get(t->seen, fold(key, address)) != NULL;
}

/* Take back all recipients but the first so many. */
void
rcpt_take_back(struct transaction *t, size_t left)
{
	char key[REWRITE_ADDRESS_MAX];

	while (t->rcpt_len > left) {
		struct str address = t->rcpts[--t->rcpt_len].address;

		if (t->seen != NULL)
			(void)hash_remove(t->seen, fold(key, address));
	}
}

/* What a RCPT command asks for, in the transaction's arena. */
struct asked {
	struct str original, orcpt;
	unsigned notify;
};

/* 0, or -1 when there is no room for it. */
static int
add_target(struct transaction *t, const struct rewrite_target *target,
    const struct asked *asked)
{
	struct queue_rcpt *rcpt;

	if (t->rcpt_len == QUEUE_RCPTS_MAX ||
	    target->address.len > REWRITE_ADDRESS_MAX)
		return -1;
	if (t->rcpt_len == t->rcpt_cap) {
		t->rcpt_cap = t->rcpt_cap == 0 ? 8 : t->rcpt_cap * 2;
		t->rcpts =
		    xreallocarray(t->rcpts, t->rcpt_cap, sizeof(*t->rcpts));
	}
	rcpt = &t->rcpts[t->rcpt_len];
	*rcpt = (struct queue_rcpt){
		.address = arena_str(t->arena, target->address),
		.orcpt = asked->orcpt,
		.original = asked->original,
		.notify = (uint8_t)asked->notify,
		.transport = arena_str(t->arena, target->transport),
		.nexthop = arena_str(t->arena, target->nexthop),
		.sender = arena_str(t->arena, target->sender),
		.forwarder = arena_str(t->arena, target->forwarder),
	};
	if (rcpt->address.p == NULL || rcpt->transport.p == NULL ||
	    rcpt->nexthop.p == NULL || rcpt->sender.p == NULL ||
	    rcpt->forwarder.p == NULL)
		return -1;
	if (t->seen != NULL)
		remember(t, rcpt->address);
	t->rcpt_len++;
	return 0;
}

static bool
keep_asked(struct transaction *t, struct asked *asked, struct str address,
    const struct smtp_rcpt_params *params)
{
	const char *orcpt = "";

	asked->notify = params->notify;
	asked->original = arena_str(t->arena, address);
	if (params->orcpt_type.len > 0)
		orcpt = arena_printf(t->arena, "%" STR_F ";%" STR_F,
		    STR_A(params->orcpt_type), STR_A(params->orcpt));
	if (orcpt == NULL || asked->original.p == NULL)
		return false;
	asked->orcpt = str_of(orcpt);
	return true;
}

/*
 * All of the answer's targets or none of them. Where there are several,
 * success is told of the address itself and asked of none of them (RFC 3461
 * section 5.2.7.3, c).
 */
int
rcpt_add_targets(struct transaction *t,
    const struct rewrite_rcpt_answer *answer, struct str address,
    const struct smtp_rcpt_params *params)
{
	const struct rewrite_target *targets = answer->targets.items;
	size_t before = t->rcpt_len;
	bool expanded =
	    answer->targets.count > 1 && params->notify & SMTP_NOTIFY_SUCCESS;
	struct asked asked;

	if (!keep_asked(t, &asked, address, params) ||
	    answer->targets.count > QUEUE_RCPTS_MAX - before)
		return -1;
	if (expanded)
		asked.notify &= ~(unsigned)SMTP_NOTIFY_SUCCESS;
	if (expanded && asked.notify == 0)
		asked.notify = SMTP_NOTIFY_NEVER;
	for (size_t i = 0; i < answer->targets.count; i++)
		if (!is_repeated(t, targets[i].address) &&
		    add_target(t, &targets[i], &asked) < 0) {
			rcpt_take_back(t, before);
			return -1;
		}
	if (expanded && t->rcpt_len > before)
		t->rcpts[before].notify |= QUEUE_NOTIFY_EXPANDED;
	if (t->accepted == 0)
		t->first_rcpt = asked.original;
	return 0;
}

static int
check_order(struct session *s)
{
	struct transaction *t = &s->t;

	if (!t->open)
		return session_reply(s, 503, "5.5.1",
		    "Error: need MAIL command");
	if (t->bdat != BDAT_NONE)
		return session_reply(s, 503, "5.5.1", "Error: RCPT after BDAT");
	if (t->accepted < s->conf->rcpt_limit)
		return 0;
	/* A client that does not stop is told off, but not at once. */
	(void)session_reject(s, "RCPT", STR(""), 452, "4.5.3",
	    "Error: too many recipients");
	if (++t->over > s->conf->rcpt_overshoot)
		s->server.errors++;
	s->server.errors--; /* its refusal counts one, too */
	return -1;
}

int
rcpt_command(struct session *s, struct str args)
{
	struct access_rcpt rcpt = { 0 };
	struct smtp_rcpt_params params;
	int64_t began;
	int ret;

	if (check_order(s) < 0 || parse(s, args, &rcpt.path, &params) < 0)
		return -1;
	s->t.refused++;
	if (!rate_allows(s, HANDOVER_RECIPIENT))
		return session_reject(s, "RCPT", rcpt.path.address, 450,
		    "4.7.1", "Error: too many recipients from %" STR_F,
		    STR_A(s->facts.client_addr));
	if (rcpt.path.utf8 && !s->t.mail.smtputf8)
		return session_reply(s, 553, "5.6.7",
		    "Must declare SMTPUTF8 to send unicode address");
	if (access_rcpt(s, &rcpt) < 0)
		return -1;
	began = time_mono();
	ret = access_rcpt_ask(s, &rcpt);
	session_observe(s, SMTPD_RCPT_TIME, time_mono() - began);
	if (ret < 0) {
		log_warn("recipient lookup: %s", rcpt.err.text);
		return session_reject(s, "RCPT", rcpt.path.address, 451,
		    "4.3.0", "<%" STR_F ">: Temporary lookup failure",
		    STR_A(rcpt.path.address));
	}
	if (rcpt.answer.status != REWRITE_OK &&
	    (rcpt.answer.status != REWRITE_FOREIGN ||
		rcpt.answer.targets.count == 0))
		return refuse(s, rcpt.path.address, rcpt.answer.status);
	if (rcpt.answer.full)
		return refuse_full(s, rcpt.path.address);
	if (data_need_id(s) < 0)
		return -1;
	if (rcpt_add_targets(&s->t, &rcpt.answer, rcpt.path.address, &params) <
	    0)
		return session_reject(s, "RCPT", rcpt.path.address, 452,
		    "4.5.3", "Error: too many recipients");
	s->t.accepted++;
	s->t.refused--;
	return session_reply(s, 250, "2.1.5", "Ok");
}

/*
 * The envelope towards the site: MAIL, RCPTs and DATA, in one go where the
 * site has PIPELINING (RFC 2920), one by one elsewhere.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "mime/convert.h"
#include "smtp/body.h"
#include "smtp/connect.h"
#include "smtp/reuse.h"
#include "smtp/session.h"

/*
 * Commands under way at a time: few enough that neither side's socket
 * buffers fill up (RFC 2920 section 3.1).
 */
enum { WINDOW = 50 };

enum step { STEP_RSET, STEP_MAIL, STEP_RCPT, STEP_DATA };

/* What one envelope_sync() asks, in order. */
struct exchange {
	struct session *s;
	size_t first; /* recipient */
	bool has_rset, has_mail, has_data;
	size_t count; /* of steps */
	size_t put, taken;
};

bool
envelope_is_waiting(const struct session *s)
{
	return s->t.open && (!s->t.mail_told || s->t.told < s->t.rcpt_len);
}

static enum step
step_at(const struct exchange *x, size_t i, size_t *rcpt)
{
	if (x->has_rset && i-- == 0)
		return STEP_RSET;
	if (x->has_mail && i-- == 0)
		return STEP_MAIL;
	*rcpt = x->first + i;
	return *rcpt < x->s->t.rcpt_len ? STEP_RCPT : STEP_DATA;
}

static void
put_mail(const struct session *s)
{
	const struct transaction *t = &s->t;
	struct mime_convert_opts opts;
	struct site *site = t->site;
	struct buf *out = &site->wire.out;
	bool grows;

	(void)body_conversion(s, &opts);
	grows = (opts.to_seven && !opts.lenient) || opts.to_lines;
	(void)buf_addf(out, "MAIL FROM:<%" STR_F ">", STR_A(t->sender.address));
	if (site_has(site, SMTP_EXT_SIZE) && t->mail.size > 0 && !grows)
		(void)buf_addf(out, " SIZE=%" PRIu64, t->mail.size);
	if (t->mail.body == SMTP_BODY_BINARY && !opts.to_lines)
		(void)buf_addz(out, " BODY=BINARYMIME");
	else if (site_has(site, SMTP_EXT_8BITMIME) &&
	    t->mail.body != SMTP_BODY_7BIT)
		(void)buf_addz(out, " BODY=8BITMIME");
	if (site_has(site, SMTP_EXT_SMTPUTF8) && t->mail.smtputf8)
		(void)buf_addz(out, " SMTPUTF8");
	if (site_has(site, SMTP_EXT_DSN)) {
		if (t->mail.ret != SMTP_RET_NONE)
			(void)buf_addf(out, " RET=%s",
			    t->mail.ret == SMTP_RET_FULL ? "FULL" : "HDRS");
		if (t->mail.envid.len > 0)
			(void)buf_addf(out, " ENVID=%" STR_F,
			    STR_A(t->mail.envid));
	}
	(void)buf_addz(out, "\r\n");
}

static void
put_notify(const struct smtp_rcpt_params *params, struct buf *out)
{
	static const char *const words[] = { "NEVER", "SUCCESS", "FAILURE",
		"DELAY" };
	const char *before = " NOTIFY=";

	for (unsigned i = 0; i < NELEMS(words); i++) {
		if (params->notify & 1U << i) {
			(void)buf_addf(out, "%s%s", before, words[i]);
			before = ",";
		}
	}
	if (params->orcpt.len > 0)
		(void)buf_addf(out, " ORCPT=%" STR_F ";%" STR_F,
		    STR_A(params->orcpt_type), STR_A(params->orcpt));
}

/* An address that this site cannot understand is not sent to it. */
static bool
is_foreign(const struct transaction *t, const struct recipient *rcpt)
{
	return rcpt->utf8 && !site_has(t->site, SMTP_EXT_SMTPUTF8);
}

static void
put_rcpt(const struct transaction *t, const struct recipient *rcpt)
{
	struct buf *out = &t->site->wire.out;

	if (is_foreign(t, rcpt))
		return;
	(void)buf_addf(out, "RCPT TO:<%" STR_F ">", STR_A(rcpt->address));
	if (site_has(t->site, SMTP_EXT_DSN))
		put_notify(&rcpt->params, out);
	(void)buf_addz(out, "\r\n");
}

static void
put_step(struct exchange *x)
{
	struct transaction *t = &x->s->t;
	size_t rcpt = 0;

	switch (step_at(x, x->put++, &rcpt)) {
	case STEP_RSET:
		site_put(t->site, "RSET");
		break;
	case STEP_MAIL:
		put_mail(x->s);
		t->site->needs_rset = true; /* until the message went */
		break;
	case STEP_RCPT:
		put_rcpt(t, &t->rcpts[rcpt]);
		break;
	case STEP_DATA:
		site_put(t->site, "DATA");
		break;
	}
}

static int
take_mail(struct session *s)
{
	struct transaction *t = &s->t;

	if (site_reply(t->site, s->smtp->conf.timeout_mail, "sending MAIL FROM",
		&t->answer) == 0 &&
	    answer_remote(&t->answer, &t->site->reply, "MAIL") == 0)
		t->mail_ok = true;
	/* A site that says goodbye before it looked at anybody is away. */
	if (t->site->is_broken && !t->mail_ok)
		t->answer.is_site = true;
	return t->site->is_broken ? -1 : 0;
}

static void
tell_rcpt(struct session *s, bool ok)
{
	struct transaction *t = &s->t;
	struct recipient *rcpt = &t->rcpts[t->told];

	(void)session_answer(s, false);
	rcpt->accepted = ok;
	t->accepted += ok;
	t->told++;
	if (!ok)
		smtp_count(s->smtp,
		    t->answer.code / 100 == 5 ? SMTP_REFUSED : SMTP_DEFERRED,
		    1);
}

static int
take_rcpt(struct session *s)
{
	struct transaction *t = &s->t;
	bool ok;

	if (is_foreign(t, &t->rcpts[t->told])) {
		ok = answer_set(&t->answer, 553, "5.6.7",
			 "SMTPUTF8 is required, but was not offered by host "
			 "%s",
			 t->site->label) == 0;
		tell_rcpt(s, ok);
		return 0;
	}
	if (site_reply(t->site, s->smtp->conf.timeout_rcpt, "sending RCPT TO",
		&t->answer) < 0) {
		t->answer.is_site = t->told == 0;
		return -1;
	}
	/* What refused MAIL refuses them; "need MAIL" would be news to us. */
	ok = t->mail_ok &&
	    answer_remote(&t->answer, &t->site->reply, "RCPT") == 0;
	/* RFC 5321 section 4.5.3.1.10: too many of them, say old servers */
	if (t->site->reply.code == 552 && t->accepted > 0)
		answer_soften(&t->answer);
	tell_rcpt(s, ok);
	return t->site->is_broken ? -1 : 0;
}

/*
 * 354 although nobody was accepted must be answered by an empty message (RFC
 * 2920 section 3.1), whose reply nobody waits for.
 */
static int
take_data(struct session *s)
{
	struct transaction *t = &s->t;
	struct site *site = t->site;

	t->data_sent = true;
	if (site_reply(site, s->smtp->conf.timeout_data, "sending DATA command",
		&t->answer) < 0)
		return -1;
	t->go_ahead = site->reply.code == 354;
	if (!t->go_ahead) {
		if (smtp_reply_class(&site->reply) == 2)
			site->reply.code = 451; /* what was it to mean? */
		(void)answer_remote(&t->answer, &site->reply, "DATA");
	} else if (t->accepted == 0) {
		site_put(site, ".");
		(void)site_reply(site, s->smtp->conf.timeout_done,
		    "sending end of data", &t->answer);
	}
	return site->is_broken ? -1 : 0;
}

static int
take_step(struct exchange *x)
{
	struct session *s = x->s;
	size_t rcpt = 0;

	switch (step_at(x, x->taken++, &rcpt)) {
	case STEP_RSET:
		return site_reply(s->t.site, s->smtp->conf.timeout_rset,
		    "sending RSET", &s->t.answer);
	case STEP_MAIL:
		return take_mail(s);
	case STEP_RCPT:
		return take_rcpt(s);
	default:
		return take_data(s);
	}
}

/* -1: the connection broke; t.answer says how. */
static int
run(struct session *s, bool with_data)
{
	struct transaction *t = &s->t;
	struct exchange x = {
		.s = s,
		.first = t->told,
		.has_rset = !t->mail_told && t->site->needs_rset,
		.has_mail = !t->mail_told,
		.has_data = with_data,
	};
	size_t window = site_has(t->site, SMTP_EXT_PIPELINING) ? WINDOW : 1;

	x.count =
	    (t->rcpt_len - x.first) + x.has_rset + x.has_mail + x.has_data;
	while (x.taken < x.count) {
		while (x.put < x.count && x.put - x.taken < window)
			put_step(&x);
		/* What is answered goes to qmgr before a slow site is waited
		 * for, or it would take us for dead. */
		if (t->site->wire.in.len == 0)
			(void)stream_flush(s->server.stream);
		if (take_step(&x) < 0)
			return -1;
		if (!t->mail_told && (!x.has_rset || x.taken > 1)) {
			/* the answer to MAIL is known */
			(void)session_answer(s, false);
			t->mail_told = true;
			if (!t->mail_ok && window == 1)
				return 0;
		}
	}
	return 0;
}

/* May this site be given this message at all? */
static int
fits(struct session *s)
{
	struct transaction *t = &s->t;
	const struct site *site = t->site;
	struct mime_convert_opts opts;

	if (site->ehlo.size > 0 && t->mail.size > site->ehlo.size)
		return answer_set(&t->answer, 552, "5.3.4",
		    "message size %" PRIu64 " exceeds size limit %" PRIu64
		    " of server %s",
		    t->mail.size, site->ehlo.size, site->label);
	if (body_conversion(s, &opts) && opts.to_lines &&
	    s->smtp->conf.no_conversion)
		return answer_set(&t->answer, 554, "5.6.3",
		    "BINARYMIME is required, but was not offered by host %s",
		    site->label);
	if (t->sender.utf8 && !site_has(site, SMTP_EXT_SMTPUTF8))
		return answer_set(&t->answer, 553, "5.6.7",
		    "SMTPUTF8 is required, but was not offered by host %s",
		    site->label);
	return 0;
}

/* A connection that waited for us, or a new one. */
static int
find_site(struct session *s, bool fresh)
{
	struct transaction *t = &s->t;

	if (!fresh && (t->site = reuse_take(s->smtp, &t->hop)) != NULL)
		smtp_count(s->smtp, SMTP_REUSED, 1);
	else
		t->site = connect_site(s->smtp, &t->hop, &t->answer);
	if (t->site == NULL)
		return -1;
	t->site->uses++;
	(void)snprintf(t->answer.relay, sizeof(t->answer.relay), "%s",
	    t->site->relay);
	return fits(s);
}

/* MAIL has failed, and with it those who came behind it. */
static void
tell_all(struct session *s)
{
	struct transaction *t = &s->t;

	if (!t->mail_told) {
		(void)session_answer(s, false);
		t->mail_told = true;
	}
	while (t->told < t->rcpt_len)
		tell_rcpt(s, false);
}

/*
 * DATA can go with the rest where a 354 is all that is to be learned from it:
 * not where the message may turn out to be unfit, nor where it goes by BDAT.
 */
static bool
sends_data(const struct session *s)
{
	struct mime_convert_opts opts;

	return site_has(s->t.site, SMTP_EXT_PIPELINING) &&
	    body_way(s) == BODY_DATA &&
	    (!body_conversion(s, &opts) || opts.lenient);
}

/* Ask what was not asked yet. -1: t.answer is for all who wait. */
static int
ask(struct session *s, bool with_data)
{
	struct transaction *t = &s->t;
	bool reused = false;

	if (t->mail_told)
		return t->lost || !t->mail_ok ?
		    -1 :
		    run(s, with_data && sends_data(s));
	for (;;) {
		if (t->site == NULL && find_site(s, reused) < 0)
			return -1;
		/* one that grew old while it waited is no failure */
		reused = !reused && t->site->uses > 1;
		if (run(s, with_data && sends_data(s)) == 0)
			return 0;
		if (!reused || t->mail_told || t->mail_ok)
			return -1;
		site_free(t->site);
		t->site = NULL;
	}
}

void
envelope_sync(struct session *s, bool with_data)
{
	struct transaction *t = &s->t;

	if (!t->open || (!envelope_is_waiting(s) && !with_data))
		return;
	if (ask(s, with_data) < 0) {
		t->lost = t->mail_ok;
		tell_all(s);
	}
	if (!t->mail_ok)
		tell_all(s);
}

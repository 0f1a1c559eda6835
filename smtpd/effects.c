#include "smtpd/effects.h"

#include "smtpd/command.h"

static int
add(struct session *s, struct str address, struct err *err)
{
	struct smtp_rcpt_params params = { 0 };
	struct rewrite_rcpt_answer answer = { 0 };

	if (s->peers->ops->rcpt(s->peers->ctx, address, s->t.sender.address,
		&answer, s->line, err) < 0)
		return -1;
	if ((answer.status != REWRITE_OK && answer.status != REWRITE_FOREIGN) ||
	    answer.targets.count == 0)
		return err_set(err, ERR_NOENT,
		    "<%" STR_F "> of an access table gets no mail",
		    STR_A(address));
	if (rcpt_add_targets(&s->t, &answer, address, &params) < 0)
		return err_set(err, ERR_LIMIT, "too many recipients");
	return 0;
}

static int
add_all(struct session *s, const struct access_effects *effects,
    struct err *err)
{
	for (size_t i = 0; i < effects->bcc_len; i++) {
		if (add(s, effects->bcc[i], err) < 0)
			return -1;
	}
	return 0;
}

int
effects_recipients(struct session *s, struct err *err)
{
	struct str redirect = s->t.effects.redirect.len > 0 ?
	    s->t.effects.redirect :
	    s->access.effects.redirect;

	if (redirect.len > 0) {
		rcpt_take_back(&s->t, 0);
		if (add(s, redirect, err) < 0)
			return -1;
	}
	if (add_all(s, &s->access.effects, err) < 0)
		return -1;
	return add_all(s, &s->t.effects, err);
}

static void
put_fields(const struct access_effects *effects, struct buf *out)
{
	for (size_t i = 0; i < effects->prepend_len; i++) {
		struct str field = effects->prepend[i];

		/* Whole or not at all. */
		if (out->max - out->len >= field.len + strlen("\r\n"))
			(void)buf_addf(out, "%" STR_F "\r\n", STR_A(field));
	}
}

void
effects_prefix(const struct session *s, struct buf *out)
{
	put_fields(&s->access.effects, out);
	put_fields(&s->t.effects, out);
}

struct str
effects_hold(const struct session *s)
{
	struct str hold = s->t.effects.hold.len > 0 ? s->t.effects.hold :
						      s->access.effects.hold;

	return hold.len > 0 ? str_sub(hold, 0, QUEUE_HOLD_MAX) : STR("");
}

bool
effects_discard(const struct session *s)
{
	return s->t.effects.discard || s->access.effects.discard;
}

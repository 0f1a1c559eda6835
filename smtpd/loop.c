#include "smtpd/loop.h"

#include "smtpd/command.h"

static bool
was_at(struct str delivered, struct str forwarder)
{
	struct str line;

	while (str_split(&delivered, '\n', &line)) {
		if (str_ieq(line, forwarder))
			return true;
	}
	return false;
}

size_t
loop_mark(struct session *s, struct str *who)
{
	struct str delivered = buf_str(&s->t.body.delivered), last = STR("");
	bool loops = false;
	size_t count = 0;

	for (size_t i = 0; delivered.len > 0 && i < s->t.rcpt_len; i++) {
		struct queue_rcpt *rcpt = &s->t.rcpts[i];
		char *text;

		if (rcpt->forwarder.len == 0)
			continue;
		if (!str_eq(rcpt->forwarder, last)) {
			last = rcpt->forwarder;
			loops = was_at(delivered, last);
		}
		if (!loops)
			continue;
		if (count++ == 0)
			*who = last;
		text = arena_printf(s->t.arena,
		    "5.4.6 mail forwarding loop for %" STR_F, STR_A(last));
		rcpt->transport = STR("error");
		rcpt->nexthop = str_sub(
		    str_of(text == NULL ? "5.4.6 mail forwarding loop" : text),
		    0, REWRITE_ADDRESS_MAX);
	}
	return count;
}

#include "qmgr/pattern.h"

#include "base/time.h"
#include "queue/record.h"

bool
pattern_text_match(struct str pattern, struct str text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, from = 0;

	while (t < text.len) {
		if (p < pattern.len && pattern.p[p] == '*') {
			star = p++;
			from = t;
		} else if (p < pattern.len &&
		    (pattern.p[p] == '?' ||
			lower(pattern.p[p]) == lower(text.p[t]))) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			/* the last star takes one byte more */
			p = star + 1;
			t = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.p[p] == '*')
		p++;
	return p == pattern.len;
}

static bool
match_sender(struct str pattern, struct str sender)
{
	if (str_eqz(pattern, "<>"))
		return sender.len == 0;
	return pattern_text_match(pattern, sender);
}

/* Somebody who is left, with that address and that next hop. */
static bool
match_rcpt(const struct queue_pattern *pattern, const struct message *message)
{
	for (size_t i = 0; i < message->record.rcpts.count; i++) {
		const struct queue_recipient *rcpt = message_rcpt(message, i);

		if (rcpt->state != QUEUE_LIVE)
			continue;
		if (pattern->recipient.len > 0 &&
		    !pattern_text_match(pattern->recipient, rcpt->address) &&
		    !pattern_text_match(pattern->recipient, rcpt->original))
			continue;
		if (pattern->site.len == 0 ||
		    pattern_text_match(pattern->site, rcpt->nexthop))
			return true;
	}
	return false;
}

bool
pattern_match(const struct queue_pattern *pattern,
    const struct message *message)
{
	const struct queue_record *record = &message->record;

	if (pattern->older > 0 &&
	    time_real() - record->arrival <
		(int64_t)pattern->older * TIME_SECOND)
		return false;
	if (pattern->sender.len > 0 &&
	    !match_sender(pattern->sender, record->sender))
		return false;
	if (pattern->recipient.len == 0 && pattern->site.len == 0)
		return true;
	return match_rcpt(pattern, message);
}

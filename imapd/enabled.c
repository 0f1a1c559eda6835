#include "imapd/enabled.h"

#include <inttypes.h>

#include "base/attr.h"
#include "imapd/reply.h"
#include "imapd/selected.h"
#include "imapd/session.h"

static const struct {
	struct str word;
	uint32_t bits;
} words[] = {
	{ { "CONDSTORE", 9 }, ENABLED_CONDSTORE },
	{ { "IMAP4rev2", 9 }, ENABLED_REV2 },
	{ { "QRESYNC", 7 }, ENABLED_QRESYNC | ENABLED_CONDSTORE },
	{ { "UTF8=ACCEPT", 11 }, ENABLED_UTF8 },
};

bool
enabled_is(const struct session *session, uint32_t bits)
{
	return (session->enabled.bits & bits) != 0;
}

uint32_t
enabled_word(struct str word)
{
	for (size_t i = 0; i < NELEMS(words); i++)
		if (str_ieq(word, words[i].word))
			return words[i].bits;
	return 0;
}

void
enabled_add(struct session *session, uint32_t bits)
{
	bool news = (bits & ~session->enabled.bits & ENABLED_CONDSTORE) != 0;

	session->enabled.bits |= bits;
	if (session->selected != NULL)
		session->selected->no_recent =
		    enabled_is(session, ENABLED_REV2);
	if (news && session->selected != NULL)
		reply_untagged(session, "OK [HIGHESTMODSEQ %" PRIu64 "] so far",
		    selected_modseq(session->selected));
}

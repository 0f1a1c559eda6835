/*
 * status - STATUS (RFC 3501 section 6.3.10), with the items of RFC 7162, 7889,
 * 8438, 8474 and 9051.
 */
#include "imap/statusatt.h"
#include "imap/token.h"
#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/objectid.h"
#include "imapd/reply.h"
#include "imapd/session.h"
#include "imapd/status.h"
#include "store/mailbox.h"
#include "store/message.h"

enum { SCAN = 256 };

/* What the row of the mailbox does not have. */
struct counted {
	uint32_t recent;  /* messages that no session has claimed yet */
	uint64_t deleted; /* bytes an EXPUNGE would free (RFC 9208 4.1.4) */
};

/* From one UID on: read what is asked for, and no row when nothing is. */
static int
count(struct session *session, uint32_t mailbox, const struct store_mbox *mbox,
    unsigned items, struct counted *counted, struct err *err)
{
	struct store_message message[SCAN];
	uint32_t from = mbox->uidnext;
	size_t found = SCAN;

	if ((items & STATUS_RECENT) != 0)
		from = mbox->recent;
	if ((items & STATUS_DELETED_STORAGE) != 0 && mbox->deleted > 0)
		from = 1;
	while (found == SCAN && from < mbox->uidnext) {
		if (store_scan(session->imapd->reader, mailbox, from,
			mbox->uidnext - 1, message, SCAN, &found, err) < 0)
			return -1;
		for (size_t i = 0; i < found; i++) {
			counted->recent += message[i].uid >= mbox->recent;
			if (message[i].flags & STORE_FLAG_DELETED)
				counted->deleted += message[i].size;
		}
		if (found > 0)
			from = message[found - 1].uid + 1;
	}
	return 0;
}

static uint64_t
value_of(const struct store_mbox *mbox, const struct counted *counted,
    unsigned item)
{
	switch (item) {
	case STATUS_MESSAGES:
		return mbox->exists;
	case STATUS_RECENT:
		return counted->recent;
	case STATUS_UIDNEXT:
		return mbox->uidnext;
	case STATUS_UIDVALIDITY:
		return mbox->uidvalidity;
	case STATUS_HIGHESTMODSEQ:
		return mbox->modseq > 0 ? mbox->modseq : 1;
	case STATUS_SIZE:
		return mbox->bytes;
	case STATUS_DELETED:
		return mbox->deleted;
	case STATUS_DELETED_STORAGE:
		return counted->deleted;
	default:
		return mbox->unseen;
	}
}

/* " MAILBOXID (F1)", "(MESSAGES 17" */
static void
put_item(struct session *session, struct buf *out, uint32_t mailbox,
    const struct store_mbox *mbox, const struct counted *counted, unsigned item)
{
	size_t limit = session->imapd->conf.message_size;
	char id[OBJECTID_SIZE];

	if (item == STATUS_MAILBOXID)
		(void)buf_addf(out, "(%s)",
		    objectid_text(id, OBJECTID_MAILBOX, mailbox));
	else if (item == STATUS_APPENDLIMIT && limit == 0)
		(void)buf_addz(out, "NIL");
	else if (item == STATUS_APPENDLIMIT)
		(void)buf_add_num(out, limit);
	else
		(void)buf_add_num(out, value_of(mbox, counted, item));
}

int
status_put(struct session *session, struct buf *out, struct str name,
    uint32_t mailbox, unsigned items, struct err *err)
{
	struct store_mbox mbox;
	struct counted counted = { 0 };
	char before = '(';

	if (store_mailbox_get(session->imapd->reader, mailbox, session->arena,
		&mbox, err) < 0)
		return -1;
	if (count(session, mailbox, &mbox, items, &counted, err) < 0)
		return -1;
	(void)buf_addz(out, "* STATUS ");
	reply_put_mailbox(session, out, name);
	(void)buf_addc(out, ' ');
	for (unsigned item = 1; item <= items; item <<= 1) {
		struct str word = statusatt_name(items & item);

		if (word.p == NULL)
			continue;
		(void)buf_addf(out, "%c%" STR_F " ", before, STR_A(word));
		put_item(session, out, mailbox, &mbox, &counted, item);
		before = ' ';
	}
	(void)buf_addz(out, ")\r\n");
	return 0;
}

void
status_run(struct command *cmd)
{
	struct session *session = cmd->session;
	struct store_name found;
	struct str name;
	unsigned items;
	struct buf out;
	struct err err;

	if (command_mailbox(cmd, &name) < 0)
		return;
	if (token_sp(&cmd->in, &err) < 0 ||
	    statusatt_parse(&cmd->in, &items, &err) < 0) {
		command_syntax(cmd, &err);
		return;
	}
	if (command_end(cmd) < 0)
		return;
	if (items & STATUS_HIGHESTMODSEQ)
		enabled_add(session, ENABLED_CONDSTORE);
	buf_init(&out, 0);
	if (store_mailbox_find(session->imapd->reader, session->user_id, name,
		&found, &err) < 0 ||
	    status_put(session, &out, name, found.mailbox, items, &err) < 0) {
		command_trouble(cmd, &err);
	} else {
		stream_put(session->stream, buf_str(&out));
		command_ok(cmd, "done");
	}
	buf_clear(&out);
}

#include "imapd/rows.h"

#include "imapd/selected.h"
#include "imapd/session.h"

enum {
	SCAN = 256, /* rows read at a time */
	SPARSE = 8, /* UIDs a message above which single reads are cheaper */
};

static uint32_t
uid_at(const struct session *session, size_t index)
{
	return session->selected->view.message[index].uid;
}

static int
read_single(struct session *session, const size_t *index, size_t count,
    struct store_message *row, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (store_message_get(session->imapd->reader,
			session->selected->mailbox, uid_at(session, index[i]),
			&row[i], err) == 0)
			continue;
		if (err->kind != ERR_NOENT)
			return -1;
		row[i].uid = 0;
	}
	return 0;
}

static int
read_range(struct session *session, const size_t *index, size_t count,
    struct store_message *row, struct err *err)
{
	uint32_t to = uid_at(session, index[count - 1]);
	struct store_message scanned[SCAN];
	size_t have = 0, at = 0;
	bool more = true;

	for (size_t i = 0; i < count; i++) {
		uint32_t uid = uid_at(session, index[i]);

		while (at < have && scanned[at].uid < uid)
			at++;
		if (at == have && more) {
			if (store_scan(session->imapd->reader,
				session->selected->mailbox, uid, to, scanned,
				SCAN, &have, err) < 0)
				return -1;
			more = have == SCAN;
			at = 0;
		}
		if (at < have && scanned[at].uid == uid)
			row[i] = scanned[at];
		else
			row[i].uid = 0;
	}
	return 0;
}

int
rows_read(struct session *session, const size_t *index, size_t count,
    struct store_message *row, struct err *err)
{
	uint32_t span;

	if (count == 0)
		return 0;
	span = uid_at(session, index[count - 1]) - uid_at(session, index[0]);
	if (span / SPARSE > count)
		return read_single(session, index, count, row, err);
	return read_range(session, index, count, row, err);
}

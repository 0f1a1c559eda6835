#include "imap/statusatt.h"

#include "base/attr.h"
#include "imap/token.h"

static const struct {
	struct str name;
	unsigned item;
} names[] = {
	{ { "MESSAGES", 8 }, STATUS_MESSAGES },
	{ { "RECENT", 6 }, STATUS_RECENT },
	{ { "UIDNEXT", 7 }, STATUS_UIDNEXT },
	{ { "UIDVALIDITY", 11 }, STATUS_UIDVALIDITY },
	{ { "UNSEEN", 6 }, STATUS_UNSEEN },
	{ { "HIGHESTMODSEQ", 13 }, STATUS_HIGHESTMODSEQ },
	{ { "SIZE", 4 }, STATUS_SIZE },
	{ { "DELETED", 7 }, STATUS_DELETED },
	{ { "MAILBOXID", 9 }, STATUS_MAILBOXID },
	{ { "APPENDLIMIT", 11 }, STATUS_APPENDLIMIT },
	{ { "DELETED-STORAGE", 15 }, STATUS_DELETED_STORAGE },
};

static int
parse_item(struct str *in, unsigned *items, struct err *err)
{
	struct str start = *in, word;

	if (token_atom(in, &word, err) < 0)
		return -1;
	for (size_t i = 0; i < NELEMS(names); i++)
		if (str_ieq(word, names[i].name)) {
			*items |= names[i].item;
			return 0;
		}
	*in = start;
	return err_set(err, ERR_SYNTAX, "no such status item");
}

int
statusatt_parse(struct str *in, unsigned *items, struct err *err)
{
	*items = 0;
	if (token_char(in, '(', err) < 0)
		return -1;
	do {
		if (parse_item(in, items, err) < 0)
			return -1;
	} while (str_take(in, ' '));
	return token_char(in, ')', err);
}

struct str
statusatt_name(unsigned item)
{
	for (size_t i = 0; i < NELEMS(names); i++)
		if (names[i].item == item)
			return names[i].name;
	return (struct str){ NULL, 0 };
}

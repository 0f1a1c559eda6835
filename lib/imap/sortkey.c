#include "imap/sortkey.h"

#include "base/attr.h"
#include "imap/token.h"

static const char *const names[] = {
	[SORTKEY_ARRIVAL] = "ARRIVAL",
	[SORTKEY_CC] = "CC",
	[SORTKEY_DATE] = "DATE",
	[SORTKEY_DISPLAYFROM] = "DISPLAYFROM",
	[SORTKEY_DISPLAYTO] = "DISPLAYTO",
	[SORTKEY_FROM] = "FROM",
	[SORTKEY_SIZE] = "SIZE",
	[SORTKEY_SUBJECT] = "SUBJECT",
	[SORTKEY_TO] = "TO",
};

/* sort-criterion = ["REVERSE" SP] sort-key */
static int
parse_criterion(struct str *in, struct sortkey *key, struct err *err)
{
	struct str start, word;

	key->reverse = str_itake_str(in, STR("REVERSE "));
	start = *in;
	if (token_atom(in, &word, err) < 0)
		return -1;
	for (size_t i = 0; i < NELEMS(names); i++)
		if (str_ieqz(word, names[i])) {
			key->kind = (enum sortkey_kind)i;
			return 0;
		}
	*in = start;
	return err_set(err, ERR_SYNTAX, "no such sort key");
}

int
sortkey_parse(struct str *in, struct sortkey_list *out, struct err *err)
{
	out->len = 0;
	if (token_char(in, '(', err) < 0)
		return -1;
	do {
		if (out->len == SORTKEY_MAX)
			return err_set(err, ERR_LIMIT, "too many sort keys");
		if (parse_criterion(in, &out->key[out->len++], err) < 0)
			return -1;
	} while (str_take(in, ' '));
	return token_char(in, ')', err);
}

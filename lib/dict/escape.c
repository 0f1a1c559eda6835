#include "dict/escape.h"

#include "base/hex.h"

/*
 * Bytes that mean only themselves in filters and in names, wherever they
 * stand. Everything else is escaped, needed or not: the list is short enough
 * to be looked over.
 */
static bool
is_plain(char c)
{
	return is_alpha(c) || is_digit(c) || c == '.' || c == '-' || c == '_' ||
	    c == '@';
}

static int
escape(struct buf *out, struct str value)
{
	for (size_t i = 0; i < value.len; i++) {
		char code[4] = "\\";

		if (is_plain(value.p[i])) {
			if (buf_addc(out, value.p[i]) < 0)
				return -1;
			continue;
		}
		hex_encode(code + 1, value.p + i, 1);
		if (buf_add(out, code, 3) < 0)
			return -1;
	}
	return 0;
}

int
escape_filter(struct buf *out, struct str value)
{
	return escape(out, value);
}

int
escape_dn(struct buf *out, struct str value)
{
	return escape(out, value);
}

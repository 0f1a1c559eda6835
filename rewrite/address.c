#include "rewrite/address.h"

#include "base/utf8.h"
#include "ipc/rewrite_msg.h"

enum { DOMAIN_MAX = 255 }; /* RFC 5321 section 4.5.3.1.2 */

struct str
address_lower(struct str s, struct arena *arena)
{
	char *copy = arena_cstr(arena, s);

	if (copy == NULL)
		return (struct str){ NULL, 0 };
	for (size_t i = 0; i < s.len; i++)
		copy[i] = lower(copy[i]);
	return str_make(copy, s.len);
}

static bool
has_controls(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	}
	return false;
}

/* user+detail, but not "+x", whose local part would be empty. */
static void
divide_local(struct address *address, struct str local, char delimiter)
{
	ptrdiff_t at = delimiter == 0 ? -1 : str_chr(local, delimiter);

	address->local = local;
	if (at <= 0)
		return;
	address->has_detail = true;
	address->local = str_sub(local, 0, (size_t)at);
	address->detail = str_sub(local, (size_t)at + 1, local.len);
}

int
address_parse(struct address *address, struct str text, char delimiter,
    struct arena *arena, struct err *err)
{
	ptrdiff_t at = str_rchr(text, '@');

	*address = (struct address){ 0 };
	if (text.len > REWRITE_ADDRESS_MAX || has_controls(text) ||
	    !utf8_is_valid(text))
		return err_set(err, ERR_SYNTAX, "not an address");
	if (at < 0 && !str_ieqz(text, "postmaster"))
		return err_set(err, ERR_SYNTAX, "address without domain");
	if (at >= 0) {
		address->domain = str_sub(text, (size_t)at + 1, text.len);
		text = str_sub(text, 0, (size_t)at);
		if (address->domain.len == 0 ||
		    address->domain.len > DOMAIN_MAX)
			return err_set(err, ERR_SYNTAX,
			    "address without domain");
	}
	divide_local(address, text, delimiter);
	address->local = address_lower(address->local, arena);
	address->detail = arena_str(arena, address->detail);
	address->domain = address_lower(address->domain, arena);
	if (address->local.p == NULL || address->detail.p == NULL ||
	    address->domain.p == NULL)
		return err_set(err, ERR_LIMIT, "too many addresses");
	return 0;
}

struct str
address_plain(const struct address *address, struct arena *arena)
{
	return str_of(arena_printf(arena, "%" STR_F "@%" STR_F,
	    STR_A(address->local), STR_A(address->domain)));
}

struct str
address_full(const struct address *address, char delimiter, struct arena *arena)
{
	if (!address->has_detail)
		return address_plain(address, arena);
	return str_of(arena_printf(arena, "%" STR_F "%c%" STR_F "@%" STR_F,
	    STR_A(address->local), delimiter, STR_A(address->detail),
	    STR_A(address->domain)));
}

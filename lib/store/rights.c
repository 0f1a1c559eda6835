#include "store/rights.h"

#include "base/attr.h"
#include "store/acl.h"

/* In the order they are written; the virtual ones stand for several. */
static const struct {
	char letter;
	uint32_t rights;
} letters[] = {
	{ 'l', STORE_RIGHT_LOOKUP },
	{ 'r', STORE_RIGHT_READ },
	{ 's', STORE_RIGHT_SEEN },
	{ 'w', STORE_RIGHT_WRITE },
	{ 'i', STORE_RIGHT_INSERT },
	{ 'p', STORE_RIGHT_POST },
	{ 'k', STORE_RIGHT_CREATE },
	{ 'x', STORE_RIGHT_DELETE },
	{ 't', STORE_RIGHT_FLAG_DELETED },
	{ 'e', STORE_RIGHT_EXPUNGE },
	{ 'c', STORE_RIGHT_CREATE | STORE_RIGHT_DELETE },
	{ 'd', STORE_RIGHT_EXPUNGE | STORE_RIGHT_FLAG_DELETED },
	{ 'a', STORE_RIGHT_ADMIN },
};

uint32_t
store_rights(const struct store_mbox *mbox, const struct store_who *who)
{
	bool owns = who->user != 0 && mbox->owner == who->user;
	uint32_t rights = owns ? STORE_RIGHTS_ALL : 0;

	if (mbox->acl.len > 0)
		rights = store_acl_rights(mbox->acl, who);
	return owns ? rights | STORE_RIGHTS_OWNER : rights;
}

uint16_t
store_rights_flags(uint32_t rights)
{
	uint16_t flags = 0;

	if (rights & STORE_RIGHT_SEEN)
		flags |= STORE_FLAG_SEEN;
	if (rights & STORE_RIGHT_FLAG_DELETED)
		flags |= STORE_FLAG_DELETED;
	if (rights & STORE_RIGHT_WRITE)
		flags |=
		    STORE_FLAGS_ALL & ~(STORE_FLAG_SEEN | STORE_FLAG_DELETED);
	return flags;
}

int
store_rights_parse(uint32_t *rights, struct str in, struct err *err)
{
	*rights = 0;
	for (size_t i = 0; i < in.len; i++) {
		size_t at = 0;

		while (at < NELEMS(letters) && letters[at].letter != in.p[i])
			at++;
		if (at == NELEMS(letters))
			return err_set(err, ERR_SYNTAX, "no such right: %c",
			    is_digit(in.p[i]) || is_alpha(in.p[i]) ? in.p[i] :
								     '?');
		*rights |= letters[at].rights;
	}
	return 0;
}

void
store_rights_put(struct buf *out, uint32_t rights)
{
	for (size_t i = 0; i < NELEMS(letters); i++)
		if (rights & letters[i].rights)
			(void)buf_addc(out, letters[i].letter);
}

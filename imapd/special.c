#include "imapd/special.h"

#include "base/attr.h"

static const char *const names[] = {
	[STORE_USE_DRAFTS] = "\\Drafts",
	[STORE_USE_SENT] = "\\Sent",
	[STORE_USE_JUNK] = "\\Junk",
	[STORE_USE_TRASH] = "\\Trash",
	[STORE_USE_ARCHIVE] = "\\Archive",
};

const char *
special_name(enum store_use use)
{
	return (size_t)use < NELEMS(names) ? names[use] : NULL;
}

enum store_use
special_use(struct str word)
{
	for (size_t i = STORE_USE_NONE + 1; i < NELEMS(names); i++)
		if (str_ieqz(word, names[i] + 1))
			return (enum store_use)i;
	return STORE_USE_NONE;
}

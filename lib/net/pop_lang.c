#include "net/pop_lang.h"

#include "base/attr.h"

static const char *const tags[] = { "en", "i-default" };

/*
 * Basic filtering (RFC 4647 section 3.3.1): the tag is the range, or begins
 * with it and a hyphen.
 */
static bool
matches(struct str range, const char *tag)
{
	struct str rest = str_of(tag);

	return str_itake_str(&rest, range) &&
	    (rest.len == 0 || rest.p[0] == '-');
}

bool
pop_lang_answer(struct buf *out, struct str range)
{
	if (range.len == 0) {
		(void)buf_addz(out,
		    "+OK Language listing follows\r\nen English\r\n"
		    "i-default English\r\n.\r\n");
		return true;
	}
	if (str_eqz(range, "*"))
		range = str_of(tags[0]);
	for (size_t i = 0; i < NELEMS(tags); i++) {
		if (!matches(range, tags[i]))
			continue;
		(void)buf_addf(out, "+OK %s English it is\r\n", tags[i]);
		return true;
	}
	(void)buf_addz(out, "-ERR en No such language\r\n");
	return false;
}

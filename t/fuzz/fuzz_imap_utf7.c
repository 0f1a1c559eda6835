/*
 * Mailbox names: what decodes encodes to the same bytes, what encodes decodes
 * to the same. And patterns: the name as pattern matches, if no "*" or "%".
 */
#include <stdint.h>

#include "base/log.h"
#include "imap/listpat.h"
#include "imap/utf7.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef int convert_fn(struct buf *, struct str, struct err *);

static void
there_and_back(convert_fn *there, convert_fn *back, struct str name)
{
	struct buf out, again;
	struct err err;

	buf_init(&out, 0);
	buf_init(&again, 0);
	if (there(&out, name, &err) == 0 &&
	    (back(&again, buf_str(&out), &err) < 0 ||
		!str_eq(buf_str(&again), name)))
		panic("name changed");
	buf_clear(&out);
	buf_clear(&again);
}

/* The first line is the pattern, the rest the name. */
static void
match(struct str in)
{
	struct listpat pat;
	struct str pattern;
	struct err err;

	if (!str_split(&in, '\n', &pattern) ||
	    listpat_init(&pat, pattern, '/', &err) < 0)
		return;
	(void)listpat_match(&pat, in, 5);
	if (!listpat_match(&pat, str_make(pat.text, pat.len), 0))
		panic("a pattern matches itself");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_make(data, size);

	there_and_back(utf7_decode, utf7_encode, in);
	there_and_back(utf7_encode, utf7_decode, in);
	match(in);
	return 0;
}

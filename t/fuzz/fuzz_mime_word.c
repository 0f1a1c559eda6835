/*
 * Encoded words, parameters and charsets: total, bounded, and UTF-8 comes out
 * on one line.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "mime/charset.h"
#include "mime/word.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

/* The first line is the charset's name, the rest the text. */
static void
try_charset(struct str in)
{
	struct buf whole, pieces;
	struct mime_charset *cs;
	struct str name;

	if (!str_split(&in, '\n', &name))
		return;
	buf_init(&whole, 0);
	buf_init(&pieces, 0);
	check(mime_charset_to_utf8(&whole, name, in) == 0);
	check(utf8_is_valid(buf_str(&whole)));
	cs = mime_charset_open(name);
	for (size_t i = 0; i < in.len; i++)
		(void)mime_charset_convert(cs, &pieces, str_sub(in, i, i + 1),
		    false);
	(void)mime_charset_convert(cs, &pieces, STR(""), true);
	check(utf8_is_valid(buf_str(&pieces)));
	buf_reset(&pieces);
	check(mime_casefold(&pieces, buf_str(&whole)) == 0);
	mime_charset_close(cs);
	buf_clear(&whole);
	buf_clear(&pieces);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_make(data, size);
	struct buf out;

	buf_init(&out, 0);
	check(mime_word_decode(&out, in) == 0);
	check(utf8_is_valid(buf_str(&out)));
	check(str_chr(buf_str(&out), '\n') < 0);
	check(str_chr(buf_str(&out), '\0') < 0);
	buf_clear(&out);
	buf_init(&out, 10);
	(void)mime_word_decode(&out, in);
	check(out.len <= 10);
	buf_clear(&out);
	try_charset(in);
	return 0;
}

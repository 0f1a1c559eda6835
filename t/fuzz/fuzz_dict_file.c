/*
 * Files that tables are read from: the first byte chooses the type, the rest
 * is the text. The last line is looked up, too, and an address.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/attr.h"
#include "dict/dict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = { "texthash", "regexp", "pcre", "cidr" };

enum { REGEXP = 1, SMALL = 200, REPEATS_MAX = 5, VALUE_MAX = 10000 };

/*
 * The C library unrolls repetitions of repetitions, which takes any time and
 * memory; whoever writes the table knows that.
 */
static bool
is_costly(struct str text)
{
	int repeats = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] == '{' || text.p[i] == '\\')
			return true;
		if (text.p[i] == '*' || text.p[i] == '+' || text.p[i] == '?')
			repeats++;
	}
	return repeats > REPEATS_MAX;
}

static void
look(struct dict *dict, struct str key)
{
	struct err err = { 0 };
	struct buf out;

	buf_init(&out, VALUE_MAX);
	if (dict_lookup(dict, key, &out, &err) < 0 && err.kind == ERR_NONE)
		abort();
	buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text;
	struct dict *dict;
	struct err err = { 0 };
	size_t type;

	if (size == 0)
		return 0;
	type = data[0] % NELEMS(types);
	text = str_make(data + 1, size - 1);
	if (type == REGEXP && (text.len > SMALL || is_costly(text)))
		return 0;
	dict = dict_parse(types[type], text, &err);
	if (dict == NULL) {
		if (err.kind == ERR_NONE || err.text[0] == '\0')
			abort();
		return 0;
	}
	look(dict, STR("192.0.2.1"));
	look(dict, str_sub(text, (size_t)(str_rchr(text, '\n') + 1), text.len));
	dict_close(dict);
	return 0;
}

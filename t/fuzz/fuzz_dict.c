/*
 * The texts tables are made of, and the escapes that values go through on
 * their way into filters: what comes out has none of a filter's own bytes.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hex.h"
#include "dict/dict.h"
#include "dict/escape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_escape(struct str in)
{
	struct buf out;
	size_t at = 0;

	buf_init(&out, 0);
	if (escape_filter(&out, in) < 0 || out.len > 3 * in.len)
		abort();
	for (size_t i = 0; i < in.len; i++) {
		char c;

		if (out.p[at] != '\\') {
			c = out.p[at++];
		} else if (hex_decode(&c, 1, str_make(out.p + at + 1, 2)) < 0) {
			abort();
		} else {
			at += 3;
		}
		if (c != in.p[i])
			abort();
	}
	for (size_t i = 0; i < out.len; i++) {
		if (strchr("()*\"+,;<>= ", out.p[i]) != NULL)
			abort();
	}
	buf_clear(&out);
}

static bool
names_a_file(struct str text)
{
	static const char *const types[] = { "texthash", "regexp", "pcre",
		"cidr", "lmdb", "ldap" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (str_find(text, str_of(types[i])) >= 0)
			return true;
	}
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_make(data, size);
	char *text = xstrndup(in.p, in.len);
	struct dict_list list;
	struct err err;
	struct buf out;

	check_escape(in);
	/* Files are somebody else's: only the tables that are their name. */
	if (!names_a_file(str_of(text)) &&
	    dict_list_open(&list, text, &err) == 0) {
		buf_init(&out, 1000);
		(void)dict_list_lookup(&list, STR("a"), &out, &err);
		buf_clear(&out);
		dict_list_close(&list);
	}
	free(text);
	return 0;
}

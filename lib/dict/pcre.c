/*
 * pcre - tables of Perl's regular expressions, by PCRE2, in Postfix's syntax
 * (pcre_table(5)). They match anywhere in the key, without case unless /i
 * says so, and as bytes.
 *
 * The key comes from strangers and a pattern can be made to try for ever:
 * MATCH_LIMIT bounds the steps, DEPTH_LIMIT and HEAP_LIMIT the memory. What
 * goes over them is trouble (ERR_TEMP), not "no match", since a table may
 * stand for what is let in as well as for what is not. No code is made at run
 * time: the jail allows none.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "dict/rules.h"

enum {
	MATCH_LIMIT = 200000, /* about 2 ms */
	DEPTH_LIMIT = 2000,
	HEAP_LIMIT = 4096, /* KiB */
	PATTERN_MAX = 16384,
	NEST_LIMIT = 100, /* parentheses in one another */
};

struct pattern {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	unsigned groups;
};

static const struct rules_flag known[] = {
	{ 'i', PCRE2_CASELESS }, { 'm', PCRE2_MULTILINE },
	{ 's', PCRE2_DOTALL }, { 'x', PCRE2_EXTENDED }, { 'A', PCRE2_ANCHORED },
	{ 'E', PCRE2_DOLLAR_ENDONLY }, { 'U', PCRE2_UNGREEDY },
	{ 'X', 0 }, /* PCRE_EXTRA: PCRE2 is always so strict */
};

static pcre2_code *
compile(struct str text, uint32_t options, struct err *err)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	unsigned char why[120];
	pcre2_code *code;
	size_t offset;
	int rc;

	if (context == NULL) {
		(void)err_set(err, ERR_TEMP, "pattern: no memory");
		return NULL;
	}
	(void)pcre2_set_max_pattern_length(context, PATTERN_MAX);
	(void)pcre2_set_parens_nest_limit(context, NEST_LIMIT);
	code = pcre2_compile((const unsigned char *)text.p, text.len, options,
	    &rc, &offset, context);
	pcre2_compile_context_free(context);
	if (code != NULL)
		return code;
	(void)pcre2_get_error_message(rc, why, sizeof(why));
	(void)err_set(err, ERR_SYNTAX, "bad pattern at byte %zu: %s", offset,
	    (const char *)why);
	return NULL;
}

static void
pattern_free(void *arg)
{
	struct pattern *pattern = arg;

	pcre2_match_data_free(pattern->data);
	pcre2_match_context_free(pattern->context);
	pcre2_code_free(pattern->code);
	free(pattern);
}

static void *
parse(struct str *in, struct err *err)
{
	struct pattern *pattern;
	struct str text, flags;
	uint32_t options =
	    PCRE2_CASELESS | PCRE2_DOTALL | PCRE2_NEVER_BACKSLASH_C;
	uint32_t count;
	pcre2_code *code;

	if (rules_delimited(in, &text, &flags, err) < 0 ||
	    rules_flags(flags, known, NELEMS(known), &options, err) < 0 ||
	    (code = compile(text, options, err)) == NULL)
		return NULL;
	pattern = xcalloc(1, sizeof(*pattern));
	pattern->code = code;
	pattern->data = pcre2_match_data_create_from_pattern(code, NULL);
	pattern->context = pcre2_match_context_create(NULL);
	if (pattern->data == NULL || pattern->context == NULL) {
		pattern_free(pattern);
		(void)err_set(err, ERR_TEMP, "pattern: no memory");
		return NULL;
	}
	(void)pcre2_set_match_limit(pattern->context, MATCH_LIMIT);
	(void)pcre2_set_depth_limit(pattern->context, DEPTH_LIMIT);
	(void)pcre2_set_heap_limit(pattern->context, HEAP_LIMIT);
	(void)pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &count);
	pattern->groups =
	    count < RULES_GROUPS_MAX ? count : RULES_GROUPS_MAX - 1;
	return pattern;
}

static unsigned
groups(const void *pattern)
{
	return ((const struct pattern *)pattern)->groups;
}

static int
match(const void *arg, struct str key, struct rules_match *out, struct err *err)
{
	const struct pattern *pattern = arg;
	const size_t *found;
	int rc;

	rc = pcre2_match(pattern->code, (const unsigned char *)key.p, key.len,
	    0, 0, pattern->data, pattern->context);
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	if (rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_DEPTHLIMIT ||
	    rc == PCRE2_ERROR_HEAPLIMIT)
		return err_set(err, ERR_TEMP,
		    "the pattern takes too long or too much memory");
	if (rc < 0)
		return err_set(err, ERR_TEMP, "pattern: error %d", rc);
	found = pcre2_get_ovector_pointer(pattern->data);
	for (unsigned i = 0; i <= pattern->groups; i++)
		out->group[i] = found[2 * i] == PCRE2_UNSET ||
			found[2 * i] > found[2 * i + 1] ?
		    str_make(NULL, 0) :
		    str_sub(key, found[2 * i], found[2 * i + 1]);
	return 1;
}

static const struct rules_ops ops = {
	.parse = parse,
	.free = pattern_free,
	.groups = groups,
	.match = match,
};

static void *
pcre_parse(struct str text, struct err *err)
{
	return rules_parse(&ops, text, err);
}

const struct dict_type dict_type_pcre = {
	.name = "pcre",
	.whole = true,
	.parse = pcre_parse,
	.lookup = rules_lookup,
	.close = rules_close,
};

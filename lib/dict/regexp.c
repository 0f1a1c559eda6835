/*
 * regexp - tables of POSIX extended regular expressions, by the C library, in
 * Postfix's syntax (regexp_table(5)). They match anywhere in the key, without
 * case unless /i says so.
 */
#include <regex.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "dict/rules.h"

static const struct rules_flag known[] = {
	{ 'i', REG_ICASE },
	{ 'm', REG_NEWLINE },
	{ 'x', REG_EXTENDED },
};

static void *
parse(struct str *in, struct err *err)
{
	struct str text, flags;
	char why[100], *copy;
	regex_t *regex;
	uint32_t options = REG_EXTENDED | REG_ICASE;
	int rc;

	if (rules_delimited(in, &text, &flags, err) < 0 ||
	    rules_flags(flags, known, NELEMS(known), &options, err) < 0)
		return NULL;
	regex = xcalloc(1, sizeof(*regex));
	copy = xstrndup(text.p, text.len);
	rc = regcomp(regex, copy, (int)options);
	free(copy);
	if (rc == 0)
		return regex;
	(void)regerror(rc, regex, why, sizeof(why));
	(void)err_set(err, ERR_SYNTAX, "bad pattern: %s", why);
	free(regex);
	return NULL;
}

static void
pattern_free(void *pattern)
{
	regfree(pattern);
	free(pattern);
}

static unsigned
groups(const void *pattern)
{
	size_t count = ((const regex_t *)pattern)->re_nsub;

	return count < RULES_GROUPS_MAX ? (unsigned)count :
					  RULES_GROUPS_MAX - 1;
}

static int
match(const void *pattern, struct str key, struct rules_match *out,
    struct err *err)
{
	regmatch_t found[RULES_GROUPS_MAX];
	unsigned count = groups(pattern) + 1;
	char *copy = xstrndup(key.p, key.len);
	int rc;

	found[0].rm_so = 0; /* a NUL inside does not end the key */
	found[0].rm_eo = (regoff_t)key.len;
	rc = regexec(pattern, copy, count, found, REG_STARTEND);
	free(copy);
	if (rc == REG_NOMATCH)
		return 0;
	if (rc != 0)
		return err_set(err, ERR_TEMP, "pattern: no memory");
	for (unsigned i = 0; i < count; i++)
		out->group[i] = found[i].rm_so < 0 ?
		    str_make(NULL, 0) :
		    str_sub(key, (size_t)found[i].rm_so,
			(size_t)found[i].rm_eo);
	return 1;
}

static const struct rules_ops ops = {
	.parse = parse,
	.free = pattern_free,
	.groups = groups,
	.match = match,
};

static void *
regexp_parse(struct str text, struct err *err)
{
	return rules_parse(&ops, text, err);
}

const struct dict_type dict_type_regexp = {
	.name = "regexp",
	.whole = true,
	.parse = regexp_parse,
	.lookup = rules_lookup,
	.close = rules_close,
};

/*
 * cidr - tables of networks, in Postfix's syntax (cidr_table(5)): addresses
 * with a prefix length, or alone. What is no IP address is in none of them.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "dict/rules.h"
#include "net/addr.h"

static void *
parse(struct str *in, struct err *err)
{
	struct addr_net *net = xcalloc(1, sizeof(*net));
	struct str word = str_make(in->p, 0);

	while (word.len < in->len && in->p[word.len] != ' ' &&
	    in->p[word.len] != '\t')
		word.len++;
	if (addr_net_parse(net, word, err) < 0) {
		free(net);
		return NULL;
	}
	str_skip(in, word.len);
	return net;
}

static int
match(const void *pattern, struct str key, struct rules_match *out,
    struct err *err)
{
	struct addr addr;

	(void)out;
	if (addr_parse_ip(&addr, key, err) < 0)
		return 0;
	return addr_net_has(pattern, &addr);
}

static const struct rules_ops ops = {
	.parse = parse,
	.free = free,
	.match = match,
};

static void *
cidr_parse(struct str text, struct err *err)
{
	return rules_parse(&ops, text, err);
}

/* Not even "!" makes a network of what is no address. */
static int
cidr_lookup(void *table, struct str key, struct buf *out, struct err *err)
{
	struct addr addr;

	if (addr_parse_ip(&addr, key, err) < 0)
		return err_set(err, ERR_NOENT, "no such key");
	return rules_lookup(table, key, out, err);
}

const struct dict_type dict_type_cidr = {
	.name = "cidr",
	.whole = true,
	.parse = cidr_parse,
	.lookup = cidr_lookup,
	.close = rules_close,
};

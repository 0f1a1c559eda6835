#include "dict/rules.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/num.h"
#include "conf/lines.h"

enum rule_kind { RULE_RESULT, RULE_IF, RULE_ENDIF };

struct rule {
	enum rule_kind kind;
	bool negated;
	int line;
	void *pattern; /* NULL for endif */
	char *result;
	size_t end; /* of an if: where its endif is */
};

struct rules {
	const struct rules_ops *ops;
	struct rule *rule;
	size_t len, cap;
	size_t open[RULES_NEST_MAX]; /* while parsing: ifs without endif */
	size_t depth;
};

static void
skip_blank(struct str *in)
{
	while (in->len > 0 && is_wsp(in->p[0]))
		str_skip(in, 1);
}

int
rules_delimited(struct str *in, struct str *text, struct str *flags,
    struct err *err)
{
	char delimiter;
	size_t len = 0;

	if (in->len == 0 || is_alpha(in->p[0]) || is_digit(in->p[0]) ||
	    in->p[0] == '\\')
		return err_set(err, ERR_SYNTAX,
		    "pattern between delimiters expected");
	delimiter = in->p[0];
	str_skip(in, 1);
	while (len < in->len && in->p[len] != delimiter)
		len += in->p[len] == '\\' && len + 1 < in->len ? 2 : 1;
	if (len >= in->len)
		return err_set(err, ERR_SYNTAX, "no closing %c of the pattern",
		    delimiter);
	*text = str_make(in->p, len);
	str_skip(in, len + 1);
	*flags = str_make(in->p, 0);
	while (in->len > 0 && is_alpha(in->p[0])) {
		flags->len++;
		str_skip(in, 1);
	}
	return 0;
}

int
rules_flags(struct str flags, const struct rules_flag *known, size_t count,
    uint32_t *options, struct err *err)
{
	for (size_t i = 0; i < flags.len; i++) {
		size_t at = 0;

		while (at < count && known[at].letter != flags.p[i])
			at++;
		if (at == count)
			return err_set(err, ERR_SYNTAX, "unknown flag %c",
			    flags.p[i]);
		*options ^= known[at].option;
	}
	return 0;
}

/*
 * "$1", "${1}", "$(1)" or "$$" off the front of in, which begins behind the
 * dollar. *group is -1 for the dollar.
 */
static int
take_reference(struct str *in, int *group, struct err *err)
{
	uint64_t number;
	char end = '\0';

	*group = -1;
	if (str_take(in, '$'))
		return 0;
	if (str_take(in, '{'))
		end = '}';
	else if (str_take(in, '('))
		end = ')';
	if (!num_take(in, RULES_GROUPS_MAX - 1, &number) ||
	    (end != '\0' && !str_take(in, end)))
		return err_set(err, ERR_SYNTAX,
		    "$number or $$ expected in the result");
	*group = (int)number;
	return 0;
}

/* Every reference in the result must be one that the pattern can fill. */
static int
check_result(const struct rules *rules, const struct rule *rule,
    struct str result, struct err *err)
{
	int group;

	if (rules->ops->groups == NULL)
		return 0;
	while (result.len > 0) {
		if (!str_take(&result, '$')) {
			str_skip(&result, 1);
			continue;
		}
		if (take_reference(&result, &group, err) < 0)
			return -1;
		if (group >= 0 && rule->negated)
			return err_set(err, ERR_SYNTAX,
			    "$%d behind a pattern that must not match", group);
		if (group > (int)rules->ops->groups(rule->pattern))
			return err_set(err, ERR_SYNTAX,
			    "$%d, and the pattern has no such group", group);
	}
	return 0;
}

static struct rule *
new_rule(struct rules *rules, enum rule_kind kind, int line)
{
	struct rule *rule;

	if (rules->len == rules->cap) {
		rules->cap = rules->cap == 0 ? 16 : 2 * rules->cap;
		rules->rule = xreallocarray(rules->rule, rules->cap,
		    sizeof(*rules->rule));
	}
	rule = &rules->rule[rules->len++];
	*rule = (struct rule){ .kind = kind, .line = line };
	return rule;
}

/*
 * "if" and "endif", which no pattern begins with: those are between
 * delimiters, and no address has an "i" or "n".
 */
static bool
take_word(struct str *in, struct str word)
{
	struct str rest = *in;

	if (!str_itake_str(&rest, word) ||
	    (rest.len > 0 && !is_wsp(rest.p[0]) && rest.p[0] != '!' &&
		rest.p[0] != '/'))
		return false;
	skip_blank(&rest);
	*in = rest;
	return true;
}

static int
parse_endif(struct rules *rules, struct str in, int line, struct err *err)
{
	if (in.len > 0)
		return err_set(err, ERR_SYNTAX, "nothing may follow endif");
	if (rules->depth == 0)
		return err_set(err, ERR_SYNTAX, "endif without if");
	rules->rule[rules->open[--rules->depth]].end = rules->len;
	(void)new_rule(rules, RULE_ENDIF, line);
	return 0;
}

static int
parse_pattern(struct rules *rules, struct rule *rule, struct str *in,
    struct err *err)
{
	while (str_take(in, '!')) {
		rule->negated = !rule->negated;
		skip_blank(in);
	}
	rule->pattern = rules->ops->parse(in, err);
	if (rule->pattern == NULL)
		return -1;
	if (in->len > 0 && !is_wsp(in->p[0]))
		return err_set(err, ERR_SYNTAX,
		    "white space expected behind the pattern");
	skip_blank(in);
	return 0;
}

static int
parse_line(struct rules *rules, struct str in, int line, struct err *err)
{
	struct rule *rule;

	if (take_word(&in, STR("endif")))
		return parse_endif(rules, in, line, err);
	if (take_word(&in, STR("if"))) {
		if (rules->depth == RULES_NEST_MAX)
			return err_set(err, ERR_LIMIT, "too many ifs inside");
		rules->open[rules->depth++] = rules->len;
		rule = new_rule(rules, RULE_IF, line);
		if (parse_pattern(rules, rule, &in, err) < 0)
			return -1;
		if (in.len > 0)
			return err_set(err, ERR_SYNTAX,
			    "nothing may follow the pattern of an if");
		return 0;
	}
	rule = new_rule(rules, RULE_RESULT, line);
	if (parse_pattern(rules, rule, &in, err) < 0)
		return -1;
	if (in.len == 0)
		return err_set(err, ERR_SYNTAX, "no result");
	rule->result = xstrndup(in.p, in.len);
	return check_result(rules, rule, in, err);
}

void *
rules_parse(const struct rules_ops *ops, struct str text, struct err *err)
{
	struct rules *rules = xcalloc(1, sizeof(*rules));
	struct lines lines = { .rest = text };
	int number = 0, ret = 0;
	struct buf line;

	rules->ops = ops;
	buf_init(&line, DICT_LINE_MAX);
	while (ret == 0 && lines_next(&lines, &line, &number)) {
		if (line.full)
			ret = err_set(err, ERR_LIMIT, "line too long");
		else
			ret = parse_line(rules, buf_str(&line), number, err);
	}
	if (ret == 0 && rules->depth > 0) {
		number = rules->rule[rules->open[rules->depth - 1]].line;
		ret = err_set(err, ERR_SYNTAX, "if without endif");
	}
	buf_clear(&line);
	if (ret == 0)
		return rules;
	(void)err_prefix(err, "line %d", number);
	rules_close(rules);
	return NULL;
}

void
rules_close(void *table)
{
	struct rules *rules = table;

	for (size_t i = 0; i < rules->len; i++) {
		if (rules->rule[i].pattern != NULL)
			rules->ops->free(rules->rule[i].pattern);
		free(rules->rule[i].result);
	}
	free(rules->rule);
	free(rules);
}

/* The result was checked when it was read. */
static int
put_result(const struct rules *rules, const struct rule *rule,
    const struct rules_match *match, struct buf *out, struct err *err)
{
	struct str in = str_of(rule->result);
	int group;

	while (in.len > 0) {
		if (rules->ops->groups == NULL || !str_take(&in, '$')) {
			(void)buf_addc(out, in.p[0]);
			str_skip(&in, 1);
		} else if (take_reference(&in, &group, err) < 0) {
			return -1;
		} else if (group < 0) {
			(void)buf_addc(out, '$');
		} else {
			(void)buf_add_str(out, match->group[group]);
		}
	}
	return out->full ? err_set(err, ERR_LIMIT, "value too long") : 0;
}

int
rules_lookup(void *table, struct str key, struct buf *out, struct err *err)
{
	struct rules *rules = table;
	struct rules_match match;

	if (key.len > RULES_KEY_MAX)
		return err_set(err, ERR_NOENT, "no such key");
	if (key.p == NULL)
		key = STR("");
	for (size_t i = 0; i < rules->len; i++) {
		const struct rule *rule = &rules->rule[i];
		int matches;

		if (rule->kind == RULE_ENDIF)
			continue;
		matches = rules->ops->match(rule->pattern, key, &match, err);
		if (matches < 0)
			return err_prefix(err, "line %d", rule->line);
		if ((matches == 1) == rule->negated) {
			if (rule->kind == RULE_IF)
				i = rule->end;
			continue;
		}
		if (rule->kind == RULE_RESULT)
			return put_result(rules, rule, &match, out, err);
	}
	return err_set(err, ERR_NOENT, "no such key");
}

#include "imap/searchkey.h"

#include "base/attr.h"
#include "imap/date.h"
#include "imap/flags.h"
#include "imap/modifier.h"
#include "imap/token.h"

struct parser {
	struct arena *arena;
	struct str *in;
	const struct searchkey_view *view;
	unsigned keys, depth;
	bool modseq, numbers;
	struct err *err;
};

/* What comes behind a word. */
enum argument {
	ARG_NONE,
	ARG_TEXT,       /* astring */
	ARG_FIELD_TEXT, /* header-fld-name SP astring */
	ARG_KEYWORD,
	ARG_DATE,
	ARG_SIZE,
	ARG_UIDS,
	ARG_TWO_KEYS,
	ARG_MODSEQ,
	ARG_SECONDS, /* nz-number */
	ARG_ATOM,
};

/* clang-format off */
static const struct word {
	struct str word;
	enum searchkey_kind kind;
	enum argument arg;
	bool negate;
	unsigned bits;
	struct str field;
} words[] = {
	{ { "ALL", 3 }, SEARCHKEY_AND, ARG_NONE, 0, 0, { 0 } },
	{ { "ANSWERED", 8 }, SEARCHKEY_FLAGS, ARG_NONE, 0, IMAP_ANSWERED, { 0 } },
	{ { "BCC", 3 }, SEARCHKEY_HEADER, ARG_TEXT, 0, 0, { "Bcc", 3 } },
	{ { "BEFORE", 6 }, SEARCHKEY_BEFORE, ARG_DATE, 0, 0, { 0 } },
	{ { "BODY", 4 }, SEARCHKEY_BODY, ARG_TEXT, 0, 0, { 0 } },
	{ { "CC", 2 }, SEARCHKEY_HEADER, ARG_TEXT, 0, 0, { "Cc", 2 } },
	{ { "DELETED", 7 }, SEARCHKEY_FLAGS, ARG_NONE, 0, IMAP_DELETED, { 0 } },
	{ { "DRAFT", 5 }, SEARCHKEY_FLAGS, ARG_NONE, 0, IMAP_DRAFT, { 0 } },
	{ { "EMAILID", 7 }, SEARCHKEY_EMAILID, ARG_ATOM, 0, 0, { 0 } },
	{ { "FLAGGED", 7 }, SEARCHKEY_FLAGS, ARG_NONE, 0, IMAP_FLAGGED, { 0 } },
	{ { "FROM", 4 }, SEARCHKEY_HEADER, ARG_TEXT, 0, 0, { "From", 4 } },
	{ { "HEADER", 6 }, SEARCHKEY_HEADER, ARG_FIELD_TEXT, 0, 0, { 0 } },
	{ { "KEYWORD", 7 }, SEARCHKEY_KEYWORD, ARG_KEYWORD, 0, 0, { 0 } },
	{ { "LARGER", 6 }, SEARCHKEY_LARGER, ARG_SIZE, 0, 0, { 0 } },
	{ { "MODSEQ", 6 }, SEARCHKEY_MODSEQ, ARG_MODSEQ, 0, 0, { 0 } },
	/* NEW is RECENT UNSEEN: see parse_word */
	{ { "NEW", 3 }, SEARCHKEY_FLAGS, ARG_NONE, 0, IMAP_RECENT, { 0 } },
	{ { "OLD", 3 }, SEARCHKEY_FLAGS, ARG_NONE, 1, IMAP_RECENT, { 0 } },
	{ { "OLDER", 5 }, SEARCHKEY_OLDER, ARG_SECONDS, 0, 0, { 0 } },
	{ { "ON", 2 }, SEARCHKEY_ON, ARG_DATE, 0, 0, { 0 } },
	{ { "OR", 2 }, SEARCHKEY_OR, ARG_TWO_KEYS, 0, 0, { 0 } },
	{ { "RECENT", 6 }, SEARCHKEY_FLAGS, ARG_NONE, 0, IMAP_RECENT, { 0 } },
	{ { "SAVEDATESUPPORTED", 17 }, SEARCHKEY_AND, ARG_NONE, 0, 0, { 0 } },
	{ { "SAVEDBEFORE", 11 }, SEARCHKEY_SAVEDBEFORE, ARG_DATE, 0, 0, { 0 } },
	{ { "SAVEDON", 7 }, SEARCHKEY_SAVEDON, ARG_DATE, 0, 0, { 0 } },
	{ { "SAVEDSINCE", 10 }, SEARCHKEY_SAVEDSINCE, ARG_DATE, 0, 0, { 0 } },
	{ { "SEEN", 4 }, SEARCHKEY_FLAGS, ARG_NONE, 0, IMAP_SEEN, { 0 } },
	{ { "SENTBEFORE", 10 }, SEARCHKEY_SENTBEFORE, ARG_DATE, 0, 0, { 0 } },
	{ { "SENTON", 6 }, SEARCHKEY_SENTON, ARG_DATE, 0, 0, { 0 } },
	{ { "SENTSINCE", 9 }, SEARCHKEY_SENTSINCE, ARG_DATE, 0, 0, { 0 } },
	{ { "SINCE", 5 }, SEARCHKEY_SINCE, ARG_DATE, 0, 0, { 0 } },
	{ { "SMALLER", 7 }, SEARCHKEY_SMALLER, ARG_SIZE, 0, 0, { 0 } },
	{ { "SUBJECT", 7 }, SEARCHKEY_HEADER, ARG_TEXT, 0, 0, { "Subject", 7 } },
	{ { "TEXT", 4 }, SEARCHKEY_TEXT, ARG_TEXT, 0, 0, { 0 } },
	{ { "THREADID", 8 }, SEARCHKEY_THREADID, ARG_ATOM, 0, 0, { 0 } },
	{ { "TO", 2 }, SEARCHKEY_HEADER, ARG_TEXT, 0, 0, { "To", 2 } },
	{ { "UID", 3 }, SEARCHKEY_UID, ARG_UIDS, 0, 0, { 0 } },
	{ { "UNANSWERED", 10 }, SEARCHKEY_FLAGS, ARG_NONE, 1, IMAP_ANSWERED, { 0 } },
	{ { "UNDELETED", 9 }, SEARCHKEY_FLAGS, ARG_NONE, 1, IMAP_DELETED, { 0 } },
	{ { "UNDRAFT", 7 }, SEARCHKEY_FLAGS, ARG_NONE, 1, IMAP_DRAFT, { 0 } },
	{ { "UNFLAGGED", 9 }, SEARCHKEY_FLAGS, ARG_NONE, 1, IMAP_FLAGGED, { 0 } },
	{ { "UNKEYWORD", 9 }, SEARCHKEY_KEYWORD, ARG_KEYWORD, 1, 0, { 0 } },
	{ { "UNSEEN", 6 }, SEARCHKEY_FLAGS, ARG_NONE, 1, IMAP_SEEN, { 0 } },
	{ { "YOUNGER", 7 }, SEARCHKEY_YOUNGER, ARG_SECONDS, 0, 0, { 0 } },
};
/* clang-format on */

static int parse_key(struct parser *parser, struct searchkey **out);

static struct searchkey *
key_new(struct parser *parser, enum searchkey_kind kind)
{
	struct searchkey *key;

	if (++parser->keys > SEARCHKEY_MAX) {
		err_set(parser->err, ERR_LIMIT, "too many search keys");
		return NULL;
	}
	key = arena_calloc(parser->arena, 1, sizeof(*key));
	if (key == NULL)
		err_set(parser->err, ERR_LIMIT, "command too large");
	else
		key->kind = kind;
	return key;
}

/* search-key *(SP search-key), as the children of an AND. */
static int
parse_keys(struct parser *parser, struct searchkey **out)
{
	struct searchkey *and = key_new(parser, SEARCHKEY_AND), **link;

	if (and == NULL)
		return -1;
	link = &and->child;
	do {
		if (parse_key(parser, link) < 0)
			return -1;
		link = &(*link)->next;
	} while (str_take(parser->in, ' '));
	*out = and;
	return 0;
}

static int
parse_nested(struct parser *parser, struct searchkey **out)
{
	if (parse_keys(parser, out) < 0)
		return -1;
	return token_char(parser->in, ')', parser->err);
}

/* SP search-key SP search-key, behind "OR" */
static int
parse_two(struct parser *parser, struct searchkey * or)
{
	if (token_sp(parser->in, parser->err) < 0 ||
	    parse_key(parser, & or->child) < 0 ||
	    token_sp(parser->in, parser->err) < 0)
		return -1;
	return parse_key(parser, & or->child->next);
}

/*
 * [entry-name SP entry-type-req SP] mod-sequence-valzer (RFC 7162 section 7):
 * a message has one modseq for all its flags, so the entry does not matter.
 */
static int
parse_entry(struct parser *parser)
{
	struct str *in = parser->in, start, word;

	if (token_string(parser->arena, in, &word, parser->err) < 0 ||
	    token_sp(in, parser->err) < 0)
		return -1;
	start = *in;
	if (token_atom(in, &word, parser->err) < 0)
		return -1;
	if (str_ieqz(word, "all") || str_ieqz(word, "priv") ||
	    str_ieqz(word, "shared"))
		return token_sp(in, parser->err);
	*in = start;
	return err_set(parser->err, ERR_SYNTAX, "no such type of entry");
}

static int
parse_modseq(struct parser *parser, struct searchkey *key)
{
	parser->modseq = true;
	if (parser->in->len > 0 && parser->in->p[0] == '"' &&
	    parse_entry(parser) < 0)
		return -1;
	return modifier_modseq(parser->in, &key->modseq, parser->err);
}

/* "$" (RFC 5182): the UIDs of the last search that was saved. */
static bool
take_saved(struct parser *parser, struct searchkey *key)
{
	if (!str_take(parser->in, '$'))
		return false;
	if (parser->view->saved != NULL)
		key->set = *parser->view->saved;
	return true;
}

static int
parse_argument(struct parser *parser, enum argument arg, struct searchkey *key)
{
	struct str *in = parser->in;
	struct err *err = parser->err;

	if (arg == ARG_NONE)
		return 0;
	if (arg == ARG_TWO_KEYS)
		return parse_two(parser, key);
	if (token_sp(in, err) < 0)
		return -1;
	switch (arg) {
	case ARG_FIELD_TEXT:
		if (token_astring(parser->arena, in, &key->field, err) < 0 ||
		    token_sp(in, err) < 0)
			return -1;
		return token_astring(parser->arena, in, &key->text, err);
	case ARG_TEXT:
		return token_astring(parser->arena, in, &key->text, err);
	case ARG_KEYWORD:
		return imap_flags_parse_keyword(in, &key->text, err);
	case ARG_DATE:
		return imap_date_parse(in, &key->day, err);
	case ARG_MODSEQ:
		return parse_modseq(parser, key);
	case ARG_ATOM:
		return token_atom(in, &key->text, err);
	case ARG_SECONDS:
		return token_nz_number(in, &key->size, err);
	case ARG_SIZE:
		return token_number(in, &key->size, err);
	default:
		if (take_saved(parser, key))
			return 0;
		return seqset_parse(&key->set, parser->arena, in,
		    parser->view->uid, err);
	}
}

/* NEW: the key for RECENT becomes an AND of it and UNSEEN. */
static int
make_new(struct parser *parser, struct searchkey *key)
{
	key->child = key_new(parser, SEARCHKEY_FLAGS);
	if (key->child == NULL)
		return -1;
	key->child->bits = IMAP_RECENT;
	key->child->next = key_new(parser, SEARCHKEY_FLAGS);
	if (key->child->next == NULL)
		return -1;
	key->child->next->bits = IMAP_SEEN;
	key->child->next->negate = true;
	key->kind = SEARCHKEY_AND;
	return 0;
}

static int
parse_word(struct parser *parser, struct searchkey **out)
{
	struct str start = *parser->in, word;

	if (token_atom(parser->in, &word, parser->err) < 0)
		return err_set(parser->err, ERR_SYNTAX, "search key expected");
	for (size_t i = 0; i < NELEMS(words); i++) {
		struct searchkey *key;

		if (!str_ieq(word, words[i].word))
			continue;
		if ((key = key_new(parser, words[i].kind)) == NULL)
			return -1;
		key->negate = words[i].negate;
		key->bits = words[i].bits;
		key->field = words[i].field;
		*out = key;
		if (str_ieq(word, STR("NEW")))
			return make_new(parser, key);
		return parse_argument(parser, words[i].arg, key);
	}
	*parser->in = start;
	return err_set(parser->err, ERR_SYNTAX, "no such search key");
}

/* One key without the NOTs before it; the depth is bounded. */
static int
parse_plain(struct parser *parser, struct searchkey **out)
{
	int ret;

	if (parser->depth == SEARCHKEY_DEPTH)
		return err_set(parser->err, ERR_LIMIT,
		    "search nested too deep");
	parser->depth++;
	if (str_take(parser->in, '(')) {
		ret = parse_nested(parser, out);
	} else if (parser->in->len > 0 && parser->in->p[0] == '$') {
		*out = key_new(parser, SEARCHKEY_UID);
		ret = *out != NULL && take_saved(parser, *out) ? 0 : -1;
	} else if (seqset_is_next(*parser->in)) {
		*out = key_new(parser, SEARCHKEY_SEQ);
		parser->numbers = true;
		ret = *out == NULL ?
		    -1 :
		    seqset_parse(&(*out)->set, parser->arena, parser->in,
			parser->view->seq, parser->err);
	} else {
		ret = parse_word(parser, out);
	}
	parser->depth--;
	return ret;
}

/* search-key = "NOT" SP search-key / ... */
static int
parse_key(struct parser *parser, struct searchkey **out)
{
	bool negate = false;

	while (str_itake_str(parser->in, STR("NOT ")))
		negate = !negate;
	if (parse_plain(parser, out) < 0)
		return -1;
	(*out)->negate = (*out)->negate != negate;
	return 0;
}

static int
parse_program(struct arena *arena, struct str *in,
    const struct searchkey_view *view, struct searchkey_program *program,
    struct err *err)
{
	struct parser parser = { .arena = arena,
		.in = in,
		.view = view,
		.err = err };

	if (parse_keys(&parser, &program->key) < 0)
		return -1;
	program->modseq = parser.modseq;
	program->numbers = parser.numbers;
	return token_end(in, err);
}

/* [opt *(SP opt)] ")", behind the parenthesis */
static int
parse_results(struct str *in, unsigned *bits, struct err *err)
{
	static const struct {
		const char *word;
		unsigned bit;
	} options[] = {
		{ "MIN", SEARCHKEY_RETURN_MIN },
		{ "MAX", SEARCHKEY_RETURN_MAX },
		{ "ALL", SEARCHKEY_RETURN_ALL },
		{ "COUNT", SEARCHKEY_RETURN_COUNT },
		{ "SAVE", SEARCHKEY_RETURN_SAVE },
	};
	struct str start, word;
	size_t i;

	*bits = 0;
	if (str_take(in, ')')) {
		*bits = SEARCHKEY_RETURN_ALL;
		return 0;
	}
	do {
		start = *in;
		if (token_atom(in, &word, err) < 0)
			return -1;
		for (i = 0; i < NELEMS(options); i++)
			if (str_ieqz(word, options[i].word))
				break;
		if (i == NELEMS(options)) {
			*in = start;
			return err_set(err, ERR_SYNTAX,
			    "no such result option");
		}
		*bits |= options[i].bit;
	} while (str_take(in, ' '));
	return token_char(in, ')', err);
}

int
searchkey_parse(struct arena *arena, struct str *in,
    const struct searchkey_view *view, struct searchkey_program *program,
    struct err *err)
{
	*program = (struct searchkey_program){ 0 };
	if (str_itake_str(in, STR("RETURN (")) &&
	    (parse_results(in, &program->results, err) < 0 ||
		token_sp(in, err) < 0))
		return -1;
	if (str_itake_str(in, STR("CHARSET ")) &&
	    (token_astring(arena, in, &program->charset, err) < 0 ||
		token_sp(in, err) < 0))
		return -1;
	return parse_program(arena, in, view, program, err);
}

int
searchkey_parse_criteria(struct arena *arena, struct str *in,
    const struct searchkey_view *view, struct searchkey_program *program,
    struct err *err)
{
	*program = (struct searchkey_program){ 0 };
	if (token_astring(arena, in, &program->charset, err) < 0 ||
	    token_sp(in, err) < 0)
		return -1;
	return parse_program(arena, in, view, program, err);
}

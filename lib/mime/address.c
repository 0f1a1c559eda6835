#include "mime/address.h"

#include "mime/cfws.h"
#include "mime/header.h"

enum token_kind {
	TOKEN_END,
	TOKEN_BLANK,
	TOKEN_COMMENT, /* text: between the parentheses */
	TOKEN_QUOTED,  /* text: between the quotes */
	TOKEN_ATOM,
	TOKEN_SPECIAL, /* text: one of <>:;@,. */
};

struct token {
	enum token_kind kind;
	struct str text;
};

struct parser {
	struct mime_address_list *list;
	struct arena *arena;
	struct str in;
	char *out; /* where the next string goes; never more than in gave */
	size_t max;
	bool in_group;
};

/* What stands before a "<", "," or the like. */
struct element {
	struct str words;
	struct str comment; /* the last one; p NULL: none */
	ptrdiff_t at;       /* the last "@" in words; -1: none */
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

static bool
is_special(char c)
{
	return c == '<' || c == '>' || c == ':' || c == ';' || c == '@' ||
	    c == ',' || c == '.';
}

/* quoted-string = DQUOTE *([FWS] qcontent) [FWS] DQUOTE */
static size_t
quoted_len(struct str in)
{
	size_t i;

	for (i = 1; i < in.len; i++) {
		if (in.p[i] == '\\' && i + 1 < in.len)
			i++;
		else if (in.p[i] == '"')
			return i + 1;
	}
	return i;
}

/* The text inside a pair of delimiters; the closing one may be missing. */
static struct str
inner(struct str whole, char close)
{
	str_skip(&whole, 1);
	if (whole.len > 0 && whole.p[whole.len - 1] == close)
		whole.len--;
	return whole;
}

static size_t
run_len(struct str in, bool blank)
{
	size_t i;

	for (i = 0; i < in.len; i++) {
		if (is_blank(in.p[i]) != blank)
			break;
		if (!blank &&
		    (is_special(in.p[i]) || in.p[i] == '"' || in.p[i] == '('))
			break;
	}
	return i;
}

static enum token_kind
next_token(struct str *in, struct token *token)
{
	size_t len = 1;

	if (in->len == 0) {
		token->kind = TOKEN_END;
	} else if (is_blank(in->p[0])) {
		token->kind = TOKEN_BLANK;
		len = run_len(*in, true);
	} else if (in->p[0] == '(') {
		token->kind = TOKEN_COMMENT;
		len = mime_comment_len(*in);
	} else if (in->p[0] == '"') {
		token->kind = TOKEN_QUOTED;
		len = quoted_len(*in);
	} else if (is_special(in->p[0])) {
		token->kind = TOKEN_SPECIAL;
	} else {
		token->kind = TOKEN_ATOM;
		len = run_len(*in, false);
	}
	token->text = str_sub(*in, 0, len);
	if (token->kind == TOKEN_COMMENT)
		token->text = inner(token->text, ')');
	else if (token->kind == TOKEN_QUOTED)
		token->text = inner(token->text, '"');
	str_skip(in, len < in->len ? len : in->len);
	return token->kind;
}

static bool
token_is(const struct token *token, char c)
{
	return token->kind == TOKEN_SPECIAL && token->text.p[0] == c;
}

/* Write text without its quoted pairs' backslashes, as one line. */
static void
put_unquoted(struct parser *p, struct str text)
{
	char *start = p->out;

	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] == '\\' && i + 1 < text.len)
			i++;
		*p->out++ = text.p[i];
	}
	p->out = start +
	    mime_unfold(start, str_make(start, (size_t)(p->out - start)));
}

static void
put_raw(struct parser *p, struct str text)
{
	if (text.len > 0)
		memcpy(p->out, text.p, text.len);
	p->out += text.len;
}

/*
 * Words as one string: quotes undone, comments dropped, blanks one space each
 * (joined: only between two words, where they are against the rules, none
 * beside "." and the like).
 */
static struct str
put_words(struct parser *p, struct str words, bool joined)
{
	char *start = p->out;
	bool blank = false, word = false;
	struct token token;

	while (next_token(&words, &token) != TOKEN_END) {
		if (token.kind == TOKEN_BLANK || token.kind == TOKEN_COMMENT) {
			blank = true;
			continue;
		}
		if (blank && p->out > start &&
		    (!joined || (word && token.kind != TOKEN_SPECIAL)))
			*p->out++ = ' ';
		word = token.kind != TOKEN_SPECIAL;
		blank = false;
		if (token.kind == TOKEN_QUOTED)
			put_unquoted(p, token.text);
		else
			put_raw(p, token.text);
	}
	return str_make(start, (size_t)(p->out - start));
}

static struct str
put_comment(struct parser *p, struct str comment)
{
	char *start = p->out;

	put_unquoted(p, comment);
	return str_trim(str_make(start, (size_t)(p->out - start)));
}

/* atext of RFC 5322 section 3.2.3, or beyond ASCII (RFC 6532) */
static bool
is_atext(char c)
{
	return is_alpha(c) || is_digit(c) || (unsigned char)c >= 0x80 ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool
all_atext(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!is_atext(s.p[i]))
			return false;
	}
	return s.len > 0;
}

/* obs-local-part = word *("." word); of a domain the words are atoms */
static bool
words_are_valid(struct str words, bool quoted_too)
{
	bool word = false;
	struct token token;

	while (next_token(&words, &token) != TOKEN_END) {
		if (token.kind == TOKEN_BLANK || token.kind == TOKEN_COMMENT)
			continue;
		if (token_is(&token, '.')) {
			if (!word)
				return false;
			word = false;
			continue;
		}
		if (word || (token.kind == TOKEN_QUOTED && !quoted_too) ||
		    (token.kind != TOKEN_QUOTED && !all_atext(token.text)))
			return false;
		word = true;
	}
	return word;
}

/*
 * domain-literal = "[" *dtext "]", with no more dtext than the literals of
 * RFC 5321 section 4.1.3 have
 */
static bool
is_literal(struct str s)
{
	if (s.len < 3 || s.p[0] != '[' || s.p[s.len - 1] != ']')
		return false;
	for (size_t i = 1; i < s.len - 1; i++) {
		if (!is_alpha(s.p[i]) && !is_digit(s.p[i]) && s.p[i] != '.' &&
		    s.p[i] != ':' && s.p[i] != '-')
			return false;
	}
	return true;
}

static struct mime_address *
append(struct parser *p, enum mime_address_kind kind)
{
	struct mime_address_list *list = p->list;
	struct mime_address *address;

	if (kind != MIME_ADDRESS_GROUP_END && list->count >= p->max) {
		list->truncated = true;
		return NULL;
	}
	address = arena_calloc(p->arena, 1, sizeof(*address));
	if (address == NULL) {
		list->truncated = true;
		return NULL;
	}
	address->kind = kind;
	if (list->last == NULL)
		list->first = address;
	else
		list->last->next = address;
	list->last = address;
	if (kind != MIME_ADDRESS_GROUP_END)
		list->count++;
	return address;
}

/* addr-spec = local-part "@" domain; at: where in spec, -1 if nowhere */
static void
put_spec(struct parser *p, struct mime_address *address, struct str spec,
    ptrdiff_t at)
{
	struct str local, host;

	if (at < 0) {
		address->mailbox = put_words(p, spec, false);
		return;
	}
	local = str_sub(spec, 0, (size_t)at);
	host = str_sub(spec, (size_t)at + 1, spec.len);
	address->mailbox = put_words(p, local, true);
	address->host = put_words(p, host, true);
	address->valid = words_are_valid(local, true) &&
	    (is_literal(address->host) || words_are_valid(host, false));
}

/*
 * Move past one element, up to what ends it. A ":" ends the name of a group,
 * unless an "@" came before it or we are inside a group.
 */
static void
take_element(struct parser *p, struct element *element)
{
	struct str start = p->in, rest = p->in;
	struct token token;

	*element = (struct element){ .at = -1 };
	while (next_token(&rest, &token) != TOKEN_END) {
		if (token.kind == TOKEN_COMMENT)
			element->comment = token.text;
		else if (token_is(&token, '@'))
			element->at = token.text.p - start.p;
		else if (token_is(&token, ',') || token_is(&token, ';') ||
		    token_is(&token, '<'))
			break;
		else if (token_is(&token, ':') && element->at < 0 &&
		    !p->in_group)
			break;
		p->in = rest;
	}
	element->words = str_sub(start, 0, (size_t)(p->in.p - start.p));
}

/* obs-route = "@" domain *("," "@" domain) ":"; in is behind the "<" */
static struct str
take_route(struct parser *p)
{
	struct str start = p->in, rest = p->in;
	struct token token;

	while (next_token(&rest, &token) == TOKEN_BLANK ||
	    token.kind == TOKEN_COMMENT)
		continue;
	if (!token_is(&token, '@'))
		return (struct str){ NULL, 0 };
	while (
	    next_token(&rest, &token) != TOKEN_END && !token_is(&token, '>')) {
		if (!token_is(&token, ':'))
			continue;
		p->in = rest;
		return str_sub(start, 0, (size_t)(token.text.p - start.p));
	}
	return (struct str){ NULL, 0 };
}

/* Blanks and comments, then a "," if one is there. */
static void
finish_angle(struct parser *p, struct mime_address *address, struct str comment)
{
	struct str rest = p->in;
	struct token token;

	while (next_token(&rest, &token) == TOKEN_BLANK ||
	    token.kind == TOKEN_COMMENT) {
		if (token.kind == TOKEN_COMMENT)
			comment = token.text;
		p->in = rest;
	}
	if (address->name.len == 0)
		address->name = put_comment(p, comment);
	if (token_is(&token, ','))
		p->in = rest;
}

/* [display-name] "<" [obs-route] addr-spec ">"; in is behind the "<" */
static int
parse_angle(struct parser *p, const struct element *before)
{
	struct mime_address *address = append(p, MIME_ADDRESS_MAILBOX);
	struct str start, rest, spec, route;
	bool closed = false;
	struct token token;
	ptrdiff_t at = -1;

	if (address == NULL)
		return -1;
	address->name = put_words(p, before->words, false);
	route = take_route(p);
	address->route = put_words(p, route, true);
	start = rest = spec = p->in;
	spec.len = 0;
	while (next_token(&rest, &token) != TOKEN_END && !closed) {
		closed = token_is(&token, '>');
		if (token_is(&token, ',') || token_is(&token, ';'))
			break;
		if (token_is(&token, '@'))
			at = token.text.p - start.p;
		p->in = rest;
		if (!closed)
			spec.len = (size_t)(rest.p - start.p);
	}
	put_spec(p, address, spec, at);
	address->valid = address->valid && closed;
	finish_angle(p, address, before->comment);
	return 0;
}

static bool
has_words(struct str words)
{
	struct token token;

	while (next_token(&words, &token) != TOKEN_END) {
		if (token.kind != TOKEN_BLANK && token.kind != TOKEN_COMMENT)
			return true;
	}
	return false;
}

/* An addr-spec with no brackets, its name perhaps in a comment. */
static int
parse_bare(struct parser *p, const struct element *element)
{
	struct mime_address *address;

	if (!has_words(element->words))
		return 0;
	address = append(p, MIME_ADDRESS_MAILBOX);
	if (address == NULL)
		return -1;
	put_spec(p, address, element->words, element->at);
	address->name = put_comment(p, element->comment);
	return 0;
}

static int
begin_group(struct parser *p, const struct element *element)
{
	struct mime_address *address = append(p, MIME_ADDRESS_GROUP);

	if (address == NULL)
		return -1;
	address->mailbox = put_words(p, element->words, false);
	address->valid = true;
	p->in_group = true;
	return 0;
}

static void
end_group(struct parser *p)
{
	if (p->in_group)
		(void)append(p, MIME_ADDRESS_GROUP_END);
	p->in_group = false;
}

static int
parse_element(struct parser *p)
{
	struct element element;

	take_element(p, &element);
	if (str_take(&p->in, '<'))
		return parse_angle(p, &element);
	if (str_take(&p->in, ':'))
		return begin_group(p, &element);
	if (parse_bare(p, &element) < 0)
		return -1;
	if (str_take(&p->in, ';'))
		end_group(p);
	else
		(void)str_take(&p->in, ',');
	return 0;
}

void
mime_address_parse(struct mime_address_list *list, struct arena *arena,
    struct str value, size_t max)
{
	struct parser p = { list, arena, value, NULL, max, false };

	p.out = arena_alloc(arena, value.len);
	if (p.out == NULL) {
		list->truncated = true;
		return;
	}
	while (p.in.len > 0) {
		if (parse_element(&p) < 0)
			break;
	}
	end_group(&p);
}

/* dot-atom-text = 1*atext *("." 1*atext) */
static bool
is_dot_atom(struct str s)
{
	struct str part;

	if (s.len == 0)
		return false;
	while (str_split(&s, '.', &part)) {
		if (!all_atext(part))
			return false;
	}
	return true;
}

void
mime_quoted_write(struct buf *out, struct str s)
{
	(void)buf_addc(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			(void)buf_addc(out, '\\');
		(void)buf_addc(out, s.p[i]);
	}
	(void)buf_addc(out, '"');
}

int
mime_address_write(struct buf *out, const struct mime_address *address)
{
	if (address->host.len > 0 && !is_dot_atom(address->mailbox))
		mime_quoted_write(out, address->mailbox);
	else
		(void)buf_add_str(out, address->mailbox);
	if (address->host.len > 0) {
		(void)buf_addc(out, '@');
		(void)buf_add_str(out, address->host);
	}
	return out->full ? -1 : 0;
}

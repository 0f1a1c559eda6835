#include "smtpproto/path.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <stdio.h>

#include "base/utf8.h"

enum { LABEL_MAX = 63 }; /* RFC 1035 section 2.3.4 */

/* What a mailbox is made of while it is parsed, before the arena has it. */
struct parts {
	char local[SMTP_PATH_MAX];
	size_t local_len;
	char domain[SMTP_DOMAIN_MAX + 1];
	size_t domain_len;
	bool literal, utf8;
};

/* atext of RFC 5322 section 3.2.3 */
static bool
is_atext(char c)
{
	return is_alpha(c) || is_digit(c) ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Bytes of the non-ASCII character at the front, 0 if there is none. */
static size_t
wide_len(struct str in)
{
	size_t len = utf8_char_len(in);

	return len > 1 ? len : 0;
}

static int
put_local(struct parts *parts, struct str *in, size_t len, struct err *err)
{
	if (len > sizeof(parts->local) - parts->local_len)
		return err_set(err, ERR_LIMIT, "local part too long");
	memcpy(parts->local + parts->local_len, in->p, len);
	parts->local_len += len;
	str_skip(in, len);
	return 0;
}

/* Dot-string = Atom *("." Atom) */
static int
parse_dot_string(struct parts *parts, struct str *in, struct err *err)
{
	bool atom = false;

	for (;;) {
		size_t len = wide_len(*in);

		if (len > 0)
			parts->utf8 = true;
		else if (in->len > 0 && is_atext(in->p[0]))
			len = 1;
		else if (in->len > 0 && in->p[0] == '.' && atom)
			len = 1;
		else
			break;
		atom = in->p[0] != '.';
		if (put_local(parts, in, len, err) < 0)
			return -1;
	}
	if (!atom)
		return err_set(err, ERR_SYNTAX, "local part expected");
	return 0;
}

/*
 * Quoted-string = DQUOTE *QcontentSMTP DQUOTE
 * QcontentSMTP = qtextSMTP / quoted-pairSMTP; the first quote is taken.
 */
static int
parse_quoted(struct parts *parts, struct str *in, struct err *err)
{
	while (!str_take(in, '"')) {
		size_t len;

		(void)str_take(in, '\\');
		len = wide_len(*in);
		if (len > 0)
			parts->utf8 = true;
		else if (in->len > 0 && in->p[0] >= 32 && in->p[0] < 127)
			len = 1;
		else
			return err_set(err, ERR_SYNTAX,
			    "bad byte in quoted local part");
		if (put_local(parts, in, len, err) < 0)
			return -1;
	}
	return 0;
}

/*
 * The ASCII form: sub-domain *("." sub-domain), where
 * sub-domain = Let-dig [Ldh-str]; lower-cased on the way out.
 */
static int
put_domain(struct parts *parts, struct str name, struct err *err)
{
	struct str rest = name, label;

	if (name.len > SMTP_DOMAIN_MAX)
		return err_set(err, ERR_LIMIT, "domain too long");
	if (name.len == 0 || name.p[name.len - 1] == '.')
		return err_set(err, ERR_SYNTAX, "domain expected");
	while (rest.len > 0) {
		(void)str_split(&rest, '.', &label);
		if (label.len == 0 || label.p[0] == '-' ||
		    label.p[label.len - 1] == '-')
			return err_set(err, ERR_SYNTAX, "bad label in domain");
		if (label.len > LABEL_MAX)
			return err_set(err, ERR_LIMIT, "label too long");
	}
	for (size_t i = 0; i < name.len; i++)
		parts->domain[i] = lower(name.p[i]);
	parts->domain_len = name.len;
	return 0;
}

/* U-labels to A-labels (RFC 5891 section 5, lookup). */
static int
put_wide_domain(struct parts *parts, struct str name, struct err *err)
{
	char wide[SMTP_DOMAIN_MAX * 4 + 1];
	char *ascii = NULL;
	struct str converted;
	int ret;

	if (name.len >= sizeof(wide))
		return err_set(err, ERR_LIMIT, "domain too long");
	memcpy(wide, name.p, name.len);
	wide[name.len] = '\0';
	ret = idn2_lookup_u8((const uint8_t *)wide, (uint8_t **)&ascii,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (ret != IDN2_OK)
		return err_set(err,
		    ret == IDN2_TOO_BIG_DOMAIN || ret == IDN2_TOO_BIG_LABEL ?
			ERR_LIMIT :
			ERR_SYNTAX,
		    "not an internationalized domain name");
	converted = str_of(ascii);
	ret = 0;
	for (size_t i = 0; i < converted.len; i++)
		if (!is_alpha(ascii[i]) && !is_digit(ascii[i]) &&
		    strchr("-_.", ascii[i]) == NULL)
			ret = err_set(err, ERR_SYNTAX, "bad byte in domain");
	if (ret == 0)
		ret = put_domain(parts, converted, err);
	idn2_free(ascii);
	return ret;
}

/* Domain = sub-domain *("." sub-domain); sub-domain =/ U-label */
static int
parse_domain(struct parts *parts, struct str *in, struct err *err)
{
	struct str name = { in->p, 0 };
	struct str rest = *in;
	bool wide = false;

	while (rest.len > 0) {
		size_t len = wide_len(rest);

		if (len > 0)
			wide = true;
		else if (is_alpha(rest.p[0]) || is_digit(rest.p[0]) ||
		    rest.p[0] == '-' || rest.p[0] == '_' || rest.p[0] == '.')
			len = 1;
		else
			break;
		str_skip(&rest, len);
		name.len += len;
	}
	if ((wide ? put_wide_domain(parts, name, err) :
		    put_domain(parts, name, err)) < 0)
		return -1;
	if (wide)
		parts->utf8 = true;
	*in = rest;
	return 0;
}

/*
 * address-literal = "[" ( IPv4-address-literal / IPv6-address-literal ) "]",
 * the bracket taken. General-address-literal has no registered tag, so none
 * is accepted.
 */
static int
parse_literal(struct parts *parts, struct str *in, struct err *err)
{
	ptrdiff_t end = str_chr(*in, ']');
	unsigned char address[16];
	char text[64];
	struct str inner;
	int family = AF_INET, len;

	if (end < 0 || (size_t)end >= sizeof(text))
		return err_set(err, ERR_SYNTAX, "bad address literal");
	inner = str_sub(*in, 0, (size_t)end);
	if (str_itake_str(&inner, STR("IPv6:")))
		family = AF_INET6;
	memcpy(text, inner.p, inner.len);
	text[inner.len] = '\0';
	if (memchr(text, '\0', inner.len) != NULL ||
	    inet_pton(family, text, address) != 1)
		return err_set(err, ERR_SYNTAX, "bad address literal");
	str_skip(in, (size_t)end + 1);
	(void)inet_ntop(family, address, text, sizeof(text));
	len = snprintf(parts->domain, sizeof(parts->domain), "[%s%s]",
	    family == AF_INET6 ? "IPv6:" : "", text);
	parts->domain_len = (size_t)len;
	parts->literal = true;
	return 0;
}

static int
parse_domain_or_literal(struct parts *parts, struct str *in, struct err *err)
{
	return str_take(in, '[') ? parse_literal(parts, in, err) :
				   parse_domain(parts, in, err);
}

/* Local-part = Dot-string / Quoted-string */
static int
parse_local(struct parts *parts, struct str *in, struct err *err)
{
	return str_take(in, '"') ? parse_quoted(parts, in, err) :
				   parse_dot_string(parts, in, err);
}

/* A-d-l = At-domain *( "," At-domain ), then ":"; thrown away. */
static int
skip_route(struct parts *parts, struct str *in, struct err *err)
{
	do {
		if (!str_take(in, '@'))
			return err_set(err, ERR_SYNTAX, "\"@\" expected");
		if (parse_domain_or_literal(parts, in, err) < 0)
			return -1;
		parts->literal = false;
	} while (str_take(in, ','));
	if (!str_take(in, ':'))
		return err_set(err, ERR_SYNTAX, "\":\" expected");
	return 0;
}

static bool
is_dot_string(struct str local)
{
	bool atom = false;

	while (local.len > 0) {
		size_t len = wide_len(local);

		if (len == 0 && !is_atext(local.p[0]) &&
		    !(local.p[0] == '.' && atom))
			return false;
		atom = local.p[0] != '.';
		str_skip(&local, len > 0 ? len : 1);
	}
	return atom;
}

int
smtp_local_put(struct buf *out, struct str local)
{
	if (is_dot_string(local))
		return buf_add_str(out, local);
	(void)buf_addc(out, '"');
	for (size_t i = 0; i < local.len; i++) {
		if (local.p[i] == '"' || local.p[i] == '\\')
			(void)buf_addc(out, '\\');
		(void)buf_addc(out, local.p[i]);
	}
	return buf_addc(out, '"');
}

/* The parts into the arena, and the canonical address made of them. */
static int
finish(struct smtp_path *path, const struct parts *parts, struct arena *arena,
    struct err *err)
{
	struct buf address;

	buf_init(&address, SMTP_PATH_MAX);
	(void)smtp_local_put(&address,
	    str_make(parts->local, parts->local_len));
	if (parts->domain_len > 0) {
		(void)buf_addc(&address, '@');
		(void)buf_add(&address, parts->domain, parts->domain_len);
	}
	if (address.full) {
		buf_clear(&address);
		return err_set(err, ERR_LIMIT, "address too long");
	}
	path->local =
	    arena_str(arena, str_make(parts->local, parts->local_len));
	path->domain =
	    arena_str(arena, str_make(parts->domain, parts->domain_len));
	path->address = arena_str(arena, buf_str(&address));
	buf_clear(&address);
	path->utf8 = parts->utf8;
	path->literal = parts->literal;
	if (path->local.p == NULL || path->domain.p == NULL ||
	    path->address.p == NULL)
		return err_set(err, ERR_LIMIT, "no room for the address");
	return 0;
}

/* Mailbox = Local-part "@" ( Domain / address-literal ) */
static int
parse_mailbox(struct parts *parts, struct str *in, struct err *err)
{
	if (parse_local(parts, in, err) < 0)
		return -1;
	if (!str_take(in, '@'))
		return err_set(err, ERR_SYNTAX, "\"@\" expected");
	return parse_domain_or_literal(parts, in, err);
}

int
smtp_mailbox_parse(struct smtp_path *path, struct str *in, struct arena *arena,
    struct err *err)
{
	struct parts parts;

	*path = (struct smtp_path){ 0 };
	memset(&parts, 0, sizeof(parts));
	if (parse_mailbox(&parts, in, err) < 0)
		return -1;
	return finish(path, &parts, arena, err);
}

/* Path = "<" [ A-d-l ":" ] Mailbox ">", the "<" taken. */
static int
parse_bracketed(struct smtp_path *path, struct parts *parts, struct str *in,
    unsigned flags, struct err *err)
{
	if (flags & SMTP_PATH_NULL && str_take(in, '>'))
		return 0;
	if (flags & SMTP_PATH_POSTMASTER &&
	    str_itake_str(in, STR("postmaster>"))) {
		memcpy(parts->local, "postmaster", 10);
		parts->local_len = 10;
		return 0;
	}
	if (in->len > 0 && in->p[0] == '@') {
		if (skip_route(parts, in, err) < 0)
			return -1;
		path->routed = true;
	}
	if (parse_mailbox(parts, in, err) < 0)
		return -1;
	if (!str_take(in, '>'))
		return err_set(err, ERR_SYNTAX, "\">\" expected");
	return 0;
}

int
smtp_path_parse(struct smtp_path *path, struct str *in, unsigned flags,
    struct arena *arena, struct err *err)
{
	struct parts parts;
	bool routed;

	*path = (struct smtp_path){ 0 };
	memset(&parts, 0, sizeof(parts));
	if (str_take(in, '<')) {
		if (parse_bracketed(path, &parts, in, flags, err) < 0)
			return -1;
	} else if (flags & SMTP_PATH_BARE) {
		if (parse_mailbox(&parts, in, err) < 0)
			return -1;
	} else {
		return err_set(err, ERR_SYNTAX, "\"<\" expected");
	}
	if (parts.local_len == 0 && parts.domain_len == 0) {
		path->local = path->domain = path->address = STR("");
		return 0;
	}
	routed = path->routed;
	if (finish(path, &parts, arena, err) < 0)
		return -1;
	path->routed = routed;
	return 0;
}

int
smtp_domain_parse(struct str *domain, struct str *in, struct arena *arena,
    struct err *err)
{
	struct parts parts;

	memset(&parts, 0, sizeof(parts));
	if (parse_domain_or_literal(&parts, in, err) < 0)
		return -1;
	*domain = arena_str(arena, str_make(parts.domain, parts.domain_len));
	if (domain->p == NULL)
		return err_set(err, ERR_LIMIT, "no room for the domain");
	return 0;
}

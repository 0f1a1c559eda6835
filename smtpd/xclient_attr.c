#include "smtpd/xclient_attr.h"

#include "base/buf.h"
#include "smtpproto/param.h"

enum { VALUE_MAX = 255 };

static int
bad(const char *name, struct err *err)
{
	return err_set(err, ERR_SYNTAX, "Bad %s syntax", name);
}

static int
keep(struct xclient_attr *attr, struct str value, const char *name,
    struct err *err)
{
	(void)name, (void)value, (void)attr, (void)err;
	return 0;
}

static int
take_addr(struct xclient_attr *attr, struct str value, const char *name,
    struct err *err)
{
	bool is_ipv6 = str_itake_str(&value, STR("IPV6:"));

	if (addr_parse_ip(&attr->addr, value, err) < 0 ||
	    (str_chr(value, ':') >= 0) != is_ipv6)
		return bad(name, err);
	return 0;
}

static int
take_port(struct xclient_attr *attr, struct str value, const char *name,
    struct err *err)
{
	return addr_parse_port(value, &attr->port) ? 0 : bad(name, err);
}

static int
take_proto(struct xclient_attr *attr, struct str value, const char *name,
    struct err *err)
{
	attr->esmtp = str_ieqz(value, "ESMTP");
	return attr->esmtp || str_ieqz(value, "SMTP") ? 0 : bad(name, err);
}

static const struct {
	const char *name;
	int (*take)(struct xclient_attr *attr, struct str value,
	    const char *name, struct err *err);
} names[XCLIENT_NAMES] = {
	[XCLIENT_NAME] = { "NAME", keep },
	[XCLIENT_ADDR] = { "ADDR", take_addr },
	[XCLIENT_PORT] = { "PORT", take_port },
	[XCLIENT_PROTO] = { "PROTO", take_proto },
	[XCLIENT_HELO] = { "HELO", keep },
	[XCLIENT_LOGIN] = { "LOGIN", keep },
	[XCLIENT_DESTADDR] = { "DESTADDR", take_addr },
	[XCLIENT_DESTPORT] = { "DESTPORT", take_port },
	[XCLIENT_REVERSE_NAME] = { "REVERSE_NAME", keep },
};

/* It goes into log lines and header fields. */
static bool
is_plain(struct str value)
{
	for (size_t i = 0; i < value.len; i++) {
		if (value.p[i] <= ' ' || value.p[i] > '~')
			return false;
	}
	return value.len > 0 && value.len <= VALUE_MAX;
}

static int
take_value(struct xclient_attr *attr, struct str text, size_t i,
    struct arena *arena, struct err *err)
{
	struct err ignored;
	struct buf value;
	int ret;

	if (str_ieqz(text, "[UNAVAILABLE]")) {
		attr->state = XCLIENT_UNAVAILABLE;
		return 0;
	}
	if (str_ieqz(text, "[TEMPUNAVAIL]")) {
		attr->state = XCLIENT_TEMPUNAVAIL;
		return 0;
	}
	buf_init(&value, VALUE_MAX);
	ret = smtp_xtext_decode(&value, text, &ignored);
	if (ret < 0 || !is_plain(buf_str(&value)))
		ret = bad(names[i].name, err);
	if (ret == 0) {
		attr->value = arena_str(arena, buf_str(&value));
		if (attr->value.p == NULL)
			ret = err_set(err, ERR_LIMIT, "Too many attributes");
		else
			ret = names[i].take(attr, attr->value, names[i].name,
			    err);
	}
	if (ret == 0)
		attr->state = XCLIENT_VALUE;
	buf_clear(&value);
	return ret;
}

/* attribute-name "=" attribute-value */
static int
take_attr(struct xclient *x, struct str word, struct arena *arena,
    struct err *err)
{
	struct str name = str_sub(word, 0, 0);

	if (!str_split(&word, '=', &name) || word.p == NULL)
		return err_set(err, ERR_SYNTAX,
		    "Error: attribute=value expected");
	for (size_t i = 0; i < XCLIENT_NAMES; i++) {
		if (!str_ieqz(name, names[i].name))
			continue;
		if (x->attr[i].state != XCLIENT_ABSENT)
			return err_set(err, ERR_SYNTAX,
			    "Bad %s syntax: it is there twice", names[i].name);
		return take_value(&x->attr[i], word, i, arena, err);
	}
	return err_set(err, ERR_SYNTAX, "Bad attribute name");
}

int
xclient_parse(struct xclient *x, struct str args, struct arena *arena,
    struct err *err)
{
	bool any = false;
	struct str word;

	*x = (struct xclient){ 0 };
	while (str_split(&args, ' ', &word)) {
		if (word.len == 0)
			continue;
		any = true;
		if (take_attr(x, word, arena, err) < 0)
			return -1;
	}
	if (!any)
		return err_set(err, ERR_SYNTAX,
		    "Syntax: XCLIENT attribute=value...");
	return 0;
}

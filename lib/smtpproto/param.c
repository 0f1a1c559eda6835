#include "smtpproto/param.h"

#include "base/hex.h"
#include "base/num.h"
#include "base/utf8.h"

enum {
	ENVID_MAX = 100, /* RFC 3461 section 4.4 */
	ORCPT_MAX = 500, /* RFC 3461 section 4.2 */
};

static const uint64_t SIZE_MOST = UINT64_MAX / 2;

struct param {
	struct str name, value;
	bool has_value;
};

/* One keyword: who offers it, and who reads its value. */
struct keyword {
	const char *name;
	unsigned offer;
	bool wants_value;
	int (*read)(void *params, struct str value, unsigned offered,
	    struct err *err);
};

/* esmtp-value: any CHAR but "=", SP and controls; UTF-8 too (RFC 6531) */
static size_t
value_char(struct str in)
{
	if (in.len == 0)
		return 0;
	if (in.p[0] > ' ' && in.p[0] < 127)
		return in.p[0] == '=' ? 0 : 1;
	return utf8_char_len(in) > 1 ? utf8_char_len(in) : 0;
}

/* esmtp-param = esmtp-keyword ["=" esmtp-value] */
static int
parse_param(struct param *param, struct str *in, struct err *err)
{
	size_t len = 0;

	while (len < in->len &&
	    (is_alpha(in->p[len]) || is_digit(in->p[len]) ||
		(len > 0 && in->p[len] == '-')))
		len++;
	if (len == 0)
		return err_set(err, ERR_SYNTAX, "parameter expected");
	*param = (struct param){ .name = str_sub(*in, 0, len) };
	str_skip(in, len);
	if (!str_take(in, '='))
		return 0;
	param->has_value = true;
	param->value = str_make(in->p, 0);
	while ((len = value_char(*in)) > 0) {
		param->value.len += len;
		str_skip(in, len);
	}
	if (param->value.len == 0)
		return err_set(err, ERR_SYNTAX, "value expected");
	return 0;
}

static const struct keyword *
find_keyword(const struct keyword *table, struct str name, unsigned offered)
{
	for (; table->name != NULL; table++)
		if (str_ieqz(name, table->name) && table->offer & offered)
			return table;
	return NULL;
}

/* *( SP esmtp-param ), each keyword of the table at most once. */
static int
parse_all(void *params, const struct keyword *table, struct str *in,
    unsigned offered, struct err *err)
{
	const struct keyword *keyword;
	struct param param = { 0 };
	unsigned seen = 0;

	for (;;) {
		bool spaced = false;

		while (str_take(in, ' '))
			spaced = true;
		if (in->len == 0)
			return 0;
		if (!spaced)
			return err_set(err, ERR_SYNTAX, "space expected");
		if (parse_param(&param, in, err) < 0)
			return -1;
		if (in->len > 0 && in->p[0] != ' ')
			return err_set(err, ERR_SYNTAX, "bad parameter value");
		keyword = find_keyword(table, param.name, offered);
		if (keyword == NULL)
			return err_set(err, ERR_NOENT, "unknown parameter");
		if (seen & 1u << (keyword - table))
			return err_set(err, ERR_SYNTAX, "%s given twice",
			    keyword->name);
		seen |= 1u << (keyword - table);
		if (keyword->wants_value != param.has_value)
			return err_set(err, ERR_SYNTAX, "%s %s a value",
			    keyword->name,
			    keyword->wants_value ? "needs" : "takes no");
		if (keyword->read(params, param.value, offered, err) < 0)
			return -1;
	}
}

/* size-value = 1*20DIGIT */
static int
read_size(void *ctx, struct str value, unsigned offered, struct err *err)
{
	struct smtp_mail_params *params = ctx;
	bool digits = value.len <= 20;

	(void)offered;
	for (size_t i = 0; i < value.len; i++)
		digits = digits && is_digit(value.p[i]);
	if (!digits)
		return err_set(err, ERR_SYNTAX, "bad SIZE");
	/* More than a file can hold is too large, not bad. */
	if (!num_parse(value, SIZE_MOST, &params->size))
		params->size = SIZE_MOST;
	return 0;
}

static int
read_body(void *ctx, struct str value, unsigned offered, struct err *err)
{
	struct smtp_mail_params *params = ctx;

	if (str_ieqz(value, "7BIT"))
		params->body = SMTP_BODY_7BIT;
	else if (str_ieqz(value, "8BITMIME"))
		params->body = SMTP_BODY_8BIT;
	else if (str_ieqz(value, "BINARYMIME") && offered & SMTP_PARAM_BINARY)
		params->body = SMTP_BODY_BINARY;
	else
		return err_set(err, ERR_SYNTAX, "unknown BODY");
	return 0;
}

static int
read_utf8(void *ctx, struct str value, unsigned offered, struct err *err)
{
	struct smtp_mail_params *params = ctx;

	(void)value, (void)offered, (void)err;
	params->smtputf8 = true;
	return 0;
}

/* What is hidden in the encoding must not break the line of a report. */
static int
check_printable(struct str s, struct err *err)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < ' ' || c == 127)
			return err_set(err, ERR_SYNTAX, "control character");
	}
	return 0;
}

static int
check_xtext(struct str in, const char *what, struct err *err)
{
	struct buf decoded;
	int ret;

	buf_init(&decoded, 0);
	ret = smtp_xtext_decode(&decoded, in, err);
	if (ret == 0)
		ret = check_printable(buf_str(&decoded), err);
	buf_clear(&decoded);
	return ret < 0 ? err_prefix(err, "%s", what) : 0;
}

/* AUTH=<> or the xtext of a mailbox */
static int
read_auth(void *ctx, struct str value, unsigned offered, struct err *err)
{
	struct smtp_mail_params *params = ctx;

	(void)offered;
	if (!str_eqz(value, "<>") && check_xtext(value, "AUTH", err) < 0)
		return -1;
	params->auth = value;
	return 0;
}

static int
read_ret(void *ctx, struct str value, unsigned offered, struct err *err)
{
	struct smtp_mail_params *params = ctx;

	(void)offered;
	if (str_ieqz(value, "FULL"))
		params->ret = SMTP_RET_FULL;
	else if (str_ieqz(value, "HDRS"))
		params->ret = SMTP_RET_HDRS;
	else
		return err_set(err, ERR_SYNTAX, "unknown RET");
	return 0;
}

static int
read_envid(void *ctx, struct str value, unsigned offered, struct err *err)
{
	struct smtp_mail_params *params = ctx;

	(void)offered;
	if (value.len > ENVID_MAX)
		return err_set(err, ERR_LIMIT, "ENVID too long");
	if (check_xtext(value, "ENVID", err) < 0)
		return -1;
	params->envid = value;
	return 0;
}

/* "NEVER" / 1#( "SUCCESS" / "FAILURE" / "DELAY" ), without spaces */
static int
read_notify(void *ctx, struct str value, unsigned offered, struct err *err)
{
	struct smtp_rcpt_params *params = ctx;
	struct str rest = value, word;
	bool more;

	(void)offered;
	if (str_ieqz(value, "NEVER")) {
		params->notify = SMTP_NOTIFY_NEVER;
		return 0;
	}
	do {
		more = str_chr(rest, ',') >= 0;
		(void)str_split(&rest, ',', &word);
		if (str_ieqz(word, "SUCCESS"))
			params->notify |= SMTP_NOTIFY_SUCCESS;
		else if (str_ieqz(word, "FAILURE"))
			params->notify |= SMTP_NOTIFY_FAILURE;
		else if (str_ieqz(word, "DELAY"))
			params->notify |= SMTP_NOTIFY_DELAY;
		else
			return err_set(err, ERR_SYNTAX, "unknown NOTIFY");
	} while (more);
	return 0;
}

/* EmbeddedUnicodeChar = "\x{" 2*6HEXDIG "}", the "\x{" taken (RFC 6533) */
static bool
take_embedded(struct str *in)
{
	size_t digits = 0;

	while (in->len > 0 && hex_digit(in->p[0]) >= 0) {
		str_skip(in, 1);
		digits++;
	}
	return digits >= 2 && digits <= 6 && str_take(in, '}');
}

/* utf-8-addr-xtext / utf-8-addr-unitext of RFC 6533 section 3 */
static int
check_utf8_address(struct str in, struct err *err)
{
	while (in.len > 0) {
		if (str_take_str(&in, STR("\\x{"))) {
			if (!take_embedded(&in))
				return err_set(err, ERR_SYNTAX,
				    "bad character in ORCPT");
			continue;
		}
		if (in.p[0] == '\\' || in.p[0] == '+' || value_char(in) == 0)
			return err_set(err, ERR_SYNTAX,
			    "bad character in ORCPT");
		str_skip(&in, value_char(in));
	}
	return 0;
}

/* original-recipient-address = addr-type ";" xtext */
static int
read_orcpt(void *ctx, struct str value, unsigned offered, struct err *err)
{
	struct smtp_rcpt_params *params = ctx;
	ptrdiff_t semicolon = str_chr(value, ';');

	(void)offered;
	if (value.len > ORCPT_MAX)
		return err_set(err, ERR_LIMIT, "ORCPT too long");
	if (semicolon < 1 || (size_t)semicolon + 1 == value.len)
		return err_set(err, ERR_SYNTAX, "bad ORCPT");
	params->orcpt_type = str_sub(value, 0, (size_t)semicolon);
	params->orcpt = str_sub(value, (size_t)semicolon + 1, value.len);
	for (size_t i = 0; i < params->orcpt_type.len; i++) {
		char c = params->orcpt_type.p[i];

		if (!is_alpha(c) && !is_digit(c) && c != '-')
			return err_set(err, ERR_SYNTAX, "bad ORCPT type");
	}
	if (str_ieqz(params->orcpt_type, "utf-8"))
		return check_utf8_address(params->orcpt, err);
	return check_xtext(params->orcpt, "ORCPT", err);
}

/* clang-format off */
static const struct keyword mail_keywords[] = {
	{ "SIZE",     SMTP_PARAM_SIZE, true,  read_size },
	{ "BODY",     SMTP_PARAM_BODY, true,  read_body },
	{ "SMTPUTF8", SMTP_PARAM_UTF8, false, read_utf8 },
	{ "AUTH",     SMTP_PARAM_AUTH, true,  read_auth },
	{ "RET",      SMTP_PARAM_DSN,  true,  read_ret },
	{ "ENVID",    SMTP_PARAM_DSN,  true,  read_envid },
	{ 0 },
};

static const struct keyword rcpt_keywords[] = {
	{ "NOTIFY",   SMTP_PARAM_DSN,  true,  read_notify },
	{ "ORCPT",    SMTP_PARAM_DSN,  true,  read_orcpt },
	{ 0 },
};
/* clang-format on */

int
smtp_mail_params_parse(struct smtp_mail_params *params, struct str *in,
    unsigned offered, struct err *err)
{
	*params = (struct smtp_mail_params){ 0 };
	return parse_all(params, mail_keywords, in, offered, err);
}

int
smtp_rcpt_params_parse(struct smtp_rcpt_params *params, struct str *in,
    unsigned offered, struct err *err)
{
	*params = (struct smtp_rcpt_params){ 0 };
	return parse_all(params, rcpt_keywords, in, offered, err);
}

/* xchar: printable ASCII but "+" and "=" */
static bool
is_xchar(char c)
{
	return c > ' ' && c < 127 && c != '+' && c != '=';
}

int
smtp_param_take(struct str *params, struct str name, struct arena *arena,
    struct str *value)
{
	struct str rest = *params, word;
	char *copy = arena_alloc(arena, params->len + 1);
	size_t len = 0;

	*value = STR("");
	if (copy == NULL)
		return -1;
	while (str_split(&rest, ' ', &word)) {
		if (str_itake_str(&word, name)) {
			*value = word;
		} else if (word.len > 0) {
			copy[len++] = ' ';
			memcpy(copy + len, word.p, word.len);
			len += word.len;
		}
	}
	*params = str_make(copy, len);
	return 0;
}

int
smtp_xtext_decode(struct buf *out, struct str in, struct err *err)
{
	while (in.len > 0) {
		char c = in.p[0];

		if (c == '+') {
			if (in.len < 3 || hex_digit(in.p[1]) < 0 ||
			    hex_digit(in.p[2]) < 0 ||
			    upper(in.p[1]) != in.p[1] ||
			    upper(in.p[2]) != in.p[2])
				return err_set(err, ERR_SYNTAX, "bad hexchar");
			c = (char)(hex_digit(in.p[1]) << 4 |
			    hex_digit(in.p[2]));
			str_skip(&in, 2);
		} else if (!is_xchar(c)) {
			return err_set(err, ERR_SYNTAX, "bad xtext");
		}
		str_skip(&in, 1);
		if (buf_addc(out, c) < 0)
			return err_set(err, ERR_LIMIT, "xtext too long");
	}
	return 0;
}

/* "\x{" HEXPOINT "}" and UTF-8 as it is */
static int
decode_utf8_address(struct buf *out, struct str in, struct err *err)
{
	if (check_utf8_address(in, err) < 0)
		return -1;
	while (in.len > 0) {
		uint32_t rune = 0;

		if (!str_take_str(&in, STR("\\x{"))) {
			(void)buf_addc(out, in.p[0]);
			str_skip(&in, 1);
			continue;
		}
		while (!str_take(&in, '}')) {
			rune = rune << 4 | (uint32_t)hex_digit(in.p[0]);
			str_skip(&in, 1);
		}
		(void)utf8_put(out, rune);
	}
	return out->full ? err_set(err, ERR_LIMIT, "ORCPT too long") : 0;
}

int
smtp_orcpt_decode(struct buf *out, struct str orcpt, struct err *err)
{
	size_t from = out->len;
	struct str type;
	int ret;

	if (str_chr(orcpt, ';') < 0)
		return err_set(err, ERR_SYNTAX, "bad ORCPT");
	(void)str_split(&orcpt, ';', &type);
	(void)buf_add_str(out, type);
	(void)buf_addc(out, ';');
	if (str_ieqz(type, "utf-8"))
		ret = decode_utf8_address(out, orcpt, err);
	else
		ret = smtp_xtext_decode(out, orcpt, err);
	if (ret < 0)
		return -1;
	return check_printable(str_sub(buf_str(out), from, out->len), err);
}

int
smtp_orcpt_put_ascii(struct buf *out, struct str orcpt)
{
	while (orcpt.len > 0) {
		uint32_t rune;

		if ((unsigned char)orcpt.p[0] > 127 &&
		    utf8_take(&orcpt, &rune)) {
			(void)buf_addf(out, "\\x{%X}", (unsigned)rune);
			continue;
		}
		(void)buf_addc(out, orcpt.p[0]);
		str_skip(&orcpt, 1);
	}
	return out->full ? -1 : 0;
}

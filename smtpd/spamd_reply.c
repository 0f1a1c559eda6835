#include "smtpd/spamd_reply.h"

#include "base/num.h"
#include "net/line.h"

enum {
	LINE_MAX_LEN = 1000,
	HEADERS_MAX = 20,
	SCORE_MAX = 1000000, /* points */
	SHOWN = 100,         /* bytes of what it said, for the log */
};

static int
bad(struct err *err, const char *what)
{
	return err_set(err, ERR_SYNTAX, "the answer of spamd: %s", what);
}

/* "-1.5", "1000", "5.000", in thousandths; further decimals are dropped. */
static bool
take_score(struct str *in, int64_t *out)
{
	struct str rest = *in;
	bool minus = str_take(&rest, '-');
	uint64_t whole;
	int64_t thousandths = 0;

	if (!num_take(&rest, SCORE_MAX, &whole))
		return false;
	if (str_take(&rest, '.')) {
		int64_t worth = 100;

		for (; rest.len > 0 && is_digit(rest.p[0]); worth /= 10) {
			thousandths += worth * (rest.p[0] - '0');
			str_skip(&rest, 1);
		}
	}
	*out = (int64_t)whole * 1000 + thousandths;
	if (minus)
		*out = -*out;
	*in = rest;
	return true;
}

/* "SPAMD/" version SP code SP text */
static int
parse_first(struct str line, struct err *err)
{
	struct str version, code;

	if (!str_take_str(&line, STR("SPAMD/")) ||
	    !str_split(&line, ' ', &version) || line.p == NULL ||
	    !str_split(&line, ' ', &code))
		return bad(err, "no SPAMD/ in front");
	if (!str_eqz(code, "0"))
		return err_set(err, ERR_TEMP, "%" STR_F " %" STR_F,
		    STR_A(str_sub(code, 0, SHOWN)),
		    STR_A(str_sub(line, 0, SHOWN)));
	return 0;
}

/* ( "True" / "Yes" / "False" / "No" ) " ; " score " / " required */
static int
parse_spam(struct spamd_reply *reply, struct str value, struct err *err)
{
	value = str_trim(value);
	reply->is_spam = str_itake_str(&value, STR("True")) ||
	    str_itake_str(&value, STR("Yes"));
	if (!reply->is_spam && !str_itake_str(&value, STR("False")) &&
	    !str_itake_str(&value, STR("No")))
		return bad(err, "neither True nor False");
	if (!str_take_str(&value, STR(" ; ")) ||
	    !take_score(&value, &reply->score) ||
	    !str_take_str(&value, STR(" / ")) ||
	    !take_score(&value, &reply->required) || value.len > 0)
		return bad(err, "not a score");
	return 0;
}

static bool
is_test_byte(char c)
{
	return is_alpha(c) || is_digit(c) || c == '_' || c == ',';
}

/* Up to the first byte that no name has. */
static struct str
take_tests(struct str in)
{
	size_t len = 0;

	while (len < in.len && is_test_byte(in.p[len]))
		len++;
	in.len = len;
	return in;
}

/* The lines up to the empty one. */
static int
parse_headers(struct spamd_reply *reply, struct str *in, uint64_t *length,
    struct err *err)
{
	bool has_spam = false;
	struct str line;

	for (int i = 0; i < HEADERS_MAX; i++) {
		if (line_take(in, LINE_MAX_LEN, &line) != LINE_OK)
			return bad(err, "it is not whole");
		if (line.len == 0)
			return has_spam ? 0 : bad(err, "it says no score");
		if (str_itake_str(&line, STR("Spam:"))) {
			has_spam = true;
			if (parse_spam(reply, line, err) < 0)
				return -1;
		} else if (str_itake_str(&line, STR("Content-length:")) &&
		    !num_parse(str_trim(line), SPAMD_REPLY_MAX, length)) {
			return bad(err, "not a length");
		}
	}
	return bad(err, "too many lines");
}

int
spamd_reply_parse(struct spamd_reply *reply, struct str in, struct err *err)
{
	uint64_t length = 0;
	struct str line;

	*reply = (struct spamd_reply){ .tests = STR("") };
	if (line_take(&in, LINE_MAX_LEN, &line) != LINE_OK)
		return bad(err, "it is not whole");
	if (parse_first(line, err) < 0 ||
	    parse_headers(reply, &in, &length, err) < 0)
		return -1;
	if (in.len < length)
		return bad(err, "it is not whole");
	reply->tests = take_tests(in);
	return 0;
}

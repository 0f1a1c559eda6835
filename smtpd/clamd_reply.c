#include "smtpd/clamd_reply.h"

enum { SHOWN = 100 /* bytes of what it said, for the log */ };

static bool
is_plain(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (name.p[i] <= ' ' || name.p[i] > '~')
			return false;
	}
	return name.len > 0;
}

int
clamd_reply_parse(struct str reply, enum clamd_verdict *verdict,
    struct str *name, struct err *err)
{
	struct str rest = reply;

	*verdict = CLAMD_CLEAN;
	*name = STR("");
	if (rest.len == 0 ||
	    (rest.p[rest.len - 1] != '\0' && rest.p[rest.len - 1] != '\n'))
		return err_set(err, ERR_SYNTAX, "the answer ends too early");
	rest.len--;
	if (str_ends(rest, STR(" ERROR")))
		return err_set(err, ERR_TEMP, "%" STR_F,
		    STR_A(str_sub(rest, 0, SHOWN)));
	if (str_eqz(rest, "stream: OK"))
		return 0;
	if (str_take_str(&rest, STR("stream: ")) &&
	    str_ends(rest, STR(" FOUND"))) {
		rest.len -= strlen(" FOUND");
		*name = rest;
		*verdict = CLAMD_FOUND;
		if (is_plain(rest))
			return 0;
		*verdict = CLAMD_CLEAN;
		*name = STR("");
	}
	return err_set(err, ERR_SYNTAX, "not understood: %" STR_F,
	    STR_A(str_sub(reply, 0, SHOWN)));
}

#include "imap/modifier.h"

#include "base/num.h"
#include "imap/token.h"

int
modifier_modseq(struct str *in, uint64_t *out, struct err *err)
{
	if (in->len == 0 || !is_digit(in->p[0]))
		return err_set(err, ERR_SYNTAX, "mod-sequence expected");
	if (!num_take(in, INT64_MAX, out))
		return err_set(err, ERR_SYNTAX, "mod-sequence too large");
	return 0;
}

/*
 * A set in which "*" may not stand (known-uids, known-sequence-set and
 * known-uid-set).
 */
static int
parse_known(struct arena *arena, struct str *in, struct seqset *set,
    struct err *err)
{
	struct str start = *in;
	ptrdiff_t star;

	if (seqset_parse(set, arena, in, UINT32_MAX, err) < 0)
		return -1;
	star = str_chr(str_sub(start, 0, start.len - in->len), '*');
	if (star < 0)
		return 0;
	*in = str_sub(start, (size_t)star, start.len);
	return err_set(err, ERR_SYNTAX, "* is not a known message");
}

/* seq-match-data = "(" known-sequence-set SP known-uid-set ")" */
static int
parse_match(struct arena *arena, struct str *in, struct modifier_qresync *out,
    struct err *err)
{
	if (parse_known(arena, in, &out->match_seq, err) < 0 ||
	    token_sp(in, err) < 0 ||
	    parse_known(arena, in, &out->match_uid, err) < 0)
		return -1;
	if (seqset_count(&out->match_seq) != seqset_count(&out->match_uid))
		return err_set(err, ERR_SYNTAX,
		    "as many UIDs as numbers expected");
	return token_char(in, ')', err);
}

/*
 * "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data]
 * ")"
 */
static int
parse_qresync(struct arena *arena, struct str *in, struct modifier_qresync *out,
    struct err *err)
{
	if (token_sp(in, err) < 0 || token_char(in, '(', err) < 0 ||
	    token_nz_number(in, &out->uidvalidity, err) < 0 ||
	    token_sp(in, err) < 0 || modifier_modseq(in, &out->modseq, err) < 0)
		return -1;
	if (in->len > 1 && in->p[0] == ' ' && in->p[1] != '(') {
		str_skip(in, 1);
		if (parse_known(arena, in, &out->uids, err) < 0)
			return -1;
		out->has_uids = true;
	}
	if (str_take_str(in, STR(" (")) && parse_match(arena, in, out, err) < 0)
		return -1;
	return token_char(in, ')', err);
}

/* The word of a modifier, in upper or lower case, and no longer. */
static bool
take_word(struct str *in, const char *word)
{
	struct str start = *in, atom;
	struct err err;

	if (token_atom(in, &atom, &err) == 0 && str_ieqz(atom, word))
		return true;
	*in = start;
	return false;
}

int
modifier_parse_select(struct arena *arena, struct str *in,
    struct modifier_select *out, struct err *err)
{
	*out = (struct modifier_select){ 0 };
	if (!str_take_str(in, STR(" (")))
		return 0;
	do {
		if (!out->condstore && take_word(in, "CONDSTORE")) {
			out->condstore = true;
		} else if (!out->qresync && take_word(in, "QRESYNC")) {
			out->qresync = true;
			if (parse_qresync(arena, in, &out->resync, err) < 0)
				return -1;
		} else {
			return err_set(err, ERR_SYNTAX, "no such parameter");
		}
	} while (str_take(in, ' '));
	return token_char(in, ')', err);
}

int
modifier_parse_fetch(struct str *in, struct modifier_fetch *out,
    struct err *err)
{
	*out = (struct modifier_fetch){ 0 };
	if (!str_take_str(in, STR(" (")))
		return 0;
	do {
		if (!out->changed && take_word(in, "CHANGEDSINCE")) {
			out->changed = true;
			if (token_sp(in, err) < 0 ||
			    modifier_modseq(in, &out->since, err) < 0)
				return -1;
		} else if (!out->vanished && take_word(in, "VANISHED")) {
			out->vanished = true;
		} else {
			return err_set(err, ERR_SYNTAX, "no such modifier");
		}
	} while (str_take(in, ' '));
	if (token_char(in, ')', err) < 0)
		return -1;
	if (out->vanished && !out->changed)
		return err_set(err, ERR_SYNTAX,
		    "VANISHED goes with CHANGEDSINCE");
	return 0;
}

int
modifier_parse_store(struct str *in, struct modifier_store *out,
    struct err *err)
{
	*out = (struct modifier_store){ .since = UINT64_MAX };
	if (!str_take_str(in, STR(" (")))
		return 0;
	out->conditional = true;
	if (!take_word(in, "UNCHANGEDSINCE"))
		return err_set(err, ERR_SYNTAX, "no such modifier");
	if (token_sp(in, err) < 0 || modifier_modseq(in, &out->since, err) < 0)
		return -1;
	return token_char(in, ')', err);
}

#include "mime/subject.h"

#include "mime/word.h"

/* Step (1): blanks become one space each; decoding has unfolded. */
static struct str
squeeze(struct buf *buf)
{
	size_t len = 0;

	for (size_t i = 0; i < buf->len; i++) {
		if (!is_wsp(buf->p[i]))
			buf->p[len++] = buf->p[i];
		else if (len == 0 || buf->p[len - 1] != ' ')
			buf->p[len++] = ' ';
	}
	buf->len = len;
	return buf_str(buf);
}

static void
skip_wsp(struct str *in)
{
	while (in->len > 0 && is_wsp(in->p[0]))
		str_skip(in, 1);
}

/* Step (2): subj-trailer = "(fwd)" / WSP */
static void
strip_trailers(struct str *s, bool *is_reply)
{
	for (;;) {
		if (s->len > 0 && is_wsp(s->p[s->len - 1])) {
			s->len--;
		} else if (str_iends(*s, STR("(fwd)"))) {
			s->len -= 5;
			*is_reply = true;
		} else {
			return;
		}
	}
}

/* subj-blob = "[" *BLOBCHAR "]" *WSP; BLOBCHAR is neither "[" nor "]" */
static bool
take_blob(struct str *in)
{
	size_t end = 1;

	if (in->len == 0 || in->p[0] != '[')
		return false;
	while (end < in->len && in->p[end] != ']' && in->p[end] != '[')
		end++;
	if (end == in->len || in->p[end] != ']')
		return false;
	str_skip(in, end + 1);
	skip_wsp(in);
	return true;
}

/* subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":" */
static bool
take_refwd(struct str *in)
{
	struct str rest = *in;

	if (!str_itake_str(&rest, STR("re")) &&
	    !str_itake_str(&rest, STR("fwd")) &&
	    !str_itake_str(&rest, STR("fw")))
		return false;
	skip_wsp(&rest);
	(void)take_blob(&rest);
	if (!str_take(&rest, ':'))
		return false;
	*in = rest;
	return true;
}

/*
 * Steps (3) to (5): subj-leader = (*subj-blob subj-refwd) / WSP, and blobs
 * that leave something. Where no subj-refwd stands behind a run of blobs none
 * will once some of them are gone, so the run goes in one step.
 */
static void
strip_leaders(struct str *s, bool *is_reply)
{
	for (;;) {
		struct str rest, last;

		skip_wsp(s);
		rest = last = *s;
		while (take_blob(&rest)) {
			if (rest.len > 0)
				last = rest;
		}
		if (take_refwd(&rest)) {
			*s = rest;
			*is_reply = true;
			continue;
		}
		*s = last;
		return;
	}
}

int
mime_subject_base(struct buf *out, struct str subject, struct str *base,
    bool *is_reply)
{
	buf_reset(out);
	*is_reply = false;
	if (mime_word_decode(out, subject) < 0)
		return -1;
	*base = squeeze(out);
	for (;;) {
		strip_trailers(base, is_reply);
		strip_leaders(base, is_reply);
		/* Step (6): "[fwd:" subject "]" */
		if (!str_istarts(*base, STR("[fwd:")) ||
		    !str_ends(*base, STR("]")))
			return 0;
		*base = str_sub(*base, 5, base->len - 1);
		*is_reply = true;
	}
}

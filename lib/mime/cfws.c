#include "mime/cfws.h"

/* comment = "(" *([FWS] ccontent) [FWS] ")" */
size_t
mime_comment_len(struct str in)
{
	size_t depth = 0, i;

	for (i = 0; i < in.len; i++) {
		char c = in.p[i];

		if (c == '\\' && i + 1 < in.len)
			i++;
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0)
			return i + 1;
	}
	return i;
}

void
mime_cfws_skip(struct str *in)
{
	while (in->len > 0) {
		char c = in->p[0];

		if (c == '(')
			str_skip(in, mime_comment_len(*in));
		else if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			str_skip(in, 1);
		else
			return;
	}
}

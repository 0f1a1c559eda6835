#include "conf/lines.h"

bool
lines_next(struct lines *lines, struct buf *out, int *line)
{
	struct str rest, text, trimmed;

	buf_reset(out);
	*line = 0;
	for (rest = lines->rest; str_split(&rest, '\n', &text);
	     lines->rest = rest) {
		trimmed = str_trim(text);
		if (*line > 0 && trimmed.len > 0 && trimmed.p[0] != '#' &&
		    !is_wsp(text.p[0]))
			break; /* the next logical line: not taken */
		lines->number++;
		if (trimmed.len == 0 || trimmed.p[0] == '#')
			continue;
		if (*line == 0)
			*line = lines->number;
		else
			(void)buf_addc(out, ' ');
		(void)buf_add_str(out, trimmed);
	}
	return *line > 0;
}

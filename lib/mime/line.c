#include "mime/line.h"

#include <stdbool.h>

#include "base/base64.h"
#include "base/utf8.h"

/* RFC 5322 section 2.1.1, RFC 2047 section 2. */
enum { COLUMNS = 76, WORD_MAX = 75, ROOM_MIN = 40 };

void
mime_line_glue(struct mime_line *line, struct str bytes)
{
	(void)buf_add_str(line->out, bytes);
	line->column += bytes.len;
}

void
mime_line_begin(struct mime_line *line, struct buf *out, const char *prefix,
    struct str name)
{
	*line = (struct mime_line){ .out = out };
	mime_line_glue(line, str_of(prefix));
	mime_line_glue(line, name);
	mime_line_glue(line, STR(":"));
}

void
mime_line_end(struct mime_line *line)
{
	(void)buf_addz(line->out, "\r\n");
	line->column = 0;
}

/* The token behind blanks that may be folded at. */
static void
put_behind(struct mime_line *line, struct str blanks, struct str token)
{
	if (line->column + blanks.len + token.len > COLUMNS)
		mime_line_end(line);
	mime_line_glue(line, blanks);
	mime_line_glue(line, token);
}

void
mime_line_put(struct mime_line *line, struct str token)
{
	put_behind(line, STR(" "), token);
}

/* As many bytes of text as max has room for, no character cut. */
static size_t
piece_len(struct str text, size_t max, bool is_utf8)
{
	size_t len = 0;

	if (!is_utf8)
		return text.len < max ? text.len : max;
	while (len < text.len) {
		size_t next = utf8_char_len(str_sub(text, len, text.len));

		if (len + next > max)
			break;
		len += next;
	}
	return len;
}

/* How long a word may be that is to stand on this line, or on the next. */
static size_t
room(const struct mime_line *line)
{
	size_t left = line->column < COLUMNS ? COLUMNS - 1 - line->column : 0;

	return left < ROOM_MIN || left > WORD_MAX ? WORD_MAX : left;
}

void
mime_line_encode(struct mime_line *line, const char *before, struct str text,
    const char *after)
{
	bool is_utf8 = utf8_is_valid(text);
	const char *charset = is_utf8 ? "UTF-8" : "unknown-8bit";
	size_t frame = strlen("=?"
			      "?B?"
			      "?=") +
	    strlen(charset);
	size_t around = strlen(before) + strlen(after);
	struct buf word;

	buf_init(&word, 0);
	do {
		size_t max = (room(line) - frame - around) / 4 * 3;
		struct str piece =
		    str_sub(text, 0, piece_len(text, max, is_utf8));

		str_skip(&text, piece.len);
		buf_reset(&word);
		(void)buf_addf(&word, "%s=?%s?B?", before, charset);
		(void)base64_encode(&word, piece);
		(void)buf_addf(&word, "?=%s", text.len == 0 ? after : "");
		mime_line_put(line, buf_str(&word));
		before = "";
	} while (text.len > 0);
	buf_clear(&word);
}

static struct str
take_while(struct str *in, bool blank)
{
	struct str run = { in->p, 0 };

	while (run.len < in->len && is_wsp(in->p[run.len]) == blank)
		run.len++;
	str_skip(in, run.len);
	return run;
}

/*
 * The words from the front of *in on that are not ASCII. Where an encoded
 * word of the writer's own follows, so do the blanks before it, which would
 * not be shown otherwise.
 */
static struct str
take_run(struct str *in)
{
	struct str run = { in->p, 0 }, rest = *in, blanks;

	for (;;) {
		struct str word = take_while(&rest, false);

		if (word.len == 0 || utf8_is_ascii(word))
			return run;
		run.len = (size_t)(rest.p - run.p);
		*in = rest;
		blanks = take_while(&rest, true);
		if (blanks.len > 0 && str_starts(rest, STR("=?"))) {
			run.len += blanks.len;
			*in = rest;
			return run;
		}
	}
}

void
mime_line_text(struct mime_line *line, struct str text)
{
	bool behind_word = false;

	for (;;) {
		struct str blanks = take_while(&text, true), word = text;

		if (text.len == 0)
			return;
		word = take_while(&text, false);
		if (utf8_is_ascii(word)) {
			put_behind(line, blanks.len > 0 ? blanks : STR(" "),
			    word);
			behind_word = str_starts(word, STR("=?"));
			continue;
		}
		text = str_make(word.p, (size_t)(text.p - word.p) + text.len);
		word = take_run(&text);
		if (behind_word)
			word = str_make(blanks.p, blanks.len + word.len);
		mime_line_encode(line, "", word, "");
		behind_word = false;
	}
}

#include "mime/convert.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "mime/encode.h"
#include "mime/header.h"
#include "mime/param.h"
#include "mime/relabel.h"

enum {
	/* Enough of a line to know a boundary and its "--" by. */
	LINE_START = MIME_CONVERT_BOUNDARY + 8,
	LINE_LONGEST = 998, /* RFC 5321 section 4.5.3.1.6 */
	ARENA = 1 << 20,
	PARAMS_MAX = 100,
};

/* A multipart whose close delimiter has not come. */
struct open {
	struct buf boundary; /* owned */
	unsigned depth;      /* of its parts */
	bool is_digest;
	enum mime_fault frozen; /* its parts must stay as they are: this */
};

enum state {
	IN_HEADER,
	IN_LEAF,
	IN_BETWEEN, /* preamble or epilogue */
};

enum way {
	WAY_HOLD, /* not decided: in held */
	WAY_AS_IS,
	WAY_ENCODE,
};

/* What there is in some bytes. */
struct look {
	bool has_eight; /* or NUL, which is no 7-bit data either */
	bool no_lines;  /* the rest only with to_lines */
	char last;
	size_t column;
};

struct mime_convert {
	struct mime_convert_opts opts;
	enum mime_fault fault;
	struct arena *arena;
	struct buf *out; /* borrowed for one call */

	struct buf line;    /* a line not yet whole, or a CR at its cut */
	bool in_line;       /* its start was looked at before */
	bool in_boundary;   /* and was a boundary line */
	struct look passed; /* of what goes out unencoded */

	struct open open[MIME_CONVERT_DEPTH];
	size_t open_len;

	/* The part. */
	enum state state;
	unsigned depth;
	bool is_message;        /* its header is a message's */
	bool in_digest;         /* message/rfc822 when nothing is said */
	enum mime_fault frozen; /* must stay as it is; this if it cannot */
	struct buf header;
	enum mime_encoding label; /* of a leaf */
	enum way way;
	struct look look;
	struct buf held;
	struct mime_encoder encoder;
	struct str line_end; /* not yet known to be content; constant */
};

const char *
mime_fault_text(enum mime_fault fault)
{
	static const char *const texts[] = {
		[MIME_FAULT_NONE] = "no fault",
		[MIME_FAULT_HEADER] = "8-bit data in a header field",
		[MIME_FAULT_BODY] = "8-bit data where none may be encoded",
		[MIME_FAULT_SIGNED] = "8-bit data in what is signed",
		[MIME_FAULT_LINES] = "no lines where none may be encoded",
		[MIME_FAULT_DEPTH] = "8-bit data in parts nested too deeply",
		[MIME_FAULT_LIMIT] = "the header of a part is too large",
	};

	return texts[fault];
}

struct mime_convert *
mime_convert_new(const struct mime_convert_opts *opts)
{
	struct mime_convert *d = xcalloc(1, sizeof(*d));

	d->opts = *opts;
	d->arena = arena_new(ARENA);
	d->is_message = true;
	buf_init(&d->line, 0);
	buf_init(&d->header, 0);
	buf_init(&d->held, 0);
	return d;
}

static void
pop_to(struct mime_convert *d, size_t len)
{
	while (d->open_len > len)
		buf_clear(&d->open[--d->open_len].boundary);
}

void
mime_convert_free(struct mime_convert *d)
{
	if (d == NULL)
		return;
	pop_to(d, 0);
	buf_clear(&d->line);
	buf_clear(&d->header);
	buf_clear(&d->held);
	arena_free(d->arena);
	free(d);
}

static void
set_fault(struct mime_convert *d, enum mime_fault fault)
{
	if (!d->opts.lenient && d->fault == MIME_FAULT_NONE)
		d->fault = fault;
}

static void
look_lines(struct look *look, struct str in)
{
	for (size_t i = 0; i < in.len; i++) {
		char c = in.p[i];

		if ((look->last == '\r') != (c == '\n') || c == '\0')
			look->no_lines = true;
		look->column = c == '\n' ? 0 : look->column + 1;
		if (look->column > LINE_LONGEST + 1) /* a CR is one, too */
			look->no_lines = true;
		look->last = c;
	}
}

static void
look_at(const struct mime_convert *d, struct look *look, struct str in)
{
	if (!look->has_eight)
		look->has_eight = !utf8_is_ascii(in) || str_chr(in, '\0') >= 0;
	if (d->opts.to_lines)
		look_lines(look, in);
}

static void
put(struct mime_convert *d, struct str in)
{
	if (d->opts.to_lines) {
		look_lines(&d->passed, in);
		if (d->passed.no_lines)
			set_fault(d, MIME_FAULT_LINES);
	}
	if (d->fault == MIME_FAULT_NONE)
		(void)buf_add_str(d->out, in);
}

/* Out as it is, in a place that cannot be encoded: may it be so? */
static void
pass(struct mime_convert *d, struct str in)
{
	if (d->opts.to_seven && !utf8_is_ascii(in))
		set_fault(d, d->frozen != 0 ? d->frozen : MIME_FAULT_BODY);
	put(d, in);
}

/* The part's header, as it came where relabel is NULL. */
static void
put_header(struct mime_convert *d, const struct mime_relabel *relabel)
{
	struct buf changed;

	buf_init(&changed, 0);
	if (relabel != NULL)
		mime_relabel(&changed, buf_str(&d->header), relabel);
	put(d, buf_str(relabel != NULL ? &changed : &d->header));
	buf_clear(&changed);
	buf_reset(&d->header);
}

static void
leaf_write(struct mime_convert *d, struct str in)
{
	if (d->way == WAY_AS_IS)
		pass(d, in);
	else if (d->fault == MIME_FAULT_NONE)
		(void)mime_encode(&d->encoder, d->out, in);
}

/* Must what was held be encoded? full: there is more of it than we look at. */
static bool
must_encode(const struct mime_convert *d, bool full)
{
	const struct mime_convert_opts *opts = &d->opts;

	if ((opts->to_seven && d->look.has_eight) ||
	    (opts->to_lines && d->look.no_lines))
		return true;
	return full && !(opts->lenient && d->label == MIME_7BIT);
}

/* What becomes of the leaf; its header and what was held go out. */
static void
decide(struct mime_convert *d, bool full)
{
	struct mime_relabel relabel = { .has_eight = d->look.has_eight };
	bool lies;

	if (must_encode(d, full)) {
		relabel.is_message = d->is_message;
		relabel.encoding =
		    d->opts.to_lines && (full || d->look.no_lines) ?
		    MIME_BASE64 :
		    MIME_QUOTED_PRINTABLE;
		d->way = WAY_ENCODE;
		mime_encoder_init(&d->encoder, relabel.encoding);
		put_header(d, &relabel);
	} else {
		relabel.encoding = d->look.has_eight ? MIME_8BIT : MIME_7BIT;
		lies = (d->opts.to_seven && d->label != MIME_7BIT) ||
		    (d->opts.to_lines && d->label == MIME_BINARY);
		d->way = WAY_AS_IS;
		put_header(d, lies ? &relabel : NULL);
	}
	leaf_write(d, buf_str(&d->held));
	buf_clear(&d->held);
}

static void
leaf_put(struct mime_convert *d, struct str in)
{
	if (d->way != WAY_HOLD) {
		leaf_write(d, in);
		return;
	}
	look_at(d, &d->look, in);
	(void)buf_add_str(&d->held, in);
	if (d->held.len > MIME_CONVERT_HOLD)
		decide(d, true);
}

/* The line ending may be the boundary's that follows. */
static void
leaf_line(struct mime_convert *d, struct str line)
{
	leaf_put(d, d->line_end);
	d->line_end = str_ends(line, STR("\r\n")) ? STR("\r\n") :
	    str_ends(line, STR("\n"))             ? STR("\n") :
						    STR("");
	leaf_put(d, str_sub(line, 0, line.len - d->line_end.len));
}

/* at_end: of the message, where the last line ending is content. */
static void
leaf_end(struct mime_convert *d, bool at_end)
{
	if (at_end) {
		leaf_put(d, d->line_end);
		d->line_end = STR("");
		/* an end of line will be added behind what has none */
		d->look.no_lines |= d->look.last != '\n' && d->held.len > 0;
	}
	d->look.no_lines |= d->look.last == '\r';
	if (d->way == WAY_HOLD)
		decide(d, false);
	if (d->way != WAY_ENCODE || d->fault != MIME_FAULT_NONE)
		return;
	(void)mime_encode_end(&d->encoder, d->out);
	d->passed.last = '\n';
	d->passed.column = 0;
	/* the last line of base64 is ended already */
	if (d->encoder.encoding == MIME_BASE64 &&
	    str_ends(buf_str(d->out), STR("\r\n")))
		d->line_end = STR("");
}

static void
part_end(struct mime_convert *d, bool at_end)
{
	if (d->state == IN_LEAF)
		leaf_end(d, at_end);
	else if (d->state == IN_HEADER)
		put_header(d, NULL);
	pass(d, d->line_end);
	d->line_end = STR("");
}

/* The open multipart whose boundary begins line; -1: none. */
static ptrdiff_t
find_open(const struct mime_convert *d, struct str line)
{
	ptrdiff_t best = -1;

	if (!str_take_str(&line, STR("--")))
		return -1;
	for (size_t i = d->open_len; i-- > 0;) {
		const struct buf *boundary = &d->open[i].boundary;

		if ((best < 0 || boundary->len > d->open[best].boundary.len) &&
		    str_starts(line, buf_str(boundary)))
			best = (ptrdiff_t)i;
	}
	return best;
}

static void
at_boundary(struct mime_convert *d, size_t i, struct str line)
{
	const struct open *open = &d->open[i];
	bool closes = str_starts(
	    str_sub(line, 2 + open->boundary.len, line.len), STR("--"));

	part_end(d, false);
	d->frozen = open->frozen;
	d->depth = open->depth;
	d->is_message = false;
	d->in_digest = open->is_digest;
	d->state = closes ? IN_BETWEEN : IN_HEADER;
	pop_to(d, closes ? i : i + 1);
	pass(d, line);
}

/* What the header says that matters here. */
struct said {
	struct mime_value type;
	enum mime_encoding encoding;
};

static void
read_header(struct mime_convert *d, struct said *said)
{
	struct str rest = buf_str(&d->header), word;
	struct mime_field field;
	bool has_encoding = false;

	*said = (struct said){ .encoding = MIME_7BIT };
	arena_reset(d->arena);
	while (mime_header_next(&rest, &field)) {
		if (mime_field_is(&field, "Content-Type")) {
			if (said->type.type.len == 0)
				(void)mime_content_type_parse(&said->type,
				    d->arena, field.value, PARAMS_MAX);
		} else if (!has_encoding &&
		    mime_field_is(&field, "Content-Transfer-Encoding")) {
			word = mime_header_unfold(d->arena, field.value);
			said->encoding = mime_encoding_parse(word);
			has_encoding = true;
		}
	}
	if (said->type.type.len == 0) {
		said->type.type = d->in_digest ? STR("message") : STR("text");
		said->type.subtype =
		    d->in_digest ? STR("rfc822") : STR("plain");
	}
}

static bool
is_identity(enum mime_encoding encoding)
{
	return encoding == MIME_7BIT || encoding == MIME_8BIT ||
	    encoding == MIME_BINARY;
}

/* A container's header: its content will be what its parts become. */
static void
container_header(struct mime_convert *d, enum mime_encoding encoding)
{
	struct mime_relabel relabel = {
		.encoding = d->opts.to_seven ? MIME_7BIT : MIME_8BIT,
	};
	bool lies = encoding == MIME_BINARY ||
	    (encoding == MIME_8BIT && d->opts.to_seven);

	if (!d->opts.to_seven && !d->opts.to_lines)
		lies = false;
	put_header(d, lies && d->frozen == 0 ? &relabel : NULL);
	/* RFC 2045 section 6.4 */
	if (!is_identity(encoding) && d->frozen == 0)
		d->frozen = MIME_FAULT_BODY;
}

static void
begin_multipart(struct mime_convert *d, const struct said *said)
{
	const struct mime_param *boundary =
	    mime_param_find(said->type.params, "boundary");
	struct open *open = &d->open[d->open_len];

	container_header(d, said->encoding);
	d->state = IN_BETWEEN;
	if (boundary == NULL || boundary->value.len == 0 ||
	    boundary->value.len > MIME_CONVERT_BOUNDARY)
		return; /* there are no parts to be found */
	*open = (struct open){
		.depth = d->depth + 1,
		.is_digest = str_ieqz(said->type.subtype, "digest"),
		.frozen = d->frozen,
	};
	if (open->frozen == 0 && str_ieqz(said->type.subtype, "signed"))
		open->frozen = MIME_FAULT_SIGNED;
	buf_init(&open->boundary, 0);
	(void)buf_add_str(&open->boundary, boundary->value);
	d->open_len++;
}

static void
begin_message(struct mime_convert *d, const struct said *said)
{
	container_header(d, said->encoding);
	d->depth++;
	d->is_message = true;
	d->in_digest = false;
	d->state = IN_HEADER;
}

/*
 * May a leaf of this type be encoded? RFC 2045 section 6.4 says no of all
 * message/ types; RFC 6532 section 3.7 and RFC 6533 section 6 say yes of those
 * that came later.
 */
static bool
may_encode(const struct mime_value *type)
{
	return !str_ieqz(type->type, "message") ||
	    str_istarts(type->subtype, STR("global-"));
}

static void
begin_leaf(struct mime_convert *d, const struct said *said)
{
	d->state = IN_LEAF;
	d->label = said->encoding;
	d->look = (struct look){ 0 };
	d->line_end = STR("");
	d->way = WAY_HOLD;
	if (d->frozen != 0 || !is_identity(said->encoding) ||
	    !may_encode(&said->type)) {
		d->way = WAY_AS_IS;
		put_header(d, NULL);
	}
}

/* The header's empty line has come. */
static void
header_done(struct mime_convert *d)
{
	struct said said;
	bool is_multipart, is_message;

	read_header(d, &said);
	is_multipart = str_ieqz(said.type.type, "multipart");
	is_message = str_ieqz(said.type.type, "message") &&
	    (str_ieqz(said.type.subtype, "rfc822") ||
		str_ieqz(said.type.subtype, "global"));
	if ((is_multipart || is_message) && d->depth >= MIME_CONVERT_DEPTH) {
		if (d->frozen == 0)
			d->frozen = MIME_FAULT_DEPTH;
		begin_leaf(d, &said);
	} else if (is_multipart) {
		begin_multipart(d, &said);
	} else if (is_message) {
		begin_message(d, &said);
	} else {
		begin_leaf(d, &said);
	}
}

static void
header_line(struct mime_convert *d, struct str line, bool is_start)
{
	if (d->opts.ascii_header && !utf8_is_ascii(line))
		set_fault(d,
		    d->frozen == MIME_FAULT_SIGNED ? MIME_FAULT_SIGNED :
						     MIME_FAULT_HEADER);
	(void)buf_add_str(&d->header, line);
	if (is_start && (str_eqz(line, "\r\n") || str_eqz(line, "\n"))) {
		header_done(d);
	} else if (d->header.len > MIME_CONVERT_HEADER) {
		set_fault(d, MIME_FAULT_LIMIT);
		d->frozen = MIME_FAULT_LIMIT;
		begin_leaf(d, &(struct said){ 0 });
	}
}

/* A line, or where it is long its start and then more of it. */
static void
take(struct mime_convert *d, struct str line)
{
	bool is_start = !d->in_line;
	ptrdiff_t open = is_start ? find_open(d, line) : -1;

	d->in_line = !str_ends(line, STR("\n"));
	if (is_start)
		d->in_boundary = open >= 0;
	if (open >= 0)
		at_boundary(d, (size_t)open, line);
	else if (d->in_boundary || d->state == IN_BETWEEN)
		pass(d, line);
	else if (d->state == IN_HEADER)
		header_line(d, line, is_start);
	else
		leaf_line(d, line);
}

/* A CR that may belong to a line ending is kept for the next piece. */
static void
gather(struct mime_convert *d, struct str part, bool is_whole)
{
	struct str line;
	bool keep;

	if (d->line.len == 0 && is_whole) {
		take(d, part);
		return;
	}
	(void)buf_add_str(&d->line, part);
	if (!is_whole && d->line.len < LINE_START)
		return;
	line = buf_str(&d->line);
	keep = line.p[line.len - 1] == '\r';
	line.len -= keep;
	take(d, line);
	buf_reset(&d->line);
	if (keep)
		(void)buf_addc(&d->line, '\r');
}

enum mime_fault
mime_convert_put(struct mime_convert *d, struct buf *out, struct str in)
{
	d->out = out;
	while (in.len > 0 && d->fault == MIME_FAULT_NONE) {
		ptrdiff_t lf = str_chr(in, '\n');
		struct str part =
		    str_sub(in, 0, lf >= 0 ? (size_t)lf + 1 : in.len);

		gather(d, part, lf >= 0);
		str_skip(&in, part.len);
	}
	return d->fault;
}

enum mime_fault
mime_convert_end(struct mime_convert *d, struct buf *out)
{
	d->out = out;
	if (d->line.len > 0)
		take(d, buf_str(&d->line));
	buf_reset(&d->line);
	part_end(d, true);
	if (d->opts.to_lines && d->passed.last == '\r')
		set_fault(d, MIME_FAULT_LINES);
	if (d->opts.to_lines && d->passed.last != '\n')
		put(d, STR("\r\n"));
	return d->fault;
}

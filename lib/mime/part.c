#include "mime/part.h"

#include "base/utf8.h"
#include "mime/charset.h"

enum { LANGUAGES_MAX = 20 };

/* A multipart whose close delimiter has not come. */
struct open {
	struct str boundary;
	struct open *outer;
};

struct parser {
	struct arena *arena;
	const struct mime_limits *limits;
	struct str message;
	size_t at;    /* where the next line begins */
	size_t lines; /* line endings before at */
	unsigned depth, parts;
	bool swallow; /* too many parts: no boundary counts any more */
	struct open *innermost;

	/* The boundary line that stopped us, and where content before it
	 * ends. NULL: the message ended. */
	const struct open *hit;
	bool hit_close;
	size_t end, end_lines;
};

const struct mime_limits mime_default_limits = {
	.max_depth = 50,
	.max_parts = 1000,
	.max_params = 100,
	.max_addresses = 10000,
};

/* delimiter = CRLF "--" boundary; the longest open one that fits */
static const struct open *
find_open(const struct parser *p, struct str line)
{
	const struct open *best = NULL;

	if (p->swallow || !str_take_str(&line, STR("--")))
		return NULL;
	for (const struct open *o = p->innermost; o != NULL; o = o->outer) {
		if ((best == NULL || o->boundary.len > best->boundary.len) &&
		    str_starts(line, o->boundary))
			best = o;
	}
	return best;
}

static struct str
line_at(const struct parser *p)
{
	struct str rest = str_sub(p->message, p->at, p->message.len);
	ptrdiff_t end = str_chr(rest, '\n');

	return end < 0 ? rest : str_sub(rest, 0, (size_t)end + 1);
}

static void
skip_line(struct parser *p, struct str line)
{
	p->at += line.len;
	if (line.len > 0 && line.p[line.len - 1] == '\n')
		p->lines++;
}

/*
 * Is line, the one at p->at, a boundary line? Then content ends here, and the
 * line ending before it is not content, unless it lies before floor.
 */
static bool
stops_at(struct parser *p, struct str line, size_t floor)
{
	const char *start = p->message.p;
	struct str tail;

	p->hit = find_open(p, line);
	if (p->hit == NULL)
		return false;
	p->end = p->at;
	p->end_lines = p->lines;
	if (p->end > floor) {
		p->end--; /* a line begins here, so this is the LF */
		p->end_lines--;
		if (p->end > floor && start[p->end - 1] == '\r')
			p->end--;
	}
	tail = str_sub(line, 2 + p->hit->boundary.len, line.len);
	p->hit_close = str_starts(tail, STR("--"));
	skip_line(p, line);
	return true;
}

/* Go on behind the next boundary line, or to the end; floor: see above. */
static void
find_boundary(struct parser *p, size_t floor)
{
	while (p->at < p->message.len) {
		struct str line = line_at(p);

		if (stops_at(p, line, floor))
			return;
		skip_line(p, line);
	}
	p->hit = NULL;
	p->end = p->at;
	p->end_lines = p->lines;
}

/* Find the header's end. False: a boundary line or the end came first. */
static bool
take_header(struct parser *p, struct mime_part *part)
{
	size_t start = p->at, lines = p->lines;
	bool has_body = false;

	p->hit = NULL;
	while (p->at < p->message.len && !has_body) {
		struct str line = line_at(p);

		if (stops_at(p, line, p->at))
			break;
		skip_line(p, line);
		has_body = str_eqz(line, "\r\n") || str_eqz(line, "\n");
	}
	if (p->hit == NULL) {
		p->end = p->at;
		p->end_lines = p->lines;
	}
	part->header = str_sub(p->message, start, p->end);
	part->header_lines = p->end_lines - lines;
	return has_body;
}

static void
add_languages(struct parser *p, struct mime_part *part, struct str value)
{
	struct mime_tag **end = &part->language;
	struct str text;

	value = mime_header_unfold(p->arena, value);
	for (int i = 0; i < LANGUAGES_MAX && str_split(&value, ',', &text);
	     i++) {
		struct mime_tag *tag;

		text = str_trim(text);
		if (text.len == 0)
			continue;
		tag = arena_calloc(p->arena, 1, sizeof(*tag));
		if (tag == NULL)
			return;
		tag->text = text;
		*end = tag;
		end = &tag->next;
	}
}

static struct str *
string_for(struct mime_part *part, const struct mime_field *field)
{
	if (mime_field_is(field, "Content-ID"))
		return &part->id;
	if (mime_field_is(field, "Content-Description"))
		return &part->description;
	if (mime_field_is(field, "Content-MD5"))
		return &part->md5;
	if (mime_field_is(field, "Content-Location"))
		return &part->location;
	if (mime_field_is(field, "Content-Transfer-Encoding"))
		return &part->encoding_name;
	return NULL;
}

/* Of a field given twice the first counts. */
static void
take_content_field(struct parser *p, struct mime_part *part,
    const struct mime_field *field)
{
	struct str *text = string_for(part, field);
	size_t max = p->limits->max_params;

	if (text != NULL) {
		if (text->p == NULL)
			*text = mime_header_unfold(p->arena, field->value);
	} else if (mime_field_is(field, "Content-Type")) {
		if (part->type.type.len == 0)
			(void)mime_content_type_parse(&part->type, p->arena,
			    field->value, max);
	} else if (mime_field_is(field, "Content-Disposition")) {
		if (part->disposition.type.len == 0)
			(void)mime_disposition_parse(&part->disposition,
			    p->arena, field->value, max);
	} else if (mime_field_is(field, "Content-Language")) {
		if (part->language == NULL)
			add_languages(p, part, field->value);
	}
}

static void
take_fields(struct parser *p, struct mime_part *part,
    struct mime_envelope *envelope)
{
	struct str rest = part->header;
	struct mime_field field;

	while (mime_header_next(&rest, &field)) {
		if (str_istarts(field.name, STR("Content-")))
			take_content_field(p, part, &field);
		else if (envelope != NULL)
			(void)mime_envelope_add(envelope, p->arena, &field,
			    p->limits->max_addresses);
	}
}

/* RFC 2045 section 5.2: text that does not say so is US-ASCII. */
static void
add_default_charset(struct parser *p, struct mime_part *part)
{
	struct mime_param **end = &part->type.params;

	if (!mime_part_is(part, "text", NULL) ||
	    mime_param_find(part->type.params, "charset") != NULL)
		return;
	while (*end != NULL)
		end = &(*end)->next;
	*end = arena_calloc(p->arena, 1, sizeof(**end));
	if (*end == NULL)
		return;
	(*end)->name = STR("charset");
	(*end)->value = STR("us-ascii");
}

/* Defaults for what the header left out, and what kind of part this is. */
static void
settle_type(struct parser *p, struct mime_part *part)
{
	bool in_digest = part->parent != NULL &&
	    part->parent->kind == MIME_PART_MULTIPART &&
	    mime_part_is(part->parent, "multipart", "digest");

	if (part->encoding_name.len == 0)
		part->encoding_name = STR("7BIT");
	part->encoding = mime_encoding_parse(part->encoding_name);
	if (part->type.type.len == 0) {
		part->type.type = in_digest ? STR("message") : STR("text");
		part->type.subtype = in_digest ? STR("rfc822") : STR("plain");
	}
	if (mime_part_is(part, "multipart", NULL))
		part->kind = MIME_PART_MULTIPART;
	else if (mime_part_is(part, "message", "rfc822") ||
	    mime_part_is(part, "message", "global"))
		part->kind = MIME_PART_MESSAGE;
	if (part->kind != MIME_PART_LEAF && p->depth >= p->limits->max_depth)
		part->opaque = true;
	if (part->opaque) {
		part->kind = MIME_PART_LEAF;
		part->type = (struct mime_value){
			.type = STR("application"),
			.subtype = STR("octet-stream"),
		};
	}
	add_default_charset(p, part);
}

static struct mime_part *
new_part(struct parser *p, struct mime_part *parent)
{
	struct mime_part *part = arena_calloc(p->arena, 1, sizeof(*part));

	if (part == NULL)
		return NULL;
	part->parent = parent;
	if (p->parts++ >= p->limits->max_parts)
		part->opaque = p->swallow = true;
	return part;
}

static int parse_part(struct parser *p, struct mime_part **out,
    struct mime_part *parent, struct mime_envelope *envelope, struct err *err);

static int
no_room(struct err *err)
{
	return err_set(err, ERR_LIMIT, "MIME structure too large");
}

/* multipart-body of RFC 2046 section 5.1.1; p stands behind the header */
static int
parse_multipart(struct parser *p, struct mime_part *part, struct err *err)
{
	const struct mime_param *boundary =
	    mime_param_find(part->type.params, "boundary");
	struct mime_part **end = &part->child;
	struct open self = { .outer = p->innermost };
	size_t start = p->at;
	int ret = 0;

	if (boundary == NULL || boundary->value.len == 0) {
		find_boundary(p, start);
		return 0;
	}
	self.boundary = boundary->value;
	p->innermost = &self;
	find_boundary(p, start); /* the preamble */
	while (ret == 0 && p->hit == &self && !p->hit_close) {
		ret = parse_part(p, end, part, NULL, err);
		if (ret == 0)
			end = &(*end)->next;
	}
	p->innermost = self.outer;
	if (p->hit == &self)
		find_boundary(p, start); /* the epilogue */
	return ret;
}

static int
parse_message(struct parser *p, struct mime_part *part, struct err *err)
{
	part->envelope = arena_calloc(p->arena, 1, sizeof(*part->envelope));
	if (part->envelope == NULL)
		return no_room(err);
	return parse_part(p, &part->child, part, part->envelope, err);
}

static int
parse_body(struct parser *p, struct mime_part *part, struct err *err)
{
	int ret = 0;

	p->depth++;
	if (part->kind == MIME_PART_MULTIPART)
		ret = parse_multipart(p, part, err);
	else if (part->kind == MIME_PART_MESSAGE)
		ret = parse_message(p, part, err);
	else
		find_boundary(p, p->at);
	p->depth--;
	return ret;
}

/* IMAP's grammar wants one part in a multipart, one body in a message. */
static int
add_empty_child(struct parser *p, struct mime_part *part, struct err *err)
{
	struct mime_part *child = arena_calloc(p->arena, 1, sizeof(*child));

	if (child == NULL)
		return no_room(err);
	child->parent = part;
	child->type.type = STR("text");
	child->type.subtype = STR("plain");
	child->encoding_name = STR("7BIT");
	add_default_charset(p, child);
	child->header = child->body =
	    str_sub(part->body, part->body.len, part->body.len);
	part->child = child;
	if (part->kind == MIME_PART_MESSAGE && part->envelope == NULL) {
		part->envelope =
		    arena_calloc(p->arena, 1, sizeof(*part->envelope));
		if (part->envelope == NULL)
			return no_room(err);
	}
	return 0;
}

/*
 * Parse one part, from its header to the boundary line or the end of the
 * message that ends it; p->hit then says which. Recursion stops at max_depth.
 */
static int
parse_part(struct parser *p, struct mime_part **out, struct mime_part *parent,
    struct mime_envelope *envelope, struct err *err)
{
	struct mime_part *part = new_part(p, parent);
	size_t start, lines;
	bool has_body;

	if (part == NULL)
		return no_room(err);
	has_body = take_header(p, part);
	take_fields(p, part, envelope);
	settle_type(p, part);
	start = has_body ? p->at : p->end;
	lines = has_body ? p->lines : p->end_lines;
	if (has_body && parse_body(p, part, err) < 0)
		return -1;
	part->body = str_sub(p->message, start, p->end);
	part->lines = p->end > start ? p->end_lines - lines : 0;
	if (part->kind != MIME_PART_LEAF && part->child == NULL &&
	    add_empty_child(p, part, err) < 0)
		return -1;
	*out = part;
	return 0;
}

int
mime_part_parse(struct mime_part **root, struct mime_envelope *envelope,
    struct arena *arena, struct str message, const struct mime_limits *limits,
    struct err *err)
{
	struct parser p = {
		.arena = arena,
		.limits = limits,
		.message = message,
	};

	if (envelope != NULL)
		*envelope = (struct mime_envelope){ 0 };
	*root = NULL;
	return parse_part(&p, root, NULL, envelope, err);
}

static const struct mime_part *
nth_child(const struct mime_part *part, uint32_t n)
{
	const struct mime_part *child = part->child;

	if (n == 0)
		return NULL;
	while (child != NULL && --n > 0)
		child = child->next;
	return child;
}

const struct mime_part *
mime_part_find(const struct mime_part *root, const uint32_t *section,
    size_t len)
{
	const struct mime_part *at = root;
	bool whole = true; /* at stands for all of a message's content */

	for (size_t i = 0; i < len && at != NULL; i++) {
		if (!whole && at->kind == MIME_PART_MESSAGE) {
			at = at->child;
			whole = true;
		}
		if (at->kind == MIME_PART_MULTIPART)
			at = nth_child(at, section[i]);
		else if (!whole || section[i] != 1)
			at = NULL;
		whole = false;
	}
	return at;
}

bool
mime_part_is(const struct mime_part *part, const char *type,
    const char *subtype)
{
	return str_ieqz(part->type.type, type) &&
	    (subtype == NULL || str_ieqz(part->type.subtype, subtype));
}

static struct str
charset_of(const struct mime_part *part)
{
	const struct mime_param *param =
	    mime_param_find(part->type.params, "charset");

	return param == NULL ? STR("") : param->value;
}

int
mime_part_text(struct buf *out, const struct mime_part *part)
{
	enum { PIECE = 16384 };
	struct mime_charset *charset = NULL;
	struct mime_decoder decoder;
	struct str rest = part->body;
	struct buf piece;

	if (!mime_part_is(part, "text", NULL))
		return mime_decode_all(out, part->encoding, part->body);
	charset = mime_charset_open(charset_of(part));
	mime_decoder_init(&decoder, part->encoding);
	buf_init(&piece, 0);
	while (rest.len > 0 && !out->full) {
		struct str now = str_sub(rest, 0, PIECE);

		str_skip(&rest, now.len);
		buf_reset(&piece);
		(void)mime_decode(&decoder, &piece, now);
		(void)mime_charset_convert(charset, out, buf_str(&piece),
		    false);
	}
	buf_reset(&piece);
	(void)mime_decode_end(&decoder, &piece);
	(void)mime_charset_convert(charset, out, buf_str(&piece), true);
	mime_charset_close(charset);
	buf_clear(&piece);
	return out->full ? -1 : 0;
}

const struct mime_part *
mime_part_next(const struct mime_part *part)
{
	if (part->child != NULL)
		return part->child;
	while (part != NULL && part->next == NULL)
		part = part->parent;
	return part == NULL ? NULL : part->next;
}

bool
mime_part_is_hidden(const struct mime_part *part)
{
	return part->opaque && !utf8_is_ascii(part->body);
}

bool
mime_part_is_wide(const struct mime_part *root)
{
	bool wide = false;

	for (; root != NULL; root = mime_part_next(root)) {
		if (!utf8_is_valid(root->header) ||
		    (root->opaque && !utf8_is_valid(root->body)))
			return false;
		wide |=
		    !utf8_is_ascii(root->header) || mime_part_is_hidden(root);
	}
	return wide;
}

#include "imap/bodystructure.h"

#include "imap/envelope.h"
#include "imap/token.h"

static void put_part(struct buf *out, const struct mime_part *part,
    bool extended, unsigned depth);

static void
put_nil(struct buf *out)
{
	(void)buf_add(out, "NIL", 3);
}

static void
put_param_name(struct buf *out, const struct mime_param *param)
{
	struct buf name;

	if (!param->extended) {
		(void)token_put_string(out, param->name);
		return;
	}
	buf_init(&name, 0);
	(void)buf_add_str(&name, param->name);
	(void)buf_addc(&name, '*');
	(void)token_put_string(out, buf_str(&name));
	buf_clear(&name);
}

/* body-fld-param = "(" string SP string *(SP string SP string) ")" / nil */
static void
put_params(struct buf *out, const struct mime_param *param)
{
	char before = '(';

	if (param == NULL) {
		put_nil(out);
		return;
	}
	for (; param != NULL; param = param->next) {
		(void)buf_addc(out, before);
		put_param_name(out, param);
		(void)buf_addc(out, ' ');
		(void)token_put_string(out, param->value);
		before = ' ';
	}
	(void)buf_addc(out, ')');
}

/* body-fld-dsp = "(" string SP body-fld-param ")" / nil */
static void
put_disposition(struct buf *out, const struct mime_value *disposition)
{
	if (disposition->type.len == 0) {
		put_nil(out);
		return;
	}
	(void)buf_addc(out, '(');
	(void)token_put_string(out, disposition->type);
	(void)buf_addc(out, ' ');
	put_params(out, disposition->params);
	(void)buf_addc(out, ')');
}

/* body-fld-lang = nstring / "(" string *(SP string) ")" */
static void
put_languages(struct buf *out, const struct mime_tag *tag)
{
	char before = '(';

	if (tag == NULL) {
		put_nil(out);
		return;
	}
	for (; tag != NULL; tag = tag->next) {
		(void)buf_addc(out, before);
		(void)token_put_string(out, tag->text);
		before = ' ';
	}
	(void)buf_addc(out, ')');
}

/* What ends both kinds of extension data: SP dsp SP lang SP loc */
static void
put_extension(struct buf *out, const struct mime_part *part)
{
	(void)buf_addc(out, ' ');
	put_disposition(out, &part->disposition);
	(void)buf_addc(out, ' ');
	put_languages(out, part->language);
	(void)buf_addc(out, ' ');
	(void)token_put_nstring(out, part->location);
}

/* body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart] */
static void
put_multipart(struct buf *out, const struct mime_part *part, bool extended,
    unsigned depth)
{
	const struct mime_part *child;

	for (child = part->child; child != NULL; child = child->next)
		put_part(out, child, extended, depth + 1);
	(void)buf_addc(out, ' ');
	(void)token_put_string(out, part->type.subtype);
	if (!extended)
		return;
	(void)buf_addc(out, ' ');
	put_params(out, part->type.params);
	put_extension(out, part);
}

/*
 * body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP
 *               body-fld-enc SP body-fld-octets
 */
static void
put_fields(struct buf *out, const struct mime_part *part)
{
	put_params(out, part->type.params);
	(void)buf_addc(out, ' ');
	(void)token_put_nstring(out, part->id);
	(void)buf_addc(out, ' ');
	(void)token_put_nstring(out, part->description);
	(void)buf_addc(out, ' ');
	(void)token_put_string(out, part->encoding_name);
	(void)buf_addc(out, ' ');
	(void)buf_add_num(out, part->body.len);
}

/* body-type-1part: basic, text, or a message with what is inside it */
static void
put_single(struct buf *out, const struct mime_part *part, bool extended,
    unsigned depth)
{
	bool too_deep = part->child != NULL && depth >= BODYSTRUCTURE_DEPTH;
	bool message = part->kind == MIME_PART_MESSAGE && !too_deep &&
	    part->child != NULL && part->envelope != NULL;

	(void)token_put_string(out,
	    too_deep ? STR("application") : part->type.type);
	(void)buf_addc(out, ' ');
	(void)token_put_string(out,
	    too_deep ? STR("octet-stream") : part->type.subtype);
	(void)buf_addc(out, ' ');
	put_fields(out, part);
	if (message) {
		(void)buf_addc(out, ' ');
		(void)envelope_put(out, part->envelope);
		(void)buf_addc(out, ' ');
		put_part(out, part->child, extended, depth + 1);
	}
	if (message || (!too_deep && str_ieq(part->type.type, STR("text")))) {
		(void)buf_addc(out, ' ');
		(void)buf_add_num(out, part->lines);
	}
	if (!extended)
		return;
	(void)buf_addc(out, ' ');
	(void)token_put_nstring(out, part->md5);
	put_extension(out, part);
}

static void
put_part(struct buf *out, const struct mime_part *part, bool extended,
    unsigned depth)
{
	(void)buf_addc(out, '(');
	if (part->kind == MIME_PART_MULTIPART && part->child != NULL &&
	    depth < BODYSTRUCTURE_DEPTH)
		put_multipart(out, part, extended, depth);
	else
		put_single(out, part, extended, depth);
	(void)buf_addc(out, ')');
}

int
bodystructure_put(struct buf *out, const struct mime_part *part, bool extended)
{
	put_part(out, part, extended, 0);
	return out->full ? -1 : 0;
}

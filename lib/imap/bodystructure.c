#include "imap/bodystructure.h"

#include "imap/token.h"

static void put_part(struct buf *out, const struct bodypart *part,
    bool extended, unsigned depth);

/* body-fld-param = "(" string SP string *(SP string SP string) ")" / nil */
static void
put_params(struct buf *out, const struct bodypart_params *params)
{
	if (params->len == 0) {
		(void)buf_add(out, "NIL", 3);
		return;
	}
	for (size_t i = 0; i < params->len; i++) {
		(void)buf_addc(out, i == 0 ? '(' : ' ');
		(void)token_put_string(out, params->param[i].name);
		(void)buf_addc(out, ' ');
		(void)token_put_string(out, params->param[i].value);
	}
	(void)buf_addc(out, ')');
}

/* body-fld-dsp = "(" string SP body-fld-param ")" / nil */
static void
put_disposition(struct buf *out, const struct bodypart *part)
{
	if (part->disposition.p == NULL) {
		(void)buf_add(out, "NIL", 3);
		return;
	}
	(void)buf_addc(out, '(');
	(void)token_put_string(out, part->disposition);
	(void)buf_addc(out, ' ');
	put_params(out, &part->disposition_params);
	(void)buf_addc(out, ')');
}

/* body-fld-lang = nstring / "(" string *(SP string) ")" */
static void
put_languages(struct buf *out, const struct bodypart *part)
{
	if (part->languages == 0) {
		(void)buf_add(out, "NIL", 3);
		return;
	}
	for (size_t i = 0; i < part->languages; i++) {
		(void)buf_addc(out, i == 0 ? '(' : ' ');
		(void)token_put_string(out, part->language[i]);
	}
	(void)buf_addc(out, ')');
}

/* What ends both kinds of extension data: SP dsp SP lang SP loc */
static void
put_extension(struct buf *out, const struct bodypart *part)
{
	(void)buf_addc(out, ' ');
	put_disposition(out, part);
	(void)buf_addc(out, ' ');
	put_languages(out, part);
	(void)buf_addc(out, ' ');
	(void)token_put_nstring(out, part->location);
}

/* body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart] */
static void
put_multipart(struct buf *out, const struct bodypart *part, bool extended,
    unsigned depth)
{
	const struct bodypart *child;

	for (child = part->child; child != NULL; child = child->next)
		put_part(out, child, extended, depth + 1);
	(void)buf_addc(out, ' ');
	(void)token_put_string(out, part->subtype);
	if (!extended)
		return;
	(void)buf_addc(out, ' ');
	put_params(out, &part->params);
	put_extension(out, part);
}

/*
 * body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP
 *               body-fld-enc SP body-fld-octets
 */
static void
put_fields(struct buf *out, const struct bodypart *part)
{
	put_params(out, &part->params);
	(void)buf_addc(out, ' ');
	(void)token_put_nstring(out, part->id);
	(void)buf_addc(out, ' ');
	(void)token_put_nstring(out, part->description);
	(void)buf_addc(out, ' ');
	(void)token_put_string(out, part->encoding);
	(void)buf_addf(out, " %u", part->octets);
}

/* body-type-1part: basic, text, or a message with what is inside it */
static void
put_single(struct buf *out, const struct bodypart *part, bool extended,
    unsigned depth)
{
	bool too_deep = part->child != NULL && depth >= BODYPART_DEPTH;
	bool message =
	    part->envelope != NULL && part->child != NULL && !too_deep;

	(void)token_put_string(out, too_deep ? STR("application") : part->type);
	(void)buf_addc(out, ' ');
	(void)token_put_string(out,
	    too_deep ? STR("octet-stream") : part->subtype);
	(void)buf_addc(out, ' ');
	put_fields(out, part);
	if (message) {
		(void)buf_addc(out, ' ');
		(void)envelope_put(out, part->envelope);
		(void)buf_addc(out, ' ');
		put_part(out, part->child, extended, depth + 1);
	}
	if (message || str_ieq(part->type, STR("text")))
		(void)buf_addf(out, " %u", part->lines);
	if (!extended)
		return;
	(void)buf_addc(out, ' ');
	(void)token_put_nstring(out, part->md5);
	put_extension(out, part);
}

static void
put_part(struct buf *out, const struct bodypart *part, bool extended,
    unsigned depth)
{
	bool multipart = part->child != NULL && part->envelope == NULL;

	(void)buf_addc(out, '(');
	if (multipart && depth < BODYPART_DEPTH)
		put_multipart(out, part, extended, depth);
	else
		put_single(out, part, extended, depth);
	(void)buf_addc(out, ')');
}

int
bodystructure_put(struct buf *out, const struct bodypart *part, bool extended)
{
	put_part(out, part, extended, 0);
	return out->full ? -1 : 0;
}

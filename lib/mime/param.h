/*
 * param - values with parameters: Content-Type (RFC 2045 section 5.1),
 * Content-Disposition (RFC 2183).
 *
 * Continuations ("name*0", "name*1*", RFC 2231 section 3) are joined into one
 * parameter. A parameter with charset and percent signs stays encoded, with
 * extended set: IMAP shows it as "name*"; mime_param_text() decodes it.
 *
 * Real mail is taken as it comes: missing quotes, blanks around "=", stray
 * semicolons, 8-bit bytes, comments. Of a name given twice the first counts;
 * "name*" is preferred to "name".
 *
 * Ownership: everything lies in the value or the arena. Bounds: max
 * parameters, sections of continuations counted; the rest is ignored. Time is
 * linear in the value's bytes, times max.
 */
#ifndef MIME_PARAM_H
#define MIME_PARAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

struct mime_param {
	struct mime_param *next;
	struct str name;  /* as written, without "*..." */
	struct str value; /* unquoted; extended: charset'language'%41... */
	bool extended;
};

/* type "/" subtype *(";" parameter), or a disposition: subtype is empty. */
struct mime_value {
	struct str type, subtype;
	struct mime_param *params; /* in the order of first appearance */
};

/* 0; -1 where value does not begin as it must: then everything is empty. */
int mime_content_type_parse(struct mime_value *out, struct arena *arena,
    struct str value, size_t max_params);
int mime_disposition_parse(struct mime_value *out, struct arena *arena,
    struct str value, size_t max_params);

/* By name, without case; NULL when absent. */
const struct mime_param *mime_param_find(const struct mime_param *params,
    const char *name);

/*
 * Append the value as UTF-8: an extended one decoded by RFC 2231 section 4,
 * else as in mime_word_decode (many write encoded words here). -1: out full.
 */
int mime_param_text(struct buf *out, const struct mime_param *param);

#endif

/*
 * msgid - message ids (RFC 5322 section 3.6.4) in Message-ID, In-Reply-To and
 * References.
 */
#ifndef MIME_MSGID_H
#define MIME_MSGID_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/*
 * Take the next "<id>" off the front of *in (a field's value, folded or not);
 * whatever stands outside brackets is skipped, so is a bracket that never
 * closes. id is what stands between the brackets, as written, never empty.
 * False: no more. Looping to the end takes linear time; the caller bounds how
 * many it keeps.
 */
bool mime_msgid_next(struct str *in, struct str *id);

/*
 * The form by which ids are compared (RFC 5256 section 2.1.1.1): quotes and
 * their backslashes undone, blanks and line endings left out. id itself or a
 * copy in the arena; p NULL when the arena is at its limit.
 */
struct str mime_msgid_normal(struct arena *arena, struct str id);

#endif

/*
 * digest - what a mailbox server shows of a message without reading it:
 * envelope, MIME structure, keys for sorting and threading.
 *
 * lmtpd (and imapd for APPEND) makes it once from the message as received;
 * stored keeps the bytes and looks at nothing but the date; readers decode it
 * into the same structs that lib/mime's parser gives, so that one renderer
 * serves both. The prefix of a recipient is not in it: it adds header fields
 * that no envelope shows.
 *
 * Bytes: a version, then variable integers and length-framed strings
 * (store/wire.h), the parts in preorder. A typical one has 450 bytes. The
 * decoder is total.
 */
#ifndef STORE_DIGEST_H
#define STORE_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "mime/part.h"

enum {
	STORE_DIGEST_MAX = 256 << 10, /* bytes encoded */
	STORE_DIGEST_DEPTH = 100,     /* parts within parts */
	STORE_DIGEST_NODES = 20000,   /* parts, addresses, parameters */
};

struct store_digest {
	uint64_t length; /* of the message, without any prefix */
	bool has_date;   /* the Date field could be read */
	int64_t date;    /* then seconds since 1970 UTC */
	int16_t zone;    /* and its zone, minutes east */
	struct mime_envelope envelope;
	struct mime_part *root;
	/*
	 * Message ids of References, each in brackets and normal form, apart
	 * by one space, oldest first; p NULL when absent.
	 */
	struct str references;
	/*
	 * Base subject (RFC 5256 section 2.1), decoded; and whether it was a
	 * reply or forward. p NULL: not worked out.
	 */
	struct str subject;
	bool is_reply;
	bool is_narrow;     /* it needs no mime/surrogate.h */
	struct str preview; /* RFC 8970: UTF-8, 200 characters; p NULL: none */
};

/*
 * Fill digest from a message: parses it with limits (NULL:
 * mime_default_limits). Everything lies in message or arena. ERR_LIMIT when
 * the arena is at its limit.
 */
int store_digest_make(struct store_digest *digest, struct arena *arena,
    struct str message, const struct mime_limits *limits, struct err *err);

/*
 * Append the bytes of digest to out. message is what the parts' header and
 * body point into. ERR_LIMIT: over STORE_DIGEST_MAX or deeper than
 * STORE_DIGEST_DEPTH; make it again with lower limits then, or send none.
 */
int store_digest_encode(struct buf *out, const struct store_digest *digest,
    struct str message, struct err *err);

/*
 * Both at once, for who appends: the bytes to send with the message, within
 * all bounds. A message that is too much for limits is described by smaller
 * ones, its deeper parts opaque; one whose header fields are absurdly long
 * gets no digest at all, and readers parse it themselves.
 */
void store_digest_build(struct buf *out, struct str message,
    const struct mime_limits *limits);

/*
 * The way back. Strings are borrowed from bytes, structs are the arena's.
 * With message given (it must have digest->length bytes) the parts' header
 * and body point into it; with p NULL they have their length and p NULL.
 * ERR_CORRUPT; ERR_LIMIT when the arena is at its limit.
 */
int store_digest_decode(struct store_digest *digest, struct arena *arena,
    struct str bytes, struct str message, struct err *err);

#endif

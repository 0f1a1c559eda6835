/*
 * search_text - does a message contain a string, as SEARCH means it (RFC 3501
 * section 6.4.4)? Encoded words and transfer encodings are decoded, charsets
 * become UTF-8, letters compare without case (RFC 5051).
 *
 * Most mail is ASCII, and most of what is sought too: such text is scanned
 * where it lies, without a copy.
 */
#ifndef IMAPD_SEARCH_TEXT_H
#define IMAPD_SEARCH_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "mime/part.h"

/* A string to look for. */
struct search_needle {
	struct str folded; /* as mime_casefold() has it */
	bool ascii;
	unsigned char skip[256]; /* Horspool's table over upper-case bytes */
};

/* What all comparing needs: room to decode into. */
struct search_room {
	struct buf decoded, folded;
	struct buf address; /* the caller's, one address of a list */
};

void search_room_init(struct search_room *room);
void search_room_clear(struct search_room *room);

/* text is UTF-8. In arena; NULL when that is full. */
struct search_needle *search_needle_new(struct arena *arena, struct str text);

/* In UTF-8 text that is decoded already. An empty needle is everywhere. */
bool search_utf8(struct search_room *room, const struct search_needle *needle,
    struct str text);
/* In the value of a header field. */
bool search_value(struct search_room *room, const struct search_needle *needle,
    struct str value);
/* In names and values of all fields of a header. */
bool search_header(struct search_room *room, const struct search_needle *needle,
    struct str header);
/* In the value of any field called name; an empty needle: is there one? */
bool search_field(struct search_room *room, const struct search_needle *needle,
    struct str header, struct str name);
/* In the text parts, and the headers of messages inside. */
bool search_parts(struct search_room *room, const struct search_needle *needle,
    const struct mime_part *root);

#endif

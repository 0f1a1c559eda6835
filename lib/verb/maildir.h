/*
 * maildir - a message a file, its flags in the file's name.
 *
 * "BASE,S=SIZE,W=SIZE:2,FLAGS": S is the file's size, W the message's, as
 * other servers write them; where the two are equal and W is the file's size
 * the file has the message byte for byte, else it has LF for CRLF. Flags are
 * the letters of archive.h and a to z, keywords by the lines of the file
 * "dovecot-keywords" ("0 $Forwarded").
 *
 * Names and bytes only, without I/O.
 */
#ifndef VERB_MAILDIR_H
#define VERB_MAILDIR_H

#include "verb/archive.h"

enum { MAILDIR_LETTERS = 26 };

struct maildir_name {
	struct str base;  /* up to ",S=" or ":2," */
	uint64_t size;    /* W; UINT64_MAX: not there */
	uint16_t flags;   /* STORE_FLAG_* */
	uint32_t letters; /* bit i: keyword i */
};

/* Total: any name is one. */
void maildir_parse_name(struct maildir_name *out, struct str name);

/*
 * The file's bytes as the message's; *bytes is in out, which is emptied, or
 * the file's own.
 */
void maildir_read(struct buf *out, const struct maildir_name *name,
    struct str file, struct str *bytes);

/* The other way round: bytes of the file in out, its name in name. */
void maildir_write(struct buf *out, struct buf *name, struct str base,
    const struct archive_message *message, uint32_t letters);

/* "0 $Forwarded" lines; words has MAILDIR_LETTERS, borrowed from file. */
void maildir_parse_keywords(struct str file, struct str *words);

#endif

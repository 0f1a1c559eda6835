/*
 * archive - messages in the files that other programs keep mail in: what mbox
 * and Maildir have in common.
 *
 * Line ends. In the store a message is as it came, by rule with CRLF; files
 * of others have LF. A message whose every line ends in CRLF is written with
 * LF and read back the same; any other is written byte for byte, and a note
 * beside it says so. Without such a note what is read gets CRLF for each LF.
 */
#ifndef VERB_ARCHIVE_H
#define VERB_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
	ARCHIVE_KEYWORDS = 64,     /* of one message */
	ARCHIVE_KEYWORD = 100,     /* bytes of one */
	ARCHIVE_MESSAGE = 1 << 30, /* bytes of a message */
};

struct archive_message {
	struct str bytes;
	uint16_t flags;   /* STORE_FLAG_* */
	int64_t internal; /* INTERNALDATE, seconds; INT64_MIN: not known */
	unsigned keywords;
	struct str keyword[ARCHIVE_KEYWORDS];
};

/* Does every line end in CRLF, and is there no other CR or LF? */
bool archive_is_crlf(struct str bytes);
/* Append with LF for CRLF, or CRLF for a lone LF. */
void archive_put_lf(struct buf *out, struct str bytes);
void archive_put_crlf(struct buf *out, struct str bytes);

/* Flags as letters: D draft, F flagged, R answered, S seen, T deleted. */
void archive_put_flags(struct buf *out, uint16_t flags);
/* Letters that are none are passed over. */
uint16_t archive_flags(struct str letters);

/*
 * A mailbox's name as a file's: "Archive/2026" is "Archive.2026". Letters,
 * digits, "_", "-", "+" and blanks stay, as do "&" and "," of the modified
 * UTF-7 that other letters become; the rest is "%" and two hex digits. A name
 * that would be over ARCHIVE_FILE_NAME bytes is cut, with its hash behind; a
 * list beside the files has the whole one.
 */
enum { ARCHIVE_FILE_NAME = 200 };
void archive_put_name(struct buf *out, struct str mailbox);
/* The way back, also for what others wrote. ERR_SYNTAX. */
int archive_name(struct buf *out, struct str file, struct err *err);

#endif

/*
 * token - the words IMAP commands and responses are made of (RFC 3501
 * section 9): atoms, numbers, quoted strings, literals.
 *
 * A command is parsed from one run of bytes that holds the whole of it, its
 * literals in the place where the client sent them ("{3}" CRLF "abc" or, RFC
 * 7888, "{3+}" CRLF "abc"), without the CRLF that ends it.
 *
 * Ownership: results are borrowed from the input, or from the arena where a
 * quoted string had to lose its backslashes.
 * Bounds: what the input and the arena hold. Every function is linear.
 * Errors: ERR_SYNTAX with the input on the byte that was not accepted;
 * ERR_LIMIT when the arena is full. The texts may be shown to the client.
 */
#ifndef IMAP_TOKEN_H
#define IMAP_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* One SP. */
int token_sp(struct str *in, struct err *err);
/* One given byte, "(" say. */
int token_char(struct str *in, char c, struct err *err);
/* The end of the command: nothing may be left. */
int token_end(const struct str *in, struct err *err);

/* tag = 1*<any ASTRING-CHAR except "+"> */
int token_tag(struct str *in, struct str *out, struct err *err);
/* atom = 1*ATOM-CHAR */
int token_atom(struct str *in, struct str *out, struct err *err);
/* number = 1*DIGIT, below 2^32; nz-number is not 0 and has no leading 0 */
int token_number(struct str *in, uint32_t *out, struct err *err);
int token_nz_number(struct str *in, uint32_t *out, struct err *err);

/*
 * string = quoted / literal. Quoted strings may hold UTF-8 (RFC 9051's
 * QUOTED-CHAR), for clients write SEARCH arguments so without asking; a
 * literal may hold any byte but NUL.
 */
int token_string(struct arena *arena, struct str *in, struct str *out,
    struct err *err);
/* astring = 1*ASTRING-CHAR / string */
int token_astring(struct arena *arena, struct str *in, struct str *out,
    struct err *err);
/* nstring = string / nil; NIL makes out->p NULL. */
int token_nstring(struct arena *arena, struct str *in, struct str *out,
    struct err *err);
/* list-mailbox = 1*list-char / string: astring with "%" and "*" */
int token_list_mailbox(struct arena *arena, struct str *in, struct str *out,
    struct err *err);

/* What stands at the end of a line before the bytes of a literal come. */
struct token_literal {
	uint32_t size;
	bool sync;   /* the client waits for "+"; false for {n+} */
	bool binary; /* ~{n}: a literal8, with any bytes (RFC 3516) */
	size_t at;   /* where in the line the "{", or "~{", is */
};

/*
 * Does this line (CRLF taken off) announce a literal? So asks the one who
 * gathers a command from the network. A "{" inside a quoted string is no
 * literal, but a line cannot end in a quoted string that is still open, and
 * one that is closed ends in a quote: the last bytes alone decide.
 * Returns 1 and fills out, 0 if it does not, or -1 (ERR_LIMIT) when the
 * number is 2^32 or more.
 */
int token_line_literal(struct str line, struct token_literal *out,
    struct err *err);

/*
 * Write s as a quoted string if every byte may stand in one and it is not
 * long, else as a literal. A NUL, which no string can carry, becomes 0x80 as
 * RFC 9051 forbids it even in literals. -1 when out is full.
 */
int token_put_string(struct buf *out, struct str s);
/* The same, but NIL for a NULL pointer. */
int token_put_nstring(struct buf *out, struct str s);
/* An atom where that is enough, "NIL" excepted; else as token_put_string. */
int token_put_astring(struct buf *out, struct str s);
/* The same, with UTF-8 in quoted strings (RFC 9051), which s must be. */
int token_put_utf8(struct buf *out, struct str s);

#endif

/*
 * dotstuff - the lines of DATA: RFC 5321 sections 2.3.8 and 4.5.2.
 *
 * Reading: only CR LF ends a line, and only CR LF "." CR LF ends the message.
 * A CR or LF alone is a fault: the message is refused, but the reader goes on
 * to the true end, so that nothing behind a false end ("LF . LF", "CR . CR",
 * ...) is ever taken for commands. The bytes come out without copies, as runs
 * of the input, with the dots of stuffed lines left out.
 *
 * Writing: the same backwards, for a message whose lines end in CR LF.
 *
 * Both keep a few bytes of state, so the input may come in pieces cut
 * anywhere. Lines may be of any length.
 */
#ifndef SMTPPROTO_DOTSTUFF_H
#define SMTPPROTO_DOTSTUFF_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

enum dot_fault {
	DOT_FAULT_NONE,
	DOT_FAULT_CR, /* a CR that no LF follows */
	DOT_FAULT_LF, /* an LF that no CR precedes */
};

struct dot_reader {
	unsigned char state;  /* the module's own */
	bool plain;           /* BDAT: dots mean nothing, there is no end */
	bool binary;          /* and there are no lines */
	enum dot_fault fault; /* the first one; the message is refused */
};

enum dot_result {
	DOT_MORE, /* all of *in is taken, the end is not there yet */
	DOT_RUN,  /* *run holds bytes of the message; call again */
	DOT_END,  /* the end; *in stands behind it */
};

/* Before the first byte behind the DATA command's CR LF. */
void dot_reader_init(struct dot_reader *reader);
/* For chunks (RFC 3030), which end by count: faults are still looked for. */
void dot_reader_init_plain(struct dot_reader *reader);
/* The same, or for those of BODY=BINARYMIME: any byte is taken as it is. */
void dot_reader_init_chunks(struct dot_reader *reader, bool is_binary);

/*
 * Take bytes off *in. After a fault no more runs come out. A run may begin
 * with the LF of a CR LF whose CR was the end of the run before it.
 */
enum dot_result dot_read(struct dot_reader *reader, struct str *in,
    struct str *run);

/*
 * After the last chunk: a CR at its very end is a fault. Says whether the
 * message's last line is ended (or the message is empty or binary).
 */
bool dot_reader_finish_plain(struct dot_reader *reader);

struct dot_writer {
	unsigned char state;
};

void dot_writer_init(struct dot_writer *writer);
/* Append message bytes, dots doubled at line starts. -1 when out is full. */
int dot_write(struct dot_writer *writer, struct buf *out, struct str in);
/* Append the end, and a CR LF before it where the last line has none. */
int dot_write_end(struct dot_writer *writer, struct buf *out);

#endif

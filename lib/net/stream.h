/*
 * stream - buffered bytes both ways over one descriptor, blocking with a
 * time limit, for sessions written as straight-line code.
 *
 * Trouble is sticky: after an error, end of file or time-out every further
 * call does nothing and fails, so a protocol function may write ten replies
 * and look once. Whatever is waiting to go out is flushed before a read
 * blocks, so answers to pipelined commands leave in one write.
 *
 * Input: stream_peek() shows the unread bytes, stream_skip() takes them,
 * stream_fill() waits for more. Anything that points into the buffer dies
 * with the next stream_fill().
 *
 * Ownership: the stream closes its descriptor.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

enum stream_state {
	STREAM_OK,
	STREAM_EOF,     /* the peer closed */
	STREAM_TIMEOUT, /* nothing came, or went, in time */
	STREAM_ERROR,   /* see stream_error() */
};

struct stream;

/* in_max: unread bytes we hold at most (and grow to as needed). */
struct stream *stream_new(int fd, size_t in_max);
void stream_free(struct stream *stream); /* flushes what it can first */

/* For each wait; in milliseconds, -1 for ever. The default is 300,000. */
void stream_set_timeout(struct stream *stream, int ms);

/*
 * From now on all waits together may take so long (ms), not only each; with
 * rate every so many bytes that come buy a second more, up to ms from then.
 * ms -1: no such limit any more.
 */
void stream_set_deadline(struct stream *stream, int ms, unsigned rate);

enum stream_state stream_state(const struct stream *stream);
const char *stream_error(const struct stream *stream); /* for the log */
int stream_fd(const struct stream *stream);

struct str stream_peek(struct stream *stream);
void stream_skip(struct stream *stream, size_t len); /* len <= peek().len */

/*
 * Wait until at least one byte more has come. 0, or -1 at end, time-out,
 * error, or when in_max unread bytes are there already (then errno-free:
 * state stays STREAM_OK; the caller refuses what does not fit).
 */
int stream_fill(struct stream *stream);
/* Bytes that came before us, put in front of what is unread. */
void stream_unread(struct stream *stream, struct str bytes);
/* Bytes read from the descriptor so far; what was put in front is not. */
uint64_t stream_received(const struct stream *stream);
/* Is there something to read without waiting? (buffer or socket) */
bool stream_is_readable(struct stream *stream);
/*
 * Has the other end of the socket been closed, and all it sent been read? One
 * that closed only its sending side still reads; of TCP that cannot be told.
 */
bool stream_is_gone(const struct stream *stream);
/*
 * Wait for input on the stream or on other_fd (-1: none), flushing first.
 * Returns bit 1 for the stream, bit 2 for other_fd, 0 after timeout_ms, -1
 * on trouble. Does not read.
 */
int stream_wait(struct stream *stream, int other_fd, int timeout_ms);

/* Output, buffered; large runs go out without a copy. */
void stream_put(struct stream *stream, struct str bytes);
void stream_putz(struct stream *stream, const char *text);
void stream_putf(struct stream *stream, const char *fmt, ...) PRINTFLIKE(2, 3);
int stream_flush(struct stream *stream); /* 0, or -1 with the state set */

/*
 * From here on both ways are DEFLATE (RFC 4978): flushes, and takes what is
 * unread for compressed bytes. -1: no memory.
 */
int stream_compress(struct stream *stream);
bool stream_is_compressed(const struct stream *stream);

/* Give back the memory of buffers that are empty: before a long wait. */
void stream_shrink(struct stream *stream);

#endif

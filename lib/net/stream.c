#include "net/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/time.h"
#include "net/deflate.h"
#include "net/wait.h"

enum {
	STREAM_TIMEOUT_DEFAULT = 300000,
	STREAM_OUT_FLUSH = 65536, /* buffered output before we write */
	STREAM_DIRECT = 16384,    /* runs this long are not copied */
	STREAM_READ = 16384,      /* wanted in one read, at first */
	STREAM_READ_MAX = 65536,  /* where reads come back full */
};

struct stream {
	int fd;
	int timeout;      /* ms */
	int64_t deadline; /* of all waits together; -1: none */
	int budget;       /* ms it was set to */
	unsigned rate;    /* bytes that buy a second; 0: none do */
	enum stream_state state;
	char error[100];
	struct buf in;   /* max is in_max */
	size_t in_taken; /* bytes of in already skipped */
	size_t in_most;  /* of in: what was ever written to; all of it is */
			 /* wiped, and no page is touched beyond it */
	size_t read;     /* wanted in one read */
	uint64_t received;
	struct buf out;
	struct deflate *deflate; /* NULL: bytes are as they are */
	struct buf packed;       /* of out, on its way */
};

struct stream *
stream_new(int fd, size_t in_max)
{
	struct stream *stream = xcalloc(1, sizeof(*stream));

	stream->fd = fd;
	stream->timeout = STREAM_TIMEOUT_DEFAULT;
	stream->deadline = -1;
	stream->read = STREAM_READ;
	buf_init(&stream->in, in_max);
	buf_init(&stream->out, 0);
	return stream;
}

/* What a session read may have been a password. */
static void
wipe_in(struct stream *stream)
{
	if (stream->in_most > 0)
		explicit_bzero(stream->in.p, stream->in_most);
	stream->in_most = 0;
	stream->in_taken = 0;
	buf_clear(&stream->in);
}

/* Bytes were written behind in's end. */
static void
came(struct stream *stream, size_t len)
{
	stream->in.len += len;
	if (stream->in.len > stream->in_most)
		stream->in_most = stream->in.len;
}

void
stream_free(struct stream *stream)
{
	if (stream == NULL)
		return;
	(void)stream_flush(stream);
	(void)close(stream->fd);
	wipe_in(stream);
	buf_clear(&stream->out);
	buf_clear(&stream->packed);
	deflate_free(stream->deflate);
	free(stream);
}

void
stream_shrink(struct stream *stream)
{
	if (stream->out.len == 0)
		buf_clear(&stream->out);
	if (stream->in.len == 0)
		wipe_in(stream);
}

void
stream_set_timeout(struct stream *stream, int ms)
{
	stream->timeout = ms;
}

void
stream_set_deadline(struct stream *stream, int ms, unsigned rate)
{
	stream->budget = ms;
	stream->rate = rate;
	stream->deadline = ms < 0 ? -1 : time_mono() + (int64_t)ms * 1000;
}

enum stream_state
stream_state(const struct stream *stream)
{
	return stream->state;
}

const char *
stream_error(const struct stream *stream)
{
	switch (stream->state) {
	case STREAM_OK:
		return "no error";
	case STREAM_EOF:
		return "connection closed";
	case STREAM_TIMEOUT:
		return "timeout";
	default:
		return stream->error;
	}
}

int
stream_fd(const struct stream *stream)
{
	return stream->fd;
}

static int
fail(struct stream *stream, enum stream_state state, const char *what)
{
	int error = errno;

	if (stream->state != STREAM_OK)
		return -1;
	if (state == STREAM_ERROR && (error == EPIPE || error == ECONNRESET))
		state = STREAM_EOF;
	stream->state = state;
	(void)snprintf(stream->error, sizeof(stream->error), "%s: %s", what,
	    strerror(error));
	return -1;
}

/* Until fd is ready or the stream's time is over. 0 or -1. */
static int
wait_for(struct stream *stream, short events, int64_t deadline)
{
	int ready = wait_ready(stream->fd, events, deadline);

	if (ready > 0)
		return 0;
	return fail(stream, ready == 0 ? STREAM_TIMEOUT : STREAM_ERROR, "poll");
}

static int64_t
deadline_of(const struct stream *stream)
{
	int64_t end;

	if (stream->timeout < 0)
		return stream->deadline;
	end = time_mono() + (int64_t)stream->timeout * 1000;
	return stream->deadline >= 0 && stream->deadline < end ?
	    stream->deadline :
	    end;
}

/* Bytes came: whoever keeps up the rate is never cut off. */
static void
prolong(struct stream *stream, size_t bytes)
{
	int64_t end;

	if (stream->deadline < 0 || stream->rate == 0)
		return;
	end = time_mono() + (int64_t)stream->budget * 1000;
	stream->deadline +=
	    (int64_t)(bytes * (uint64_t)TIME_SECOND / stream->rate);
	if (stream->deadline > end)
		stream->deadline = end;
}

/* Write all of bytes; each wait for room has the stream's time limit. */
static int
write_out(struct stream *stream, struct str bytes)
{
	while (bytes.len > 0) {
		ssize_t n = send(stream->fd, bytes.p, bytes.len,
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == ENOTSOCK) /* -S on a pipe or file */
			n = write(stream->fd, bytes.p, bytes.len);
		if (n >= 0) {
			str_skip(&bytes, (size_t)n);
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return fail(stream, STREAM_ERROR, "write");
		if (wait_for(stream, POLLOUT, deadline_of(stream)) < 0)
			return -1;
	}
	return 0;
}

/* The same, compressed if need be; flush: nothing is kept back. */
static int
emit(struct stream *stream, struct str bytes, bool flush)
{
	int ret = 0;

	if (stream->deflate == NULL)
		return write_out(stream, bytes);
	while (ret == 0 && (bytes.len > 0 || flush)) {
		struct str part = str_sub(bytes, 0, STREAM_OUT_FLUSH);

		str_skip(&bytes, part.len);
		deflate_write(stream->deflate, &stream->packed, part,
		    flush && bytes.len == 0);
		ret = write_out(stream, buf_str(&stream->packed));
		buf_reset(&stream->packed);
		if (bytes.len == 0)
			break;
	}
	return ret;
}

int
stream_flush(struct stream *stream)
{
	int ret;

	if (stream->state != STREAM_OK) {
		buf_reset(&stream->out);
		return -1;
	}
	ret = emit(stream, buf_str(&stream->out), true);
	buf_reset(&stream->out);
	return ret;
}

void
stream_put(struct stream *stream, struct str bytes)
{
	if (stream->state != STREAM_OK)
		return;
	if (bytes.len >= STREAM_DIRECT) {
		if (stream_flush(stream) == 0)
			(void)emit(stream, bytes, false);
		return;
	}
	(void)buf_add_str(&stream->out, bytes);
	if (stream->out.len >= STREAM_OUT_FLUSH)
		(void)stream_flush(stream);
}

void
stream_putz(struct stream *stream, const char *text)
{
	stream_put(stream, str_of(text));
}

void
stream_putf(struct stream *stream, const char *fmt, ...)
{
	va_list ap;
	char small[512], *text = small;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(small)) {
		text = xmalloc((size_t)len + 1);
		va_start(ap, fmt);
		(void)vsnprintf(text, (size_t)len + 1, fmt, ap);
		va_end(ap);
	}
	stream_put(stream, str_make(text, (size_t)len));
	if (text != small)
		free(text);
}

/* Bytes that came compressed, as much as has room. */
static void
unpack(struct stream *stream)
{
	size_t room = STREAM_READ;
	ptrdiff_t n;

	buf_consume(&stream->in, stream->in_taken);
	stream->in_taken = 0;
	if (stream->in.max > 0 && room > stream->in.max - stream->in.len)
		room = stream->in.max - stream->in.len;
	if (room == 0 || stream->state != STREAM_OK)
		return;
	n = deflate_read(stream->deflate, buf_reserve(&stream->in, room), room);
	if (n < 0) {
		errno = EBADMSG;
		(void)fail(stream, STREAM_ERROR, "inflate");
	} else {
		came(stream, (size_t)n);
	}
}

struct str
stream_peek(struct stream *stream)
{
	/* What poll cannot see must not be overlooked. */
	if (stream->deflate != NULL && stream->in_taken >= stream->in.len &&
	    deflate_has_more(stream->deflate))
		unpack(stream);
	return str_sub(buf_str(&stream->in), stream->in_taken, stream->in.len);
}

void
stream_skip(struct stream *stream, size_t len)
{
	stream->in_taken += len;
	if (stream->in_taken >= stream->in.len) {
		buf_reset(&stream->in);
		stream->in_taken = 0;
	}
}

int
stream_compress(struct stream *stream)
{
	struct str unread = stream_peek(stream);
	struct deflate *deflate;
	char *room;
	size_t len;

	if (stream_flush(stream) < 0 || (deflate = deflate_new()) == NULL)
		return -1;
	room = deflate_room(deflate, &len);
	if (unread.len > len) {
		deflate_free(deflate);
		return -1;
	}
	if (unread.len > 0)
		memcpy(room, unread.p, unread.len);
	deflate_fed(deflate, unread.len);
	stream_skip(stream, unread.len);
	stream->deflate = deflate;
	return 0;
}

bool
stream_is_compressed(const struct stream *stream)
{
	return stream->deflate != NULL;
}

static ssize_t
read_some(struct stream *stream, char *room, size_t len)
{
	ssize_t n = recv(stream->fd, room, len, MSG_DONTWAIT);

	if (n < 0 && errno == ENOTSOCK)
		n = read(stream->fd, room, len);
	return n;
}

/* Where the next bytes of the descriptor go; at most *len of them. */
static char *
room_to_read(struct stream *stream, size_t *len)
{
	if (stream->deflate != NULL)
		return deflate_room(stream->deflate, len);
	return buf_reserve(&stream->in, *len);
}

/* len came. Is there something to peek at now? */
static bool
take_read(struct stream *stream, size_t len)
{
	size_t had = stream->in.len;

	if (stream->deflate == NULL) {
		came(stream, len);
		return true;
	}
	deflate_fed(stream->deflate, len);
	unpack(stream);
	return stream->in.len > had;
}

int
stream_fill(struct stream *stream)
{
	int64_t deadline;
	size_t len;
	char *room;

	if (stream->state != STREAM_OK)
		return -1;
	buf_consume(&stream->in, stream->in_taken);
	stream->in_taken = 0;
	len = stream->read;
	if (stream->in.max > 0) {
		if (stream->in.len >= stream->in.max)
			return -1;
		if (len > stream->in.max - stream->in.len)
			len = stream->in.max - stream->in.len;
	}
	if (stream->deflate != NULL && deflate_has_more(stream->deflate)) {
		size_t had = stream->in.len;

		unpack(stream);
		if (stream->in.len > had)
			return 0;
		if (stream->state != STREAM_OK)
			return -1;
	}
	room = room_to_read(stream, &len);
	deadline = deadline_of(stream);
	for (;;) {
		ssize_t n = read_some(stream, room, len);

		if (n > 0) {
			stream->received += (uint64_t)n;
			prolong(stream, (size_t)n);
			if ((size_t)n == stream->read &&
			    stream->read < STREAM_READ_MAX)
				stream->read *= 2;
			if (take_read(stream, (size_t)n))
				return 0;
			if (stream->state != STREAM_OK)
				return -1;
			room = room_to_read(stream, &len);
			continue;
		}
		if (n == 0) {
			(void)stream_flush(stream); /* half-closed peers */
			return fail(stream, STREAM_EOF, "read");
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return fail(stream, STREAM_ERROR, "read");
		if (stream_flush(stream) < 0 ||
		    wait_for(stream, POLLIN, deadline) < 0)
			return -1;
	}
}

uint64_t
stream_received(const struct stream *stream)
{
	return stream->received;
}

void
stream_unread(struct stream *stream, struct str bytes)
{
	struct buf joined;

	buf_init(&joined, 0);
	(void)buf_add_str(&joined, bytes);
	(void)buf_add_str(&joined, stream_peek(stream));
	joined.max = stream->in.max;
	wipe_in(stream);
	stream->in = joined;
	stream->in_most = joined.len;
}

bool
stream_is_readable(struct stream *stream)
{
	struct pollfd poller = { stream->fd, POLLIN, 0 };

	return stream_peek(stream).len > 0 || poll(&poller, 1, 0) > 0;
}

bool
stream_is_gone(const struct stream *stream)
{
	struct pollfd poller = { stream->fd, 0, 0 };
	char byte;

	return poll(&poller, 1, 0) > 0 && poller.revents & POLLHUP &&
	    recv(stream->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

int
stream_wait(struct stream *stream, int other_fd, int timeout_ms)
{
	struct pollfd pollers[2] = {
		{ stream->fd, POLLIN, 0 },
		{ other_fd, POLLIN, 0 },
	};
	int n;

	if (stream_peek(stream).len > 0)
		return 1;
	if (stream_flush(stream) < 0)
		return -1;
	n = poll(pollers, other_fd >= 0 ? 2 : 1, timeout_ms);
	if (n < 0)
		return errno == EINTR ? 0 : fail(stream, STREAM_ERROR, "poll");
	return (pollers[0].revents != 0 ? 1 : 0) |
	    (other_fd >= 0 && pollers[1].revents != 0 ? 2 : 0);
}

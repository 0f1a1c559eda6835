#include "base/log.h"

#include <errno.h>
#include <execinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/utf8.h"

enum { BACKTRACE_MAX = 32 };

static struct {
	const char *ident;
	enum log_level max;
	int fd; /* logd's socket; -1: standard error */
} identity = { "chancery", LOG_LEVEL_INFO, -1 };

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

void
log_init(const char *ident, enum log_level max)
{
	identity.ident = ident;
	identity.max = max;
}

void
log_open_fd(int fd)
{
	identity.fd = fd;
}

/*
 * Characters that move a terminal or reorder a line: controls, C1 too (a
 * terminal takes U+009B for ESC "["), line separators, marks of direction.
 */
static bool
is_control(uint32_t rune)
{
	return rune < 0x20 || (rune >= 0x7f && rune <= 0x9f) ||
	    rune == 0x061c || (rune >= 0x200e && rune <= 0x200f) ||
	    (rune >= 0x2028 && rune <= 0x202e) ||
	    (rune >= 0x2066 && rune <= 0x2069);
}

/* How many bytes at the front of s may go out as they are; 0: escape one. */
static size_t
plain_len(struct str s)
{
	struct str rest = s;
	uint32_t rune;

	if (s.p[0] == '\\' || !utf8_take(&rest, &rune) || is_control(rune))
		return 0;
	return s.len - rest.len;
}

const char *
log_escape(char *out, size_t size, struct str s)
{
	static const char hex[] = "0123456789abcdef";
	size_t len = 0;

	while (s.len > 0) {
		size_t plain = plain_len(s);

		if (len + 4 + 4 > size) { /* \xNN, "...", NUL */
			if (size > len + 3) {
				memcpy(out + len, "...", 3);
				len += 3;
			}
			break;
		}
		if (plain > 0) {
			memcpy(out + len, s.p, plain);
			len += plain;
			str_skip(&s, plain);
			continue;
		}
		out[len++] = '\\';
		if (s.p[0] == '\n' || s.p[0] == '\r' || s.p[0] == '\\') {
			out[len++] = s.p[0] == '\n' ? 'n' :
			    s.p[0] == '\r'          ? 'r' :
						      '\\';
		} else {
			out[len++] = 'x';
			out[len++] = hex[(unsigned char)s.p[0] >> 4];
			out[len++] = hex[(unsigned char)s.p[0] & 15];
		}
		str_skip(&s, 1);
	}
	if (size > 0)
		out[len] = '\0';
	return out;
}

/*
 * Control characters in the finished line, whoever put them there, would forge
 * lines, and what is no UTF-8 is one to some terminals. A backslash stays:
 * what was escaped before must not be so twice.
 */
static void
defuse(char *line)
{
	struct str rest = str_of(line);

	while (rest.len > 0) {
		struct str from = rest;
		uint32_t rune;

		if (!utf8_take(&rest, &rune))
			str_skip(&rest, 1);
		else if (!is_control(rune))
			continue;
		memset(line + (from.p - line), '?', from.len - rest.len);
	}
}

static void send_line(enum log_level level, const char *fmt, va_list ap)
    PRINTFLIKE(2, 0);

static void
send_line(enum log_level level, const char *fmt, va_list ap)
{
	char line[LOG_LINE_MAX];
	int error = errno, head, len;

	if (level > identity.max)
		return;
	head = snprintf(line, sizeof(line), "<%s> %s[%d]: ", level_names[level],
	    identity.ident, (int)getpid());
	len = vsnprintf(line + head, sizeof(line) - (size_t)head, fmt, ap);
	defuse(line + head);
	if (len > (int)sizeof(line) - head - 1)
		len = (int)sizeof(line) - head - 1;
	len += head;
	if (identity.fd < 0 ||
	    send(identity.fd, line, (size_t)len, MSG_NOSIGNAL) < 0) {
		line[len] = '\n';
		(void)!write(STDERR_FILENO, line, (size_t)len + 1);
	}
	errno = error;
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	send_line(LOG_LEVEL_DEBUG, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	send_line(LOG_LEVEL_INFO, fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	send_line(LOG_LEVEL_WARN, fmt, ap);
	va_end(ap);
}

void
log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	send_line(LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
}

void
fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	send_line(LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
	exit(1);
}

void
panic(const char *fmt, ...)
{
	void *frames[BACKTRACE_MAX];
	char **names;
	va_list ap;
	int count;

	va_start(ap, fmt);
	send_line(LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
	count = backtrace(frames, BACKTRACE_MAX);
	names = backtrace_symbols(frames, count);
	for (int i = 0; names != NULL && i < count; i++)
		log_error("  at %s", names[i]);
	abort();
}

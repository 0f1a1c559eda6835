/*
 * log - one event, one line, to logd or to standard error.
 *
 * Before log_open_fd() lines go to standard error with the program's name in
 * front. After it each is a datagram to logd: "<level> ident[pid]: text".
 * The process's log identity is one of the three allowed globals. Lines are
 * cut at LOG_LINE_MAX bytes; control bytes and bytes that are not UTF-8 are
 * escaped (\n, \xNN), so that no peer can write a line of its own. Sending
 * never blocks for long and never fails the caller.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/attr.h"
#include "base/str.h"

enum { LOG_LINE_MAX = 2000 };

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* Borrowed: ident must stay. Lines above max are dropped. */
void log_init(const char *ident, enum log_level max);
/* From now on to the datagram socket fd (kept, not closed by us). */
void log_open_fd(int fd);

void log_debug(const char *fmt, ...) PRINTFLIKE(1, 2);
void log_info(const char *fmt, ...) PRINTFLIKE(1, 2);
void log_warn(const char *fmt, ...) PRINTFLIKE(1, 2);
void log_error(const char *fmt, ...) PRINTFLIKE(1, 2);

/* The operator is wrong, at start: say so and exit 1. */
void fatal(const char *fmt, ...) PRINTFLIKE(1, 2) NORETURN;
/* We are wrong: say so with a backtrace and abort; master restarts us. */
void panic(const char *fmt, ...) PRINTFLIKE(1, 2) NORETURN;

/*
 * Copy s into out (a C string of at most size bytes, NUL included) with
 * control bytes, backslash and bytes that are not UTF-8 escaped, and "..."
 * at the end of what did not fit. Returns out.
 */
const char *log_escape(char *out, size_t size, struct str s);

#endif

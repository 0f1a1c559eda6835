/*
 * err - how a function says what went wrong.
 *
 * A function that can fail returns 0 or -1 and takes a struct err last. The
 * kind decides what the caller does (refuse, try later, stop); the text goes
 * to the log and says what we were doing and to what.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/attr.h"

enum err_kind {
	ERR_NONE,
	ERR_NOENT,   /* the named thing does not exist */
	ERR_EXISTS,  /* it exists already */
	ERR_SYNTAX,  /* the peer or the operator wrote it wrong */
	ERR_DENIED,  /* not allowed */
	ERR_LIMIT,   /* over a size, count or quota limit */
	ERR_TEMP,    /* I/O, lookup or resource trouble: try again later */
	ERR_CORRUPT, /* our own data does not parse */
};

/* The kind more exactly, where somebody has to answer by it. */
enum err_cause {
	ERR_CAUSE_NONE,
	ERR_CAUSE_QUOTA, /* ERR_LIMIT: what a user may store */
	ERR_CAUSE_FULL,  /* the disk, or a file of fixed size, has no room */
	ERR_CAUSE_DIRECTORY, /* ERR_TEMP: it gives no answer, to this question
			      */
	ERR_CAUSE_LAST = ERR_CAUSE_DIRECTORY
};

struct err {
	enum err_kind kind;
	enum err_cause cause;
	char text[200];
};

/* All return -1, so that "return err_set(...)" is the whole error path. */
int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
    PRINTFLIKE(3, 4);
int err_set_cause(struct err *err, enum err_kind kind, enum err_cause cause,
    const char *fmt, ...) PRINTFLIKE(4, 5);

/*
 * Describe a failed system call: the formatted text, then strerror(errno).
 * ENOENT becomes ERR_NOENT, EEXIST ERR_EXISTS, EACCES and EPERM ERR_DENIED,
 * everything else ERR_TEMP, whose cause is ERR_CAUSE_FULL for ENOSPC and
 * EDQUOT. errno is left as it was.
 */
int err_sys(struct err *err, const char *fmt, ...) PRINTFLIKE(2, 3);

/* Put "what: " in front of the text that is there. Returns -1. */
int err_prefix(struct err *err, const char *fmt, ...) PRINTFLIKE(2, 3);

#endif

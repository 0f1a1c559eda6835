#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	err->kind = kind;
	err->cause = ERR_CAUSE_NONE;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}

int
err_set_cause(struct err *err, enum err_kind kind, enum err_cause cause,
    const char *fmt, ...)
{
	va_list ap;

	err->kind = kind;
	err->cause = cause;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}

static enum err_kind
kind_of_errno(int error)
{
	switch (error) {
	case ENOENT:
		return ERR_NOENT;
	case EEXIST:
		return ERR_EXISTS;
	case EACCES:
	case EPERM:
		return ERR_DENIED;
	default:
		return ERR_TEMP;
	}
}

int
err_sys(struct err *err, const char *fmt, ...)
{
	int error = errno;
	size_t len;
	va_list ap;

	err->kind = kind_of_errno(error);
	err->cause = error == ENOSPC || error == EDQUOT ? ERR_CAUSE_FULL :
							  ERR_CAUSE_NONE;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	len = strlen(err->text);
	(void)snprintf(err->text + len, sizeof(err->text) - len, ": %s",
	    strerror(error));
	errno = error;
	return -1;
}

int
err_prefix(struct err *err, const char *fmt, ...)
{
	char old[sizeof(err->text)];
	size_t len;
	va_list ap;

	memcpy(old, err->text, sizeof(old));
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	len = strlen(err->text);
	(void)snprintf(err->text + len, sizeof(err->text) - len, ": %s", old);
	return -1;
}

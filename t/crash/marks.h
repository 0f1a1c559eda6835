/*
 * marks - the file of promises of a program under simulated power cuts: what
 * was told to somebody, a line each ("kept 7 12"), in the order it was told.
 *
 * The recorder (t/crash/recorder.c) notes each line among the changes of
 * files, so that a check is given what had been promised at the cut, and no
 * more. All exit the process on failure.
 */
#ifndef CRASH_MARKS_H
#define CRASH_MARKS_H

#include "base/buf.h"

/* Open it to append to. */
int marks_open(const char *path);
/* One line of less than 128 bytes, in one write; without its line end. */
void marks_put(int marks, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* All of it. buf_clear() it. */
void marks_read(struct buf *marks, const char *path);

#endif

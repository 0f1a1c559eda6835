/*
 * run - one of our own programs, run and waited for.
 */
#ifndef VERB_RUN_H
#define VERB_RUN_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Run argv (NULL at the end; argv[0] is the path) with an empty standard
 * input. Its standard output is appended to out, or is ours if out is NULL.
 * Returns its exit status (128 and the signal if it died), or -1.
 */
int run_program(const char *const *argv, struct buf *out, struct err *err);

#endif

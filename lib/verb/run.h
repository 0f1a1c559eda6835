/*
 * run - one of our own programs, run and waited for.
 */
#ifndef VERB_RUN_H
#define VERB_RUN_H

#include "base/buf.h"
#include "base/err.h"
#include "verb/verb.h"

/*
 * Run argv (NULL at the end; argv[0] is the path) with an empty standard
 * input. Its standard output is appended to out, or is ours if out is NULL.
 * Returns its exit status (128 and the signal if it died), or -1.
 */
int run_program(const char *const *argv, struct buf *out, struct err *err);

/*
 * What "master OPTION -C DIR" prints, into out, which is initialised here. Its
 * exit status, or -1.
 */
int run_master(const struct verb_env *env, const char *option, struct buf *out,
    struct err *err);

#endif

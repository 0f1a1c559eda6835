/*
 * password - how an operator tells a verb the password of somebody.
 */
#ifndef VERB_PASSWORD_H
#define VERB_PASSWORD_H

#include "base/buf.h"
#include "verb/verb.h"

enum { PASSWORD_MAX = 1024 /* bytes */ };

/*
 * One line: from the file that the option --password-file names (- is standard
 * input; no file that others may read), else typed twice at the terminal,
 * unseen. Whoever is interrupted at it ends as ever, the terminal set back
 * first. *out is to be wiped by the caller. -1: ERR_SYNTAX, ERR_DENIED,
 * ERR_LIMIT or what reading met.
 */
int password_take(struct verb_call *call, struct buf *out, struct err *err);

#endif

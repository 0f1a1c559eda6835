/*
 * clamd_reply - what clamd answers to zINSTREAM (clamd(8)).
 *
 *	stream: OK NUL
 *	stream: Eicar-Test-Signature FOUND NUL
 *	INSTREAM size limit exceeded. ERROR NUL
 */
#ifndef SMTPD_CLAMD_REPLY_H
#define SMTPD_CLAMD_REPLY_H

#include "base/err.h"
#include "base/str.h"

enum { CLAMD_REPLY_MAX = 1024 };

enum clamd_verdict { CLAMD_CLEAN, CLAMD_FOUND };

/*
 * All of reply, its NUL or LF included. *name is what was found, borrowed from
 * it: printable ASCII without blanks, not empty. ERR_TEMP: clamd reports
 * trouble; ERR_SYNTAX: none of the forms above.
 */
int clamd_reply_parse(struct str reply, enum clamd_verdict *verdict,
    struct str *name, struct err *err);

#endif

/*
 * checkup - the parts of "chancery check", a file each. Each adds what it
 * finds; what it cannot look at (others' files, a server that does not run)
 * it leaves alone.
 */
#ifndef VERB_CHECKUP_H
#define VERB_CHECKUP_H

#include "base/attr.h"
#include "verb/verb.h"

struct checkup {
	struct verb_call *call;
	struct main_cf *cf;
	size_t count, errors;
};

/* level: "error" (the exit status is 1), "warning", or "restart". */
void checkup_say(struct checkup *c, const char *level, const char *fmt, ...)
    PRINTFLIKE(3, 4);

/* checkup_files.c: owners, modes, room on the disks */
void checkup_files(struct checkup *c);
/* checkup_tls.c: the certificate and its key */
void checkup_tls(struct checkup *c);
/*
 * checkup_reach.c, only of a server that runs: services, directory, DNS (with
 * --dns also of domains that the public DNS does not have)
 */
void checkup_reach(struct checkup *c);

#endif

/*
 * status - master's report on its services, as text and as JSON.
 *
 * The report is lines of fields separated by tabs:
 *	master PID SINCE
 *	service NAME PROGRAM STATE PID,PID,... SINCE STARTS JAIL
 *	counter SERVICE NAME counter|gauge VALUE
 *	counter SERVICE NAME histogram COUNT SUM BUCKET,BUCKET,...
 * SINCE is in seconds since 1970; a histogram counts microseconds (see
 * service/stats.h).
 */
#ifndef VERB_STATUS_H
#define VERB_STATUS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "verb/print.h"

/*
 * counters: also in text (JSON always has them). ERR_TEMP, after everything
 * was printed, when a service is not up: a script's "status" then fails.
 */
int status_print(struct print *print, struct str report, bool counters,
    struct err *err);

#endif

/*
 * flags - STORE: flags and keywords of messages that are there.
 */
#ifndef STORED_FLAGS_H
#define STORED_FLAGS_H

#include "stored/request.h"

request_fn flags_run;  /* store_flags */
request_fn recent_run; /* store_recent */

#endif

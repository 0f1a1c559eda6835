/*
 * progress - a line on the operator's terminal that says how far a long verb
 * is: drawn on standard error, only where that is a terminal, at most ten
 * times a second, and taken away at the end.
 */
#ifndef VERB_PROGRESS_H
#define VERB_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct progress {
	struct str what;      /* borrowed */
	uint64_t done, total; /* total 0: not known */
	int64_t drawn;        /* when, monotonic */
	bool is_on, is_visible;
};

void progress_begin(struct progress *progress, struct str what, uint64_t total);
void progress_step(struct progress *progress, uint64_t by);
void progress_end(struct progress *progress);

#endif

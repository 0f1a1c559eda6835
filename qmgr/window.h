/*
 * window - how many transactions at a time a destination gets: grows on
 * success, shrinks on failure. Free of I/O.
 *
 * The rules and names are those of Postfix's scheduler: each success adds the
 * positive feedback, each failure takes the negative one, and the window
 * moves by one when a whole has come together. When as many failures as the
 * window is wide have followed each other, without a success between them,
 * that is a failed cohort; after so many of these the destination is dead.
 */
#ifndef QMGR_WINDOW_H
#define QMGR_WINDOW_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* "1", "0.5", "1/concurrency", "0.5/sqrt_concurrency" */
struct window_feedback {
	double share;
	enum {
		WINDOW_FIXED,
		WINDOW_BY_CONCURRENCY,
		WINDOW_BY_SQUARE_ROOT
	} kind;
};

struct window_conf {
	unsigned initial, limit; /* at least 1 */
	struct window_feedback grow, shrink;
	double cohort_limit; /* 0: never dead */
};

struct window {
	unsigned size;
	double gained, lost; /* parts of a whole */
	double cohorts;      /* failed, since the last success */
};

/* The share is 0 to 1. ERR_SYNTAX. */
int window_feedback_parse(struct window_feedback *feedback, struct str text,
    struct err *err);

void window_init(struct window *window, const struct window_conf *conf);
/* busy: transactions under way; a window that is not used does not grow. */
void window_success(struct window *window, const struct window_conf *conf,
    unsigned busy);
/* true: the destination is dead. */
bool window_failure(struct window *window, const struct window_conf *conf);

#endif

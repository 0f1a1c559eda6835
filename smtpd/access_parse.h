/*
 * access_parse - lists of restrictions, from their text in main.cf or in a
 * table's value to steps.
 */
#ifndef SMTPD_ACCESS_PARSE_H
#define SMTPD_ACCESS_PARSE_H

#include "smtpd/check.h"

struct access_steps {
	struct access_step *step; /* owned, with what is in them */
	size_t len;
};

/* A named list. */
struct access_named {
	char *name;
	struct access_steps steps;
};

struct access {
	struct access_steps list[ACCESS_LISTS];
	struct access_named *named;
	size_t named_len;
};

/*
 * Words of the table and names of classes, which steps then borrow; tables
 * says whether there may be lookup tables, which are opened. On failure steps
 * is empty.
 */
int access_parse(struct access_steps *steps, const struct access *access,
    bool tables, struct str text, struct err *err);
void access_steps_clear(struct access_steps *steps);

#endif

/*
 * complexity - inputs that grow, and the parsers that are to take them in time
 * and memory in proportion.
 *
 * An input is head, as many units as fit, tail. In a unit "#" stands for a
 * number that rises from one unit to the next, "^" for one that falls.
 */
#ifndef ATTACK_COMPLEXITY_H
#define ATTACK_COMPLEXITY_H

#include <stddef.h>

#include "base/str.h"

struct complexity_input {
	const char *what;
	const char *head, *unit, *tail; /* NULL: nothing */
};

enum complexity_growth {
	LINEAR,
	SORTS,   /* n log n, of which log n is taken out */
	BOUNDED, /* the operator's pattern decides: COMPLEXITY_BOUND at most */
};

enum { COMPLEXITY_BOUND = 500000000 /* ns; a slow machine takes a third */ };

struct complexity_row {
	const char *parser;
	/* Take all of in; how many bytes of memory it held at the end. */
	size_t (*run)(struct str in);
	size_t max; /* bytes that can come at most; 0: as a message */
	const struct complexity_input *input; /* ends with what NULL */
	enum complexity_growth growth;
};

/* Tables, one a file; each ends with parser NULL. */
extern const struct complexity_row complexity_mime[];
extern const struct complexity_row complexity_imap[];
extern const struct complexity_row complexity_rest[];

/* A place for results, so that no compiler leaves the work out. */
extern volatile size_t complexity_sink;

#endif

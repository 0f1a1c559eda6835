/*
 * print - one description of an answer, shown as text or as JSON.
 *
 *	print_open_list(p, "queue");
 *	for (...) {
 *		print_open_record(p, NULL);
 *		print_str(p, "id", id);
 *		print_int(p, "size", size);
 *		print_close(p);
 *	}
 *	print_close(p);
 *
 * JSON: the outermost is an object; lists and records are named members of
 * it. Names are lower case with underscores, and only ever added.
 *
 * Text: a record prints "name: value" lines; a list of records prints a line
 * a record below a line of names, in columns that widen as needed; a list of
 * strings prints one a line, inside a record's line with commas between.
 * Control bytes are escaped in both.
 *
 * Times are seconds since 1970 in UTC: JSON has the number, text the local
 * date.
 */
#ifndef VERB_PRINT_H
#define VERB_PRINT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/str.h"

struct print;

struct print *print_new(FILE *out, bool json); /* out is borrowed */
/* Ends the outermost object. -1 if something could not be written. */
int print_free(struct print *p);
bool print_is_json(const struct print *p);

/* name: NULL inside a list. */
void print_open_record(struct print *p, const char *name);
void print_open_list(struct print *p, const char *name);
void print_close(struct print *p); /* the record or list opened last */

void print_str(struct print *p, const char *name, struct str value);
void print_strz(struct print *p, const char *name, const char *value);
void print_int(struct print *p, const char *name, int64_t value);
void print_bool(struct print *p, const char *name, bool value);
void print_time(struct print *p, const char *name, int64_t seconds);

/* A line for people: nothing in JSON. Escape peers' bytes first. */
void print_line(struct print *p, const char *fmt, ...) PRINTFLIKE(2, 3);

#endif

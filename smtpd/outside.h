/*
 * outside - a connection to a content service, with one time limit for all.
 *
 * master connects for us (master/outside.h): holder is the connection to
 * master, which counts against the service's limit until it is closed, fd the
 * one to the service. Each call waits until the deadline at most, and ends in
 * ERR_TEMP then and on all other trouble.
 */
#ifndef SMTPD_OUTSIDE_H
#define SMTPD_OUTSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct outside {
	int holder, fd;   /* owned; -1: none */
	int64_t deadline; /* time_mono() */
	bool cut;         /* the service reads no more; it may have spoken */
};

/* Waits for a place. After -1 nothing is open. */
int outside_open(struct outside *o, const char *service, int64_t deadline,
    struct err *err);
void outside_close(struct outside *o);

/*
 * Send all of it. Where the service has closed (it may have said why), the
 * rest is dropped, cut is set and the result is 0: what it said comes next.
 */
int outside_send(struct outside *o, struct str bytes, struct err *err);
/* No more is to be sent. */
void outside_end(struct outside *o);
/* Some bytes; *done is 0 at the end. */
int outside_recv(struct outside *o, char *bytes, size_t size, size_t *done,
    struct err *err);

#endif

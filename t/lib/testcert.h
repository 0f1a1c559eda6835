/*
 * testcert - a key and a self-signed certificate for tests, made on the spot.
 */
#ifndef T_LIB_TESTCERT_H
#define T_LIB_TESTCERT_H

#include "base/buf.h"

/*
 * Append to cert and key, both initialised by the caller, the PEM of a new
 * P-256 certificate for name, valid for a day.
 */
void testcert_make(struct buf *cert, struct buf *key, const char *name);

#endif

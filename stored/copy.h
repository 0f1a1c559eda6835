/*
 * copy - COPY and MOVE: more rows for messages that are there.
 *
 * COPY is whole or not at all (RFC 3501 section 6.4.7): in one batch when it
 * is small, else put down in slices and shown by the last one (stage.h). MOVE
 * goes in slices that show: each message is moved or is not (RFC 6851 section
 * 3.3). The new UIDs of a COPY follow each other.
 */
#ifndef STORED_COPY_H
#define STORED_COPY_H

#include "stored/change.h"

request_fn copy_run; /* store_copy */

#endif

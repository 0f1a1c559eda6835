/*
 * rows - what the index says of messages of the view, many at a time.
 */
#ifndef IMAPD_ROWS_H
#define IMAPD_ROWS_H

#include <stddef.h>

#include "base/err.h"
#include "store/message.h"

struct session;

/*
 * The rows of count messages of the selected mailbox, given as rising indices
 * of its view. Messages that are gone get uid 0. No order of calls is assumed;
 * what lies close together is read in one scan.
 */
int rows_read(struct session *session, const size_t *index, size_t count,
    struct store_message *row, struct err *err);

#endif

/*
 * rename - RENAME (RFC 3501 section 6.3.5): a mailbox and all below it.
 */
#ifndef STORED_RENAME_H
#define STORED_RENAME_H

#include "stored/change.h"

request_fn rename_mailbox;

#endif

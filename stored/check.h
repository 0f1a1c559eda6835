/*
 * check - are a blob's bytes what its row says? For verify.
 */
#ifndef STORED_CHECK_H
#define STORED_CHECK_H

#include "stored/engine.h"

/* A struct store_verify_ops.body; ctx is the engine. */
int check_body(void *ctx, uint64_t blob, const struct store_blob *row,
    struct err *err);

/* The bytes, when they are; the caller frees *bytes. ERR_CORRUPT. */
int check_read(struct engine *engine, uint64_t blob,
    const struct store_blob *row, char **bytes, struct str *body,
    struct err *err);

#endif

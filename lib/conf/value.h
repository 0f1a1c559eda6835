/*
 * value - the kinds of values parameters have, as text.
 *
 * All take the whole of text, already expanded and trimmed. Numbers outside
 * min..max are ERR_LIMIT, anything else wrong ERR_SYNTAX; the text of the
 * error says what would have been right. max 0 means: as large as out holds.
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* ["-"] 1*DIGIT */
int value_int(struct str text, int64_t min, int64_t max, int *out,
    struct err *err);
/* Bytes: 1*DIGIT with K, M or G (powers of 1,024; either case) behind. */
int value_size(struct str text, int64_t min, int64_t max, size_t *out,
    struct err *err);
/* Seconds: 1*DIGIT with s, m, h, d or w behind; none means s. */
int value_time(struct str text, int64_t min, int64_t max, int *out,
    struct err *err);
/* yes or no, either case. */
int value_bool(struct str text, bool *out, struct err *err);

#endif

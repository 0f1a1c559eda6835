/*
 * hex - bytes as lower-case hexadecimal digits and back.
 */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include "base/str.h"

int hex_digit(char c); /* 0 to 15, -1 if c is none; both cases */
/* Write 2 * len digits and a NUL to out. */
void hex_encode(char *out, const void *bytes, size_t len);
/* Exactly len bytes from exactly 2 * len digits; -1 otherwise. */
int hex_decode(void *out, size_t len, struct str in);

#endif

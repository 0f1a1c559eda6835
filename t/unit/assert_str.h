/*
 * assert_str - does a struct str hold just this text? An empty one may have a
 * pointer of any kind.
 */
#ifndef T_UNIT_ASSERT_STR_H
#define T_UNIT_ASSERT_STR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

static inline void
assert_str(struct str s, const char *want)
{
	assert_int_equal(s.len, strlen(want));
	if (s.len > 0)
		assert_memory_equal(s.p, want, s.len);
}

#endif

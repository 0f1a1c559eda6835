/*
 * XCLIENT's attributes: what is accepted is fit for log lines and header
 * fields.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "smtpd/xclient_attr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(1 << 20);
	struct xclient x;
	struct err err;

	if (xclient_parse(&x, str_make(data, size), arena, &err) == 0) {
		for (int i = 0; i < XCLIENT_NAMES; i++) {
			struct str value = x.attr[i].value;

			if ((x.attr[i].state == XCLIENT_VALUE) !=
			    (value.len > 0))
				abort();
			for (size_t k = 0; k < value.len; k++) {
				if (value.p[k] <= ' ' || value.p[k] > '~')
					abort();
			}
		}
	}
	arena_free(arena);
	return 0;
}

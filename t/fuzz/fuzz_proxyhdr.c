/*
 * PROXY headers: a line that is accepted ends in CRLF within its limit, a
 * binary header has the length it says, and what is refused leaves the input
 * alone.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "net/proxyhdr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_make(data, size), before = in;
	struct proxyhdr hdr;
	struct err err;
	size_t moved;

	switch (proxyhdr_take(&hdr, &in, &err)) {
	case PROXYHDR_OK:
		moved = before.len - in.len;
		if (before.p[0] == 'P' &&
		    (moved > PROXYHDR_LINE_MAX || moved < 2 ||
			in.p[-1] != '\n' || in.p[-2] != '\r' || hdr.rest > 0))
			abort();
		if (before.p[0] != 'P' &&
		    moved + hdr.rest != 16 + (size_t)(data[14] << 8 | data[15]))
			abort();
		if (hdr.rest > 0 && in.len > 0)
			abort();
		break;
	case PROXYHDR_MORE:
		if (before.len >= PROXYHDR_MAX)
			abort();
		__attribute__((fallthrough));
	case PROXYHDR_BAD:
		if (in.p != before.p || in.len != before.len)
			abort();
		break;
	}
	return 0;
}

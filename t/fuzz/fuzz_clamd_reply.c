/*
 * clamd's answers: a name is found only where clamd says FOUND, lies inside the
 * answer and is fit for a log line and a header field.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "smtpd/clamd_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_make(data, size), name;
	enum clamd_verdict verdict;
	struct err err;
	int ret = clamd_reply_parse(in, &verdict, &name, &err);

	if ((ret == 0 && verdict == CLAMD_FOUND) != (name.len > 0))
		abort();
	if (name.len > 0 &&
	    (name.p < in.p || name.p + name.len > in.p + in.len))
		abort();
	for (size_t i = 0; i < name.len; i++) {
		if (name.p[i] <= ' ' || name.p[i] > '~')
			abort();
	}
	return 0;
}

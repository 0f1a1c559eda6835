/*
 * spamd's answers: scores stay within their bounds, and the tests' names are
 * fit for a header field.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "smtpd/spamd_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_make(data, size);
	struct spamd_reply reply;
	struct err err;

	if (spamd_reply_parse(&reply, in, &err) < 0)
		return 0;
	if (llabs(reply.score) > 1000001000 ||
	    llabs(reply.required) > 1000001000)
		abort();
	if (reply.tests.len > 0 &&
	    reply.tests.p + reply.tests.len > in.p + in.len)
		abort();
	for (size_t i = 0; i < reply.tests.len; i++) {
		char c = reply.tests.p[i];

		if (!is_alpha(c) && !is_digit(c) && c != '_' && c != ',')
			abort();
	}
	return 0;
}

/*
 * Replies read in pieces (the first byte: of which size) and written anew.
 */
#include <stdint.h>
#include <stdlib.h>

#include "smtpproto/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
write_again(const struct smtp_reply *reply)
{
	struct smtp_reply again;
	struct buf out;
	struct str in;
	struct err err;

	buf_init(&out, 0);
	smtp_reply_init(&again);
	(void)smtp_reply_put(&out, reply->code, NULL, buf_str(&reply->text),
	    true);
	in = buf_str(&out);
	if (smtp_reply_feed(&again, &in, &err) != 1 || in.len != 0 ||
	    again.code != reply->code)
		abort();
	smtp_reply_clear(&again);
	buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smtp_reply reply;
	struct str rest;
	struct err err;
	size_t piece;
	int ret = 0;

	if (size == 0)
		return 0;
	piece = data[0] % 64 + 1;
	rest = str_make(data + 1, size - 1);
	smtp_reply_init(&reply);
	while (rest.len > 0 && ret >= 0) {
		struct str in = str_sub(rest, 0, piece);
		size_t len = in.len;

		ret = smtp_reply_feed(&reply, &in, &err);
		str_skip(&rest, len - in.len);
		if (ret == 1 && reply.text.len < 4096)
			write_again(&reply);
	}
	smtp_reply_clear(&reply);
	return 0;
}

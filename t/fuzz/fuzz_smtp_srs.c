/*
 * Rewritten senders: any address forwarded and returned is itself again, and
 * whatever comes back is taken apart without harm.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "smtpproto/path.h"
#include "smtpproto/srs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct srs srs = { { "0123456789abcdef", 16 },
		{ "us.test", 7 }, 21 };
	struct str in = str_make(data, size), rest = in;
	struct arena *arena = arena_new(65536);
	struct smtp_path path;
	struct buf there, back;
	struct err err;

	buf_init(&there, 0);
	buf_init(&back, 0);
	(void)srs_is_ours(&srs, in);
	(void)srs_reverse(&back, &srs, in, 1700000000, &err);
	buf_reset(&back);
	if (smtp_mailbox_parse(&path, &rest, arena, &err) == 0 &&
	    rest.len == 0 &&
	    srs_forward(&there, &srs, path.address, 1700000000, &err) == 0) {
		if (srs_reverse(&back, &srs, buf_str(&there), 1700000000,
			&err) < 0)
			panic("%s", err.text);
		if (!str_istarts(path.local, STR("SRS1")) &&
		    !str_ieq(buf_str(&back), path.address))
			panic("not the same again");
	}
	buf_clear(&there);
	buf_clear(&back);
	arena_free(arena);
	return 0;
}

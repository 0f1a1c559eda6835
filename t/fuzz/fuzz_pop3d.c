/*
 * A whole POP3 session over a maildrop without a store: every answer has
 * whole lines, and what was not deleted and quit is not removed.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/log.h"
#include "t/unit/pop3d/double.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct double_drop drop;
	struct buf out;

	if (size > 16384)
		return 0;
	log_init("fuzz", LOG_LEVEL_ERROR);
	double_init(&drop);
	double_add_wide(&drop, size > 0 && data[0] == 'U');
	buf_init(&out, 0);
	double_talk(&drop, str_make(data, size), &out);
	if (out.len > 0 && !str_ends(buf_str(&out), STR("\r\n")))
		abort();
	if (drop.told.len > 0 && str_find(buf_str(&out), STR("+OK")) < 0)
		abort();
	buf_clear(&out);
	double_clear(&drop);
	return 0;
}

/*
 * Paths: whatever is accepted has a canonical form that is accepted again and
 * stays what it is.
 */
#include <stdint.h>
#include <stdlib.h>

#include "smtpproto/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(8192);
	struct str in = str_make(data, size);
	struct smtp_path path, again;
	struct err err;

	if (smtp_path_parse(&path, &in,
		SMTP_PATH_NULL | SMTP_PATH_POSTMASTER | SMTP_PATH_BARE, arena,
		&err) == 0 &&
	    path.domain.len > 0) {
		in = path.address;
		if (smtp_mailbox_parse(&again, &in, arena, &err) < 0 ||
		    in.len != 0 || !str_eq(again.address, path.address) ||
		    !str_eq(again.local, path.local))
			abort();
	}
	in = str_make(data, size);
	(void)smtp_domain_parse(&path.domain, &in, arena, &err);
	arena_free(arena);
	return 0;
}

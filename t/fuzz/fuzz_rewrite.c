/*
 * Addresses, as they come from RCPT TO: whole again they are what they were,
 * but for the case of letters.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "rewrite/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(65536);
	struct str in = str_make(data, size);
	struct address address;
	struct err err;

	if (address_parse(&address, in, '+', arena, &err) == 0 &&
	    address.domain.len > 0 &&
	    !str_ieq(address_full(&address, '+', arena), in))
		abort();
	arena_free(arena);
	return 0;
}

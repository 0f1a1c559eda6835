/* The client's first message of SCRAM. */
#include "auth/scram.h"
#include "base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scram_first first;
	struct err err;

	if (scram_parse_first(&first, str_make((const char *)data, size),
		&err) == 0) {
		if (first.user.len == 0 ||
		    (first.flag == 'p') != (first.binding.len > 0))
			panic("half a message was taken");
		buf_clear(&first.user);
	}
	return 0;
}

/* master.cf: whatever is in it, lines that were taken are whole. */
#include <stdint.h>
#include <stdlib.h>

#include "conf/main_cf.h"
#include "conf/master_cf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems problems = { 0 };
	struct master_cf cf = { 0 };

	master_cf_parse(&cf, "master.cf", str_make(data, size), &problems);
	for (size_t i = 0; i < cf.len; i++) {
		if (!main_cf_is_name(str_of(cf.list[i].command)) ||
		    cf.list[i].maxproc < 0 || cf.list[i].line <= 0)
			abort();
	}
	problems_clear(&problems);
	master_cf_clear(&cf);
	return 0;
}

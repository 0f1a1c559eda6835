#include "imapd/objectid.h"

#include <inttypes.h>
#include <stdio.h>

const char *
objectid_text(char out[OBJECTID_SIZE], enum objectid_kind kind, uint64_t number)
{
	(void)snprintf(out, OBJECTID_SIZE, "%c%" PRIx64, (int)kind, number);
	return out;
}

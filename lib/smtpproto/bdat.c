#include "smtpproto/bdat.h"

#include "base/num.h"

bool
smtp_bdat_parse(struct str args, uint64_t *size, bool *last)
{
	*last = false;
	if (!num_take(&args, UINT64_MAX / 2, size))
		return false;
	if (args.len == 0)
		return true;
	*last = true;
	return str_ieqz(args, " LAST");
}

/*
 * What a site says to EHLO: whatever it is, the mechanisms taken from it are
 * words in upper case, and what is ignored is not there.
 */
#include <stdint.h>
#include <stdlib.h>

#include "smtpproto/ehlo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smtp_ehlo ehlo, none;
	struct str in = str_make(data, size);

	smtp_ehlo_parse(&ehlo, in, STR(""));
	for (const char *p = ehlo.auth; *p != '\0'; p++) {
		if (!(*p >= 'A' && *p <= 'Z') && !is_digit(*p) &&
		    strchr("-_ ", *p) == NULL)
			abort();
	}
	if (ehlo.auth[0] == ' ' || strlen(ehlo.auth) >= sizeof(ehlo.auth))
		abort();
	smtp_ehlo_parse(&none, in, STR("auth SIZE,dsn"));
	if (none.auth[0] != '\0' || none.size != 0 ||
	    none.ext & (SMTP_EXT_AUTH | SMTP_EXT_SIZE | SMTP_EXT_DSN))
		abort();
	return 0;
}

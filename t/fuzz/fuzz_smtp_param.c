/*
 * Parameters of MAIL and RCPT; the first byte says what is offered.
 */
#include <stdint.h>
#include <stdlib.h>

#include "smtpproto/param.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What an ORCPT hides must not break a line. */
static void
fuzz_orcpt(struct str in)
{
	struct buf decoded;
	struct err err;

	buf_init(&decoded, 4096);
	if (smtp_orcpt_decode(&decoded, in, &err) == 0 &&
	    (str_chr(buf_str(&decoded), '\r') >= 0 ||
		str_chr(buf_str(&decoded), '\n') >= 0))
		abort();
	buf_reset(&decoded);
	(void)smtp_orcpt_put_ascii(&decoded, in);
	buf_clear(&decoded);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smtp_mail_params mail;
	struct smtp_rcpt_params rcpt;
	struct err err;
	struct str in;

	if (size == 0)
		return 0;
	in = str_make(data + 1, size - 1);
	if (smtp_mail_params_parse(&mail, &in, data[0], &err) == 0 &&
	    in.len != 0)
		abort();
	in = str_make(data + 1, size - 1);
	if (smtp_rcpt_params_parse(&rcpt, &in, data[0], &err) == 0 &&
	    in.len != 0)
		abort();
	fuzz_orcpt(str_make(data, size));
	return 0;
}

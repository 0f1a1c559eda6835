/*
 * ehlo - what a server offers: the reply to EHLO, RFC 5321 section 4.1.1.1.
 *
 * Each line but the first is a keyword with parameters. The old spelling
 * "AUTH=LOGIN" is read as "AUTH LOGIN", as servers that still have it mean it.
 * Keywords not known here are passed over.
 */
#ifndef SMTPPROTO_EHLO_H
#define SMTPPROTO_EHLO_H

#include <stdint.h>

#include "base/str.h"

enum smtp_ext {
	SMTP_EXT_PIPELINING = 1,   /* RFC 2920 */
	SMTP_EXT_8BITMIME = 2,     /* RFC 6152 */
	SMTP_EXT_SIZE = 4,         /* RFC 1870 */
	SMTP_EXT_STARTTLS = 8,     /* RFC 3207 */
	SMTP_EXT_SMTPUTF8 = 16,    /* RFC 6531 */
	SMTP_EXT_DSN = 32,         /* RFC 3461 */
	SMTP_EXT_CHUNKING = 64,    /* RFC 3030 */
	SMTP_EXT_BINARYMIME = 128, /* RFC 3030 */
	SMTP_EXT_AUTH = 256,       /* RFC 4954 */
	SMTP_EXT_ENHANCED = 512,   /* RFC 2034 */
};

enum { SMTP_EHLO_AUTH = 512 };

struct smtp_ehlo {
	unsigned ext;  /* enum smtp_ext, bits */
	uint64_t size; /* largest message in octets; 0: none said */
	/* mechanisms in upper case, one blank between; cut at the last whole */
	char auth[SMTP_EHLO_AUTH];
};

/*
 * text: the lines of the reply without codes, LF between, as struct
 * smtp_reply keeps them. ignored: keywords that shall count as not offered,
 * with blanks or commas between.
 */
void smtp_ehlo_parse(struct smtp_ehlo *ehlo, struct str text,
    struct str ignored);

#endif

/*
 * spamd_reply - what spamd answers to SYMBOLS (SpamAssassin's spamd/PROTOCOL).
 *
 *	SPAMD/1.1 0 EX_OK CRLF
 *	Content-length: 27 CRLF
 *	Spam: True ; 1000.0 / 5.0 CRLF
 *	CRLF
 *	GTUBE,NO_RECEIVED,NO_RELAYS CRLF
 *
 * The names of the tests are given on as far as they are names: letters,
 * digits, underscores, with commas between.
 */
#ifndef SMTPD_SPAMD_REPLY_H
#define SMTPD_SPAMD_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { SPAMD_REPLY_MAX = 32768 };

struct spamd_reply {
	bool is_spam;
	int64_t score, required; /* in thousandths; within +-10^9 */
	struct str tests;        /* borrowed; "" when there are none */
};

/*
 * All that came up to the end of the connection. ERR_TEMP: spamd reports
 * trouble; ERR_SYNTAX: not an answer, or not whole.
 */
int spamd_reply_parse(struct spamd_reply *reply, struct str in,
    struct err *err);

#endif

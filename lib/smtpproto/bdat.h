/*
 * bdat - what stands behind BDAT: RFC 3030 section 2.
 *
 *	BDAT SP chunk-size [ SP end-marker ]
 */
#ifndef SMTPPROTO_BDAT_H
#define SMTPPROTO_BDAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* All of args. false: nobody can know where the next command begins. */
bool smtp_bdat_parse(struct str args, uint64_t *size, bool *last);

#endif

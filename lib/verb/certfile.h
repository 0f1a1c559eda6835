/*
 * certfile - a certificate chain and its key in PEM, as files.
 */
#ifndef VERB_CERTFILE_H
#define VERB_CERTFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "conf/main_cf.h"

enum { CERTFILE_MAX = 1 << 20 };

struct certfile {
	int64_t not_before, not_after; /* seconds since 1970 */
	bool names_host;               /* RFC 6125: it is valid for the host */
	bool is_self_signed;
	int chain; /* certificates in the file */
};

/*
 * What the first certificate of chain says, which must belong to key (PEM,
 * without a pass phrase). ERR_SYNTAX: no such PEM, or the two do not belong
 * together; nothing is said about dates.
 */
int certfile_look(struct certfile *out, struct str chain, struct str key,
    const char *host, struct err *err);

/*
 * Where the server has them, below DIR unless absolute: tls_cert_file and
 * tls_key_file of main.cf. NULL with err set for a value that does not expand.
 */
const char *certfile_cert_path(struct main_cf *cf, struct err *err);
const char *certfile_key_path(struct main_cf *cf, struct err *err);

#endif

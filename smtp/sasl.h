/*
 * sasl - the client's half of a SASL exchange (RFC 4422), by Cyrus SASL.
 *
 * Mechanisms: what Cyrus has, as far as the configuration lets it: PLAIN,
 * LOGIN, SCRAM-SHA-256 and others of Debian's libsasl2-modules. No security
 * layer: TLS is that.
 */
#ifndef SMTP_SASL_H
#define SMTP_SASL_H

#include "base/buf.h"
#include "base/err.h"

struct sasl_talk;

/* Before the jail: loads the mechanisms. */
int sasl_setup(struct err *err);

/*
 * smtp_sasl_security_options: words with blanks or commas between, as Cyrus's
 * flags. ERR_SYNTAX names a word that is none.
 */
int sasl_options_parse(const char *text, unsigned *flags, struct err *err);

/* host: the server's name. Name and password are copied, and cleared. */
struct sasl_talk *sasl_talk_new(const char *host, const char *user,
    const char *password, unsigned flags, struct err *err);
void sasl_talk_free(struct sasl_talk *talk); /* NULL is fine */

/*
 * Choose one of the mechanisms (blanks between). *mechanism is borrowed.
 * initial gets the first response; *has_initial: there is one, maybe empty.
 * ERR_NOENT: none of them may be used.
 */
int sasl_talk_begin(struct sasl_talk *talk, const char *mechanisms,
    const char **mechanism, struct buf *initial, bool *has_initial,
    struct err *err);
/* Answer a challenge. -1: it is not what the mechanism expects. */
int sasl_talk_step(struct sasl_talk *talk, struct str challenge,
    struct buf *response, struct err *err);

#endif

/*
 * policy - how much TLS a destination gets: smtp_tls_security_level, and the
 * exceptions of smtp_tls_policy_maps, by Postfix's words:
 *
 *	none		never
 *	may		if offered; in the clear if the handshake fails
 *	encrypt		or the mail waits; whoever is there
 *	verify		and the certificate must be trusted and its name right
 *	secure		the same, with the name of the next hop by default
 *
 * A table's value is a level and attributes: "secure match=example.net:.b.net".
 */
#ifndef SMTP_POLICY_H
#define SMTP_POLICY_H

#include "smtp/host.h"

enum { POLICY_MATCH = 512 };

struct tls_policy {
	enum smtp_tls_level level;
	char match[POLICY_MATCH]; /* names; blanks, commas, colons between */
};

/* -1: a table failed or says nonsense; answer has words for it. */
int policy_find(struct tls_policy *policy, const struct smtp *smtp,
    const struct nexthop *hop, struct answer *answer);

/* Parse a table's value. ERR_SYNTAX. Exported for tests. */
int policy_parse(struct tls_policy *policy, struct str value, struct err *err);

struct site;

/*
 * After the handshake: is it who it should be? Logs the connection. -1:
 * answer says what is wrong with the certificate.
 */
int policy_check(const struct tls_policy *policy, const struct site *site,
    const struct nexthop *hop, struct answer *answer);

#endif

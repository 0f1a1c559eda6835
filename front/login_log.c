/*
 * login_log - the line the log has for each login, good or bad.
 */
#include "base/log.h"
#include "front/front.h"

/* As Dovecot writes it, so that the tools that read its log read ours. */
void
front_log_login(const struct conn *conn, const char *what)
{
	const struct login *login = conn->login;
	char user[400], mech[32], rip[ADDR_IP_SIZE], lip[ADDR_IP_SIZE];

	log_info("%s-login: %s: user=<%s>, method=%s, rip=%s, lip=%s%s, "
		 "session=<%s>",
	    conn->service->login->name, what,
	    log_escape(user, sizeof(user), buf_str(&login->user)),
	    log_escape(mech, sizeof(mech), buf_str(&login->mech)),
	    addr_format_ip(rip, &conn->client),
	    addr_format_ip(lip, &conn->local), login->tls ? ", TLS" : "",
	    conn->session);
}

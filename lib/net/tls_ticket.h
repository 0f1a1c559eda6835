/*
 * tls_ticket - the keys under which TLS session tickets are sealed, and their
 * rotation. Used by tls alone; see struct tls_tickets there.
 */
#ifndef NET_TLS_TICKET_H
#define NET_TLS_TICKET_H

struct ssl_ctx_st;
struct tls_tickets;

/* Seal and open tickets of ctx with these keys. -1: OpenSSL would not. */
int tls_tickets_use(struct tls_tickets *tickets, struct ssl_ctx_st *ctx);

#endif

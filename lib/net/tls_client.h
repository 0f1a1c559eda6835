/*
 * tls_client - the client's side of TLS, for SMTP to other sites (RFC 3207).
 *
 * The certificate is looked at but decides nothing here: the handshake goes
 * on whatever it is, and the caller asks afterwards (tls_client_peer), since
 * opportunistic TLS with anybody is better than none (RFC 7435). Reading,
 * writing and the end are net/tls.h's.
 *
 * Sessions are kept by a key of the caller's, so that the next connection to
 * the same host is made without a full handshake; each serves once (RFC 8446
 * appendix C.4). They are this process's alone.
 */
#ifndef NET_TLS_CLIENT_H
#define NET_TLS_CLIENT_H

#include "net/tls.h"

struct tls_client;

enum { TLS_CLIENT_SESSIONS = 200 }; /* kept at most */

struct tls_client_conf {
	/* File of trusted certificates, PEM; NULL or "": trust nobody. */
	const char *ca_file;
	const char *ciphers; /* OpenSSL's list for TLS 1.2; NULL: its own */
};

/* Reads the file: before the jail. ERR_NOENT: it is not there. */
int tls_client_new(struct tls_client **out, const struct tls_client_conf *conf,
    struct err *err);
void tls_client_free(struct tls_client *client); /* NULL is fine */

/*
 * Begin on the connected fd. name: server name to send (RFC 6066 section 3;
 * an address literal must not be sent); NULL: none. key: of the session to
 * resume and to keep; borrowed until tls_clear; NULL: neither.
 */
int tls_connect(struct tls *tls, struct tls_client *client, int fd,
    const char *name, const char *key, struct err *err);

struct tls_peer {
	bool has_cert;
	bool is_trusted;  /* the chain ends in one of our authorities */
	char reason[100]; /* why it is not */
};

/* After the handshake. */
void tls_client_peer(struct tls_peer *peer, const struct tls *tls);
/*
 * Is the certificate, trusted or not, one of that name (RFC 6125)? A name
 * that begins with a dot is matched by any name below it.
 */
bool tls_client_matches(const struct tls *tls, const char *name);

#endif

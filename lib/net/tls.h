/*
 * tls - TLS 1.2 and 1.3 (RFC 5246, RFC 8446) over OpenSSL, server side, and
 * reading and writing on a socket that never blocks.
 *
 * A struct tls_server holds a certificate chain and its key; connections made
 * from it keep what they need, so that a reload makes a new one and frees the
 * old one while old connections go on. A struct tls is one connection, in its
 * owner's storage. Everything is single-threaded, and SIGPIPE must be ignored
 * (the skeleton does that): OpenSSL writes with write(2).
 *
 * Memory: OpenSSL gives its record buffers back between records
 * (SSL_MODE_RELEASE_BUFFERS), so that an idle connection costs about 10 KiB.
 *
 * Off, and without a switch: compression, renegotiation, early data (RFC 8446
 * section 8: it can be replayed), TLS 1.0 and 1.1 (RFC 8996).
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct tls_server;
struct tls_tickets;

/* Before a jail: OpenSSL reads its configuration. Twice does no harm. */
void tls_init(void);

enum { TLS_PEM_MAX = 256 << 10 }; /* a chain or key file larger is refused */

/* Chooses by server name (RFC 6066 section 3). NULL: the first one serves. */
typedef struct tls_server *tls_choose_fn(void *ctx, struct str name);

struct tls_server_conf {
	struct str
	    cert; /* PEM: the leaf, then the chain; borrowed for the call */
	struct str key; /* PEM, not encrypted; borrowed for the call */
	/* OpenSSL's cipher list for TLS 1.2; NULL: ours. */
	const char *ciphers;
	bool only_tls13;
	/* Ask clients for a certificate; any is taken, see tls_facts. */
	bool ask_client;
	struct str client_ca; /* PEM: who may sign those; empty: nobody */
	/* Keys of session tickets, borrowed for good; NULL: no tickets. */
	struct tls_tickets *tickets;
	tls_choose_fn *choose; /* may be NULL */
	void *choose_ctx;      /* borrowed for good */
};

/*
 * ERR_SYNTAX with OpenSSL's reason when the PEM does not parse or the key is
 * not the leaf's. The key's copies in OpenSSL are cleared when it is freed;
 * the caller clears its own.
 */
int tls_server_new(struct tls_server **out, const struct tls_server_conf *conf,
    struct err *err);
/* NULL is fine. Connections made from it live on. */
void tls_server_free(struct tls_server *server);

/*
 * Keys for session tickets (RFC 5077, RFC 8446 section 4.6.1): drawn at
 * random, replaced after TLS_TICKET_SECONDS, accepted for as long again. They
 * stay over a reload; they are this process's alone. Free them last.
 */
enum { TLS_TICKET_SECONDS = 2 * 3600 };
struct tls_tickets *tls_tickets_new(void);
void tls_tickets_free(struct tls_tickets *tickets);

struct tls {
	struct ssl_st *ssl; /* owned; NULL when there is none */
};

/*
 * Begin the server's side on the connected, non-blocking fd, which stays the
 * caller's. ERR_TEMP.
 */
int tls_accept(struct tls *tls, const struct tls_server *server, int fd,
    struct err *err);
/* Frees without a word to the peer (see tls_shutdown) and leaves the fd. */
void tls_clear(struct tls *tls);

enum tls_io {
	TLS_OK,
	TLS_WANT_READ,  /* again when the socket is readable */
	TLS_WANT_WRITE, /* again when it is writable */
	TLS_EOF,        /* the peer closed, by close_notify or without */
	TLS_FAIL,       /* err says what; nothing more will come or go */
};

/* Until TLS_OK. err is set on TLS_FAIL. */
enum tls_io tls_handshake(struct tls *tls, struct err *err);

/*
 * As read and write: on TLS_OK *done bytes, at least one. A write that gave
 * TLS_WANT_* must be tried again with the same bytes in front (the place may
 * be another) before other bytes are written. After TLS_EOF writes still go:
 * half-closed connections are the peer's right.
 */
enum tls_io tls_read(struct tls *tls, void *bytes, size_t size, size_t *done,
    struct err *err);
enum tls_io tls_write(struct tls *tls, const void *bytes, size_t len,
    size_t *done, struct err *err);
/* Send close_notify; after TLS_OK (or TLS_FAIL) nothing more is written. */
enum tls_io tls_shutdown(struct tls *tls);

/* What was agreed, for logs, for Received and for SASL. */
struct tls_facts {
	char version[12]; /* "TLSv1.3" */
	char cipher[48];  /* "TLS_AES_256_GCM_SHA384" */
	char name[256];   /* server name the client asked for, or "" */
	unsigned bits;    /* of the cipher's key */
	bool resumed;
	/*
	 * tls-exporter (RFC 9266). Absent in a TLS 1.2 connection without the
	 * extended master secret (section 4.2 there).
	 */
	bool has_exporter;
	unsigned char exporter[32];
	/*
	 * tls-unique (RFC 5929 section 3): of TLS 1.2 alone, and not without
	 * the extended master secret (RFC 7627), for then it is not unique.
	 */
	unsigned char unique[64];
	size_t unique_len;
	/*
	 * Who the client's certificate says it is: the SHA-256 of it in small
	 * hexadecimal digits; and, if one of client_ca signed it and it is
	 * good, a blank and the mail address in it. Empty without one.
	 */
	char client[64 + 1 + 320 + 1];
};

/* After the handshake. */
void tls_get_facts(struct tls_facts *facts, const struct tls *tls);

#endif

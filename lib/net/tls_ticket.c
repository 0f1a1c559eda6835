#include "net/tls_ticket.h"

#include <openssl/core_names.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rand.h"
#include "base/time.h"
#include "net/tls.h"

struct ticket_key {
	unsigned char name[16]; /* says in the ticket which key it was */
	unsigned char aes[32];
	unsigned char hmac[32];
};

struct tls_tickets {
	struct ticket_key now, before; /* before: opens, never seals */
	int64_t since;                 /* monotonic; when now was drawn */
};

struct tls_tickets *
tls_tickets_new(void)
{
	struct tls_tickets *tickets = xcalloc(1, sizeof(*tickets));

	rand_bytes(&tickets->now, sizeof(tickets->now));
	rand_bytes(&tickets->before, sizeof(tickets->before));
	tickets->since = time_mono();
	return tickets;
}

void
tls_tickets_free(struct tls_tickets *tickets)
{
	free_secret(tickets, sizeof(*tickets));
}

/* Old keys go for good: what they sealed can then not be opened by anyone. */
static void
rotate(struct tls_tickets *tickets)
{
	const int64_t life = (int64_t)TLS_TICKET_SECONDS * TIME_SECOND;
	int64_t age = time_mono() - tickets->since;

	if (age < life)
		return;
	tickets->before = tickets->now;
	rand_bytes(&tickets->now, sizeof(tickets->now));
	if (age >= 2 * life)
		rand_bytes(&tickets->before, sizeof(tickets->before));
	tickets->since = time_mono();
}

/* 1: both contexts hold the key; -1: OpenSSL would not. */
static int
set_key(struct ticket_key *key, const unsigned char *iv, EVP_CIPHER_CTX *cipher,
    EVP_MAC_CTX *mac, int sealing)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->hmac,
		    sizeof(key->hmac)),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest,
		    0),
		OSSL_PARAM_construct_end(),
	};

	if (EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->aes, iv,
		sealing) != 1 ||
	    EVP_MAC_CTX_set_params(mac, params) != 1)
		return -1;
	return 1;
}

/* SSL_CTX_set_tlsext_ticket_key_evp_cb(3) tells what each value means. */
static int
ticket_key(SSL *ssl, unsigned char name[16], unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int sealing)
{
	struct tls_tickets *tickets =
	    SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	rotate(tickets);
	if (sealing) {
		memcpy(name, tickets->now.name, sizeof(tickets->now.name));
		rand_bytes(iv, 16); /* AES's block */
		return set_key(&tickets->now, iv, cipher, mac, 1);
	}
	if (memcmp(name, tickets->now.name, 16) == 0)
		return set_key(&tickets->now, iv, cipher, mac, 0);
	if (memcmp(name, tickets->before.name, 16) != 0)
		return 0; /* a full handshake, then */
	return set_key(&tickets->before, iv, cipher, mac, 0) < 0 ? -1 : 2;
}

int
tls_tickets_use(struct tls_tickets *tickets, SSL_CTX *ctx)
{
	if (SSL_CTX_set_app_data(ctx, tickets) != 1 ||
	    SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, ticket_key) != 1)
		return -1;
	(void)SSL_CTX_set_timeout(ctx, TLS_TICKET_SECONDS);
	return 0;
}

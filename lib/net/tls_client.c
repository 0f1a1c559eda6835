#include "net/tls_client.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/hash.h"

struct tls_client {
	SSL_CTX *ctx;
	struct hash *sessions; /* SSL_SESSION by the caller's key */
};

static int
ssl_error(struct err *err, enum err_kind kind, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_get_error());

	ERR_clear_error();
	return err_set(err, kind, "%s: %s", what,
	    reason == NULL ? "unknown reason" : reason);
}

static void
forget_sessions(struct tls_client *client)
{
	size_t it = 0;
	struct str key;
	void *session;

	while (hash_next(client->sessions, &it, &key, &session)) {
		SSL_SESSION_free(session);
		(void)hash_remove(client->sessions, key);
	}
}

/* OpenSSL has a session or a ticket for us; 1: it is ours to free. */
static int
on_session(SSL *ssl, SSL_SESSION *session)
{
	struct tls_client *client = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	const char *key = SSL_get_app_data(ssl);

	if (key == NULL || SSL_SESSION_is_resumable(session) != 1)
		return 0;
	if (hash_len(client->sessions) >= TLS_CLIENT_SESSIONS)
		forget_sessions(client);
	SSL_SESSION_free(hash_put(client->sessions, str_of(key), session));
	return 1;
}

static int
use_authorities(struct tls_client *client, const char *file, struct err *err)
{
	if (file == NULL || file[0] == '\0')
		return 0;
	if (access(file, R_OK) < 0)
		return err_sys(err, "trusted certificates %s", file);
	if (SSL_CTX_load_verify_file(client->ctx, file) != 1)
		return ssl_error(err, ERR_SYNTAX, file);
	return 0;
}

static void
set_options(struct tls_client *client)
{
	SSL_CTX *ctx = client->ctx;

	/*
	 * TLS 1.0 and 1.1 are worth no more than nothing, and nothing is what
	 * is taken where they are all there is (RFC 8996).
	 */
	(void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	(void)SSL_CTX_set_options(ctx,
	    SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
		SSL_OP_IGNORE_UNEXPECTED_EOF);
	(void)SSL_CTX_set_mode(ctx,
	    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_app_data(ctx, client);
	(void)SSL_CTX_set_session_cache_mode(ctx,
	    SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, on_session);
}

int
tls_client_new(struct tls_client **out, const struct tls_client_conf *conf,
    struct err *err)
{
	struct tls_client *client = xcalloc(1, sizeof(*client));

	*out = NULL;
	ERR_clear_error();
	client->sessions = hash_new();
	client->ctx = SSL_CTX_new(TLS_client_method());
	if (client->ctx == NULL) {
		(void)ssl_error(err, ERR_TEMP, "TLS context");
		goto fail;
	}
	set_options(client);
	if (conf->ciphers != NULL &&
	    SSL_CTX_set_cipher_list(client->ctx, conf->ciphers) != 1) {
		(void)ssl_error(err, ERR_SYNTAX, "cipher list");
		goto fail;
	}
	if (use_authorities(client, conf->ca_file, err) < 0)
		goto fail;
	*out = client;
	return 0;
fail:
	tls_client_free(client);
	return -1;
}

void
tls_client_free(struct tls_client *client)
{
	if (client == NULL)
		return;
	forget_sessions(client);
	hash_free(client->sessions);
	SSL_CTX_free(client->ctx);
	free(client);
}

/* The session kept under key, if any: for this handshake only. */
static int
resume(struct tls *tls, struct tls_client *client, const char *key)
{
	SSL_SESSION *session = hash_remove(client->sessions, str_of(key));
	int ok = 1;

	if (session != NULL)
		ok = SSL_set_session(tls->ssl, session);
	SSL_SESSION_free(session);
	return ok;
}

int
tls_connect(struct tls *tls, struct tls_client *client, int fd,
    const char *name, const char *key, struct err *err)
{
	ERR_clear_error();
	tls->ssl = SSL_new(client->ctx);
	if (tls->ssl == NULL || SSL_set_fd(tls->ssl, fd) != 1 ||
	    (name != NULL && SSL_set_tlsext_host_name(tls->ssl, name) != 1) ||
	    (key != NULL && resume(tls, client, key) != 1)) {
		tls_clear(tls);
		return ssl_error(err, ERR_TEMP, "TLS connection");
	}
	(void)SSL_set_app_data(tls->ssl, (void *)(uintptr_t)key);
	SSL_set_connect_state(tls->ssl);
	return 0;
}

void
tls_client_peer(struct tls_peer *peer, const struct tls *tls)
{
	long result = SSL_get_verify_result(tls->ssl);

	*peer = (struct tls_peer){ 0 };
	peer->has_cert = SSL_get0_peer_certificate(tls->ssl) != NULL;
	peer->is_trusted = peer->has_cert && result == X509_V_OK;
	(void)snprintf(peer->reason, sizeof(peer->reason), "%s",
	    !peer->has_cert ? "no certificate" :
			      X509_verify_cert_error_string(result));
}

bool
tls_client_matches(const struct tls *tls, const char *name)
{
	X509 *cert = SSL_get0_peer_certificate(tls->ssl);

	return cert != NULL &&
	    X509_check_host(cert, name, strlen(name),
		X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
}

#include "net/tls.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hex.h"
#include "net/tls_ticket.h"

enum { MAIL_MAX = 320 /* of a client's certificate */ };

struct tls_server {
	SSL_CTX *ctx;
	tls_choose_fn *choose;
	void *choose_ctx;
};

/*
 * Forward secrecy and AEAD first; CBC with ECDHE last, for mail software on
 * Windows 7 and 8 whose TLS 1.2 has no GCM for RSA certificates.
 */
static const char default_ciphers[] =
    "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:!aNULL:!eNULL:!AESCCM";

void
tls_init(void)
{
	(void)OPENSSL_init_ssl(0, NULL);
}

/* Take what OpenSSL queued: its first reason is the cause. */
static int
ssl_error(struct err *err, enum err_kind kind, const char *what)
{
	unsigned long code = ERR_get_error();
	const char *reason = ERR_reason_error_string(code);

	ERR_clear_error();
	return err_set(err, kind, "%s: %s", what,
	    reason == NULL ? "unknown reason" : reason);
}

/* An encrypted key must fail, not ask a terminal for its passphrase. */
static int
no_passphrase(char *out, int size, int writing, void *ctx)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)ctx;
	return -1;
}

static BIO *
bio_over(struct str bytes)
{
	if (bytes.len > TLS_PEM_MAX)
		return NULL;
	return BIO_new_mem_buf(bytes.p, (int)bytes.len);
}

/* The certificates behind the leaf, up to the end of the PEM. */
static int
use_chain(SSL_CTX *ctx, BIO *bio, struct err *err)
{
	X509 *cert;

	while ((cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) !=
	    NULL) {
		if (SSL_CTX_add0_chain_cert(ctx, cert) != 1) {
			X509_free(cert);
			return ssl_error(err, ERR_SYNTAX, "certificate chain");
		}
	}
	/* The end of the PEM looks like this; anything else is damage. */
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return ssl_error(err, ERR_SYNTAX, "certificate chain");
	ERR_clear_error();
	return 0;
}

static int
use_cert(SSL_CTX *ctx, struct str pem, struct err *err)
{
	BIO *bio = bio_over(pem);
	X509 *leaf = NULL;
	int ret = -1;

	if (bio == NULL)
		return err_set(err, ERR_LIMIT, "certificate file too large");
	leaf = PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, NULL);
	if (leaf == NULL || SSL_CTX_use_certificate(ctx, leaf) != 1)
		(void)ssl_error(err, ERR_SYNTAX, "certificate");
	else
		ret = use_chain(ctx, bio, err);
	X509_free(leaf);
	BIO_free(bio);
	return ret;
}

static int
use_key(SSL_CTX *ctx, struct str pem, struct err *err)
{
	BIO *bio = bio_over(pem);
	EVP_PKEY *key;
	int ret = 0;

	if (bio == NULL)
		return err_set(err, ERR_LIMIT, "key file too large");
	key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (key == NULL || SSL_CTX_use_PrivateKey(ctx, key) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1)
		ret = ssl_error(err, ERR_SYNTAX, "private key");
	EVP_PKEY_free(key);
	BIO_free(bio);
	return ret;
}

static int
choose_name(SSL *ssl, int *alert, void *arg)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	const struct tls_server *first = arg, *server;

	(void)alert;
	if (name == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	server = first->choose(first->choose_ctx, str_of(name));
	if (server != NULL)
		(void)SSL_set_SSL_CTX(ssl, server->ctx);
	return SSL_TLSEXT_ERR_OK;
}

/* What a certificate is worth is asked later: a stranger's is no error. */
static int
take_any(int ok, X509_STORE_CTX *ctx)
{
	(void)ok;
	(void)ctx;
	return 1;
}

/* Clients' certificates: asked for, and signed by one of those in the PEM. */
static int
ask_clients(SSL_CTX *ctx, struct str pem, struct err *err)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	BIO *bio = bio_over(pem);
	X509 *cert;
	int ret = 0;

	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE,
	    take_any);
	if (bio == NULL)
		return err_set(err, ERR_LIMIT, "CA file too large");
	while (ret == 0 &&
	    (cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) !=
		NULL) {
		if (X509_STORE_add_cert(store, cert) != 1 ||
		    SSL_CTX_add_client_CA(ctx, cert) != 1)
			ret = ssl_error(err, ERR_SYNTAX, "CA of clients");
		X509_free(cert);
	}
	BIO_free(bio);
	ERR_clear_error();
	return ret;
}

static void
set_options(struct tls_server *server, const struct tls_server_conf *conf)
{
	SSL_CTX *ctx = server->ctx;

	(void)SSL_CTX_set_min_proto_version(ctx,
	    conf->only_tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
	(void)SSL_CTX_set_options(ctx,
	    SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
		SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
		SSL_OP_IGNORE_UNEXPECTED_EOF |
		/* what was read may have been a password */
		SSL_OP_CLEANSE_PLAINTEXT);
	(void)SSL_CTX_set_mode(ctx,
	    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* One read for a record's header and body, and for several records. */
	SSL_CTX_set_read_ahead(ctx, 1);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_session_id_context(ctx,
	    (const unsigned char *)"chancery", 8);
	if (conf->tickets == NULL || tls_tickets_use(conf->tickets, ctx) < 0) {
		(void)SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
		(void)SSL_CTX_set_num_tickets(ctx, 0);
	}
	if (conf->choose != NULL) {
		server->choose = conf->choose;
		server->choose_ctx = conf->choose_ctx;
		(void)SSL_CTX_set_tlsext_servername_callback(ctx, choose_name);
		(void)SSL_CTX_set_tlsext_servername_arg(ctx, server);
	}
}

int
tls_server_new(struct tls_server **out, const struct tls_server_conf *conf,
    struct err *err)
{
	const char *ciphers =
	    conf->ciphers == NULL ? default_ciphers : conf->ciphers;
	struct tls_server *server = xcalloc(1, sizeof(*server));

	*out = NULL;
	ERR_clear_error();
	server->ctx = SSL_CTX_new(TLS_server_method());
	if (server->ctx == NULL) {
		(void)ssl_error(err, ERR_TEMP, "TLS context");
		goto fail;
	}
	set_options(server, conf);
	if (SSL_CTX_set_cipher_list(server->ctx, ciphers) != 1) {
		(void)ssl_error(err, ERR_SYNTAX, "cipher list");
		goto fail;
	}
	if (use_cert(server->ctx, conf->cert, err) < 0 ||
	    use_key(server->ctx, conf->key, err) < 0 ||
	    (conf->ask_client &&
		ask_clients(server->ctx, conf->client_ca, err) < 0))
		goto fail;
	*out = server;
	return 0;
fail:
	tls_server_free(server);
	return -1;
}

void
tls_server_free(struct tls_server *server)
{
	if (server == NULL)
		return;
	if (server->ctx != NULL) {
		/* Connections in their handshake must not find us gone. */
		(void)SSL_CTX_set_tlsext_servername_callback(server->ctx, NULL);
		SSL_CTX_free(server->ctx);
	}
	free(server);
}

int
tls_accept(struct tls *tls, const struct tls_server *server, int fd,
    struct err *err)
{
	ERR_clear_error();
	tls->ssl = SSL_new(server->ctx);
	if (tls->ssl == NULL || SSL_set_fd(tls->ssl, fd) != 1) {
		tls_clear(tls);
		return ssl_error(err, ERR_TEMP, "TLS connection");
	}
	SSL_set_accept_state(tls->ssl);
	return 0;
}

void
tls_clear(struct tls *tls)
{
	SSL_free(tls->ssl);
	tls->ssl = NULL;
}

/* What a call that gave ret <= 0 means. saved is errno right behind it. */
static enum tls_io
io_result(struct tls *tls, int ret, int saved, const char *what,
    struct err *err)
{
	switch (SSL_get_error(tls->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
		return TLS_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_EOF;
	case SSL_ERROR_SYSCALL:
		if (saved == 0)
			return TLS_EOF;
		errno = saved;
		(void)err_sys(err, "%s", what);
		ERR_clear_error();
		return TLS_FAIL;
	default:
		(void)ssl_error(err, ERR_SYNTAX, what);
		return TLS_FAIL;
	}
}

enum tls_io
tls_handshake(struct tls *tls, struct err *err)
{
	int ret;

	ERR_clear_error();
	errno = 0;
	ret = SSL_do_handshake(tls->ssl);
	if (ret == 1)
		return TLS_OK;
	return io_result(tls, ret, errno, "TLS handshake", err);
}

enum tls_io
tls_read(struct tls *tls, void *bytes, size_t size, size_t *done,
    struct err *err)
{
	*done = 0;
	ERR_clear_error();
	errno = 0;
	if (SSL_read_ex(tls->ssl, bytes, size, done) == 1)
		return TLS_OK;
	return io_result(tls, 0, errno, "TLS read", err);
}

enum tls_io
tls_write(struct tls *tls, const void *bytes, size_t len, size_t *done,
    struct err *err)
{
	enum tls_io io;

	*done = 0;
	ERR_clear_error();
	errno = 0;
	if (SSL_write_ex(tls->ssl, bytes, len, done) == 1)
		return TLS_OK;
	io = io_result(tls, 0, errno, "TLS write", err);
	if (io != TLS_EOF)
		return io;
	/* So OpenSSL calls a write error on a connection it saw the end of. */
	(void)err_set(err, ERR_TEMP, "TLS write: connection closed");
	return TLS_FAIL;
}

enum tls_io
tls_shutdown(struct tls *tls)
{
	struct err ignored;
	int ret;

	/* Before the handshake's end SSL_shutdown is an error, and needless. */
	if (SSL_in_init(tls->ssl))
		return TLS_OK;
	ERR_clear_error();
	errno = 0;
	ret = SSL_shutdown(tls->ssl);
	if (ret >= 0)
		return TLS_OK; /* ours is sent; theirs may come or not */
	return io_result(tls, ret, errno, "TLS shutdown", &ignored);
}

static void
copy(char *out, size_t size, const char *text)
{
	(void)snprintf(out, size, "%s", text == NULL ? "" : text);
}

/* The first Finished message of the handshake: who resumes speaks last. */
static void
get_unique(struct tls_facts *facts, const struct tls *tls)
{
	size_t (*const first)(const SSL *, void *, size_t) =
	    SSL_session_reused(tls->ssl) == 1 ? SSL_get_finished :
						SSL_get_peer_finished;

	facts->unique_len =
	    first(tls->ssl, facts->unique, sizeof(facts->unique));
	if (facts->unique_len > sizeof(facts->unique))
		facts->unique_len = 0;
}

static void
get_client(struct tls_facts *facts, const struct tls *tls)
{
	X509 *cert = SSL_get0_peer_certificate(tls->ssl);
	unsigned char digest[32];
	STACK_OF(OPENSSL_STRING) *mails = NULL;
	const char *mail = NULL;

	if (cert == NULL || X509_digest(cert, EVP_sha256(), digest, NULL) != 1)
		return;
	hex_encode(facts->client, digest, sizeof(digest));
	if (SSL_get_verify_result(tls->ssl) == X509_V_OK)
		mails = X509_get1_email(cert);
	if (mails != NULL && sk_OPENSSL_STRING_num(mails) > 0)
		mail = sk_OPENSSL_STRING_value(mails, 0);
	if (mail != NULL && strlen(mail) <= MAIL_MAX)
		(void)snprintf(facts->client + 2 * sizeof(digest),
		    sizeof(facts->client) - 2 * sizeof(digest), " %s", mail);
	X509_email_free(mails);
}

void
tls_get_facts(struct tls_facts *facts, const struct tls *tls)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	const SSL_CIPHER *cipher = SSL_get_current_cipher(tls->ssl);

	*facts = (struct tls_facts){ 0 };
	copy(facts->version, sizeof(facts->version), SSL_get_version(tls->ssl));
	copy(facts->cipher, sizeof(facts->cipher), SSL_CIPHER_get_name(cipher));
	copy(facts->name, sizeof(facts->name),
	    SSL_get_servername(tls->ssl, TLSEXT_NAMETYPE_host_name));
	facts->bits = (unsigned)SSL_CIPHER_get_bits(cipher, NULL);
	facts->resumed = SSL_session_reused(tls->ssl) == 1;
	get_client(facts, tls);
	if (SSL_version(tls->ssl) < TLS1_3_VERSION &&
	    SSL_get_extms_support(tls->ssl) != 1)
		return;
	if (SSL_version(tls->ssl) < TLS1_3_VERSION)
		get_unique(facts, tls);
	facts->has_exporter = SSL_export_keying_material(tls->ssl,
				  facts->exporter, sizeof(facts->exporter),
				  label, sizeof(label) - 1, NULL, 0, 1) == 1;
}

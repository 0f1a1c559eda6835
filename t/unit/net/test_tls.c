#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/time.h"
#include "net/tls.h"
#include "t/lib/testcert.h"

/* One connection with a client of OpenSSL's own at the other end. */
struct pair {
	struct tls tls;
	SSL_CTX *ctx;
	SSL *client;
	int fd[2];
	SSL_SESSION *session; /* the first that came, to resume */
};

struct pems {
	struct buf cert, key;
};

static void
pems_make(struct pems *pems, const char *name)
{
	buf_init(&pems->cert, 0);
	buf_init(&pems->key, 0);
	testcert_make(&pems->cert, &pems->key, name);
}

static void
pems_clear(struct pems *pems)
{
	buf_clear(&pems->cert);
	buf_clear(&pems->key);
}

static struct tls_server *
server_make(const struct pems *pems, struct tls_tickets *tickets,
    bool only_tls13)
{
	struct tls_server_conf conf = {
		.cert = buf_str(&pems->cert),
		.key = buf_str(&pems->key),
		.tickets = tickets,
		.only_tls13 = only_tls13,
	};
	struct tls_server *server;
	struct err err;

	assert_int_equal(tls_server_new(&server, &conf, &err), 0);
	return server;
}

static int
keep_session(SSL *ssl, SSL_SESSION *session)
{
	struct pair *pair = SSL_get_app_data(ssl);

	if (pair->session == NULL)
		pair->session = SSL_SESSION_dup(session);
	return 0;
}

static void
pair_open(struct pair *pair, const struct tls_server *server, int max_version)
{
	struct err err;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair->fd), 0);
	pair->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_session_cache_mode(pair->ctx,
	    SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(pair->ctx, keep_session);
	SSL_CTX_set_max_proto_version(pair->ctx, max_version);
	pair->client = SSL_new(pair->ctx);
	SSL_set_app_data(pair->client, pair);
	SSL_set_fd(pair->client, pair->fd[1]);
	SSL_set_tlsext_host_name(pair->client, "mail.example.org");
	if (pair->session != NULL) {
		/* A copy: the client marks a session it has replaced. */
		SSL_SESSION *copy = SSL_SESSION_dup(pair->session);

		SSL_set_session(pair->client, copy);
		SSL_SESSION_free(copy);
	}
	SSL_set_connect_state(pair->client);
	assert_int_equal(tls_accept(&pair->tls, server, pair->fd[0], &err), 0);
}

static void
pair_close(struct pair *pair)
{
	tls_clear(&pair->tls);
	SSL_free(pair->client);
	SSL_CTX_free(pair->ctx);
	(void)close(pair->fd[0]);
	(void)close(pair->fd[1]);
}

/* Both ends by turns until ours is done or fails. */
static enum tls_io
shake(struct pair *pair, struct err *err)
{
	enum tls_io io = TLS_WANT_READ;

	for (int turn = 0; turn < 20; turn++) {
		(void)SSL_do_handshake(pair->client);
		io = tls_handshake(&pair->tls, err);
		if (io == TLS_OK || io == TLS_FAIL || io == TLS_EOF)
			break;
	}
	(void)SSL_do_handshake(pair->client);
	return io;
}

static void
facts_agree_with_the_client(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	static const char *const names[] = { "TLSv1.2", "TLSv1.3" };
	static const char label[] = "EXPORTER-Channel-Binding";
	unsigned char exporter[32];
	struct tls_server *server;
	struct tls_facts facts;
	struct pems pems;
	struct err err;

	(void)state;
	pems_make(&pems, "localhost");
	server = server_make(&pems, NULL, false);
	for (size_t i = 0; i < NELEMS(versions); i++) {
		struct pair pair = { 0 };

		pair_open(&pair, server, versions[i]);
		assert_int_equal(shake(&pair, &err), TLS_OK);
		tls_get_facts(&facts, &pair.tls);
		assert_string_equal(facts.version, names[i]);
		assert_string_equal(facts.cipher,
		    SSL_CIPHER_get_name(SSL_get_current_cipher(pair.client)));
		assert_string_equal(facts.name, "mail.example.org");
		assert_true(facts.bits >= 128);
		assert_false(facts.resumed);
		assert_true(facts.has_exporter);
		assert_int_equal(SSL_export_keying_material(pair.client,
				     exporter, 32, label, sizeof(label) - 1,
				     NULL, 0, 1),
		    1);
		assert_memory_equal(exporter, facts.exporter, 32);
		pair_close(&pair);
	}
	tls_server_free(server);
	pems_clear(&pems);
}

static void
old_versions_are_refused(void **state)
{
	struct pair pair = { 0 };
	struct tls_server *server;
	struct pems pems;
	struct err err;

	(void)state;
	pems_make(&pems, "localhost");
	server = server_make(&pems, NULL, true);
	pair_open(&pair, server, TLS1_2_VERSION);
	assert_int_equal(shake(&pair, &err), TLS_FAIL);
	assert_non_null(strstr(err.text, "TLS handshake"));
	pair_close(&pair);
	tls_server_free(server);
	pems_clear(&pems);
}

static void
bytes_go_both_ways_and_after_the_peers_close(void **state)
{
	struct pair pair = { 0 };
	struct tls_server *server;
	struct pems pems;
	char bytes[16];
	size_t done;
	struct err err;

	(void)state;
	pems_make(&pems, "localhost");
	server = server_make(&pems, NULL, false);
	pair_open(&pair, server, TLS1_3_VERSION);
	tls_server_free(server); /* as a reload does */
	assert_int_equal(shake(&pair, &err), TLS_OK);

	assert_int_equal(tls_read(&pair.tls, bytes, 16, &done, &err),
	    TLS_WANT_READ);
	assert_int_equal(SSL_write(pair.client, "abc", 3), 3);
	assert_int_equal(SSL_write(pair.client, "defg", 4), 4);
	assert_int_equal(tls_read(&pair.tls, bytes, 2, &done, &err), TLS_OK);
	assert_int_equal(done, 2);
	assert_int_equal(tls_read(&pair.tls, bytes, 16, &done, &err), TLS_OK);
	assert_int_equal(done, 1);
	assert_int_equal(tls_read(&pair.tls, bytes, 16, &done, &err), TLS_OK);
	assert_int_equal(done, 4);
	assert_memory_equal(bytes, "defg", 4);

	(void)SSL_shutdown(pair.client);
	assert_int_equal(tls_read(&pair.tls, bytes, 16, &done, &err), TLS_EOF);
	assert_int_equal(tls_write(&pair.tls, "late", 4, &done, &err), TLS_OK);
	assert_int_equal(SSL_read(pair.client, bytes, 16), 4);
	assert_int_equal(tls_shutdown(&pair.tls), TLS_OK);
	assert_int_equal(SSL_read(pair.client, bytes, 16), 0);
	assert_int_equal(SSL_get_error(pair.client, 0), SSL_ERROR_ZERO_RETURN);
	pair_close(&pair);
	pems_clear(&pems);
}

static void
a_full_socket_asks_to_write_again(void **state)
{
	static const char block[16384];
	struct pair pair = { 0 };
	struct tls_server *server;
	enum tls_io io = TLS_OK;
	struct pems pems;
	struct err err;
	size_t done;

	(void)state;
	pems_make(&pems, "localhost");
	server = server_make(&pems, NULL, false);
	pair_open(&pair, server, TLS1_3_VERSION);
	assert_int_equal(shake(&pair, &err), TLS_OK);
	for (int i = 0; i < 1000 && io == TLS_OK; i++)
		io = tls_write(&pair.tls, block, sizeof(block), &done, &err);
	assert_int_equal(io, TLS_WANT_WRITE);
	pair_close(&pair);
	tls_server_free(server);
	pems_clear(&pems);
}

static void
a_vanished_peer_is_an_end(void **state)
{
	struct pair pair = { 0 };
	struct tls_server *server;
	struct pems pems;
	struct err err;
	char byte;
	size_t done;

	(void)state;
	pems_make(&pems, "localhost");
	server = server_make(&pems, NULL, false);
	pair_open(&pair, server, TLS1_3_VERSION);
	assert_int_equal(shake(&pair, &err), TLS_OK);
	(void)shutdown(pair.fd[1], SHUT_RDWR);
	assert_int_equal(tls_read(&pair.tls, &byte, 1, &done, &err), TLS_EOF);
	assert_int_equal(tls_write(&pair.tls, "x", 1, &done, &err), TLS_FAIL);
	pair_close(&pair);
	tls_server_free(server);
	pems_clear(&pems);
}

/* Take the tickets that follow the handshake, then connect with them. */
static bool
resumes(struct pair *pair, const struct tls_server *server, int version)
{
	struct tls_facts facts;
	struct err err;
	char byte;

	pair_open(pair, server, version);
	assert_int_equal(shake(pair, &err), TLS_OK);
	(void)SSL_read(pair->client, &byte, 1);
	tls_get_facts(&facts, &pair->tls);
	(void)SSL_shutdown(pair->client);
	pair_close(pair);
	return facts.resumed;
}

static void
tickets_outlive_a_reload_and_one_rotation(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	const int64_t life = (int64_t)TLS_TICKET_SECONDS * TIME_SECOND;
	struct tls_tickets *tickets;
	struct tls_server *server;
	struct pems pems;

	(void)state;
	pems_make(&pems, "localhost");
	for (size_t i = 0; i < NELEMS(versions); i++) {
		struct pair pair = { 0 };

		time_set_for_test(-1, 1);
		tickets = tls_tickets_new();
		server = server_make(&pems, tickets, false);
		assert_false(resumes(&pair, server, versions[i]));
		assert_non_null(pair.session);
		assert_true(resumes(&pair, server, versions[i]));
		tls_server_free(server);
		server = server_make(&pems, tickets, false);
		assert_true(resumes(&pair, server, versions[i]));
		time_set_for_test(-1, 1 + life);
		assert_true(resumes(&pair, server, versions[i]));
		time_set_for_test(-1, 1 + 4 * life);
		assert_false(resumes(&pair, server, versions[i]));
		SSL_SESSION_free(pair.session);
		tls_server_free(server);
		tls_tickets_free(tickets);
	}
	time_set_for_test(-1, -1);
	pems_clear(&pems);
}

static struct tls_server *
choose_second(void *ctx, struct str name)
{
	return str_eqz(name, "mail.example.org") ? ctx : NULL;
}

static void
the_server_name_chooses_the_certificate(void **state)
{
	struct tls_server *first, *second;
	struct pems one, two;
	struct pair pair = { 0 };
	char name[64] = "";
	struct err err;
	X509 *cert;

	(void)state;
	pems_make(&one, "one");
	pems_make(&two, "two");
	second = server_make(&two, NULL, false);
	assert_int_equal(tls_server_new(&first,
			     &(struct tls_server_conf){
				 .cert = buf_str(&one.cert),
				 .key = buf_str(&one.key),
				 .choose = choose_second,
				 .choose_ctx = second,
			     },
			     &err),
	    0);
	pair_open(&pair, first, TLS1_3_VERSION);
	assert_int_equal(shake(&pair, &err), TLS_OK);
	cert = SSL_get1_peer_certificate(pair.client);
	X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName,
	    name, sizeof(name));
	assert_string_equal(name, "two");
	X509_free(cert);
	pair_close(&pair);
	tls_server_free(first);
	tls_server_free(second);
	pems_clear(&one);
	pems_clear(&two);
}

/* The same key, sealed with a passphrase. */
static void
encrypt_key(struct buf *out, const struct buf *key)
{
	BIO *in = BIO_new_mem_buf(key->p, (int)key->len);
	BIO *pem = BIO_new(BIO_s_mem());
	EVP_PKEY *pkey = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
	unsigned char pass[] = "secret";
	char *bytes;
	long len;

	assert_int_equal(PEM_write_bio_PrivateKey(pem, pkey, EVP_aes_128_cbc(),
			     pass, 6, NULL, NULL),
	    1);
	len = BIO_get_mem_data(pem, &bytes);
	(void)buf_add(out, bytes, (size_t)len);
	EVP_PKEY_free(pkey);
	BIO_free(in);
	BIO_free(pem);
}

static void
wrong_files_are_refused_with_the_reason(void **state)
{
	struct pems one, two, other;
	struct str cases[7][2];
	struct err err;

	(void)state;
	pems_make(&one, "one");
	pems_make(&two, "two");
	buf_init(&other.key, 0);
	buf_init(&other.cert, 0);
	encrypt_key(&other.key, &one.key);
	(void)buf_add_str(&other.cert, buf_str(&one.cert));
	(void)buf_addz(&other.cert,
	    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	memcpy(cases,
	    (struct str[7][2]){
		{ STR(""), buf_str(&one.key) },
		{ buf_str(&one.cert), STR("") },
		{ buf_str(&one.cert), buf_str(&two.key) },
		{ buf_str(&one.key), buf_str(&one.key) },
		{ buf_str(&one.cert), buf_str(&other.key) },
		{ buf_str(&other.cert), buf_str(&one.key) },
		{ buf_str(&one.cert), str_make("x", TLS_PEM_MAX + 1) },
	    },
	    sizeof(cases));
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct tls_server_conf conf = { .cert = cases[i][0],
			.key = cases[i][1] };
		struct tls_server *server;

		err.kind = ERR_NONE;
		assert_int_equal(tls_server_new(&server, &conf, &err), -1);
		assert_int_equal(err.kind, i == 6 ? ERR_LIMIT : ERR_SYNTAX);
		assert_null(server);
	}
	pems_clear(&one);
	pems_clear(&two);
	pems_clear(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_agree_with_the_client),
		cmocka_unit_test(old_versions_are_refused),
		cmocka_unit_test(bytes_go_both_ways_and_after_the_peers_close),
		cmocka_unit_test(a_full_socket_asks_to_write_again),
		cmocka_unit_test(a_vanished_peer_is_an_end),
		cmocka_unit_test(tickets_outlive_a_reload_and_one_rotation),
		cmocka_unit_test(the_server_name_chooses_the_certificate),
		cmocka_unit_test(wrong_files_are_refused_with_the_reason),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("net/tls", tests, NULL, NULL);
}

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "auth/ticket.h"
#include "base/fsutil.h"
#include "base/num.h"
#include "base/rand.h"
#include "net/addr.h"
#include "verb/setup.h"

enum { PEM_MAX = 65536, CERTIFICATE_DAYS = 3650, BACKDATE_DAYS = 1 };

static int
write_pem(const struct setup *setup, const char *path, BIO *bio, mode_t mode,
    struct err *err)
{
	char *bytes;
	long len = BIO_get_mem_data(bio, &bytes);

	if (len <= 0)
		return err_set(err, ERR_TEMP, "%s: no PEM", path);
	return fs_write_file(setup->dirfd, path, str_make(bytes, (size_t)len),
	    mode, err);
}

static int
add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;
	int ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (extension == NULL)
		return -1;
	ok = X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
	return ok == 1 ? 0 : -1;
}

/* RFC 6125: the names a client may have been told, hostname and address. */
static int
add_names(X509 *cert, const struct setup *setup)
{
	struct addr addr;
	struct buf names;
	struct err err;
	int ret;

	buf_init(&names, 2000);
	(void)buf_addf(&names, "DNS:%s", setup->hostname);
	if (addr_parse_ip(&addr, str_of(setup->listen), &err) == 0)
		(void)buf_addf(&names, ",IP:%s", setup->listen);
	ret = add_extension(cert, NID_subject_alt_name, buf_cstr(&names));
	buf_clear(&names);
	return ret;
}

static int
set_serial(X509 *cert)
{
	/* RFC 5280 section 4.1.2.2: positive, at most 20 octets */
	return ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert),
		   rand_u64() >> 1) == 1 ?
	    0 :
	    -1;
}

static X509 *
make_certificate(const struct setup *setup, EVP_PKEY *key)
{
	const unsigned char *host = (const unsigned char *)setup->hostname;
	X509 *cert = X509_new();
	X509_NAME *name;

	if (cert == NULL)
		return NULL;
	name = X509_get_subject_name(cert);
	/* A common name holds 64 characters; clients read the names below. */
	if (X509_set_version(cert, X509_VERSION_3) != 1 ||
	    set_serial(cert) < 0 ||
	    X509_gmtime_adj(X509_getm_notBefore(cert),
		-BACKDATE_DAYS * 86400L) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(cert),
		CERTIFICATE_DAYS * 86400L) == NULL ||
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		strlen(setup->hostname) <= 64 ? host :
						(const unsigned char *)"mail",
		-1, -1, 0) != 1 ||
	    X509_set_issuer_name(cert, name) != 1 ||
	    X509_set_pubkey(cert, key) != 1 || add_names(cert, setup) < 0 ||
	    add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") <
		0 ||
	    add_extension(cert, NID_key_usage, "critical,digitalSignature") <
		0 ||
	    add_extension(cert, NID_ext_key_usage, "serverAuth") < 0 ||
	    X509_sign(cert, key, EVP_sha256()) == 0) {
		X509_free(cert);
		return NULL;
	}
	return cert;
}

int
setup_certificate(struct setup *setup, struct err *err)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = key == NULL ? NULL : make_certificate(setup, key);
	BIO *key_pem = BIO_new(BIO_s_secmem()),
	    *cert_pem = BIO_new(BIO_s_mem());
	int ret = -1;

	if (cert == NULL || key_pem == NULL || cert_pem == NULL ||
	    PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL) !=
		1 ||
	    PEM_write_bio_X509(cert_pem, cert) != 1) {
		err_set(err, ERR_TEMP, "certificate: OpenSSL failed");
		goto out;
	}
	if (write_pem(setup, "tls/key.pem", key_pem, 0600, err) < 0 ||
	    write_pem(setup, "tls/cert.pem", cert_pem, 0644, err) < 0)
		goto out;
	ret = 0;
out:
	BIO_free(key_pem);
	BIO_free(cert_pem);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ret;
}

int
setup_ticket_keys(struct setup *setup, struct err *err)
{
	struct buf private, public;
	int ret;

	buf_init(&private, PEM_MAX);
	buf_init(&public, PEM_MAX);
	ret = ticket_make_keys(&private, &public, err);
	if (ret == 0)
		ret = fs_write_file(setup->dirfd, "etc/ticket.key",
		    buf_str(&private), 0600, err);
	if (ret == 0)
		ret = fs_write_file(setup->dirfd, "etc/ticket.pub",
		    buf_str(&public), 0644, err);
	buf_clear_secret(&private);
	buf_clear(&public);
	return ret;
}

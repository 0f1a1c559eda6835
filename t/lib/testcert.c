#include "t/lib/testcert.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/log.h"

static void
append(struct buf *out, BIO *bio)
{
	char *bytes;
	long len = BIO_get_mem_data(bio, &bytes);

	(void)buf_add(out, bytes, (size_t)len);
	BIO_free(bio);
}

void
testcert_make(struct buf *cert, struct buf *key, const char *name)
{
	EVP_PKEY *pair = EVP_EC_gen("P-256");
	BIO *cert_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());
	X509 *x509 = X509_new();
	X509_NAME *subject = X509_get_subject_name(x509);

	X509_set_version(x509, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
	X509_gmtime_adj(X509_getm_notBefore(x509), -60);
	X509_gmtime_adj(X509_getm_notAfter(x509), 86400);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x509, subject);
	X509_set_pubkey(x509, pair);
	if (X509_sign(x509, pair, EVP_sha256()) == 0 ||
	    PEM_write_bio_X509(cert_bio, x509) != 1 ||
	    PEM_write_bio_PrivateKey(key_bio, pair, NULL, NULL, 0, NULL,
		NULL) != 1)
		panic("no test certificate");
	append(cert, cert_bio);
	append(key, key_bio);
	X509_free(x509);
	EVP_PKEY_free(pair);
}

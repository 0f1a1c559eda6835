#include "verb/certfile.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>

/* Nobody is there to ask for a pass phrase. */
static int
no_pass_phrase(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static int64_t
seconds(const ASN1_TIME *time)
{
	struct tm tm;

	return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

/* The first one; the rest must be certificates too, and are counted. */
static X509 *
read_chain(struct str pem, int *count)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);
	X509 *first = NULL, *next;

	*count = 0;
	while (bio != NULL &&
	    (next = PEM_read_bio_X509(bio, NULL, no_pass_phrase, NULL)) !=
		NULL) {
		if ((*count)++ == 0)
			first = next;
		else
			X509_free(next);
	}
	BIO_free(bio);
	return first;
}

static EVP_PKEY *
read_key(struct str pem)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);
	EVP_PKEY *key = bio == NULL ?
	    NULL :
	    PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);

	BIO_free(bio);
	return key;
}

int
certfile_look(struct certfile *out, struct str chain, struct str key,
    const char *host, struct err *err)
{
	X509 *cert = read_chain(chain, &out->chain);
	EVP_PKEY *private = read_key(key);
	int ret = 0;

	if (cert == NULL)
		ret = err_set(err, ERR_SYNTAX, "no certificate in PEM");
	else if (private == NULL)
		ret = err_set(err, ERR_SYNTAX,
		    "no private key in PEM without a pass phrase");
	else if (X509_check_private_key(cert, private) != 1)
		ret = err_set(err, ERR_SYNTAX,
		    "the key does not belong to the certificate");
	if (ret == 0) {
		out->not_before = seconds(X509_get0_notBefore(cert));
		out->not_after = seconds(X509_get0_notAfter(cert));
		out->names_host = X509_check_host(cert, host, 0, 0, NULL) == 1;
		out->is_self_signed = X509_self_signed(cert, 0) == 1;
	}
	X509_free(cert);
	EVP_PKEY_free(private);
	return ret;
}

static const char *
path_of(struct main_cf *cf, const char *parameter, const char *usual,
    struct err *err)
{
	return main_cf_find(cf, parameter) == NULL ?
	    usual :
	    main_cf_get(cf, parameter, err);
}

const char *
certfile_cert_path(struct main_cf *cf, struct err *err)
{
	return path_of(cf, "tls_cert_file", "tls/cert.pem", err);
}

const char *
certfile_key_path(struct main_cf *cf, struct err *err)
{
	return path_of(cf, "tls_key_file", "tls/key.pem", err);
}

#include "auth/ticket.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdlib.h>

#include "base/alloc.h"

enum {
	KEY_ID = 8,
	HEADER = 4 + 1 + KEY_ID, /* magic, version, key id */
	SIGNATURE = 64,
	VERSION = 1,
};

/* In front of what is signed: no other signature by this key begins so. */
#define CONTEXT "chancery session ticket 1"

#define M struct ticket
static const struct ipc_field group_fields[] = {
	IPC_FIELD(struct ticket_group, STR, name, TICKET_NAME_MAX),
};
static const struct ipc_msg group_item = IPC_MSG(ticket_group, 0, group_fields);
static const struct ipc_field fields[] = {
	IPC_FIELD(M, STR, session, TICKET_NAME_MAX),
	IPC_FIELD(M, STR, user, TICKET_NAME_MAX),
	IPC_FIELD(M, STR, service, TICKET_NAME_MAX),
	IPC_FIELD(M, STR, mech, TICKET_NAME_MAX),
	IPC_FIELD(M, U64, issued, 0),
	IPC_FIELD(M, U64, expires, 0),
	IPC_ITEMS(M, groups, TICKET_GROUPS_MAX, &group_item),
	IPC_FIELD(M, U64, quota, 0),
	IPC_FIELD(M, U64, quota_messages, 0),
};
#undef M
static const struct ipc_msg ticket_msg = IPC_MSG(ticket, 0, fields);

struct ticket_signer {
	EVP_PKEY *key;
	unsigned char id[KEY_ID];
};

struct ticket_verifier {
	size_t count;
	EVP_PKEY *key[TICKET_KEYS_MAX];
	unsigned char id[TICKET_KEYS_MAX][KEY_ID];
};

static int
key_id(unsigned char id[KEY_ID], EVP_PKEY *key, struct err *err)
{
	unsigned char raw[32], digest[SHA256_DIGEST_LENGTH];
	size_t len = sizeof(raw);

	if (EVP_PKEY_id(key) != EVP_PKEY_ED25519 ||
	    EVP_PKEY_get_raw_public_key(key, raw, &len) != 1 ||
	    SHA256(raw, len, digest) == NULL)
		return err_set(err, ERR_CORRUPT, "no Ed25519 key");
	memcpy(id, digest, KEY_ID);
	return 0;
}

static int
take_pem(struct buf *out, BIO *bio, struct err *err)
{
	char *bytes = NULL;
	long len = BIO_get_mem_data(bio, &bytes);

	if (len <= 0 || buf_add(out, bytes, (size_t)len) < 0)
		return err_set(err, ERR_TEMP, "write key");
	OPENSSL_cleanse(bytes, (size_t)len);
	return 0;
}

int
ticket_make_keys(struct buf *private, struct buf *public, struct err *err)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	BIO *secret = BIO_new(BIO_s_mem()), *open = BIO_new(BIO_s_mem());
	int ret;

	if (key == NULL || secret == NULL || open == NULL ||
	    PEM_write_bio_PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL) !=
		1 ||
	    PEM_write_bio_PUBKEY(open, key) != 1)
		ret = err_set(err, ERR_TEMP, "make ticket key");
	else if ((ret = take_pem(private, secret, err)) == 0)
		ret = take_pem(public, open, err);
	(void)BIO_free(secret);
	(void)BIO_free(open);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return ret;
}

struct ticket_signer *
ticket_signer_new(struct str pem, struct err *err)
{
	struct ticket_signer *signer = xcalloc(1, sizeof(*signer));
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);

	if (bio != NULL)
		signer->key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	(void)BIO_free(bio);
	ERR_clear_error();
	if (signer->key == NULL) {
		(void)err_set(err, ERR_CORRUPT, "ticket key: no private key");
		ticket_signer_free(signer);
		return NULL;
	}
	if (key_id(signer->id, signer->key, err) < 0) {
		(void)err_prefix(err, "ticket key");
		ticket_signer_free(signer);
		return NULL;
	}
	return signer;
}

void
ticket_signer_free(struct ticket_signer *signer)
{
	if (signer == NULL)
		return;
	EVP_PKEY_free(signer->key);
	free(signer);
}

/* The bytes that are signed: the context, then the ticket so far. */
static unsigned char *
signed_bytes(struct str ticket, size_t *len)
{
	unsigned char *bytes;

	*len = sizeof(CONTEXT) + ticket.len; /* with the NUL, as a border */
	bytes = xmalloc(*len);
	memcpy(bytes, CONTEXT, sizeof(CONTEXT));
	memcpy(bytes + sizeof(CONTEXT), ticket.p, ticket.len);
	return bytes;
}

int
ticket_sign(struct buf *out, const struct ticket_signer *signer,
    const struct ticket *ticket, struct err *err)
{
	size_t begin = out->len, len = 0, sig_len = SIGNATURE;
	unsigned char sig[SIGNATURE], *bytes;
	struct ipc_fds fds = { .count = 0 };
	EVP_MD_CTX *md;
	int ok;

	(void)buf_addz(out, "ChTk");
	(void)buf_add_u8(out, VERSION);
	(void)buf_add(out, signer->id, KEY_ID);
	if (ipc_encode(out, &fds, &ticket_msg, ticket, err) < 0)
		return -1;
	bytes = signed_bytes(str_make(out->p + begin, out->len - begin), &len);
	md = EVP_MD_CTX_new();
	ok = md != NULL &&
	    EVP_DigestSignInit(md, NULL, NULL, NULL, signer->key) == 1 &&
	    EVP_DigestSign(md, sig, &sig_len, bytes, len) == 1 &&
	    sig_len == SIGNATURE;
	EVP_MD_CTX_free(md);
	free(bytes);
	if (!ok)
		return err_set(err, ERR_TEMP, "sign ticket");
	if (buf_add(out, sig, SIGNATURE) < 0 ||
	    out->len - begin > AUTH_TICKET_MAX)
		return err_set(err, ERR_LIMIT, "ticket too long");
	return 0;
}

struct ticket_verifier *
ticket_verifier_new(struct str pem, struct err *err)
{
	struct ticket_verifier *verifier = xcalloc(1, sizeof(*verifier));
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);
	EVP_PKEY *key;
	int ret = 0;

	while (ret == 0 && bio != NULL && verifier->count < TICKET_KEYS_MAX &&
	    (key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL)) != NULL) {
		size_t i = verifier->count++;

		verifier->key[i] = key;
		ret = key_id(verifier->id[i], key, err);
	}
	(void)BIO_free(bio);
	ERR_clear_error();
	if (ret == 0 && verifier->count == 0)
		ret = err_set(err, ERR_CORRUPT, "no public key");
	if (ret == 0)
		return verifier;
	(void)err_prefix(err, "ticket verification key");
	ticket_verifier_free(verifier);
	return NULL;
}

void
ticket_verifier_free(struct ticket_verifier *verifier)
{
	if (verifier == NULL)
		return;
	for (size_t i = 0; i < verifier->count; i++)
		EVP_PKEY_free(verifier->key[i]);
	free(verifier);
}

static int
check_signature(const struct ticket_verifier *verifier, struct str bytes,
    struct err *err)
{
	struct str sig = str_sub(bytes, bytes.len - SIGNATURE, bytes.len);
	unsigned char *text;
	EVP_PKEY *key = NULL;
	EVP_MD_CTX *md;
	size_t len = 0;
	int ok;

	for (size_t i = 0; i < verifier->count; i++) {
		if (memcmp(verifier->id[i], bytes.p + 5, KEY_ID) == 0)
			key = verifier->key[i];
	}
	if (key == NULL)
		return err_set(err, ERR_DENIED, "ticket of an unknown key");
	text = signed_bytes(str_sub(bytes, 0, bytes.len - SIGNATURE), &len);
	md = EVP_MD_CTX_new();
	ok = md != NULL &&
	    EVP_DigestVerifyInit(md, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestVerify(md, (const unsigned char *)sig.p, sig.len, text,
		len) == 1;
	EVP_MD_CTX_free(md);
	free(text);
	ERR_clear_error();
	if (!ok)
		return err_set(err, ERR_DENIED, "ticket with a bad signature");
	return 0;
}

int
ticket_verify(struct ticket *ticket, const struct ticket_verifier *verifier,
    struct str bytes, int64_t now, struct arena *arena, struct err *err)
{
	struct ipc_fds fds = { .count = 0 };

	if (bytes.len < HEADER + SIGNATURE || bytes.len > AUTH_TICKET_MAX ||
	    memcmp(bytes.p, "ChTk", 4) != 0)
		return err_set(err, ERR_SYNTAX, "not a ticket");
	if (bytes.p[4] != VERSION)
		return err_set(err, ERR_SYNTAX, "ticket of version %d",
		    bytes.p[4]);
	if (check_signature(verifier, bytes, err) < 0)
		return -1;
	if (ipc_decode(ticket, &ticket_msg,
		str_sub(bytes, HEADER, bytes.len - SIGNATURE), &fds, arena,
		err) < 0) {
		err->kind = ERR_SYNTAX;
		return -1;
	}
	if (ticket->issued > now + TICKET_SKEW)
		return err_set(err, ERR_DENIED, "ticket is not valid yet");
	if (ticket->expires < now - TICKET_SKEW)
		return err_set(err, ERR_DENIED, "ticket has expired");
	return 0;
}
